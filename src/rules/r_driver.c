/* r_driver.c: D1 (driver and the CUDA of the build) and D2 (driver and GPU). rules.md gives the words; the numbers come from compat-rules, cuda-releases,
 * driver-branches and gpu-arch; cuda-compat packages are r_compat.c's. */
#include "rules/judge.h"

static void native_min(const struct cv_facts *f, struct cv_floors *to, int windows)
{
    int column =
        cv_facts_column(f, CV_T_CUDA_RELEASES, windows ? "windows_driver_doc" : "linux_driver_doc");
    cv_str best = CV_S("");
    to->native_row[windows] = CV_NO_ROW;
    for (uint32_t r = 0; column >= 0 && r < cv_facts_rows(f, CV_T_CUDA_RELEASES); r++) {
        struct cv_xy xy;
        cv_str v = cv_facts_at(f, CV_T_CUDA_RELEASES, r, (unsigned)column);
        if (!cv_xy_parse(cv_facts_at(f, CV_T_CUDA_RELEASES, r, 0), &xy) ||
            cv_xy_cmp(xy, to->cuda) != 0 || !cv_dotted_ok(v))
            continue;
        if (best.len == 0 || cv_dotted_cmp(v, best) < 0) {
            best = v;
            to->native_row[windows] = r;
        }
    }
    to->native[windows] = best;
}

/* The oldest driver whose own CUDA reaches x.y: the first version of the first such branch (Windows: its number). */
static void branch_min(const struct cv_facts *f, struct cv_floors *to)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_DRIVER_BRANCHES); r++) {
        struct cv_xy api;
        uint32_t branch;
        cv_str first = cv_facts_get(f, CV_T_DRIVER_BRANCHES, r, "first_version");
        if (!cv_str_u32(cv_facts_at(f, CV_T_DRIVER_BRANCHES, r, 0), &branch) || branch >= best ||
            !cv_xy_parse(cv_facts_get(f, CV_T_DRIVER_BRANCHES, r, "max_cuda_low"), &api) ||
            cv_xy_cmp(api, to->cuda) < 0)
            continue;
        best = branch;
        to->branch[1] = cv_facts_at(f, CV_T_DRIVER_BRANCHES, r, 0);
        to->branch[0] = cv_dotted_ok(first) ? first : to->branch[1];
    }
}

/* native: the lowest ">=" driver among the releases of CUDA x.y; minor: the floor of the major version. */
void cv_floors_find(const struct cv_facts *f, struct cv_xy cuda, struct cv_floors *ret)
{
    char id[16] = "minor-";
    *ret = (struct cv_floors){.cuda = cuda};
    id[6] = (char)('0' + cuda.major / 10 % 10);
    id[7] = (char)('0' + cuda.major % 10);
    ret->minor_row = cv_facts_find1(f, CV_T_COMPAT_RULES, (cv_str){id, 8});
    if (cuda.major >= 11)
        branch_min(f, ret);
    for (int w = 0; w < 2; w++) {
        native_min(f, ret, w);
        if (ret->minor_row == CV_NO_ROW || cuda.major < 11)
            continue;
        cv_str v =
            cv_facts_get(f, CV_T_COMPAT_RULES, ret->minor_row, w ? "windows_min" : "linux_min");
        ret->minor[w] = cv_dotted_ok(v) ? v : CV_S("");
    }
}

static bool tegra_here(const struct cv_judging *j)
{
    for (uint32_t i = 0; i < j->m->n_gpus; i++)
        if (cv_gpu_counts(j->m, i) && j->m->gpus[i].tegra)
            return true;
    return cv_known(&j->m->place.jetson);
}

/* Is driver >= minimum? On Tegra by branch; a Windows number without its second part means the newest of that number. */
static bool reaches(const struct cv_judging *j, cv_str driver, cv_str minimum)
{
    uint32_t x, y;
    bool bare = j->windows && !cv_str_has(driver, ".");
    if ((bare || tegra_here(j)) && cv_dotted_num(driver, 0, &x) && cv_dotted_num(minimum, 0, &y))
        return x >= y;
    return cv_dotted_cmp(driver, minimum) >= 0;
}

