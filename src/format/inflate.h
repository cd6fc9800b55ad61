/* inflate.h: the bytes of a zip's member, in pieces or whole, checked against its size and CRC-32. Stored and deflated members; inflating is zlib's
 * (its API: zlib-ng compiled in, or the system's zlib). */
#ifndef CV_FORMAT_INFLATE_H
#define CV_FORMAT_INFLATE_H

#include "format/zip.h"

#define CV_ZIP_STOP 1

/* Takes the next bytes of a member, which are gone after the call. 0 = go on, CV_ZIP_STOP = enough, or a negative CV_E_* that ends the reading. It must
 * not read another member of the same zip: the buffers are shared. */
struct cv_zip_taker {
    int (*take)(void *ctx, const unsigned char *bytes, size_t len);
    void *ctx;
};

/* Hands the member's bytes in order to the taker, at most 256 KiB at once. 0 also when the taker stopped: *ret_whole (may be NULL) is true iff all bytes
 * came and agree with the directory. CV_E_INPUT: damaged, or longer or shorter than announced, or packed in another way; CV_E_IO; the taker's error. */
int cv_zip_stream(struct cv_zip *z, const struct cv_zip_member *m, const struct cv_zip_taker *to, bool *ret_whole, cv_str *ret_what) CV_MUST_USE;

/* A small member whole, as arena text (NUL behind its end). CV_E_LIMIT if it is larger than max. */
int cv_zip_read(struct cv_zip *z, const struct cv_zip_member *m, size_t max, cv_str *ret, cv_str *ret_what) CV_MUST_USE;

#endif
