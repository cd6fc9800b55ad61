/* resolve.c: the chooser. rules.md, "Choosing": works > works-jit > works-if > the rest; then no G2 warning; then the newest torch; then native before minor
 * before forward; then the default index; then the newest CUDA. A CPU build is an answer only where it was asked for or no machine has an NVIDIA GPU. */
#include "resolve/resolve.h"

void cv_query_init(struct cv_query *q, const struct cv_catalog *cat, const struct cv_request *req,
                   const struct cv_machine *m, uint32_t n_machines, struct cv_view *views)
{
    *q = (struct cv_query){
        .cat = cat, .req = req, .m = m, .n_machines = n_machines, .views = views, .no_gpu = true};
    for (uint32_t i = 0; i < n_machines; i++) {
        cv_view_init(&views[i], cat->f, &m[i]);
        q->no_gpu = q->no_gpu && views[i].no_gpu;
    }
}

/* ---- what the request allows ---- */

static uint32_t row_of(const struct cv_query *q, const struct cv_build *b)
{
    return q->cat->release_rows && b->release < q->cat->n_releases
               ? q->cat->release_rows[b->release]
               : CV_NO_ROW;
}

static bool release_allowed(const struct cv_query *q, const struct cv_build *b)
{
    uint32_t row = row_of(q, b);
    for (uint32_t i = 0; i < q->req->n; i++)
        if (!cv_req_allows_release(q->cat->f, &q->req->reqs[i], b->torch, row))
            return false;
    return true;
}

bool cv_request_allows_release(const struct cv_query *q, uint32_t release)
{
    const struct cv_build b = {.torch = q->cat->releases[release], .release = release};
    return release_allowed(q, &b);
}

/* "python>=3.10": of the machine's Python, or, where that is open, of one of the build's. */
static bool python_allowed(const struct cv_req *r, const struct cv_machine *m,
                           const struct cv_build *b)
{
    bool match = false;
    cv_str list = cv_known(&m->python) ? m->python.v : b->pythons, one;
    while (list.len && cv_str_next(&list, ',', &one)) {
        if (cv_str_ends(one, "t"))
            one.len--;
        if (cv_pep440_match(one, r->spec, &match) && match)
            return true;
    }
    return b->pythons.len == 0;
}

static bool build_allowed(const struct cv_query *q, const struct cv_build *b)
{
    for (uint32_t i = 0; i < q->req->n; i++) {
        const struct cv_req *r = &q->req->reqs[i];
        if (!cv_req_allows_build(r, b))
            return false;
        if (r->subject != CV_REQ_PYTHON || r->exact)
            continue;
        for (uint32_t k = 0; k < q->n_machines; k++)
            if (!python_allowed(r, &q->m[k], b))
                return false;
    }
    return true;
}

bool cv_request_allows(const struct cv_catalog *cat, const struct cv_request *r,
                       const struct cv_build *b)
{
    const struct cv_query q = {.cat = cat, .req = r};
    return release_allowed(&q, b) && build_allowed(&q, b);
}

/* ---- judging ---- */

static int mode_rank(enum cv_driver_mode m)
{
    return m == CV_MODE_NATIVE ? 3 : m == CV_MODE_MINOR ? 2 : m == CV_MODE_FORWARD ? 1 : 0;
}

/* A companion whose torch the tables do not know makes the answer unknown. */
static enum cv_verdict companions_verdict(const struct cv_query *q, const struct cv_build *b)
{
    for (uint32_t i = 0; i < q->req->n; i++)
        if (q->req->reqs[i].subject == CV_REQ_COMPANION &&
            cv_req_tie_unknown(q->cat->f, &q->req->reqs[i], b->torch, row_of(q, b)))
            return CV_V_UNKNOWN;
    return CV_V_WORKS;
}

static void judge_one(struct cv_query *q, uint32_t i, const struct cv_build *b,
                      struct cv_quick *ret)
{
    if (q->views[i].too_many) { /* more kinds of GPU than the quick way holds */
        struct cv_judgement j;
        cv_judge(q->cat->f, q->cat->a, &q->m[i], b, &j);
        *ret = (struct cv_quick){j.verdict, j.mode, j.g2_warning};
    } else {
        cv_judge_quick(&q->views[i], b, ret);
    }
    /* Among machines with GPUs, one without runs the same build on its CPU. */
    if (ret->verdict == CV_V_CPU_ONLY && b->has_cuda && !q->no_gpu && q->n_machines > 1)
        ret->verdict = CV_V_WORKS;
}

/* May a build of this kind be an answer at all? */
static bool eligible(const struct cv_query *q, const struct cv_build *b)
{
    return (!b->has_cuda && !b->foreign) == (q->req->cpu || q->no_gpu);
}

