/* re.c: the program of an expression, and the simulation that runs it. See re.h. */
#include "match/re.h"

enum { OP_SET, OP_BYTE, OP_ANY, OP_SPLIT, OP_JUMP, OP_SAVE, OP_START, OP_END, OP_MATCH };

struct emitter {
    struct cv_arena *a;
    CV_LIST(struct cv_re_ins, ins);
    uint32_t (*sets)[8];
    uint32_t n_sets, cap_sets;
    bool full;
};

static uint32_t emit(struct emitter *m, uint8_t op, uint8_t c, uint32_t x, uint32_t y)
{
    struct cv_re_ins *to = m->n_ins < CV_MAX_RE_PROGRAM ? CV_PUSH(m->a, m, ins) : NULL;
    if (!to) {
        m->full = true;
        return 0;
    }
    *to = (struct cv_re_ins){op, c, (uint16_t)x, (uint16_t)y};
    return m->n_ins - 1;
}

static uint32_t bits(const uint32_t *set, unsigned *ret_one)
{
    uint32_t n = 0;
    for (unsigned c = 0; c < 256; c++)
        if (cv_re_in(set, (unsigned char)c)) {
            n++;
            *ret_one = c;
        }
    return n;
}

static void emit_set(struct emitter *m, const uint32_t *set)
{
    unsigned one = 0;
    uint32_t n = bits(set, &one);
    if (n == 256 || n == 1) {
        (void)emit(m, n == 1 ? OP_BYTE : OP_ANY, (uint8_t)one, 0, 0);
        return;
    }
    for (uint32_t i = 0; i < m->n_sets; i++)
        if (memcmp(m->sets[i], set, sizeof m->sets[i]) == 0) {
            (void)emit(m, OP_SET, 0, i, 0);
            return;
        }
    uint32_t(*to)[8] = CV_PUSH(m->a, m, sets);
    if (!to) {
        m->full = true;
        return;
    }
    memcpy(*to, set, sizeof *to);
    (void)emit(m, OP_SET, 0, m->n_sets - 1, 0);
}

static void emit_node(struct emitter *m, const struct cv_re_node *n);

/* x{2,4} = x x (x (x)?)?; x* = L: split over x, jump L. */
static void emit_repeat(struct emitter *m, const struct cv_re_node *n)
{
    for (uint32_t i = 0; i < n->min && !m->full; i++)
        emit_node(m, n->first);
    if (n->max == CV_RE_NO_END) {
        uint32_t split = emit(m, OP_SPLIT, 0, 0, 0);
        emit_node(m, n->first);
        uint32_t jump = emit(m, OP_JUMP, 0, split, 0);
        if (m->full)
            return;
        m->ins[split].x = (uint16_t)(split + 1);
        m->ins[split].y = (uint16_t)(jump + 1);
        return;
    }
    uint32_t from = m->n_ins;
    for (uint32_t i = n->min; i < n->max && !m->full; i++) {
        uint32_t split = emit(m, OP_SPLIT, 1, 0, 0); /* c = 1: its way out is not set yet */
        if (!m->full)
            m->ins[split].x = (uint16_t)(split + 1);
        emit_node(m, n->first);
    }
    for (uint32_t i = from; i < m->n_ins && !m->full; i++)
        if (m->ins[i].op == OP_SPLIT && m->ins[i].c == 1) {
            m->ins[i].y = (uint16_t)m->n_ins;
            m->ins[i].c = 0;
        }
}

static void emit_alternatives(struct emitter *m, const struct cv_re_node *n)
{
    uint32_t last = UINT32_MAX; /* chain of jumps to the end, through x */
    for (const struct cv_re_node *k = n->first; k && !m->full; k = k->next) {
        uint32_t split = k->next ? emit(m, OP_SPLIT, 0, 0, 0) : 0;
        emit_node(m, k);
        if (!k->next || m->full)
            break;
        last = emit(m, OP_JUMP, 0, last == UINT32_MAX ? 0xffff : last, 0);
        if (m->full)
            return;
        m->ins[split].x = (uint16_t)(split + 1);
        m->ins[split].y = (uint16_t)m->n_ins;
    }
    while (last != UINT32_MAX && !m->full) {
        uint32_t before = m->ins[last].x;
        m->ins[last].x = (uint16_t)m->n_ins;
        last = before == 0xffff ? UINT32_MAX : before;
    }
}

