/* r_arch.c: G1, does the build have code for the GPU? rules.md, G1; torch-device-rules is PyTorch's own table of the same (tests hold them together). */
#include "rules/code.h"
#include "rules/judge.h"

static bool is_tegra(const struct cv_facts *f, struct cv_cc cc)
{
    uint32_t row = cv_facts_gpu_arch(f, cc);
    return row != CV_NO_ROW && cv_str_eqz(cv_facts_get(f, CV_T_GPU_ARCH, row, "tegra"), "yes");
}

/* 10.1 was renamed 11.0 in CUDA 13.0: one chip. */
static bool same_chip(struct cv_cc a, struct cv_cc b)
{
    unsigned x = cv_cc_number(a), y = cv_cc_number(b);
    return x == y || (x == 101 && y == 110) || (x == 110 && y == 101);
}

bool cv_sass_runs(const struct cv_facts *f, struct cv_target t, struct cv_cc cc, bool cuda_ge_13_2)
{
    if (t.ptx)
        return false;
    if (t.suffix == 'a')
        return same_chip(t.cc, cc);
    bool code_tegra = is_tegra(f, t.cc), gpu_tegra = is_tegra(f, cc);
    if (code_tegra)
        return same_chip(t.cc, cc);
    if (gpu_tegra) {
        bool unified = cuda_ge_13_2 && (cv_cc_number(cc) == 72 || cv_cc_number(cc) == 87);
        if (!unified)
            return same_chip(t.cc, cc);
    }
    return t.cc.major == cc.major && t.cc.minor <= cc.minor;
}

/* PTX runs on the same or any higher capability, but not with a suffix. */
bool cv_ptx_runs(struct cv_target t, struct cv_cc cc)
{
    return t.ptx && t.suffix == 0 && cv_cc_cmp(t.cc, cc) <= 0;
}

