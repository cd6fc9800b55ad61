/* answer.c: see answer.h. */
#include "resolve/answer.h"

#define CV_MAX_SHOWN_REJECTED 4

const struct cv_env *cv_active_env(const struct cv_machine *m)
{
    for (uint32_t i = 0; i < m->n_environments; i++)
        if (m->environments[i].active)
            return &m->environments[i];
    return NULL;
}

/* ---- one build, shown ---- */

static void add_pin(struct cv_answer *w, struct cv_arena *a, cv_str name, cv_str version)
{
    for (uint32_t i = 0; i < w->n_pins; i++)
        if (cv_str_eq(w->pins[i].name, name))
            return;
    struct cv_package_pin *to = CV_PUSH(a, w, pins);
    if (to)
        *to = (struct cv_package_pin){name, version};
}

/* The companions that were asked for, in the release that belongs to this torch. torch brings its triton itself. */
static void requested_pins(struct cv_answer *w, struct cv_arena *a, const struct cv_build *b)
{
    const struct cv_request *r = w->ask.req;
    uint32_t row;
    for (uint32_t i = 0; i < r->n; i++) {
        if (r->reqs[i].subject != CV_REQ_COMPANION || cv_str_eqz(r->reqs[i].name, "triton") ||
            cv_companion_for(w->ask.f, r->reqs[i].name, r->reqs[i].spec, b->torch, &row) ==
                CV_TIE_NO)
            continue;
        add_pin(w, a, r->reqs[i].name, cv_facts_at(w->ask.f, CV_T_TORCH_COMPANIONS, row, 1));
    }
}

static void make_commands(const struct cv_answer *w, struct cv_arena *a, struct cv_shown *to)
{
    const struct cv_ask *ask = &w->ask;
    const struct cv_env *e = cv_active_env(&ask->m[0]);
    const struct cv_build *b = &to->on[0].build;
    struct cv_answer pins = {.ask = *ask};
    requested_pins(&pins, a, b);
    if (w->has_best && to == &w->candidates[0])
        for (uint32_t i = 0; i < w->n_pins; i++)
            add_pin(&pins, a, w->pins[i].name, w->pins[i].version);
    struct cv_install in = {.b = b,
                            .mirror = ask->mirror,
                            .python = CV_S(""),
                            .pins = pins.pins,
                            .n_pins = pins.n_pins};
    in.again = e && e->has_torch && cv_str_eq(e->torch.release, b->torch) &&
               !cv_str_eq(e->torch.variant, b->variant);
    for (int t = 0; t < CV_N_TOOLS; t++) {
        bool usual = !ask->tool_given && (t == CV_TOOL_PIP || t == CV_TOOL_UV);
        bool conda = ask->tool_given && cv_tool_is_conda(ask->tool);
        bool with_pip = ask->tool_given && !conda && (t == CV_TOOL_PIP || t == CV_TOOL_UV);
        in.tool = (enum cv_tool)t;
        if (usual || with_pip || (ask->tool_given && t == (int)ask->tool))
            to->commands[t] = cv_install_text(ask->f, a, &in);
    }
}

void cv_shown_make(const struct cv_answer *w, const struct cv_query *q, struct cv_arena *a,
                   const struct cv_build *b, bool offered, struct cv_shown *ret)
{
    *ret = (struct cv_shown){.verdict = CV_V_WORKS, .note = CV_S("")};
    ret->on = cv_arena_alloc(a, q->n_machines * sizeof *ret->on);
    for (uint32_t i = 0; ret->on && i < q->n_machines; i++) {
        cv_choice_make(q, a, i, b, &ret->on[i]);
        enum cv_verdict v = ret->on[i].j.verdict;
        if (v == CV_V_CPU_ONLY && b->has_cuda && q->n_machines > 1 && !q->no_gpu)
            v = CV_V_WORKS; /* among machines with GPUs, one without runs it on its CPU */
        if (v < ret->verdict || i == 0) {
            ret->verdict = v;
            ret->worst = i;
        }
        ret->g2_warning = ret->g2_warning || ret->on[i].j.g2_warning;
    }
    ret->offered = offered;
    /* also a build that is not offered can be installed, if it exists and runs: a CPU build on a machine with a GPU */
    if (ret->on && !cv_verdict_fails(ret->verdict) && ret->verdict != CV_V_UNKNOWN)
        make_commands(w, a, ret);
}

static struct cv_shown *show_candidate(struct cv_answer *w, const struct cv_query *q,
                                       struct cv_arena *a, const struct cv_candidate *c)
{
    struct cv_shown *to = CV_PUSH(a, w, candidates);
    if (to)
        cv_shown_make(w, q, a, c->b, true, to);
    return to;
}

