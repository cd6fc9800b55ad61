/* answer_plan.c: several machines and no build that serves all: the fewest builds that do. Exact for the few machines that are given on a command line would
 * need a search over all subsets; the greedy way takes at each step the build that serves most of those left, and, where two serve as many, the better one. */
#include "resolve/answer.h"

static bool serves(const struct cv_answer *w, struct cv_view *view, const struct cv_build *b)
{
    struct cv_quick now;
    (void)w;
    cv_judge_quick(view, b, &now);
    return now.verdict == CV_V_WORKS || now.verdict == CV_V_WORKS_JIT ||
           now.verdict == CV_V_WORKS_IF ||
           (now.verdict == CV_V_CPU_ONLY && (view->no_gpu || !b->has_cuda));
}

/* The build that serves most machines of `left`; 0 = none serves any. */
static uint32_t best_cover(const struct cv_answer *w, struct cv_query *q, const bool *left,
                           const struct cv_build **ret)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < q->cat->n_builds; i++) {
        const struct cv_build *b = &q->cat->builds[i];
        uint32_t n = 0;
        if (!cv_request_allows(q->cat, q->req, b))
            continue;
        for (uint32_t k = 0; k < q->n_machines; k++)
            if (left[k] && (b->has_cuda || q->req->cpu || q->views[k].no_gpu))
                n += serves(w, &q->views[k], b);
        if (n > most) { /* newest first: the first of equals is the newest */
            most = n;
            *ret = b;
        }
    }
    return most;
}

static void add_step(struct cv_answer *w, struct cv_query *q, struct cv_arena *a, bool *left,
                     const struct cv_build *b)
{
    struct cv_plan *to = CV_PUSH(a, w, plan);
    uint32_t n = 0;
    if (!to)
        return;
    struct cv_machine *group = cv_arena_alloc(a, q->n_machines * sizeof *group);
    for (uint32_t k = 0; k < q->n_machines; k++) {
        if (!left[k] || !serves(w, &q->views[k], b))
            continue;
        uint32_t *index = CV_PUSH(a, to, machines);
        if (index)
            *index = k;
        if (group)
            group[n++] = q->m[k];
        left[k] = false;
    }
    /* The best build for just these machines: the one that covers them may not be it. */
    struct cv_query sub;
    struct cv_candidate best;
    struct cv_view *views = cv_arena_alloc(a, (n + 1) * sizeof *views);
    if (!group || !views)
        return;
    cv_query_init(&sub, q->cat, q->req, group, n, views);
    struct cv_answer tmp = {.ask = w->ask};
    tmp.ask.m = group;
    tmp.ask.n_machines = n;
    cv_shown_make(&tmp, &sub, a, cv_query_best(&sub, &best) ? best.b : b, true, &to->best);
}

void cv_answer_plan(struct cv_answer *w, struct cv_query *q, struct cv_arena *a)
{
    bool *left = cv_arena_alloc(a, q->n_machines * sizeof *left);
    const struct cv_build *b = NULL;
    for (uint32_t i = 0; left && i < q->n_machines; i++)
        left[i] = true;
    while (left && best_cover(w, q, left, &b) > 0)
        add_step(w, q, a, left, b);
}
