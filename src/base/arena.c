/* arena.c: see arena.h. Pages come from the caller's functions, so this file needs no malloc. */
#include "base/arena.h"

#include <stdio.h>

#define CV_ALIGN    16u
#define CV_PAGE_MIN ((size_t)64 << 10)

struct cv_page {
    struct cv_page *prev;
    size_t size; /* of data */
    _Alignas(CV_ALIGN) unsigned char data[];
};

void cv_arena_init(struct cv_arena *a, struct cv_page_ops ops, size_t limit)
{
    *a = (struct cv_arena){.ops = ops, .limit = limit};
}

void cv_arena_done(struct cv_arena *a)
{
    struct cv_page *p = a->head;
    while (p) {
        struct cv_page *prev = p->prev;
        a->ops.put(a->ops.ctx, p);
        p = prev;
    }
    a->head = NULL;
    a->used = a->total = 0;
}

void *cv_arena_raw(struct cv_arena *a, size_t size)
{
    if (size > SIZE_MAX - CV_ALIGN)
        size = SIZE_MAX - CV_ALIGN;
    size = (size + CV_ALIGN - 1) & ~(size_t)(CV_ALIGN - 1);
    if (!a->head || a->head->size - a->used < size) {
        size_t want = size > CV_PAGE_MIN ? size : CV_PAGE_MIN;
        if (want > a->limit || a->total > a->limit - want) {
            a->oom = true;
            return NULL;
        }
        struct cv_page *p = a->ops.get(a->ops.ctx, sizeof *p + want);
        if (!p) {
            a->oom = true;
            return NULL;
        }
        p->prev = a->head;
        p->size = want;
        a->head = p;
        a->used = 0;
        a->total += want;
    }
    void *r = a->head->data + a->used;
    a->used += size;
    return r;
}

void *cv_arena_alloc(struct cv_arena *a, size_t size)
{
    void *r = cv_arena_raw(a, size);
    return r ? memset(r, 0, size) : NULL;
}

cv_str cv_arena_str(struct cv_arena *a, cv_str s)
{
    char *p = s.len < SIZE_MAX ? cv_arena_raw(a, s.len + 1) : NULL;
    if (!p)
        return (cv_str){"", 0};
    if (s.len)
        memcpy(p, s.ptr, s.len);
    p[s.len] = 0;
    return (cv_str){p, s.len};
}

const char *cv_arena_z(struct cv_arena *a, cv_str s)
{
    return cv_arena_str(a, s).ptr;
}

cv_str cv_arena_vfmt(struct cv_arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    char shorts[256]; /* most texts: then one pass is enough */
    int n = vsnprintf(shorts, sizeof shorts, fmt, ap);
    char *p = n < 0 ? NULL : cv_arena_raw(a, (size_t)n + 1);
    if (p && (size_t)n < sizeof shorts)
        memcpy(p, shorts, (size_t)n + 1);
    else if (p)
        (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p ? (cv_str){p, (size_t)n} : (cv_str){"", 0};
}

cv_str cv_arena_fmt(struct cv_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cv_str s = cv_arena_vfmt(a, fmt, ap);
    va_end(ap);
    return s;
}

void *cv_arena_grow(struct cv_arena *a, void *base, uint32_t n, uint32_t *cap, size_t elem)
{
    if (n < *cap)
        return base;
    uint32_t want = *cap ? *cap * 2 : 8;
    size_t bytes;
    if (want < *cap || __builtin_mul_overflow((size_t)want, elem, &bytes)) {
        a->oom = true;
        return NULL;
    }
    void *p = cv_arena_alloc(a, bytes);
    if (!p)
        return NULL;
    if (n)
        memcpy(p, base, (size_t)n * elem);
    *cap = want;
    return p;
}
