/* request.c: requirements as text -> struct cv_req, and what each allows. */
#include "resolve/request.h"

#include <stdio.h>

static int wrong(struct cv_arena *a, struct cv_error *e, cv_str text, cv_str what)
{
    return cv_fail(e, CV_E_USAGE, cv_arena_fmt(a, "\"" CV_FMT "\"", CV_ARG(text)), 0, what);
}

static void make_masks(const struct cv_facts *f, struct cv_req *q);

/* ---- reading ---- */

static cv_str take_name(cv_str *rest)
{
    size_t n = 0;
    while (n < rest->len && (cv_is_alpha(rest->ptr[n]) || cv_is_digit(rest->ptr[n]) ||
                             rest->ptr[n] == '-' || rest->ptr[n] == '_' || rest->ptr[n] == '.'))
        n++;
    cv_str name = cv_str_sub(*rest, 0, n);
    *rest = cv_str_trim(cv_str_from(*rest, n));
    return name;
}

static size_t operator_len(cv_str part)
{
    static const char *const ops[] = {"===", "==", "!=", "<=", ">=", "~=", "<", ">"};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (cv_str_starts(part, ops[i]))
            return strlen(ops[i]);
    return 0;
}

static int check_part(struct cv_arena *a, cv_str text, cv_str part, struct cv_error *e)
{
    struct cv_pep440 v;
    bool match;
    size_t op = operator_len(part);
    if (op == 0 && part.len && part.ptr[0] == '=')
        return wrong(a, e, text, CV_S("a version is asked for with two equal signs: =="));
    if (op == 0)
        return wrong(a, e, text,
                     CV_S("cannot be read: a name and PEP 440 specifiers are wanted, like "
                          "torch>=2.4,<2.9"));
    cv_str version = cv_str_trim(cv_str_from(part, op));
    cv_str plain = cv_str_ends(version, ".*") ? cv_str_sub(version, 0, version.len - 2) : version;
    if (version.len == 0 || !cv_pep440_parse(plain, &v) ||
        !cv_pep440_match(CV_S("1.0"), part, &match))
        return wrong(a, e, text,
                     cv_arena_fmt(a, "\"" CV_FMT "\" is no PEP 440 specifier", CV_ARG(part)));
    if (cv_pep440_is_pre(&v))
        return wrong(a, e, text, CV_S("pre-releases and development builds are not known here"));
    return CV_OK;
}

static int check_spec(struct cv_arena *a, cv_str text, cv_str spec, struct cv_error *e)
{
    cv_str rest = spec, part;
    int rc = CV_OK;
    if (spec.len && spec.ptr[spec.len - 1] == ',')
        return wrong(a, e, text, CV_S("ends in a comma"));
    while (rc == CV_OK && rest.len && cv_str_next(&rest, ',', &part))
        rc = check_part(a, text, cv_str_trim(part), e);
    return rc;
}

/* The variant that "==2.1.0+cu121" names; "" = none. */
static cv_str local_of(cv_str spec)
{
    cv_str rest = spec, part;
    struct cv_pep440 v;
    while (rest.len && cv_str_next(&rest, ',', &part)) {
        part = cv_str_trim(part);
        size_t op = operator_len(part);
        if (part.ptr[0] == '=' && cv_pep440_parse(cv_str_from(part, op), &v) && v.local.len)
            return v.local;
    }
    return CV_S("");
}

static cv_str without_local(struct cv_arena *a, cv_str spec)
{
    cv_str out = CV_S(""), rest = spec, part;
    while (rest.len && cv_str_next(&rest, ',', &part)) {
        size_t plus = cv_str_findc(part, '+');
        part = cv_str_sub(part, 0, plus == SIZE_MAX ? part.len : plus);
        out = out.len ? cv_arena_fmt(a, CV_FMT "," CV_FMT, CV_ARG(out), CV_ARG(part)) : part;
    }
    return out;
}

static cv_str lowered(struct cv_arena *a, cv_str s)
{
    char *p = cv_arena_alloc(a, s.len + 1);
    for (size_t i = 0; p && i < s.len; i++)
        p[i] = cv_lower(s.ptr[i]);
    return p ? (cv_str){p, s.len} : CV_S("");
}

