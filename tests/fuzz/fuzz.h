/* fuzz.h: what the fuzz targets share: an arena over malloc, small enough that a runaway allocation is found. */
#ifndef CV_TESTS_FUZZ_H
#define CV_TESTS_FUZZ_H

#include "base/pages.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct cv_arena fuzz_arena(void)
{
    struct cv_arena a;
    cv_arena_init(&a, cv_pages_malloc(), (size_t)32 << 20);
    return a;
}

#endif
