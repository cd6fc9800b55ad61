/* judge.c: one build against one machine: asks the rules in their order and puts the verdict together (rules.md, "Verdicts"). */
#include "rules/judge.h"
#include "core/gpucode.h"

const char *cv_driver_mode_name(enum cv_driver_mode m)
{
    switch (m) {
    case CV_MODE_NONE:
        return NULL;
    case CV_MODE_NATIVE:
        return "native";
    case CV_MODE_MINOR:
        return "minor";
    case CV_MODE_FORWARD:
        return "forward";
    case CV_MODE_TOO_OLD:
        return "too-old";
    case CV_MODE_UNKNOWN:
        return "unknown";
    }
    return NULL;
}

struct cv_reason *cv_judge_reason(struct cv_judging *j, const char *rule, enum cv_result r, int gpu,
                                  cv_str text)
{
    struct cv_reason *to = CV_PUSH(j->a, j->to, reasons);
    if (to)
        *to = (struct cv_reason){.rule = cv_str_z(rule), .result = r, .text = text, .gpu = gpu};
    return to;
}

void cv_judge_fact(struct cv_judging *j, struct cv_reason *to, enum cv_table_id t, uint32_t row)
{
    if (!to || row == CV_NO_ROW)
        return;
    struct cv_fact_ref *ref = CV_PUSH(j->a, to, facts);
    if (ref)
        *ref = (struct cv_fact_ref){cv_facts_name(j->f, t), cv_facts_key(j->f, j->a, t, row),
                                    cv_facts_source(j->f, t, row)};
}

void cv_judge_need(struct cv_judging *j, const char *axis, cv_str must)
{
    for (uint32_t i = 0; i < j->to->n_needs; i++)
        if (cv_str_eqz(j->to->needs[i].axis, axis))
            return;
    struct cv_need *n = CV_PUSH(j->a, j->to, needs);
    if (n)
        *n = (struct cv_need){cv_str_z(axis), must};
    cv_judge_worse(j, CV_V_WORKS_IF);
}

void cv_judge_worse(struct cv_judging *j, enum cv_verdict v)
{
    j->to->verdict = cv_verdict_worse(j->to->verdict, v);
}

bool cv_machine_windows(const struct cv_machine *m)
{
    return m->driver.windows_number ||
           (cv_known(&m->place.os) && cv_str_eqz(m->place.os.v, "windows"));
}

uint32_t cv_count_nvidia(const struct cv_machine *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n_gpus; i++)
        n += cv_str_eqz(m->gpus[i].vendor, "nvidia");
    return n;
}

bool cv_gpu_counts(const struct cv_machine *m, uint32_t i)
{
    bool any_visible = false;
    for (uint32_t k = 0; k < m->n_gpus; k++)
        any_visible =
            any_visible || (cv_str_eqz(m->gpus[k].vendor, "nvidia") && !m->gpus[k].hidden);
    return cv_str_eqz(m->gpus[i].vendor, "nvidia") && (!any_visible || !m->gpus[i].hidden);
}

cv_str cv_gpu_words(struct cv_arena *a, const struct cv_gpu *g)
{
    if (cv_known(&g->name) && cv_known(&g->cc_text))
        return cv_arena_fmt(a, CV_FMT " (compute capability " CV_FMT ")", CV_ARG(g->name.v),
                            CV_ARG(g->cc_text.v));
    if (cv_known(&g->cc_text))
        return cv_arena_fmt(a, "a GPU of compute capability " CV_FMT, CV_ARG(g->cc_text.v));
    if (cv_known(&g->name))
        return g->name.v;
    if (cv_known(&g->device))
        return cv_arena_fmt(a, "the NVIDIA GPU with PCI id 10de:" CV_FMT, CV_ARG(g->device.v));
    return CV_S("an NVIDIA GPU");
}

