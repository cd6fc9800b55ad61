/* answer_extra.c: what an answer adds: the one change that would bring a newer release, installed packages that the pick would break, and for an
 * unsatisfiable request the smallest conflict and the nearest request that works. */
#include "resolve/answer.h"
#include "resolve/fixes.h"

#define CV_MAX_UNLOCKS 3

/* ---- unlock ---- */

/* The driver's own way in, by this distribution's package. */
static struct cv_fix driver_fix(const struct cv_answer *w, struct cv_arena *a, cv_str need)
{
    struct cv_diagnosis d = {0};
    struct cv_fixing x = {.f = w->ask.f, .a = a, .m = &w->ask.m[0], .d = &d};
    struct cv_finding f = {.env = CV_S("")};
    cv_fix_driver(&x, &f, need);
    return f.n_fixes ? f.fixes[0] : (struct cv_fix){.text = CV_S(""), .command = CV_S("")};
}

static void add_unlock(struct cv_answer *w, struct cv_arena *a, const struct cv_build *b,
                       const char *axis, cv_str must, cv_str need)
{
    struct cv_install in = {
        .b = b, .tool = w->ask.tool, .mirror = w->ask.mirror, .python = CV_S("")};
    for (uint32_t i = 0; i < w->n_unlocks; i++)
        if (cv_str_eqz(w->unlocks[i].axis, axis))
            return;
    struct cv_unlock *to = CV_PUSH(a, w, unlocks);
    if (!to)
        return;
    *to = (struct cv_unlock){.torch = b->torch,
                             .variant = b->variant,
                             .axis = cv_str_z(axis),
                             .must = must,
                             .last = CV_S(""),
                             .command = cv_install_text(w->ask.f, a, &in)};
    if (need.len) {
        to->last = cv_driver_last(w->ask.f, &w->ask.m[0]);
        to->fix = driver_fix(w, a, need);
    }
}

static bool runs(const struct cv_answer *w, struct cv_arena *a, const struct cv_machine *m,
                 const struct cv_build *b)
{
    struct cv_view v;
    struct cv_quick quick;
    (void)a;
    cv_view_init(&v, w->ask.f, m);
    cv_judge_quick(&v, b, &quick);
    return !v.too_many && (quick.verdict == CV_V_WORKS || quick.verdict == CV_V_WORKS_JIT ||
                           quick.verdict == CV_V_WORKS_IF);
}

/* The newest Python of the build with the machine's kind of threading. */
static cv_str other_python(const struct cv_machine *m, const struct cv_build *b)
{
    cv_str list = b->pythons, one, best = CV_S("");
    bool free_threaded = cv_known(&m->python) && cv_str_ends(m->python.v, "t");
    struct cv_xy x, y;
    bool t;
    while (list.len && cv_str_next(&list, ',', &one))
        if (cv_str_ends(one, "t") == free_threaded && cv_python_parse(one, &x, &t) &&
            (best.len == 0 || (cv_python_parse(best, &y, &t) && cv_xy_cmp(x, y) > 0)))
            best = one;
    return best;
}

/* Another Python: in an environment that uv makes, where there is no pip, uv installs too. */
static void add_python(struct cv_answer *w, struct cv_arena *a, const struct cv_build *b)
{
    uint32_t before = w->n_unlocks;
    bool plain = !w->ask.tool_given || w->ask.tool == CV_TOOL_PIP || w->ask.tool == CV_TOOL_UV;
    struct cv_install in = {
        .b = b, .tool = CV_TOOL_UV, .mirror = w->ask.mirror, .python = CV_S("")};
    add_unlock(w, a, b, "python", b->pythons, CV_S(""));
    if (w->n_unlocks == before || !plain)
        return;
    cv_fix_python(a, &w->ask.m[0], b->python_bits, &w->unlocks[before].fix);
    w->unlocks[before].command = cv_install_text(w->ask.f, a, &in);
}

/* Without the cuda-compat package that breaks CUDA here. */
static void try_without_compat(struct cv_answer *w, const struct cv_query *q, struct cv_arena *a,
                               const struct cv_build *b)
{
    struct cv_machine m = q->m[0];
    struct cv_diagnosis d = {0};
    struct cv_fixing x = {.f = w->ask.f, .a = a, .m = &m, .d = &d};
    struct cv_finding f = {.env = CV_S("")};
    m.driver.compat = m.driver.compat_cuda = (struct cv_fact){0};
    if (!runs(w, a, &m, b))
        return;
    add_unlock(w, a, b, "compat", CV_S("none"), CV_S(""));
    cv_fix_compat(&x, &f);
    if (w->n_unlocks && cv_str_eqz(w->unlocks[w->n_unlocks - 1].axis, "compat") && f.n_fixes)
        w->unlocks[w->n_unlocks - 1].fix = f.fixes[0];
}

