/* r_arch.c: G1, does the build have code for the GPU? rules.md, G1; torch-device-rules is PyTorch's own table of the same (tests hold them together). */
#include "rules/judge.h"

bool cv_cc_tegra(const struct cv_facts *f, struct cv_cc cc)
{
    uint32_t row = cv_facts_gpu_arch(f, cc);
    return row != CV_NO_ROW && cv_str_eqz(cv_facts_get(f, CV_T_GPU_ARCH, row, "tegra"), "yes");
}

struct cv_xy cv_gpu_first_cuda(const struct cv_facts *f, struct cv_cc cc)
{
    struct cv_xy first = {0};
    uint32_t row = cv_facts_gpu_arch(f, cc);
    if (row != CV_NO_ROW)
        (void)cv_xy_parse(cv_facts_get(f, CV_T_GPU_ARCH, row, "first_cuda"), &first);
    return first;
}

/* 10.1 was renamed 11.0 in CUDA 13.0: one chip. */
static bool same_chip(struct cv_cc a, struct cv_cc b)
{
    unsigned x = cv_cc_number(a), y = cv_cc_number(b);
    return x == y || (x == 101 && y == 110) || (x == 110 && y == 101);
}

static bool sass_runs(struct cv_target t, bool code_tegra, struct cv_cc cc, bool gpu_tegra,
                      bool unified_cuda)
{
    if (t.ptx)
        return false;
    if (t.suffix == 'a' || code_tegra)
        return same_chip(t.cc, cc);
    if (gpu_tegra) {
        bool unified = unified_cuda && (cv_cc_number(cc) == 72 || cv_cc_number(cc) == 87);
        if (!unified)
            return same_chip(t.cc, cc);
    }
    return t.cc.major == cc.major && t.cc.minor <= cc.minor;
}

bool cv_sass_runs(const struct cv_facts *f, struct cv_target t, struct cv_cc cc, bool cuda_ge_13_2)
{
    return sass_runs(t, cv_cc_tegra(f, t.cc), cc, cv_cc_tegra(f, cc), cuda_ge_13_2);
}

/* PTX runs on the same or any higher capability, but not with a suffix. */
static bool ptx_runs(struct cv_target t, struct cv_cc cc)
{
    return t.ptx && t.suffix == 0 && cv_cc_cmp(t.cc, cc) <= 0;
}

enum cv_code cv_code_for(const struct cv_build *b, struct cv_cc cc, bool gpu_tegra,
                         struct cv_target *ret_via)
{
    const struct cv_targets *set = &b->targets;
    bool unified = cv_xy_cmp(b->cuda, (struct cv_xy){13, 2}) >= 0;
    enum cv_code best = CV_CODE_NONE;
    if (!b->targets_known)
        return CV_CODE_UNKNOWN;
    for (unsigned i = set->n; i > 0;
         i--) { /* the highest that runs; certain code before doubtful */
        struct cv_target t = set->t[i - 1];
        enum cv_code code = CV_CODE_NONE;
        if (sass_runs(t, b->tegra_code >> (i - 1) & 1, cc, gpu_tegra, unified))
            code = CV_CODE_NATIVE;
        else if (ptx_runs(t, cc))
            code = t.unsure ? CV_CODE_MAYBE : CV_CODE_JIT;
        if (code > best) {
            best = code;
            *ret_via = t;
        }
    }
    return best;
}

bool cv_code_too_new(const struct cv_build *b, struct cv_cc cc, struct cv_xy first_cuda)
{
    bool above = true;
    for (unsigned i = 0; i < b->targets.n; i++)
        if (!b->targets.t[i].ptx && cv_cc_cmp(b->targets.t[i].cc, cc) >= 0)
            above = false;
    return above || cv_xy_cmp(first_cuda, b->cuda) > 0;
}

static void fail(struct cv_judging *j, uint32_t gpu, struct cv_gpu_judgement *to)
{
    const struct cv_gpu *g = &j->m->gpus[gpu];
    bool too_new = cv_code_too_new(j->b, g->cc, cv_gpu_first_cuda(j->f, g->cc));
    cv_str has = cv_targets_str(j->a, &j->b->targets, " ");
    cv_str name = cv_gpu_words(j->a, g);
    cv_str text =
        too_new
            ? cv_arena_fmt(j->a,
                           "This build has no code for " CV_FMT
                           ", which is newer than it: it has " CV_FMT ".",
                           CV_ARG(name), CV_ARG(has))
            : cv_arena_fmt(j->a,
                           "This build has no code for " CV_FMT
                           ", whose architecture it has dropped or left out: it has " CV_FMT ".",
                           CV_ARG(name), CV_ARG(has));
    struct cv_reason *r = cv_judge_reason(j, "G1", CV_R_FAIL, (int)gpu, text);
    cv_judge_fact(j, r, CV_T_GPU_ARCH, cv_facts_gpu_arch(j->f, g->cc));
    cv_judge_fact(j, r, CV_T_TORCH_ARCHS, j->b->arch_row);
    to->verdict = cv_verdict_worse(to->verdict, too_new ? CV_V_GPU_TOO_NEW : CV_V_GPU_TOO_OLD);
}