static bool offered(const struct cv_query *q, const struct cv_build *b, enum cv_verdict v)
{
    bool cpu = !b->has_cuda;
    if (!eligible(q, b))
        return false;
    return v == CV_V_WORKS || v == CV_V_WORKS_JIT || v == CV_V_WORKS_IF ||
           (cpu && v == CV_V_CPU_ONLY);
}

static void judge(struct cv_query *q, const struct cv_build *b, struct cv_candidate *ret)
{
    *ret = (struct cv_candidate){.b = b, .q = {.verdict = companions_verdict(q, b)}};
    for (uint32_t i = 0; i < q->n_machines; i++) {
        struct cv_quick one;
        judge_one(q, i, b, &one);
        ret->q.verdict = cv_verdict_worse(ret->q.verdict, one.verdict);
        ret->q.g2_warning = ret->q.g2_warning || one.g2_warning;
        if (i == 0 || mode_rank(one.mode) < mode_rank(ret->q.mode))
            ret->q.mode = one.mode;
    }
    ret->offered = offered(q, b, ret->q.verdict);
}

/* ---- order ---- */

static int rank(const struct cv_candidate *c)
{
    if (!c->offered)
        return 0;
    return c->q.verdict == CV_V_WORKS       ? 5
           : c->q.verdict == CV_V_WORKS_JIT ? 4
           : c->q.verdict == CV_V_CPU_ONLY  ? 3
                                            : 2;
}

/* Where everything else is equal, only so that the order is one. */
static int platform_rank(const struct cv_build *b)
{
    int os = cv_str_eqz(b->os, "linux") ? 2 : cv_str_eqz(b->os, "windows") ? 1 : 0;
    return 2 * os + (int)cv_str_eqz(b->arch, "x86_64");
}

static bool default_index(const struct cv_query *q, const struct cv_build *b)
{
    cv_str c = q->n_machines ? cv_build_channel(b, &q->m[0]) : b->channel;
    return cv_str_eqz(c, "pypi") || cv_str_eqz(c, "conda-forge");
}

int cv_candidate_cmp(const struct cv_query *q, const struct cv_candidate *x,
                     const struct cv_candidate *y)
{
    int c = rank(x) - rank(y);
    if (c == 0)
        c = (int)y->q.g2_warning - (int)x->q.g2_warning;
    if (c == 0) /* newest first in the catalog */
        c = (x->b->release < y->b->release) - (x->b->release > y->b->release);
    if (c == 0)
        c = mode_rank(x->q.mode) - mode_rank(y->q.mode);
    if (c == 0)
        c = (int)default_index(q, x->b) - (int)default_index(q, y->b);
    if (c == 0)
        c = cv_xy_cmp(x->b->cuda, y->b->cuda);
    if (c == 0)
        c = platform_rank(x->b) - platform_rank(y->b);
    return c;
}

/* An older release cannot win any more. */
static bool settled(const struct cv_candidate *best)
{
    return (best->q.verdict == CV_V_WORKS || best->q.verdict == CV_V_CPU_ONLY) &&
           !best->q.g2_warning;
}

bool cv_query_best(struct cv_query *q, struct cv_candidate *ret)
{
    bool any = false, allowed = false;
    uint32_t release = UINT32_MAX;
    for (uint32_t i = 0; i < q->n_machines; i++)
        q->views[i].only_offers = true;
    for (uint32_t i = 0; i < q->cat->n_builds; i++) {
        const struct cv_build *b = &q->cat->builds[i];
        struct cv_candidate c;
        if (b->release != release) {
            if (any && settled(ret))
                return true;
            release = b->release;
            allowed = release_allowed(q, b);
        }
        if (!allowed || !eligible(q, b) || !build_allowed(q, b))
            continue;
        judge(q, b, &c);
        if (c.offered && (!any || cv_candidate_cmp(q, &c, ret) > 0)) {
            *ret = c;
            any = true;
        }
    }
    return any;
}

/* Merge sort: stable, and without a global for the comparison. */
static void sort(const struct cv_query *q, struct cv_candidate *v, struct cv_candidate *tmp,
                 uint32_t n)
{
    uint32_t half = n / 2, i = 0, k = half, o = 0;
    if (n < 2)
        return;
    sort(q, v, tmp, half);
    sort(q, v + half, tmp, n - half);
    while (i < half && k < n)
        tmp[o++] = cv_candidate_cmp(q, &v[k], &v[i]) > 0 ? v[k++] : v[i++];
    while (i < half)
        tmp[o++] = v[i++];
    while (k < n)
        tmp[o++] = v[k++];
    memcpy(v, tmp, n * sizeof *v);
}