/* On the machine so changed: of this release the build that would be the pick. */
static const struct cv_build *best_on(const struct cv_query *q, const struct cv_machine *m,
                                      const struct cv_build *b)
{
    struct cv_query sub;
    struct cv_view view;
    struct cv_candidate best;
    cv_query_init(&sub, q->cat, q->req, m, 1, &view);
    return cv_query_best(&sub, &best) && best.b->release == b->release ? best.b : b;
}

static void try_changes(struct cv_answer *w, const struct cv_query *q, struct cv_arena *a,
                        const struct cv_build *b)
{
    struct cv_machine m = q->m[0];
    struct cv_choice c;
    cv_choice_make(q, a, 0, b, &c);
    if (c.j.compat_breaks) {
        try_without_compat(w, q, a, b);
        return;
    }
    if (b->pythons.len && cv_known(&m.python)) {
        cv_fact_set(&m.python, other_python(&m, b), CV_S(""), CV_S(""));
        if (runs(w, a, &m, b)) {
            add_python(w, a, best_on(q, &m, b));
            return;
        }
        m = q->m[0];
    }
    if (b->glibc.major && cv_known(&m.place.glibc)) {
        cv_str need = cv_arena_fmt(a, "%u.%u", b->glibc.major, b->glibc.minor);
        cv_fact_set(&m.place.glibc, need, CV_S(""), CV_S(""));
        if (runs(w, a, &m, b)) {
            add_unlock(w, a, b, "glibc", cv_arena_fmt(a, ">=" CV_FMT, CV_ARG(need)), CV_S(""));
            return;
        }
        m = q->m[0];
    }
    if (c.j.driver_need.len && (cv_known(&m.driver.version) || cv_absent(&m.driver.version)) &&
        !cv_known(&m.place.jetson)) {
        m.driver = (struct cv_driver){.windows_number = m.driver.windows_number};
        cv_fact_set(&m.driver.version, c.j.driver_need, CV_S(""), CV_S(""));
        cv_facts_enrich(w->ask.f, a, &m);
        if (runs(w, a, &m, b))
            add_unlock(w, a, b, "driver", cv_arena_fmt(a, ">=" CV_FMT, CV_ARG(c.j.driver_need)),
                       c.j.driver_need);
    }
}

void cv_answer_unlocks(struct cv_answer *w, struct cv_query *q, struct cv_arena *a)
{
    uint32_t best = w->has_best ? w->candidates[0].on[0].build.release : UINT32_MAX,
             found = UINT32_MAX;
    if (q->n_machines != 1 || q->no_gpu || cv_known(&q->m[0].place.jetson))
        return;
    for (uint32_t i = 0; i < q->cat->n_builds && w->n_unlocks < CV_MAX_UNLOCKS; i++) {
        const struct cv_build *b = &q->cat->builds[i];
        struct cv_quick now;
        if (b->release >= best || (found != UINT32_MAX && b->release > found))
            break; /* newest first: the newest release that one change brings */
        if (!b->has_cuda || b->exists != CV_EXISTS || !cv_request_allows(q->cat, q->req, b))
            continue;
        cv_judge_quick(&q->views[0], b, &now);
        if (now.verdict > CV_V_DRIVER_TOO_OLD || now.verdict == CV_V_GPU_TOO_OLD ||
            now.verdict == CV_V_GPU_TOO_NEW)
            continue;
        uint32_t before = w->n_unlocks;
        try_changes(w, q, a, b);
        if (w->n_unlocks > before)
            found = b->release;
    }
}

/* ---- installed companions ---- */

static bool newer_version(cv_str a, cv_str b)
{
    struct cv_pep440 x, y;
    return cv_pep440_parse(a, &x) && cv_pep440_parse(b, &y) && cv_pep440_cmp(&x, &y) > 0;
}

void cv_answer_breaks(struct cv_answer *w, struct cv_arena *a)
{
    const struct cv_env *e = cv_active_env(&w->ask.m[0]);
    const struct cv_build *b = &w->candidates[0].on[0].build;
    for (uint32_t i = 0; e && i < e->n_packages; i++) {
        const struct cv_package *p = &e->packages[i];
        cv_str wants;
        uint32_t row;
        bool match = true, asked = false;
        for (uint32_t k = 0; k < w->n_pins; k++)
            asked = asked || cv_str_eq(w->pins[k].name, p->name);
        if (asked || p->broken || p->duplicate || cv_str_eqz(p->name, "torch") ||
            cv_str_eqz(p->name, "triton") || !cv_companion_wants(w->ask.f, a, p, &wants, &row) ||
            !cv_pep440_match(b->torch, wants, &match) || match)
            continue;
        struct cv_break *to = CV_PUSH(a, w, breaks);
        if (!to)
            return;
        *to = (struct cv_break){e->path, p->name, p->version, wants, CV_S("")};
        enum cv_tie tie = cv_companion_for(w->ask.f, p->name, CV_S(""), b->torch, &row);
        cv_str other =
            row == CV_NO_ROW ? CV_S("") : cv_facts_at(w->ask.f, CV_T_TORCH_COMPANIONS, row, 1);
        if (tie != CV_TIE_YES && !(tie == CV_TIE_FREE && newer_version(other, p->version)))
            continue;
        to->instead = other;
        struct cv_package_pin *pin = CV_PUSH(a, w, pins);
        if (pin)
            *pin = (struct cv_package_pin){p->name, to->instead};
    }
}

