/* archs_text.c: `cuvet archs` for people: each file with what is in all of its containers and what is in some, the asked GPUs, and a total. */
#include "report/archs.h"

#include "report/layout.h"
#include "rules/code.h"

/* "sm 75 80 86 90a" */
static cv_str names(struct cv_arena *a, const struct cv_gpucode *c, const uint8_t *order, bool ptx,
                    bool everywhere)
{
    struct cv_buf b;
    cv_buf_init(&b, a);
    for (unsigned i = 0; i < c->n_targets; i++) {
        const struct cv_code_target *t = &c->targets[order[i]];
        if (t->t.ptx != ptx || (t->containers == c->containers) != everywhere)
            continue;
        cv_str name = cv_target_str(a, t->t);
        cv_buf_fmt(&b, " " CV_FMT, CV_ARG(name));
        if (!everywhere)
            cv_buf_fmt(&b, " (%u)", t->containers);
    }
    return cv_buf_str(&b);
}

struct out {
    struct cv_buf *b;
    const struct cv_text_style *st;
    const struct cv_archs_report *r;
    size_t indent; /* members of a wheel or folder stand under its name */
};

#define CV_LABEL_WIDTH 9

static void colored(const struct out *o, enum cv_color color, const char *label, cv_str text)
{
    size_t at = o->indent + 2 + CV_LABEL_WIDTH;
    cv_buf_addn(o->b, ' ', o->indent + 2);
    cv_lay_put(o->b, o->st, color, cv_arena_fmt(o->b->arena, "%-*s", CV_LABEL_WIDTH, label));
    cv_lay_wrap(o->b, o->st, at, at + 2, text);
}

static void line(const struct out *o, const char *label, cv_str text)
{
    colored(o, CV_DIM, label, text);
}

/* SASS or PTX: what stands in all containers, and what in some. */
static void kind_lines(const struct out *o, const struct cv_gpucode *c, const uint8_t *order,
                       bool ptx)
{
    struct cv_arena *a = o->b->arena;
    const char *label = ptx ? "PTX" : "SASS";
    cv_str all = names(a, c, order, ptx, true), some = names(a, c, order, ptx, false);
    if (all.len && c->containers > 1)
        line(o, label,
             cv_arena_fmt(a, CV_FMT " in all %u containers", CV_ARG(cv_str_trim(all)),
                          c->containers));
    else if (all.len)
        line(o, label, cv_str_trim(all));
    if (some.len)
        line(o, all.len ? "" : label,
             cv_arena_fmt(a, "in some of the %u containers:" CV_FMT, c->containers, CV_ARG(some)));
}

static void code_lines(const struct out *o, const struct cv_gpucode *c)
{
    uint8_t order[CV_CODE_MAX_TARGETS];
    struct cv_arena *a = o->b->arena;
    cv_gpucode_order(c, order);
    kind_lines(o, c, order, false);
    kind_lines(o, c, order, true);
    if (c->lto_images)
        line(o, "LTO",
             cv_arena_fmt(a, "link-time code for " CV_FMT ": for nvJitLink, not to be run as it is",
                          CV_ARG(cv_targets_str(a, &c->lto, " "))));
    if (c->other_images)
        line(o, "unknown",
             cv_arena_fmt(a, "%u entries of a kind that is not known", c->other_images));
}

/* Only files that have sections keep code outside the usual ones. */
static bool not_searched(const struct cv_gpucode *c)
{
    return !c->searched_all && (c->form == CV_FORM_ELF || c->form == CV_FORM_PE);
}

/* "sm_100a (429) sm_120a (14) outside the usual sections, in .cask_resource" */
static void elsewhere_line(const struct out *o, const struct cv_elsewhere *e)
{
    struct cv_buf b;
    uint8_t order[CV_CODE_MAX_TARGETS];
    cv_buf_init(&b, o->b->arena);
    cv_gpucode_order(&e->code, order);
    for (unsigned i = 0; i < e->code.n_targets; i++) {
        const struct cv_code_target *t = &e->code.targets[order[i]];
        cv_str name = cv_target_str(o->b->arena, t->t);
        cv_buf_fmt(&b, "%s" CV_FMT " (%u)", i ? " " : "", CV_ARG(name), t->images);
    }
    if (e->code.lto_images)
        cv_buf_fmt(&b, "%slink-time code (%u)", e->code.n_targets ? " " : "", e->code.lto_images);
    cv_buf_addz(&b, " outside the usual sections, in");
    for (uint32_t i = 0; i < e->n_sections; i++)
        cv_buf_fmt(&b, "%s %s", i ? "," : "", e->sections[i].name);
    line(o, "also", cv_buf_str(&b));
}

