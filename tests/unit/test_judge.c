/* test_judge.c: the rules D1, D2, G1, G2 on tests/data/judge.cases, and G1 against PyTorch's own table of which GPU runs which code. */
#include "rules/judge.h"
#include "tap.h"

static struct cv_arena arena;
static const struct cv_facts *facts = &cv_facts_builtin;

/* ---- PyTorch's table ---- */

static bool listed(cv_str list, unsigned number)
{
    cv_str word;
    uint32_t v;
    while (cv_str_word(&list, &word))
        if (cv_str_u32(word, &v) && v == number)
            return true;
    return false;
}

static bool torch_accepts(uint32_t row, unsigned device, bool new_cuda)
{
    uint32_t min, below, except;
    cv_str special =
        cv_facts_get(facts, CV_T_TORCH_DEVICE_RULES, row, new_cuda ? "special_132" : "special");
    if (!cv_str_u32(cv_facts_get(facts, CV_T_TORCH_DEVICE_RULES, row, "min_cc"), &min) ||
        !cv_str_u32(cv_facts_get(facts, CV_T_TORCH_DEVICE_RULES, row, "below_cc"), &below))
        return listed(special, device);
    if (special.len > 1 && special.ptr[0] == '!' && cv_str_u32(cv_str_from(special, 1), &except) &&
        except == device)
        return false;
    return device >= min && device < below;
}

static void test_device_rules(void)
{
    unsigned wrong = 0, asked = 0;
    for (uint32_t r = 0; r < cv_facts_rows(facts, CV_T_TORCH_DEVICE_RULES); r++) {
        uint32_t code;
        if (!cv_str_u32(cv_facts_at(facts, CV_T_TORCH_DEVICE_RULES, r, 0), &code))
            continue;
        for (uint32_t g = 0; g < cv_facts_rows(facts, CV_T_GPU_ARCH); g++) {
            struct cv_cc cc;
            if (!cv_cc_parse(cv_facts_at(facts, CV_T_GPU_ARCH, g, 0), &cc))
                continue;
            for (int new_cuda = 0; new_cuda < 2; new_cuda++) {
                struct cv_target t = {.cc = cv_cc_from_number(code)};
                bool ours = cv_sass_runs(facts, t, cc, new_cuda),
                     theirs = torch_accepts(r, cv_cc_number(cc), new_cuda);
                asked++;
                if (ours != theirs) {
                    wrong++;
                    fprintf(stderr, "# sm_%u on %u.%u (new CUDA %d): we say %d, torch %d\n", code,
                            cc.major, cc.minor, new_cuda, ours, theirs);
                }
            }
        }
    }
    ok(asked > 1000, "PyTorch's table was asked");
    is_int(wrong, 0, "G1 agrees with PyTorch's own table");
}

/* ---- rows ---- */

static void set(struct cv_fact *f, cv_str v)
{
    cv_fact_set(f, v, CV_S("test"), CV_S(""));
}

static void add_gpus(struct cv_machine *m, cv_str list, bool tegra)
{
    cv_str one;
    m->gpus_known = true;
    if (cv_str_eqz(list, "none"))
        return;
    while (cv_str_next(&list, ',', &one)) {
        struct cv_gpu *g = CV_PUSH(&arena, m, gpus);
        g->vendor = CV_S("nvidia");
        if (cv_cc_parse(one, &g->cc))
            set(&g->cc_text, one);
        g->tegra = tegra;
    }
}