static void show_rejected(struct cv_answer *w, const struct cv_query *q, struct cv_arena *a,
                          const struct cv_build *b)
{
    for (uint32_t i = 0; !w->ask.all && i < w->n_rejected; i++)
        if (w->rejected[i].on && cv_str_eq(w->rejected[i].on[0].build.torch, b->torch) &&
            cv_str_eq(w->rejected[i].on[0].build.variant, b->variant))
            return;
    struct cv_shown *to = CV_PUSH(a, w, rejected);
    if (to)
        cv_shown_make(w, q, a, b, false, to);
}

/* ---- what is worth showing ---- */

static const struct cv_candidate *first_where(const struct cv_survey *s, uint32_t from,
                                              bool (*is)(const struct cv_candidate *c,
                                                         const struct cv_candidate *best))
{
    for (uint32_t i = from; i < s->n_offered; i++)
        if (is(&s->all[i], &s->all[0]))
            return &s->all[i];
    return NULL;
}

static bool newer(const struct cv_candidate *c, const struct cv_candidate *best)
{
    return c->b->release < best->b->release;
}

static bool plain_install(const struct cv_candidate *c, const struct cv_candidate *best)
{
    return cv_str_eqz(c->b->channel, "pypi") && !cv_str_eqz(best->b->channel, "pypi") &&
           c->q.verdict == best->q.verdict && c->q.g2_warning == best->q.g2_warning &&
           cv_str_eq(c->b->os, best->b->os) && cv_str_eq(c->b->arch, best->b->arch);
}

static bool native(const struct cv_candidate *c, const struct cv_candidate *best)
{
    return c->q.mode == CV_MODE_NATIVE &&
           (best->q.mode == CV_MODE_MINOR || best->q.mode == CV_MODE_FORWARD) &&
           c->q.verdict == best->q.verdict && c->q.g2_warning == best->q.g2_warning;
}

static void show_runner_up(struct cv_answer *w, const struct cv_query *q, struct cv_arena *a,
                           const struct cv_candidate *c, const char *note)
{
    if (!c)
        return;
    for (uint32_t i = 0; i < w->n_candidates; i++)
        if (w->candidates[i].on && cv_str_eq(w->candidates[i].on[0].build.torch, c->b->torch) &&
            cv_str_eq(w->candidates[i].on[0].build.variant, c->b->variant))
            return;
    struct cv_shown *to = show_candidate(w, q, a, c);
    if (to)
        to->note = cv_str_z(note);
}

static void show_runners_up(struct cv_answer *w, const struct cv_query *q, struct cv_arena *a,
                            const struct cv_survey *s)
{
    const struct cv_candidate *c = first_where(s, 1, newer);
    if (c)
        show_runner_up(w, q, a, c,
                       c->q.g2_warning && !s->all[0].q.g2_warning
                           ? "newer, but its cuDNN no longer runs on every GPU here"
                       : c->q.verdict == CV_V_WORKS_JIT
                           ? "newer, but it must compile its kernels at the first start"
                       : c->q.verdict == CV_V_WORKS_IF && s->all[0].q.verdict != CV_V_WORKS_IF
                           ? "newer, but something is left open"
                           : "newer");
    show_runner_up(w, q, a, first_where(s, 1, plain_install),
                   "the newest that a plain install gets, without another index");
    show_runner_up(w, q, a, first_where(s, 1, native),
                   "the newest whose CUDA this driver supports in full");
}

/* The rejected builds of one release: one for each verdict, the mildest first. That a further build was never made says nothing beside them. */
static void show_losers(struct cv_answer *w, const struct cv_query *q, struct cv_arena *a,
                        const struct cv_survey *s, uint32_t release)
{
    for (int v = CV_N_VERDICTS - 1; v >= 0; v--) {
        for (uint32_t i = s->n_offered; i < s->n_all; i++) {
            const struct cv_candidate *c = &s->all[i];
            bool cpu_aside = !c->b->has_cuda && !w->ask.req->cpu && !q->no_gpu;
            if (c->b->release != release || (int)c->q.verdict != v || cpu_aside)
                continue;
            if (w->n_rejected < CV_MAX_SHOWN_REJECTED && (v != CV_V_NO_BUILD || w->n_rejected == 0))
                show_rejected(w, q, a, c->b);
            break;
        }
    }
}

/* Nothing is offered: what comes nearest, the newest of the mildest verdict. */
static void show_mildest(struct cv_answer *w, const struct cv_query *q, struct cv_arena *a,
                         const struct cv_survey *s)
{
    const struct cv_candidate *best = NULL;
    for (uint32_t i = 0; i < s->n_all; i++) {
        const struct cv_candidate *c = &s->all[i];
        bool cpu = !c->b->has_cuda;
        if ((cpu && !w->ask.req->cpu && !q->no_gpu) || (best && c->q.verdict <= best->q.verdict))
            continue;
        best = c;
    }
    if (best)
        show_rejected(w, q, a, best->b);
}

