/* machine_tree.c: struct cv_machine as the object `machine` of cli.md: versions are texts, null = not known, "none" and [] = known to be absent. */
#include "core/gpucode.h"
#include "report/report.h"

struct mt {
    struct cv_arena *a;
    struct cv_node *sources;
};

static struct cv_node *text_or_null(struct cv_arena *a, cv_str s)
{
    return s.len ? cv_node_text(a, s) : cv_node_null(a);
}

static void source(struct mt *t, const char *field, const struct cv_src *src)
{
    if (src->path.len)
        (void)cv_node_put(t->sources, field, cv_node_text(t->a, src->path));
}

static void put(struct mt *t, struct cv_node *o, const char *key, const struct cv_fact *f)
{
    (void)cv_node_put_fact(t->a, o, key, f);
    if (f->state != CV_NOT_ASKED)
        source(t, key, &f->src);
}

/* State words for what is neither known nor absent: a snapshot must not turn "denied" into "not asked". */
static void put_states(struct mt *t, struct cv_node *m, const struct cv_machine *x)
{
    if (x->driver.version.state == CV_DENIED || x->driver.version.state == CV_MALFORMED)
        (void)cv_node_put(m, "driver_state",
                          cv_node_text(t->a, cv_str_z(cv_state_name(x->driver.version.state))));
}

static struct cv_node *gpus(struct mt *t, const struct cv_machine *m)
{
    struct cv_arena *a = t->a;
    if (!m->gpus_known && m->n_gpus == 0)
        return cv_node_null(a);
    struct cv_node *list = cv_node_list(a);
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        const struct cv_gpu *g = &m->gpus[i];
        struct cv_node *o = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put_fact(a, o, "name", &g->name);
        (void)cv_node_put_fact(a, o, "cc", &g->cc_text);
        (void)cv_node_put_fact(a, o, "pci", &g->pci);
        (void)cv_node_put(o, "vendor", cv_node_text(a, g->vendor));
        (void)cv_node_put_fact(a, o, "device", &g->device);
        (void)cv_node_put_fact(a, o, "chip", &g->chip);
        (void)cv_node_put_fact(a, o, "segment", &g->segment);
        (void)cv_node_put_fact(a, o, "bound", &g->bound);
        (void)cv_node_put_fact(a, o, "uuid", &g->uuid);
        (void)cv_node_put_fact(a, o, "memory_mib", &g->memory_mib);
        (void)cv_node_put_fact(a, o, "mig", &g->mig);
        (void)cv_node_put(o, "tegra", cv_node_bool(a, g->tegra));
        (void)cv_node_put(o, "hidden", cv_node_bool(a, g->hidden));
        (void)cv_node_put(o, "in_nvml",
                          g->in_nvml == CV_UNKNOWN ? cv_node_null(a)
                                                   : cv_node_bool(a, g->in_nvml == CV_YES));
    }
    source(t, "gpus", &m->gpus_src);
    return list;
}

static struct cv_node *toolkits(struct cv_arena *a, const struct cv_machine *m)
{
    if (!m->toolkits_known && m->n_toolkits == 0)
        return cv_node_null(a);
    struct cv_node *list = cv_node_list(a);
    for (uint32_t i = 0; i < m->n_toolkits; i++) {
        const struct cv_toolkit *k = &m->toolkits[i];
        struct cv_node *o = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(o, "version", text_or_null(a, k->version));
        (void)cv_node_put(o, "path", text_or_null(a, k->path));
        (void)cv_node_put(o, "kind", cv_node_text(a, k->kind));
        (void)cv_node_put(o, "nvcc", cv_node_bool(a, k->has_nvcc));
        (void)cv_node_put(o, "in_path", cv_node_bool(a, k->in_path));
        (void)cv_node_put(o, "cuda_home", cv_node_bool(a, k->is_cuda_home));
        (void)cv_node_put(o, "default", cv_node_bool(a, k->is_default));
        (void)cv_node_put(o, "environment", text_or_null(a, k->env));
        (void)cv_node_put(o, "source", text_or_null(a, k->src.path));
    }
    return list;
}

static struct cv_node *libs(struct cv_arena *a, const struct cv_machine *m, const struct cv_lib *l,
                            uint32_t n)
{
    if (!m->toolkits_known && n == 0)
        return cv_node_null(a);
    struct cv_node *list = cv_node_list(a);
    for (uint32_t i = 0; i < n; i++) {
        struct cv_node *o = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(o, "version", text_or_null(a, l[i].version));
        (void)cv_node_put(o, "path", text_or_null(a, l[i].path));
        (void)cv_node_put(o, "source", text_or_null(a, l[i].src.path));
    }
    return list;
}

static struct cv_node *compilers(struct cv_arena *a, const struct cv_machine *m)
{
    struct cv_node *list = cv_node_list(a);
    for (uint32_t i = 0; i < m->n_compilers; i++) {
        const struct cv_compiler *c = &m->compilers[i];
        struct cv_node *o = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(o, "name", cv_node_text(a, c->name));
        (void)cv_node_put(o, "version", text_or_null(a, c->version));
        (void)cv_node_put(o, "path", text_or_null(a, c->path));
        (void)cv_node_put(o, "default", cv_node_bool(a, c->is_default));
    }
    return list;
}

