/* buf.h: text that grows in an arena, and the sink that all output goes to. */
#ifndef CV_BASE_BUF_H
#define CV_BASE_BUF_H

#include "base/arena.h"

struct cv_buf {
    struct cv_arena *arena;
    char *ptr;
    size_t len;
    size_t cap;
};

void cv_buf_init(struct cv_buf *b, struct cv_arena *a);
void cv_buf_add(struct cv_buf *b, cv_str s);
void cv_buf_addz(struct cv_buf *b, const char *z);
void cv_buf_addc(struct cv_buf *b, char c);
void cv_buf_addn(struct cv_buf *b, char c, size_t times);
void cv_buf_fmt(struct cv_buf *b, const char *fmt, ...) CV_PRINTF(2, 3);
cv_str cv_buf_str(const struct cv_buf *b); /* borrowed view of what is there now */

/* Takes bytes; returns 0, or a negative CV_E_* that ends the writing. */
struct cv_sink {
    int (*write)(void *ctx, const char *bytes, size_t len);
    void *ctx;
};

#endif
