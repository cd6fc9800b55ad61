/* machine_json.c: see machine_json.h. The writer is report/machine_tree.c; reading what it wrote and writing again gives the same bytes. */
#include "format/machine_json.h"

#include "base/limits.h"
#include "core/gpucode.h"
#include "format/json.h"

struct mj {
    struct cv_arena *a;
    struct cv_jval sources;
    cv_str bad; /* first wrong place, "" = none */
};

static void wrong(struct mj *r, const char *where, const char *key, const char *want)
{
    if (r->bad.len == 0)
        r->bad = cv_arena_fmt(r->a, "%s%s%s: %s expected", where, *where ? "." : "", key, want);
}

/* Text, null or absent. */
static cv_str text_of(struct mj *r, struct cv_jval o, const char *where, const char *key)
{
    struct cv_jval v = cv_json_get(o, key);
    cv_str s = CV_S("");
    enum cv_jkind k = cv_json_kind(v);
    if (k == CV_J_TEXT)
        (void)cv_json_text(r->a, v, &s);
    else if (k != CV_J_NONE && k != CV_J_NULL)
        wrong(r, where, key, "a text");
    return s;
}

static bool flag_of(struct mj *r, struct cv_jval o, const char *where, const char *key)
{
    struct cv_jval v = cv_json_get(o, key);
    bool b = false;
    enum cv_jkind k = cv_json_kind(v);
    if (k == CV_J_BOOL)
        (void)cv_json_bool(v, &b);
    else if (k != CV_J_NONE && k != CV_J_NULL)
        wrong(r, where, key, "true or false");
    return b;
}

/* "none" is known to be absent, null is not known. */
static void fact_of(struct mj *r, struct cv_jval o, const char *where, const char *key,
                    struct cv_fact *to)
{
    struct cv_jval v = cv_json_get(o, key);
    cv_str s, source = CV_S("");
    enum cv_jkind k = cv_json_kind(v);
    (void)cv_json_text(r->a, cv_json_get(r->sources, key), &source);
    if (k == CV_J_NONE || k == CV_J_NULL)
        return;
    if (k != CV_J_TEXT || !cv_json_text(r->a, v, &s)) {
        wrong(r, where, key, "a text");
        return;
    }
    if (cv_str_eqz(s, "none"))
        cv_fact_state(to, CV_ABSENT, *where ? CV_S("") : source);
    else
        cv_fact_set(to, s, *where ? CV_S("") : source, CV_S(""));
}

/* The list under a key; false if it is null or absent (then not known). */
static bool list_of(struct mj *r, struct cv_jval o, const char *where, const char *key,
                    struct cv_jval *ret)
{
    *ret = cv_json_get(o, key);
    enum cv_jkind k = cv_json_kind(*ret);
    if (k == CV_J_LIST)
        return true;
    if (k != CV_J_NONE && k != CV_J_NULL)
        wrong(r, where, key, "a list");
    return false;
}

static bool object_at(struct mj *r, struct cv_jval list, size_t i, const char *where,
                      struct cv_jval *ret)
{
    *ret = cv_json_at(list, i);
    if (cv_json_kind(*ret) == CV_J_OBJECT)
        return true;
    wrong(r, where, "", "an object in the list");
    return false;
}

