/* matrix_tree.c: `cuvet matrix --json` (schema cuvet/matrix/1). */
#include "report/candidate.h"

static struct cv_node *cell(struct cv_arena *a, const struct cv_matrix *x,
                            const struct cv_matrix_row *r, uint32_t k)
{
    const struct cv_cell *c = &r->cells[k];
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "variant", cv_node_text(a, x->variants[k]));
    (void)cv_node_put(o, "verdict", cv_node_text(a, cv_str_z(cv_verdict_name(c->verdict))));
    (void)cv_node_put(o, "mode",
                      c->mode == CV_MODE_NONE
                          ? cv_node_null(a)
                          : cv_node_text(a, cv_str_z(cv_driver_mode_name(c->mode))));
    (void)cv_node_put(o, "lacks",
                      c->lack == CV_LACK_PYTHON  ? cv_node_text(a, CV_S("python"))
                      : c->lack == CV_LACK_GLIBC ? cv_node_text(a, CV_S("glibc"))
                                                 : cv_node_null(a));
    (void)cv_node_put(o, "os", cv_node_text(a, c->b->os));
    (void)cv_node_put(o, "arch", cv_node_text(a, c->b->arch));
    (void)cv_node_put(o, "pypi", cv_node_bool(a, c->pypi));
    (void)cv_node_put(o, "cudnn_warning", cv_node_bool(a, c->warned));
    return o;
}

struct cv_node *cv_tree_matrix(struct cv_arena *a, const struct cv_matrix *x)
{
    const struct cv_request *q = x->ask.req;
    struct cv_node *o = cv_node_object(a), *list;
    (void)cv_node_put(o, "schema", cv_node_text(a, CV_S("cuvet/matrix/1")));
    (void)cv_node_put(o, "machine", cv_tree_machine(a, x->ask.m));
    list = cv_node_put(o, "request", cv_node_list(a));
    for (uint32_t i = 0; i < q->n; i++)
        (void)cv_node_add(list, cv_node_text(a, q->reqs[i].text));
    if (q->n == 0)
        (void)cv_node_add(list, cv_node_text(a, CV_S("torch")));
    list = cv_node_put(o, "variants", cv_node_list(a));
    for (uint32_t k = 0; k < x->n_variants; k++) {
        struct cv_node *v = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(v, "variant", cv_node_text(a, x->variants[k]));
        (void)cv_node_put(v, "driver", cv_node_text_or_null(a, cv_matrix_driver(x, k)));
    }
    struct cv_node *best = cv_node_object(a);
    (void)cv_node_put(best, "torch", cv_node_text(a, x->best_torch));
    (void)cv_node_put(best, "variant", cv_node_text(a, x->best_variant));
    (void)cv_node_put(o, "best", x->best_torch.len ? best : cv_node_null(a));
    list = cv_node_put(o, "rows", cv_node_list(a));
    for (uint32_t i = 0; i < x->n_rows; i++) {
        const struct cv_matrix_row *r = &x->rows[i];
        struct cv_node *n = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(n, "torch", cv_node_text(a, r->torch));
        (void)cv_node_put(n, "runs",
                          r->runs || !r->may_run ? cv_node_bool(a, r->runs) : cv_node_null(a));
        struct cv_node *py = cv_node_put(n, "pythons", cv_node_list(a));
        cv_str all = cv_python_list(a, r->pythons, ","), one;
        while (all.len && cv_str_next(&all, ',', &one))
            (void)cv_node_add(py, cv_node_text(a, one));
        struct cv_node *cells = cv_node_put(n, "cells", cv_node_list(a));
        for (uint32_t k = 0; k < x->n_variants; k++)
            if (r->cells[k].b)
                (void)cv_node_add(cells, cell(a, x, r, k));
    }
    return o;
}
