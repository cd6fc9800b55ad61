/* test_gpucode.c: the answer about one file: targets, combinations, counts, merging, order, the line for the cache. */
#include "core/gpucode.h"
#include "tap.h"

static struct cv_arena arena;
static struct cv_gpucode c, d;

static struct cv_target target(const char *name)
{
    struct cv_target t = {0};
    ok(cv_target_parse(cv_str_z(name), &t), name);
    return t;
}

/* A made-up target for each number: 128 and more different ones. */
static struct cv_target numbered(unsigned n)
{
    return (struct cv_target){.cc = cv_cc_from_number(20 + n), .suffix = 0, .ptx = false};
}

static void container(struct cv_gpucode *to, unsigned n, const struct cv_target *t)
{
    struct cv_code_mask m = {{0}};
    for (unsigned i = 0; i < n; i++)
        cv_gpucode_image(to, t[i], &m);
    cv_gpucode_container(to, &arena, m);
}

static uint64_t sum_of_sets(const struct cv_gpucode *x)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < x->n_sets; i++)
        n += x->sets[i].containers;
    return n;
}

static void same_line(const char *want, const char *name)
{
    cv_str line = cv_gpucode_text(&arena, &c);
    is_str(line, want, name);
    ok(cv_gpucode_parse(&arena, line, &d), "it can be read again");
    is_str(cv_gpucode_text(&arena, &d), want, "and is the same then");
}

static void test_counts(void)
{
    const struct cv_target three[] = {target("sm_90a"), target("sm_75"), target("compute_90")};
    const struct cv_target twice[] = {three[1], three[1]};
    cv_gpucode_init(&c);
    same_line("0 0 0 0 =", "nothing");
    container(&c, 3, three);
    container(&c, 1, three + 1);
    container(&c, 2, twice);
    container(&c, 0, three);
    is_int(c.n_targets, 3, "three targets");
    is_int(c.n_sets, 3, "three combinations, one of them empty");
    is_int(c.images, 6, "every entry is counted");
    is_int(c.containers, 4, "every container is counted");
    is_int(c.targets[1].images, 4, "sm_75: four images");
    is_int(c.targets[1].containers, 3, "in three containers");
    same_line("6 4 0 0 sm_90a:1 sm_75:4 compute_90:1 = 1*0,1,2 2*1 1*", "in the order found");
    cv_targets_add(&c.lto, target("sm_80"));
    c.lto_images = 2;
    c.other_images = 1;
    same_line("6 4 2 1 sm_90a:1 sm_75:4 compute_90:1 lto:sm_80 = 1*0,1,2 2*1 1*", "link-time code");
}

static void test_order(void)
{
    static const char *const names[] = {"compute_75", "sm_103f", "sm_90a", "sm_120", "sm_75",
                                        "compute_120f", "sm_90", "sm_103", "sm_103a"};
    static const char *const want[] = {"sm_75", "sm_90", "sm_90a", "sm_103", "sm_103a", "sm_103f",
                                       "sm_120", "compute_75", "compute_120f"};
    uint8_t order[CV_CODE_MAX_TARGETS];
    cv_gpucode_init(&c);
    for (unsigned i = 0; i < 9; i++)
        (void)cv_gpucode_bit(&c, target(names[i]));
    cv_gpucode_order(&c, order);
    for (unsigned i = 0; i < 9; i++)
        is_str(cv_target_str(&arena, c.targets[order[i]].t), want[i], want[i]);
}

/* `n` different combinations of 14 targets, each `times` times. */
static void many_sets(struct cv_gpucode *to, unsigned n, unsigned times)
{
    for (unsigned k = 0; k < times; k++)
        for (unsigned i = 1; i <= n; i++) {
            struct cv_code_mask m = {{0}};
            for (unsigned b = 0; b < 14; b++)
                if (i >> b & 1u)
                    cv_gpucode_image(to, numbered(b), &m);
            cv_gpucode_container(to, &arena, m);
        }
}

static void test_sets(void)
{
    static const unsigned sizes[] = {31, 32, 33, 34, 500, CV_CODE_MAX_SETS};
    for (unsigned k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        cv_gpucode_init(&c);
        many_sets(&c, sizes[k], 3);
        is_int(c.n_sets, sizes[k], "combinations are found again, few or many");
        is_int(sum_of_sets(&c), sizes[k] * 3, "each with its containers");
        ok(!c.partial && (c.set_index != NULL) == (sizes[k] >= 32), "whole; a table from 32 on");
        ok(cv_gpucode_parse(&arena, cv_gpucode_text(&arena, &c), &d) && d.n_sets == c.n_sets,
           "read again from its line");
    }
    cv_gpucode_init(&c);
    many_sets(&c, CV_CODE_MAX_SETS + 10, 2);
    is_int(c.n_sets, CV_CODE_MAX_SETS, "no more combinations than fit");
    is_int(c.containers, (CV_CODE_MAX_SETS + 10) * 2, "all containers are counted");
    is_int(sum_of_sets(&c), CV_CODE_MAX_SETS * 2, "those of the others belong to no combination");
    ok(c.partial && c.error.len > 0, "and it says so");
}