/* "yes: sm_86 runs on NVIDIA GeForce RTX 3090 (8.6); 65 of 449 containers have nothing for it" */
static void gpu_line(const struct out *o, const struct cv_gpu *gpu, const struct cv_code_gpu *g,
                     uint32_t containers, bool more)
{
    struct cv_arena *a = o->b->arena;
    cv_str name = cv_known(&gpu->name) ? cv_arena_fmt(a, CV_FMT " (" CV_FMT ")",
                                                      CV_ARG(gpu->name.v), CV_ARG(gpu->cc_text.v))
                                       : gpu->cc_text.v;
    if (!g->has_via) {
        colored(o, CV_RED, "GPU",
                cv_arena_fmt(a, "no: nothing here runs on " CV_FMT "%s", CV_ARG(name),
                             more ? " (--everywhere also searches its data)" : ""));
        return;
    }
    cv_str via = cv_target_str(a, g->via);
    cv_str text =
        g->via.ptx ? cv_arena_fmt(a, "by JIT: the driver must compile " CV_FMT " for " CV_FMT,
                                  CV_ARG(via), CV_ARG(name))
                   : cv_arena_fmt(a, "yes: " CV_FMT " runs on " CV_FMT, CV_ARG(via), CV_ARG(name));
    if (g->elsewhere)
        text = cv_arena_fmt(a, CV_FMT ", and stands outside the usual sections", CV_ARG(text));
    if (!g->elsewhere && g->by_jit && !g->via.ptx)
        text = cv_arena_fmt(a, CV_FMT "; %u of %u containers only by compiling PTX", CV_ARG(text),
                            g->by_jit, containers);
    if (!g->elsewhere && g->without)
        text = cv_arena_fmt(a, CV_FMT "; %u of %u containers have nothing for it", CV_ARG(text),
                            g->without, containers);
    colored(o, g->without || g->via.ptx ? CV_YELLOW : CV_GREEN, "GPU", text);
}

static void gpu_lines(const struct out *o, const struct cv_code_file *f)
{
    const struct cv_machine *m = o->r->m;
    for (uint32_t g = 0; g < m->n_gpus; g++) {
        struct cv_code_gpu one;
        if (!cv_known(&m->gpus[g].cc_text))
            continue;
        cv_code_for_gpu(o->r->f, &f->code, m->gpus[g].cc, cv_archs_new_cuda(f), &one);
        gpu_line(o, &m->gpus[g], &one, f->code.containers, not_searched(&f->code));
    }
}

static void declared_lines(const struct out *o, const struct cv_declared *d)
{
    struct cv_arena *a = o->b->arena;
    if (!d || (!d->source.len && !d->python_source.len)) {
        line(o, "declared", CV_S("nothing: the package does not say what it was built for"));
        return;
    }
    if (d->source.len)
        line(o, "declared",
             cv_arena_fmt(a, CV_FMT " (" CV_FMT ")", CV_ARG(cv_targets_str(a, &d->targets, " ")),
                          CV_ARG(d->source)));
    if (d->python_source.len)
        line(o, d->source.len ? "" : "declared",
             cv_arena_fmt(a, CV_FMT " (" CV_FMT ")", CV_ARG(cv_targets_str(a, &d->python, " ")),
                          CV_ARG(d->python_source)));
    if (d->version.len)
        line(o, "",
             cv_arena_fmt(a, "version " CV_FMT "%s" CV_FMT, CV_ARG(d->version),
                          d->cuda.len ? ", CUDA " : "", CV_ARG(d->cuda)));
}

