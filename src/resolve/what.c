/* what.c: see what.h. */
#include "resolve/what.h"
#include "rules/judge.h"

#define CV_MAX_CC_NUMBER 256u /* 10 * major + minor */

/* ---- Pythons ---- */

static cv_str python_text(struct cv_arena *a, unsigned bit)
{
    return bit == 0   ? CV_S("2.7")
           : bit < 32 ? cv_arena_fmt(a, "3.%u", bit)
                      : cv_arena_fmt(a, "3.%ut", bit - 32);
}

cv_str cv_python_list(struct cv_arena *a, uint64_t bits, const char *between)
{
    cv_str out = CV_S("");
    for (unsigned minor = 0; minor < 32; minor++)
        for (unsigned bit = minor; bit < 64; bit += 32)
            if (bits >> bit & 1)
                out = cv_arena_fmt(a, CV_FMT "%s" CV_FMT, CV_ARG(out), out.len ? between : "",
                                   CV_ARG(python_text(a, bit)));
    return out;
}

/* Of the build's Pythons those that the machine and the request leave. */
static uint64_t pythons_left(const struct cv_query *q, struct cv_arena *a, const struct cv_build *b)
{
    uint64_t bits = b->python_bits;
    if (cv_known(&q->m->python))
        bits &= cv_python_bit(q->m->python.v);
    for (unsigned bit = 0; bit < 64; bit++) {
        cv_str text = bits >> bit & 1 ? python_text(a, bit) : CV_S("");
        if (cv_str_ends(text, "t"))
            text.len--;
        for (uint32_t i = 0; text.len && i < q->req->n; i++) {
            const struct cv_req *r = &q->req->reqs[i];
            bool match = true;
            if (r->subject == CV_REQ_PYTHON && !r->exact)
                (void)cv_pep440_match(text, r->spec, &match);
            if (!match)
                bits &= ~(UINT64_C(1) << bit);
        }
    }
    return bits;
}

/* ---- builds ---- */

static void keep_lower(cv_str *to, cv_str v)
{
    if (cv_dotted_ok(v) && (to->len == 0 || cv_dotted_cmp(v, *to) < 0))
        *to = v;
}

/* The oldest driver whose own CUDA is the build's, and that drives the GPUs. */
static cv_str native_need(const struct cv_build *b, int w, cv_str need)
{
    cv_str v = b->cuda.major >= 11 ? b->floors.branch[w] : b->floors.native[w];
    return cv_dotted_ok(v) && cv_dotted_ok(need) && cv_dotted_cmp(need, v) > 0 ? need : v;
}

static struct cv_what_build *group_of(struct cv_what *w, struct cv_arena *a,
                                      const struct cv_build *b)
{
    for (uint32_t i = 0; i < w->n_builds; i++)
        if (w->builds[i].b->release == b->release && cv_str_eq(w->builds[i].b->variant, b->variant))
            return &w->builds[i];
    struct cv_what_build *to = CV_PUSH(a, w, builds);
    if (to)
        *to = (struct cv_what_build){.b = b, .platforms = CV_S(""), .glibc = CV_S("")};
    return to;
}

static void add_build(struct cv_what *w, const struct cv_query *q, struct cv_arena *a,
                      const struct cv_build *b)
{
    struct cv_what_build *to = group_of(w, a, b);
    struct cv_choice c;
    int win = cv_windows_numbers(q->m, b);
    if (!to)
        return;
    to->platforms = cv_arena_fmt(a, CV_FMT "%s" CV_FMT "/" CV_FMT, CV_ARG(to->platforms),
                                 to->platforms.len ? "," : "", CV_ARG(b->os), CV_ARG(b->arch));
    if (b->glibc.major)
        keep_lower(&to->glibc, cv_arena_fmt(a, "%u.%u", b->glibc.major, b->glibc.minor));
    to->pythons |= pythons_left(q, a, b);
    w->pythons |= to->pythons;
    if (!b->has_cuda || q->no_gpu)
        return;
    cv_choice_make(q, a, 0, b, &c);
    w->cuda = true;
    to->has[win] = true;
    keep_lower(&to->driver[win], c.j.driver_need);
    keep_lower(&to->native[win], native_need(b, win, c.j.driver_need));
    keep_lower(&w->driver[win], to->driver[win]);
    keep_lower(&w->native[win], to->native[win]);
}

