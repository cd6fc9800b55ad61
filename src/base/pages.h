/* pages.h: an arena's memory from malloc: for the library's contexts and for the programs around it. The pure layers take what they are given (arena.h). */
#ifndef CV_BASE_PAGES_H
#define CV_BASE_PAGES_H

#include "base/arena.h"

#include <stdlib.h>

static inline void *cv_page_get(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static inline void cv_page_put(void *ctx, void *page)
{
    (void)ctx;
    free(page);
}

static inline struct cv_page_ops cv_pages_malloc(void)
{
    return (struct cv_page_ops){cv_page_get, cv_page_put, NULL};
}

#endif
