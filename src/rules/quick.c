/* quick.c: the verdict alone, for choosing among hundreds of builds: the same rules and the same decisions as cv_judge, without words; what does not
 * depend on the build (D2) or only on its CUDA (D1) is asked once for a machine. tests/unit/test_choose.c holds the two together. */
#include "rules/judge.h"

static void view_place(struct cv_view *v, const struct cv_machine *m)
{
    const struct cv_place *p = &m->place;
    if (cv_known(&p->os))
        v->os = cv_str_eqz(p->os.v, "linux")     ? CV_OS_LINUX
                : cv_str_eqz(p->os.v, "windows") ? CV_OS_WINDOWS
                : cv_str_eqz(p->os.v, "macos")   ? CV_OS_MACOS
                                                 : CV_OS_UNKNOWN;
    v->other_place = (cv_known(&p->os) && v->os == CV_OS_UNKNOWN) ||
                     (cv_known(&p->arch) && !cv_str_eqz(p->arch.v, "aarch64") &&
                      !cv_str_eqz(p->arch.v, "x86_64"));
    v->arm = !cv_known(&p->arch) ? CV_UNKNOWN : cv_str_eqz(p->arch.v, "aarch64") ? CV_YES : CV_NO;
    v->python_open = !cv_known(&m->python);
    v->python = v->python_open ? 0 : cv_python_bit(m->python.v);
    v->musl = cv_absent(&p->glibc);
    v->glibc_open = !v->musl && (!cv_known(&p->glibc) || !cv_xy_parse(p->glibc.v, &v->glibc));
    v->driver_open = !cv_absent(&m->driver.version) && !cv_known(&m->driver.version) &&
                     !cv_known(&m->driver.cuda);
}

/* Has a GPU of this kind been entered? Eight of a kind are judged once. */
static bool seen(const struct cv_view *v, const struct cv_gpu *g)
{
    for (uint32_t k = 0; k < v->n_gpus; k++)
        if (v->gpus[k].known == cv_known(&g->cc_text) && cv_cc_cmp(v->gpus[k].cc, g->cc) == 0 &&
            v->gpus[k].tegra_flag == g->tegra)
            return true;
    return false;
}

static void enter_gpu(struct cv_view *v, struct cv_judging *j, uint32_t i)
{
    const struct cv_gpu *g = &v->m->gpus[i];
    bool known = cv_known(&g->cc_text);
    uint32_t n = v->n_gpus++;
    v->gpus[n].cc = g->cc;
    v->gpus[n].known = known;
    v->gpus[n].tegra_flag = g->tegra;
    if (!known)
        return;
    v->gpus[n].tegra = g->tegra || cv_cc_tegra(v->f, g->cc);
    v->gpus[n].first_cuda = cv_gpu_first_cuda(v->f, g->cc);
    for (int w = 0; w < 2;
         w++) { /* the numbers of a system that is left open depend on the build */
        struct cv_gpu_judgement d2 = {.verdict = CV_V_WORKS};
        if (v->os != CV_OS_UNKNOWN && (w == 1) != v->windows)
            continue;
        j->windows = w == 1;
        cv_judge_gpu_driver(j, i, &d2);
        v->gpus[n].d2[w] = d2.verdict;
    }
}

void cv_view_init(struct cv_view *v, const struct cv_facts *f, const struct cv_machine *m)
{
    struct cv_judgement nowhere = {0};
    struct cv_judging j = {.f = f, .m = m, .to = &nowhere, .quiet = true};
    v->f = f;
    v->m = m;
    v->n_gpus = v->n_modes = 0;
    v->only_offers = v->too_many = false;
    v->os = CV_OS_UNKNOWN;
    v->glibc = (struct cv_xy){0, 0};
    v->windows = cv_machine_windows(m);
    v->no_gpu = cv_machine_no_gpu(m);
    v->gpu_open = cv_count_nvidia(m) == 0;
    view_place(v, m);
    for (uint32_t i = 0; i < m->n_gpus && !v->no_gpu; i++) {
        if (!cv_gpu_counts(m, i) || seen(v, &m->gpus[i]))
            continue;
        if (v->n_gpus == sizeof v->gpus / sizeof v->gpus[0]) {
            v->too_many = true;
            return;
        }
        enter_gpu(v, &j, i);
    }
}

static bool windows_numbers(const struct cv_view *v, const struct cv_build *b)
{
    return v->windows || (v->os == CV_OS_UNKNOWN && !v->other_place && b->os_code == CV_OS_WINDOWS);
}

/* B1, as cv_judge_build decides it. */
static enum cv_verdict build_verdict(const struct cv_view *v, const struct cv_build *b)
{
    enum cv_verdict to = CV_V_WORKS;
    if (b->installed || b->foreign)
        return to;
    if (b->exists == CV_EXISTS_REMOVED || b->exists == CV_EXISTS_NOT)
        return CV_V_NO_BUILD;
    if (b->exists == CV_EXISTS_NEWER)
        return CV_V_UNKNOWN;
    if (b->exists == CV_EXISTS_DOUBT)
        to = CV_V_UNKNOWN;
    if (v->other_place || (v->os != CV_OS_UNKNOWN && v->os != b->os_code) ||
        (v->arm != CV_UNKNOWN && (v->arm == CV_YES) != b->arm))
        return CV_V_NO_BUILD;
    if (v->os == CV_OS_UNKNOWN || v->arm == CV_UNKNOWN)
        to = cv_verdict_worse(to, CV_V_WORKS_IF);
    if (b->pythons.len == 0)
        to = CV_V_UNKNOWN;
    else if (v->python_open)
        to = cv_verdict_worse(to, CV_V_WORKS_IF);
    else if (!(v->python & b->python_bits))
        return CV_V_NO_BUILD;
    if (b->glibc.major == 0)
        return to;
    if (v->musl || (!v->glibc_open && cv_xy_cmp(v->glibc, b->glibc) < 0))
        return CV_V_NO_BUILD;
    return v->glibc_open ? cv_verdict_worse(to, CV_V_WORKS_IF) : to;
}

