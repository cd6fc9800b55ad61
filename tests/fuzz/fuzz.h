/* fuzz.h: what the fuzz targets share: an arena over malloc, small enough that a runaway allocation is found. */
#ifndef CV_TESTS_FUZZ_H
#define CV_TESTS_FUZZ_H

#include "base/arena.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *fuzz_get(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void fuzz_put(void *ctx, void *page)
{
    (void)ctx;
    free(page);
}

static inline struct cv_arena fuzz_arena(void)
{
    struct cv_arena a;
    cv_arena_init(&a, (struct cv_page_ops){fuzz_get, fuzz_put, NULL}, (size_t)32 << 20);
    return a;
}

#endif
