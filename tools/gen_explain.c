/* gen_explain.c: the search for the messages of errors.tsv as C tables (match/set.h), so that nothing of it is made when cuvet starts. */
#include "facts_tables.h"

#include "explain/explain.h"

static cv_str cell(const struct gen_table *t, uint32_t row, const char *column)
{
    for (unsigned c = 0; c < t->tsv.n_cols; c++)
        if (cv_str_eqz(t->tsv.cols[c], column))
            return t->tsv.cells[(size_t)row * t->tsv.n_cols + c];
    return CV_S("");
}

static void write_bytes(FILE *f, const char *name, cv_str s)
{
    fprintf(f, "%s[%zu] = {", name, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        fprintf(f, "%s%d,", i % 32 == 0 ? "\n" : "", (signed char)s.ptr[i]);
    fprintf(f, "0};\n");
}

static void write_set(FILE *f, const struct cv_set_tables *t, size_t pool)
{
    write_bytes(f, "static const char cv_set_pool", (cv_str){t->pool, pool});
    fprintf(f, "static const struct cv_set_factor cv_set_factors[%u] = {\n", t->n_factors);
    for (uint32_t i = 0; i < t->n_factors; i++)
        fprintf(f, "{%u,%u,%u,%u,%u},\n", t->factors[i].text, t->factors[i].len,
                t->factors[i].pattern, t->factors[i].min_before, t->factors[i].max_before);
    fprintf(f, "};\nstatic const struct cv_set_gram cv_set_grams[%u] = {\n", t->n_grams);
    for (uint32_t i = 0; i < t->n_grams; i++)
        fprintf(f, "{%uu,%u,%u,%u},\n", t->grams[i].key, t->grams[i].factor, t->grams[i].at,
                t->grams[i].next);
    fprintf(f, "};\nstatic const uint64_t cv_set_bitmap[%zu] = {\n", CV_GRAM_WORDS);
    for (size_t i = 0; i < CV_GRAM_WORDS; i++)
        fprintf(f, "%lluu,%s", (unsigned long long)t->bitmap[i], i % 8 == 7 ? "\n" : "");
    fprintf(f, "};\nstatic const uint32_t cv_set_slots[%u] = {\n", t->n_slots);
    for (uint32_t i = 0; i < t->n_slots; i++)
        fprintf(f, "%u,%s", t->slots[i], i % 16 == 15 ? "\n" : "");
    fprintf(
        f,
        "};\nconst struct cv_set_tables cv_explain_builtin = {.n_exprs = %u, .pool = cv_set_pool, "
        ".factors = cv_set_factors, .n_factors = %u, .grams = cv_set_grams, .n_grams = %u, "
        ".window = %u, .stride = %u, .bitmap = cv_set_bitmap, .slots = cv_set_slots, .n_slots = "
        "%u};\n",
        t->n_exprs, t->n_factors, t->n_grams, t->window, t->stride, t->n_slots);
}

static void write_logs(FILE *f, struct cv_arena *a, const struct cv_term_logs *logs)
{
    struct cv_buf pool;
    cv_buf_init(&pool, a);
    fprintf(f,
            "const uint32_t cv_explain_builtin_logs_n = %u;\nconst uint32_t "
            "cv_explain_builtin_log_at[] = {",
            logs->n_v);
    for (uint32_t i = 0; i < logs->n_v; i++) {
        fprintf(f, "%zu,", pool.len);
        cv_buf_add(&pool, logs->v[i]);
        cv_buf_addc(&pool, 0);
    }
    fprintf(f, "0};\n");
    write_bytes(f, "const char cv_explain_builtin_logs", cv_buf_str(&pool));
}

bool gen_explain(FILE *f, struct cv_arena *a, const struct gen_table *tables)
{
    const struct gen_table *e = &tables[CV_T_ERRORS], *c = &tables[CV_T_ERROR_CAUSES],
                           *v = &tables[CV_T_LOG_VALUES];
    struct cv_term_logs logs = {0};
    struct cv_set_tables set;
    struct cv_error err = {0};
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->tsv.n_rows; i++)
        if (cv_terms_add_logs(a, cell(c, c->order[i], "probe"), &logs, &err) != CV_OK)
            return false;
    cv_str *exprs =
        cv_arena_alloc(a, ((size_t)e->tsv.n_rows + v->tsv.n_rows + logs.n_v + 1) * sizeof *exprs);
    if (!exprs)
        return false;
    for (uint32_t i = 0; i < e->tsv.n_rows; i++)
        exprs[n++] = cell(e, e->order[i], "regex");
    for (uint32_t i = 0; i < v->tsv.n_rows; i++)
        exprs[n++] = cell(v, v->order[i], "regex");
    for (uint32_t i = 0; i < logs.n_v; i++)
        exprs[n++] = logs.v[i];
    exprs[n++] = cv_str_z(CV_EXPLAIN_ERROR_LINE);
    if (cv_set_tables_make(a, exprs, n, &set, &err) != CV_OK)
        return false;
    const struct cv_set_factor *last = &set.factors[set.n_factors - 1];
    fprintf(f, "\n#include \"explain/explain.h\"\n\n");
    write_set(f, &set, last->text + last->len);
    write_logs(f, a, &logs);
    return true;
}
