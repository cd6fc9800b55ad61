/* archs_tree.c: cuvet/archs/1 (cli.md). */
#include "report/archs.h"
#include "rules/code.h"

bool cv_archs_whole(const struct cv_code_file *f)
{
    return !f->code.partial && f->code.error.len == 0;
}

bool cv_archs_new_cuda(const struct cv_code_file *f)
{
    struct cv_xy cuda;
    return f->declared && cv_xy_parse(f->declared->cuda, &cuda) &&
           cv_xy_cmp(cuda, (struct cv_xy){13, 2}) >= 0;
}

bool cv_archs_lacks(const struct cv_archs_report *r, const struct cv_code_file *f)
{
    if (f->code.images == 0 && !f->code.elsewhere)
        return false;
    for (uint32_t g = 0; g < r->m->n_gpus; g++) {
        struct cv_code_gpu one;
        if (!cv_known(&r->m->gpus[g].cc_text))
            continue;
        cv_code_for_gpu(r->f, &f->code, r->m->gpus[g].cc, cv_archs_new_cuda(f), &one);
        if (!one.has_via)
            return true;
    }
    return false;
}

static struct cv_node *text_or_null(struct cv_arena *a, cv_str s)
{
    return s.len ? cv_node_text(a, s) : cv_node_null(a);
}

static struct cv_node *targets_list(struct cv_arena *a, const struct cv_targets *set)
{
    struct cv_node *list = cv_node_list(a);
    for (unsigned i = 0; i < set->n; i++)
        (void)cv_node_add(list, cv_node_text(a, cv_target_str(a, set->t[i])));
    return list;
}

static void put_code(struct cv_arena *a, struct cv_node *o, const struct cv_gpucode *c)
{
    uint8_t order[CV_CODE_MAX_TARGETS];
    struct cv_node *sass = cv_node_put(o, "sass", cv_node_list(a)),
                   *ptx = cv_node_put(o, "ptx", cv_node_list(a));
    cv_gpucode_order(c, order);
    (void)cv_node_put(o, "images", cv_node_int(a, c->images));
    (void)cv_node_put(o, "containers", cv_node_int(a, c->containers));
    struct cv_node *targets = cv_node_put(o, "targets", cv_node_object(a));
    for (unsigned i = 0; i < c->n_targets; i++) {
        const struct cv_code_target *t = &c->targets[order[i]];
        cv_str name = cv_target_str(a, t->t);
        (void)cv_node_add(t->t.ptx ? ptx : sass, cv_node_text(a, name));
        struct cv_node *one = cv_node_put(targets, name.ptr, cv_node_object(a));
        (void)cv_node_put(one, "images", cv_node_int(a, t->images));
        (void)cv_node_put(one, "containers", cv_node_int(a, t->containers));
    }
    struct cv_node *lto = cv_node_put(o, "lto", cv_node_list(a));
    for (unsigned i = 0; i < c->lto.n; i++) {
        cv_str name = cv_target_str(a, c->lto.t[i]); /* nvcc's own word: code=lto_80 */
        (void)cv_node_add(
            lto, cv_node_text(a, cv_arena_fmt(a, "lto_" CV_FMT, CV_ARG(cv_str_from(name, 3)))));
    }
    (void)cv_node_put(o, "lto_images", cv_node_int(a, c->lto_images));
    (void)cv_node_put(o, "other_images", cv_node_int(a, c->other_images));
}

static void put_elsewhere(struct cv_arena *a, struct cv_node *o, const struct cv_gpucode *c)
{
    (void)cv_node_put(o, "searched",
                      cv_node_text(a, c->searched_all ? CV_S("everywhere") : CV_S("usual")));
    struct cv_node *e =
        cv_node_put(o, "elsewhere", c->elsewhere ? cv_node_object(a) : cv_node_null(a));
    if (!c->elsewhere)
        return;
    put_code(a, e, &c->elsewhere->code);
    struct cv_node *list = cv_node_put(e, "sections", cv_node_list(a));
    for (uint32_t i = 0; i < c->elsewhere->n_sections; i++) {
        const struct cv_code_section *s = &c->elsewhere->sections[i];
        struct cv_node *one = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(one, "name", cv_node_text(a, cv_arena_str(a, cv_str_z(s->name))));
        (void)cv_node_put(one, "containers", cv_node_int(a, s->containers));
        (void)cv_node_put(one, "cubins", cv_node_int(a, s->cubins));
    }
}

static void put_gpus(struct cv_arena *a, struct cv_node *o, const struct cv_archs_report *r,
                     const struct cv_code_file *f)
{
    struct cv_node *list = cv_node_put(o, "gpus", cv_node_list(a));
    for (uint32_t g = 0; g < r->m->n_gpus; g++) {
        const struct cv_gpu *gpu = &r->m->gpus[g];
        struct cv_code_gpu one;
        if (!cv_known(&gpu->cc_text))
            continue;
        cv_code_for_gpu(r->f, &f->code, gpu->cc, cv_archs_new_cuda(f), &one);
        struct cv_node *n = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(n, "name",
                          cv_known(&gpu->name) ? cv_node_text(a, gpu->name.v) : cv_node_null(a));
        (void)cv_node_put(n, "cc", cv_node_text(a, gpu->cc_text.v));
        (void)cv_node_put(
            n, "via", one.has_via ? cv_node_text(a, cv_target_str(a, one.via)) : cv_node_null(a));
        (void)cv_node_put(n, "without", cv_node_int(a, one.without));
        (void)cv_node_put(n, "jit", cv_node_int(a, one.by_jit));
        (void)cv_node_put(n, "elsewhere", cv_node_bool(a, one.elsewhere));
    }
}

static void put_declared(struct cv_arena *a, struct cv_node *o, const struct cv_declared *d)
{
    bool known = d && (d->source.len || d->python_source.len);
    (void)cv_node_put(o, "declared",
                      !known          ? cv_node_null(a)
                      : d->source.len ? targets_list(a, &d->targets)
                                      : targets_list(a, &d->python));
    (void)cv_node_put(o, "declared_in",
                      !known ? cv_node_null(a)
                             : cv_node_text(a, d->source.len ? d->source : d->python_source));
    (void)cv_node_put(o, "declared_python",
                      d && d->python_source.len ? targets_list(a, &d->python) : cv_node_null(a));
    (void)cv_node_put(o, "cuda", text_or_null(a, d ? d->cuda : CV_S("")));
    (void)cv_node_put(o, "version", text_or_null(a, d ? d->version : CV_S("")));
}

struct cv_node *cv_tree_archs(struct cv_arena *a, const struct cv_archs_report *r)
{
    struct cv_node *root = cv_node_object(a);
    (void)cv_node_put(root, "schema", cv_node_text(a, CV_S("cuvet/archs/1")));
    struct cv_node *files = cv_node_put(root, "files", cv_node_list(a));
    for (uint32_t i = 0; i < r->files->n_v; i++) {
        const struct cv_code_file *f = &r->files->v[i];
        struct cv_node *o = cv_node_add(files, cv_node_object(a));
        (void)cv_node_put(o, "file", cv_node_text(a, f->name));
        put_code(a, o, &f->code);
        put_elsewhere(a, o, &f->code);
        (void)cv_node_put(o, "partial", cv_node_bool(a, f->code.partial || f->not_read));
        (void)cv_node_put(o, "error", text_or_null(a, f->code.error));
        if (r->m->n_gpus)
            put_gpus(a, o, r, f);
        if (r->declared)
            put_declared(a, o, f->declared);
    }
    return root;
}
