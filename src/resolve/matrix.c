/* matrix.c: see matrix.h. */
#include "resolve/matrix.h"
#include "rules/judge.h"

/* Newest CUDA first, cpu behind them. */
static int variant_cmp(cv_str x, cv_str y)
{
    struct cv_xy a = {0, 0}, b = {0, 0};
    (void)cv_xy_from_variant(x, &a);
    (void)cv_xy_from_variant(y, &b);
    return cv_xy_cmp(b, a);
}

static void list_variants(struct cv_matrix *x, struct cv_arena *a, const struct cv_survey *s)
{
    for (uint32_t i = 0; i < s->n_all; i++) {
        const struct cv_build *b = s->all[i].b;
        bool there = b->foreign;
        for (uint32_t k = 0; k < x->n_variants && !there; k++)
            there = cv_str_eq(x->variants[k], b->variant);
        if (there || !CV_PUSH(a, x, variants))
            continue;
        uint32_t k = x->n_variants - 1;
        for (; k > 0 && variant_cmp(b->variant, x->variants[k - 1]) < 0; k--)
            x->variants[k] = x->variants[k - 1];
        x->variants[k] = b->variant;
    }
    x->floors = cv_arena_alloc(a, (x->n_variants + 1) * sizeof *x->floors);
    for (uint32_t i = 0; x->floors && i < s->n_all; i++)
        for (uint32_t k = 0; k < x->n_variants; k++)
            if (s->all[i].b->has_cuda && cv_str_eq(x->variants[k], s->all[i].b->variant))
                x->floors[k] = s->all[i].b->floors;
}

cv_str cv_matrix_driver(const struct cv_matrix *x, uint32_t variant)
{
    const struct cv_floors *k = &x->floors[variant];
    int w = x->windows;
    if (k->cuda.major == 0)
        return CV_S("");
    if (k->cuda.major < 11)
        return k->native[w];
    return k->minor[w].len &&
                   (k->branch[w].len == 0 || cv_dotted_cmp(k->minor[w], k->branch[w]) <= 0)
               ? k->minor[w]
               : k->branch[w];
}

static enum cv_lack lack_of(const struct cv_view *v, const struct cv_build *b)
{
    if (b->exists != CV_EXISTS)
        return CV_LACK_NONE;
    if (!v->python_open && !(v->python & b->python_bits))
        return CV_LACK_PYTHON;
    return b->glibc.major && (v->musl || (!v->glibc_open && cv_xy_cmp(v->glibc, b->glibc) < 0))
               ? CV_LACK_GLIBC
               : CV_LACK_NONE;
}

static struct cv_matrix_row *row_of(struct cv_matrix *x, struct cv_arena *a, cv_str torch)
{
    for (uint32_t i = 0; i < x->n_rows; i++)
        if (cv_str_eq(x->rows[i].torch, torch))
            return &x->rows[i];
    struct cv_matrix_row *to = CV_PUSH(a, x, rows);
    if (to)
        *to = (struct cv_matrix_row){
            .torch = torch, .cells = cv_arena_alloc(a, (x->n_variants + 1) * sizeof *to->cells)};
    return to && to->cells ? to : NULL;
}

static void take(struct cv_matrix *x, struct cv_arena *a, const struct cv_query *q,
                 const struct cv_candidate *c)
{
    const struct cv_build *b = c->b;
    uint32_t k = 0;
    while (k < x->n_variants && !cv_str_eq(x->variants[k], b->variant))
        k++;
    struct cv_matrix_row *row = k < x->n_variants ? row_of(x, a, b->torch) : NULL;
    if (!row || b->exists == CV_EXISTS_REMOVED || b->exists == CV_EXISTS_NOT)
        return;
    enum cv_verdict v = c->q.verdict;
    row->pythons |= b->python_bits;
    row->runs = row->runs || v == CV_V_WORKS || v == CV_V_WORKS_JIT ||
                (v == CV_V_CPU_ONLY && q->no_gpu && !b->has_cuda);
    row->may_run = row->runs || row->may_run || (v == CV_V_WORKS_IF && (b->has_cuda || q->no_gpu));
    struct cv_cell *cell = &row->cells[k];
    if (cell->b && cell->verdict >= v)
        return;
    *cell = (struct cv_cell){
        .b = b,
        .verdict = v,
        .mode = c->q.mode,
        .lack = v == CV_V_NO_BUILD ? lack_of(&q->views[0], b) : CV_LACK_NONE,
        .pypi = cv_str_eqz(cv_build_channel(b, q->m), "pypi"),
        .warned = c->q.g2_warning,
    };
}

/* "2.8.0" and "2.8.1" are one minor release. */
static bool same_minor(cv_str x, cv_str y)
{
    uint32_t a[2] = {0, 0}, b[2] = {0, 0};
    for (unsigned i = 0; i < 2; i++) {
        (void)cv_dotted_num(x, i, &a[i]);
        (void)cv_dotted_num(y, i, &b[i]);
    }
    return a[0] == b[0] && a[1] == b[1];
}

static bool nothing_known(const struct cv_machine *m)
{
    const struct cv_place *p = &m->place;
    return !cv_known(&m->driver.version) && !cv_absent(&m->driver.version) &&
           !cv_known(&m->driver.cuda) && !m->gpus_known && m->n_gpus == 0 &&
           !cv_known(&m->python) && !cv_known(&p->os) && !cv_known(&p->arch) &&
           !cv_known(&p->glibc);
}

void cv_matrix_make(const struct cv_ask *ask, struct cv_arena *a, struct cv_matrix *ret)
{
    struct cv_catalog *cat = cv_arena_alloc(a, sizeof *cat); /* the cells point into it */
    const struct cv_place *p = &ask->m[0].place;
    struct cv_view view;
    struct cv_query q;
    struct cv_survey s;
    *ret = (struct cv_matrix){.ask = *ask, .best_torch = CV_S(""), .best_variant = CV_S("")};
    if (!cat)
        return;
    cv_catalog_make(ask->f, a, cv_known(&p->os) ? p->os.v : CV_S(""),
                    cv_known(&p->arch) ? p->arch.v : CV_S(""),
                    ask->tool_given && cv_tool_is_conda(ask->tool), cat);
    cv_query_init(&q, cat, ask->req, ask->m, 1, &view);
    cv_query_all(&q, a, &s);
    ret->windows = cv_machine_windows(ask->m);
    ret->nothing_known = nothing_known(ask->m);
    list_variants(ret, a, &s);
    if (s.n_offered) {
        ret->best_torch = s.all[0].b->torch;
        ret->best_variant = s.all[0].b->variant;
    }
    for (uint32_t r = 0; r < cat->n_releases; r++) { /* newest first */
        bool shown = ret->n_rows > 0 && !ask->all &&
                     same_minor(cat->releases[r], ret->rows[ret->n_rows - 1].torch);
        for (uint32_t i = 0; !shown && i < s.n_all; i++)
            if (s.all[i].b->release == r && !s.all[i].b->foreign)
                take(ret, a, &q, &s.all[i]);
    }
}
