/* doctor_tree.c: the diagnosis as JSON (schema cuvet/doctor/1, cli.md). */
#include "report/report.h"

static struct cv_node *text_or_null(struct cv_arena *a, cv_str s)
{
    return s.len && !cv_str_eqz(s, "?") ? cv_node_text(a, s) : cv_node_null(a);
}

static struct cv_node *reasons(struct cv_arena *a, const struct cv_judgement *j)
{
    struct cv_node *list = cv_node_list(a);
    for (uint32_t i = 0; i < j->n_reasons; i++) {
        const struct cv_reason *r = &j->reasons[i];
        struct cv_node *o = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(o, "rule", cv_node_text(a, r->rule));
        (void)cv_node_put(o, "result", cv_node_text(a, cv_str_z(cv_result_name(r->result))));
        (void)cv_node_put(o, "text", cv_node_text(a, r->text));
        if (r->gpu >= 0)
            (void)cv_node_put(o, "gpu", cv_node_int(a, r->gpu));
        struct cv_node *facts = cv_node_put(o, "facts", cv_node_list(a));
        for (uint32_t k = 0; k < r->n_facts; k++) {
            struct cv_node *f = cv_node_add(facts, cv_node_object(a));
            (void)cv_node_put(f, "table", cv_node_text(a, r->facts[k].table));
            (void)cv_node_put(f, "key", cv_node_text(a, r->facts[k].key));
            (void)cv_node_put(f, "source", cv_node_text(a, r->facts[k].source));
        }
    }
    return list;
}

static struct cv_node *driver(struct cv_arena *a, const struct cv_judgement *j)
{
    if (j->mode == CV_MODE_NONE)
        return cv_node_null(a);
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "mode", cv_node_text(a, cv_str_z(cv_driver_mode_name(j->mode))));
    (void)cv_node_put(o, "have", text_or_null(a, j->driver_have));
    (void)cv_node_put(o, "need", text_or_null(a, j->driver_need));
    return o;
}

static struct cv_node *gpus(struct cv_arena *a, const struct cv_machine *m,
                            const struct cv_judgement *j)
{
    struct cv_node *list = cv_node_list(a);
    for (uint32_t i = 0; i < j->n_gpus; i++) {
        const struct cv_gpu_judgement *g = &j->gpus[i];
        struct cv_node *o = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put_fact(a, o, "name", &m->gpus[g->gpu].name);
        (void)cv_node_put_fact(a, o, "cc", &m->gpus[g->gpu].cc_text);
        (void)cv_node_put(o, "via",
                          g->has_via ? cv_node_text(a, cv_target_str(a, g->via)) : cv_node_null(a));
        (void)cv_node_put(o, "verdict", cv_node_text(a, cv_str_z(cv_verdict_name(g->verdict))));
        if (m->gpus[g->gpu].hidden)
            (void)cv_node_put(o, "hidden", cv_node_bool(a, true));
    }
    return list;
}

static struct cv_node *environment(struct cv_arena *a, const struct cv_machine *m,
                                   const struct cv_env_judgement *ej)
{
    const struct cv_env *e = &m->environments[ej->env];
    const struct cv_build *b = &ej->build;
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "path", cv_node_text(a, e->path));
    (void)cv_node_put(o, "active", cv_node_bool(a, e->active));
    (void)cv_node_put(o, "torch", text_or_null(a, b->torch));
    (void)cv_node_put(o, "variant", text_or_null(a, b->variant));
    (void)cv_node_put(o, "channel", text_or_null(a, b->channel));
    (void)cv_node_put(
        o, "cuda", b->has_cuda ? text_or_null(a, b->cuda_toolkit) : cv_node_text(a, CV_S("none")));
    (void)cv_node_put(o, "cudnn", text_or_null(a, b->cudnn));
    (void)cv_node_put_fact(a, o, "python", &e->python);
    (void)cv_node_put(o, "os", text_or_null(a, b->os));
    (void)cv_node_put(o, "arch", text_or_null(a, b->arch));
    (void)cv_node_put(o, "verdict", cv_node_text(a, cv_str_z(cv_verdict_name(ej->j.verdict))));
    (void)cv_node_put(o, "driver", driver(a, &ej->j));
    (void)cv_node_put(o, "gpus", gpus(a, m, &ej->j));
    (void)cv_node_put(o, "reasons", reasons(a, &ej->j));
    if (ej->j.n_needs) {
        struct cv_node *needs = cv_node_put(o, "needs", cv_node_object(a));
        for (uint32_t i = 0; i < ej->j.n_needs; i++)
            (void)cv_node_put(needs, cv_arena_z(a, ej->j.needs[i].axis),
                              cv_node_text(a, ej->j.needs[i].must));
    }
    return o;
}

static struct cv_node *fix(struct cv_arena *a, const struct cv_fix *f)
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "text", cv_node_text(a, f->text));
    (void)cv_node_put(o, "command", text_or_null(a, f->command));
    (void)cv_node_put(o, "root", cv_node_bool(a, f->needs_root));
    return o;
}

static struct cv_node *finding(struct cv_arena *a, const struct cv_finding *f)
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "id", cv_node_text(a, f->id));
    (void)cv_node_put(o, "severity", cv_node_text(a, cv_str_z(cv_severity_name(f->severity))));
    (void)cv_node_put(o, "title", cv_node_text(a, f->title));
    struct cv_node *list = cv_node_put(o, "evidence", cv_node_list(a));
    for (uint32_t i = 0; i < f->n_evidence; i++) {
        struct cv_node *e = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(e, "source", cv_node_text(a, f->evidence[i].source));
        (void)cv_node_put(e, "text", cv_node_text(a, f->evidence[i].text));
    }
    (void)cv_node_put(o, "cause", cv_node_text(a, f->cause));
    (void)cv_node_put(o, "fix", f->n_fixes ? fix(a, &f->fixes[0]) : cv_node_null(a));
    list = cv_node_put(o, "fixes", cv_node_list(a));
    for (uint32_t i = 0; i < f->n_fixes; i++)
        (void)cv_node_add(list, fix(a, &f->fixes[i]));
    (void)cv_node_put(o, "rule", text_or_null(a, f->rule));
    (void)cv_node_put(o, "source", text_or_null(a, f->source));
    (void)cv_node_put(o, "environment", text_or_null(a, f->env));
    return o;
}

struct cv_node *cv_tree_doctor(struct cv_arena *a, const struct cv_facts *f,
                               const struct cv_machine *m, const struct cv_diagnosis *d)
{
    struct cv_node *o = cv_node_object(a);
    (void)f;
    (void)cv_node_put(o, "schema", cv_node_text(a, CV_S("cuvet/doctor/1")));
    (void)cv_node_put(o, "machine", cv_tree_machine(a, m));
    (void)cv_node_put(o, "verdict",
                      d->has_verdict ? cv_node_text(a, cv_str_z(cv_verdict_name(d->verdict)))
                                     : cv_node_null(a));
    struct cv_node *list = cv_node_put(o, "environments", cv_node_list(a));
    for (uint32_t i = 0; i < d->n_envs; i++)
        (void)cv_node_add(list, environment(a, m, &d->envs[i]));
    list = cv_node_put(o, "findings", cv_node_list(a));
    for (uint32_t i = 0; i < d->n_findings; i++)
        (void)cv_node_add(list, finding(a, &d->findings[i]));
    return o;
}