static void test_many_targets(void)
{
    cv_gpucode_init(&c);
    for (unsigned i = 0; i < CV_CODE_MAX_TARGETS; i++)
        container(&c, 1, &(struct cv_target){.cc = numbered(i).cc});
    ok(!c.partial && c.n_targets == CV_CODE_MAX_TARGETS, "128 targets fit");
    ok(cv_gpucode_parse(&arena, cv_gpucode_text(&arena, &c), &d) && d.n_targets == c.n_targets,
       "and can be read again");
    container(&c, 1, &(struct cv_target){.cc = numbered(200).cc});
    ok(c.partial && c.n_targets == CV_CODE_MAX_TARGETS, "one more does not, and it says so");
    is_int(c.images, 129, "its image is counted");
    is_int(c.containers, 129, "its container too");
    cv_gpucode_init(&d);
    container(&d, 1, &(struct cv_target){.cc = numbered(150).cc});
    cv_gpucode_merge(&d, &arena, &c);
    ok(d.partial && d.n_targets == CV_CODE_MAX_TARGETS && d.images == 130 && d.containers == 130,
       "merging more than fit");
}

static void test_merge(void)
{
    const struct cv_target a[] = {target("sm_75"), target("sm_80")},
                           b[] = {target("sm_80"), target("compute_90")};
    cv_gpucode_init(&c);
    cv_gpucode_init(&d);
    container(&c, 2, a);
    container(&d, 2, b);
    container(&d, 1, b);
    cv_targets_add(&d.lto, target("sm_90"));
    d.lto_images = 1;
    cv_gpucode_merge(&c, &arena, &d);
    same_line("5 3 1 0 sm_75:1 sm_80:3 compute_90:1 lto:sm_90 = 1*0,1 1*1,2 1*1", "merged");
    cv_gpucode_init(&d);
    cv_gpucode_cut(&d, CV_S("first"));
    cv_gpucode_cut(&d, CV_S("second"));
    is_str(d.error, "first", "the first reason stays");
    cv_gpucode_merge(&c, &arena, &d);
    ok(c.partial, "a partial file makes the sum partial");
    is_str(c.error, "first", "with its reason");
}

static void test_parse(void)
{
    static const char *const bad[] = {"", "1", "1 1 0 0", "1 1 0 0 sm_75:1", "x 1 0 0 =", "1 1 0 0 sm_75:1 = 2*0",
                                      "1 1 0 0 sm_75:1 = 1*1", "1 1 0 0 sm_75:1 = 1*0 = 1*0", "1 1 0 0 sm_75 = 1*0",
                                      "1 1 0 0 sm_75:1 sm_75:1 = 1*0", "1 1 0 0 sm_7:1 = 1*0", "1 1 0 0 sm_75:-1 = 1*0",
                                      "1 1 0 0 sm_75:1 = 0*0 1*0", "1 1 0 0 sm_75:1 = 1*0,", "1 1 0 0 sm_75:1 = 1*,0",
                                      "1 1 0 0 sm_75:1 = 1", "1 1 0 0 sm_75:1 lto:x = 1*0", "4294967296 1 0 0 =",
                                      "1 4294967295 0 0 sm_75:1 = 4294967295*0 4294967295*0", "1 1 0 0 = 1*0 sm_75:1",
                                      "1 1 0 0 sm_75:1 = 1*99999999999999999999", "1 2 0 0 sm_75:1 = 1*0,0 1*x"};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ok(!cv_gpucode_parse(&arena, cv_str_z(bad[i]), &d), bad[i]);
    ok(cv_gpucode_parse(&arena, CV_S("850 449 0 0 sm_75:449 sm_80:401 = 401*0,1 48*0"), &d),
       "the example of the header");
    is_int(d.targets[1].containers, 401, "containers follow from the combinations");
}

static void test_out_of_memory(void)
{
    unsigned pages = 0;
    struct cv_arena none = tap_arena_pages(&pages);
    struct cv_code_mask m = {{0}};
    cv_gpucode_init(&c);
    cv_gpucode_image(&c, numbered(5), &m);
    cv_gpucode_container(&c, &none, m);
    ok(none.oom && c.containers == 1 && c.n_sets == 0, "without memory the arena says so");
    cv_arena_done(&none);
}

int main(void)
{
    arena = tap_arena();
    test_counts();
    test_order();
    test_sets();
    test_many_targets();
    test_merge();
    test_parse();
    test_out_of_memory();
    cv_arena_done(&arena);
    return done();
}
