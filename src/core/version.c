/* version.c: see version.h. Dotted versions as NVIDIA prints them; PEP 440 as in the Python packaging specification
 * ("Version specifiers"), without wildcards inside versions and without arbitrary-equality surprises. */
#include "core/version.h"

#define CV_DOTTED_MAX 8

bool cv_dotted_ok(cv_str s)
{
    unsigned n = 0;
    cv_str rest = s;
    cv_str part;
    uint32_t v;
    if (s.len == 0)
        return false;
    while (cv_str_next(&rest, '.', &part)) {
        if (++n > CV_DOTTED_MAX || !cv_str_u32(part, &v))
            return false;
    }
    return true;
}

bool cv_dotted_num(cv_str s, unsigned n, uint32_t *ret)
{
    cv_str rest = s;
    cv_str part;
    for (unsigned i = 0; cv_str_next(&rest, '.', &part); i++)
        if (i == n)
            return cv_str_u32(part, ret);
    return false;
}

int cv_dotted_cmp(cv_str a, cv_str b)
{
    bool oka = cv_dotted_ok(a);
    bool okb = cv_dotted_ok(b);
    if (!oka || !okb)
        return oka - okb;
    cv_str pa, pb;
    for (;;) {
        bool more_a = cv_str_next(&a, '.', &pa);
        bool more_b = cv_str_next(&b, '.', &pb);
        if (!more_a || !more_b)
            return more_a - more_b;
        uint32_t na = 0, nb = 0;
        (void)cv_str_u32(pa, &na);
        (void)cv_str_u32(pb, &nb);
        if (na != nb)
            return na < nb ? -1 : 1;
    }
}

bool cv_dotted_prefix(cv_str version, cv_str prefix)
{
    if (prefix.len == 0 || version.len < prefix.len ||
        memcmp(version.ptr, prefix.ptr, prefix.len) != 0)
        return false;
    return version.len == prefix.len || version.ptr[prefix.len] == '.';
}

bool cv_xy_parse(cv_str s, struct cv_xy *ret)
{
    uint32_t major, minor = 0;
    if (!cv_dotted_ok(s) || !cv_dotted_num(s, 0, &major) || major > UINT16_MAX)
        return false;
    if (cv_dotted_num(s, 1, &minor) && minor > UINT16_MAX)
        return false;
    *ret = (struct cv_xy){(uint16_t)major, (uint16_t)minor};
    return true;
}

int cv_xy_cmp(struct cv_xy a, struct cv_xy b)
{
    if (a.major != b.major)
        return a.major < b.major ? -1 : 1;
    if (a.minor != b.minor)
        return a.minor < b.minor ? -1 : 1;
    return 0;
}

struct cv_xy cv_xy_from_cuda(uint32_t number)
{
    uint32_t major = number / 1000;
    return (struct cv_xy){(uint16_t)(major > UINT16_MAX ? UINT16_MAX : major),
                          (uint16_t)(number % 1000 / 10)};
}

bool cv_xy_from_variant(cv_str variant, struct cv_xy *ret)
{
    uint32_t n;
    if (!cv_str_starts(variant, "cu") || variant.len < 4 || variant.len > 6 ||
        !cv_str_u32(cv_str_from(variant, 2), &n))
        return false;
    /* cu80 .. cu92 have one digit of major, cu100 and later two: the last digit is the minor number. */
    *ret = (struct cv_xy){(uint16_t)(n / 10), (uint16_t)(n % 10)};
    return true;
}

/* ---- PEP 440 ---- */

static bool take_number(cv_str *s, uint32_t *ret)
{
    size_t n = 0;
    while (n < s->len && cv_is_digit(s->ptr[n]))
        n++;
    if (n == 0 || !cv_str_u32(cv_str_sub(*s, 0, n), ret))
        return false;
    *s = cv_str_from(*s, n);
    return true;
}

static bool take_word(cv_str *s, const char *word)
{
    size_t n = strlen(word);
    if (s->len < n || !cv_str_ieq(cv_str_sub(*s, 0, n), cv_str_z(word)))
        return false;
    *s = cv_str_from(*s, n);
    return true;
}

static void take_separator(cv_str *s)
{
    if (s->len && (s->ptr[0] == '.' || s->ptr[0] == '-' || s->ptr[0] == '_'))
        *s = cv_str_from(*s, 1);
}

static void take_pre(cv_str *s, struct cv_pep440 *v)
{
    static const struct {
        const char *word;
        char kind;
    } words[] = {{"alpha", 'a'}, {"beta", 'b'}, {"preview", 'c'}, {"pre", 'c'},
                 {"rc", 'c'},    {"a", 'a'},    {"b", 'b'},       {"c", 'c'}};
    cv_str t = *s;
    take_separator(&t);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!take_word(&t, words[i].word))
            continue;
        v->pre = words[i].kind;
        take_separator(&t);
        (void)take_number(&t, &v->pre_n);
        *s = t;
        return;
    }
}

