/* sort.h: the gaps of our Shell sorts (Sedgewick 1986: at most about n^(4/3) steps, whatever the order). Halved gaps would need n^2 for an order that
 * somebody made
 * for that: a million sections, names of a folder. */
#ifndef CV_BASE_SORT_H
#define CV_BASE_SORT_H

#include <stdint.h>

/* The largest gap below n; 0 = none is left. Start with the number of elements, go on with the gap itself. */
static inline uint32_t cv_sort_gap(uint32_t n)
{
    uint32_t best = n > 1 ? 1 : 0;
    for (uint64_t four = 4, two = 1; best && four + 3 * two + 1 < n; four *= 4, two *= 2)
        best = (uint32_t)(four + 3 * two + 1); /* 8 23 77 281 1073 4193 ... */
    return best;
}

#endif
