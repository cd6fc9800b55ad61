/* answer_python.c: a Python that no build has a wheel for: which ones would do, and how to get one without root. */
#include "resolve/what.h"

/* The middle one of a list: the newest Python lacks other packages' wheels, the oldest is at its end. Free-threaded only where the machine's is. */
static cv_str middle(struct cv_arena *a, uint64_t bits, bool free_threaded)
{
    uint64_t kind = free_threaded ? bits >> 32 << 32 : bits & UINT64_C(0xffffffff);
    cv_str list = cv_python_list(a, kind ? kind : bits, ","), rest = list, one = CV_S("");
    uint32_t n = 0;
    while (rest.len && cv_str_next(&rest, ',', &one))
        n++;
    rest = list;
    for (uint32_t i = 0; i <= n / 2 && rest.len; i++)
        (void)cv_str_next(&rest, ',', &one);
    return one;
}

void cv_fix_python(struct cv_arena *a, const struct cv_machine *m, uint64_t bits,
                   struct cv_fix *ret)
{
    bool free_threaded = cv_known(&m->python) && cv_str_ends(m->python.v, "t");
    cv_str python = middle(a, bits, free_threaded);
    *ret = (struct cv_fix){
        .text = cv_arena_fmt(a,
                             "Python " CV_FMT
                             " needs no root: uv brings it, into an environment of its own (uv "
                             "itself: pipx install uv).",
                             CV_ARG(python)),
        .command = cv_arena_fmt(a, "uv venv --python " CV_FMT, CV_ARG(python))};
}

/* +1 newer than all of the list, -1 older, 0 in between. */
static int beside(cv_str python, uint64_t bits)
{
    uint64_t all = (bits | bits >> 32) & UINT64_C(0xffffffff), own;
    if (cv_str_ends(python, "t"))
        python.len--;
    own = cv_python_bit(python);
    return own == 0 || all & own ? 0 : own > all ? 1 : own < (all & (~all + 1)) ? -1 : 0;
}

/* What would be the pick with another Python: of the newest release that has wheels, if it runs otherwise. */
static void other_pick(struct cv_answer *w, const struct cv_query *q, struct cv_arena *a,
                       uint64_t bits)
{
    struct cv_machine *m = cv_arena_alloc(a, sizeof *m);
    struct cv_view *view = cv_arena_alloc(a, sizeof *view);
    struct cv_query sub;
    struct cv_candidate best;
    if (!m || !view)
        return;
    *m = *q->m;
    cv_fix_python(a, m, bits, &w->python_fix);
    cv_fact_set(&m->python, cv_str_from(w->python_fix.command, strlen("uv venv --python ")),
                CV_S("python"), CV_S(""));
    cv_query_init(&sub, q->cat, q->req, m, 1, view);
    if (!cv_query_best(&sub, &best))
        return;
    struct cv_answer tmp = {.ask = w->ask};
    tmp.ask.m = m;
    if (!tmp.ask.tool_given || tmp.ask.tool == CV_TOOL_PIP) { /* there is no pip in what uv makes */
        tmp.ask.tool = CV_TOOL_UV;
        tmp.ask.tool_given = true;
    }
    cv_shown_make(&tmp, &sub, a, best.b, true, &w->python_best);
    w->has_python_best = w->python_best.on != NULL;
}

void cv_answer_python(struct cv_answer *w, const struct cv_query *q, const struct cv_survey *s,
                      struct cv_arena *a)
{
    const struct cv_fact *have = &w->ask.m[0].python;
    uint64_t bits = 0, newest_bits = 0;
    uint32_t newest = UINT32_MAX;
    if (w->has_best || q->n_machines != 1 || !cv_known(have))
        return;
    for (uint32_t i = 0; i < s->n_all; i++) {
        const struct cv_build *b = s->all[i].b;
        bool meant = b->has_cuda != (q->no_gpu || w->ask.req->cpu);
        if (!meant || b->exists != CV_EXISTS)
            continue;
        if (b->pythons.len == 0 || b->python_bits & q->views[0].python)
            return; /* that one fails for another reason */
        bits |= b->python_bits;
        newest_bits = b->release < newest ? b->python_bits : newest_bits;
        newest = b->release < newest ? b->release : newest;
    }
    w->python_instead = bits;
    w->python_beside = bits ? beside(have->v, bits) : 0;
    if (bits && !(w->ask.tool_given && cv_tool_is_conda(w->ask.tool)))
        other_pick(w, q, a, newest_bits);
}