static void show_some(struct cv_answer *w, const struct cv_query *q, struct cv_arena *a,
                      const struct cv_survey *s)
{
    uint32_t newest = UINT32_MAX;
    if (s->n_offered) {
        (void)show_candidate(w, q, a, &s->all[0]);
        show_runners_up(w, q, a, s);
    } else {
        show_mildest(w, q, a, s);
    }
    for (uint32_t i = 0; i < s->n_all; i++)
        if (s->all[i].b->release < newest)
            newest = s->all[i].b->release;
    if (newest == UINT32_MAX || (s->n_offered && s->all[0].b->release <= newest))
        return;
    show_losers(w, q, a, s, newest);
}

/* ---- all together ---- */

static int exit_code(const struct cv_answer *w, bool unknown)
{
    if (!w->has_best)
        return unknown ? 3 : 1;
    return w->candidates[0].verdict == CV_V_WORKS_IF ? 3 : 0;
}

/* Builds for another system or processor are no candidates: they are not in the catalog where the machine's are known. */
static void catalog_for(const struct cv_ask *ask, struct cv_arena *a, struct cv_catalog *ret)
{
    const struct cv_place *p = &ask->m[0].place;
    bool os = cv_known(&p->os), arch = cv_known(&p->arch);
    for (uint32_t i = 1; i < ask->n_machines; i++) {
        const struct cv_place *o = &ask->m[i].place;
        os = os && cv_known(&o->os) && cv_str_eq(o->os.v, p->os.v);
        arch = arch && cv_known(&o->arch) && cv_str_eq(o->arch.v, p->arch.v);
    }
    cv_catalog_make(ask->f, a, os ? p->os.v : CV_S(""), arch ? p->arch.v : CV_S(""),
                    ask->tool_given && cv_tool_is_conda(ask->tool), ret);
}

static bool start(const struct cv_ask *ask, struct cv_arena *a, struct cv_catalog *cat,
                  struct cv_query *q, struct cv_answer *ret)
{
    struct cv_view *views = cv_arena_alloc(a, ask->n_machines * sizeof *views);
    *ret = (struct cv_answer){
        .ask = *ask, .conflict_text = CV_S(""), .nearest = CV_S(""), .exit_code = 1};
    if (!views)
        return false;
    catalog_for(ask, a, cat);
    cv_query_init(q, cat, ask->req, ask->m, ask->n_machines, views);
    return true;
}

/* The pick is told with what belongs to it: companions of the environment, and what it would break. */
static void finish_best(struct cv_answer *w, struct cv_arena *a)
{
    const struct cv_env *e = cv_active_env(&w->ask.m[0]);
    const struct cv_build *b = &w->candidates[0].on[0].build;
    w->installed = e && e->has_torch && cv_str_eq(e->torch.release, b->torch) &&
                   cv_str_eq(e->torch.variant, b->variant);
    requested_pins(w, a, b);
    cv_answer_breaks(w, a);
    make_commands(w, a, &w->candidates[0]);
}

void cv_answer_make(const struct cv_ask *ask, struct cv_arena *a, struct cv_answer *ret)
{
    struct cv_catalog cat;
    struct cv_query q;
    struct cv_survey s;
    bool unknown;
    if (!start(ask, a, &cat, &q, ret))
        return;
    cv_query_all(&q, a, &s);
    unknown = s.unknown;
    if (ask->all)
        for (uint32_t i = 0; i < s.n_all; i++)
            if (s.all[i].offered)
                (void)show_candidate(ret, &q, a, &s.all[i]);
            else
                show_rejected(ret, &q, a, s.all[i].b);
    else
        show_some(ret, &q, a, &s);
    if (s.n_all == 0) { /* nothing of the tables meets the request */
        struct cv_build asked;
        cv_build_asked(&q, a, &asked);
        show_rejected(ret, &q, a, &asked);
        unknown = ret->n_rejected && ret->rejected[0].verdict == CV_V_UNKNOWN;
    }
    ret->has_best = ret->n_candidates > 0 && ret->candidates[0].on && s.n_offered > 0;
    ret->exit_code = exit_code(ret, unknown);
    cv_answer_python(ret, &q, &s, a);
    if (ret->has_best)
        finish_best(ret, a);
    else if (ask->n_machines > 1)
        cv_answer_plan(ret, &q, a);
    if (!ret->has_best && ret->n_plan == 0)
        cv_answer_conflict(ret, a);
    cv_answer_unlocks(ret, &q, a);
}

void cv_answer_why(const struct cv_ask *ask, struct cv_arena *a, struct cv_answer *ret)
{
    struct cv_catalog cat;
    struct cv_query q;
    struct cv_build b;
    if (!start(ask, a, &cat, &q, ret))
        return;
    cv_query_why(&q, a, &b);
    struct cv_shown *to = CV_PUSH(a, ret, candidates);
    if (!to)
        return;
    cv_shown_make(ret, &q, a, &b, false, to);
    enum cv_verdict v = to->verdict;
    to->offered = !cv_verdict_fails(v) && v != CV_V_UNKNOWN;
    ret->exit_code = v == CV_V_WORKS_IF || v == CV_V_UNKNOWN ? 3 : to->offered ? 0 : 1;
}