/* Which targets stand together, and in how many containers: enough to judge any GPU from a snapshot. */
static struct cv_node *code_node(struct cv_arena *a, const struct cv_code_file *f)
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "file", cv_node_text(a, f->name));
    (void)cv_node_put(o, "containers", cv_node_int(a, f->code.containers));
    struct cv_node *sets = cv_node_put(o, "sets", cv_node_list(a));
    for (uint32_t s = 0; s < f->code.n_sets; s++) {
        struct cv_node *one = cv_node_add(sets, cv_node_object(a));
        (void)cv_node_put(one, "containers", cv_node_int(a, f->code.sets[s].containers));
        struct cv_node *list = cv_node_put(one, "targets", cv_node_list(a));
        for (unsigned i = 0; i < f->code.n_targets; i++)
            if (cv_code_mask_has(&f->code.sets[s].mask, i))
                (void)cv_node_add(list, cv_node_text(a, cv_target_str(a, f->code.targets[i].t)));
    }
    return o;
}

static struct cv_node *torch_node(struct cv_arena *a, const struct cv_torch *t)
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "version", text_or_null(a, t->version));
    (void)cv_node_put(o, "variant", text_or_null(a, t->variant));
    (void)cv_node_put_fact(a, o, "cuda", &t->cuda);
    (void)cv_node_put_fact(a, o, "cudnn", &t->cudnn);
    (void)cv_node_put_fact(a, o, "nccl", &t->nccl);
    if (cv_known(&t->archs)) {
        struct cv_node *list = cv_node_put(o, "archs", cv_node_list(a));
        for (unsigned i = 0; i < t->targets.n; i++)
            (void)cv_node_add(list, cv_node_text(a, cv_target_str(a, t->targets.t[i])));
    } else {
        (void)cv_node_put(o, "archs", cv_absent(&t->archs) ? cv_node_list(a) : cv_node_null(a));
    }
    struct cv_node *code = cv_node_put(o, "code", t->n_code ? cv_node_list(a) : cv_node_null(a));
    for (uint32_t i = 0; i < t->n_code; i++)
        (void)cv_node_add(code, code_node(a, &t->code[i]));
    (void)cv_node_put(o, "path", text_or_null(a, t->path));
    (void)cv_node_put_fact(a, o, "cudnn_required", &t->cudnn_required);
    (void)cv_node_put_fact(a, o, "nccl_required", &t->nccl_required);
    (void)cv_node_put(o, "metadata_version", text_or_null(a, t->metadata_version));
    (void)cv_node_put(o, "installer", text_or_null(a, t->installer));
    (void)cv_node_put(o, "conda_build", text_or_null(a, t->conda_build));
    (void)cv_node_put(o, "conda", cv_node_bool(a, t->conda));
    (void)cv_node_put(o, "editable", cv_node_bool(a, t->editable));
    (void)cv_node_put(o, "from_source", cv_node_bool(a, t->from_source));
    (void)cv_node_put(o, "hip", text_or_null(a, t->hip));
    (void)cv_node_put(o, "xpu", text_or_null(a, t->xpu));
    (void)cv_node_put(o, "source", text_or_null(a, t->src.path));
    return o;
}

static struct cv_node *environments(struct cv_arena *a, const struct cv_machine *m)
{
    if (!m->environments_known && m->n_environments == 0)
        return cv_node_null(a);
    struct cv_node *list = cv_node_list(a);
    for (uint32_t i = 0; i < m->n_environments; i++) {
        const struct cv_env *e = &m->environments[i];
        struct cv_node *o = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(o, "path", text_or_null(a, e->path));
        (void)cv_node_put(o, "active", cv_node_bool(a, e->active));
        (void)cv_node_put_fact(a, o, "python", &e->python);
        (void)cv_node_put(o, "torch", e->has_torch ? torch_node(a, &e->torch) : cv_node_null(a));
        struct cv_node *packages = cv_node_put(o, "packages", cv_node_object(a));
        struct cv_node *needs = cv_node_object(a), *broken = cv_node_list(a);
        for (uint32_t k = 0; k < e->n_packages; k++) {
            const struct cv_package *p = &e->packages[k];
            if (p->broken || p->duplicate)
                (void)cv_node_add(broken, cv_node_text(a, p->path));
            else
                (void)cv_node_put(packages, cv_arena_z(a, p->name), cv_node_text(a, p->version));
            if (p->torch_requirement.len && !p->broken && !p->duplicate)
                (void)cv_node_put(needs, cv_arena_z(a, p->name),
                                  cv_node_text(a, p->torch_requirement));
        }
        (void)cv_node_put(o, "torch_requirements", needs);
        (void)cv_node_put(o, "broken", broken);
        struct cv_node *others = cv_node_put(o, "other_torches", cv_node_list(a));
        for (uint32_t k = 0; k < e->n_other_torches; k++)
            (void)cv_node_add(others, torch_node(a, &e->other_torches[k]));
        (void)cv_node_put(o, "kind", text_or_null(a, e->kind));
        (void)cv_node_put(o, "site", text_or_null(a, e->site));
        (void)cv_node_put_fact(a, o, "python_full", &e->python_full);
    }
    return list;
}