/* ---- GPUs ---- */

static bool has_cc(const struct cv_cc *list, uint32_t n, struct cv_cc cc)
{
    for (uint32_t i = 0; i < n; i++)
        if (cv_cc_cmp(list[i], cc) == 0)
            return true;
    return false;
}

static void add_to_build(struct cv_what *w, struct cv_arena *a, const struct cv_build *b,
                         struct cv_cc cc, bool jit)
{
    struct cv_what_build *to = group_of(w, a, b);
    struct cv_cc *slot;
    if (!to || has_cc(to->gpus, to->n_gpus, cc) || (jit && has_cc(to->jit, to->n_jit, cc)))
        return;
    slot = jit ? CV_PUSH(a, to, jit) : CV_PUSH(a, to, gpus);
    if (slot)
        *slot = cc;
}

/* Whether a build runs on a GPU of this kind, and by which code. */
static void take_gpu(struct cv_what *w, struct cv_arena *a, struct cv_what_gpu *g,
                     struct cv_view *v, const struct cv_build *b)
{
    struct cv_quick now;
    struct cv_target via = {0};
    bool tegra = v->gpus[0].tegra;
    if (!b->has_cuda ||
        (tegra && !(cv_str_eqz(b->os, "linux") && b->arm))) /* no other machine has that GPU */
        return;
    cv_judge_quick(v, b, &now);
    if (now.verdict == CV_V_UNKNOWN && !g->has_via)
        g->unknown = true;
    if (now.verdict != CV_V_WORKS && now.verdict != CV_V_WORKS_JIT && now.verdict != CV_V_WORKS_IF)
        return;
    bool jit = cv_code_for(b, g->cc, tegra, &via) == CV_CODE_JIT;
    if (!g->has_via) {
        *g = (struct cv_what_gpu){.cc = g->cc,
                                  .row = g->row,
                                  .jit = jit,
                                  .warned = now.g2_warning,
                                  .via = via,
                                  .has_via = true,
                                  .first = b->release,
                                  .last = b->release,
                                  .variants = CV_S("")};
    } else if (g->jit && !jit) {
        g->jit = false;
        g->via = via;
    }
    g->warned = g->warned && now.g2_warning;
    g->first = b->release > g->first ? b->release : g->first; /* newest first in the catalog */
    g->last = b->release < g->last ? b->release : g->last;
    if (!cv_str_has_word(g->variants, ' ', b->variant))
        g->variants = cv_arena_fmt(a, CV_FMT "%s" CV_FMT, CV_ARG(g->variants),
                                   g->variants.len ? " " : "", CV_ARG(b->variant));
    add_to_build(w, a, b, g->cc, jit);
}

static void find_gpus(struct cv_what *w, const struct cv_query *q, struct cv_arena *a,
                      const struct cv_survey *s)
{
    for (unsigned n = 10; n < CV_MAX_CC_NUMBER; n++) {
        struct cv_view view;
        struct cv_gpu gpu = {.vendor = CV_S("nvidia"), .cc = cv_cc_from_number(n)};
        struct cv_machine m = *q->m;
        struct cv_what_gpu g = {.cc = gpu.cc, .row = cv_facts_gpu_arch(q->cat->f, gpu.cc)};
        if (g.row == CV_NO_ROW)
            continue;
        gpu.tegra = cv_cc_tegra(q->cat->f, gpu.cc);
        cv_fact_set(&gpu.cc_text, cv_cc_str(a, gpu.cc), CV_S(""), CV_S(""));
        m.gpus = &gpu;
        m.n_gpus = 1;
        m.gpus_known = true;
        cv_view_init(&view, q->cat->f, &m);
        for (uint32_t i = 0; i < s->n_offered; i++)
            take_gpu(w, a, &g, &view, s->all[i].b);
        if (!g.has_via && !g.unknown)
            continue;
        struct cv_what_gpu *to = CV_PUSH(a, w, gpus);
        if (to)
            *to = g;
    }
}