void cv_query_all(struct cv_query *q, struct cv_arena *a, struct cv_survey *ret)
{
    bool allowed = false;
    uint32_t release = UINT32_MAX;
    *ret = (struct cv_survey){0};
    for (uint32_t i = 0; i < q->n_machines; i++)
        q->views[i].only_offers = false;
    for (uint32_t i = 0; i < q->cat->n_builds; i++) {
        const struct cv_build *b = &q->cat->builds[i];
        if (b->release != release) {
            release = b->release;
            allowed = release_allowed(q, b);
        }
        struct cv_candidate *to = allowed && build_allowed(q, b) ? CV_PUSH(a, ret, all) : NULL;
        if (!to)
            continue;
        judge(q, b, to);
        ret->n_offered += to->offered;
        ret->unknown = ret->unknown || to->q.verdict == CV_V_UNKNOWN;
    }
    struct cv_candidate *tmp = cv_arena_raw(a, (ret->n_all + 1) * sizeof *tmp);
    if (tmp)
        sort(q, ret->all, tmp, ret->n_all);
}

/* ---- with words ---- */

static void judge_companions(const struct cv_query *q, struct cv_arena *a, struct cv_choice *c)
{
    const struct cv_facts *f = q->cat->f;
    for (uint32_t i = 0; i < q->req->n; i++) {
        const struct cv_req *r = &q->req->reqs[i];
        uint32_t row = CV_NO_ROW;
        if (r->subject != CV_REQ_COMPANION)
            continue;
        enum cv_tie tie = cv_companion_for(f, r->name, r->spec, c->build.torch, &row);
        cv_str version =
            row == CV_NO_ROW ? CV_S("") : cv_facts_at(f, CV_T_TORCH_COMPANIONS, row, 1);
        struct cv_reason *to = CV_PUSH(a, &c->j, reasons);
        if (!to)
            return;
        *to = (struct cv_reason){.rule = CV_S("B2"),
                                 .gpu = -1,
                                 .result = tie == CV_TIE_UNKNOWN ? CV_R_UNKNOWN : CV_R_PASS};
        to->text =
            tie == CV_TIE_YES
                ? cv_arena_fmt(a, CV_FMT " " CV_FMT " belongs to torch " CV_FMT ".",
                               CV_ARG(r->name), CV_ARG(version), CV_ARG(c->build.torch))
            : tie == CV_TIE_FREE
                ? cv_arena_fmt(a, CV_FMT " " CV_FMT " names no torch that it belongs to.",
                               CV_ARG(r->name), CV_ARG(version))
                : cv_arena_fmt(a,
                               "To which torch " CV_FMT " " CV_FMT " belongs is not in the tables.",
                               CV_ARG(r->name), CV_ARG(version));
        if (tie == CV_TIE_NO) {
            to->result = CV_R_FAIL;
            to->text = cv_arena_fmt(a, "No " CV_FMT " of " CV_FMT " belongs to torch " CV_FMT ".",
                                    CV_ARG(r->name), CV_ARG(r->text), CV_ARG(c->build.torch));
        }
        if (tie == CV_TIE_UNKNOWN)
            c->j.verdict = cv_verdict_worse(c->j.verdict, CV_V_UNKNOWN);
        struct cv_fact_ref *ref = row == CV_NO_ROW ? NULL : CV_PUSH(a, to, facts);
        if (ref)
            *ref = (struct cv_fact_ref){cv_facts_name(f, CV_T_TORCH_COMPANIONS),
                                        cv_facts_key(f, a, CV_T_TORCH_COMPANIONS, row),
                                        cv_facts_source(f, CV_T_TORCH_COMPANIONS, row)};
    }
    if (c->j.verdict != CV_V_WORKS_IF)
        c->j.n_needs = 0;
}

/* python>=3.12 leaves fewer of the Pythons that an open machine may have. */
static void narrow_pythons(const struct cv_query *q, struct cv_arena *a, struct cv_choice *c)
{
    for (uint32_t n = 0; n < c->j.n_needs; n++) {
        struct cv_need *need = &c->j.needs[n];
        for (uint32_t i = 0; i < q->req->n && cv_str_eqz(need->axis, "python"); i++) {
            const struct cv_req *r = &q->req->reqs[i];
            cv_str list = need->must, one, left = CV_S("");
            if (r->subject != CV_REQ_PYTHON || r->exact)
                continue;
            while (list.len && cv_str_next(&list, ',', &one)) {
                bool match = false;
                cv_str plain = cv_str_ends(one, "t") ? cv_str_sub(one, 0, one.len - 1) : one;
                if (cv_pep440_match(plain, r->spec, &match) && match)
                    left = left.len ? cv_arena_fmt(a, CV_FMT "," CV_FMT, CV_ARG(left), CV_ARG(one))
                                    : one;
            }
            need->must = left;
        }
    }
}

void cv_choice_make(const struct cv_query *q, struct cv_arena *a, uint32_t i,
                    const struct cv_build *b, struct cv_choice *ret)
{
    ret->build = *b;
    ret->build.channel = cv_build_channel(b, &q->m[i]);
    cv_judge(q->cat->f, a, &q->m[i], b, &ret->j);
    judge_companions(q, a, ret);
    narrow_pythons(q, a, ret);
}
