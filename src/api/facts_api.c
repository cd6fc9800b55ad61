/* facts_api.c: `cuvet facts list` and `show`: the tables, their keys, one row with its source. */
#include "api/ctx.h"

static int finish(cuvet_ctx *c, struct cv_buf *b, struct cv_node *n, int json,
                  cuvet_write_fn *write, void *user)
{
    if (c->arena.oom)
        return cv_ctx_oom(c);
    return json ? cv_ctx_write_json(c, n, 1, write, user) : cv_ctx_write_text(c, b, write, user);
}

static int find_table(cuvet_ctx *c, const char *table, enum cv_table_id *ret)
{
    if (cv_facts_table_by_name(&c->facts, cv_str_z(table), ret))
        return CV_OK;
    return cv_ctx_fail(
        c,
        cv_fail(&c->error, CV_E_USAGE, cv_str_z("facts"), 0,
                cv_arena_fmt(&c->arena, "no table \"%s\": `cuvet facts list` names them", table)));
}

int cuvet_facts_list(cuvet_ctx *c, const char *table, int json, cuvet_write_fn *write, void *user)
{
    struct cv_arena *a = &c->arena;
    struct cv_buf b;
    enum cv_table_id t = CV_T_COMPAT_RULES;
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    int rc = table ? find_table(c, table, &t) : CV_OK;
    if (rc != CV_OK)
        return rc;
    cv_buf_init(&b, a);
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "schema", cv_node_text(a, CV_S("cuvet/facts/1")));
    struct cv_node *list = cv_node_put(o, table ? "keys" : "tables", cv_node_list(a));
    for (int i = 0; !table && i < CV_N_TABLES; i++) {
        cv_str name = cv_facts_name(&c->facts, (enum cv_table_id)i);
        uint32_t rows = cv_facts_rows(&c->facts, (enum cv_table_id)i);
        cv_buf_fmt(&b, "%-22.*s %5u rows\n", CV_ARG(name), rows);
        struct cv_node *n = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(n, "table", cv_node_text(a, name));
        (void)cv_node_put(n, "rows", cv_node_int(a, rows));
    }
    for (uint32_t r = 0; table && r < cv_facts_rows(&c->facts, t); r++) {
        cv_str key = cv_facts_key(&c->facts, a, t, r);
        cv_buf_fmt(&b, CV_FMT "\n", CV_ARG(key));
        (void)cv_node_add(list, cv_node_text(a, key));
    }
    return finish(c, &b, o, json, write, user);
}

int cuvet_facts_show(cuvet_ctx *c, const char *table, const char *key, int json,
                     cuvet_write_fn *write, void *user)
{
    struct cv_arena *a = &c->arena;
    struct cv_buf b;
    enum cv_table_id t;
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    int rc = find_table(c, table, &t);
    if (rc != CV_OK)
        return rc;
    cv_buf_init(&b, a);
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "schema", cv_node_text(a, CV_S("cuvet/facts/1")));
    (void)cv_node_put(o, "table", cv_node_text(a, cv_facts_name(&c->facts, t)));
    struct cv_node *list = cv_node_put(o, "rows", cv_node_list(a));
    uint32_t found = 0;
    const struct cv_table *tab = &c->facts.tables[t];
    cv_str want = cv_str_z(key);
    for (uint32_t r = 0; r < tab->n_rows; r++) {
        cv_str full = cv_facts_key(&c->facts, a, t, r);
        bool prefix = full.len > want.len && full.ptr[want.len] == '/' &&
                      memcmp(full.ptr, want.ptr, want.len) == 0;
        if (!cv_str_eq(full, want) && !prefix)
            continue;
        struct cv_node *n = cv_node_add(list, cv_node_object(a));
        if (found++ > 0)
            cv_buf_addc(&b, '\n');
        for (unsigned col = 0; col < tab->n_cols; col++) {
            const char *name = c->facts.pool + c->facts.offsets[tab->cols + col];
            cv_str cell = cv_facts_at(&c->facts, t, r, col);
            cv_buf_fmt(&b, "%-22s " CV_FMT "\n", name, CV_ARG(cell));
            (void)cv_node_put(n, name, cv_node_text(a, cell));
        }
    }
    if (found == 0)
        return cv_ctx_fail(
            c,
            cv_fail(&c->error, CV_E_NOTFOUND, cv_str_z(table), 0,
                    cv_arena_fmt(a, "no row with the key \"%s\": `cuvet facts list %s` names them",
                                 key, table)));
    return finish(c, &b, o, json, write, user);
}