static bool l4t_number(const struct cv_judging *j, cv_str driver)
{
    uint32_t first;
    return cv_known(&j->m->place.jetson) && cv_dotted_num(driver, 0, &first) && first < 100;
}

static cv_str words_of(struct cv_judging *j, const struct cv_gpu *g)
{
    return j->quiet ? CV_S("") : cv_gpu_words(j->a, g);
}

static cv_str build_words(struct cv_judging *j)
{
    return cv_say(j, "CUDA %u.%u", j->b->cuda.major, j->b->cuda.minor);
}

void cv_judge_mode(struct cv_judging *j, enum cv_driver_mode mode)
{
    j->to->mode = mode;
    if (mode == CV_MODE_TOO_OLD)
        cv_judge_worse(j, CV_V_DRIVER_TOO_OLD);
    else if (mode == CV_MODE_UNKNOWN)
        cv_judge_worse(j, CV_V_UNKNOWN);
}

/* ---- D1 ---- */

static void no_driver(struct cv_judging *j)
{
    j->to->driver_have = CV_S("none");
    (void)cv_judge_reason(j, "D1", CV_R_FAIL, -1,
                          cv_say(j,
                                 "There is no NVIDIA driver; this build needs one for " CV_FMT ".",
                                 CV_ARG(build_words(j))));
    cv_judge_mode(j, CV_MODE_TOO_OLD);
}

/* CUDA before 11: the driver must be the toolkit's own or newer (its API version is not asked), or a compat package must stand in. */
static void judge_exact(struct cv_judging *j, cv_str driver, const struct cv_compat_use *compat)
{
    cv_str min = j->b->floors.native[j->windows];
    uint32_t row = j->b->floors.native_row[j->windows];
    struct cv_reason *r;
    if (min.len == 0) {
        r = cv_judge_reason(j, "D1", CV_R_UNKNOWN, -1,
                            cv_say(j, "The oldest driver for " CV_FMT " is not in the tables.",
                                   CV_ARG(build_words(j))));
        cv_judge_mode(j, CV_MODE_UNKNOWN);
    } else if (reaches(j, driver, min) && cv_compat_unsure(j, compat)) {
        return;
    } else if (reaches(j, driver, min)) {
        r = cv_judge_reason(
            j, "D1", CV_R_PASS, -1,
            cv_say(j, "Driver " CV_FMT " is not older than " CV_FMT ", the oldest for " CV_FMT ".",
                   CV_ARG(driver), CV_ARG(min), CV_ARG(build_words(j))));
        cv_judge_mode(j, CV_MODE_NATIVE);
    } else if (cv_compat_carries(j, compat)) {
        return;
    } else {
        r = cv_judge_reason(
            j, "D1", CV_R_FAIL, -1,
            cv_say(j, "Driver " CV_FMT " is older than " CV_FMT ", the oldest for " CV_FMT ".",
                   CV_ARG(driver), CV_ARG(min), CV_ARG(build_words(j))));
        cv_judge_mode(j, CV_MODE_TOO_OLD);
    }
    cv_judge_fact(j, r, CV_T_CUDA_RELEASES, row);
}

static void too_old(struct cv_judging *j, cv_str driver, cv_str min, uint32_t row)
{
    cv_str text =
        min.len ? cv_say(j,
                         "Driver " CV_FMT " is older than " CV_FMT
                         ", the oldest that runs CUDA %u.x; this build is for " CV_FMT ".",
                         CV_ARG(driver), CV_ARG(min), j->b->cuda.major, CV_ARG(build_words(j)))
                : cv_say(j, "Driver " CV_FMT " does not reach " CV_FMT ", which this build is for.",
                         CV_ARG(driver), CV_ARG(build_words(j)));
    cv_judge_fact(j, cv_judge_reason(j, "D1", CV_R_FAIL, -1, text), CV_T_COMPAT_RULES, row);
    cv_judge_mode(j, CV_MODE_TOO_OLD);
}

