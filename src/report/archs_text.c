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

static cv_str count_words(struct cv_arena *a, uint32_t n)
{
    return n == 1 ? CV_S("1 container") : cv_arena_fmt(a, "%u containers", n);
}

static void line(struct cv_buf *b, const struct cv_text_style *st, const char *label, cv_str text)
{
    cv_buf_addn(b, ' ', 2);
    cv_lay_put(b, st, CV_DIM, cv_arena_fmt(b->arena, "%-9s", label));
    cv_lay_wrap(b, st, 11, 13, text);
}

static void code_lines(struct cv_buf *b, const struct cv_text_style *st, const struct cv_gpucode *c)
{
    uint8_t order[CV_CODE_MAX_TARGETS];
    struct cv_arena *a = b->arena;
    cv_gpucode_order(c, order);
    for (int ptx = 0; ptx < 2; ptx++) {
        const char *label = ptx ? "PTX" : "SASS";
        cv_str all = names(a, c, order, ptx, true), some = names(a, c, order, ptx, false);
        if (all.len)
            line(b, st, label,
                 c->containers == 1
                     ? cv_str_trim(all)
                     : cv_arena_fmt(a, CV_FMT " in all " CV_FMT, CV_ARG(cv_str_trim(all)),
                                    CV_ARG(count_words(a, c->containers))));
        if (some.len)
            line(b, st, all.len ? "" : label,
                 all.len ? cv_arena_fmt(a, "in some:" CV_FMT, CV_ARG(some))
                         : cv_arena_fmt(a, CV_FMT " of " CV_FMT, CV_ARG(cv_str_trim(some)),
                                        CV_ARG(count_words(a, c->containers))));
    }
    if (c->lto_images)
        line(b, st, "LTO",
             cv_arena_fmt(a, "link-time code for " CV_FMT ": for nvJitLink, not to be run as it is",
                          CV_ARG(cv_targets_str(a, &c->lto, " "))));
    if (c->other_images)
        line(b, st, "unknown",
             cv_arena_fmt(a, "%u entries of a kind that is not known", c->other_images));
}

static void gpu_lines(struct cv_buf *b, const struct cv_text_style *st,
                      const struct cv_archs_report *r, const struct cv_code_file *f)
{
    struct cv_arena *a = b->arena;
    for (uint32_t g = 0; g < r->m->n_gpus; g++) {
        const struct cv_gpu *gpu = &r->m->gpus[g];
        struct cv_code_gpu one;
        if (!cv_known(&gpu->cc_text))
            continue;
        cv_code_for_gpu(r->f, &f->code, gpu->cc, cv_archs_new_cuda(f), &one);
        cv_str name = cv_known(&gpu->name)
                          ? cv_arena_fmt(a, CV_FMT " (" CV_FMT ")", CV_ARG(gpu->name.v),
                                         CV_ARG(gpu->cc_text.v))
                          : gpu->cc_text.v;
        cv_str via = one.has_via ? cv_target_str(a, one.via) : CV_S("");
        cv_str text;
        if (!one.has_via)
            text = cv_arena_fmt(a, "no: nothing here runs on " CV_FMT, CV_ARG(name));
        else if (one.via.ptx)
            text = cv_arena_fmt(a, "by JIT: the driver must compile " CV_FMT " for " CV_FMT,
                                CV_ARG(via), CV_ARG(name));
        else
            text = cv_arena_fmt(a, "yes: " CV_FMT " runs on " CV_FMT, CV_ARG(via), CV_ARG(name));
        if (one.has_via && one.by_jit && !one.via.ptx)
            text = cv_arena_fmt(a, CV_FMT "; %u of %u containers only by compiling PTX",
                                CV_ARG(text), one.by_jit, f->code.containers);
        if (one.has_via && one.without)
            text = cv_arena_fmt(a, CV_FMT "; %u of %u containers have nothing for it", CV_ARG(text),
                                one.without, f->code.containers);
        cv_buf_addn(b, ' ', 2);
        cv_lay_put(b, st,
                   !one.has_via                 ? CV_RED
                   : one.without || one.via.ptx ? CV_YELLOW
                                                : CV_GREEN,
                   cv_arena_fmt(a, "%-9s", "GPU"));
        cv_lay_wrap(b, st, 11, 13, text);
    }
}

