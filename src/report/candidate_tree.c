/* candidate_tree.c: one judged build as JSON (cli.md: a candidate): shared by doctor, resolve and why. */
#include "report/candidate.h"

struct cv_node *cv_node_text_or_null(struct cv_arena *a, cv_str s)
{
    return s.len && !cv_str_eqz(s, "?") ? cv_node_text(a, s) : cv_node_null(a);
}

struct cv_node *cv_tree_reasons(struct cv_arena *a, const struct cv_judgement *j, int machine)
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
        if (machine >= 0)
            (void)cv_node_put(o, "machine", cv_node_int(a, machine));
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

struct cv_node *cv_tree_driver(struct cv_arena *a, const struct cv_judgement *j)
{
    if (j->mode == CV_MODE_NONE)
        return cv_node_null(a);
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "mode", cv_node_text(a, cv_str_z(cv_driver_mode_name(j->mode))));
    (void)cv_node_put(o, "have", cv_node_text_or_null(a, j->driver_have));
    (void)cv_node_put(o, "need", cv_node_text_or_null(a, j->driver_need));
    if (j->driver_last.len)
        (void)cv_node_put(o, "last_branch", cv_node_text(a, j->driver_last));
    return o;
}

struct cv_node *cv_tree_gpus(struct cv_arena *a, const struct cv_machine *m,
                             const struct cv_judgement *j, int machine)
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
        if (machine >= 0)
            (void)cv_node_put(o, "machine", cv_node_int(a, machine));
    }
    return list;
}

void cv_tree_needs(struct cv_arena *a, struct cv_node *o, const struct cv_judgement *j)
{
    if (j->n_needs == 0)
        return;
    struct cv_node *needs = cv_node_put(o, "needs", cv_node_object(a));
    for (uint32_t i = 0; i < j->n_needs; i++)
        (void)cv_node_put(needs, cv_arena_z(a, j->needs[i].axis),
                          cv_node_text(a, j->needs[i].must));
}