/* "==3.11", "==3.11.4", "==3.11.*", "==3.13t" -> "3.11", "3.13t": what --python takes. Other specifiers stay what they are. */
static int take_python(struct cv_arena *a, struct cv_request *r, struct cv_req *q,
                       struct cv_error *e)
{
    struct cv_xy xy;
    bool threads = false;
    cv_str v = cv_str_trim(cv_str_from(q->spec, 2));
    if (!cv_str_starts(q->spec, "==") || cv_str_has(q->spec, ","))
        return check_spec(a, q->text, q->spec, e);
    if (cv_str_ends(v, ".*"))
        v.len -= 2;
    if (!cv_python_parse(v, &xy, &threads))
        return wrong(a, e, q->text,
                     CV_S("is no Python version: python==3.12 or python==3.13t is wanted"));
    cv_str python = cv_arena_fmt(a, "%u.%u%s", xy.major, xy.minor, threads ? "t" : "");
    if (r->python.len && !cv_str_eq(r->python, python))
        return wrong(a, e, q->text,
                     cv_arena_fmt(a, "contradicts python==" CV_FMT, CV_ARG(r->python)));
    r->python = python;
    q->exact = true;
    return CV_OK;
}

static int take_subject(const struct cv_facts *f, struct cv_arena *a, struct cv_request *r,
                        struct cv_req *q, struct cv_error *e)
{
    if (cv_str_eqz(q->name, "python")) {
        q->subject = CV_REQ_PYTHON;
        return q->spec.len ? take_python(a, r, q, e)
                           : wrong(a, e, q->text, CV_S("needs a version, like python==3.12"));
    }
    if (cv_str_eqz(q->name, "torch"))
        q->subject = CV_REQ_TORCH;
    else if (cv_str_eqz(q->name, "cuda"))
        q->subject = CV_REQ_CUDA;
    else if (cv_str_eqz(q->name, "cudnn"))
        q->subject = CV_REQ_CUDNN;
    else if (cv_companion_known(f, q->name))
        q->subject = CV_REQ_COMPANION;
    else if (cv_str_eqz(q->name, "pytorch"))
        return wrong(a, e, q->text, CV_S("the package is named torch"));
    else
        return wrong(a, e, q->text,
                     CV_S("is none of the names that these tables tie to a torch: torch, cuda, "
                          "cudnn, python, torchvision, torchaudio, torchcodec, triton, xformers, "
                          "flash-attn, vllm, bitsandbytes, ..."));
    return check_spec(a, q->text, q->spec, e);
}

int cv_request_add(const struct cv_facts *f, struct cv_arena *a, struct cv_request *r, cv_str text,
                   struct cv_error *e)
{
    char name[64];
    struct cv_req q = {.text = cv_str_trim(text), .variant = CV_S("")};
    cv_str rest = q.text;
    if (r->n == CV_MAX_REQS)
        return wrong(a, e, q.text, CV_S("too many requirements"));
    cv_str raw = take_name(&rest);
    if (raw.len == 0 || raw.len > sizeof name || !(cv_is_alpha(raw.ptr[0])))
        return wrong(a, e, q.text, CV_S("is no requirement: it does not begin with a name"));
    for (size_t i = 0; i < rest.len; i++)
        if (rest.ptr[i] == '[' || rest.ptr[i] == ';' || rest.ptr[i] == '@')
            return wrong(a, e, q.text,
                         CV_S("extras, markers and URLs are not understood: a name and PEP 440 "
                              "specifiers are wanted"));
    q.name = cv_arena_str(a, cv_project_name(raw, name, sizeof name));
    q.spec = rest;
    int rc = take_subject(f, a, r, &q, e);
    if (rc != CV_OK)
        return rc;
    q.variant = lowered(a, local_of(q.spec));
    if (q.variant.len && q.subject != CV_REQ_TORCH && q.subject != CV_REQ_COMPANION)
        return wrong(a, e, q.text, CV_S("a build is named behind torch, like torch==2.8.0+cu126"));
    if (q.subject == CV_REQ_COMPANION)
        q.spec = without_local(a, q.spec);
    if (q.subject != CV_REQ_PYTHON)
        q.exact =
            cv_str_starts(q.spec, "==") && !cv_str_has(q.spec, ",") && !cv_str_ends(q.spec, ".*");
    r->cpu = r->cpu || cv_str_eqz(q.variant, "cpu");
    make_masks(f, &q);
    r->reqs[r->n++] = q;
    return CV_OK;
}

/* ---- asking ---- */

static bool matches(cv_str version, cv_str spec)
{
    bool match = false;
    return spec.len == 0 || (cv_pep440_match(version, spec, &match) && match);
}

/* "==2.1.0+cu121" -> "==2.1.0" (one part only). */
static cv_str public_spec(cv_str spec)
{
    size_t plus = cv_str_findc(spec, '+');
    return cv_str_sub(spec, 0, plus == SIZE_MAX ? spec.len : plus);
}