static void judge_modern(struct cv_judging *j, cv_str driver, const struct cv_compat_use *compat)
{
    const struct cv_driver *d = &j->m->driver;
    struct cv_xy api = {0};
    uint32_t row = j->b->floors.minor_row, branch_row = CV_NO_ROW, branch;
    cv_str min = j->b->floors.minor[j->windows];
    bool api_known = cv_known(&d->cuda) && cv_xy_parse(d->cuda.v, &api);
    struct cv_reason *r;
    if (driver.len &&
        j->windows != cv_machine_windows(j->m)) /* a build for Windows, the system left open */
        api_known = cv_facts_driver_cuda(j->f, d->version.v, j->windows, &api, &branch_row);
    if (driver.len)
        (void)cv_facts_driver_branch(j->f, driver, j->windows, &branch, &branch_row);
    if (api_known && cv_xy_cmp(api, j->b->cuda) >= 0) {
        if (cv_compat_unsure(j, compat))
            return;
        r = cv_judge_reason(
            j, "D1", CV_R_PASS, -1,
            cv_say(j, "Driver " CV_FMT " supports up to CUDA %u.%u; this build is for " CV_FMT ".",
                   CV_ARG(driver.len ? driver : CV_S("(version unknown)")), api.major, api.minor,
                   CV_ARG(build_words(j))));
        cv_judge_fact(j, r, CV_T_DRIVER_BRANCHES, branch_row);
        cv_judge_mode(j, CV_MODE_NATIVE);
        return;
    }
    bool below = driver.len && min.len && !reaches(j, driver, min);
    bool minor = api_known && api.major == j->b->cuda.major && driver.len && min.len && !below;
    if ((minor && cv_compat_unsure(j, compat)) || cv_compat_carries(j, compat))
        return;
    if (below || (api_known && (api.major < j->b->cuda.major || l4t_number(j, driver)))) {
        too_old(j, driver.len ? driver : CV_S("(version unknown)"),
                l4t_number(j, driver) ? CV_S("") : min, row);
        return;
    }
    if (!api_known || !driver.len || !min.len) {
        r = cv_judge_reason(
            j, "D1", CV_R_UNKNOWN, -1,
            cv_say(j, "The newest CUDA that driver " CV_FMT " supports is not in the tables.",
                   CV_ARG(driver.len ? driver : CV_S("(version unknown)"))));
        cv_judge_fact(j, r, CV_T_COMPAT_RULES, row);
        cv_judge_mode(j, CV_MODE_UNKNOWN);
        return;
    }
    r = cv_judge_reason(j, "D1", CV_R_PASS, -1,
                        cv_say(j,
                               "Driver " CV_FMT " supports up to CUDA %u.%u; " CV_FMT
                               " runs on it by minor-version compatibility (from " CV_FMT
                               " on), without compiling PTX.",
                               CV_ARG(driver), api.major, api.minor, CV_ARG(build_words(j)),
                               CV_ARG(min)));
    cv_judge_fact(j, r, CV_T_COMPAT_RULES, row);
    cv_judge_fact(j, r, CV_T_DRIVER_BRANCHES, branch_row);
    cv_judge_mode(j, CV_MODE_MINOR);
}

void cv_judge_driver(struct cv_judging *j)
{
    const struct cv_driver *d = &j->m->driver;
    cv_str driver = cv_known(&d->version) ? d->version.v : CV_S("");
    if (cv_absent(&d->version)) {
        no_driver(j);
        return;
    }
    if (!driver.len && !cv_known(&d->cuda)) {
        j->to->mode = CV_MODE_UNKNOWN;
        (void)cv_judge_reason(j, "D1", CV_R_UNKNOWN, -1,
                              CV_S("The driver of the machine is not known."));
        cv_judge_need(j, "driver", CV_S(""));
        return;
    }
    j->to->driver_have = driver;
    struct cv_compat_use compat;
    driver = cv_facts_driver_full(j->f, driver, j->windows);
    cv_compat_find(j, &compat);
    if (cv_compat_breaks(j, &compat))
        return;
    if (j->b->cuda.major < 11 && driver.len && !l4t_number(j, driver))
        judge_exact(j, driver, &compat);
    else
        judge_modern(j, driver, &compat);
}