static void read_gpus(struct mj *r, struct cv_jval o, struct cv_machine *m)
{
    struct cv_jval list, v;
    if (!list_of(r, o, "", "gpus", &list))
        return;
    m->gpus_known = true;
    (void)cv_json_text(r->a, cv_json_get(r->sources, "gpus"), &m->gpus_src.path);
    for (size_t i = 0; i < cv_json_count(list) && i < CV_MAX_GPUS; i++) {
        struct cv_gpu *g = object_at(r, list, i, "gpus", &v) ? CV_PUSH(r->a, m, gpus) : NULL;
        if (!g)
            return;
        fact_of(r, v, "gpus", "name", &g->name);
        fact_of(r, v, "gpus", "cc", &g->cc_text);
        fact_of(r, v, "gpus", "pci", &g->pci);
        fact_of(r, v, "gpus", "device", &g->device);
        fact_of(r, v, "gpus", "chip", &g->chip);
        fact_of(r, v, "gpus", "segment", &g->segment);
        fact_of(r, v, "gpus", "bound", &g->bound);
        fact_of(r, v, "gpus", "uuid", &g->uuid);
        fact_of(r, v, "gpus", "memory_mib", &g->memory_mib);
        fact_of(r, v, "gpus", "mig", &g->mig);
        cv_str vendor = text_of(r, v, "gpus", "vendor");
        g->vendor = vendor.len ? vendor : CV_S("nvidia");
        g->tegra = flag_of(r, v, "gpus", "tegra");
        g->hidden = flag_of(r, v, "gpus", "hidden");
        if (cv_json_kind(cv_json_get(v, "in_nvml")) == CV_J_BOOL)
            g->in_nvml = flag_of(r, v, "gpus", "in_nvml") ? CV_YES : CV_NO;
        if (cv_known(&g->cc_text) && !cv_cc_parse(g->cc_text.v, &g->cc))
            wrong(r, "gpus", "cc", "a compute capability like \"8.6\"");
    }
}

static void read_toolkits(struct mj *r, struct cv_jval o, struct cv_machine *m)
{
    struct cv_jval list, v;
    if (!list_of(r, o, "", "toolkits", &list))
        return;
    m->toolkits_known = true;
    for (size_t i = 0; i < cv_json_count(list) && i < CV_MAX_TOOLKITS; i++) {
        struct cv_toolkit *t =
            object_at(r, list, i, "toolkits", &v) ? CV_PUSH(r->a, m, toolkits) : NULL;
        if (!t)
            return;
        t->version = text_of(r, v, "toolkits", "version");
        t->path = text_of(r, v, "toolkits", "path");
        t->kind = text_of(r, v, "toolkits", "kind");
        t->env = text_of(r, v, "toolkits", "environment");
        t->src.path = text_of(r, v, "toolkits", "source");
        t->has_nvcc =
            cv_json_kind(cv_json_get(v, "nvcc")) == CV_J_NONE || flag_of(r, v, "toolkits", "nvcc");
        t->in_path = flag_of(r, v, "toolkits", "in_path");
        t->is_cuda_home = flag_of(r, v, "toolkits", "cuda_home");
        t->is_default = flag_of(r, v, "toolkits", "default");
    }
}

static void read_lib(struct mj *r, struct cv_jval v, struct cv_lib *to)
{
    *to = (struct cv_lib){.version = text_of(r, v, "libraries", "version"),
                          .path = text_of(r, v, "libraries", "path"),
                          .src = {text_of(r, v, "libraries", "source"), CV_S("")}};
}

static void read_libs(struct mj *r, struct cv_jval o, struct cv_machine *m)
{
    struct cv_jval list, v;
    for (size_t i = 0; list_of(r, o, "", "cudnn", &list) && i < cv_json_count(list) && i < 64;
         i++) {
        struct cv_lib *l = object_at(r, list, i, "cudnn", &v) ? CV_PUSH(r->a, m, cudnn) : NULL;
        if (l)
            read_lib(r, v, l);
    }
    for (size_t i = 0; list_of(r, o, "", "nccl", &list) && i < cv_json_count(list) && i < 64; i++) {
        struct cv_lib *l = object_at(r, list, i, "nccl", &v) ? CV_PUSH(r->a, m, nccl) : NULL;
        if (l)
            read_lib(r, v, l);
    }
    for (size_t i = 0; list_of(r, o, "", "compilers", &list) && i < cv_json_count(list) && i < 64;
         i++) {
        struct cv_compiler *c =
            object_at(r, list, i, "compilers", &v) ? CV_PUSH(r->a, m, compilers) : NULL;
        if (c)
            *c = (struct cv_compiler){.name = text_of(r, v, "compilers", "name"),
                                      .version = text_of(r, v, "compilers", "version"),
                                      .path = text_of(r, v, "compilers", "path"),
                                      .is_default = flag_of(r, v, "compilers", "default")};
    }
}

