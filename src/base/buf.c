/* buf.c: see buf.h. */
#include "base/buf.h"

#include <stdio.h>

void cv_buf_init(struct cv_buf *b, struct cv_arena *a)
{
    *b = (struct cv_buf){.arena = a};
}

static bool cv_buf_room(struct cv_buf *b, size_t more)
{
    if (b->cap - b->len > more)
        return true;
    if (more > SIZE_MAX / 4 || b->cap > SIZE_MAX / 4) {
        b->arena->oom = true;
        return false;
    }
    size_t cap = b->cap ? b->cap * 2 : 256;
    while (cap - b->len <= more)
        cap *= 2;
    char *p = cv_arena_raw(b->arena, cap);
    if (!p)
        return false;
    if (b->len)
        memcpy(p, b->ptr, b->len);
    b->ptr = p;
    b->cap = cap;
    return true;
}

void cv_buf_add(struct cv_buf *b, cv_str s)
{
    if (s.len == 0 || !cv_buf_room(b, s.len))
        return;
    memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
}

void cv_buf_addz(struct cv_buf *b, const char *z)
{
    cv_buf_add(b, cv_str_z(z));
}

void cv_buf_addc(struct cv_buf *b, char c)
{
    cv_buf_add(b, (cv_str){&c, 1});
}

void cv_buf_addn(struct cv_buf *b, char c, size_t times)
{
    for (size_t i = 0; i < times; i++)
        cv_buf_addc(b, c);
}

void cv_buf_fmt(struct cv_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n > 0 && cv_buf_room(b, (size_t)n)) {
        (void)vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

cv_str cv_buf_str(const struct cv_buf *b)
{
    return (cv_str){b->ptr ? b->ptr : "", b->len};
}
