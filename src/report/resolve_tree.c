/* resolve_tree.c: answers as JSON (schemas cuvet/resolve/1 and cuvet/why/1, cli.md). */
#include "report/candidate.h"

static void append(struct cv_node *to, const struct cv_node *list)
{
    if (!to || !list || !list->first)
        return;
    if (to->last)
        to->last->next = list->first;
    else
        to->first = list->first;
    to->last = list->last;
}

static struct cv_node *commands(struct cv_arena *a, const struct cv_shown *s)
{
    struct cv_node *o = cv_node_object(a);
    for (int t = 0; t < CV_N_TOOLS; t++)
        if (s->commands[t].len)
            (void)cv_node_put(o, cv_tool_name((enum cv_tool)t), cv_node_text(a, s->commands[t]));
    return o;
}

static cv_str python_of(const struct cv_answer *w)
{
    const struct cv_fact *py = &w->ask.m[0].python;
    for (uint32_t i = 1; i < w->ask.n_machines; i++)
        if (!cv_known(&w->ask.m[i].python) || !cv_known(py) ||
            !cv_str_eq(py->v, w->ask.m[i].python.v))
            return CV_S("");
    return cv_known(py) ? py->v : CV_S("");
}

/* The fields of one candidate, into an object that is there. */
static void put_candidate(struct cv_arena *a, struct cv_node *o, const struct cv_answer *w,
                          const struct cv_shown *s)
{
    const struct cv_build *b = &s->on[0].build;
    bool several = w->ask.n_machines > 1;
    (void)cv_node_put(o, "torch", cv_node_text_or_null(a, b->torch));
    (void)cv_node_put(o, "variant", cv_node_text_or_null(a, b->variant));
    (void)cv_node_put(o, "channel", cv_node_text_or_null(a, b->channel));
    (void)cv_node_put(o, "cuda", cv_node_text_or_null(a, b->cuda_toolkit));
    (void)cv_node_put(o, "cudnn", cv_node_text_or_null(a, b->cudnn));
    (void)cv_node_put(o, "python", cv_node_text_or_null(a, python_of(w)));
    (void)cv_node_put(o, "os", cv_node_text_or_null(a, b->os));
    (void)cv_node_put(o, "arch", cv_node_text_or_null(a, b->arch));
    (void)cv_node_put(o, "verdict", cv_node_text(a, cv_str_z(cv_verdict_name(s->verdict))));
    struct cv_node *driver = cv_tree_driver(a, &s->on[s->worst].j);
    if (several && driver && driver->kind == CV_N_OBJECT)
        (void)cv_node_put(driver, "machine", cv_node_int(a, s->worst));
    (void)cv_node_put(o, "driver", driver);
    struct cv_node *gpus = cv_node_list(a), *reasons = cv_node_list(a);
    for (uint32_t i = 0; i < w->ask.n_machines; i++) {
        int index = several ? (int)i : -1;
        append(gpus, cv_tree_gpus(a, &w->ask.m[i], &s->on[i].j, index));
        append(reasons, cv_tree_reasons(a, &s->on[i].j, index));
    }
    (void)cv_node_put(o, "gpus", gpus);
    (void)cv_node_put(o, "reasons", reasons);
    if (s->verdict == CV_V_WORKS_IF)
        cv_tree_needs(a, o, &s->on[s->worst].j);
    (void)cv_node_put(o, "commands", commands(a, s));
    if (s->note.len)
        (void)cv_node_put(o, "note", cv_node_text(a, s->note));
}

static struct cv_node *candidate(struct cv_arena *a, const struct cv_answer *w,
                                 const struct cv_shown *s)
{
    struct cv_node *o = cv_node_object(a);
    if (s->on)
        put_candidate(a, o, w, s);
    return o;
}

static void put_head(struct cv_arena *a, struct cv_node *o, const char *schema,
                     const struct cv_answer *w)
{
    const struct cv_request *r = w->ask.req;
    (void)cv_node_put(o, "schema", cv_node_text(a, cv_str_z(schema)));
    if (w->ask.n_machines == 1) {
        (void)cv_node_put(o, "machine", cv_tree_machine(a, w->ask.m));
    } else {
        struct cv_node *list = cv_node_put(o, "machines", cv_node_list(a));
        for (uint32_t i = 0; i < w->ask.n_machines; i++)
            (void)cv_node_add(list, cv_tree_machine(a, &w->ask.m[i]));
    }
    struct cv_node *list = cv_node_put(o, "request", cv_node_list(a));
    for (uint32_t i = 0; i < r->n; i++)
        (void)cv_node_add(list, cv_node_text(a, r->reqs[i].text));
    if (r->n == 0)
        (void)cv_node_add(list, cv_node_text(a, CV_S("torch")));
}

static void put_conflict(struct cv_arena *a, struct cv_node *o, const struct cv_answer *w)
{
    if (w->n_conflict) {
        struct cv_node *c = cv_node_put(o, "conflict", cv_node_object(a));
        struct cv_node *list = cv_node_put(c, "request", cv_node_list(a));
        for (uint32_t i = 0; i < w->n_conflict; i++)
            (void)cv_node_add(list, cv_node_text(a, w->conflict[i]));
        (void)cv_node_put(c, "text", cv_node_text(a, w->conflict_text));
    }
    if (w->has_nearest) {
        struct cv_node *n = cv_node_put(o, "nearest", cv_node_object(a));
        (void)cv_node_put(n, "request", cv_node_text(a, w->nearest));
        (void)cv_node_put(n, "best", candidate(a, w, &w->nearest_best));
    }
}