static void read_archs(struct mj *r, struct cv_jval v, struct cv_torch *t)
{
    struct cv_jval list;
    cv_str s;
    if (!list_of(r, v, "torch", "archs", &list))
        return;
    for (size_t i = 0; i < cv_json_count(list) && i < CV_MAX_TARGETS; i++) {
        struct cv_target target;
        if (!cv_json_text(r->a, cv_json_at(list, i), &s) || !cv_target_parse(s, &target)) {
            wrong(r, "torch", "archs", "a target like \"sm_86\"");
            return;
        }
        cv_targets_add(&t->targets, target);
    }
    if (t->targets.n)
        cv_fact_set(&t->archs, cv_targets_str(r->a, &t->targets, " "), CV_S(""), CV_S(""));
    else
        cv_fact_state(&t->archs, CV_ABSENT, CV_S(""));
}

static bool read_code_set(struct mj *r, struct cv_jval v, struct cv_gpucode *to)
{
    struct cv_code_mask mask = {{0}};
    struct cv_jval list = cv_json_get(v, "targets");
    int containers = 0;
    cv_str s;
    if (!cv_json_int(cv_json_get(v, "containers"), &containers) || containers < 1 ||
        containers > (int)CV_MAX_CODE_ENTRIES || cv_json_kind(list) != CV_J_LIST)
        return false;
    size_t n = cv_json_count(list);
    for (size_t i = 0; i < n && i < CV_CODE_MAX_TARGETS; i++) {
        struct cv_target t;
        if (!cv_json_text(r->a, cv_json_at(list, i), &s) || !cv_target_parse(s, &t))
            return false;
        unsigned bit = cv_gpucode_bit(to, t);
        if (bit == CV_CODE_MAX_TARGETS)
            return false;
        mask.w[bit / 64] |= (uint64_t)1 << (bit % 64);
        to->targets[bit].images += (uint32_t)containers;
        to->images += (uint32_t)containers;
    }
    cv_gpucode_containers(to, r->a, mask, (uint32_t)containers);
    return true;
}

static void read_code(struct mj *r, struct cv_jval v, struct cv_torch *t)
{
    struct cv_jval list, one;
    if (!list_of(r, v, "torch", "code", &list))
        return;
    for (size_t i = 0; i < cv_json_count(list) && i < 16; i++) {
        if (!object_at(r, list, i, "code", &one))
            return;
        struct cv_code_file *f = CV_PUSH(r->a, t, code);
        struct cv_jval sets = cv_json_get(one, "sets");
        if (!f)
            return;
        f->name = text_of(r, one, "code", "file");
        f->group = t->path;
        cv_gpucode_init(&f->code);
        size_t n = cv_json_count(sets);
        for (size_t k = 0; k < n && k < CV_CODE_MAX_SETS; k++)
            if (!read_code_set(r, cv_json_at(sets, k), &f->code)) {
                wrong(r, "code", "sets", "a list of {\"containers\": 1, \"targets\": [\"sm_86\"]}");
                return;
            }
    }
    cv_torch_merge_code(r->a, t);
}

static void read_torch(struct mj *r, struct cv_jval v, struct cv_torch *t)
{
    struct cv_xy xy;
    *t = (struct cv_torch){.version = text_of(r, v, "torch", "version")};
    size_t plus = cv_str_findc(t->version, '+');
    t->release = cv_str_sub(t->version, 0, plus == SIZE_MAX ? t->version.len : plus);
    t->variant = text_of(r, v, "torch", "variant");
    fact_of(r, v, "torch", "cuda", &t->cuda);
    fact_of(r, v, "torch", "cudnn", &t->cudnn);
    fact_of(r, v, "torch", "nccl", &t->nccl);
    fact_of(r, v, "torch", "cudnn_required", &t->cudnn_required);
    fact_of(r, v, "torch", "nccl_required", &t->nccl_required);
    read_archs(r, v, t);
    t->path = text_of(r, v, "torch", "path");
    read_code(r, v, t);
    t->metadata_version = text_of(r, v, "torch", "metadata_version");
    t->installer = text_of(r, v, "torch", "installer");
    t->conda_build = text_of(r, v, "torch", "conda_build");
    t->hip = text_of(r, v, "torch", "hip");
    t->xpu = text_of(r, v, "torch", "xpu");
    t->src.path = text_of(r, v, "torch", "source");
    t->conda = flag_of(r, v, "torch", "conda");
    t->editable = flag_of(r, v, "torch", "editable");
    t->from_source = flag_of(r, v, "torch", "from_source");
    struct cv_pep440 version;
    if (!cv_pep440_parse(t->version, &version))
        wrong(r, "torch", "version", "a version");
    if (cv_known(&t->cuda) && !cv_xy_parse(t->cuda.v, &xy))
        wrong(r, "torch", "cuda", "a CUDA version");
}

