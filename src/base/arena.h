/* arena.h: one bump allocator per context. Nothing in it is freed singly; the whole goes at cv_arena_done.
 * Out of memory: functions return NULL (or an empty string) and set `oom`, which stays set; the API layer turns it into CV_E_NOMEM. */
#ifndef CV_BASE_ARENA_H
#define CV_BASE_ARENA_H

#include "base/str.h"

#include <stdarg.h>

struct cv_page_ops {
    void *(*get)(void *ctx, size_t size); /* NULL when there is none */
    void (*put)(void *ctx, void *page);
    void *ctx;
};

struct cv_page;

struct cv_arena {
    struct cv_page_ops ops;
    struct cv_page *head;
    size_t used;  /* bytes in the head page */
    size_t total; /* bytes of all pages */
    size_t limit;
    bool oom;
};

void cv_arena_init(struct cv_arena *a, struct cv_page_ops ops, size_t limit);
void cv_arena_done(struct cv_arena *a); /* accepts a zeroed arena */

void *cv_arena_alloc(struct cv_arena *a, size_t size);      /* zeroed, aligned for any type; NULL on oom */
void *cv_arena_raw(struct cv_arena *a, size_t size);        /* the same, not zeroed: for buffers that are written first */
cv_str cv_arena_str(struct cv_arena *a, cv_str s);          /* copy, NUL-terminated behind its end */
const char *cv_arena_z(struct cv_arena *a, cv_str s);       /* the same as a C string; "" on oom */
cv_str cv_arena_fmt(struct cv_arena *a, const char *fmt, ...) CV_PRINTF(2, 3);
cv_str cv_arena_vfmt(struct cv_arena *a, const char *fmt, va_list ap) CV_PRINTF(2, 0);

/* Room for one more element: the (possibly moved) base, or NULL on oom. Used by CV_PUSH only. */
void *cv_arena_grow(struct cv_arena *a, void *base, uint32_t n, uint32_t *cap, size_t elem);

/* Append a zeroed element to the growing array `o->f` (with o->n_f, o->cap_f): a pointer to it, or NULL on oom.
 * Elements move when the array grows: keep indexes, not pointers. */
#define CV_PUSH(a, o, f)                                                                          \
    __extension__({                                                                               \
        __typeof__((o)->f) cv_base_ = cv_arena_grow((a), (o)->f, (o)->n_##f, &(o)->cap_##f, sizeof *(o)->f); \
        __typeof__((o)->f) cv_new_ = NULL;                                                        \
        if (cv_base_) {                                                                           \
            (o)->f = cv_base_;                                                                    \
            cv_new_ = &cv_base_[(o)->n_##f++];                                                    \
        }                                                                                         \
        cv_new_;                                                                                  \
    })

/* Declares the three members that CV_PUSH needs. */
#define CV_LIST(type, name) \
    type *name;             \
    uint32_t n_##name;      \
    uint32_t cap_##name

#endif
