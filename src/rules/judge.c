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

cv_str cv_say(struct cv_judging *j, const char *fmt, ...)
{
    va_list ap;
    if (j->quiet)
        return CV_S("");
    va_start(ap, fmt);
    cv_str s = cv_arena_vfmt(j->a, fmt, ap);
    va_end(ap);
    return s;
}

struct cv_reason *cv_judge_reason(struct cv_judging *j, const char *rule, enum cv_result r, int gpu,
                                  cv_str text)
{
    struct cv_reason *to = j->quiet ? NULL : CV_PUSH(j->a, j->to, reasons);
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
    cv_judge_worse(j, CV_V_WORKS_IF);
    if (j->quiet)
        return;
    for (uint32_t i = 0; i < j->to->n_needs; i++)
        if (cv_str_eqz(j->to->needs[i].axis, axis))
            return;
    struct cv_need *n = CV_PUSH(j->a, j->to, needs);
    if (n)
        *n = (struct cv_need){cv_str_z(axis), must};
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

bool cv_windows_numbers(const struct cv_machine *m, const struct cv_build *b)
{
    return cv_machine_windows(m) || (!cv_known(&m->place.os) && cv_str_eqz(b->os, "windows"));
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

/* Does the known driver drive a GPU of this capability? (D2, without words) */
static bool driver_drives(const struct cv_judging *j, struct cv_cc cc, bool tegra)
{
    struct cv_machine m = {.driver = j->m->driver, .place = j->m->place};
    struct cv_gpu g = {.vendor = CV_S("nvidia"), .cc = cc, .tegra = tegra};
    struct cv_gpu_judgement to = {.verdict = CV_V_WORKS};
    struct cv_judgement nowhere = {.verdict = CV_V_WORKS};
    struct cv_judging quiet = {
        .f = j->f, .m = &m, .b = j->b, .to = &nowhere, .windows = j->windows, .quiet = true};
    m.gpus = &g;
    m.n_gpus = 1;
    g.cc_text.state = CV_KNOWN;
    cv_judge_gpu_driver(&quiet, 0, &to);
    return to.verdict == CV_V_WORKS;
}

/* Capabilities that would do here, for "works-if": "7.5,8.0,8.6". PTX counts where the driver can compile it. */
static cv_str capabilities(struct cv_judging *j)
{
    cv_str all = CV_S("");
    bool jit = j->to->mode == CV_MODE_NATIVE || j->to->mode == CV_MODE_FORWARD;
    bool may_be_tegra = cv_str_eqz(j->b->os, "linux") && cv_str_eqz(j->b->arch, "aarch64");
    if (j->quiet)
        return all;
    for (unsigned n = 10; n < 260; n++) {
        struct cv_cc cc = cv_cc_from_number(n);
        struct cv_target via;
        bool tegra = cv_cc_tegra(j->f, cc);
        if (cv_facts_gpu_arch(j->f, cc) == CV_NO_ROW || (tegra && !may_be_tegra) ||
            !driver_drives(j, cc, tegra))
            continue;
        enum cv_code code = cv_code_for(j->b, cc, tegra, &via);
        if (code == CV_CODE_NATIVE || (code == CV_CODE_JIT && jit))
            all = all.len ? cv_arena_fmt(j->a, CV_FMT ",%u.%u", CV_ARG(all), cc.major, cc.minor)
                          : cv_cc_str(j->a, cc);
    }
    return all;
}

/* Where one GPU is enough, cuDNN is asked for the GPUs that would be used. */
static void any_cudnn(struct cv_judging *j, enum cv_verdict best)
{
    for (uint32_t i = 0; i < j->to->n_gpus; i++) {
        const struct cv_gpu *g = &j->m->gpus[j->to->gpus[i].gpu];
        if (cv_gpu_counts(j->m, j->to->gpus[i].gpu) && j->to->gpus[i].verdict == best &&
            !(cv_known(&g->cc_text) && cv_cudnn_drops(j->b, g->cc)))
            j->to->g2_warning = false;
    }
}

static void judge_gpus(struct cv_judging *j)
{
    const struct cv_machine *m = j->m;
    enum cv_verdict best = CV_V_NO_BUILD;
    bool any = false;
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
                cv_judge_need(j, "gpu", capabilities(j));
        } else {
            cv_judge_gpu_driver(j, i, &g);
            cv_judge_arch(j, i, &g);
            cv_judge_cudnn(j, i);
        }
        struct cv_gpu_judgement *to = CV_PUSH(j->a, j->to, gpus);
        if (to)
            *to = g;
        if (!cv_gpu_counts(m, i))
            continue;
        any = true;
        best = g.verdict > best ? g.verdict : best;
        if (!m->any_gpu)
            cv_judge_worse(j, g.verdict);
    }
    if (m->any_gpu && any) {
        cv_judge_worse(j, best);
        any_cudnn(j, best);
    }
    if (cv_count_nvidia(m) == 0) /* not known to be none: that was asked before */
        cv_judge_need(j, "gpu", capabilities(j));
}