static void read_packages(struct mj *r, struct cv_jval v, struct cv_env *e)
{
    struct cv_jval o = cv_json_get(v, "packages"), needs = cv_json_get(v, "torch_requirements"),
                   list;
    if (cv_json_kind(o) == CV_J_OBJECT) {
        size_t n = cv_json_count(o);
        for (size_t i = 0; i < n && i < 1024; i++) {
            cv_str key;
            struct cv_jval value = cv_json_member(o, i, &key);
            struct cv_package *p = CV_PUSH(r->a, e, packages);
            if (!p)
                return;
            *p = (struct cv_package){.name = cv_arena_str(r->a, key),
                                     .version = CV_S(""),
                                     .path = CV_S(""),
                                     .torch_requirement = CV_S(""),
                                     .installer = CV_S("")};
            if (!cv_json_text(r->a, value, &p->version))
                wrong(r, "packages", cv_arena_z(r->a, key), "a version");
            (void)cv_json_text(r->a, cv_json_get(needs, p->name.ptr), &p->torch_requirement);
        }
    } else if (cv_json_kind(o) != CV_J_NONE && cv_json_kind(o) != CV_J_NULL) {
        wrong(r, "environments", "packages", "an object");
    }
    for (size_t i = 0;
         list_of(r, v, "environments", "broken", &list) && i < cv_json_count(list) && i < 256;
         i++) {
        cv_str path;
        struct cv_package *p =
            cv_json_text(r->a, cv_json_at(list, i), &path) ? CV_PUSH(r->a, e, packages) : NULL;
        if (p)
            *p = (struct cv_package){.name = cv_str_base(path),
                                     .version = CV_S(""),
                                     .path = path,
                                     .torch_requirement = CV_S(""),
                                     .installer = CV_S(""),
                                     .broken = true};
    }
}

static void read_environments(struct mj *r, struct cv_jval o, struct cv_machine *m)
{
    struct cv_jval list, v, others, one;
    if (!list_of(r, o, "", "environments", &list))
        return;
    m->environments_known = true;
    for (size_t i = 0; i < cv_json_count(list) && i < CV_MAX_ENVS; i++) {
        struct cv_env e = {0};
        if (!object_at(r, list, i, "environments", &v))
            return;
        e.path = text_of(r, v, "environments", "path");
        e.kind = text_of(r, v, "environments", "kind");
        e.site = text_of(r, v, "environments", "site");
        e.active = flag_of(r, v, "environments", "active");
        fact_of(r, v, "environments", "python", &e.python);
        fact_of(r, v, "environments", "python_full", &e.python_full);
        struct cv_jval torch = cv_json_get(v, "torch");
        if (cv_json_kind(torch) == CV_J_OBJECT) {
            e.has_torch = true;
            read_torch(r, torch, &e.torch);
        } else if (cv_json_kind(torch) != CV_J_NONE && cv_json_kind(torch) != CV_J_NULL) {
            wrong(r, "environments", "torch", "an object or null");
        }
        read_packages(r, v, &e);
        for (size_t k = 0; list_of(r, v, "environments", "other_torches", &others) &&
                           k < cv_json_count(others) && k < 16;
             k++) {
            struct cv_torch *t = object_at(r, others, k, "other_torches", &one)
                                     ? CV_PUSH(r->a, &e, other_torches)
                                     : NULL;
            if (t)
                read_torch(r, one, t);
        }
        struct cv_env *to = CV_PUSH(r->a, m, environments);
        if (to)
            *to = e;
    }
}

