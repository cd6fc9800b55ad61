/* answer.c: the messages of a log in order, root cause first, each with the cause that the machine confirms. */
#include "explain/explain.h"

#define CV_INCIDENT_LINES 60u /* messages at most so far apart belong together */
#define CV_BLOCK_LINES    4u  /* ... and so near are said by one message and its frame */

/* How near to the hardware a topic is: in one incident a fault below explains those above. */
static unsigned depth_of(cv_str topic)
{
    static const struct {
        const char *topic;
        unsigned depth;
    } depths[] = {{"kernel", 0}, {"dkms", 0},       {"driver", 1}, {"nvml", 1},    {"container", 1},
                  {"loader", 1}, {"wsl", 1},        {"jetson", 1}, {"windows", 1}, {"nccl", 3},
                  {"slurm", 3},  {"kubernetes", 3}, {"advice", 8}, {"noise", 9}};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++)
        if (cv_str_eqz(topic, depths[i].topic))
            return depths[i].depth;
    return 2;
}

/* ---- order ---- */

static int cmp_u64(uint64_t x, uint64_t y)
{
    return x < y ? -1 : x > y;
}

static int cmp_line(const struct cv_explained *x, const struct cv_explained *y)
{
    int c = cmp_u64(x->seen->line, y->seen->line);
    return c ? c : cmp_u64(x->row, y->row);
}

/* Noise and advice last; then by incident, the lowest layer first, and in the log's order; in one block the catalogue's order decides. */
static int cmp_final(const struct cv_explained *x, const struct cv_explained *y)
{
    int c = cmp_u64(x->line_depth >= 8 ? x->line_depth : 0, y->line_depth >= 8 ? y->line_depth : 0);
    if (c == 0)
        c = cmp_u64(x->incident, y->incident);
    if (c == 0)
        c = cmp_u64(x->line_depth, y->line_depth);
    if (c == 0)
        c = cmp_u64(x->block, y->block);
    return c ? c : cmp_u64(x->row, y->row);
}

static void sort(struct cv_explanation *x,
                 int (*cmp)(const struct cv_explained *, const struct cv_explained *))
{
    for (uint32_t i = 1; i < x->n_matches; i++) {
        struct cv_explained e = x->matches[i];
        uint32_t j = i;
        for (; j > 0 && cmp(&x->matches[j - 1], &e) > 0; j--)
            x->matches[j] = x->matches[j - 1];
        x->matches[j] = e;
    }
}

/* Lines near each other are one incident. On one line the catalogue's order decides, so the line has the depth of its first entry. */
static void put_in_order(struct cv_explanation *x)
{
    sort(x, cmp_line);
    for (uint32_t i = 0; i < x->n_matches; i++) {
        struct cv_explained *e = &x->matches[i], *before = i ? e - 1 : NULL;
        e->incident = before && e->seen->line - before->seen->line <= CV_INCIDENT_LINES
                          ? before->incident
                          : e->seen->line;
        e->block = before && e->seen->line - before->seen->line <= CV_BLOCK_LINES ? before->block
                                                                                  : e->seen->line;
        bool with_before =
            before && e->seen->line == before->seen->line && e->depth < 8 && before->line_depth < 8;
        e->line_depth = with_before ? before->line_depth : e->depth;
    }
    sort(x, cmp_final);
}

/* ---- texts with values ---- */

static bool harmless(cv_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!cv_is_alpha(s.ptr[i]) && !cv_is_digit(s.ptr[i]) &&
            cv_str_findc(CV_S("._+:/=-"), s.ptr[i]) == SIZE_MAX)
            return false;
    return s.len > 0 && s.ptr[0] != '-';
}

static cv_str python_of(struct cv_asking *q)
{
    const struct cv_env *e = cv_explain_env(q);
    return e && e->path.len && !q->ask->elsewhere && !q->x->foreign.len
               ? cv_arena_fmt(q->a, CV_FMT "/bin/python", CV_ARG(e->path))
               : CV_S("python");
}

/* {name|error}: the name of a CUDA error number, and the other way round; {name|xid}: what an Xid means. */
static cv_str decoded(struct cv_asking *q, cv_str v, cv_str how)
{
    if (cv_str_eqz(how, "cuda"))
        return cv_explain_cuda(q->a, v);
    return cv_explain_code(q->ask->f, q->a, how, v);
}

static bool is_name(cv_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!cv_is_alpha(s.ptr[i]) && !cv_is_digit(s.ptr[i]) && s.ptr[i] != '_' && s.ptr[i] != '|')
            return false;
    return s.len > 0;
}