static void take_post(cv_str *s, struct cv_pep440 *v)
{
    cv_str t = *s;
    if (t.len > 1 && t.ptr[0] == '-' && cv_is_digit(t.ptr[1])) { /* "1.0-1" = post 1 */
        t = cv_str_from(t, 1);
        v->has_post = take_number(&t, &v->post_n);
        *s = t;
        return;
    }
    take_separator(&t);
    if (take_word(&t, "post") || take_word(&t, "rev") || take_word(&t, "r")) {
        v->has_post = true;
        take_separator(&t);
        (void)take_number(&t, &v->post_n);
        *s = t;
    }
}

static void take_dev(cv_str *s, struct cv_pep440 *v)
{
    cv_str t = *s;
    take_separator(&t);
    if (take_word(&t, "dev")) {
        v->has_dev = true;
        take_separator(&t);
        (void)take_number(&t, &v->dev_n);
        *s = t;
    }
}

static bool local_ok(cv_str s)
{
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool sep = c == '.' || c == '-' || c == '_';
        if (!sep && !cv_is_digit(c) && !cv_is_alpha(c))
            return false;
        if (sep && (i == 0 || i + 1 == s.len))
            return false;
    }
    return true;
}

bool cv_pep440_parse(cv_str s, struct cv_pep440 *ret)
{
    struct cv_pep440 v = {.local = CV_S("")};
    uint32_t n;
    s = cv_str_trim(s);
    if (s.len && cv_lower(s.ptr[0]) == 'v')
        s = cv_str_from(s, 1);
    size_t bang = cv_str_findc(s, '!');
    if (bang != SIZE_MAX) {
        if (!cv_str_u32(cv_str_sub(s, 0, bang), &v.epoch))
            return false;
        s = cv_str_from(s, bang + 1);
    }
    size_t plus = cv_str_findc(s, '+');
    if (plus != SIZE_MAX) {
        v.local = cv_str_from(s, plus + 1);
        if (!local_ok(v.local))
            return false;
        s = cv_str_sub(s, 0, plus);
    }
    if (!take_number(&s, &n))
        return false;
    v.release[v.n_release++] = n;
    while (s.len > 1 && s.ptr[0] == '.' && cv_is_digit(s.ptr[1])) {
        s = cv_str_from(s, 1);
        if (v.n_release == 8 || !take_number(&s, &n))
            return false;
        v.release[v.n_release++] = n;
    }
    take_pre(&s, &v);
    take_post(&s, &v);
    take_dev(&s, &v);
    if (s.len)
        return false;
    *ret = v;
    return true;
}

bool cv_pep440_is_pre(const struct cv_pep440 *v)
{
    return v->pre != 0 || v->has_dev;
}