static void read_driver(struct mj *r, struct cv_jval o, struct cv_machine *m)
{
    struct cv_driver *d = &m->driver;
    fact_of(r, o, "", "driver", &d->version);
    fact_of(r, o, "", "driver_cuda", &d->cuda);
    fact_of(r, o, "", "driver_library", &d->umd);
    fact_of(r, o, "", "driver_library_path", &d->umd_path);
    fact_of(r, o, "", "driver_package", &d->package);
    fact_of(r, o, "", "module_loaded", &d->module_loaded);
    fact_of(r, o, "", "module_file", &d->module_file);
    fact_of(r, o, "", "compat", &d->compat);
    fact_of(r, o, "", "compat_cuda", &d->compat_cuda);
    d->windows_number = flag_of(r, o, "", "windows_driver");
    cv_str flavour = text_of(r, o, "", "driver_flavour"), state = text_of(r, o, "", "driver_state");
    d->flavour = cv_str_eqz(flavour, "open")     ? CV_FLAVOUR_OPEN
                 : cv_str_eqz(flavour, "closed") ? CV_FLAVOUR_CLOSED
                                                 : CV_FLAVOUR_UNKNOWN;
    cv_str source = d->version.src.path;
    if (d->version.state == CV_NOT_ASKED && state.len) {
        (void)cv_json_text(r->a, cv_json_get(r->sources, "driver"), &source);
        cv_fact_state(&d->version, cv_str_eqz(state, "denied") ? CV_DENIED : CV_MALFORMED,
                      source.len ? source : CV_S(""));
    }
    if (cv_known(&d->version) && !cv_dotted_ok(d->version.v))
        wrong(r, "", "driver", "a driver version");
    struct cv_xy xy;
    if (cv_known(&d->cuda) && !cv_xy_parse(d->cuda.v, &xy))
        wrong(r, "", "driver_cuda", "a CUDA version");
}

static void read_place(struct mj *r, struct cv_jval o, struct cv_machine *m)
{
    struct cv_place *p = &m->place;
    struct cv_jval list;
    cv_str s;
    fact_of(r, o, "", "os", &p->os);
    fact_of(r, o, "", "arch", &p->arch);
    fact_of(r, o, "", "glibc", &p->glibc);
    fact_of(r, o, "", "python", &m->python);
    fact_of(r, o, "", "kernel", &p->kernel);
    fact_of(r, o, "", "distro", &p->distro_id);
    fact_of(r, o, "", "distro_version", &p->distro_version);
    fact_of(r, o, "", "distro_name", &p->distro_name);
    fact_of(r, o, "", "wsl", &p->wsl);
    fact_of(r, o, "", "container", &p->container);
    fact_of(r, o, "", "jetson", &p->jetson);
    fact_of(r, o, "", "jetson_model", &p->jetson_model);
    fact_of(r, o, "", "l4t", &p->l4t);
    fact_of(r, o, "", "secure_boot", &p->secure_boot);
    for (size_t i = 0; list_of(r, o, "", "place", &list) && i < cv_json_count(list) && i < 16;
         i++) {
        if (!cv_json_text(r->a, cv_json_at(list, i), &s))
            wrong(r, "", "place", "a list of texts");
        else if (cv_str_eqz(s, "wsl") && !cv_known(&p->wsl))
            cv_fact_set(&p->wsl, CV_S("2"), CV_S(""), CV_S(""));
        else if (cv_str_eqz(s, "container") && !cv_known(&p->container))
            cv_fact_set(&p->container, CV_S("container"), CV_S(""), CV_S(""));
        else if (cv_str_eqz(s, "jetson") && !cv_known(&p->jetson))
            cv_fact_set(&p->jetson, CV_S("tegra"), CV_S(""), CV_S(""));
    }
    if (cv_known(&p->wsl))
        m->driver.windows_number = true;
}

