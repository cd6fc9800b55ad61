/* re_parse.c: an extended regular expression -> a tree. POSIX 1003.1, 9.4, without back references, collating elements and equivalence classes. */
#include "match/re.h"

#define CV_RE_DEPTH 100u /* groups in groups */

struct parser {
    struct cv_arena *a;
    cv_str s;
    size_t i;
    uint32_t groups, depth;
    bool fold;
    const char *wrong;
};

static struct cv_re_node *make(struct parser *p, enum cv_re_kind kind)
{
    struct cv_re_node *n = cv_arena_alloc(p->a, sizeof *n);
    if (!n)
        p->wrong = "out of memory";
    else
        n->kind = kind;
    return n;
}

static struct cv_re_node *fail(struct parser *p, const char *what)
{
    if (!p->wrong)
        p->wrong = what;
    return NULL;
}

static void add(uint32_t *set, unsigned char c)
{
    set[c >> 5] |= (uint32_t)1 << (c & 31);
}

static void add_folded(const struct parser *p, uint32_t *set, unsigned char c)
{
    add(set, c);
    if (p->fold && cv_is_alpha((char)c))
        add(set, c ^ 0x20);
}

/* In collapsed text the blank is the only white space. */
static const struct {
    const char *name;
    const char *ranges; /* pairs of first and last */
} classes[] = {{"alpha", "AZaz"}, {"digit", "09"},      {"alnum", "09AZaz"},
               {"upper", "AZ"},   {"lower", "az"},      {"space", "  "},
               {"blank", "  "},   {"xdigit", "09AFaf"}, {"punct", "!/:@[`{~"},
               {"print", " ~"},   {"graph", "!~"},      {"cntrl", "\x01\x1f\x7f\x7f"}};

static bool take_class(struct parser *p, uint32_t *set)
{
    cv_str rest = cv_str_from(p->s, p->i + 2);
    for (size_t k = 0; k < sizeof classes / sizeof classes[0]; k++) {
        size_t n = strlen(classes[k].name);
        if (!cv_str_starts(rest, classes[k].name) || !cv_str_starts(cv_str_from(rest, n), ":]"))
            continue;
        for (const char *r = classes[k].ranges; *r; r += 2)
            for (unsigned c = (unsigned char)r[0]; c <= (unsigned char)r[1]; c++)
                add_folded(p, set, (unsigned char)c);
        p->i += n + 4;
        return true;
    }
    return false;
}

static struct cv_re_node *bracket(struct parser *p)
{
    struct cv_re_node *n = make(p, CV_RE_SET);
    bool negated, closed = false;
    if (!n)
        return NULL;
    p->i++;
    negated = p->i < p->s.len && p->s.ptr[p->i] == '^';
    p->i += negated;
    for (size_t first = p->i; p->i < p->s.len && !closed;) {
        unsigned char c = (unsigned char)p->s.ptr[p->i],
                      next = p->i + 1 < p->s.len ? (unsigned char)p->s.ptr[p->i + 1] : 0;
        if (c == ']' && p->i > first) {
            closed = true;
            p->i++;
        } else if (c == '[' && (next == ':' || next == '.' || next == '=')) {
            if (next != ':' || !take_class(p, n->set))
                return fail(p, "an unknown class in brackets");
        } else if (next == '-' && p->i + 2 < p->s.len && p->s.ptr[p->i + 2] != ']') {
            unsigned char to = (unsigned char)p->s.ptr[p->i + 2];
            if (to < c)
                return fail(p, "a range that runs backwards");
            for (unsigned k = c; k <= to; k++)
                add_folded(p, n->set, (unsigned char)k);
            p->i += 3;
        } else {
            add_folded(p, n->set, c);
            p->i++;
        }
    }
    if (!closed)
        return fail(p, "a bracket that is not closed");
    for (unsigned k = 0; negated && k < 8; k++)
        n->set[k] = ~n->set[k];
    return n;
}

static struct cv_re_node *alternatives(struct parser *p);

static struct cv_re_node *group(struct parser *p)
{
    struct cv_re_node *n = make(p, CV_RE_GROUP);
    if (!n)
        return NULL;
    if (++p->depth > CV_RE_DEPTH)
        return fail(p, "groups too deep");
    p->i++;
    n->min = ++p->groups;
    n->first = alternatives(p);
    if (!n->first)
        return NULL;
    if (p->i >= p->s.len || p->s.ptr[p->i] != ')')
        return fail(p, "a group that is not closed");
    p->i++;
    p->depth--;
    return n;
}

static struct cv_re_node *single(struct parser *p, unsigned char c)
{
    struct cv_re_node *n = make(p, CV_RE_SET);
    if (n)
        add_folded(p, n->set, c);
    p->i++;
    return n;
}