/* ---- all together ---- */

/* The branches that drive all GPUs described: the first is the youngest of their first ones. */
static void find_branches(struct cv_what *w, const struct cv_query *q)
{
    w->branch_last = cv_driver_last(q->cat->f, q->m);
    for (uint32_t i = 0; i < q->m->n_gpus; i++) {
        const struct cv_gpu *g = &q->m->gpus[i];
        uint32_t row =
            cv_known(&g->cc_text) && !g->tegra ? cv_facts_gpu_arch(q->cat->f, g->cc) : CV_NO_ROW;
        cv_str first = row == CV_NO_ROW
                           ? CV_S("")
                           : cv_facts_get(q->cat->f, CV_T_GPU_ARCH, row, "first_driver");
        size_t dot = cv_str_findc(first, '.');
        first = cv_str_sub(first, 0, dot == SIZE_MAX ? first.len : dot);
        if (cv_dotted_ok(first) &&
            (w->branch_first.len == 0 || cv_dotted_cmp(first, w->branch_first) > 0))
            w->branch_first = first;
    }
}

static void open_axes(struct cv_machine *m, unsigned asked)
{
    if (asked & CV_WHAT_DRIVER)
        m->driver = (struct cv_driver){.windows_number = m->driver.windows_number};
    if (asked & CV_WHAT_GPU) {
        m->gpus = NULL;
        m->n_gpus = m->cap_gpus = 0;
        m->gpus_known = false;
    }
    if (asked & CV_WHAT_PYTHON)
        m->python = (struct cv_fact){0};
}

void cv_what_make(const struct cv_ask *ask, struct cv_machine *m, unsigned asked,
                  struct cv_arena *a, struct cv_what *ret)
{
    struct cv_catalog *cat = cv_arena_alloc(a, sizeof *cat); /* the builds point into it */
    struct cv_ask open = *ask;
    struct cv_query q;
    struct cv_survey s;
    struct cv_view view;
    uint32_t oldest = 0, newest = UINT32_MAX;
    *ret = (struct cv_what){.asked = asked,
                            .first = CV_S(""),
                            .last = CV_S(""),
                            .branch_first = CV_S(""),
                            .branch_last = CV_S("")};
    open_axes(m, asked);
    open.m = m;
    open.n_machines = 1;
    open.all = false;
    cv_answer_make(&open, a, &ret->answer);
    if (!cat)
        return;
    cv_catalog_make(ask->f, a, cv_known(&m->place.os) ? m->place.os.v : CV_S(""),
                    cv_known(&m->place.arch) ? m->place.arch.v : CV_S(""),
                    ask->tool_given && cv_tool_is_conda(ask->tool), cat);
    cv_query_init(&q, cat, ask->req, m, 1, &view);
    cv_query_all(&q, a, &s);
    for (uint32_t i = 0; i < s.n_offered; i++) {
        uint32_t r = s.all[i].b->release;
        add_build(ret, &q, a, s.all[i].b);
        oldest = r > oldest ? r : oldest;
        newest = r < newest ? r : newest;
    }
    if (s.n_offered) {
        ret->first = cat->releases[oldest];
        ret->last = cat->releases[newest];
    }
    ret->gpus_given = m->n_gpus > 0;
    if (ret->gpus_given)
        find_branches(ret, &q);
    else if (!q.no_gpu)
        find_gpus(ret, &q, a, &s);
    ret->exit_code = s.n_offered ? 0 : ret->answer.exit_code;
}