/* The name of a member without what stands in the line above. */
static cv_str short_name(const struct cv_code_file *f)
{
    if (f->within.len)
        return f->within;
    cv_str rest = cv_str_from(f->name, f->group.len);
    while (rest.len && (rest.ptr[0] == '!' || rest.ptr[0] == '/'))
        rest = cv_str_from(rest, 1);
    return rest.len ? rest : f->name;
}

static void one_file(const struct out *o, const struct cv_code_file *f)
{
    const struct cv_gpucode *c = &f->code;
    struct cv_arena *a = o->b->arena;
    cv_lay_line(o->b, o->st, CV_BOLD, o->indent, o->indent ? short_name(f) : f->name);
    code_lines(o, c);
    if (c->elsewhere)
        elsewhere_line(o, c->elsewhere);
    if (c->error.len)
        colored(o, CV_RED, c->partial ? "partial" : "error",
                c->partial ? cv_arena_fmt(a, "this list is not complete: " CV_FMT, CV_ARG(c->error))
                           : c->error);
    else if (f->not_read)
        line(o, "code",
             cv_str_starts(f->group, "http")
                 ? CV_S("not read: only what the package says of itself (--exact reads it)")
                 : CV_S("not read: only what the package says of itself was asked for"));
    else if (c->images == 0 && c->lto_images == 0 && c->other_images == 0 && !c->elsewhere)
        line(o, "none",
             not_searched(c)
                 ? CV_S("no GPU code in the sections for it (--everywhere searches the rest)")
                 : CV_S("no GPU code in it"));
    if (c->images || c->elsewhere)
        gpu_lines(o, f);
}

static bool ends_group(const struct cv_code_files *files, uint32_t i)
{
    return i + 1 == files->n_v || !cv_str_eq(files->v[i].group, files->v[i + 1].group);
}

/* The last lines of a wheel, an archive or a folder. */
static void total(const struct out *o, uint32_t from, uint32_t to)
{
    struct cv_arena *a = o->b->arena;
    struct cv_gpucode *sum = cv_arena_alloc(a, sizeof *sum);
    uint8_t order[CV_CODE_MAX_TARGETS];
    uint32_t n = 0, lacking = 0;
    if (!sum)
        return;
    cv_gpucode_init(sum);
    for (uint32_t i = from; i <= to; i++) {
        const struct cv_code_file *f = &o->r->files->v[i];
        n += f->code.images > 0;
        lacking += cv_archs_lacks(o->r, f);
        cv_gpucode_merge(sum, a, &f->code);
    }
    cv_lay_line(o->b, o->st, CV_BOLD, o->indent,
                cv_arena_fmt(a, "all %u files with GPU code: %u images in %u containers", n,
                             sum->images, sum->containers));
    cv_gpucode_order(sum, order);
    for (int ptx = 0; ptx < 2; ptx++) {
        struct cv_targets set = {.n = 0};
        for (unsigned i = 0; i < sum->n_targets; i++)
            if (sum->targets[order[i]].t.ptx == (ptx == 1))
                cv_targets_add(&set, sum->targets[order[i]].t);
        if (set.n)
            line(o, ptx ? "any PTX" : "any SASS", cv_targets_str(a, &set, " "));
    }
    if (o->r->m->n_gpus && n)
        colored(o, lacking ? CV_RED : CV_GREEN, "GPU",
                lacking
                    ? cv_arena_fmt(a, "%u of %u files have no code for a GPU that was asked for",
                                   lacking, n)
                    : CV_S("each file has code for every GPU that was asked for"));
}

void cv_text_archs(struct cv_buf *b, const struct cv_text_style *st,
                   const struct cv_archs_report *r)
{
    struct out o = {.b = b, .st = st, .r = r};
    uint32_t from = 0;
    for (uint32_t i = 0; i < r->files->n_v; i++) {
        const struct cv_code_file *f = &r->files->v[i];
        bool many = !ends_group(r->files, from) || !cv_str_eq(f->name, f->group);
        if (i == from && many)
            cv_lay_line(b, st, CV_BOLD, 0, f->group);
        o.indent = many ? 2 : 0;
        if (!st->quiet || !many)
            one_file(&o, f);
        if (!ends_group(r->files, i))
            continue;
        if (i > from)
            total(&o, from, i);
        if (r->declared)
            declared_lines(&o, f->declared);
        from = i + 1;
    }
}