/* ---- what driver the build needs ---- */

static void raise_need(struct cv_judging *j, cv_str v)
{
    if (cv_dotted_ok(v) &&
        (j->to->driver_need.len == 0 || cv_dotted_cmp(v, j->to->driver_need) > 0))
        j->to->driver_need = v;
}

void cv_judge_driver_need(struct cv_judging *j)
{
    uint32_t row;
    const struct cv_floors *k = &j->b->floors;
    int w = j->windows;
    cv_str base = k->native[w];
    if (cv_known(&j->m->place.jetson))
        return; /* a Jetson's driver comes with its JetPack */
    if (j->b->cuda.major >=
        11) { /* by its own CUDA, or, where no PTX is needed, by the floor of the major version */
        bool minor = k->minor[w].len && !j->ptx_needed;
        base = minor && (k->branch[w].len == 0 || cv_dotted_cmp(k->minor[w], k->branch[w]) <= 0)
                   ? k->minor[w]
                   : k->branch[w];
    }
    raise_need(j, base);
    for (uint32_t i = 0; i < j->m->n_gpus; i++) {
        const struct cv_gpu *g = &j->m->gpus[i];
        if (!cv_gpu_counts(j->m, i) || !cv_known(&g->cc_text) || g->tegra)
            continue;
        row = cv_facts_gpu_arch(j->f, g->cc);
        cv_str first =
            row == CV_NO_ROW ? CV_S("?") : cv_facts_get(j->f, CV_T_GPU_ARCH, row, "first_driver");
        size_t dot = cv_str_findc(first, '.'); /* D2 compares branches */
        first = cv_str_sub(first, 0, dot == SIZE_MAX ? first.len : dot);
        raise_need(j, first);
    }
}

cv_str cv_driver_last(const struct cv_facts *f, const struct cv_machine *m)
{
    uint32_t least = UINT32_MAX, v;
    cv_str text = CV_S("");
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        const struct cv_gpu *g = &m->gpus[i];
        if (!cv_gpu_counts(m, i) || !cv_known(&g->cc_text) || g->tegra)
            continue;
        uint32_t row = cv_facts_gpu_arch(f, g->cc);
        cv_str last =
            row == CV_NO_ROW ? CV_S("") : cv_facts_get(f, CV_T_GPU_ARCH, row, "last_driver");
        if (cv_dotted_num(last, 0, &v) && v < least) {
            least = v;
            text = last;
        }
    }
    return text;
}

/* ---- D2 ---- */

static void d2_fail(struct cv_judging *j, uint32_t gpu, struct cv_gpu_judgement *to, uint32_t row,
                    cv_str text)
{
    cv_judge_fact(j, cv_judge_reason(j, "D2", CV_R_FAIL, (int)gpu, text), CV_T_GPU_ARCH, row);
    to->verdict = cv_verdict_worse(to->verdict, CV_V_GPU_UNSUPPORTED_BY_DRIVER);
}

static bool wrong_flavour(struct cv_judging *j, uint32_t gpu, struct cv_gpu_judgement *to,
                          uint32_t row)
{
    cv_str open = cv_facts_get(j->f, CV_T_GPU_ARCH, row, "open_modules");
    cv_str name = words_of(j, &j->m->gpus[gpu]);
    if (cv_str_eqz(open, "required") && j->m->driver.flavour == CV_FLAVOUR_CLOSED)
        d2_fail(j, gpu, to, row,
                cv_say(j, CV_FMT " needs the open kernel modules, but the closed ones are loaded.",
                       CV_ARG(name)));
    else if (cv_str_eqz(open, "no") && j->m->driver.flavour == CV_FLAVOUR_OPEN)
        d2_fail(j, gpu, to, row,
                cv_say(j, CV_FMT " cannot be driven by the open kernel modules, which are loaded.",
                       CV_ARG(name)));
    else
        return false;
    return true;
}

