/* doctor_tree.c: the diagnosis as JSON (schema cuvet/doctor/1, cli.md). */
#include "report/candidate.h"

static struct cv_node *environment(struct cv_arena *a, const struct cv_machine *m,
                                   const struct cv_env_judgement *ej)
{
    const struct cv_env *e = &m->environments[ej->env];
    const struct cv_build *b = &ej->build;
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "path", cv_node_text(a, e->path));
    (void)cv_node_put(o, "active", cv_node_bool(a, e->active));
    (void)cv_node_put(o, "torch", cv_node_text_or_null(a, b->torch));
    (void)cv_node_put(o, "variant", cv_node_text_or_null(a, b->variant));
    (void)cv_node_put(o, "channel", cv_node_text_or_null(a, b->channel));
    (void)cv_node_put(o, "cuda",
                      b->has_cuda ? cv_node_text_or_null(a, b->cuda_toolkit)
                                  : cv_node_text(a, CV_S("none")));
    (void)cv_node_put(o, "cudnn", cv_node_text_or_null(a, b->cudnn));
    (void)cv_node_put_fact(a, o, "python", &e->python);
    (void)cv_node_put(o, "os", cv_node_text_or_null(a, b->os));
    (void)cv_node_put(o, "arch", cv_node_text_or_null(a, b->arch));
    (void)cv_node_put(o, "verdict", cv_node_text(a, cv_str_z(cv_verdict_name(ej->j.verdict))));
    (void)cv_node_put(o, "driver", cv_tree_driver(a, &ej->j));
    (void)cv_node_put(o, "gpus", cv_tree_gpus(a, m, &ej->j, -1));
    (void)cv_node_put(o, "reasons", cv_tree_reasons(a, &ej->j, -1));
    cv_tree_needs(a, o, &ej->j);
    return o;
}

static struct cv_node *fix(struct cv_arena *a, const struct cv_fix *f)
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "text", cv_node_text(a, f->text));
    (void)cv_node_put(o, "command", cv_node_text_or_null(a, f->command));
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
    (void)cv_node_put(o, "rule", cv_node_text_or_null(a, f->rule));
    (void)cv_node_put(o, "source", cv_node_text_or_null(a, f->source));
    (void)cv_node_put(o, "environment", cv_node_text_or_null(a, f->env));
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
