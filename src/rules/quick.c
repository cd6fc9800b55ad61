/* quick.c: the verdict alone, for choosing among hundreds of builds: the same rules and the same decisions as cv_judge, without words; what does not
 * depend on the build (D2) or only on its CUDA (D1) is asked once for a machine. tests/unit/test_choose.c holds the two together. */
#include "rules/judge.h"

void cv_view_init(struct cv_view *v, const struct cv_facts *f, const struct cv_machine *m)
{
    struct cv_judgement nowhere = {0};
    struct cv_judging j = {.f = f, .m = m, .to = &nowhere, .quiet = true};
    *v = (struct cv_view){
        .f = f, .m = m, .no_gpu = cv_machine_no_gpu(m), .gpu_open = cv_count_nvidia(m) == 0};
    for (uint32_t i = 0; i < m->n_gpus && !v->no_gpu; i++) {
        const struct cv_gpu *g = &m->gpus[i];
        if (!cv_gpu_counts(m, i))
            continue;
        bool known = cv_known(&g->cc_text), seen = false;
        for (uint32_t k = 0; k < v->n_gpus && !seen; k++) /* eight of a kind are judged once */
            seen = v->gpus[k].known == known && cv_cc_cmp(v->gpus[k].cc, g->cc) == 0 &&
                   v->gpus[k].tegra == g->tegra;
        if (seen)
            continue;
        if (v->n_gpus == sizeof v->gpus / sizeof v->gpus[0]) {
            v->too_many = true;
            return;
        }
        v->gpus[v->n_gpus].cc = g->cc;
        v->gpus[v->n_gpus].known = known;
        v->gpus[v->n_gpus].tegra = known && (g->tegra || cv_cc_tegra(f, g->cc));
        v->gpus[v->n_gpus].first_cuda = known ? cv_gpu_first_cuda(f, g->cc) : (struct cv_xy){0, 0};
        for (int w = 0; w < 2; w++) {
            struct cv_gpu_judgement d2 = {.verdict = CV_V_WORKS};
            j.windows = w == 1;
            if (known)
                cv_judge_gpu_driver(&j, i, &d2);
            v->gpus[v->n_gpus].d2[w] = d2.verdict;
        }
        v->n_gpus++;
    }
}

static enum cv_driver_mode mode_for(struct cv_view *v, const struct cv_build *b)
{
    bool windows = cv_windows_numbers(v->m, b);
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

static bool driver_open(const struct cv_machine *m)
{
    return !cv_absent(&m->driver.version) && !cv_known(&m->driver.version) &&
           !cv_known(&m->driver.cuda);
}

static enum cv_verdict gpu_verdict(const struct cv_view *v, uint32_t i, const struct cv_build *b,
                                   enum cv_driver_mode mode, bool *ret_drops)
{
    *ret_drops = v->gpus[i].known && cv_cudnn_drops(b, v->gpus[i].cc);
    if (!v->gpus[i].known)
        return CV_V_WORKS_IF;
    return cv_verdict_worse(
        v->gpus[i].d2[cv_windows_numbers(v->m, b)],
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
    struct cv_judgement to = {.verdict = CV_V_WORKS};
    struct cv_judging j = {.f = v->f, .m = v->m, .b = b, .to = &to, .quiet = true};
    *ret = (struct cv_quick){.verdict = CV_V_WORKS, .mode = CV_MODE_NONE};
    if (!b->installed)
        cv_judge_build(&j);
    ret->verdict = to.verdict;
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
            cv_verdict_worse(ret->verdict, driver_open(v->m) ? CV_V_WORKS_IF : CV_V_UNKNOWN);
    if (v->gpu_open)
        ret->verdict = cv_verdict_worse(ret->verdict, CV_V_WORKS_IF);
    ret->verdict = cv_verdict_worse(ret->verdict, gpus_verdict(v, b, ret));
}
