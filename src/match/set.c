/* set.c: the search in front of the expressions. See set.h. */
#include "match/set.h"

#include "base/buf.h"
#include "match/scan.h"

#define CV_WINDOW_MAX 8u

static uint32_t hash16(uint32_t key)
{
    return key * 2654435761u >> (32 - CV_GRAM_BITS);
}

static uint32_t key_at(const char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v | 0x20202020u;
}

/* How seldom a byte is: the window of a text with the rarest bytes is looked for. */
static uint32_t rarity(char c)
{
    static const char often[] = " etaoinsrhldcu";
    const char *p = c ? strchr(often, c) : NULL;
    return p ? (uint32_t)(p - often) / 2 : cv_is_alpha(c) ? 9 : 10;
}

static uint32_t best_window(cv_str s, uint32_t window)
{
    uint32_t best = 0, best_sum = 0;
    for (uint32_t i = 0; i + window <= s.len; i++) {
        uint32_t sum = 0;
        for (uint32_t k = 0; k < window; k++)
            sum += rarity(s.ptr[i + k]);
        if (sum > best_sum) {
            best = i;
            best_sum = sum;
        }
    }
    return best;
}

struct making {
    struct cv_buf pool;
    CV_LIST(struct cv_set_factor, factors);
    CV_LIST(struct cv_set_gram, grams);
    uint64_t *bitmap;
    uint32_t *slots;
    uint32_t n_slots;
};

static bool add_gram(struct cv_arena *a, struct making *m, uint32_t factor, uint32_t at)
{
    struct cv_set_gram *g = CV_PUSH(a, m, grams);
    if (!g)
        return false;
    uint32_t key = key_at(m->pool.ptr + m->factors[factor].text + at), h = hash16(key);
    *g = (struct cv_set_gram){.key = key, .factor = factor, .at = at};
    m->bitmap[h / 64] |= (uint64_t)1 << (h % 64);
    return true;
}

static bool make_slots(struct cv_arena *a, struct making *m)
{
    m->n_slots = 64;
    while (m->n_slots < 4 * m->n_grams)
        m->n_slots *= 2;
    m->slots = cv_arena_alloc(a, m->n_slots * sizeof *m->slots);
    if (!m->slots)
        return false;
    for (uint32_t i = 0; i < m->n_grams; i++) {
        uint32_t k = m->grams[i].key * 2654435761u & (m->n_slots - 1);
        while (m->slots[k] && m->grams[m->slots[k] - 1].key != m->grams[i].key)
            k = (k + 1) & (m->n_slots - 1);
        m->grams[i].next = m->slots[k];
        m->slots[k] = i + 1;
    }
    return true;
}

const struct cv_set_gram *cv_set_lookup(const struct cv_set_tables *set, uint32_t key)
{
    uint32_t k = key * 2654435761u & (set->n_slots - 1);
    for (; set->slots[k]; k = (k + 1) & (set->n_slots - 1))
        if (set->grams[set->slots[k] - 1].key == key)
            return &set->grams[set->slots[k] - 1];
    return NULL;
}

size_t cv_set_next(const struct cv_set_tables *set, const char *text, size_t at, size_t end)
{
    const uint64_t *map = set->bitmap;
    size_t stride = set->stride;
    for (; at < end; at += stride) {
        uint32_t h = hash16(key_at(text + at));
        if (map[h / 64] >> (h % 64) & 1)
            return at;
    }
    return at;
}

static int add_factors(struct cv_arena *a, struct making *m, cv_str expr, uint32_t pattern,
                       uint32_t *window, struct cv_error *e)
{
    struct cv_re_node *tree;
    struct cv_factors f = {0};
    uint32_t groups;
    int rc = cv_re_parse(a, expr, &tree, &groups, e);
    if (rc != CV_OK)
        return rc;
    cv_re_factors(a, tree, &f);
    if (f.n_v == 0 && !a->oom)
        return cv_fail(e, CV_E_INPUT, expr, 0,
                       cv_arena_fmt(a, "no text of %u bytes is in every match", CV_MIN_RE_FACTOR));
    for (uint32_t k = 0; k < f.n_v; k++) {
        struct cv_set_factor *to = CV_PUSH(a, m, factors);
        if (!to)
            break;
        *to = (struct cv_set_factor){(uint32_t)m->pool.len, (uint32_t)f.v[k].text.len, pattern,
                                     f.v[k].min_before, f.v[k].max_before};
        cv_buf_add(&m->pool, f.v[k].text);
        if (to->len < *window)
            *window = to->len;
    }
    return CV_OK;
}

int cv_set_tables_make(struct cv_arena *a, const cv_str *exprs, uint32_t n,
                       struct cv_set_tables *ret, struct cv_error *e)
{
    struct making m = {.bitmap = cv_arena_alloc(a, CV_GRAM_WORDS * sizeof(uint64_t))};
    uint32_t window = CV_WINDOW_MAX;
    cv_buf_init(&m.pool, a);
    for (uint32_t i = 0; i < n; i++) {
        int rc = add_factors(a, &m, exprs[i], i, &window, e);
        if (rc != CV_OK)
            return rc;
    }
    for (uint32_t i = 0; i < m.n_factors && !a->oom; i++) {
        uint32_t from =
            best_window((cv_str){m.pool.ptr + m.factors[i].text, m.factors[i].len}, window);
        for (uint32_t k = 0; k < window - 3; k++)
            if (!add_gram(a, &m, i, from + k))
                break;
    }
    if (!make_slots(a, &m) || a->oom)
        return cv_fail(e, CV_E_NOMEM, CV_S(""), 0, CV_S("out of memory"));
    *ret = (struct cv_set_tables){n,      m.pool.ptr, m.factors, m.n_factors, m.grams,  m.n_grams,
                                  window, window - 3, m.bitmap,  m.slots,     m.n_slots};
    return CV_OK;
}

bool cv_set_init(struct cv_arena *a, const struct cv_set_tables *t, const cv_str *exprs,
                 struct cv_set *ret)
{
    *ret = (struct cv_set){.t = *t,
                           .exprs = exprs,
                           .compiled =
                               cv_arena_alloc(a, ((size_t)t->n_exprs + 1) * sizeof *ret->compiled)};
    return ret->compiled != NULL;
}
