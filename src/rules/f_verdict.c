/* f_verdict.c: the verdict of each environment as findings: D1, D2, G1, G2 and what is unknown. */
#include "rules/findings.h"

static void take_reason(struct cv_diag *g, struct cv_finding *f, const struct cv_reason *r)
{
    for (uint32_t i = 0; i < r->n_facts; i++) {
        cv_find_evidence(g, f,
                         cv_arena_fmt(g->a, "facts:" CV_FMT "/" CV_FMT, CV_ARG(r->facts[i].table),
                                      CV_ARG(r->facts[i].key)),
                         r->facts[i].source);
        if (f && f->source.len == 0)
            f->source = r->facts[i].source;
    }
}

static void env_evidence(struct cv_diag *g, struct cv_finding *f, const struct cv_env *e)
{
    if (!f)
        return;
    f->env = e->path;
    cv_find_evidence(g, f, e->torch.src.path, e->torch.src.text);
}

/* One finding for each reason that fails, in its own words. */
static void failing_reason(struct cv_diag *g, const struct cv_env_judgement *ej,
                           const struct cv_reason *r, enum cv_severity s)
{
    const struct cv_env *e = &g->m->environments[ej->env];
    const struct cv_driver *d = &g->m->driver;
    const char *id = NULL;
    cv_str title;
    if (cv_str_eqz(r->rule, "D1")) {
        id = "driver-too-old";
        title = cv_absent(&d->version)
                    ? cv_arena_fmt(g->a, "torch " CV_FMT " needs an NVIDIA driver",
                                   CV_ARG(e->torch.version))
                    : cv_arena_fmt(g->a, "the driver is too old for torch " CV_FMT,
                                   CV_ARG(e->torch.version));
        if (cv_absent(&d->version) &&
            (cv_find_has(g->d, "driver-missing") || cv_find_has(g->d, "module-not-loaded") ||
             cv_find_has(g->d, "nouveau-bound") || cv_find_has(g->d, "container-no-gpu") ||
             cv_find_has(g->d, "container-no-compute")))
            return; /* said once, as the cause */
    } else if (cv_str_eqz(r->rule, "D2")) {
        if (cv_find_has(g->d, "open-module-required") ||
            cv_find_has(g->d, "open-module-unsupported"))
            return;
        id = "gpu-unsupported-by-driver";
        title = CV_S("the driver does not drive this GPU");
        if (cv_find_has(g->d, id))
            return; /* the same for every environment */
        s = CV_ERROR;
    } else if (cv_str_eqz(r->rule, "G1") && ej->j.mode == CV_MODE_MINOR &&
               cv_str_has(r->text, "PTX")) {
        id = "driver-too-old";
        title = cv_arena_fmt(g->a, "the driver is too old to compile the PTX of torch " CV_FMT,
                             CV_ARG(e->torch.version));
    } else if (cv_str_eqz(r->rule, "G1")) {
        bool new_gpu = cv_str_has(r->text, "newer than it");
        id = new_gpu ? "gpu-too-new" : "gpu-too-old";
        title = cv_arena_fmt(g->a, "torch " CV_FMT " has no code for this GPU",
                             CV_ARG(e->torch.version));
    } else {
        return;
    }
    struct cv_finding *f = cv_find_new(g, id, s, "", title, r->text);
    if (!f)
        return;
    f->rule = r->rule;
    env_evidence(g, f, e);
    if (cv_str_eqz(r->rule, "G1") && ej->build.code)
        cv_find_evidence(g, f, ej->build.targets_from,
                         cv_arena_fmt(g->a, "its containers hold " CV_FMT,
                                      CV_ARG(cv_targets_str(g->a, &ej->build.targets, " "))));
    if (cv_str_eqz(r->rule, "G1"))
        cv_find_fact(g, f, &e->torch.archs);
    else
        cv_find_fact(g, f, &d->version);
    if (r->gpu >= 0)
        cv_find_evidence(g, f,
                         cv_known(&g->m->gpus[r->gpu].pci) ? g->m->gpus[r->gpu].pci.src.path
                                                           : g->m->gpus[r->gpu].cc_text.src.path,
                         cv_gpu_words(g->a, &g->m->gpus[r->gpu]));
    take_reason(g, f, r);
}

static bool same_failure(const struct cv_judgement *j, uint32_t upto, const struct cv_reason *r)
{
    for (uint32_t i = 0; i < upto; i++)
        if (j->reasons[i].result == CV_R_FAIL && cv_str_eq(j->reasons[i].rule, r->rule) &&
            cv_str_eq(j->reasons[i].text, r->text))
            return true;
    return false;
}

