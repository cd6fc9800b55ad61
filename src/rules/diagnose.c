/* diagnose.c: the doctor: judges every environment, then runs the finding rules, then puts them in order and says the exit code (cli.md). */
#include "rules/findings.h"

struct cv_finding *cv_find_new(struct cv_diag *g, const char *id, enum cv_severity s,
                               const char *rule, cv_str title, cv_str cause)
{
    struct cv_finding *f = CV_PUSH(g->a, g->d, findings);
    if (f)
        *f = (struct cv_finding){.id = cv_str_z(id),
                                 .severity = s,
                                 .rule = cv_str_z(rule),
                                 .title = title,
                                 .cause = cause,
                                 .source = CV_S(""),
                                 .env = CV_S("")};
    return f;
}

void cv_find_evidence(struct cv_diag *g, struct cv_finding *to, cv_str source, cv_str text)
{
    if (!to || (source.len == 0 && text.len == 0))
        return;
    for (uint32_t i = 0; i < to->n_evidence; i++)
        if (cv_str_eq(to->evidence[i].source, source) && cv_str_eq(to->evidence[i].text, text))
            return;
    struct cv_evidence *e = CV_PUSH(g->a, to, evidence);
    if (e)
        *e = (struct cv_evidence){source, text};
}

void cv_find_fact(struct cv_diag *g, struct cv_finding *to, const struct cv_fact *f)
{
    if (cv_known(f))
        cv_find_evidence(g, to, f->src.path, f->src.text.len ? f->src.text : f->v);
}

bool cv_find_has(const struct cv_diagnosis *d, const char *id)
{
    for (uint32_t i = 0; i < d->n_findings; i++)
        if (cv_str_eqz(d->findings[i].id, id))
            return true;
    return false;
}

bool cv_find_is_main(const struct cv_diagnosis *d, uint32_t env)
{
    if (d->verdict_env >= 0)
        return d->envs[d->verdict_env].env == env;
    for (uint32_t i = 0; i < d->n_envs; i++) /* no active torch: the worst speak */
        if (d->envs[i].env == env)
            return d->envs[i].j.verdict == d->verdict;
    return false;
}

cv_str cv_env_words(struct cv_arena *a, const struct cv_env *e)
{
    return cv_arena_fmt(a, "torch " CV_FMT " in " CV_FMT, CV_ARG(e->torch.version),
                        CV_ARG(e->path));
}

static void judge_environments(struct cv_diag *g)
{
    struct cv_diagnosis *d = g->d;
    int active = cv_machine_active_env(g->m);
    d->verdict_env = -1;
    for (uint32_t i = 0; i < g->m->n_environments; i++) {
        const struct cv_env *e = &g->m->environments[i];
        if (!e->has_torch)
            continue;
        struct cv_env_judgement *j = CV_PUSH(g->a, d, envs);
        if (!j)
            return;
        j->env = i;
        cv_build_from_torch(g->f, g->m, &e->torch, &j->build);
        cv_judge(g->f, g->a, g->m, &j->build, &j->j);
        if ((int)i == active)
            d->verdict_env = (int)d->n_envs - 1;
    }
    d->has_verdict = d->n_envs > 0;
    d->verdict = CV_V_WORKS;
    for (uint32_t i = 0; i < d->n_envs; i++)
        d->verdict = cv_verdict_worse(d->verdict, d->envs[i].j.verdict);
    if (d->verdict_env >= 0)
        d->verdict = d->envs[d->verdict_env].j.verdict;
    else if (d->n_envs == 1)
        d->verdict_env = 0;
}

/* A driver that drives no GPU makes no device files: the cause is enough. */
static void drop_consequences(struct cv_diagnosis *d)
{
    if (!cv_find_has(d, "gpu-unsupported-by-driver"))
        return;
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n_findings; i++)
        if (!cv_str_eqz(d->findings[i].id, "device-nodes-missing"))
            d->findings[n++] = d->findings[i];
    d->n_findings = n;
}

static void sort_findings(struct cv_diagnosis *d)
{
    for (uint32_t i = 1; i < d->n_findings; i++) { /* stable: rules are asked in a sensible order */
        struct cv_finding f = d->findings[i];
        uint32_t j = i;
        for (; j > 0 && d->findings[j - 1].severity < f.severity; j--)
            d->findings[j] = d->findings[j - 1];
        d->findings[j] = f;
    }
}

static void find_problems(struct cv_diag *g)
{
    for (uint32_t i = 0; i < g->m->n_problems && i < 20; i++) {
        const struct cv_problem *p = &g->m->problems[i];
        struct cv_finding *f =
            cv_find_new(g, "probe-problem", CV_WARNING, "",
                        cv_arena_fmt(g->a, CV_FMT ": " CV_FMT, CV_ARG(p->where), CV_ARG(p->what)),
                        CV_S("This place could not be read as it should be, so what it would have "
                             "told is not known."));
        cv_find_evidence(g, f, p->where, p->what);
    }
}

const struct cv_rule_row cv_rule_rows[] = {
    {"S1", "driver state", "driver-branches", cv_find_driver_state},
    {"S1", "what is visible", "", cv_find_visibility},
    {"D2", "gpus", "gpu-pci,gpu-arch", cv_find_gpus},
    {"D1,D2,G1,G2", "each environment's torch",
     "compat-rules,cuda-releases,driver-branches,forward-compat,gpu-arch,torch-archs,cudnn-floor",
     cv_find_verdicts},
    {"G1", "the code in each torch's libraries", "gpu-arch", cv_find_code},
    {"B2,E1", "packages", "torch-companions", cv_find_packages},
    {"T1", "toolkits", "nvcc-targets,host-compilers", cv_find_toolkits},
    {"", "places that could not be read", "", find_problems},
    {NULL, NULL, NULL, NULL},
};

void cv_diagnose(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m,
                 struct cv_diagnosis *ret)
{
    struct cv_diag g = {.f = f, .a = a, .m = m, .d = ret};
    *ret = (struct cv_diagnosis){.verdict_env = -1};
    judge_environments(&g);
    for (const struct cv_rule_row *r = cv_rule_rows; r->rule; r++)
        r->eval(&g);
    drop_consequences(ret);
    sort_findings(ret);
    ret->exit_code = 0;
    if (ret->has_verdict && (ret->verdict == CV_V_UNKNOWN || ret->verdict == CV_V_WORKS_IF))
        ret->exit_code = 3;
    for (uint32_t i = 0; i < ret->n_findings; i++)
        if (ret->findings[i].severity == CV_ERROR)
            ret->exit_code = 1;
}