static void take_field(struct cv_machine *m, struct cv_build *b, cv_str key, cv_str v)
{
    uint32_t i;
    cv_str one;
    if (cv_str_eqz(key, "driver") && cv_str_eqz(v, "none"))
        cv_fact_state(&m->driver.version, CV_ABSENT, CV_S("test"));
    else if (cv_str_eqz(key, "driver"))
        set(&m->driver.version, v);
    else if (cv_str_eqz(key, "api"))
        set(&m->driver.cuda, v);
    else if (cv_str_eqz(key, "gpu"))
        add_gpus(m, v, cv_known(&m->place.jetson));
    else if (cv_str_eqz(key, "os")) {
        set(&m->place.os, v);
        m->driver.windows_number = cv_str_eqz(v, "windows");
    } else if (cv_str_eqz(key, "jetson")) {
        set(&m->place.jetson, CV_S("tegra"));
        set(&m->driver.version, v);
    } else if (cv_str_eqz(key, "flavour"))
        m->driver.flavour = cv_str_eqz(v, "open") ? CV_FLAVOUR_OPEN : CV_FLAVOUR_CLOSED;
    else if (cv_str_eqz(key, "compat"))
        set(&m->driver.compat, v);
    else if (cv_str_eqz(key, "compat_cuda"))
        set(&m->driver.compat_cuda, v);
    else if (cv_str_eqz(key, "seg"))
        for (i = 0; i < m->n_gpus; i++)
            set(&m->gpus[i].segment, v);
    else if (cv_str_eqz(key, "hidden"))
        while (cv_str_next(&v, ',', &one)) {
            if (cv_str_u32(one, &i) && i < m->n_gpus)
                m->gpus[i].hidden = true;
        }
    else if (cv_str_eqz(key, "cuda"))
        b->has_cuda = !cv_str_eqz(v, "none") && (cv_xy_parse(v, &b->cuda) || cv_str_eqz(v, "?"));
    else if (cv_str_eqz(key, "sass"))
        b->targets_known = cv_targets_parse(&b->targets, v) > 0;
    else if (cv_str_eqz(key, "cudnn"))
        b->cudnn = v;
    else
        ok(false, "a field that the test knows");
}

static bool expect_field(const struct cv_judgement *j, cv_str word)
{
    cv_str key;
    cv_str v = word;
    if (cv_str_eqz(word, "g2"))
        return j->g2_warning;
    if (!cv_str_next(&v, '=', &key))
        return false;
    if (cv_str_eqz(key, "need"))
        return cv_str_eq(j->driver_need, v);
    return cv_str_eqz(key, "via") && j->n_gpus > 0 && j->gpus[0].has_via &&
           cv_str_eq(cv_target_str(&arena, j->gpus[0].via), v);
}

static void run_row(cv_str line)
{
    struct cv_machine m = {0};
    struct cv_build b = {.torch = CV_S("0.0"),
                         .installed = true,
                         .row = CV_NO_ROW,
                         .arch_row = CV_NO_ROW,
                         .cudnn = CV_S(""),
                         .has_cuda = true};
    struct cv_judgement j;
    size_t arrow = cv_str_find(line, CV_S(" -> "));
    cv_str left = cv_str_sub(line, 0, arrow), right = cv_str_from(line, arrow + 4), word, key,
           verdict, mode;
    while (cv_str_word(&left, &word)) {
        cv_str v = word;
        (void)cv_str_next(&v, '=', &key);
        take_field(&m, &b, key, v);
    }
    cv_facts_enrich(facts, &arena, &m);
    cv_judge(facts, &arena, &m, &b, &j);
    bool g2 = false;
    bool good = cv_str_word(&right, &verdict) && cv_str_word(&right, &mode);
    const char *name = cv_driver_mode_name(j.mode);
    good = good && cv_str_eqz(verdict, cv_verdict_name(j.verdict)) &&
           cv_str_eqz(mode, name ? name : "none");
    while (good && cv_str_word(&right, &word)) {
        g2 = g2 || cv_str_eqz(word, "g2");
        good = expect_field(&j, word);
    }
    good = good && g2 == j.g2_warning;
    if (!ok(good, cv_arena_z(&arena, line)))
        fprintf(stderr, "#   got %s %s need=" CV_FMT " via=" CV_FMT "\n",
                cv_verdict_name(j.verdict), name ? name : "none", CV_ARG(j.driver_need),
                CV_ARG(j.n_gpus && j.gpus[0].has_via ? cv_target_str(&arena, j.gpus[0].via)
                                                     : CV_S("-")));
    for (uint32_t i = 0; i < j.n_reasons; i++)
        if (j.reasons[i].text.len == 0 || j.reasons[i].text.ptr[j.reasons[i].text.len - 1] != '.')
            ok(false, "every reason is a sentence");
}

int main(int argc, char **argv)
{
    static char text[1 << 16];
    arena = tap_arena();
    FILE *f = fopen(argc > 1 ? argv[1] : "tests/data/judge.cases", "rb");
    size_t n = f ? fread(text, 1, sizeof text, f) : 0;
    if (f)
        (void)fclose(f);
    ok(n > 1000, "the cases were read");
    cv_str rest = {text, n}, line;
    while (cv_str_line(&rest, &line))
        if (line.len && line.ptr[0] != '#')
            run_row(line);
    test_device_rules();
    cv_arena_done(&arena);
    return done();
}
