/* cover.c: see cover.h. */
#include "resolve/cover.h"

struct search {
    const uint64_t *sets; /* none is part of another */
    uint32_t n;
    uint64_t steps; /* left */
    uint32_t chosen[CV_MAX_COVER];
};

static unsigned count(uint64_t v)
{
    unsigned n = 0;
    for (; v; v &= v - 1)
        n++;
    return n;
}

/* The sets that are not part of another; of equal ones the first. */
static uint32_t maximal(const uint64_t *sets, uint32_t n, uint64_t *to, uint32_t *index)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        bool part = sets[i] == 0;
        for (uint32_t k = 0; k < n && !part; k++)
            part = (sets[i] & ~sets[k]) == 0 && (sets[k] != sets[i] || k < i);
        if (part)
            continue;
        to[kept] = sets[i];
        index[kept++] = i;
    }
    return kept;
}

static uint32_t greedy(const struct search *s, uint64_t left, uint32_t *chosen)
{
    uint32_t n = 0;
    while (left && n < CV_MAX_COVER) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < s->n; i++)
            if (count(s->sets[i] & left) > count(s->sets[best] & left))
                best = i;
        chosen[n++] = best;
        left &= ~s->sets[best];
    }
    return n;
}

/* The element of `left` that the fewest sets hold: one of these must be taken. */
static uint64_t rarest(const struct search *s, uint64_t left)
{
    uint64_t best = 0;
    uint32_t fewest = UINT32_MAX;
    for (uint64_t rest = left; rest; rest &= rest - 1) {
        uint64_t bit = rest & (~rest + 1);
        uint32_t n = 0;
        for (uint32_t i = 0; i < s->n; i++)
            n += (s->sets[i] & bit) != 0;
        if (n < fewest) {
            fewest = n;
            best = bit;
        }
    }
    return best;
}

/* Can `left` be covered by at most `most` sets? False also where the steps run out. Not deeper than CV_MAX_COVER. */
static bool within(struct search *s, uint64_t left, uint32_t depth, uint32_t most)
{
    unsigned largest = 0;
    if (left == 0) {
        s->chosen[depth] = UINT32_MAX; /* the end; the last place is never one */
        return true;
    }
    if (most == 0 || s->steps == 0)
        return false;
    s->steps--;
    for (uint32_t i = 0; i < s->n; i++)
        largest = count(s->sets[i] & left) > largest ? count(s->sets[i] & left) : largest;
    if ((uint64_t)largest * most < count(left))
        return false;
    uint64_t must = rarest(s, left);
    for (uint32_t i = 0; i < s->n; i++) {
        if (!(s->sets[i] & must))
            continue;
        s->chosen[depth] = i;
        if (within(s, left & ~s->sets[i], depth + 1, most - 1))
            return true;
    }
    return false;
}

void cv_cover_find(struct cv_arena *a, const uint64_t *sets, uint32_t n, uint64_t steps,
                   struct cv_cover *ret)
{
    uint64_t *kept = cv_arena_alloc(a, (n + 1) * sizeof *kept), all = 0;
    uint32_t *index = cv_arena_alloc(a, (n + 1) * sizeof *index);
    struct search s = {.sets = kept, .steps = steps};
    *ret = (struct cv_cover){.fewest = true};
    if (!kept || !index)
        return;
    for (uint32_t i = 0; i < n; i++)
        all |= sets[i];
    s.n = maximal(sets, n, kept, index);
    ret->n = greedy(&s, all, ret->chosen);
    for (uint32_t most = 1; most < ret->n; most++) {
        if (!within(&s, all, 0, most)) {
            if (s.steps == 0) {
                ret->fewest = false;
                break;
            }
            continue;
        }
        ret->n = 0;
        while (ret->n < most && s.chosen[ret->n] != UINT32_MAX) {
            ret->chosen[ret->n] = s.chosen[ret->n];
            ret->n++;
        }
        break;
    }
    for (uint32_t i = 0; i < ret->n; i++)
        ret->chosen[i] = index[ret->chosen[i]];
}