static void fail(struct cv_judging *j, uint32_t gpu, struct cv_gpu_judgement *to)
{
    const struct cv_gpu *g = &j->m->gpus[gpu];
    uint32_t row = cv_facts_gpu_arch(j->f, g->cc);
    struct cv_xy first;
    bool above = true;
    for (unsigned i = 0; i < j->b->targets.n; i++)
        if (!j->b->targets.t[i].ptx && cv_cc_cmp(j->b->targets.t[i].cc, g->cc) >= 0)
            above = false;
    bool newer = row != CV_NO_ROW &&
                 cv_xy_parse(cv_facts_get(j->f, CV_T_GPU_ARCH, row, "first_cuda"), &first) &&
                 cv_xy_cmp(first, j->b->cuda) > 0;
    bool too_new = above || newer;
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
    cv_judge_fact(j, r, CV_T_GPU_ARCH, row);
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

/* An installed build: from what is in its libraries. Most containers decide; what the others lack is a finding of its own (f_code.c). */
static void by_code(struct cv_judging *j, uint32_t gpu, bool new_cuda, struct cv_gpu_judgement *to)
{
    const struct cv_gpucode *code = j->b->code;
    const struct cv_gpu *g = &j->m->gpus[gpu];
    struct cv_code_gpu c;
    struct cv_target t;
    cv_code_for_gpu(j->f, code, g->cc, new_cuda, &c);
    uint64_t native = code->containers - c.by_jit - c.without;
    if (native * 2 >= code->containers && cv_code_most(j->f, code, g->cc, new_cuda, false, &t)) {
        to->via = t;
        to->has_via = true;
        (void)cv_judge_reason(j, "G1", CV_R_PASS, (int)gpu,
                              cv_arena_fmt(j->a, "The build's " CV_FMT " code runs on " CV_FMT ".",
                                           CV_ARG(cv_target_str(j->a, t)),
                                           CV_ARG(cv_gpu_words(j->a, g))));
    } else if ((native + c.by_jit) * 2 >= code->containers &&
               cv_code_most(j->f, code, g->cc, new_cuda, true, &t)) {
        by_jit(j, gpu, t, to);
    } else {
        fail(j, gpu, to);
    }
}

void cv_judge_arch(struct cv_judging *j, uint32_t gpu, struct cv_gpu_judgement *to)
{
    const struct cv_gpu *g = &j->m->gpus[gpu];
    const struct cv_targets *set = &j->b->targets;
    bool new_cuda = cv_xy_cmp(j->b->cuda, (struct cv_xy){13, 2}) >= 0;
    cv_str name = cv_gpu_words(j->a, g);
    if (j->b->code) {
        by_code(j, gpu, new_cuda, to);
        return;
    }
    if (!j->b->targets_known) {
        (void)cv_judge_reason(
            j, "G1", CV_R_UNKNOWN, (int)gpu,
            cv_arena_fmt(j->a,
                         "Which GPUs this build has code for is not known, so not whether " CV_FMT
                         " runs it.",
                         CV_ARG(name)));
        to->verdict = cv_verdict_worse(to->verdict, CV_V_UNKNOWN);
        return;
    }
    for (unsigned i = set->n; i > 0; i--) { /* the highest that runs */
        if (!cv_sass_runs(j->f, set->t[i - 1], g->cc, new_cuda))
            continue;
        to->via = set->t[i - 1];
        to->has_via = true;
        struct cv_reason *r =
            cv_judge_reason(j, "G1", CV_R_PASS, (int)gpu,
                            cv_arena_fmt(j->a, "The build's " CV_FMT " code runs on " CV_FMT ".",
                                         CV_ARG(cv_target_str(j->a, to->via)), CV_ARG(name)));
        cv_judge_fact(j, r, CV_T_TORCH_ARCHS, j->b->arch_row);
        return;
    }
    for (unsigned i = set->n; i > 0; i--) {
        if (!cv_ptx_runs(set->t[i - 1], g->cc))
            continue;
        if (set->t[i - 1].unsure) {
            (void)cv_judge_reason(j, "G1", CV_R_UNKNOWN, (int)gpu,
                                  cv_arena_fmt(j->a,
                                               "Whether this build carries the PTX that " CV_FMT
                                               " would need (" CV_FMT ") is not known.",
                                               CV_ARG(name),
                                               CV_ARG(cv_target_str(j->a, set->t[i - 1]))));
            to->verdict = cv_verdict_worse(to->verdict, CV_V_UNKNOWN);
            return;
        }
        by_jit(j, gpu, set->t[i - 1], to);
        return;
    }
    fail(j, gpu, to);
}

/* G2: cuDNN drops architectures earlier than PyTorch. A warning, no verdict. */
void cv_judge_cudnn(struct cv_judging *j, uint32_t gpu)
{
    const struct cv_gpu *g = &j->m->gpus[gpu];
    if (!cv_dotted_ok(j->b->cudnn))
        return;
    for (uint32_t r = 0; r < cv_facts_rows(j->f, CV_T_CUDNN_FLOOR); r++) {
        cv_str from = cv_facts_at(j->f, CV_T_CUDNN_FLOOR, r, 0),
               below = cv_facts_get(j->f, CV_T_CUDNN_FLOOR, r, "below");
        struct cv_cc min;
        if (cv_dotted_cmp(j->b->cudnn, from) < 0 ||
            (cv_dotted_ok(below) && cv_dotted_cmp(j->b->cudnn, below) >= 0))
            continue;
        if (!cv_cc_parse(cv_facts_get(j->f, CV_T_CUDNN_FLOOR, r, "cc_min"), &min) ||
            cv_cc_cmp(g->cc, min) >= 0)
            continue;
        struct cv_reason *why = cv_judge_reason(
            j, "G2", CV_R_WARN, (int)gpu,
            cv_arena_fmt(j->a,
                         "cuDNN " CV_FMT " needs compute capability %u.%u or newer; " CV_FMT
                         " is older, so convolutions fail there.",
                         CV_ARG(j->b->cudnn), min.major, min.minor, CV_ARG(cv_gpu_words(j->a, g))));
        cv_judge_fact(j, why, CV_T_CUDNN_FLOOR, r);
        if (cv_gpu_counts(j->m, gpu))
            j->to->g2_warning = true;
    }
}
