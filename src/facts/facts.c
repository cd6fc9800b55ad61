/* facts.c: cells by row and column, rows by key. Rows are sorted by their key columns (bytes), so a key is found by halving. */
#include "facts/facts.h"

#include <assert.h>

static cv_str text_at(const struct cv_facts *f, uint32_t index)
{
    return cv_str_z(f->pool + f->offsets[index]);
}

uint32_t cv_facts_rows(const struct cv_facts *f, enum cv_table_id t)
{
    return f->tables[t].n_rows;
}

cv_str cv_facts_at(const struct cv_facts *f, enum cv_table_id t, uint32_t row, unsigned col)
{
    const struct cv_table *tab = &f->tables[t];
    if (row >= tab->n_rows || col >= tab->n_cols)
        return CV_S("");
    return text_at(f, tab->cells + row * tab->n_cols + col);
}

int cv_facts_column(const struct cv_facts *f, enum cv_table_id t, const char *column)
{
    const struct cv_table *tab = &f->tables[t];
    for (unsigned i = 0; i < tab->n_cols; i++)
        if (strcmp(f->pool + f->offsets[tab->cols + i], column) == 0)
            return (int)i;
    return -1;
}

cv_str cv_facts_get(const struct cv_facts *f, enum cv_table_id t, uint32_t row, const char *column)
{
    int c = cv_facts_column(f, t, column);
    assert(c >= 0 || f->tables[t].n_cols == 0);
    return c < 0 ? CV_S("") : cv_facts_at(f, t, row, (unsigned)c);
}

static int cmp_key(const struct cv_facts *f, enum cv_table_id t, uint32_t row, const cv_str *key,
                   unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        int c = cv_str_cmp(cv_facts_at(f, t, row, i), key[i]);
        if (c)
            return c;
    }
    return 0;
}

uint32_t cv_facts_find(const struct cv_facts *f, enum cv_table_id t, const cv_str *key, unsigned n)
{
    uint32_t lo = 0, hi = f->tables[t].n_rows;
    if (f->tables[t].in_file_order) {
        for (uint32_t r = 0; r < hi; r++)
            if (cmp_key(f, t, r, key, n) == 0)
                return r;
        return CV_NO_ROW;
    }
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (cmp_key(f, t, mid, key, n) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < f->tables[t].n_rows && cmp_key(f, t, lo, key, n) == 0 ? lo : CV_NO_ROW;
}

uint32_t cv_facts_find1(const struct cv_facts *f, enum cv_table_id t, cv_str key)
{
    return cv_facts_find(f, t, &key, 1);
}

cv_str cv_facts_key(const struct cv_facts *f, struct cv_arena *a, enum cv_table_id t, uint32_t row)
{
    cv_str key = cv_facts_at(f, t, row, 0);
    for (unsigned i = 1; i < f->tables[t].n_key; i++) {
        cv_str part = cv_facts_at(f, t, row, i);
        key = cv_arena_fmt(a, CV_FMT "/" CV_FMT, CV_ARG(key), CV_ARG(part));
    }
    return key;
}

cv_str cv_facts_source(const struct cv_facts *f, enum cv_table_id t, uint32_t row)
{
    return f->tables[t].n_cols ? cv_facts_at(f, t, row, f->tables[t].n_cols - 1u) : CV_S("");
}

cv_str cv_facts_name(const struct cv_facts *f, enum cv_table_id t)
{
    return cv_str_z(f->pool + f->tables[t].name);
}

bool cv_facts_table_by_name(const struct cv_facts *f, cv_str name, enum cv_table_id *ret)
{
    for (int t = 0; t < CV_N_TABLES; t++) {
        if (cv_str_eq(cv_facts_name(f, (enum cv_table_id)t), name)) {
            *ret = (enum cv_table_id)t;
            return true;
        }
    }
    return false;
}