static cv_str value_of(struct cv_asking *q, const struct cv_explained *of, cv_str name)
{
    cv_str v = cv_explain_field(of, name);
    if (v.len || q->x->foreign.len)
        return v;
    if (cv_term_is_machine(name) && cv_explain_machine(q, name, &v, NULL) == CV_YES)
        return v;
    const struct cv_machine *m = q->ask->m;
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        const struct cv_fact *f = cv_str_eqz(name, "gpu")  ? &m->gpus[i].name
                                  : cv_str_eqz(name, "cc") ? &m->gpus[i].cc_text
                                                           : NULL;
        if (f && cv_known(f))
            return f->v;
    }
    return CV_S("");
}

bool cv_explain_words(struct cv_asking *q, const struct cv_explained *of, cv_str cell, bool shell,
                      cv_str *ret)
{
    struct cv_buf b;
    bool good = true;
    cv_buf_init(&b, q->a);
    for (size_t i = 0; i < cell.len;) {
        cv_str rest = cv_str_from(cell, i + 1);
        size_t close = cell.ptr[i] == '{' ? cv_str_findc(rest, '}') : SIZE_MAX;
        cv_str name = close == SIZE_MAX ? CV_S("") : cv_str_sub(rest, 0, close);
        if (!is_name(name)) {
            cv_buf_addc(&b, cell.ptr[i++]);
            continue;
        }
        size_t bar = cv_str_findc(name, '|');
        cv_str field = cv_str_sub(name, 0, bar == SIZE_MAX ? name.len : bar);
        bool python = cv_str_eqz(field, "python") && shell;
        cv_str v = python ? python_of(q) : value_of(q, of, field);
        if (bar != SIZE_MAX && v.len)
            v = decoded(q, v, cv_str_from(name, bar + 1));
        else if (v.len == 0)
            v = shell ? v : CV_S("?");
        good = good && (!shell || harmless(v));
        cv_buf_add(&b, python ? cv_shell_word(q->a, v) : v);
        i += close + 2;
    }
    *ret = cv_buf_str(&b);
    return good;
}

/* ---- causes ---- */

static void find_cause(struct cv_asking *q, struct cv_explained *to)
{
    uint32_t first = 0, n = cv_explain_causes(q->ask->f, to->id, &first);
    uint32_t ruled_out = 0;
    to->cause = -1;
    to->confirmed = CV_UNKNOWN;
    for (uint32_t i = 0; i < n; i++) {
        struct cv_terms terms = {0};
        struct cv_explained_cause *c = CV_PUSH(q->a, to, causes);
        if (!c ||
            cv_terms_parse(q->a, cv_facts_get(q->ask->f, CV_T_ERROR_CAUSES, first + i, "probe"),
                           &terms, NULL) != CV_OK)
            return;
        c->row = first + i;
        (void)cv_explain_words(
            q, to, cv_facts_get(q->ask->f, CV_T_ERROR_CAUSES, first + i, "cause"), false, &c->text);
        c->holds = cv_terms_eval(q, &terms, to, to->confirmed == CV_YES ? NULL : to);
        if (c->holds == CV_YES && to->confirmed != CV_YES) {
            to->cause = (int)i;
            to->confirmed = CV_YES;
            struct cv_evidence *e = to->n_evidence ? NULL : CV_PUSH(q->a, to, evidence);
            if (e) /* only what is not there speaks for it */
                *e = (struct cv_evidence){
                    CV_S("this holds"),
                    cv_facts_get(q->ask->f, CV_T_ERROR_CAUSES, c->row, "probe")};
        }
        ruled_out += c->holds == CV_NO;
    }
    for (uint32_t i = 0; i < to->n_causes && to->cause < 0; i++)
        if (to->causes[i].holds == CV_UNKNOWN)
            to->cause = (int)i;
    if (n > 0 && ruled_out == n) {
        to->cause = 0;
        to->confirmed = CV_NO;
    }
}

void cv_explain(const struct cv_explain_ask *ask, struct cv_arena *a, struct cv_explanation *x)
{
    struct cv_asking q = {.ask = ask, .a = a, .x = x};
    x->elsewhere = ask->elsewhere;
    for (uint32_t row = 0; row < x->r->n_entries; row++) {
        const struct cv_seen *s = &x->r->seen[row];
        cv_str topic = cv_facts_get(ask->f, CV_T_ERRORS, row, "topic");
        if (s->count == 0)
            continue;
        struct cv_explained *to = CV_PUSH(a, x, matches);
        if (!to)
            return;
        *to = (struct cv_explained){.row = row,
                                    .id = cv_facts_at(ask->f, CV_T_ERRORS, row, 0),
                                    .topic = topic,
                                    .seen = s,
                                    .depth = depth_of(topic),
                                    .source = cv_facts_source(ask->f, CV_T_ERRORS, row)};
    }
    put_in_order(x);
    for (uint32_t i = 0; i < x->n_matches; i++) {
        struct cv_explained *e = &x->matches[i];
        (void)cv_explain_words(&q, e, cv_facts_get(ask->f, CV_T_ERRORS, e->row, "meaning"), false,
                               &e->meaning);
        find_cause(&q, e);
        cv_explain_fixes(&q, e);
    }
}
