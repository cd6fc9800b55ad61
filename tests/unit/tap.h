/* tap.h: the Test Anything Protocol in one header, for the C tests. A test program calls ok(), is_str() and is_int() and ends with `return done();`.
 * Every line names one claim; a failed one says on stderr where it stands, what came and what was wanted. */
#ifndef CV_TESTS_TAP_H
#define CV_TESTS_TAP_H

#include "base/pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __GNUC__
#define TAP_UNUSED __attribute__((unused))
#else
#define TAP_UNUSED
#endif

static unsigned tap_n, tap_failed;

#define ok(cond, name) tap_ok((cond) ? true : false, (name), __FILE__, __LINE__)
#define is_str(got, want, name) tap_is_str((got), (want), (name), __FILE__, __LINE__)
#define is_int(got, want, name) tap_is_int((long long)(got), (long long)(want), (name), __FILE__, __LINE__)

static TAP_UNUSED bool tap_ok(bool good, const char *name, const char *file, int line)
{
    tap_n++;
    if (!good)
        tap_failed++;
    printf("%sok %u - %s\n", good ? "" : "not ", tap_n, name);
    if (!good) {
        fflush(stdout);
        fprintf(stderr, "# failed: %s (%s:%d)\n", name, file, line);
    }
    return good;
}

static TAP_UNUSED bool tap_is_str(cv_str got, const char *want, const char *name, const char *file, int line)
{
    bool good = tap_ok(cv_str_eqz(got, want), name, file, line);
    if (!good)
        fprintf(stderr, "#   got  \"" CV_FMT "\"\n#   want \"%s\"\n", CV_ARG(got), want);
    return good;
}

static TAP_UNUSED bool tap_is_int(long long got, long long want, const char *name, const char *file, int line)
{
    bool good = tap_ok(got == want, name, file, line);
    if (!good)
        fprintf(stderr, "#   got  %lld\n#   want %lld\n", got, want);
    return good;
}

/* Prints the plan; the value is what main returns. */
static TAP_UNUSED int done(void)
{
    printf("1..%u\n", tap_n);
    if (tap_failed > 0)
        fprintf(stderr, "# %u of %u failed\n", tap_failed, tap_n);
    return tap_failed > 0 || tap_n == 0 ? 1 : 0;
}

/* An arena on malloc: end it with cv_arena_done. */
static TAP_UNUSED struct cv_arena tap_arena(void)
{
    struct cv_arena a;
    cv_arena_init(&a, cv_pages_malloc(), (size_t)64 << 20);
    return a;
}

/* A page source that runs dry: ctx points to the number of pages still given. For out-of-memory tests. */
static TAP_UNUSED void *tap_page_get_n(void *ctx, size_t size)
{
    unsigned *left = ctx;
    if (*left == 0)
        return NULL;
    (*left)--;
    return malloc(size);
}

static TAP_UNUSED struct cv_arena tap_arena_pages(unsigned *left)
{
    struct cv_arena a;
    cv_arena_init(&a, (struct cv_page_ops){tap_page_get_n, cv_page_put, left}, (size_t)64 << 20);
    return a;
}

#endif
