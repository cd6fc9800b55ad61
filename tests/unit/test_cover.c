/* test_cover.c: the fewest sets, against a search through all combinations; where greedy fails; and what is said where the steps run out. */
#include "resolve/cover.h"
#include "tap.h"

static struct cv_arena arena;
static uint32_t state = 2026;

static uint32_t any(uint32_t n)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

static bool covers(const uint64_t *sets, uint32_t n, const struct cv_cover *c)
{
    uint64_t all = 0, got = 0;
    for (uint32_t i = 0; i < n; i++)
        all |= sets[i];
    for (uint32_t i = 0; i < c->n; i++)
        got |= c->chosen[i] < n ? sets[c->chosen[i]] : 0;
    return got == all;
}

static uint32_t by_all_combinations(const uint64_t *sets, uint32_t n)
{
    uint64_t all = 0;
    uint32_t best = n;
    for (uint32_t i = 0; i < n; i++)
        all |= sets[i];
    for (uint32_t mask = 0; mask < UINT32_C(1) << n; mask++) {
        uint64_t got = 0;
        uint32_t k = 0;
        for (uint32_t i = 0; i < n; i++)
            if (mask >> i & 1) {
                got |= sets[i];
                k++;
            }
        if (got == all && k < best)
            best = k;
    }
    return best;
}

static void against_all_combinations(void)
{
    bool good = true, smallest = true, proven = true;
    for (unsigned round = 0; round < 400; round++) {
        uint64_t sets[12];
        uint32_t n = 1 + any(12), elements = 1 + any(14);
        struct cv_cover c;
        for (uint32_t i = 0; i < n; i++)
            sets[i] = (any(1u << 14) & any(1u << 14)) & ((UINT64_C(1) << elements) - 1);
        cv_cover_find(&arena, sets, n, 100000, &c);
        good = good && covers(sets, n, &c);
        smallest = smallest && c.n == by_all_combinations(sets, n);
        proven = proven && c.fewest;
    }
    ok(good, "every answer covers all that can be covered");
    ok(smallest, "and has the fewest sets");
    ok(proven, "and says so");
}

int main(void)
{
    struct cv_cover c;
    arena = tap_arena();
    /* Greedy takes the set of four first and then needs two more. */
    const uint64_t trap[] = {0x1e & 0x3f, 0x07, 0x38};
    cv_cover_find(&arena, trap, 3, 1000, &c);
    ok(c.n == 2 && c.chosen[0] + c.chosen[1] == 3 && c.fewest, "two sets where greedy takes three");
    const uint64_t same[] = {0, 0x3, 0x1, 0x3, 0xc, 0xc};
    cv_cover_find(&arena, same, 6, 1000, &c);
    ok(c.n == 2 && c.chosen[0] + c.chosen[1] == 5, "of equal sets the first");
    cv_cover_find(&arena, same, 1, 1000, &c);
    ok(c.n == 0 && c.fewest, "nothing to cover");
    const uint64_t full[] = {UINT64_MAX};
    cv_cover_find(&arena, full, 1, 1000, &c);
    ok(c.n == 1 && c.chosen[0] == 0, "64 elements");
    uint64_t singles[64];
    for (unsigned i = 0; i < 64; i++)
        singles[i] = UINT64_C(1) << i;
    cv_cover_find(&arena, singles, 64, 100000, &c);
    ok(c.n == 64 && covers(singles, 64, &c) && c.fewest, "64 sets of one");
    against_all_combinations();
    /* Hard: many sets of three among 60. */
    uint64_t hard[300];
    for (unsigned i = 0; i < 300; i++)
        hard[i] = UINT64_C(1) << any(60) | UINT64_C(1) << any(60) | UINT64_C(1) << any(60);
    cv_cover_find(&arena, hard, 300, 2000, &c);
    ok(covers(hard, 300, &c) && c.n <= 40, "out of steps: still a cover");
    ok(!c.fewest, "and it says that it may not be the smallest");
    return done();
}
