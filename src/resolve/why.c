/* why.c: which build a request means that names none: cli.md, "why takes one and judges the newest release it allows"; rules.md, "Choosing", last part. */
#include "resolve/resolve.h"

/* Does the requirement ask for something newer than the tables know? Then nobody can say that it does not exist. */
static bool beyond(const struct cv_facts *f, const struct cv_req *r)
{
    bool torch = r->subject == CV_REQ_TORCH, match = false;
    enum cv_table_id t = torch ? CV_T_TORCH_RELEASES : CV_T_TORCH_COMPANIONS;
    cv_str wanted = r->exact ? cv_str_trim(cv_str_from(r->spec, 2)) : CV_S("9999.0");
    struct cv_pep440 want, known;
    if ((!torch && r->subject != CV_REQ_COMPANION) || !cv_pep440_parse(wanted, &want) ||
        !cv_pep440_match(wanted, r->spec, &match) || !match)
        return false;
    want.local = CV_S("");
    for (uint32_t i = 0; i < cv_facts_rows(f, t); i++) {
        cv_str v = cv_facts_at(f, t, i, torch ? 0 : 1);
        if ((!torch && !cv_str_eq(cv_facts_at(f, t, i, 0), r->name)) || !cv_pep440_parse(v, &known))
            continue;
        if (cv_pep440_cmp(&known, &want) >= 0 ||
            (cv_pep440_match(v, r->spec, &match) && match)) /* a known one would do */
            return false;
    }
    return true;
}

static bool release_known(const struct cv_catalog *c, cv_str torch)
{
    struct cv_pep440 x, y;
    for (uint32_t i = 0; i < c->n_releases; i++)
        if (cv_pep440_parse(torch, &x) && cv_pep440_parse(c->releases[i], &y) &&
            cv_pep440_same_public(&x, &y))
            return true;
    return false;
}

void cv_build_asked(const struct cv_query *q, struct cv_arena *a, struct cv_build *ret)
{
    const struct cv_place *p = &q->m[0].place;
    struct cv_xy cuda;
    *ret = (struct cv_build){.torch = cv_request_release(q->req),
                             .variant = cv_request_variant(q->req),
                             .channel = CV_S(""),
                             .os = cv_known(&p->os) ? p->os.v : CV_S(""),
                             .arch = cv_known(&p->arch) ? p->arch.v : CV_S(""),
                             .cuda_toolkit = CV_S(""),
                             .cudnn = CV_S(""),
                             .nccl = CV_S(""),
                             .row = CV_NO_ROW,
                             .arch_row = CV_NO_ROW,
                             .release = UINT32_MAX};
    for (uint32_t i = 0; i < q->req->n && ret->variant.len == 0; i++)
        if (q->req->reqs[i].subject == CV_REQ_CUDA && q->req->reqs[i].exact &&
            cv_xy_parse(cv_str_trim(cv_str_from(q->req->reqs[i].spec, 2)), &cuda))
            ret->variant = cv_arena_fmt(a, "cu%u%u", cuda.major, cuda.minor);
    if (ret->variant.len == 0 && release_known(q->cat, ret->torch))
        ret->torch = CV_S(""); /* that release exists: something else of the request is not met */
    ret->has_cuda = cv_xy_from_variant(ret->variant, &ret->cuda);
    ret->foreign = cv_str_starts(ret->variant, "rocm") || cv_str_eqz(ret->variant, "xpu");
    cv_build_prepare(q->cat->f, ret);
    for (uint32_t i = 0; i < q->req->n; i++)
        if (ret->exists == CV_EXISTS_NOT && beyond(q->cat->f, &q->req->reqs[i]))
            ret->exists = CV_EXISTS_NEWER;
}

/* Index of the newest release of which some build is allowed; UINT32_MAX = none. Builds for other platforms count too, but are looked at only where the
 * machine's platform lacks the newest release that the request could mean. */
static uint32_t newest(const struct cv_query *q, struct cv_arena *a)
{
    struct cv_catalog all;
    uint32_t first = 0;
    while (first < q->cat->n_releases && !cv_request_allows_release(q, first))
        first++;
    for (uint32_t i = 0; i < q->cat->n_builds && q->cat->builds[i].release <= first; i++)
        if (q->cat->builds[i].release == first &&
            cv_request_allows(q->cat, q->req, &q->cat->builds[i]))
            return first;
    cv_catalog_make(q->cat->f, a, CV_S(""), CV_S(""), q->cat->conda, &all);
    for (uint32_t i = 0; i < all.n_builds; i++)
        if (cv_request_allows(&all, q->req, &all.builds[i]))
            return all.builds[i].release;
    return UINT32_MAX;
}

static int prefer(const struct cv_query *q, const struct cv_candidate *x,
                  const struct cv_candidate *y, bool named)
{
    if (!named && x->b->on_pypi != y->b->on_pypi)
        return (int)x->b->on_pypi - (int)y->b->on_pypi;
    /* Among builds that cannot be an answer the CUDA ones are meant, unless no machine has a GPU. */
    if (x->offered == y->offered && x->b->has_cuda != y->b->has_cuda)
        return ((int)x->b->has_cuda - (int)y->b->has_cuda) * (q->no_gpu ? -1 : 1);
    return cv_candidate_cmp(q, x, y);
}

void cv_query_why(struct cv_query *q, struct cv_arena *a, struct cv_build *ret)
{
    struct cv_survey s;
    const struct cv_candidate *best = NULL;
    bool named = cv_request_variant(q->req).len > 0;
    uint32_t release = newest(q, a);
    cv_query_all(q, a, &s);
    for (uint32_t i = 0; i < s.n_all; i++)
        if (s.all[i].b->release == release && (!best || prefer(q, &s.all[i], best, named) > 0))
            best = &s.all[i];
    if (best) {
        *ret = *best->b;
        return;
    }
    cv_build_asked(q, a, ret);
    if (ret->torch.len == 0)
        ret->torch = cv_request_release(q->req);
    if (ret->torch.len == 0 && release != UINT32_MAX) {
        ret->torch = q->cat->releases[release];
        ret->exists = CV_EXISTS_NOT; /* not for this platform */
    }
}
