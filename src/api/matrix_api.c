/* matrix_api.c: the compatibility matrix. */
#include "api/ctx.h"

int cuvet_matrix(cuvet_ctx *c, const struct cuvet_resolve_options *o)
{
    struct cv_ask ask;
    int rc = cv_ctx_ask(c, o, &ask);
    if (rc != CV_OK)
        return rc;
    if (ask.n_machines != 1)
        return cv_ctx_usage(c, "--machine", CV_S("given twice"));
    cv_matrix_make(&ask, &c->arena, &c->matrix);
    c->has_matrix = true;
    return c->arena.oom ? cv_ctx_oom(c) : c->matrix.n_rows == 0;
}

int cuvet_matrix_json(cuvet_ctx *c, cuvet_write_fn *write, void *user)
{
    int rc = cv_ctx_asked(c, c->has_matrix, "matrix");
    return rc == CV_OK ? cv_ctx_write_json(c, cv_tree_matrix(&c->arena, &c->matrix), 1, write, user)
                       : rc;
}

int cuvet_matrix_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user)
{
    struct cv_buf b;
    struct cv_text_style st = cv_ctx_style(s);
    int rc = cv_ctx_asked(c, c->has_matrix, "matrix");
    if (rc != CV_OK)
        return rc;
    cv_buf_init(&b, &c->arena);
    cv_text_matrix(&b, &st, &c->matrix);
    return cv_ctx_write_text(c, &b, write, user);
}

static int write_page(cuvet_ctx *c, void (*page)(struct cv_buf *b, const struct cv_matrix *x),
                      cuvet_write_fn *write, void *user)
{
    struct cv_buf b;
    int rc = cv_ctx_asked(c, c->has_matrix, "matrix");
    if (rc != CV_OK)
        return rc;
    cv_buf_init(&b, &c->arena);
    page(&b, &c->matrix);
    return cv_ctx_write_text(c, &b, write, user);
}

int cuvet_matrix_html(cuvet_ctx *c, cuvet_write_fn *write, void *user)
{
    return write_page(c, cv_html_matrix, write, user);
}

int cuvet_matrix_svg(cuvet_ctx *c, cuvet_write_fn *write, void *user)
{
    return write_page(c, cv_svg_matrix, write, user);
}