/* Capabilities that the build runs natively, for "works-if": "7.5,8.0,8.6". */
static cv_str native_capabilities(struct cv_judging *j)
{
    cv_str all = CV_S("");
    bool new_cuda = j->b->has_cuda && cv_xy_cmp(j->b->cuda, (struct cv_xy){13, 2}) >= 0;
    for (unsigned n = 10; n < 260; n++) {
        struct cv_cc cc = cv_cc_from_number(n);
        bool runs = false;
        if (cv_facts_gpu_arch(j->f, cc) == CV_NO_ROW)
            continue;
        for (unsigned i = 0; i < j->b->targets.n && !runs; i++)
            runs = !j->b->targets.t[i].ptx && cv_sass_runs(j->f, j->b->targets.t[i], cc, new_cuda);
        if (runs)
            all = all.len ? cv_arena_fmt(j->a, CV_FMT ",%u.%u", CV_ARG(all), cc.major, cc.minor)
                          : cv_cc_str(j->a, cc);
    }
    return all;
}

static void judge_gpus(struct cv_judging *j)
{
    const struct cv_machine *m = j->m;
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        if (!cv_str_eqz(m->gpus[i].vendor, "nvidia"))
            continue;
        struct cv_gpu_judgement g = {.gpu = i, .verdict = CV_V_WORKS};
        if (!cv_known(&m->gpus[i].cc_text)) {
            g.verdict = CV_V_WORKS_IF;
            (void)cv_judge_reason(j, "G1", CV_R_UNKNOWN, (int)i,
                                  cv_arena_fmt(j->a,
                                               "The compute capability of " CV_FMT " is not known.",
                                               CV_ARG(cv_gpu_words(j->a, &m->gpus[i]))));
            if (cv_gpu_counts(m, i))
                cv_judge_need(j, "gpu", native_capabilities(j));
        } else {
            cv_judge_gpu_driver(j, i, &g);
            cv_judge_arch(j, i, &g);
            cv_judge_cudnn(j, i);
        }
        struct cv_gpu_judgement *to = CV_PUSH(j->a, j->to, gpus);
        if (to)
            *to = g;
        if (cv_gpu_counts(m, i))
            cv_judge_worse(j, g.verdict);
    }
    if (cv_count_nvidia(m) == 0) /* not known to be none: that was asked before */
        cv_judge_need(j, "gpu", native_capabilities(j));
}

void cv_judge(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m,
              const struct cv_build *b, struct cv_judgement *ret)
{
    struct cv_judging j = {
        .f = f, .a = a, .m = m, .b = b, .to = ret, .windows = cv_machine_windows(m)};
    *ret = (struct cv_judgement){
        .verdict = CV_V_WORKS, .driver_have = CV_S(""), .driver_need = CV_S("")};
    if (!b->installed)
        cv_judge_build(&j);
    if (b->foreign) {
        cv_judge_worse(&j, CV_V_UNKNOWN);
        (void)cv_judge_reason(
            &j, "G1", CV_R_UNKNOWN, -1,
            cv_arena_fmt(a, "The variant " CV_FMT " is not for NVIDIA GPUs and is not judged.",
                         CV_ARG(b->variant)));
        return;
    }
    if (!b->has_cuda) {
        cv_judge_worse(&j, CV_V_CPU_ONLY);
        (void)cv_judge_reason(&j, "G1", CV_R_PASS, -1,
                              CV_S("This build has no CUDA code: it runs on the CPU."));
        return;
    }
    if (m->gpus_known && cv_count_nvidia(m) == 0) {
        cv_judge_worse(&j, CV_V_CPU_ONLY);
        (void)cv_judge_reason(&j, "G1", CV_R_PASS, -1,
                              CV_S("This machine has no NVIDIA GPU: the build runs on the CPU."));
        return;
    }
    if (b->cuda.major == 0) {
        cv_judge_worse(&j, CV_V_UNKNOWN);
        (void)cv_judge_reason(&j, "D1", CV_R_UNKNOWN, -1,
                              CV_S("The CUDA version of this build is not known."));
        return;
    }
    cv_judge_driver(&j);
    judge_gpus(&j);
    cv_judge_driver_need(&j);
    for (uint32_t i = 0; i < ret->n_needs; i++)
        if (cv_str_eqz(ret->needs[i].axis, "driver") && ret->driver_need.len)
            ret->needs[i].must = cv_arena_fmt(a, ">=" CV_FMT, CV_ARG(ret->driver_need));
    if (ret->verdict != CV_V_WORKS_IF)
        ret->n_needs = 0;
}

/* ---- builds ---- */

static uint32_t arch_row(const struct cv_facts *f, const struct cv_build *b)
{
    const cv_str key[4] = {b->torch, b->variant, b->os, b->arch};
    return cv_facts_find(f, CV_T_TORCH_ARCHS, key, 4);
}

