/* test_choose.c: the verdict without words equals the one with words, for every known build on many machines; requests and companions. */
#include "resolve/resolve.h"
#include "tap.h"

static struct cv_arena arena;
static const struct cv_facts *facts = &cv_facts_builtin;
static uint32_t state = 12345;

static uint32_t any(uint32_t n)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

static void set(struct cv_fact *f, cv_str v)
{
    cv_fact_set(f, v, CV_S("test"), CV_S(""));
}

static cv_str pick(enum cv_table_id t, unsigned column)
{
    return cv_facts_at(facts, t, any(cv_facts_rows(facts, t)), column);
}

static void random_gpus(struct cv_machine *m)
{
    static const char *const segments[] = {"data-centre", "geforce", "workstation"};
    m->gpus_known = any(8) != 0;
    for (uint32_t n = any(5); m->gpus_known && n > 0; n--) {
        struct cv_gpu *g = CV_PUSH(&arena, m, gpus);
        g->vendor = any(12) ? CV_S("nvidia") : CV_S("amd");
        g->hidden = any(10) == 0;
        if (any(3))
            set(&g->segment, cv_str_z(segments[any(3)]));
        cv_str cc = pick(CV_T_GPU_ARCH, 0);
        if (any(12) && cv_cc_parse(cc, &g->cc))
            set(&g->cc_text, cc);
    }
}

static struct cv_machine random_machine(void)
{
    static const char *const oses[] = {"linux", "linux", "linux", "windows", "macos"};
    static const char *const pythons[] = {"3.7", "3.9", "3.10", "3.11", "3.12", "3.13t", "3.15"};
    static const char *const glibcs[] = {"2.17", "2.27", "2.31", "2.39"};
    struct cv_machine m = {.any_gpu = any(5) == 0};
    if (any(6))
        set(&m.place.os, cv_str_z(oses[any(5)]));
    m.driver.windows_number = cv_known(&m.place.os) && cv_str_eqz(m.place.os.v, "windows");
    if (any(6))
        set(&m.place.arch, any(4) ? CV_S("x86_64") : CV_S("aarch64"));
    if (any(5))
        set(&m.python, cv_str_z(pythons[any(7)]));
    if (any(5))
        set(&m.place.glibc, cv_str_z(glibcs[any(4)]));
    if (any(10) == 0)
        cv_fact_state(&m.driver.version, CV_ABSENT, CV_S("test"));
    else if (any(6))
        set(&m.driver.version, pick(any(3) ? CV_T_DRIVER_VERSIONS : CV_T_DRIVER_BRANCHES, 0));
    if (any(8) == 0)
        set(&m.driver.compat, pick(CV_T_DRIVER_VERSIONS, 0));
    if (any(6) == 0)
        m.driver.flavour = any(2) ? CV_FLAVOUR_OPEN : CV_FLAVOUR_CLOSED;
    random_gpus(&m);
    cv_facts_enrich(facts, &arena, &m);
    return m;
}

static void test_quick_equals_loud(const struct cv_catalog *cat)
{
    unsigned wrong = 0, asked = 0;
    struct cv_arena outer = arena;
    for (unsigned round = 0; round < 60; round++) {
        arena = tap_arena();
        struct cv_machine m = random_machine();
        struct cv_view v;
        cv_view_init(&v, facts, &m);
        for (uint32_t i = 0; i < cat->n_builds; i++) {
            struct cv_judgement loud;
            struct cv_quick quick;
            cv_judge(facts, &arena, &m, &cat->builds[i], &loud);
            cv_judge_quick(&v, &cat->builds[i], &quick);
            asked++;
            bool same = loud.verdict == quick.verdict && loud.mode == quick.mode &&
                        (loud.g2_warning == quick.g2_warning || loud.verdict == CV_V_NO_BUILD);
            wrong += !same;
            if (!same && wrong < 5)
                fprintf(stderr, "# round %u " CV_FMT "+" CV_FMT ": %s/%d/%d with words, %s/%d/%d without\n", round, CV_ARG(cat->builds[i].torch),
                        CV_ARG(cat->builds[i].variant), cv_verdict_name(loud.verdict), loud.mode, loud.g2_warning, cv_verdict_name(quick.verdict), quick.mode,
                        quick.g2_warning);
        }
        ok(!arena.oom, "within memory");
        cv_arena_done(&arena);
    }
    arena = outer;
    ok(asked > 25000, "many builds were judged");
    is_int(wrong, 0, "verdict, mode and warning are the same with and without words");
}

