/* re_factor.c: which text every match of an expression holds. A run of single bytes in a row is certain; a group is certain if it must be passed; of
 * alternatives each must hold one. Bytes are compared folded by | 0x20, so [Dd] is one byte. */
#include "match/re.h"

#define CV_FAR        CV_MAX_EXPLAIN_SPAN
#define CV_FACTOR_MAX 32u

struct best {
    struct cv_factors f;
    uint32_t score;
};

struct lengths {
    uint32_t min, max;
};

static uint32_t sum(uint32_t x, uint32_t y)
{
    return x + y < CV_FAR ? x + y : CV_FAR;
}

static uint32_t times(uint32_t x, uint32_t y)
{
    uint64_t v = (uint64_t)x * y;
    return v < CV_FAR ? (uint32_t)v : CV_FAR;
}

static struct lengths lengths_of(const struct cv_re_node *n)
{
    struct lengths l = {0, 0}, k;
    switch (n->kind) {
    case CV_RE_SET:
        return (struct lengths){1, 1};
    case CV_RE_CAT:
    case CV_RE_GROUP:
        for (const struct cv_re_node *c = n->first; c; c = c->next) {
            k = lengths_of(c);
            l = (struct lengths){sum(l.min, k.min), sum(l.max, k.max)};
        }
        return l;
    case CV_RE_ALT:
        l = lengths_of(n->first);
        for (const struct cv_re_node *c = n->first->next; c; c = c->next) {
            k = lengths_of(c);
            l.min = k.min < l.min ? k.min : l.min;
            l.max = k.max > l.max ? k.max : l.max;
        }
        return l;
    case CV_RE_REPEAT:
        k = lengths_of(n->first);
        return (struct lengths){times(k.min, n->min), n->max == CV_RE_NO_END
                                                          ? (k.max ? CV_FAR : 0)
                                                          : times(k.max, n->max)};
    default:
        return l;
    }
}

/* The one byte of a set after folding; false if there are several. */
static bool folded_byte(const uint32_t *set, char *ret)
{
    int one = -1;
    for (unsigned c = 0; c < 256; c++) {
        if (!cv_re_in(set, (unsigned char)c))
            continue;
        if (one >= 0 && one != (int)(c | 0x20))
            return false;
        one = (int)(c | 0x20);
    }
    if (one < 0)
        return false;
    *ret = (char)one;
    return true;
}

/* How seldom a byte is in logs. */
static uint32_t weight(char c)
{
    static const char common[] = " etaoinsrl";
    if (strchr(common, c) && c)
        return 2;
    return cv_is_alpha(c) ? 3 : 4;
}

static uint32_t score_of(cv_str s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len && i < 16; i++)
        n += weight(s.ptr[i]);
    return s.len < CV_MIN_RE_FACTOR ? 0 : n;
}

struct walk {
    struct cv_arena *a;
    struct best best;
    char run[CV_FACTOR_MAX];
    uint32_t n_run;
    struct lengths run_at, at;
};

static void end_run(struct walk *w)
{
    cv_str s = {w->run, w->n_run};
    uint32_t score = score_of(s);
    if (score > w->best.score) {
        struct cv_factors f = {0};
        struct cv_factor *to = CV_PUSH(w->a, &f, v);
        if (to) {
            *to = (struct cv_factor){cv_arena_str(w->a, s), w->run_at.min, w->run_at.max};
            w->best = (struct best){f, score};
        }
    }
    w->n_run = 0;
}

static void walk(struct walk *w, const struct cv_re_node *n);

/* Alternatives, or something that must be passed at least once: its own best. */
static void inner(struct walk *w, const struct cv_re_node *n)
{
    struct best all = {.score = UINT32_MAX};
    for (const struct cv_re_node *k = n->kind == CV_RE_ALT ? n->first : n; k;
         k = n->kind == CV_RE_ALT ? k->next : NULL) {
        struct walk in = {.a = w->a};
        walk(&in, n->kind == CV_RE_ALT ? k : n->first);
        end_run(&in);
        if (in.best.score == 0)
            return;
        all.score = in.best.score < all.score ? in.best.score : all.score;
        for (uint32_t i = 0; i < in.best.f.n_v; i++) {
            struct cv_factor *to = CV_PUSH(w->a, &all.f, v);
            if (!to)
                return;
            *to = in.best.f.v[i];
            to->min_before = sum(to->min_before, w->at.min);
            to->max_before = sum(to->max_before, w->at.max);
        }
    }
    if (all.score > w->best.score)
        w->best = all;
}

static void step_over(struct walk *w, const struct cv_re_node *n)
{
    struct lengths l = lengths_of(n);
    w->at = (struct lengths){sum(w->at.min, l.min), sum(w->at.max, l.max)};
}

static void walk(struct walk *w, const struct cv_re_node *n)
{
    char c;
    switch (n->kind) {
    case CV_RE_SET:
        if (!folded_byte(n->set, &c)) {
            end_run(w);
        } else {
            if (w->n_run == CV_FACTOR_MAX)
                end_run(w);
            if (w->n_run == 0)
                w->run_at = w->at;
            w->run[w->n_run++] = c;
        }
        step_over(w, n);
        break;
    case CV_RE_CAT:
        for (const struct cv_re_node *k = n->first; k; k = k->next)
            walk(w, k);
        break;
    case CV_RE_GROUP:
        walk(w, n->first);
        break;
    case CV_RE_ALT:
        if (!n->first->next) { /* only one */
            walk(w, n->first);
            break;
        }
        end_run(w);
        inner(w, n);
        step_over(w, n);
        break;
    case CV_RE_REPEAT:
        end_run(w);
        if (n->min > 0)
            inner(w, n);
        step_over(w, n);
        break;
    default:
        break;
    }
}

void cv_re_factors(struct cv_arena *a, const struct cv_re_node *n, struct cv_factors *ret)
{
    struct walk w = {.a = a};
    walk(&w, n);
    end_run(&w);
    *ret = w.best.f;
}
