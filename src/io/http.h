/* http.h: a reader over a file on a web server, by range requests (RFC 9110 section 14) through the system's libcurl, opened at run time. Nothing is kept on
 * disk. `https://` everywhere; `http://` only to this machine (127.0.0.1, ::1, localhost: tests). Proxies are libcurl's affair: it reads their variables.
 * A server that does not know ranges, a file that changes meanwhile, and an answer that is cut short are errors; the first error stays.
 *
 * Reading: the last 64 KiB come with the first request (a zip's end). Small reads fetch 64 KiB, which are kept, the 16 used last; a large read is one request;
 * reads that follow each other fetch ahead, 1 MiB first, then twice as much up to 8 MiB. */
#ifndef CV_IO_HTTP_H
#define CV_IO_HTTP_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

/* Called while bytes arrive: so many of the body so far, and the file's size (0 = not known yet). False ends the transfer. */
typedef bool cv_http_progress_fn(void *ctx, uint64_t received, uint64_t size);

struct cv_http_options {
    const char *library;           /* NULL = libcurl.so.4 and its variants */
    const char *ca_file;           /* certificates to trust, NULL = libcurl's; what CURL_CA_BUNDLE or SSL_CERT_FILE name */
    unsigned connect_s, stall_s;   /* seconds until a connection, and without a byte; 0 = 10 and 30 */
    cv_http_progress_fn *progress; /* may be NULL */
    void *progress_ctx;
};

struct cv_http_state;

struct cv_http {
    struct cv_reader reader;
    cv_str shown;          /* the URL without user, password and query, for people */
    uint64_t received;     /* bytes of all bodies */
    uint32_t n_requests;
    cv_str what;           /* the first error, a whole sentence; "" = none */
    struct cv_http_state *state;
};

/* Asks for the file's end and size. `ret` must stay where it is: the reader points to it. 0, or CV_E_USAGE (no such scheme), CV_E_IO, CV_E_NOTFOUND (404 or
 * 410), CV_E_NOMEM with a sentence in ret->what. Close it in any case. */
int cv_http_open(struct cv_http *ret, struct cv_arena *a, cv_str url, const struct cv_http_options *o) CV_MUST_USE;
/* [off, off + len) will be read in order: read ahead from its start on, and not beyond its end. */
void cv_http_expect(struct cv_http *h, uint64_t off, uint64_t len);
void cv_http_close(struct cv_http *h); /* accepts a zeroed or closed one */

/* Is it one of the two schemes? */
bool cv_http_is_url(cv_str text);

#endif
