/* api.c: the public functions over probes, facts, rules and reports. See cuvet.h for the contracts. */
#include "api/ctx.h"

#include "api/record.h"
#include "base/pages.h"
#include "format/machine_json.h"

#include <stdlib.h>

#define CV_NVML_WAIT_MS  2000u
#define CV_NVML_SHORT_MS 300u /* where files have told everything */

const char *cuvet_version(void)
{
    return CUVET_VERSION;
}

void cuvet_options_init(struct cuvet_options *o)
{
    *o = (struct cuvet_options){.size = sizeof *o};
}

int cv_ctx_fail(cuvet_ctx *c, int rc)
{
    const struct cv_error *e = &c->error;
    cv_str line =
        e->line ? cv_arena_fmt(&c->arena, ":%llu", (unsigned long long)e->line) : CV_S("");
    cv_str text = e->where.len ? cv_arena_fmt(&c->arena, CV_FMT CV_FMT ": " CV_FMT,
                                              CV_ARG(e->where), CV_ARG(line), CV_ARG(e->msg))
                               : cv_arena_str(&c->arena, e->msg);
    c->message = text.len ? text.ptr : cv_err_words(rc);
    return rc;
}

int cv_ctx_usage(cuvet_ctx *c, const char *option, cv_str what)
{
    return cv_ctx_fail(c, cv_fail(&c->error, CV_E_USAGE, cv_str_z(option), 0, what));
}

/* ---- facts ---- */

static int load_overlay(cuvet_ctx *c)
{
    const struct cv_tsv *tsv[CV_N_TABLES] = {0};
    cv_str folder = cv_str_z(c->options.facts_dir), text, what = CV_S("");
    struct cv_root root;
    struct cv_names names;
    int rc = cv_root_open(&root, &c->arena, c->options.facts_dir, &c->error);
    if (rc != CV_OK)
        return rc;
    if (cv_root_list(&root, &c->arena, CV_S("/"), &names) != CV_KNOWN)
        rc = cv_fail(&c->error, CV_E_INPUT, folder, 0, CV_S("cannot be listed"));
    for (uint32_t i = 0; rc == CV_OK && i < names.n_v; i++) {
        enum cv_table_id t = CV_T_COMPAT_RULES;
        cv_str name = names.v[i],
               file = cv_arena_fmt(&c->arena, CV_FMT "/" CV_FMT, CV_ARG(folder), CV_ARG(name));
        if (!cv_str_ends(name, ".tsv"))
            continue;
        struct cv_tsv *to = cv_arena_alloc(&c->arena, sizeof *to);
        if (!to)
            rc = cv_fail(&c->error, CV_E_NOMEM, file, 0, CV_S("out of memory"));
        else if (!cv_facts_table_by_name(&cv_facts_builtin, cv_str_sub(name, 0, name.len - 4), &t))
            rc = cv_fail(&c->error, CV_E_INPUT, file, 0, CV_S("no table of this name is known"));
        else if (cv_root_read(&root, &c->arena, cv_arena_fmt(&c->arena, "/" CV_FMT, CV_ARG(name)),
                              CV_MAX_TEXT_FILE, &text, &what) != CV_KNOWN)
            rc = cv_fail(&c->error, CV_E_INPUT, file, 0, what);
        else
            rc = cv_tsv_parse(&c->arena, file, text, to, &c->error);
        if (rc == CV_OK)
            tsv[t] = to;
    }
    cv_root_close(&root);
    return rc == CV_OK ? cv_facts_overlay(&c->arena, tsv, folder, &c->facts, &c->error) : rc;
}

cuvet_ctx *cuvet_new(const struct cuvet_options *o)
{
    cuvet_ctx *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    cv_arena_init(&c->arena, cv_pages_malloc(), CV_MAX_ARENA_BYTES);
    c->message = "";
    c->facts = cv_facts_builtin;
    cuvet_options_init(&c->options);
    if (o && o->size > sizeof *o)
        c->failed = cv_fail(&c->error, CV_E_USAGE, CV_S("cuvet_options"), 0,
                            CV_S("made for a newer library"));
    else if (o && o->size > 0)
        memcpy(&c->options, o, o->size);
    if (c->failed == CV_OK && c->options.facts_dir)
        c->failed = load_overlay(c);
    return c;
}

void cuvet_free(cuvet_ctx *c)
{
    if (!c)
        return;
    cv_arena_done(&c->arena);
    free(c);
}

const char *cuvet_error(const cuvet_ctx *c)
{
    return c->message;
}

/* ---- the machine ---- */

static void trace(void *ctx, cv_str path, enum cv_state state, uint64_t bytes)
{
    cuvet_ctx *c = ctx;
    char z[CV_MAX_PATH + 1];
    size_t n = path.len < CV_MAX_PATH ? path.len : CV_MAX_PATH;
    memcpy(z, path.ptr, n);
    z[n] = 0;
    c->options.trace(c->options.trace_user, z, cv_state_name(state), bytes);
}