static struct cv_node *place(struct mt *t, const struct cv_machine *m)
{
    struct cv_node *list = cv_node_list(t->a);
    const struct {
        const char *name;
        const struct cv_fact *f;
    } places[] = {
        {"wsl", &m->place.wsl}, {"container", &m->place.container}, {"jetson", &m->place.jetson}};
    for (size_t i = 0; i < 3; i++) {
        if (!cv_known(places[i].f))
            continue;
        (void)cv_node_add(list, cv_node_text(t->a, cv_str_z(places[i].name)));
        source(t, places[i].name, &places[i].f->src);
    }
    return list;
}

static void put_nvml(struct mt *t, struct cv_node *m, const struct cv_nvml *n)
{
    struct cv_node *o = cv_node_put(m, "nvml", cv_node_object(t->a));
    (void)cv_node_put(
        o, "state",
        cv_node_text(t->a,
                     cv_str_z(n->state == CV_MALFORMED ? "failed" : cv_state_name(n->state))));
    (void)cv_node_put(o, "code", cv_node_int(t->a, n->code));
    (void)cv_node_put(o, "error", text_or_null(t->a, n->error));
    (void)cv_node_put(o, "library", text_or_null(t->a, n->library));
}

struct cv_node *cv_tree_machine(struct cv_arena *a, const struct cv_machine *m)
{
    struct mt t = {.a = a, .sources = cv_node_object(a)};
    struct cv_node *o = cv_node_object(a);
    put(&t, o, "os", &m->place.os);
    put(&t, o, "arch", &m->place.arch);
    put(&t, o, "glibc", &m->place.glibc);
    put(&t, o, "python", &m->python);
    (void)cv_node_put(o, "place", place(&t, m));
    put(&t, o, "driver", &m->driver.version);
    put(&t, o, "driver_cuda", &m->driver.cuda);
    (void)cv_node_put(o, "gpus", gpus(&t, m));
    (void)cv_node_put(o, "toolkits", toolkits(a, m));
    (void)cv_node_put(o, "cudnn", libs(a, m, m->cudnn, m->n_cudnn));
    (void)cv_node_put(o, "nccl", libs(a, m, m->nccl, m->n_nccl));
    (void)cv_node_put(o, "environments", environments(a, m));
    const char *flavour = cv_flavour_name(m->driver.flavour);
    (void)cv_node_put(o, "driver_flavour",
                      flavour ? cv_node_text(a, cv_str_z(flavour)) : cv_node_null(a));
    put_states(&t, o, m);
    put(&t, o, "driver_library", &m->driver.umd);
    put(&t, o, "driver_library_path", &m->driver.umd_path);
    put(&t, o, "driver_package", &m->driver.package);
    put(&t, o, "module_loaded", &m->driver.module_loaded);
    put(&t, o, "module_file", &m->driver.module_file);
    put(&t, o, "compat", &m->driver.compat);
    put(&t, o, "compat_cuda", &m->driver.compat_cuda);
    (void)cv_node_put(o, "windows_driver", cv_node_bool(a, m->driver.windows_number));
    put(&t, o, "device_nodes", &m->device_nodes);
    put(&t, o, "kernel", &m->place.kernel);
    put(&t, o, "distro", &m->place.distro_id);
    put(&t, o, "distro_version", &m->place.distro_version);
    put(&t, o, "distro_name", &m->place.distro_name);
    put(&t, o, "wsl", &m->place.wsl);
    put(&t, o, "container", &m->place.container);
    put(&t, o, "jetson", &m->place.jetson);
    put(&t, o, "jetson_model", &m->place.jetson_model);
    put(&t, o, "l4t", &m->place.l4t);
    put(&t, o, "secure_boot", &m->place.secure_boot);
    put_nvml(&t, o, &m->nvml);
    (void)cv_node_put(o, "compilers", compilers(a, m));
    struct cv_node *vars = cv_node_put(o, "variables", cv_node_object(a));
    for (uint32_t i = 0; i < m->n_variables; i++)
        (void)cv_node_put(vars, cv_arena_z(a, m->variables[i].name),
                          cv_node_text(a, m->variables[i].value));
    struct cv_node *problems = cv_node_put(o, "problems", cv_node_list(a));
    for (uint32_t i = 0; i < m->n_problems; i++) {
        struct cv_node *p = cv_node_add(problems, cv_node_object(a));
        (void)cv_node_put(p, "where", cv_node_text(a, m->problems[i].where));
        (void)cv_node_put(p, "what", cv_node_text(a, m->problems[i].what));
    }
    (void)cv_node_put(o, "sources", t.sources);
    return o;
}
