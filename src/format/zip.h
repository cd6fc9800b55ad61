/* zip.h: a zip archive (a wheel) over a reader: its directory, whole and checked, and where each member's bytes lie. Nothing is unpacked here: see inflate.h.
 * PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3 (zip64). Strict where readers of one archive could differ: what lies between the parts, a name twice,
 * members that overlap, two sizes for one member. Left out: several disks, encryption (both refused), signatures, prefixed archives (self-extractors). */
#ifndef CV_FORMAT_ZIP_H
#define CV_FORMAT_ZIP_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#define CV_ZIP_STORED 0
#define CV_ZIP_DEFLATED 8

struct cv_zip_member {
    cv_str name;            /* a clean relative path; any bytes from 0x80 up. Ends in '/' for a folder */
    uint64_t size, packed;
    uint64_t header_offset;
    uint64_t end;           /* where the next member, or the directory, starts */
    uint32_t crc;
    uint16_t method, flags;
    uint32_t hash;          /* of the name */
};

struct cv_zip_work; /* buffers of inflate.c, kept for the next member */

struct cv_zip {
    const struct cv_reader *reader;
    struct cv_arena *arena;
    struct cv_zip_member *members; /* in the directory's order */
    uint32_t n_members;
    uint32_t mask;                 /* of `table` */
    uint32_t *table;               /* names: index + 1, 0 = free */
    uint64_t directory_offset, directory_size;
    struct cv_zip_work *work;
    uint64_t unpacked; /* bytes of all members so far */
};

/* Reads the directory: two or three reads for most archives. The reader must live as long as the zip; all memory is the arena's.
 * 0, or CV_E_INPUT (no zip, or one that is refused), CV_E_LIMIT, CV_E_IO, CV_E_NOMEM with a sentence. */
int cv_zip_open(struct cv_zip *ret, struct cv_arena *a, const struct cv_reader *r, cv_str *ret_what) CV_MUST_USE;

/* By exact name; NULL = there is none. To list, walk z->members. */
const struct cv_zip_member *cv_zip_find(const struct cv_zip *z, cv_str name);

/* Where the member's packed bytes start: reads its local header, which must agree with the directory. */
int cv_zip_data(const struct cv_zip *z, const struct cv_zip_member *m, uint64_t *ret_offset, cv_str *ret_what) CV_MUST_USE;

/* 'its member "x" is damaged': for sentences; the name is cut and made printable. */
cv_str cv_zip_say(const struct cv_zip *z, const struct cv_zip_member *m, const char *what);

#endif