void cv_ctx_probe_ctx(cuvet_ctx *c, struct cv_root *root, struct cv_probe_ctx *ret)
{
    *ret = (struct cv_probe_ctx){.arena = &c->arena,
                                 .root = root,
                                 .m = &c->m,
                                 .cache_dir = c->options.cache_dir,
                                 .deep = c->options.deep != 0,
                                 .use_nvml = !c->options.no_nvml,
                                 .nvml_timeout_ms = c->options.nvml_timeout_ms
                                                        ? c->options.nvml_timeout_ms
                                                        : CV_NVML_WAIT_MS,
                                 .nvml_library = c->options.nvml_library,
                                 .envp = root->live ? c->options.environ_ : NULL,
                                 .cwd = CV_S(""),
                                 .home = CV_S("")};
    cv_str v;
    if (root->live)
        ret->cwd = cv_str_z(c->options.cwd);
    else if (cv_root_nofile(root, "cwd", &v) == CV_KNOWN)
        ret->cwd = v;
    if (cv_probe_env(ret, "HOME", &v) && v.len && v.ptr[0] == '/')
        ret->home = v;
}

/* Files told all that the report needs: then a slow NVML is not waited for. */
static bool files_suffice(const struct cv_machine *m)
{
    if (!cv_known(&m->driver.version) || !cv_known(&m->driver.cuda) || !m->gpus_known)
        return false;
    for (uint32_t i = 0; i < m->n_gpus; i++)
        if (!cv_known(&m->gpus[i].cc_text) && cv_str_eqz(m->gpus[i].vendor, "nvidia"))
            return false;
    return true;
}

static int need_no_machine(cuvet_ctx *c)
{
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    if (c->has_machine)
        return cv_ctx_fail(
            c, cv_fail(&c->error, CV_E_USAGE, CV_S(""), 0, CV_S("the machine is already given")));
    c->has_machine = true;
    return CV_OK;
}

int cuvet_probe(cuvet_ctx *c)
{
    struct cv_root root;
    struct cv_probe_ctx p;
    struct cv_nvml_call nvml;
    int rc = need_no_machine(c);
    if (rc != CV_OK)
        return rc;
    rc = cv_root_open(&root, &c->arena, c->options.root, &c->error);
    if (rc != CV_OK)
        return cv_ctx_fail(c, rc);
    if (c->options.trace) {
        root.trace = trace;
        root.trace_ctx = c;
    }
    cv_ctx_probe_ctx(c, &root, &p);
    c->m.live = root.live;
    cv_nvml_start(&p, &nvml);
    c->n_times = cv_probe_all(&p, c->options.trace ? c->times : NULL);
    cv_facts_enrich(&c->facts, &c->arena, &c->m);
    unsigned wait = c->options.nvml_library || !files_suffice(&c->m) ? p.nvml_timeout_ms
                    : CV_NVML_SHORT_MS < p.nvml_timeout_ms           ? CV_NVML_SHORT_MS
                                                                     : p.nvml_timeout_ms;
    cv_nvml_collect(&p, &nvml, wait);
    cv_facts_enrich(&c->facts, &c->arena, &c->m);
    cv_root_close(&root);
    if (c->arena.oom)
        return cv_ctx_oom(c);
    return CV_OK;
}

int cuvet_machine_json(cuvet_ctx *c, const char *name, const char *json, size_t len)
{
    int rc = need_no_machine(c);
    if (rc != CV_OK)
        return rc;
    rc = cv_machine_from_json(&c->arena, cv_str_z(name), (cv_str){json, len}, &c->m, &c->error);
    if (rc != CV_OK)
        return cv_ctx_fail(c, rc);
    cv_facts_enrich(&c->facts, &c->arena, &c->m);
    return CV_OK;
}

int cuvet_machine_none(cuvet_ctx *c)
{
    int rc = need_no_machine(c);
    c->machine_is_none = rc == CV_OK;
    return rc;
}

/* ---- judging and writing ---- */

int cv_ctx_diagnose(cuvet_ctx *c)
{
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    if (!c->has_machine)
        return cv_ctx_fail(
            c, cv_fail(&c->error, CV_E_USAGE, CV_S(""), 0, CV_S("no machine was given")));
    if (!c->has_diagnosis) {
        cv_mark_hidden(&c->m);
        cv_diagnose(&c->facts, &c->arena, &c->m, &c->d);
        cv_add_fixes(&c->facts, &c->arena, &c->m, &c->d);
        c->has_diagnosis = true;
    }
    if (c->arena.oom)
        return cv_ctx_oom(c);
    return CV_OK;
}

