/* explain_api.c: cuvet_explain: a log in pieces in, the cause and the fix out. */
#include "api/ctx.h"

#include "report/explain.h"

struct cv_explain_state {
    struct cv_reading reading;
    struct cv_explanation x;
    bool made, elsewhere, nothing_known;
};

static int begin(cuvet_ctx *c)
{
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    if (c->explain)
        return CV_OK;
    struct cv_explain_state *s = cv_arena_alloc(&c->arena, sizeof *s);
    if (!s)
        return cv_ctx_oom(c);
    int rc = cv_reading_begin(&s->reading, &c->facts, &c->arena, &c->error);
    if (rc != CV_OK)
        return cv_ctx_fail(c, rc);
    c->explain = s;
    return CV_OK;
}

int cuvet_explain_feed(cuvet_ctx *c, const char *bytes, size_t len)
{
    int rc = begin(c);
    if (rc != CV_OK)
        return rc;
    if (c->explain->made)
        return cv_ctx_usage(c, "explain", CV_S("the log was ended already"));
    cv_reading_feed(&c->explain->reading, (cv_str){bytes, len});
    return c->arena.oom ? cv_ctx_oom(c) : CV_OK;
}

int cuvet_explain(cuvet_ctx *c, int elsewhere)
{
    int rc = begin(c);
    if (rc != CV_OK)
        return rc;
    struct cv_explain_state *s = c->explain;
    if (s->made)
        return cv_ctx_usage(c, "explain", CV_S("the log was ended already"));
    if (!c->has_machine)
        return cv_ctx_usage(c, "explain", CV_S("no machine was given"));
    cv_reading_end(&s->reading);
    cv_explain_values(&s->reading, &c->arena, &s->x);
    s->elsewhere = elsewhere != 0;
    s->nothing_known = c->machine_is_none;
    if (s->elsewhere)
        cv_explain_apply(&c->facts, &c->arena, &s->x, &c->m);
    rc = cv_ctx_diagnose(c);
    if (rc != CV_OK)
        return rc;
    if (!s->elsewhere)
        s->x.foreign = cv_explain_foreign(&c->facts, &c->arena, &c->m, &s->x);
    struct cv_explain_ask ask = {.f = &c->facts,
                                 .m = &c->m,
                                 .d = &c->d,
                                 .elsewhere = s->elsewhere,
                                 .nothing_known = s->nothing_known};
    cv_explain(&ask, &c->arena, &s->x);
    s->made = true;
    return c->arena.oom ? cv_ctx_oom(c) : s->x.n_matches ? 0 : 3;
}

static int report_of(cuvet_ctx *c, const char *name, struct cv_explain_report *ret)
{
    int rc = cv_ctx_asked(c, c->explain && c->explain->made, "explain");
    if (rc != CV_OK)
        return rc;
    *ret = (struct cv_explain_report){.f = &c->facts,
                                      .m = &c->m,
                                      .d = &c->d,
                                      .x = &c->explain->x,
                                      .name = cv_str_z(name),
                                      .machine_known = !c->explain->nothing_known};
    return CV_OK;
}

int cuvet_explain_text(cuvet_ctx *c, const char *name, const struct cuvet_style *style,
                       cuvet_write_fn *write, void *user)
{
    struct cv_explain_report r;
    struct cv_buf b;
    struct cv_text_style st = cv_ctx_style(style);
    int rc = report_of(c, name, &r);
    if (rc != CV_OK)
        return rc;
    cv_buf_init(&b, &c->arena);
    cv_text_explain(&b, &st, &r);
    return cv_ctx_write_text(c, &b, write, user);
}

int cuvet_explain_json(cuvet_ctx *c, cuvet_write_fn *write, void *user)
{
    struct cv_explain_report r;
    int rc = report_of(c, NULL, &r);
    return rc == CV_OK ? cv_ctx_write_json(c, cv_tree_explain(&c->arena, &r), 1, write, user) : rc;
}

int cuvet_explain_known(cuvet_ctx *c, const char *id)
{
    return c->failed == CV_OK && cv_explain_entry(&c->facts, cv_str_z(id)) != CV_NO_ROW;
}

int cuvet_explain_entry(cuvet_ctx *c, const char *id, int json, const struct cuvet_style *style,
                        cuvet_write_fn *write, void *user)
{
    struct cv_buf b;
    struct cv_text_style st = cv_ctx_style(style);
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    uint32_t row = id ? cv_explain_entry(&c->facts, cv_str_z(id)) : 0;
    if (row == CV_NO_ROW)
        return cv_ctx_fail(c,
                           cv_fail(&c->error, CV_E_NOTFOUND, cv_arena_str(&c->arena, cv_str_z(id)),
                                   0, CV_S("no such entry (see cuvet explain --list)")));
    if (json)
        return cv_ctx_write_json(c,
                                 id ? cv_tree_explain_entry(&c->arena, &c->facts, row)
                                    : cv_tree_explain_list(&c->arena, &c->facts),
                                 1, write, user);
    cv_buf_init(&b, &c->arena);
    if (id)
        cv_text_explain_entry(&b, &st, &c->facts, row);
    else
        cv_text_explain_list(&b, &st, &c->facts);
    return cv_ctx_write_text(c, &b, write, user);
}
