/* fuzz_ldcache.c: any bytes as ld.so.cache. What is handed out lies inside the input. */
#include "format/ldcache.h"
#include "fuzz.h"

static bool inside(void *ctx, cv_str soname, cv_str path)
{
    const cv_str *all = ctx;
    if (path.ptr < all->ptr || path.ptr + path.len > all->ptr + all->len || soname.ptr < all->ptr ||
        soname.ptr + soname.len > all->ptr + all->len)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_str all = {(const char *)data, size};
    (void)cv_ldcache_each(all, CV_S(""), inside, &all);
    (void)cv_ldcache_each(all, CV_S("libcuda.so.1"), inside, &all);
    return 0;
}