static void notes(struct cv_diag *g, const struct cv_env_judgement *ej, bool main_env)
{
    const struct cv_env *e = &g->m->environments[ej->env];
    const struct cv_judgement *j = &ej->j;
    for (uint32_t i = 0; i < j->n_reasons; i++) {
        const struct cv_reason *r = &j->reasons[i];
        struct cv_finding *f = NULL;
        bool counts = r->gpu < 0 || cv_gpu_counts(g->m, (uint32_t)r->gpu);
        if (!counts)
            continue;
        if (cv_str_eqz(r->rule, "D1") && r->result == CV_R_PASS && j->mode == CV_MODE_MINOR &&
            !cv_verdict_fails(j->verdict) && (main_env || !cv_find_has(g->d, "driver-minor")))
            f = cv_find_new(g, "driver-minor", CV_INFO, "D1",
                            cv_arena_fmt(g->a,
                                         "torch " CV_FMT " runs by minor-version compatibility",
                                         CV_ARG(e->torch.version)),
                            cv_arena_fmt(g->a,
                                         CV_FMT " Code that is compiled at run time "
                                                "(torch.compile, Triton) may need a newer driver.",
                                         CV_ARG(r->text)));
        else if (cv_str_eqz(r->rule, "D1") && j->mode == CV_MODE_FORWARD)
            f = cv_find_new(g, "driver-forward", CV_INFO, "D1",
                            CV_S("a cuda-compat package stands in for a newer driver"), r->text);
        else if (cv_str_eqz(r->rule, "G1") && r->result == CV_R_WARN)
            f = cv_find_new(g, "gpu-jit", CV_WARNING, "G1",
                            cv_arena_fmt(g->a,
                                         "torch " CV_FMT " must compile its kernels on this GPU",
                                         CV_ARG(e->torch.version)),
                            r->text);
        else if (cv_str_eqz(r->rule, "G2") && r->result == CV_R_WARN)
            f = cv_find_new(g, "cudnn-drops-gpu", CV_WARNING, "G2",
                            CV_S("cuDNN of this torch does not support the GPU"), r->text);
        else if (r->result == CV_R_UNKNOWN && !ej->build.foreign)
            f = cv_find_new(
                g, "fact-unknown", CV_INFO, "",
                cv_arena_fmt(g->a, "not known for torch " CV_FMT, CV_ARG(e->torch.version)),
                r->text);
        if (!f)
            continue;
        f->rule = r->rule;
        env_evidence(g, f, e);
        if (j->mode == CV_MODE_FORWARD)
            cv_find_fact(g, f, &g->m->driver.compat);
        take_reason(g, f, r);
    }
}

static void cpu_only(struct cv_diag *g, const struct cv_env_judgement *ej, enum cv_severity s)
{
    const struct cv_env *e = &g->m->environments[ej->env];
    if (ej->build.has_cuda || ej->build.foreign || cv_count_nvidia(g->m) == 0)
        return;
    struct cv_finding *f =
        cv_find_new(g, "cpu-only-torch", s, "E1",
                    cv_arena_fmt(g->a, "torch " CV_FMT " is a CPU-only build beside an NVIDIA GPU",
                                 CV_ARG(e->torch.version)),
                    CV_S("This build has no CUDA code, so torch.cuda.is_available() is False "
                         "whatever the driver is. The driver is not the problem."));
    env_evidence(g, f, e);
    if (f)
        cv_find_evidence(g, f, e->torch.cuda.src.path, e->torch.cuda.src.text);
}

/* Without a torch the driver and the GPUs are still compared. */
static void driver_and_gpus(struct cv_diag *g)
{
    static const struct cv_build none = {.installed = true};
    struct cv_judgement j = {.verdict = CV_V_WORKS};
    struct cv_judging judging = {
        .f = g->f, .a = g->a, .m = g->m, .b = &none, .to = &j, .windows = cv_machine_windows(g->m)};
    for (uint32_t i = 0; i < g->m->n_gpus; i++) {
        struct cv_gpu_judgement to = {.gpu = i, .verdict = CV_V_WORKS};
        if (cv_gpu_counts(g->m, i) && cv_known(&g->m->gpus[i].cc_text))
            cv_judge_gpu_driver(&judging, i, &to);
    }
    for (uint32_t i = 0; i < j.n_reasons; i++) {
        if (j.reasons[i].result != CV_R_FAIL || cv_find_has(g->d, "open-module-required") ||
            cv_find_has(g->d, "open-module-unsupported") ||
            cv_find_has(g->d, "gpu-unsupported-by-driver"))
            continue;
        struct cv_finding *f =
            cv_find_new(g, "gpu-unsupported-by-driver", CV_ERROR, "D2",
                        CV_S("the driver does not drive this GPU"), j.reasons[i].text);
        cv_find_fact(g, f, &g->m->driver.version);
        if (f)
            take_reason(g, f, &j.reasons[i]);
    }
}

void cv_find_verdicts(struct cv_diag *g)
{
    if (g->d->n_envs == 0)
        driver_and_gpus(g);
    for (uint32_t i = 0; i < g->d->n_envs; i++) {
        const struct cv_env_judgement *ej = &g->d->envs[i];
        const struct cv_env *e = &g->m->environments[ej->env];
        bool main_env = cv_find_is_main(g->d, ej->env);
        enum cv_severity s = main_env ? CV_ERROR : CV_WARNING;
        if (ej->build.foreign) {
            struct cv_finding *f = cv_find_new(
                g, "foreign-torch", CV_INFO, "",
                cv_arena_fmt(g->a, "torch " CV_FMT " is not a CUDA build and is not judged",
                             CV_ARG(e->torch.version)),
                CV_S("It is built for AMD (ROCm) or Intel (XPU) GPUs. cuvet judges CUDA builds "
                     "only."));
            env_evidence(g, f, e);
            continue;
        }
        cpu_only(g, ej, s);
        for (uint32_t k = 0; k < ej->j.n_reasons; k++) {
            const struct cv_reason *r = &ej->j.reasons[k];
            bool counts = r->gpu < 0 || cv_gpu_counts(g->m, (uint32_t)r->gpu);
            if (r->result == CV_R_FAIL && counts && !same_failure(&ej->j, k, r))
                failing_reason(g, ej, r, s);
        }
        notes(g, ej, main_env);
    }
}
