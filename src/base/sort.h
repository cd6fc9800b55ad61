/* sort.h: sorting in place without recursion or context: Shell sort with Sedgewick's gaps of 1986, at most about n^(4/3) steps whatever the order. Halved
 * gaps would need n^2 for an order that somebody made for that: a million sections, names of a folder. */
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

/* Sorts the n elements at v (of type T). LATER(a, b): must element *a, a `const T *`, stand behind *b? A function or a
 * macro. Equal elements may change places. */
#define CV_SORT(T, v, n, LATER)                                                                    \
    do {                                                                                           \
        T *cv_v_ = (v);                                                                            \
        uint32_t cv_n_ = (n);                                                                      \
        for (uint32_t cv_gap_ = cv_sort_gap(cv_n_); cv_gap_ > 0; cv_gap_ = cv_sort_gap(cv_gap_))   \
            for (uint32_t cv_i_ = cv_gap_; cv_i_ < cv_n_; cv_i_++) {                               \
                T cv_x_ = cv_v_[cv_i_];                                                            \
                uint32_t cv_k_ = cv_i_;                                                            \
                for (; cv_k_ >= cv_gap_ && LATER(&cv_v_[cv_k_ - cv_gap_], &cv_x_);                 \
                     cv_k_ -= cv_gap_)                                                             \
                    cv_v_[cv_k_] = cv_v_[cv_k_ - cv_gap_];                                         \
                cv_v_[cv_k_] = cv_x_;                                                              \
            }                                                                                      \
    } while (0)

#endif
