/* what_tree.c: the questions the other way round as JSON (schema cuvet/what/1). */
#include "report/candidate.h"
#include "report/out.h"

static struct cv_node *pair(struct cv_arena *a, const cv_str v[2])
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "linux", cv_node_text_or_null(a, v[0]));
    (void)cv_node_put(o, "windows", cv_node_text_or_null(a, v[1]));
    return o;
}

static struct cv_node *words(struct cv_arena *a, cv_str list, char sep)
{
    struct cv_node *o = cv_node_list(a);
    cv_str one;
    while (list.len && cv_str_next(&list, sep, &one))
        (void)cv_node_add(o, cv_node_text(a, one));
    return o;
}

static struct cv_node *capabilities(struct cv_arena *a, const struct cv_cc *list, uint32_t n)
{
    struct cv_node *o = cv_node_list(a);
    for (uint32_t i = 0; i < n; i++)
        (void)cv_node_add(o, cv_node_text(a, cv_cc_str(a, list[i])));
    return o;
}

static struct cv_node *build(struct cv_arena *a, const struct cv_what *w,
                             const struct cv_what_build *b)
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "torch", cv_node_text(a, b->b->torch));
    (void)cv_node_put(o, "variant", cv_node_text(a, b->b->variant));
    (void)cv_node_put(o, "platforms", words(a, b->platforms, ','));
    (void)cv_node_put(o, "driver", w->cuda ? pair(a, b->driver) : cv_node_null(a));
    (void)cv_node_put(o, "driver_native", w->cuda ? pair(a, b->native) : cv_node_null(a));
    if (!w->gpus_given) {
        (void)cv_node_put(o, "gpus", capabilities(a, b->gpus, b->n_gpus));
        (void)cv_node_put(o, "gpus_jit", capabilities(a, b->jit, b->n_jit));
    }
    (void)cv_node_put(o, "pythons", words(a, cv_python_list(a, b->pythons, ","), ','));
    (void)cv_node_put(o, "glibc", cv_node_text_or_null(a, b->glibc));
    return o;
}

static void put_gpus(struct cv_arena *a, struct cv_node *o, const struct cv_what *w)
{
    struct cv_node *run = cv_node_put(o, "gpus", cv_node_list(a)),
                   *jit = cv_node_put(o, "gpus_jit", cv_node_list(a)),
                   *warned = cv_node_put(o, "gpus_warned", cv_node_list(a)),
                   *unknown = cv_node_put(o, "gpus_unknown", cv_node_list(a));
    for (uint32_t i = 0; i < w->n_gpus; i++) {
        const struct cv_what_gpu *g = &w->gpus[i];
        cv_str cc = cv_cc_str(a, g->cc);
        (void)cv_node_add(!g->has_via ? unknown : run, cv_node_text(a, cc));
        if (g->has_via && g->jit)
            (void)cv_node_add(jit, cv_node_text(a, cc));
        if (g->has_via && g->warned)
            (void)cv_node_add(warned, cv_node_text(a, cc));
    }
}

static void put_machine_gpus(struct cv_arena *a, struct cv_node *o, const struct cv_machine *m)
{
    struct cv_node *list = cv_node_put(o, "gpus", cv_node_list(a));
    for (uint32_t i = 0; i < m->n_gpus; i++)
        if (cv_known(&m->gpus[i].cc_text))
            (void)cv_node_add(list, cv_node_text(a, m->gpus[i].cc_text.v));
}

static void put_found(struct cv_arena *a, struct cv_node *o, const struct cv_what *w)
{
    const struct cv_answer *ans = &w->answer;
    struct cv_node *t = cv_node_object(a);
    (void)cv_node_put(t, "first", cv_node_text_or_null(a, w->first));
    (void)cv_node_put(t, "last", cv_node_text_or_null(a, w->last));
    if (ans->has_best) {
        const struct cv_build *b = &ans->candidates[0].on[0].build;
        (void)cv_node_put(t, "best", cv_node_text(a, b->torch));
        (void)cv_node_put(t, "variant", cv_node_text(a, b->variant));
        (void)cv_node_put(
            t, "command",
            cv_node_text_or_null(
                a, ans->candidates[0].commands[ans->ask.tool_given ? ans->ask.tool : CV_TOOL_PIP]));
    }
    (void)cv_node_put(o, "torch", w->first.len ? t : cv_node_null(a));
    struct cv_node *d = w->cuda ? pair(a, w->driver) : cv_node_null(a);
    if (w->cuda && w->branch_first.len)
        (void)cv_node_put(d, "first_branch", cv_node_text(a, w->branch_first));
    if (w->cuda && w->branch_last.len)
        (void)cv_node_put(d, "last_branch", cv_node_text(a, w->branch_last));
    (void)cv_node_put(o, "driver", d);
    (void)cv_node_put(o, "driver_native", w->cuda ? pair(a, w->native) : cv_node_null(a));
    if (w->gpus_given)
        put_machine_gpus(a, o, ans->ask.m);
    else
        put_gpus(a, o, w);
    (void)cv_node_put(o, "pythons", words(a, cv_python_list(a, w->pythons, ","), ','));
    struct cv_node *list = cv_node_put(o, "builds", cv_node_list(a));
    for (uint32_t i = 0; i < w->n_builds; i++)
        (void)cv_node_add(list, build(a, w, &w->builds[i]));
}

/* Nothing fits: the sentence that decided, as `cuvet resolve` says it. */
static cv_str reason(const struct cv_answer *w)
{
    if (w->conflict_text.len || w->n_rejected == 0 || !w->rejected[0].on)
        return w->conflict_text;
    return cv_out_deciding(&w->rejected[0]);
}

struct cv_node *cv_tree_what(struct cv_arena *a, const struct cv_what *w)
{
    static const struct {
        unsigned bit;
        const char *name;
    } asked[] = {{CV_WHAT_TORCH, "torch"},
                 {CV_WHAT_DRIVER, "driver"},
                 {CV_WHAT_GPU, "gpu"},
                 {CV_WHAT_PYTHON, "python"}};
    const struct cv_request *r = w->answer.ask.req;
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "schema", cv_node_text(a, CV_S("cuvet/what/1")));
    struct cv_node *list = cv_node_put(o, "request", cv_node_list(a));
    for (uint32_t i = 0; i < r->n; i++)
        (void)cv_node_add(list, cv_node_text(a, r->reqs[i].text));
    if (r->n == 0)
        (void)cv_node_add(list, cv_node_text(a, CV_S("torch")));
    list = cv_node_put(o, "asked", cv_node_list(a));
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        if (w->asked & asked[i].bit)
            (void)cv_node_add(list, cv_node_text(a, cv_str_z(asked[i].name)));
    put_found(a, o, w);
    if (w->n_builds == 0)
        (void)cv_node_put(o, "reason", cv_node_text_or_null(a, reason(&w->answer)));
    return o;
}