static void put_extras(struct cv_arena *a, struct cv_node *o, const struct cv_answer *w)
{
    struct cv_node *list = cv_node_put(o, "unlock", cv_node_list(a));
    for (uint32_t i = 0; i < w->n_unlocks; i++) {
        struct cv_node *u = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(u, "torch", cv_node_text(a, w->unlocks[i].torch));
        (void)cv_node_put(u, "variant", cv_node_text(a, w->unlocks[i].variant));
        (void)cv_node_put(u, "axis", cv_node_text(a, w->unlocks[i].axis));
        (void)cv_node_put(u, "must", cv_node_text(a, w->unlocks[i].must));
        if (w->unlocks[i].last.len)
            (void)cv_node_put(u, "last_branch", cv_node_text(a, w->unlocks[i].last));
        (void)cv_node_put(u, "command", cv_node_text_or_null(a, w->unlocks[i].command));
        (void)cv_node_put(u, "how", cv_node_text_or_null(a, w->unlocks[i].fix.text));
        (void)cv_node_put(u, "how_command", cv_node_text_or_null(a, w->unlocks[i].fix.command));
    }
    list = cv_node_put(o, "breaks", cv_node_list(a));
    for (uint32_t i = 0; i < w->n_breaks; i++) {
        const struct cv_break *k = &w->breaks[i];
        struct cv_node *n = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(n, "environment", cv_node_text(a, k->env));
        (void)cv_node_put(n, "package", cv_node_text(a, k->package));
        (void)cv_node_put(n, "version", cv_node_text(a, k->version));
        (void)cv_node_put(n, "wants", cv_node_text(a, k->wants));
        (void)cv_node_put(n, "instead", cv_node_text_or_null(a, k->instead));
    }
}

static void put_python(struct cv_arena *a, struct cv_node *o, const struct cv_answer *w)
{
    cv_str list = cv_python_list(a, w->python_instead, ","), one;
    if (list.len == 0)
        return;
    struct cv_node *p = cv_node_put(o, "python_refused", cv_node_object(a));
    (void)cv_node_put(p, "have", cv_node_text(a, w->ask.m[0].python.v));
    (void)cv_node_put(p, "too",
                      w->python_beside > 0   ? cv_node_text(a, CV_S("new"))
                      : w->python_beside < 0 ? cv_node_text(a, CV_S("old"))
                                             : cv_node_null(a));
    struct cv_node *to = cv_node_put(p, "instead", cv_node_list(a));
    while (list.len && cv_str_next(&list, ',', &one))
        (void)cv_node_add(to, cv_node_text(a, one));
    (void)cv_node_put(p, "how", cv_node_text_or_null(a, w->python_fix.text));
    (void)cv_node_put(p, "how_command", cv_node_text_or_null(a, w->python_fix.command));
    (void)cv_node_put(p, "best",
                      w->has_python_best ? candidate(a, w, &w->python_best) : cv_node_null(a));
}

static void put_plan(struct cv_arena *a, struct cv_node *o, const struct cv_answer *w)
{
    if (w->n_plan == 0)
        return;
    struct cv_node *list = cv_node_put(o, "plan_left", cv_node_list(a));
    for (uint32_t i = 0; i < w->n_plan_left; i++)
        (void)cv_node_add(list, cv_node_int(a, w->plan_left[i]));
    (void)cv_node_put(o, "plan_fewest", cv_node_bool(a, w->plan_fewest));
    list = cv_node_put(o, "plan", cv_node_list(a));
    for (uint32_t i = 0; i < w->n_plan; i++) {
        const struct cv_plan *p = &w->plan[i];
        struct cv_node *n = cv_node_add(list, cv_node_object(a));
        struct cv_node *ms = cv_node_put(n, "machines", cv_node_list(a));
        struct cv_machine *group = cv_arena_alloc(a, p->n_machines * sizeof *group);
        struct cv_answer tmp = {.ask = w->ask};
        for (uint32_t k = 0; group && k < p->n_machines; k++) {
            group[k] = w->ask.m[p->machines[k]];
            (void)cv_node_add(ms, cv_node_int(a, p->machines[k]));
        }
        tmp.ask.m = group;
        tmp.ask.n_machines = p->n_machines;
        if (group)
            (void)cv_node_put(n, "best", candidate(a, &tmp, &p->best));
    }
}

struct cv_node *cv_tree_resolve(struct cv_arena *a, const struct cv_answer *w)
{
    struct cv_node *o = cv_node_object(a);
    put_head(a, o, "cuvet/resolve/1", w);
    (void)cv_node_put(o, "best",
                      w->has_best ? candidate(a, w, &w->candidates[0]) : cv_node_null(a));
    put_plan(a, o, w);
    struct cv_node *list = cv_node_put(o, "candidates", cv_node_list(a));
    for (uint32_t i = 0; i < w->n_candidates; i++)
        (void)cv_node_add(list, candidate(a, w, &w->candidates[i]));
    list = cv_node_put(o, "rejected", cv_node_list(a));
    for (uint32_t i = 0; i < w->n_rejected; i++)
        (void)cv_node_add(list, candidate(a, w, &w->rejected[i]));
    put_extras(a, o, w);
    put_python(a, o, w);
    put_conflict(a, o, w);
    return o;
}

struct cv_node *cv_tree_why(struct cv_arena *a, const struct cv_answer *w)
{
    struct cv_node *o = cv_node_object(a);
    put_head(a, o, "cuvet/why/1", w);
    if (w->n_candidates && w->candidates[0].on)
        put_candidate(a, o, w, &w->candidates[0]);
    return o;
}
