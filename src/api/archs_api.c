/* archs_api.c: cuvet_archs: files, folders, wheels and archives in, their GPU code out. */
#include "api/ctx.h"

#include "io/http.h"
#include "probe/archs.h"
#include "probe/probe.h"
#include "report/archs.h"

/* The path below the root: arguments are relative to the caller's folder. */
static cv_str absolute(cuvet_ctx *c, cv_str path)
{
    if (path.len && path.ptr[0] == '/')
        return path;
    cv_str cwd = c->options.root ? CV_S("/") : cv_str_z(c->options.cwd);
    return cv_arena_fmt(&c->arena, CV_FMT "%s" CV_FMT, CV_ARG(cwd),
                        cv_str_ends(cwd, "/") ? "" : "/", CV_ARG(path));
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
    cuvet_ctx *c = ctx;
    c->options.progress(c->options.progress_user, done, total);
}

/* A name that is no file here, but a package that is installed. */
static bool package(cuvet_ctx *c, struct cv_archs *w, struct cv_probe_ctx *p, cv_str name)
{
    struct cv_stat st;
    if (cv_str_findc(name, '/') != SIZE_MAX || cv_archs_name(name, false) ||
        cv_root_stat(w->root, absolute(c, name), &st) != CV_ABSENT)
        return false;
    if (!p->m) {
        cv_ctx_probe_ctx(c, w->root, p);
        p->m = cv_arena_alloc(&c->arena, sizeof *p->m);
    }
    return p->m && cv_archs_package(w, p, name);
}

static void path(cuvet_ctx *c, struct cv_archs *w, bool was_looked_up, cv_str file)
{
    cv_archs_path(w, absolute(c, file), file);
    struct cv_code_file *last = c->code.n_v ? &c->code.v[c->code.n_v - 1] : NULL;
    if (last && was_looked_up && cv_str_findc(file, '/') == SIZE_MAX &&
        cv_str_eqz(last->code.error, "no such file"))
        last->code.error = CV_S("no such file, and no package of that name is installed");
}

static struct cv_archs_report report_of(cuvet_ctx *c)
{
    return (struct cv_archs_report){
        .f = &c->facts, .m = &c->m, .files = &c->code, .declared = c->code_declared};
}

static int exit_code(cuvet_ctx *c)
{
    struct cv_archs_report r = report_of(c);
    int code = 0;
    for (uint32_t i = 0; i < c->code.n_v; i++) {
        if (!cv_archs_whole(&c->code.v[i]))
            return 2;
        if (cv_archs_lacks(&r, &c->code.v[i]))
            code = 1;
    }
    return code;
}

int cuvet_archs(cuvet_ctx *c, const char *const *files, size_t n, unsigned flags)
{
    struct cv_root root;
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    if (n == 0)
        return cv_ctx_usage(c, "archs", CV_S("no file was named"));
    int rc = cv_root_open(&root, &c->arena, c->options.root, &c->error);
    if (rc != CV_OK)
        return cv_ctx_fail(c, rc);
    struct cv_archs w = {.root = &root,
                         .arena = &c->arena,
                         .to = &c->code,
                         .declared = (flags & CUVET_ARCHS_DECLARED) != 0,
                         .declared_only = (flags & CUVET_ARCHS_DECLARED_ONLY) != 0,
                         .everywhere = (flags & CUVET_ARCHS_EVERYWHERE) != 0,
                         .exact = (flags & CUVET_ARCHS_EXACT) != 0,
                         .offline = c->options.offline != 0,
                         .ca_file = c->options.ca_file,
                         .progress = c->options.progress ? progress : NULL,
                         .progress_ctx = c};
    struct cv_probe_ctx p = {.m = NULL};
    c->code_declared = w.declared || w.declared_only;
    for (size_t i = 0; i < n && !c->arena.oom; i++) {
        cv_str file = cv_str_z(files[i]);
        if (cv_http_is_url(file))
            cv_archs_url(&w, file);
        else if (!package(c, &w, &p, file))
            path(c, &w, p.m != NULL, file);
    }
    cv_root_close(&root);
    return c->arena.oom ? cv_ctx_oom(c) : exit_code(c);
}

int cuvet_archs_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user)
{
    struct cv_archs_report r = report_of(c);
    struct cv_text_style st = cv_ctx_style(s);
    struct cv_buf b;
    cv_buf_init(&b, &c->arena);
    cv_text_archs(&b, &st, &r);
    return cv_ctx_write_text(c, &b, write, user);
}

int cuvet_archs_json(cuvet_ctx *c, cuvet_write_fn *write, void *user)
{
    struct cv_archs_report r = report_of(c);
    return cv_ctx_write_json(c, cv_tree_archs(&c->arena, &r), 1, write, user);
}