static void test_catalog(const struct cv_catalog *cat)
{
    bool sorted = true, prepared = true;
    for (uint32_t i = 0; i < cat->n_builds; i++) {
        sorted = sorted && (i == 0 || cat->builds[i].release >= cat->builds[i - 1].release);
        prepared = prepared && cat->builds[i].prepared && cat->builds[i].pythons.len > 0;
    }
    ok(cat->n_builds >= cv_facts_rows(facts, CV_T_TORCH_BUILDS), "every row of torch-builds is there");
    ok(sorted && prepared, "newest release first; each with its Pythons");
    is_str(cat->releases[0], "2.15.0", "the newest");
}

static bool accepts(const char *text)
{
    struct cv_request r = {.python = CV_S("")};
    struct cv_error e = {0};
    return cv_request_add(facts, &arena, &r, cv_str_z(text), &e) == CV_OK;
}

static void test_requests(void)
{
    static const char *const good[] = {"torch", " torch >= 2.4 , < 2.9 ", "torch==2.1.0+cu121", "torch==2.*", "torch~=2.7.0",
                                       "Torch", "cuda==12.4", "cudnn==9.*", "python==3.13t",
                                       "python==3.11.4", "torchvision==0.20.1+cu121", "flash_attn", "torch!=2.6.0", "torch===2.8.0"};
    static const char *const bad[] = {"", "torch==", "torch=2.8", "torch==2.x", "torch==2.8.0,", "torch>=2.4,,<2.9", "torch[x]",
                                      "torch @ u", "torch;x", "numpy", "torch==2.9.0rc1",
                                      "torch>=2.1+cu121", "torch~=2", "python==3", "python", "pytorch", "2.8", "cuda==cu124", "torch == 2.8 cuda"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)

        ok(accepts(good[i]), good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ok(!accepts(bad[i]), bad[i][0] ? bad[i] : "(empty)");
}

static void tie(const char *name, const char *spec, const char *torch, enum cv_tie want, const char *version)
{
    uint32_t row;
    enum cv_tie got = cv_companion_for(facts, cv_str_z(name), cv_str_z(spec), cv_str_z(torch), &row);
    if (ok(got == want, name) && want != CV_TIE_NO)
        is_str(cv_facts_at(facts, CV_T_TORCH_COMPANIONS, row, 1), version, torch);
}

static void test_companions(void)
{
    tie("torchvision", "", "2.5.1", CV_TIE_YES, "0.20.1");
    tie("torchvision", "", "2.15.0", CV_TIE_YES, "0.29.2"); /* a range, no pin any more */
    tie("torchvision", "==0.20.1", "2.5.0", CV_TIE_NO, "");
    tie("torchaudio", "", "2.15.0", CV_TIE_FREE, "2.11.0");
    tie("torchaudio", "", "2.4.1", CV_TIE_YES, "2.4.1"); /* the pinned one before the newer that names none */
    tie("vllm", "", "2.14.0", CV_TIE_YES, "0.33.0");
    tie("vllm", "", "2.15.0", CV_TIE_NO, ""); /* "vllm 0.1.4: >=2.0.0" meant the torches of its day */
    tie("vllm", "==0.1.4", "2.15.0", CV_TIE_YES, "0.1.4");
    tie("torchcodec", "==0.17.0", "2.15.0", CV_TIE_UNKNOWN, "0.17.0");
    tie("torchcodec", "", "2.9.1", CV_TIE_YES, "0.9.1");
    tie("flash-attn", "==2.8.3", "2.8.0", CV_TIE_YES, "2.8.3");
    tie("flash-attn", "==2.8.3", "2.9.0", CV_TIE_NO, "");
    tie("triton", "==3.9.0", "2.15.0", CV_TIE_YES, "~=3.9.0");
    tie("deepspeed", "", "2.15.0", CV_TIE_NO, "");
}

int main(void)
{
    struct cv_catalog cat;
    arena = tap_arena();
    cv_catalog_make(facts, &arena, CV_S(""), CV_S(""), false, &cat);
    test_catalog(&cat);
    test_quick_equals_loud(&cat);
    test_requests();
    test_companions();
    cv_arena_done(&arena);
    return done();
}