/* ---- conflicts ---- */

static bool any_meets(const struct cv_catalog *cat, const struct cv_request *r)
{
    for (uint32_t i = 0; i < cat->n_builds; i++)
        if (cat->builds[i].exists != CV_EXISTS_REMOVED &&
            cv_request_allows(cat, r, &cat->builds[i]))
            return true;
    return false;
}

static struct cv_request part_of(const struct cv_request *r, uint32_t mask)
{
    struct cv_request p = {.python = r->python};
    for (uint32_t i = 0; i < r->n && i < 31; i++)
        if (mask >> i & 1) {
            p.reqs[p.n++] = r->reqs[i];
            p.cpu = p.cpu || cv_str_eqz(r->reqs[i].variant, "cpu");
        }
    return p;
}

static unsigned bits(uint32_t v)
{
    unsigned n = 0;
    for (; v; v &= v - 1)
        n++;
    return n;
}

/* The fewest requirements that no known build meets together: 0 = every one can be met. */
static uint32_t smallest(const struct cv_catalog *cat, const struct cv_request *r)
{
    uint32_t n = r->n < 8 ? r->n : 8; /* more are never typed; then only these are looked at */
    for (unsigned size = 1; size <= n; size++)
        for (uint32_t mask = 1; mask < UINT32_C(1) << n; mask++) {
            struct cv_request p = part_of(r, mask);
            if (bits(mask) == size && !any_meets(cat, &p))
                return mask;
        }
    return 0;
}

static cv_str joined(struct cv_arena *a, const struct cv_request *r)
{
    cv_str out = CV_S("");
    for (uint32_t i = 0; i < r->n; i++)
        out = out.len ? cv_arena_fmt(a, CV_FMT " " CV_FMT, CV_ARG(out), CV_ARG(r->reqs[i].text))
                      : r->reqs[i].text;
    return out.len ? out : CV_S("torch");
}

/* What a loosened request came to: "torch==2.15.0" says more than "torch>=2.8". */
static cv_str concrete(const struct cv_answer *w, struct cv_arena *a, const struct cv_request *r,
                       const struct cv_build *b)
{
    cv_str out = CV_S(""), one;
    uint32_t row;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct cv_req *q = &r->reqs[i];
        one = q->text;
        if (q->subject == CV_REQ_TORCH)
            one = cv_arena_fmt(a, "torch==" CV_FMT, CV_ARG(b->torch));
        else if (q->subject == CV_REQ_CUDA)
            one = cv_arena_fmt(a, "cuda==%u.%u", b->cuda.major, b->cuda.minor);
        else if (q->subject == CV_REQ_CUDNN)
            one = cv_arena_fmt(a, "cudnn==" CV_FMT, CV_ARG(b->cudnn));
        else if (q->subject == CV_REQ_COMPANION &&
                 cv_companion_for(w->ask.f, q->name, q->spec, b->torch, &row) != CV_TIE_NO)
            one = cv_arena_fmt(a, CV_FMT "==" CV_FMT, CV_ARG(q->name),
                               CV_ARG(cv_facts_at(w->ask.f, CV_T_TORCH_COMPANIONS, row, 1)));
        out = out.len ? cv_arena_fmt(a, CV_FMT " " CV_FMT, CV_ARG(out), CV_ARG(one)) : one;
    }
    return out.len ? out : cv_arena_fmt(a, "torch==" CV_FMT, CV_ARG(b->torch));
}

/* Tries a weaker request; keeps the answer with the newest torch. */
static bool try_nearest(struct cv_answer *w, struct cv_arena *a, const struct cv_catalog *cat,
                        const struct cv_request *r, bool loosened)
{
    struct cv_query q;
    struct cv_candidate best;
    struct cv_view *views = cv_arena_alloc(a, w->ask.n_machines * sizeof *views);
    if (!views)
        return false;
    cv_query_init(&q, cat, r, w->ask.m, w->ask.n_machines, views);
    if (!cv_query_best(&q, &best))
        return false;
    if (w->has_nearest && best.b->release >= w->nearest_best.on[0].build.release)
        return true;
    struct cv_request *kept = cv_arena_alloc(a, sizeof *kept);
    if (!kept)
        return false;
    *kept = *r;
    struct cv_answer tmp = *w;
    tmp.ask.req = kept;
    cv_shown_make(&tmp, &q, a, best.b, true, &w->nearest_best);
    w->has_nearest = w->nearest_best.on != NULL;
    w->nearest = loosened ? concrete(w, a, r, best.b) : joined(a, r);
    return true;
}