/* Older than every table is no limit; among the newer ones it means that nobody knows. */
static bool first_unknown(const struct cv_facts *f, uint32_t row, struct cv_cc cc)
{
    uint32_t first;
    return cc.major >= 7 &&
           !cv_dotted_num(cv_facts_get(f, CV_T_GPU_ARCH, row, "first_driver"), 0, &first);
}

/* No driver is given, and no known one is known to drive this GPU. */
static void d2_unknown(struct cv_judging *j, uint32_t gpu, struct cv_gpu_judgement *to,
                       uint32_t row)
{
    cv_judge_fact(j,
                  cv_judge_reason(j, "D2", CV_R_UNKNOWN, (int)gpu,
                                  cv_say(j, "Which drivers drive " CV_FMT " is not in the tables.",
                                         CV_ARG(words_of(j, &j->m->gpus[gpu])))),
                  CV_T_GPU_ARCH, row);
    to->verdict = cv_verdict_worse(to->verdict, CV_V_UNKNOWN);
}

void cv_judge_gpu_driver(struct cv_judging *j, uint32_t gpu, struct cv_gpu_judgement *to)
{
    const struct cv_gpu *g = &j->m->gpus[gpu];
    const struct cv_driver *d = &j->m->driver;
    uint32_t branch, branch_row, first, last, row = cv_facts_gpu_arch(j->f, g->cc);
    if (!cv_known(&d->version) && !cv_absent(&d->version) && !g->tegra && row != CV_NO_ROW &&
        first_unknown(j->f, row, g->cc))
        d2_unknown(j, gpu, to, row);
    if (!cv_known(&d->version) || g->tegra || row == CV_NO_ROW || wrong_flavour(j, gpu, to, row))
        return;
    bool known = cv_facts_driver_branch(j->f, d->version.v, j->windows, &branch, &branch_row);
    if (!known && (j->windows || !cv_dotted_num(d->version.v, 0, &branch))) {
        (void)cv_judge_reason(j, "D2", CV_R_UNKNOWN, (int)gpu,
                              cv_say(j, "The branch of driver " CV_FMT " is not in the tables.",
                                     CV_ARG(d->version.v)));
        to->verdict = cv_verdict_worse(to->verdict, CV_V_UNKNOWN);
        return;
    }
    cv_str first_text = cv_facts_get(j->f, CV_T_GPU_ARCH, row, "first_driver"),
           last_text = cv_facts_get(j->f, CV_T_GPU_ARCH, row, "last_driver");
    cv_str name = words_of(j, g);
    bool first_known = cv_dotted_num(first_text, 0, &first),
         last_known = cv_dotted_num(last_text, 0, &last);
    if (first_known && branch < first) {
        d2_fail(j, gpu, to, row,
                cv_say(j,
                       "Driver " CV_FMT " is older than the first branch that drives " CV_FMT
                       ", %u.",
                       CV_ARG(d->version.v), CV_ARG(name), first));
        return;
    }
    if (last_known && branch > last) {
        d2_fail(j, gpu, to, row,
                cv_say(j,
                       "Driver " CV_FMT " has dropped " CV_FMT
                       ": branch %u is the last that drives it.",
                       CV_ARG(d->version.v), CV_ARG(name), last));
        return;
    }
    bool unsure = !known || (!first_known && g->cc.major >= 7);
    struct cv_reason *r = cv_judge_reason(
        j, "D2", unsure ? CV_R_UNKNOWN : CV_R_PASS, (int)gpu,
        unsure ? cv_say(j, "Whether driver " CV_FMT " drives " CV_FMT " is not in the tables.",
                        CV_ARG(d->version.v), CV_ARG(name))
               : cv_say(j, "Driver " CV_FMT " drives " CV_FMT ".", CV_ARG(d->version.v),
                        CV_ARG(name)));
    cv_judge_fact(j, r, CV_T_GPU_ARCH, row);
    if (unsure)
        to->verdict = cv_verdict_worse(to->verdict, CV_V_UNKNOWN);
}