static enum cv_driver_mode mode_for(struct cv_view *v, const struct cv_build *b)
{
    bool windows = windows_numbers(v, b);
    for (uint32_t i = 0; i < v->n_modes; i++)
        if (cv_xy_cmp(v->modes[i].cuda, b->cuda) == 0 && v->modes[i].windows == windows)
            return v->modes[i].mode;
    struct cv_judgement to = {.verdict = CV_V_WORKS};
    struct cv_judging j = {
        .f = v->f, .m = v->m, .b = b, .to = &to, .windows = windows, .quiet = true};
    cv_judge_driver(&j);
    if (v->n_modes < sizeof v->modes / sizeof v->modes[0]) {
        v->modes[v->n_modes].cuda = b->cuda;
        v->modes[v->n_modes].windows = windows;
        v->modes[v->n_modes++].mode = to.mode;
    }
    return to.mode;
}

static enum cv_verdict code_verdict(const struct cv_build *b, struct cv_cc cc, bool tegra,
                                    struct cv_xy first_cuda, enum cv_driver_mode mode)
{
    struct cv_target via;
    switch (cv_code_for(b, cc, tegra, &via)) {
    case CV_CODE_UNKNOWN:
    case CV_CODE_MAYBE:
        return CV_V_UNKNOWN;
    case CV_CODE_NATIVE:
        return CV_V_WORKS;
    case CV_CODE_JIT:
        return mode == CV_MODE_MINOR ? CV_V_DRIVER_TOO_OLD : CV_V_WORKS_JIT;
    case CV_CODE_NONE:
        break;
    }
    return cv_code_too_new(b, cc, first_cuda) ? CV_V_GPU_TOO_NEW : CV_V_GPU_TOO_OLD;
}

static enum cv_verdict gpu_verdict(const struct cv_view *v, uint32_t i, const struct cv_build *b,
                                   enum cv_driver_mode mode, bool *ret_drops)
{
    *ret_drops = v->gpus[i].known && cv_cudnn_drops(b, v->gpus[i].cc);
    if (!v->gpus[i].known)
        return CV_V_WORKS_IF;
    return cv_verdict_worse(
        v->gpus[i].d2[windows_numbers(v, b)],
        code_verdict(b, v->gpus[i].cc, v->gpus[i].tegra, v->gpus[i].first_cuda, mode));
}

/* All must run; with --any the best of them counts, and cuDNN is asked for those alone. */
static enum cv_verdict gpus_verdict(const struct cv_view *v, const struct cv_build *b,
                                    struct cv_quick *to)
{
    enum cv_verdict worst = CV_V_WORKS, best = CV_V_NO_BUILD;
    bool open = false, best_drops = true;
    for (uint32_t i = 0; i < v->n_gpus; i++) {
        bool drops;
        enum cv_verdict g = gpu_verdict(v, i, b, to->mode, &drops);
        open = open || !v->gpus[i].known;
        to->g2_warning = to->g2_warning || drops;
        worst = cv_verdict_worse(worst, g);
        best_drops = g > best ? drops : g == best ? best_drops && drops : best_drops;
        best = g > best ? g : best;
    }
    if (!v->m->any_gpu || v->n_gpus == 0)
        return worst;
    to->g2_warning = to->g2_warning && best_drops;
    return open ? cv_verdict_worse(best, CV_V_WORKS_IF) : best;
}

void cv_judge_quick(struct cv_view *v, const struct cv_build *b, struct cv_quick *ret)
{
    *ret = (struct cv_quick){.verdict = build_verdict(v, b), .mode = CV_MODE_NONE};
    if (v->only_offers && ret->verdict <= CV_V_UNKNOWN)
        return;
    if (b->foreign || (b->has_cuda && b->cuda.major == 0)) {
        ret->verdict = cv_verdict_worse(ret->verdict, CV_V_UNKNOWN);
        return;
    }
    if (!b->has_cuda || v->no_gpu) {
        ret->verdict = cv_verdict_worse(ret->verdict, CV_V_CPU_ONLY);
        return;
    }
    ret->mode = mode_for(v, b);
    if (ret->mode == CV_MODE_TOO_OLD)
        ret->verdict = cv_verdict_worse(ret->verdict, CV_V_DRIVER_TOO_OLD);
    else if (ret->mode == CV_MODE_UNKNOWN)
        ret->verdict =
            cv_verdict_worse(ret->verdict, v->driver_open ? CV_V_WORKS_IF : CV_V_UNKNOWN);
    if (v->only_offers && ret->verdict <= CV_V_UNKNOWN)
        return;
    if (v->gpu_open)
        ret->verdict = cv_verdict_worse(ret->verdict, CV_V_WORKS_IF);
    ret->verdict = cv_verdict_worse(ret->verdict, gpus_verdict(v, b, ret));
}
