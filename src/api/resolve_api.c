/* resolve_api.c: requests, several machines, resolve and why. */
#include "api/ctx.h"

#define CV_MAX_MACHINES 64

int cuvet_request(cuvet_ctx *c, const char *requirement)
{
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    cv_str text = cv_arena_str(&c->arena, cv_str_z(requirement));
    int rc = cv_request_add(&c->facts, &c->arena, &c->request, text, &c->error);
    return rc == CV_OK ? CV_OK : cv_ctx_fail(c, rc);
}

int cuvet_next_machine(cuvet_ctx *c)
{
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    if (!c->has_machine || c->has_diagnosis || c->has_answer)
        return cv_ctx_usage(c, "next machine", CV_S("comes between two machines"));
    if (c->n_earlier + 1 >= CV_MAX_MACHINES)
        return cv_ctx_usage(c, "--machine", CV_S("too many machines"));
    struct cv_machine *to = CV_PUSH(&c->arena, c, earlier);
    if (!to)
        return cv_ctx_oom(c);
    *to = c->m;
    c->m = (struct cv_machine){0};
    c->has_machine = c->gpu_overridden = c->none_gpu = c->driver_overridden = false;
    return CV_OK;
}

/* A Jetson's GPU is part of an Arm processor that runs Linux: where the description leaves that open, the GPU has said it. */
static void take_place(struct cv_machine *m)
{
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        if (!m->gpus[i].tegra)
            continue;
        if (!cv_known(&m->place.os))
            cv_fact_set(&m->place.os, CV_S("linux"), CV_S("the GPU"), CV_S("Jetson"));
        if (!cv_known(&m->place.arch))
            cv_fact_set(&m->place.arch, CV_S("aarch64"), CV_S("the GPU"), CV_S("Jetson"));
    }
}

struct cv_machine *cv_ctx_machines(cuvet_ctx *c, uint32_t *ret_n)
{
    struct cv_machine *all = cv_arena_alloc(&c->arena, (c->n_earlier + 1) * sizeof *all);
    if (!all)
        return NULL;
    for (uint32_t i = 0; i < c->n_earlier; i++)
        all[i] = c->earlier[i];
    all[c->n_earlier] = c->m;
    *ret_n = c->n_earlier + 1;
    for (uint32_t i = 0; i < *ret_n; i++) {
        cv_mark_hidden(&all[i]);
        take_place(&all[i]);
    }
    return all;
}

/* python==3.11 is --python 3.11; the two must not contradict each other. */
static int apply_python(cuvet_ctx *c, struct cv_machine *m, uint32_t n)
{
    cv_str want = c->request.python;
    for (uint32_t i = 0; want.len && i < n; i++) {
        bool said = cv_known(&m[i].python) && cv_str_eqz(m[i].python.src.path, "--python");
        if (said && !cv_str_eq(m[i].python.v, want))
            return cv_ctx_usage(c, "--python",
                                cv_arena_fmt(&c->arena, CV_FMT " contradicts python==" CV_FMT,
                                             CV_ARG(m[i].python.v), CV_ARG(want)));
        cv_fact_set(&m[i].python, want, CV_S("python=="), want);
    }
    return CV_OK;
}

int cv_ctx_ask(cuvet_ctx *c, const struct cuvet_resolve_options *o, struct cv_ask *ret)
{
    struct cv_arena *a = &c->arena;
    cv_str known;
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    if (!c->has_machine)
        return cv_ctx_usage(c, "", CV_S("no machine was given"));
    if (o && o->size > sizeof *o)
        return cv_ctx_usage(c, "cuvet_resolve_options", CV_S("made for a newer library"));
    *ret = (struct cv_ask){.f = &c->facts, .req = &c->request, .tool = CV_TOOL_PIP};
    ret->all = o && o->all;
    if (o && o->tool) {
        ret->tool_given = true;
        if (!cv_tool_parse(cv_str_z(o->tool), &ret->tool))
            return cv_ctx_usage(
                c, "--tool",
                cv_arena_fmt(a,
                             "\"%s\" is none of pip, uv, uv-project, poetry, requirements, conda, "
                             "mamba, pixi",
                             o->tool));
    }
    if (o && o->mirror && !cv_mirror_find(&c->facts, a, cv_str_z(o->mirror), &ret->mirror, &known))
        return cv_ctx_usage(
            c, "--mirror",
            cv_arena_fmt(a, "\"%s\" is no URL and none of " CV_FMT, o->mirror, CV_ARG(known)));
    struct cv_machine *m = cv_ctx_machines(c, &ret->n_machines);
    if (!m)
        return cv_ctx_oom(c);
    for (uint32_t i = 0; o && i < ret->n_machines; i++)
        m[i].any_gpu = o->any != 0;
    ret->m = m;
    return apply_python(c, m, ret->n_machines);
}

int cuvet_resolve(cuvet_ctx *c, const struct cuvet_resolve_options *o)
{
    struct cv_ask ask;
    int rc = cv_ctx_ask(c, o, &ask);
    if (rc != CV_OK)
        return rc;
    cv_answer_make(&ask, &c->arena, &c->answer);
    c->has_answer = true;
    c->answer_is_why = false;
    return c->arena.oom ? cv_ctx_oom(c) : c->answer.exit_code;
}

int cuvet_why(cuvet_ctx *c, const struct cuvet_resolve_options *o)
{
    struct cv_ask ask;
    int rc = cv_ctx_ask(c, o, &ask);
    if (rc != CV_OK)
        return rc;
    if (c->request.n != 1)
        return cv_ctx_usage(c, "why", CV_S("takes one requirement, like torch==2.8.0"));
    cv_answer_why(&ask, &c->arena, &c->answer);
    c->has_answer = c->answer_is_why = true;
    return c->arena.oom ? cv_ctx_oom(c) : c->answer.exit_code;
}

/* ---- writing ---- */

static int check(cuvet_ctx *c, bool why)
{
    return cv_ctx_asked(c, c->has_answer && c->answer_is_why == why, why ? "why" : "resolve");
}

static int write_json(cuvet_ctx *c, bool why, cuvet_write_fn *write, void *user)
{
    int rc = check(c, why);
    if (rc != CV_OK)
        return rc;
    return cv_ctx_write_json(
        c, why ? cv_tree_why(&c->arena, &c->answer) : cv_tree_resolve(&c->arena, &c->answer), 1,
        write, user);
}

static int write_text(cuvet_ctx *c, bool why, const struct cuvet_style *s, cuvet_write_fn *write,
                      void *user)
{
    struct cv_buf b;
    struct cv_text_style st = cv_ctx_style(s);
    int rc = check(c, why);
    if (rc != CV_OK)
        return rc;
    cv_buf_init(&b, &c->arena);
    if (why)
        cv_text_why(&b, &st, &c->answer);
    else
        cv_text_resolve(&b, &st, &c->answer);
    return cv_ctx_write_text(c, &b, write, user);
}

int cuvet_resolve_json(cuvet_ctx *c, cuvet_write_fn *write, void *user)
{
    return write_json(c, false, write, user);
}

int cuvet_why_json(cuvet_ctx *c, cuvet_write_fn *write, void *user)
{
    return write_json(c, true, write, user);
}

int cuvet_resolve_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user)
{
    return write_text(c, false, s, write, user);
}

int cuvet_why_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user)
{
    return write_text(c, true, s, write, user);
}
