/* fake_libcuda.c: a stand-in for libcuda.so.1. $CUVET_DOUBLE_CUDA is the number that cuDriverGetVersion gives (13000), 0 = the call fails.
 * cuInit ends the process loudly: cuvet doctor must never call it. */
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int cuDriverGetVersion(int *to);
int cuDriverGetVersion(int *to)
{
    const char *v = getenv("CUVET_DOUBLE_CUDA");
    *to = v ? atoi(v) : 0;
    return *to ? 0 : 1;
}

EXPORT int cuInit(unsigned flags);
int cuInit(unsigned flags)
{
    (void)flags;
    abort();
}