static void by_jit(struct cv_judging *j, uint32_t gpu, struct cv_target t,
                   struct cv_gpu_judgement *to)
{
    cv_str name = cv_gpu_words(j->a, &j->m->gpus[gpu]), code = cv_target_str(j->a, t);
    struct cv_reason *r;
    j->ptx_needed = true;
    if (j->to->mode == CV_MODE_NATIVE || j->to->mode == CV_MODE_FORWARD) {
        r = cv_judge_reason(j, "G1", CV_R_WARN, (int)gpu,
                            cv_arena_fmt(j->a,
                                         "There is no machine code for " CV_FMT
                                         "; the driver compiles the build's PTX (" CV_FMT
                                         "). The first start is slow.",
                                         CV_ARG(name), CV_ARG(code)));
        to->via = t;
        to->has_via = true;
        to->verdict = cv_verdict_worse(to->verdict, CV_V_WORKS_JIT);
    } else if (j->to->mode == CV_MODE_MINOR) {
        r = cv_judge_reason(
            j, "G1", CV_R_FAIL, (int)gpu,
            cv_arena_fmt(j->a,
                         CV_FMT " needs the build's PTX (" CV_FMT
                                "), which a driver older than CUDA %u.%u cannot compile.",
                         CV_ARG(name), CV_ARG(code), j->b->cuda.major, j->b->cuda.minor));
        cv_judge_fact(j, r, CV_T_COMPAT_RULES,
                      cv_facts_find1(j->f, CV_T_COMPAT_RULES, CV_S("minor-ptx")));
        to->verdict = cv_verdict_worse(to->verdict, CV_V_DRIVER_TOO_OLD);
    } else {
        r = cv_judge_reason(
            j, "G1", CV_R_WARN, (int)gpu,
            cv_arena_fmt(j->a,
                         "There is no machine code for " CV_FMT
                         "; a driver for CUDA %u.%u or newer can compile the build's PTX (" CV_FMT
                         ").",
                         CV_ARG(name), j->b->cuda.major, j->b->cuda.minor, CV_ARG(code)));
        to->via = t;
        to->has_via = true;
        to->verdict = cv_verdict_worse(to->verdict, CV_V_WORKS_JIT);
    }
    cv_judge_fact(j, r, CV_T_TORCH_ARCHS, j->b->arch_row);
}

void cv_judge_arch(struct cv_judging *j, uint32_t gpu, struct cv_gpu_judgement *to)
{
    const struct cv_gpu *g = &j->m->gpus[gpu];
    struct cv_target via = {0};
    cv_str name = cv_gpu_words(j->a, g);
    struct cv_reason *r;
    switch (cv_code_for(j->b, g->cc, g->tegra || cv_cc_tegra(j->f, g->cc), &via)) {
    case CV_CODE_UNKNOWN:
        (void)cv_judge_reason(
            j, "G1", CV_R_UNKNOWN, (int)gpu,
            cv_arena_fmt(j->a,
                         "Which GPUs this build has code for is not known, so not whether " CV_FMT
                         " runs it.",
                         CV_ARG(name)));
        to->verdict = cv_verdict_worse(to->verdict, CV_V_UNKNOWN);
        return;
    case CV_CODE_NATIVE:
        to->via = via;
        to->has_via = true;
        r = cv_judge_reason(j, "G1", CV_R_PASS, (int)gpu,
                            cv_arena_fmt(j->a, "The build's " CV_FMT " code runs on " CV_FMT ".",
                                         CV_ARG(cv_target_str(j->a, via)), CV_ARG(name)));
        cv_judge_fact(j, r, CV_T_TORCH_ARCHS, j->b->arch_row);
        return;
    case CV_CODE_MAYBE:
        r = cv_judge_reason(j, "G1", CV_R_UNKNOWN, (int)gpu,
                            cv_arena_fmt(j->a,
                                         "Whether this build carries the PTX that " CV_FMT
                                         " would need (" CV_FMT ") is not known.",
                                         CV_ARG(name), CV_ARG(cv_target_str(j->a, via))));
        cv_judge_fact(j, r, CV_T_TORCH_ARCHS, j->b->arch_row);
        to->verdict = cv_verdict_worse(to->verdict, CV_V_UNKNOWN);
        return;
    case CV_CODE_JIT:
        by_jit(j, gpu, via, to);
        return;
    case CV_CODE_NONE:
        fail(j, gpu, to);
    }
}

/* G2: cuDNN drops architectures earlier than PyTorch. A warning, no verdict. */
void cv_judge_cudnn(struct cv_judging *j, uint32_t gpu)
{
    const struct cv_gpu *g = &j->m->gpus[gpu];
    if (!cv_cudnn_drops(j->b, g->cc))
        return;
    struct cv_reason *why = cv_judge_reason(
        j, "G2", CV_R_WARN, (int)gpu,
        cv_arena_fmt(j->a,
                     "cuDNN " CV_FMT " needs compute capability %u.%u or newer; " CV_FMT
                     " is older, so convolutions fail there.",
                     CV_ARG(j->b->cudnn), j->b->cudnn_min.major, j->b->cudnn_min.minor,
                     CV_ARG(cv_gpu_words(j->a, g))));
    cv_judge_fact(j, why, CV_T_CUDNN_FLOOR, j->b->cudnn_row);
    if (cv_gpu_counts(j->m, gpu))
        j->to->g2_warning = true;
}