/* "torch==2.8.5" -> "torch==2.8.*", then "torch>=2.8" and "torch<=2.8". */
static bool loosen(struct cv_arena *a, const struct cv_request *r, unsigned step,
                   struct cv_request *ret)
{
    bool changed = false;
    *ret = *r;
    for (uint32_t i = 0; i < ret->n; i++) {
        struct cv_req *q = &ret->reqs[i];
        uint32_t x, y = 0;
        if (!q->exact || q->subject == CV_REQ_PYTHON)
            continue;
        cv_str v = cv_str_trim(cv_str_from(q->spec, 2));
        size_t plus = cv_str_findc(v, '+');
        v = cv_str_sub(v, 0, plus == SIZE_MAX ? v.len : plus);
        if (!cv_dotted_num(v, 0, &x))
            continue;
        (void)cv_dotted_num(v, 1, &y);
        if (step == 0)
            q->spec = cv_arena_fmt(a, "==" CV_FMT, CV_ARG(v));
        else if (step == 1)
            q->spec = cv_arena_fmt(a, "==%u.%u.*", x, y);
        else
            q->spec = cv_arena_fmt(a, "%s%u.%u", step == 2 ? ">=" : "<=", x, y);
        q->variant = CV_S("");
        q->exact = step == 0;
        q->text = cv_arena_fmt(a, CV_FMT CV_FMT, CV_ARG(q->name), CV_ARG(q->spec));
        changed = true;
    }
    ret->cpu = false;
    return changed;
}

static void nearest(struct cv_answer *w, struct cv_arena *a, const struct cv_catalog *cat,
                    uint32_t mask)
{
    const struct cv_request *r = w->ask.req;
    struct cv_request p;
    /* Drop one side of a conflict between several, a later one first: the first thing said is meant most. */
    for (uint32_t i = r->n; bits(mask) > 1 && i > 0 && !w->has_nearest; i--)
        if (mask >> (i - 1) & 1) {
            p = part_of(r, ((UINT32_C(1) << r->n) - 1) & ~(UINT32_C(1) << (i - 1)));
            (void)try_nearest(w, a, cat, &p, false);
        }
    for (unsigned step = 0; step < 4 && !w->has_nearest; step++)
        if (loosen(a, r, step, &p))
            (void)try_nearest(w, a, cat, &p, true);
    p = (struct cv_request){.python = r->python};
    if (!w->has_nearest && r->n > 0)
        (void)try_nearest(w, a, cat, &p, true);
}

void cv_answer_conflict(struct cv_answer *w, struct cv_arena *a)
{
    struct cv_catalog cat, here;
    const struct cv_request *r = w->ask.req;
    const struct cv_place *p = &w->ask.m[0].place;
    bool conda = w->ask.tool_given && cv_tool_is_conda(w->ask.tool);
    cv_catalog_make(w->ask.f, a, CV_S(""), CV_S(""), conda, &cat);
    uint32_t mask = smallest(&cat, r);
    bool elsewhere = mask == 0;
    cv_catalog_make(w->ask.f, a, cv_known(&p->os) ? p->os.v : CV_S(""),
                    cv_known(&p->arch) ? p->arch.v : CV_S(""), conda, &here);
    if (elsewhere && (cv_known(&p->os) || cv_known(&p->arch)))
        mask = smallest(&here, r); /* met, but on other platforms only */
    struct cv_request part = part_of(r, mask);
    for (uint32_t i = 0; i < part.n; i++) {
        cv_str *to = CV_PUSH(a, w, conflict);
        if (to)
            *to = part.reqs[i].text;
    }
    if (part.n)
        w->conflict_text = cv_arena_fmt(
            a,
            part.n == 1 ? "No known build meets " CV_FMT "%s" CV_FMT "."
                        : "No known build meets " CV_FMT " together%s" CV_FMT ".",
            CV_ARG(joined(a, &part)), elsewhere ? " on " : "",
            CV_ARG(elsewhere ? cv_arena_fmt(a, CV_FMT "%s" CV_FMT,
                                            CV_ARG(cv_known(&p->os) ? p->os.v : CV_S("")),
                                            cv_known(&p->os) && cv_known(&p->arch) ? " " : "",
                                            CV_ARG(cv_known(&p->arch) ? p->arch.v : CV_S("")))
                             : CV_S("")));
    nearest(w, a, &here, mask);
}