static void emit_node(struct emitter *m, const struct cv_re_node *n)
{
    if (m->full)
        return;
    switch (n->kind) {
    case CV_RE_EMPTY:
        break;
    case CV_RE_SET:
        emit_set(m, n->set);
        break;
    case CV_RE_CAT:
        for (const struct cv_re_node *k = n->first; k; k = k->next)
            emit_node(m, k);
        break;
    case CV_RE_ALT:
        emit_alternatives(m, n);
        break;
    case CV_RE_REPEAT:
        emit_repeat(m, n);
        break;
    case CV_RE_GROUP:
        (void)emit(m, OP_SAVE, 0, 2 * n->min, 0);
        emit_node(m, n->first);
        (void)emit(m, OP_SAVE, 0, 2 * n->min + 1, 0);
        break;
    case CV_RE_START:
        (void)emit(m, OP_START, 0, 0, 0);
        break;
    case CV_RE_END:
        (void)emit(m, OP_END, 0, 0, 0);
        break;
    }
}

int cv_re_compile(struct cv_arena *a, cv_str expr, struct cv_re *ret, struct cv_factors *factors,
                  struct cv_error *e)
{
    struct cv_re_node *n;
    uint32_t groups = 0;
    int rc = cv_re_parse(a, expr, &n, &groups, e);
    if (rc != CV_OK)
        return rc;
    struct emitter m = {.a = a};
    emit_node(&m, n);
    (void)emit(&m, OP_MATCH, 0, 0, 0);
    if (a->oom)
        return cv_fail(e, CV_E_NOMEM, expr, 0, CV_S("out of memory"));
    if (m.full)
        return cv_fail(e, CV_E_LIMIT, expr, 0, CV_S("an expression that is too large"));
    if (factors)
        cv_re_factors(a, n, factors);
    *ret = (struct cv_re){.ins = m.ins,
                          .n_ins = m.n_ins,
                          .sets = (const uint32_t(*)[8])m.sets,
                          .n_sets = m.n_sets,
                          .n_caps = 2 * (groups + 1)};
    return CV_OK;
}

/* ---- the simulation ---- */

static bool reserve(struct cv_re_memory *m, const struct cv_re *re)
{
    if (re->n_ins <= m->cap_ins)
        return true;
    uint32_t n = re->n_ins < 256 ? 256 : re->n_ins;
    const size_t caps = (size_t)2 * CV_RE_GROUPS;
    uint32_t *all = cv_arena_raw(m->arena, (size_t)n * (2 + 1 + 2 * caps + 4) * sizeof *all +
                                               caps * sizeof *all);
    if (!all)
        return false;
    m->threads[0] = all;
    m->threads[1] = all + n;
    m->where = all + 2 * (size_t)n;
    m->caps[0] = all + 3 * (size_t)n;
    m->caps[1] = m->caps[0] + caps * n;
    m->stack = m->caps[1] + caps * n;
    m->keep = m->stack + 4 * (size_t)n; /* at most three entries for each instruction */
    memset(m->where, 0, (size_t)n * sizeof *all);
    m->cap_ins = n;
    return true;
}

struct run {
    const struct cv_re *re;
    struct cv_re_memory *m;
    const struct cv_re_search *s;
    uint32_t n[2]; /* threads */
    int to;        /* the list that grows */
};

static bool has_thread(const struct run *r, uint32_t pc)
{
    uint32_t k = r->m->where[pc];
    return k < r->n[r->to] && r->m->threads[r->to][k] == pc;
}

