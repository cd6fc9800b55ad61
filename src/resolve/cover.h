/* cover.h: the fewest sets that hold every element of their union (set cover), for a few dozen elements. Exact by a search whose steps are bounded; where the
 * bound is reached the answer is still a cover, by the greedy way, and says that it may not be the smallest. */
#ifndef CV_RESOLVE_COVER_H
#define CV_RESOLVE_COVER_H

#include "base/arena.h"

#define CV_MAX_COVER 64        /* elements: one bit each */

struct cv_cover {
    uint32_t chosen[CV_MAX_COVER]; /* indexes of sets; an earlier one wins where two would do */
    uint32_t n;
    bool fewest;               /* proven */
};

/* steps: nodes of the search that may be looked at. */
void cv_cover_find(struct cv_arena *a, const uint64_t *sets, uint32_t n, uint64_t steps, struct cv_cover *ret);

#endif