int cuvet_doctor(cuvet_ctx *c, int strict)
{
    int rc = cv_ctx_diagnose(c);
    if (rc != CV_OK)
        return rc;
    if (strict && c->d.exit_code == 0)
        for (uint32_t i = 0; i < c->d.n_findings; i++)
            if (c->d.findings[i].severity == CV_WARNING)
                return 1;
    return c->d.exit_code;
}

int cv_ctx_oom(cuvet_ctx *c)
{
    return cv_ctx_fail(c, cv_fail(&c->error, CV_E_NOMEM, CV_S(""), 0, CV_S("out of memory")));
}

int cv_ctx_asked(cuvet_ctx *c, bool has, const char *option)
{
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    return has ? CV_OK : cv_ctx_usage(c, option, CV_S("was not asked yet"));
}

int cv_ctx_write_json(cuvet_ctx *c, const struct cv_node *n, int pretty, cuvet_write_fn *write,
                      void *user)
{
    struct cv_sink sink = {write, user};
    int rc = cv_json_write(n, pretty, &c->arena, &sink);
    return rc == CV_E_NOMEM ? cv_ctx_oom(c) : rc;
}

int cv_ctx_write_text(cuvet_ctx *c, const struct cv_buf *b, cuvet_write_fn *write, void *user)
{
    return c->arena.oom ? cv_ctx_oom(c) : write(user, b->ptr, b->len);
}

struct cv_text_style cv_ctx_style(const struct cuvet_style *s)
{
    return (struct cv_text_style){.width = s && s->width ? s->width : 80,
                                  .color = s && s->color,
                                  .utf8 = s && s->utf8,
                                  .quiet = s && s->quiet,
                                  .verbose = s && s->verbose};
}

int cuvet_doctor_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user)
{
    struct cv_buf b;
    int rc = cv_ctx_diagnose(c);
    if (rc != CV_OK)
        return rc;
    struct cv_text_style st = cv_ctx_style(s);
    cv_buf_init(&b, &c->arena);
    cv_text_doctor(&b, &st, &c->facts, &c->m, &c->d);
    for (unsigned i = 0; st.verbose && i < c->n_times; i++) {
        if (i == 0)
            cv_buf_addz(&b, "\nTime   looked at\n");
        cv_buf_fmt(&b, "%6.3f ms  %-22s %llu file calls\n", (double)c->times[i].wall_ns / 1e6,
                   c->times[i].name, (unsigned long long)c->times[i].calls);
    }
    return cv_ctx_write_text(c, &b, write, user);
}

int cuvet_doctor_json(cuvet_ctx *c, cuvet_write_fn *write, void *user)
{
    int rc = cv_ctx_diagnose(c);
    if (rc != CV_OK)
        return rc;
    return cv_ctx_write_json(c, cv_tree_doctor(&c->arena, &c->facts, &c->m, &c->d), 1, write, user);
}

int cuvet_snapshot_json(cuvet_ctx *c, cuvet_write_fn *write, void *user)
{
    int rc = cv_ctx_diagnose(c); /* for the marks of hidden GPUs */
    if (rc != CV_OK)
        return rc;
    struct cv_node *m = cv_tree_machine(&c->arena, &c->m), *o = cv_node_object(&c->arena);
    (void)cv_node_put(o, "schema", cv_node_text(&c->arena, CV_S("cuvet/snapshot/1")));
    if (o && m && o->last) {
        o->last->next = m->first;
        o->last = m->last;
    }
    return cv_ctx_write_json(c, o, 0, write, user);
}

int cuvet_snapshot_tree(cuvet_ctx *c, const char *dir, cuvet_write_fn *write, void *user)
{
    struct cv_root root;
    struct cv_probe_ctx p;
    struct cv_record rec;
    struct cv_buf b;
    int rc = need_no_machine(c);
    if (rc != CV_OK)
        return rc;
    if (c->options.root)
        return cv_ctx_usage(c, "--tree", CV_S("records the running machine, not a --root"));
    rc = cv_root_open(&root, &c->arena, NULL, &c->error);
    if (rc != CV_OK)
        return cv_ctx_fail(c, rc);
    cv_ctx_probe_ctx(c, &root, &p);
    c->m.live = true;
    rc = cv_record_tree(&p, dir, &rec, &c->error);
    cv_root_close(&root);
    if (rc != CV_OK)
        return cv_ctx_fail(c, rc);
    cv_buf_init(&b, &c->arena);
    for (uint32_t i = 0; i < rec.n_saved; i++)
        cv_buf_fmt(&b, "saved  " CV_FMT "\n", CV_ARG(rec.saved[i]));
    for (uint32_t i = 0; i < rec.n_left_out; i++)
        cv_buf_fmt(&b, "left   " CV_FMT "\n", CV_ARG(rec.left_out[i]));
    cv_buf_addz(&b, "GPU UUIDs were replaced. Paths and user names are as they are: look before "
                    "you share it.\n");
    return cv_ctx_write_text(c, &b, write, user);
}