static int cmp_u32(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int cmp_release(const struct cv_pep440 *a, const struct cv_pep440 *b)
{
    for (unsigned i = 0; i < 8; i++) {
        uint32_t x = i < a->n_release ? a->release[i] : 0;
        uint32_t y = i < b->n_release ? b->release[i] : 0;
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

/* Place of a version among those with the same release: dev-only < a < b < rc < final. */
static int pre_rank(const struct cv_pep440 *v)
{
    if (v->pre)
        return v->pre - 'a' + 1;
    return v->has_dev && !v->has_post ? 0 : 10;
}

static int cmp_local_part(cv_str a, cv_str b)
{
    uint32_t x, y;
    bool na = cv_str_u32(a, &x);
    bool nb = cv_str_u32(b, &y);
    if (na && nb)
        return cmp_u32(x, y);
    if (na != nb)
        return na ? 1 : -1; /* numbers after words */
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int d = cv_lower(a.ptr[i]) - cv_lower(b.ptr[i]);
        if (d)
            return d;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static cv_str take_local_part(cv_str *rest)
{
    size_t i = 0;
    while (i < rest->len && rest->ptr[i] != '.' && rest->ptr[i] != '-' && rest->ptr[i] != '_')
        i++;
    cv_str part = cv_str_sub(*rest, 0, i);
    *rest = cv_str_from(*rest, i < rest->len ? i + 1 : i);
    return part;
}

static int cmp_local(cv_str a, cv_str b)
{
    while (a.len && b.len) {
        int c = cmp_local_part(take_local_part(&a), take_local_part(&b));
        if (c)
            return c;
    }
    return (a.len > 0) - (b.len > 0);
}

static int cmp_public(const struct cv_pep440 *a, const struct cv_pep440 *b)
{
    int c = cmp_u32(a->epoch, b->epoch);
    if (c == 0)
        c = cmp_release(a, b);
    if (c == 0)
        c = (pre_rank(a) > pre_rank(b)) - (pre_rank(a) < pre_rank(b));
    if (c == 0)
        c = cmp_u32(a->pre_n, b->pre_n);
    if (c == 0)
        c = a->has_post - b->has_post;
    if (c == 0)
        c = cmp_u32(a->post_n, b->post_n);
    if (c == 0)
        c = b->has_dev - a->has_dev;
    if (c == 0)
        c = cmp_u32(a->dev_n, b->dev_n);
    return c;
}

bool cv_pep440_same_public(const struct cv_pep440 *a, const struct cv_pep440 *b)
{
    return cmp_public(a, b) == 0;
}

int cv_pep440_cmp(const struct cv_pep440 *a, const struct cv_pep440 *b)
{
    int c = cmp_public(a, b);
    return c ? c : cmp_local(a->local, b->local);
}

/* ---- specifiers ---- */

static bool same_release_prefix(const struct cv_pep440 *v, const struct cv_pep440 *p, unsigned n)
{
    if (v->epoch != p->epoch)
        return false;
    for (unsigned i = 0; i < n; i++) {
        uint32_t x = i < v->n_release ? v->release[i] : 0;
        if (x != p->release[i])
            return false;
    }
    return true;
}

static bool same_release(const struct cv_pep440 *a, const struct cv_pep440 *b)
{
    return a->epoch == b->epoch && cmp_release(a, b) == 0;
}

/* "==1.2.*" and "!=1.2.*"; false if the text is malformed. */
static bool match_wildcard(const struct cv_pep440 *v, cv_str text, bool *ret)
{
    struct cv_pep440 p;
    if (!cv_pep440_parse(cv_str_sub(text, 0, text.len - 2), &p) || p.pre || p.has_post ||
        p.has_dev || p.local.len)
        return false;
    *ret = same_release_prefix(v, &p, p.n_release);
    return true;
}

static bool match_one(const struct cv_pep440 *v, cv_str raw, cv_str spec, bool *ret)
{
    static const char *const ops[] = {"===", "==", "!=", "<=", ">=", "~=", "<", ">"};
    const char *op = NULL;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0] && !op; i++)
        if (cv_str_starts(spec, ops[i]))
            op = ops[i];
    if (!op)
        return false;
    cv_str text = cv_str_trim(cv_str_from(spec, strlen(op)));
    bool equal = op[0] == '=' || op[0] == '!';
    if (strcmp(op, "===") == 0) {
        *ret = cv_str_ieq(raw, text);
        return text.len > 0;
    }
    if (equal && cv_str_ends(text, ".*")) {
        if (!match_wildcard(v, text, ret))
            return false;
        if (op[0] == '!')
            *ret = !*ret;
        return true;
    }
    struct cv_pep440 p;
    if (!cv_pep440_parse(text, &p) || (p.local.len && !equal))
        return false;
    int c = cmp_public(v, &p);
    if (equal) {
        bool same = c == 0 && (p.local.len == 0 || cmp_local(v->local, p.local) == 0);
        *ret = op[0] == '=' ? same : !same;
    } else if (op[0] == '~') {
        if (p.n_release < 2)
            return false;
        *ret = c >= 0 && same_release_prefix(v, &p, p.n_release - 1u);
    } else if (op[1] == '=') {
        *ret = op[0] == '<' ? c <= 0 : c >= 0;
    } else if (op[0] == '<') { /* "<1.0" leaves out pre-releases of 1.0 */
        *ret = c < 0 && !(!cv_pep440_is_pre(&p) && cv_pep440_is_pre(v) && same_release(v, &p));
    } else { /* ">1.0" leaves out post-releases of 1.0 */
        *ret = c > 0 && !(!p.has_post && v->has_post && same_release(v, &p));
    }
    return true;
}

bool cv_pep440_match(cv_str version, cv_str specifiers, bool *ret_match)
{
    struct cv_pep440 v;
    if (!cv_pep440_parse(version, &v))
        return false;
    bool all = true;
    cv_str rest = cv_str_trim(specifiers);
    cv_str part;
    while (rest.len && cv_str_next(&rest, ',', &part)) {
        bool one;
        part = cv_str_trim(part);
        if (part.len == 0)
            continue;
        if (!match_one(&v, cv_str_trim(version), part, &one))
            return false;
        all = all && one;
    }
    *ret_match = all;
    return true;
}

cv_str cv_project_name(cv_str raw, char *to, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.len && n < cap; i++) {
        char c = raw.ptr[i];
        if (c == '-' || c == '_' || c == '.') {
            if (n == 0 || to[n - 1] != '-')
                to[n++] = '-';
        } else {
            to[n++] = cv_lower(c);
        }
    }
    return (cv_str){to, n};
}

bool cv_python_parse(cv_str s, struct cv_xy *ret, bool *ret_free_threaded)
{
    bool t = s.len && s.ptr[s.len - 1] == 't';
    if (t)
        s.len--;
    uint32_t minor;
    if (!cv_dotted_num(s, 1, &minor) || !cv_xy_parse(s, ret))
        return false;
    *ret_free_threaded = t;
    return true;
}