static void targets_from_row(const struct cv_facts *f, struct cv_build *b)
{
    b->arch_row = arch_row(f, b);
    if (b->arch_row == CV_NO_ROW)
        return;
    cv_str sass = cv_facts_get(f, CV_T_TORCH_ARCHS, b->arch_row, "sass"),
           ptx = cv_facts_get(f, CV_T_TORCH_ARCHS, b->arch_row, "ptx");
    if (cv_str_eqz(sass, "?"))
        return;
    (void)cv_targets_parse(&b->targets, sass);
    (void)cv_targets_parse(&b->targets, ptx);
    b->targets_known = b->targets.n > 0;
    b->targets_from = CV_S("torch-archs");
}

void cv_build_from_row(const struct cv_facts *f, uint32_t row, struct cv_build *ret)
{
    *ret = (struct cv_build){.torch = cv_facts_at(f, CV_T_TORCH_BUILDS, row, 0),
                             .variant = cv_facts_at(f, CV_T_TORCH_BUILDS, row, 1),
                             .os = cv_facts_at(f, CV_T_TORCH_BUILDS, row, 2),
                             .arch = cv_facts_at(f, CV_T_TORCH_BUILDS, row, 3),
                             .row = row,
                             .arch_row = CV_NO_ROW};
    ret->cuda_toolkit = cv_facts_get(f, CV_T_TORCH_BUILDS, row, "cuda_toolkit");
    ret->cudnn = cv_facts_get(f, CV_T_TORCH_BUILDS, row, "cudnn");
    ret->nccl = cv_facts_get(f, CV_T_TORCH_BUILDS, row, "nccl");
    ret->channel = cv_str_eqz(cv_facts_get(f, CV_T_TORCH_BUILDS, row, "on_pypi"), "yes")
                       ? CV_S("pypi")
                       : CV_S("pytorch");
    ret->has_cuda = cv_xy_from_variant(ret->variant, &ret->cuda);
    ret->foreign = !ret->has_cuda && !cv_str_eqz(ret->variant, "cpu");
    if (ret->has_cuda)
        targets_from_row(f, ret);
}

void cv_build_from_torch(const struct cv_facts *f, const struct cv_machine *m,
                         const struct cv_torch *t, struct cv_build *ret)
{
    *ret = (struct cv_build){.torch = t->release,
                             .variant = t->variant,
                             .channel = CV_S(""),
                             .installed = true,
                             .row = CV_NO_ROW,
                             .arch_row = CV_NO_ROW,
                             .os = cv_known(&m->place.os) ? m->place.os.v : CV_S(""),
                             .arch = cv_known(&m->place.arch) ? m->place.arch.v : CV_S("")};
    ret->cuda_toolkit = cv_known(&t->cuda) ? t->cuda.v : CV_S("");
    ret->cudnn = cv_known(&t->cudnn)            ? t->cudnn.v
                 : cv_known(&t->cudnn_required) ? t->cudnn_required.v
                                                : CV_S("");
    ret->nccl = cv_known(&t->nccl) ? t->nccl.v : CV_S("");
    ret->foreign = t->hip.len > 0 || t->xpu.len > 0 || cv_str_starts(t->variant, "rocm") ||
                   cv_str_eqz(t->variant, "xpu");
    if (cv_known(&t->cuda))
        ret->has_cuda = cv_xy_parse(t->cuda.v, &ret->cuda);
    else if (cv_xy_from_variant(t->variant, &ret->cuda))
        ret->has_cuda = true;
    else
        ret->has_cuda =
            !cv_absent(&t->cuda) &&
            !cv_str_eqz(t->variant, "cpu"); /* not known: judged as unknown, with major 0 */
    if (t->main_code) {
        ret->code = t->main_code;
        cv_gpucode_common(t->main_code, &ret->targets);
        ret->targets_known = true;
        ret->targets_from = t->code[0].name;
    } else if (cv_known(&t->archs)) {
        ret->targets = t->targets;
        ret->targets_known = t->targets.n > 0;
        ret->targets_from = t->archs.src.path;
    } else if (ret->has_cuda && !t->conda && !t->from_source && !cv_known(&m->place.jetson)) {
        targets_from_row(
            f, ret); /* conda's and own builds have other targets than the published wheels */
    }
}