static void declared_lines(struct cv_buf *b, const struct cv_text_style *st,
                           const struct cv_declared *d)
{
    struct cv_arena *a = b->arena;
    if (!d || (!d->source.len && !d->python_source.len)) {
        line(b, st, "declared", CV_S("nothing: the package does not say what it was built for"));
        return;
    }
    if (d->source.len)
        line(b, st, "declared",
             cv_arena_fmt(a, CV_FMT " (" CV_FMT ")", CV_ARG(cv_targets_str(a, &d->targets, " ")),
                          CV_ARG(d->source)));
    if (d->python_source.len)
        line(b, st, d->source.len ? "" : "declared",
             cv_arena_fmt(a, CV_FMT " (" CV_FMT ")", CV_ARG(cv_targets_str(a, &d->python, " ")),
                          CV_ARG(d->python_source)));
    if (d->version.len)
        line(b, st, "",
             cv_arena_fmt(a, "version " CV_FMT "%s" CV_FMT, CV_ARG(d->version),
                          d->cuda.len ? ", CUDA " : "", CV_ARG(d->cuda)));
}

static void one_file(struct cv_buf *b, const struct cv_text_style *st,
                     const struct cv_archs_report *r, const struct cv_code_file *f)
{
    const struct cv_gpucode *c = &f->code;
    cv_lay_line(b, st, CV_BOLD, 0, f->name);
    code_lines(b, st, c);
    if (c->error.len) {
        cv_buf_addn(b, ' ', 2);
        cv_lay_put(b, st, CV_RED, cv_arena_fmt(b->arena, "%-9s", c->partial ? "partial" : "error"));
        cv_lay_wrap(b, st, 11, 13,
                    c->partial ? cv_arena_fmt(b->arena, "this list is not complete: " CV_FMT,
                                              CV_ARG(c->error))
                               : c->error);
    } else if (f->not_read) {
        line(b, st, "code", CV_S("not read: only what the package says of itself was asked for"));
    } else if (c->images == 0 && c->lto_images == 0 && c->other_images == 0) {
        line(b, st, "none", CV_S("no GPU code in it"));
    }
    if (c->images && r->m->n_gpus)
        gpu_lines(b, st, r, f);
}

static bool ends_group(const struct cv_code_files *files, uint32_t i)
{
    return i + 1 == files->n_v || !cv_str_eq(files->v[i].group, files->v[i + 1].group);
}

/* The last lines of a wheel, an archive or a folder. */
static void total(struct cv_buf *b, const struct cv_text_style *st, const struct cv_archs_report *r,
                  uint32_t from, uint32_t to)
{
    struct cv_arena *a = b->arena;
    struct cv_code_file *sum = cv_arena_alloc(a, sizeof *sum);
    uint32_t n = 0, lacking = 0;
    if (!sum)
        return;
    cv_gpucode_init(&sum->code);
    for (uint32_t i = from; i <= to; i++) {
        const struct cv_code_file *f = &r->files->v[i];
        n += f->code.images > 0;
        lacking += cv_archs_lacks(r, f);
        cv_gpucode_merge(&sum->code, a, &f->code);
    }
    cv_lay_line(b, st, CV_BOLD, 0,
                cv_arena_fmt(a, "Total: %u files with GPU code in " CV_FMT ", %u images", n,
                             CV_ARG(count_words(a, sum->code.containers)), sum->code.images));
    uint8_t order[CV_CODE_MAX_TARGETS];
    cv_gpucode_order(&sum->code, order);
    for (int ptx = 0; ptx < 2; ptx++) {
        struct cv_targets set = {.n = 0};
        for (unsigned i = 0; i < sum->code.n_targets; i++)
            if (sum->code.targets[order[i]].t.ptx == (ptx == 1))
                cv_targets_add(&set, sum->code.targets[order[i]].t);
        if (set.n)
            line(b, st, ptx ? "any PTX" : "any SASS", cv_targets_str(a, &set, " "));
    }
    if (r->m->n_gpus && n)
        line(b, st, "GPU",
             lacking ? cv_arena_fmt(a, "%u of %u files have no code for a GPU that was asked for",
                                    lacking, n)
                     : CV_S("each file has code for every GPU that was asked for"));
}

void cv_text_archs(struct cv_buf *b, const struct cv_text_style *st,
                   const struct cv_archs_report *r)
{
    uint32_t from = 0;
    for (uint32_t i = 0; i < r->files->n_v; i++) {
        if (!st->quiet || i == from)
            one_file(b, st, r, &r->files->v[i]);
        if (!ends_group(r->files, i))
            continue;
        if (r->declared)
            declared_lines(b, st, r->files->v[i].declared);
        if (i > from)
            total(b, st, r, from, i);
        from = i + 1;
    }
}