/* "2.1.0+cu121": with the variant, so that "==2.1.0+cu121" and "!=2.1.0+cu121" mean that build. */
static bool matches_full(const struct cv_build *b, cv_str spec)
{
    char full[96];
    size_t n = b->torch.len + 1 + b->variant.len;
    if (n > sizeof full)
        return false;
    memcpy(full, b->torch.ptr, b->torch.len);
    full[b->torch.len] = '+';
    memcpy(full + b->torch.len + 1, b->variant.ptr, b->variant.len);
    return matches((cv_str){full, n}, spec);
}

/* By comparing, without the masks. */
static bool release_matches(const struct cv_facts *f, const struct cv_req *q, cv_str torch,
                            bool *ret_unknown)
{
    uint32_t row;
    *ret_unknown = false;
    if (q->subject == CV_REQ_TORCH)
        return (cv_str_has(q->spec, "+") && !q->exact) || matches(torch, public_spec(q->spec));
    if (q->subject != CV_REQ_COMPANION)
        return true;
    enum cv_tie tie = cv_companion_for(f, q->name, q->spec, torch, &row);
    *ret_unknown = tie == CV_TIE_UNKNOWN;
    return tie != CV_TIE_NO;
}

static bool bit(const uint64_t *mask, uint32_t i)
{
    return mask[i / 64] >> (i % 64) & 1;
}

/* What does not depend on a machine is found once. */
static void make_masks(const struct cv_facts *f, struct cv_req *q)
{
    uint32_t n = cv_facts_rows(f, CV_T_TORCH_RELEASES);
    char text[16];
    if (n > 128)
        return;
    for (uint32_t r = 0; r < n; r++) {
        bool unknown;
        if (release_matches(f, q, cv_facts_at(f, CV_T_TORCH_RELEASES, r, 0), &unknown))
            q->releases[r / 64] |= UINT64_C(1) << (r % 64);
        if (unknown)
            q->unknown[r / 64] |= UINT64_C(1) << (r % 64);
    }
    for (unsigned c = 60; q->subject == CV_REQ_CUDA && c < 256; c++) {
        int len = snprintf(text, sizeof text, "%u.%u", c / 10, c % 10);
        if (matches((cv_str){text, (size_t)len}, q->spec))
            q->cudas[c / 64] |= UINT64_C(1) << (c % 64);
    }
    q->masked = true;
}

bool cv_req_allows_release(const struct cv_facts *f, const struct cv_req *q, cv_str torch,
                           uint32_t row)
{
    bool unknown;
    if (q->masked && row < 128)
        return bit(q->releases, row);
    return release_matches(f, q, torch, &unknown);
}

bool cv_req_tie_unknown(const struct cv_facts *f, const struct cv_req *q, cv_str torch,
                        uint32_t row)
{
    bool unknown;
    if (q->masked && row < 128)
        return bit(q->unknown, row);
    return release_matches(f, q, torch, &unknown) && unknown;
}

bool cv_req_allows_build(const struct cv_req *q, const struct cv_build *b)
{
    char text[16];
    unsigned number = b->cuda.major * 10u + b->cuda.minor;
    if (q->variant.len && !cv_str_eq(q->variant, b->variant))
        return false;
    switch (q->subject) {
    case CV_REQ_TORCH:
        return q->exact || !cv_str_has(q->spec, "+") || matches_full(b, q->spec);
    case CV_REQ_CUDA:
        if (!b->has_cuda)
            return false;
        if (q->masked && number < 256)
            return bit(q->cudas, number);
        return matches((cv_str){text, (size_t)snprintf(text, sizeof text, "%u.%u", b->cuda.major,
                                                       b->cuda.minor)},
                       q->spec);
    case CV_REQ_CUDNN:
        return cv_dotted_ok(b->cudnn) && matches(b->cudnn, q->spec);
    case CV_REQ_PYTHON:
    case CV_REQ_COMPANION:
        break;
    }
    return true;
}

cv_str cv_request_release(const struct cv_request *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        const struct cv_req *q = &r->reqs[i];
        if (q->subject != CV_REQ_TORCH || !q->exact)
            continue;
        cv_str v = cv_str_trim(cv_str_from(q->spec, operator_len(q->spec)));
        size_t plus = cv_str_findc(v, '+');
        return cv_str_sub(v, 0, plus == SIZE_MAX ? v.len : plus);
    }
    return CV_S("");
}

cv_str cv_request_variant(const struct cv_request *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (r->reqs[i].variant.len)
            return r->reqs[i].variant;
    return CV_S("");
}