static void read_rest(struct mj *r, struct cv_jval o, struct cv_machine *m)
{
    struct cv_jval nvml = cv_json_get(o, "nvml"), vars = cv_json_get(o, "variables"), list, v;
    cv_str state = text_of(r, nvml, "nvml", "state");
    m->nvml.state = cv_str_eqz(state, "known")    ? CV_KNOWN
                    : cv_str_eqz(state, "absent") ? CV_ABSENT
                    : cv_str_eqz(state, "failed") ? CV_MALFORMED
                                                  : CV_NOT_ASKED;
    m->nvml.error = text_of(r, nvml, "nvml", "error");
    m->nvml.library = text_of(r, nvml, "nvml", "library");
    m->nvml.code = cv_str_has(m->nvml.error, "LIB_RM_VERSION_MISMATCH") ? 18 : 0;
    if (cv_json_kind(cv_json_get(nvml, "code")) == CV_J_NUMBER)
        (void)cv_json_int(cv_json_get(nvml, "code"), &m->nvml.code);
    fact_of(r, o, "", "device_nodes", &m->device_nodes);
    for (size_t i = 0; cv_json_kind(vars) == CV_J_OBJECT && i < cv_json_count(vars) && i < 256;
         i++) {
        cv_str key, value;
        struct cv_jval x = cv_json_member(vars, i, &key);
        struct cv_variable *to = cv_json_text(r->a, x, &value) ? CV_PUSH(r->a, m, variables) : NULL;
        if (to)
            *to = (struct cv_variable){cv_arena_str(r->a, key), value};
    }
    const struct {
        const char *name, *path;
        struct cv_fact *to;
    } facts[] = {{"CUDA_VISIBLE_DEVICES", "$CUDA_VISIBLE_DEVICES", &m->visible},
                 {"NVIDIA_VISIBLE_DEVICES", "$NVIDIA_VISIBLE_DEVICES", &m->nvidia_visible},
                 {"NVIDIA_DRIVER_CAPABILITIES", "$NVIDIA_DRIVER_CAPABILITIES", &m->capabilities}};
    for (size_t i = 0; i < 3; i++)
        for (uint32_t k = 0; k < m->n_variables; k++)
            if (cv_str_eqz(m->variables[k].name, facts[i].name))
                cv_fact_set(facts[i].to, m->variables[k].value, cv_str_z(facts[i].path),
                            m->variables[k].value);
    for (size_t i = 0; list_of(r, o, "", "problems", &list) && i < cv_json_count(list) && i < 256;
         i++)
        if (object_at(r, list, i, "problems", &v))
            cv_problem_add(r->a, m, text_of(r, v, "problems", "where"),
                           text_of(r, v, "problems", "what"));
}

static uint64_t line_of(cv_str text, size_t at)
{
    uint64_t n = 1;
    for (size_t i = 0; i < at && i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

int cv_machine_from_json(struct cv_arena *a, cv_str name, cv_str text, struct cv_machine *ret,
                         struct cv_error *e)
{
    struct cv_json doc;
    size_t at = 0;
    struct mj r = {.a = a, .bad = CV_S("")};
    if (text.len > CV_MAX_TEXT_FILE)
        return cv_fail(e, CV_E_LIMIT, name, 0, CV_S("too large for a snapshot"));
    if (!cv_json_open(&doc, a, text, &at))
        return cv_fail(e, CV_E_INPUT, name, line_of(text, at),
                       a->oom ? CV_S("out of memory") : CV_S("no valid JSON"));
    struct cv_jval o = cv_json_root(&doc), inner = cv_json_get(o, "machine");
    if (cv_json_kind(o) != CV_J_OBJECT)
        return cv_fail(e, CV_E_INPUT, name, 1, CV_S("a snapshot is a JSON object"));
    if (cv_json_kind(inner) == CV_J_OBJECT)
        o = inner;
    else if (cv_json_kind(cv_json_get(o, "schema")) == CV_J_TEXT) {
        cv_str schema;
        (void)cv_json_text(a, cv_json_get(o, "schema"), &schema);
        if (!cv_str_starts(schema, "cuvet/snapshot/"))
            return cv_fail(e, CV_E_INPUT, name, 1,
                           cv_arena_fmt(a, "schema " CV_FMT " is no snapshot", CV_ARG(schema)));
    }
    r.sources = cv_json_get(o, "sources");
    *ret = (struct cv_machine){0};
    read_driver(&r, o, ret);
    read_place(&r, o, ret);
    read_gpus(&r, o, ret);
    read_toolkits(&r, o, ret);
    read_libs(&r, o, ret);
    read_environments(&r, o, ret);
    read_rest(&r, o, ret);
    if (r.bad.len)
        return cv_fail(e, CV_E_INPUT, name, 0, r.bad);
    return a->oom ? cv_fail(e, CV_E_NOMEM, name, 0, CV_S("out of memory")) : CV_OK;
}