bool cv_machine_no_gpu(const struct cv_machine *m)
{
    return (m->gpus_known && cv_count_nvidia(m) == 0) ||
           (cv_known(&m->place.os) && cv_str_eqz(m->place.os.v, "macos"));
}

/* What no GPU or driver is asked for. True: the verdict stands. */
static bool judge_plain(struct cv_judging *j, bool no_gpu)
{
    const struct cv_build *b = j->b;
    if (b->foreign) {
        cv_judge_worse(j, CV_V_UNKNOWN);
        (void)cv_judge_reason(
            j, "G1", CV_R_UNKNOWN, -1,
            cv_say(j, "The variant " CV_FMT " is not for NVIDIA GPUs and is not judged.",
                   CV_ARG(b->variant)));
        return true;
    }
    if (!b->has_cuda || no_gpu) {
        cv_judge_worse(j, CV_V_CPU_ONLY);
        (void)cv_judge_reason(
            j, "G1", CV_R_PASS, -1,
            b->has_cuda ? CV_S("This machine has no NVIDIA GPU: the build runs on the CPU.")
                        : CV_S("This build has no CUDA code: it runs on the CPU."));
        return true;
    }
    if (b->cuda.major == 0) {
        cv_judge_worse(j, CV_V_UNKNOWN);
        (void)cv_judge_reason(j, "D1", CV_R_UNKNOWN, -1,
                              CV_S("The CUDA version of this build is not known."));
        return true;
    }
    return false;
}

/* The driver that the machine must have. */
static void name_driver_need(struct cv_judging *j)
{
    for (uint32_t i = 0; i < j->to->n_needs; i++)
        if (cv_str_eqz(j->to->needs[i].axis, "driver") && j->to->driver_need.len)
            j->to->needs[i].must = cv_arena_fmt(j->a, ">=" CV_FMT, CV_ARG(j->to->driver_need));
    if (!cv_absent(&j->m->driver.version) && !cv_known(&j->m->driver.version))
        j->to->driver_last = cv_driver_last(j->f, j->m);
}

void cv_judge(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m,
              const struct cv_build *b, struct cv_judgement *ret)
{
    struct cv_judging j = {
        .f = f, .a = a, .m = m, .b = b, .to = ret, .windows = cv_windows_numbers(m, b)};
    struct cv_build own;
    *ret = (struct cv_judgement){.verdict = CV_V_WORKS,
                                 .driver_have = CV_S(""),
                                 .driver_need = CV_S(""),
                                 .driver_last = CV_S("")};
    if (!b->prepared) {
        own = *b;
        cv_build_prepare(f, &own);
        j.b = &own;
    }
    if (!b->installed)
        cv_judge_build(&j);
    if (!judge_plain(&j, cv_machine_no_gpu(m))) {
        cv_judge_driver(&j);
        judge_gpus(&j);
        cv_judge_driver_need(&j);
        name_driver_need(&j);
    }
    if (ret->verdict != CV_V_WORKS_IF)
        ret->n_needs = 0;
}
