/* http_int.h: what http.c and http_cache.c share. */
#ifndef CV_IO_HTTP_INT_H
#define CV_IO_HTTP_INT_H

#include "base/limits.h"
#include "io/curl_abi.h"
#include "io/http.h"

#define CV_HTTP_TAG 160                          /* bytes kept of an ETag or a date */
#define CV_HTTP_BLOCK 65536u                     /* fetched for a small read, and at the file's end */
#define CV_HTTP_STALL_S 30u                      /* without a byte */
#define CV_HTTP_SLOWEST 4096u                    /* bytes a second: slower transfers are given up */
#define CV_HTTP_BLOCKS 16u
#define CV_HTTP_AHEAD_MIN ((size_t)1 << 20)
#define CV_HTTP_AHEAD_MAX ((size_t)8 << 20)

struct cv_http_answer {
    unsigned status;
    bool ranged;                 /* it says which part of the file it is */
    uint64_t first, last, size;
    char tag[CV_HTTP_TAG];       /* ETag, else Last-Modified, else "" */
};

struct cv_http_block {
    unsigned char *bytes;        /* CV_HTTP_BLOCK of them; NULL = never used */
    uint64_t off;
    size_t len;
    uint64_t used;               /* when, by count of reads */
};

struct cv_http_state {
    struct cv_arena *arena;
    struct cv_http *http;
    struct cv_http_options options;
    void *lib, *easy;
    struct cv_curl_api curl;
    char words[CV_CURL_ERROR_SIZE];
    struct cv_http_answer answer; /* of the request in progress, or the last one */
    unsigned char *to;            /* where its body goes */
    size_t want, got;
    size_t header_bytes;          /* of the request in progress */
    bool cancelled;
    char tag[CV_HTTP_TAG];        /* of the first answer */
    unsigned char *tail;          /* the file's end */
    uint64_t tail_off;
    struct cv_http_block blocks[CV_HTTP_BLOCKS];
    uint64_t reads;
    unsigned char *window;        /* read ahead: CV_HTTP_AHEAD_MAX bytes, made when first needed */
    uint64_t window_off;
    size_t window_len, ahead;
    uint64_t next;                /* where the last read ended */
    uint64_t expect_from, expect_to; /* will be read in order; both 0 = nothing was said */
};

/* Exactly [off, off + len) by one request. 0 or a negative CV_E_*. */
int cv_http_fetch(struct cv_http *h, uint64_t off, void *to, size_t len) CV_MUST_USE;
bool cv_http_read_at(void *ctx, uint64_t off, void *ret, size_t len);

#endif
