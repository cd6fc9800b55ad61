/* curl_abi.h: our own declarations of the few libcurl calls and numbers that are used, from curl's public header curl/curl.h (7.88.1; numbers of options are
 * never changed, the library's soname is still 4). No curl header is needed to build, and libcurl is never linked: 32 libraries would be opened at
 * each start. */
#ifndef CV_IO_CURL_ABI_H
#define CV_IO_CURL_ABI_H

#include <stddef.h>

enum cv_curl_option {
    CV_CURL_WRITEDATA = 10001,
    CV_CURL_URL = 10002,
    CV_CURL_RANGE = 10007,
    CV_CURL_ERRORBUFFER = 10010,
    CV_CURL_WRITEFUNCTION = 20011,
    CV_CURL_USERAGENT = 10018,
    CV_CURL_TIMEOUT = 13,
    CV_CURL_LOW_SPEED_LIMIT = 19,
    CV_CURL_LOW_SPEED_TIME = 20,
    CV_CURL_HEADERDATA = 10029,
    CV_CURL_FOLLOWLOCATION = 52,
    CV_CURL_CAINFO = 10065,
    CV_CURL_MAXREDIRS = 68,
    CV_CURL_CONNECTTIMEOUT = 78,
    CV_CURL_HEADERFUNCTION = 20079,
    CV_CURL_PROTOCOLS = 181, /* deprecated for the _STR ones of 7.85, which older libraries lack; still there in 8 */
    CV_CURL_REDIR_PROTOCOLS = 182,
    CV_CURL_SUPPRESS_CONNECT_HEADERS = 265, /* 7.54 */
};

#define CV_CURL_PROTO_HTTP 1L
#define CV_CURL_PROTO_HTTPS 2L
#define CV_CURL_INFO_EFFECTIVE_URL (0x100000 + 1)
#define CV_CURL_ERROR_SIZE 256
#define CV_CURL_UNSUPPORTED_PROTOCOL 1
#define CV_CURL_TOO_MANY_REDIRECTS 47

/* CURL_WRITEFUNCTION and CURL_HEADERFUNCTION: returns how much was taken; less ends the transfer. */
typedef size_t cv_curl_data_fn(char *bytes, size_t size, size_t n, void *ctx);

struct cv_curl_api {
    void *(*init)(void);                             /* curl_easy_init */
    void (*cleanup)(void *easy);                     /* curl_easy_cleanup */
    int (*setopt)(void *easy, int option, ...);      /* curl_easy_setopt: 0 = CURLE_OK */
    int (*perform)(void *easy);                      /* curl_easy_perform */
    int (*getinfo)(void *easy, int info, ...);       /* curl_easy_getinfo */
    const char *(*words)(int code);                  /* curl_easy_strerror */
};

#endif