static struct cv_re_node *atom(struct parser *p)
{
    struct cv_re_node *n;
    unsigned char c = (unsigned char)p->s.ptr[p->i];
    switch (c) {
    case '(':
        return group(p);
    case '[':
        return bracket(p);
    case '.':
        n = make(p, CV_RE_SET);
        if (n)
            memset(n->set, 0xff, sizeof n->set);
        p->i++;
        return n;
    case '^':
    case '$':
        p->i++;
        return make(p, c == '^' ? CV_RE_START : CV_RE_END);
    case '*':
    case '+':
    case '?':
    case '{':
        return fail(p, "a repetition of nothing");
    case '\\':
        if (p->i + 1 >= p->s.len)
            return fail(p, "a backslash at the end");
        c = (unsigned char)p->s.ptr[++p->i];
        if (c > 0x7e || c <= ' ' || cv_is_alpha((char)c) || cv_is_digit((char)c))
            return fail(p, "a backslash before something that is no punctuation");
        return single(p, c);
    default:
        return single(p, c);
    }
}

static bool number(struct parser *p, uint32_t *ret)
{
    uint32_t v = 0;
    size_t from = p->i;
    while (p->i < p->s.len && cv_is_digit(p->s.ptr[p->i]) && v <= CV_MAX_RE_REPEAT)
        v = v * 10 + (uint32_t)(p->s.ptr[p->i++] - '0');
    *ret = v;
    return p->i > from && v <= CV_MAX_RE_REPEAT;
}

static bool interval(struct parser *p, uint32_t *ret_min, uint32_t *ret_max)
{
    p->i++;
    if (!number(p, ret_min))
        return false;
    *ret_max = *ret_min;
    if (p->i < p->s.len && p->s.ptr[p->i] == ',') {
        p->i++;
        *ret_max = CV_RE_NO_END;
        if (p->i < p->s.len && p->s.ptr[p->i] != '}' && !number(p, ret_max))
            return false;
    }
    if (p->i >= p->s.len || p->s.ptr[p->i] != '}' || *ret_max < *ret_min)
        return false;
    p->i++;
    return true;
}

static struct cv_re_node *piece(struct parser *p)
{
    struct cv_re_node *n = atom(p);
    while (n && p->i < p->s.len) {
        char c = p->s.ptr[p->i];
        uint32_t min = c == '+', max = c == '?' ? 1 : CV_RE_NO_END;
        if (c == '{') {
            if (!interval(p, &min, &max))
                return fail(p, "an interval that cannot be read");
        } else if (c == '*' || c == '+' || c == '?') {
            p->i++;
        } else {
            break;
        }
        struct cv_re_node *r = make(p, CV_RE_REPEAT);
        if (!r)
            return NULL;
        r->min = min;
        r->max = max;
        r->first = n;
        n = r;
    }
    return n;
}

static struct cv_re_node *branch(struct parser *p)
{
    struct cv_re_node *cat = make(p, CV_RE_CAT), **to = cat ? &cat->first : NULL;
    while (to && p->i < p->s.len && p->s.ptr[p->i] != '|' && p->s.ptr[p->i] != ')') {
        *to = piece(p);
        if (!*to)
            return NULL;
        to = &(*to)->next;
    }
    return cat;
}

static struct cv_re_node *alternatives(struct parser *p)
{
    struct cv_re_node *alt = make(p, CV_RE_ALT), **to = alt ? &alt->first : NULL;
    while (to) {
        *to = branch(p);
        if (!*to)
            return NULL;
        to = &(*to)->next;
        if (p->i >= p->s.len || p->s.ptr[p->i] != '|')
            break;
        p->i++;
    }
    return alt;
}

int cv_re_parse(struct cv_arena *a, cv_str expr, struct cv_re_node **ret, uint32_t *ret_groups,
                struct cv_error *e)
{
    struct parser p = {.a = a, .s = expr, .fold = cv_str_starts(expr, "(?i)")};
    if (expr.len > CV_MAX_RE_TEXT)
        return cv_fail(e, CV_E_LIMIT, expr, 0, CV_S("an expression that is too long"));
    p.i = p.fold ? 4 : 0;
    struct cv_re_node *n = alternatives(&p);
    if (n && p.i < expr.len)
        n = fail(&p, "a closing parenthesis without an opening one");
    if (n && p.groups >= CV_RE_GROUPS)
        n = fail(&p, "too many groups");
    if (!n)
        return cv_fail(
            e, a->oom ? CV_E_NOMEM : CV_E_INPUT, expr, 0,
            cv_arena_fmt(a, "%s, at byte %zu", p.wrong ? p.wrong : "not understood", p.i + 1));
    *ret = n;
    *ret_groups = p.groups;
    return CV_OK;
}
