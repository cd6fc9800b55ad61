/* what_api.c: the questions the other way round. */
#include "api/ctx.h"

_Static_assert(CUVET_WHAT_DRIVER == CV_WHAT_DRIVER && CUVET_WHAT_GPU == CV_WHAT_GPU &&
                   CUVET_WHAT_PYTHON == CV_WHAT_PYTHON && CUVET_WHAT_TORCH == CV_WHAT_TORCH,
               "the public names are the same bits");

/* An override that gives what is asked for. */
static int contradiction(cuvet_ctx *c, const struct cv_machine *m, unsigned what)
{
    bool driver = cv_str_eqz(m->driver.version.src.path, "--driver"),
         python = cv_str_eqz(m->python.src.path, "--python") || c->request.python.len > 0;
    if (what & CV_WHAT_DRIVER && driver)
        return cv_ctx_usage(c, "--what-driver", CV_S("asks for the driver, and --driver gives it"));
    if (what & CV_WHAT_GPU && c->gpu_overridden)
        return cv_ctx_usage(c, "--what-gpu", CV_S("asks for the GPU, and --gpu gives it"));
    if (what & CV_WHAT_PYTHON && python)
        return cv_ctx_usage(c, "--what-python",
                            CV_S("asks for the Python, and --python or python== gives it"));
    return CV_OK;
}

int cuvet_what(cuvet_ctx *c, const struct cuvet_resolve_options *o, unsigned what)
{
    const unsigned all = CV_WHAT_DRIVER | CV_WHAT_GPU | CV_WHAT_PYTHON | CV_WHAT_TORCH;
    struct cv_ask ask;
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    if (what == 0 || (what & ~all) != 0)
        return cv_ctx_usage(c, "what", CV_S("asks for none of driver, GPU, Python, torch"));
    int rc = c->has_machine ? contradiction(c, &c->m, what) : CV_OK;
    if (rc == CV_OK)
        rc = cv_ctx_ask(c, o, &ask);
    if (rc != CV_OK)
        return rc;
    if (ask.n_machines != 1)
        return cv_ctx_usage(c, "--machine", CV_S("given twice"));
    struct cv_machine *m = cv_arena_alloc(&c->arena, sizeof *m);
    if (!m)
        return cv_ctx_oom(c);
    *m = ask.m[0];
    cv_what_make(&ask, m, what, &c->arena, &c->what);
    c->has_what = true;
    return c->arena.oom ? cv_ctx_oom(c) : c->what.exit_code;
}

int cuvet_what_json(cuvet_ctx *c, cuvet_write_fn *write, void *user)
{
    int rc = cv_ctx_asked(c, c->has_what, "what");
    return rc == CV_OK ? cv_ctx_write_json(c, cv_tree_what(&c->arena, &c->what), 1, write, user)
                       : rc;
}

int cuvet_what_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user)
{
    struct cv_buf b;
    struct cv_text_style st = cv_ctx_style(s);
    int rc = cv_ctx_asked(c, c->has_what, "what");
    if (rc != CV_OK)
        return rc;
    cv_buf_init(&b, &c->arena);
    cv_text_what(&b, &st, &c->what);
    return cv_ctx_write_text(c, &b, write, user);
}
