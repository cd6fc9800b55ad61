/* overlay.c: tables of --facts laid over the built-in ones. The result has the same form: one pool, one array of offsets. */
#include "base/sort.h"
#include "facts/facts.h"

struct build {
    struct cv_arena *arena;
    char *pool;
    uint32_t pool_len, pool_cap;
    uint32_t *offsets;
    uint32_t n_offsets, cap_offsets;
};

static uint32_t put_text(struct build *b, cv_str s)
{
    if (b->pool_cap - b->pool_len <= s.len) {
        b->arena->oom = true; /* the capacity was counted before: cannot happen */
        return 0;
    }
    uint32_t at = b->pool_len;
    memcpy(b->pool + at, s.ptr, s.len);
    b->pool_len += (uint32_t)s.len + 1;
    return at;
}

static uint32_t put_cell(struct build *b, cv_str s)
{
    uint32_t at = b->n_offsets;
    if (at < b->cap_offsets)
        b->offsets[b->n_offsets++] = put_text(b, s);
    return at;
}

static int cmp_rows(const cv_str *x, const cv_str *y, unsigned n_key)
{
    for (unsigned i = 0; i < n_key; i++) {
        int c = cv_str_cmp(x[i], y[i]);
        if (c)
            return c;
    }
    return 0;
}

static void sort_rows(const cv_str **rows, uint32_t n, unsigned n_key)
{
#define LATER(a, b) (cmp_rows(*(a), *(b), n_key) > 0)
    CV_SORT(const cv_str *, rows, n, LATER);
#undef LATER
}

/* All rows of a table: the overlay's first, then the built-in ones whose key it does not have. */
static const cv_str **merged_rows(struct cv_arena *a, enum cv_table_id t, const struct cv_tsv *over,
                                  uint32_t *ret_n)
{
    const struct cv_facts *base = &cv_facts_builtin;
    unsigned cols = base->tables[t].n_cols, n_key = base->tables[t].n_key;
    uint32_t n_over = over ? over->n_rows : 0, n_base = base->tables[t].n_rows, n = 0;
    const cv_str **rows = cv_arena_alloc(a, ((size_t)n_over + n_base + 1) * sizeof *rows);
    if (!rows)
        return NULL;
    for (uint32_t r = 0; r < n_over; r++)
        rows[n++] = &over->cells[(size_t)r * cols];
    for (uint32_t r = 0; r < n_base; r++) {
        cv_str *cells = cv_arena_alloc(a, cols * sizeof *cells);
        if (!cells)
            return NULL;
        for (unsigned c = 0; c < cols; c++)
            cells[c] = cv_facts_at(base, t, r, c);
        bool replaced = false;
        for (uint32_t k = 0; k < n_over && !replaced; k++)
            replaced = cmp_rows(rows[k], cells, n_key) == 0;
        if (!replaced)
            rows[n++] = cells;
    }
    if (!base->tables[t].in_file_order)
        sort_rows(rows, n, n_key);
    *ret_n = n;
    return rows;
}

static int check_columns(struct cv_arena *a, enum cv_table_id t, const struct cv_tsv *over,
                         cv_str folder, struct cv_error *e)
{
    const struct cv_facts *base = &cv_facts_builtin;
    cv_str where =
        cv_arena_fmt(a, CV_FMT "/" CV_FMT ".tsv", CV_ARG(folder), CV_ARG(cv_facts_name(base, t)));
    if (over->n_cols != base->tables[t].n_cols)
        return cv_fail(e, CV_E_INPUT, where, 0,
                       cv_arena_fmt(a, "%u columns where the built-in table has %u", over->n_cols,
                                    base->tables[t].n_cols));
    for (unsigned c = 0; c < over->n_cols; c++)
        if (cv_facts_column(base, t, cv_arena_z(a, over->cols[c])) != (int)c)
            return cv_fail(e, CV_E_INPUT, where, 0,
                           cv_arena_fmt(a,
                                        "column " CV_FMT " is not where the built-in table has it",
                                        CV_ARG(over->cols[c])));
    return CV_OK;
}

int cv_facts_overlay(struct cv_arena *a, const struct cv_tsv *const tsv[CV_N_TABLES], cv_str folder,
                     struct cv_facts *ret, struct cv_error *e)
{
    const struct cv_facts *base = &cv_facts_builtin;
    const cv_str **rows[CV_N_TABLES];
    uint32_t n[CV_N_TABLES];
    size_t bytes = 1, cells = 0;
    for (int i = 0; i < CV_N_TABLES; i++) {
        enum cv_table_id t = (enum cv_table_id)i;
        unsigned cols = base->tables[t].n_cols;
        int rc = tsv[i] ? check_columns(a, t, tsv[i], folder, e) : CV_OK;
        if (rc != CV_OK)
            return rc;
        rows[i] = merged_rows(a, t, tsv[i], &n[i]);
        if (!rows[i])
            return cv_fail(e, CV_E_NOMEM, folder, 0, CV_S("out of memory"));
        for (uint32_t r = 0; r < n[i]; r++)
            for (unsigned c = 0; c < cols; c++)
                bytes += rows[i][r][c].len + 1;
        for (unsigned c = 0; c < cols; c++)
            bytes += strlen(base->pool + base->offsets[base->tables[t].cols + c]) + 1;
        bytes += cv_facts_name(base, t).len + strlen(base->pool + base->tables[t].note) + 2;
        cells += (size_t)(n[i] + 1) * cols;
    }
    struct cv_table *tables = cv_arena_alloc(a, CV_N_TABLES * sizeof *tables);
    struct build b = {.arena = a,
                      .pool = cv_arena_alloc(a, bytes),
                      .pool_cap = (uint32_t)bytes,
                      .offsets = cv_arena_alloc(a, cells * sizeof(uint32_t)),
                      .cap_offsets = (uint32_t)cells};
    if (!tables || !b.pool || !b.offsets || bytes > UINT32_MAX)
        return cv_fail(e, CV_E_NOMEM, folder, 0, CV_S("out of memory"));
    for (int i = 0; i < CV_N_TABLES; i++) {
        const struct cv_table *from = &base->tables[i];
        tables[i] = *from;
        tables[i].n_rows = n[i];
        tables[i].name = put_text(&b, cv_facts_name(base, (enum cv_table_id)i));
        tables[i].note = put_text(&b, cv_str_z(base->pool + from->note));
        tables[i].cols = b.n_offsets;
        for (unsigned c = 0; c < from->n_cols; c++)
            (void)put_cell(&b, cv_str_z(base->pool + base->offsets[from->cols + c]));
        tables[i].cells = b.n_offsets;
        for (uint32_t r = 0; r < n[i]; r++)
            for (unsigned c = 0; c < from->n_cols; c++)
                (void)put_cell(&b, rows[i][r][c]);
    }
    *ret = (struct cv_facts){
        .pool = b.pool, .offsets = b.offsets, .tables = tables, .overlay = folder};
    return a->oom ? cv_fail(e, CV_E_NOMEM, folder, 0, CV_S("out of memory")) : CV_OK;
}
