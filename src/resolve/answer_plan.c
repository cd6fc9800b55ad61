/* answer_plan.c: several machines and no build that serves all: the fewest builds that do (cover.h), each of them then the best for the machines that it
 * serves. A machine that several of them would serve goes to the newest torch. */
#include "base/limits.h"
#include "resolve/answer.h"
#include "resolve/cover.h"

static bool serves(struct cv_view *view, const struct cv_build *b)
{
    struct cv_quick now;
    cv_judge_quick(view, b, &now);
    return now.verdict == CV_V_WORKS || now.verdict == CV_V_WORKS_JIT ||
           now.verdict == CV_V_WORKS_IF ||
           (now.verdict == CV_V_CPU_ONLY && (view->no_gpu || !b->has_cuda));
}

/* The machines that a build serves, one bit each. */
static uint64_t served(struct cv_query *q, const struct cv_build *b)
{
    uint64_t set = 0;
    for (uint32_t k = 0; k < q->n_machines && k < CV_MAX_COVER; k++)
        if ((b->has_cuda || q->req->cpu || q->views[k].no_gpu) && serves(&q->views[k], b))
            set |= UINT64_C(1) << k;
    return set;
}

static void add_step(struct cv_answer *w, struct cv_query *q, struct cv_arena *a, uint64_t set,
                     const struct cv_build *b)
{
    struct cv_plan *to = CV_PUSH(a, w, plan);
    struct cv_machine *group = cv_arena_alloc(a, q->n_machines * sizeof *group);
    struct cv_view *views = cv_arena_alloc(a, q->n_machines * sizeof *views);
    struct cv_query sub;
    struct cv_candidate best;
    uint32_t n = 0;
    if (!to || !group || !views)
        return;
    for (uint32_t k = 0; k < q->n_machines && k < CV_MAX_COVER; k++) {
        uint32_t *index = set >> k & 1 ? CV_PUSH(a, to, machines) : NULL;
        if (!index)
            continue;
        *index = k;
        group[n++] = q->m[k];
    }
    /* The best build for just these machines: the one that covers them may not be it. */
    cv_query_init(&sub, q->cat, q->req, group, n, views);
    struct cv_answer tmp = {.ask = w->ask};
    tmp.ask.m = group;
    tmp.ask.n_machines = n;
    cv_shown_make(&tmp, &sub, a, cv_query_best(&sub, &best) ? best.b : b, true, &to->best);
}

void cv_answer_plan(struct cv_answer *w, struct cv_query *q, struct cv_arena *a)
{
    uint64_t *sets = cv_arena_alloc(a, (q->cat->n_builds + 1) * sizeof *sets), left = 0;
    struct cv_cover cover;
    if (!sets)
        return;
    for (uint32_t i = 0; i < q->cat->n_builds; i++) {
        if (cv_request_allows(q->cat, q->req, &q->cat->builds[i]))
            sets[i] = served(q, &q->cat->builds[i]);
        left |= sets[i];
    }
    cv_cover_find(a, sets, q->cat->n_builds, CV_MAX_COVER_STEPS, &cover);
    w->plan_fewest = cover.fewest;
    for (uint32_t k = 0; k < q->n_machines && k < CV_MAX_COVER; k++) {
        uint32_t *index = left >> k & 1 ? NULL : CV_PUSH(a, w, plan_left);
        if (index)
            *index = k;
    }
    for (uint32_t round = 0; round < cover.n; round++) { /* newest first in the catalog */
        uint32_t next = UINT32_MAX;
        for (uint32_t i = 0; i < cover.n; i++)
            next = cover.chosen[i] < next ? cover.chosen[i] : next;
        if (next == UINT32_MAX)
            return;
        for (uint32_t i = 0; i < cover.n; i++)
            cover.chosen[i] = cover.chosen[i] == next ? UINT32_MAX : cover.chosen[i];
        if (sets[next] & left)
            add_step(w, q, a, sets[next] & left, &q->cat->builds[next]);
        left &= ~sets[next];
    }
}