/* Adds the thread at pc with its captures, and all it reaches without a byte. The stack holds pcs in order of preference; a saved offset is taken back by
 * an entry of its own. */
static void follow(struct run *r, uint32_t pc, uint32_t at, uint32_t *caps)
{
    struct cv_re_memory *m = r->m;
    uint32_t n_caps = r->re->n_caps, top = 0;
    m->stack[top++] = pc;
    while (top > 0) {
        uint32_t p = m->stack[--top];
        if (p & 0x80000000u) {
            caps[p & 0xff] = m->stack[--top];
            continue;
        }
        if (has_thread(r, p))
            continue;
        uint32_t k = r->n[r->to]++;
        m->threads[r->to][k] = p;
        m->where[p] = k;
        const struct cv_re_ins *i = &r->re->ins[p];
        switch (i->op) {
        case OP_JUMP:
            m->stack[top++] = i->x;
            break;
        case OP_SPLIT:
            m->stack[top++] = i->y;
            m->stack[top++] = i->x;
            break;
        case OP_SAVE:
            m->stack[top++] = caps[i->x];
            m->stack[top++] = 0x80000000u | i->x;
            caps[i->x] = at;
            m->stack[top++] = p + 1;
            break;
        case OP_START:
            if (at == 0 && r->s->at_start)
                m->stack[top++] = p + 1;
            break;
        case OP_END:
            if (at == r->s->text.len && r->s->at_end)
                m->stack[top++] = p + 1;
            break;
        default:
            memcpy(m->caps[r->to] + (size_t)k * n_caps, caps, n_caps * sizeof *caps);
            break;
        }
    }
}

/* All threads over one byte. True: a thread that came to the end of the program was met; those behind it are dropped. */
static bool step(struct run *r, uint32_t at)
{
    struct cv_re_memory *m = r->m;
    int from = r->to;
    uint32_t n_caps = r->re->n_caps;
    bool more = at < r->s->text.len;
    unsigned char c = more ? (unsigned char)r->s->text.ptr[at] : 0;
    r->to = 1 - from;
    r->n[r->to] = 0;
    for (uint32_t k = 0; k < r->n[from]; k++) {
        uint32_t p = m->threads[from][k];
        const struct cv_re_ins *i = &r->re->ins[p];
        uint32_t *caps = m->caps[from] + (size_t)k * n_caps;
        bool go = false;
        switch (i->op) {
        case OP_BYTE:
            go = more && c == i->c;
            break;
        case OP_ANY:
            go = more;
            break;
        case OP_SET:
            go = more && cv_re_in(r->re->sets[i->x], c);
            break;
        case OP_MATCH:
            memcpy(m->keep, caps, n_caps * sizeof *caps);
            m->keep[1] = at;
            return true;
        default:
            break;
        }
        if (go && at - caps[0] < r->s->longest)
            follow(r, p + 1, at + 1, caps);
    }
    return false;
}

bool cv_re_find(const struct cv_re *re, struct cv_re_memory *m, const struct cv_re_search *s,
                uint32_t *ret_caps)
{
    uint32_t span = 0, fresh[2 * CV_RE_GROUPS];
    bool found = false;
    struct run r = {.re = re, .m = m, .s = s};
    if (s->n_spans == 0 || !reserve(m, re))
        return false;
    for (uint32_t at = s->spans[0].from; at <= s->text.len; at++) {
        while (span < s->n_spans && s->spans[span].to < at)
            span++;
        if (r.n[r.to] == 0) {
            if (found || span == s->n_spans)
                break;
            if (s->spans[span].from > at)
                at = s->spans[span].from;
            if (at > s->text.len)
                break;
        }
        if (!found && span < s->n_spans && s->spans[span].from <= at) {
            memset(fresh, 0xff, re->n_caps * sizeof *fresh);
            fresh[0] = at;
            follow(&r, 0, at, fresh);
        }
        if (step(&r, at)) {
            found = true;
            memcpy(ret_caps, m->keep, re->n_caps * sizeof *ret_caps);
        }
    }
    return found;
}
