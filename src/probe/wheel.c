/* wheel.c: the GPU code inside a wheel without unpacking it. Small members are unpacked in memory and read like files; large ones pass by once
 * (codestream.h). */
#include "probe/wheel.h"

#include "format/codestream.h"
#include "format/inflate.h"

#define CV_MEMBER_WHOLE ((size_t)32 << 20) /* unpacked in memory as a whole */
#define CV_ARCHIVE_WHOLE                                                                           \
    ((size_t)384 << 20) /* the same for static archives, whose members are files */
#define CV_MEMBER_SCRATCH ((size_t)640 << 20)

struct wheel {
    struct cv_archs *c;
    struct cv_zip zip;
    const struct cv_declared *declared;
    cv_str label;
    uint64_t done, total; /* packed bytes, for the progress */
};

/* Programs in a wheel have no suffix and lie in a folder of programs. */
static bool may_hold_code(cv_str name)
{
    cv_str base = cv_str_base(name), dir = cv_str_base(cv_str_dir(name));
    bool program = cv_str_findc(base, '.') == SIZE_MAX &&
                   (cv_str_eqz(dir, "bin") || cv_str_eqz(dir, "scripts"));
    return base.len && !cv_str_ends(base, ".whl") && cv_archs_name(base, program);
}

static bool is_archive(cv_str name)
{
    return cv_str_ends(name, ".a") || cv_str_ends(name, ".lib");
}

/* How much of a member is unpacked in memory. Objects pack to a third: a large archive that packs much better is none. */
static size_t most_of(const struct cv_zip_member *m)
{
    return is_archive(m->name) && m->size / CV_MAX_ZIP_WHOLE_RATIO <= m->packed ? CV_ARCHIVE_WHOLE
                                                                                : CV_MEMBER_WHOLE;
}

static cv_str member_label(struct wheel *w, const struct cv_zip_member *m)
{
    return cv_arena_fmt(w->c->arena, CV_FMT "!" CV_FMT, CV_ARG(w->label), CV_ARG(m->name));
}

static void add_error(struct wheel *w, const struct cv_zip_member *m, cv_str what)
{
    struct cv_code_file *f = cv_archs_add(w->c, member_label(w, m), w->label);
    if (f)
        cv_gpucode_cut(&f->code, what);
}

static void progress(struct wheel *w, uint64_t now)
{
    if (w->c->progress)
        w->c->progress(w->c->progress_ctx, w->done + now, w->total);
}

/* ---- large members ---- */

struct passing {
    struct wheel *w;
    struct cv_codestream *s;
    uint64_t packed, size;
};

static int take(void *ctx, const unsigned char *bytes, size_t len)
{
    struct passing *p = ctx;
    cv_codestream_take(p->s, bytes, len);
    if (p->size)
        progress(p->w, (uint64_t)((double)p->packed * ((double)p->s->pos / (double)p->size)));
    return p->s->a->oom ? CV_E_NOMEM : 0;
}

static void stream_member(struct wheel *w, const struct cv_zip_member *m, struct cv_arena *scratch)
{
    struct cv_codestream s;
    bool whole = false;
    cv_str what = CV_S("");
    cv_codestream_init(&s, scratch, m->size);
    struct passing p = {w, &s, m->packed, m->size};
    uint64_t at;
    if (w->c->expect && cv_zip_data(&w->zip, m, &at, &what) == 0)
        w->c->expect(w->c->expect_ctx, at, m->packed);
    struct cv_zip_taker to = {take, &p};
    int rc = cv_zip_stream(&w->zip, m, &to, &whole, &what);
    if (rc == 0 && whole && cv_codestream_again(&s))
        rc = cv_zip_stream(&w->zip, m, &to, &whole, &what);
    struct cv_code_file *f = cv_archs_add(w->c, member_label(w, m), w->label);
    if (!f)
        return;
    struct cv_gpucode *code = cv_arena_raw(scratch, sizeof *code);
    if (!code || scratch->oom) {
        cv_gpucode_cut(&f->code, CV_S("more in it than fits into memory"));
        return;
    }
    cv_codestream_read(&s, rc == 0 && whole, w->c->everywhere ? CV_CODE_ALL : CV_CODE_NAMED, code);
    if (rc != 0 && what.len)
        code->error = what;
    cv_gpucode_move(&f->code, w->c->arena, code); /* out of the scratch memory */
}

/* ---- the others ---- */

static void whole_member(struct wheel *w, const struct cv_zip_member *m, size_t max)
{
    struct cv_arena *keep = w->zip.arena;
    struct cv_arena scratch;
    cv_str bytes = CV_S(""), what = CV_S("");
    cv_arena_init(&scratch, keep->ops, CV_MEMBER_SCRATCH);
    w->zip.arena = &scratch;
    struct cv_zip_work *work = w->zip.work; /* NULL: made below, and gone with the scratch memory */
    int rc = cv_zip_read(&w->zip, m, max, &bytes, &what);
    if (rc == 0) {
        struct cv_reader r;
        cv_reader_mem(&r, &bytes);
        cv_archs_reader(w->c, &r, CV_S(""), member_label(w, m));
    } else {
        add_error(w, m, cv_arena_str(keep, what));
    }
    w->zip.work = work;
    w->zip.arena = keep;
    cv_arena_done(&scratch);
}

static void stored_member(struct wheel *w, const struct cv_zip_member *m)
{
    struct cv_reader part;
    struct cv_reader_part whole;
    uint64_t at;
    cv_str what = CV_S("");
    if (cv_zip_data(&w->zip, m, &at, &what) != 0)
        add_error(w, m, what);
    else if (cv_reader_part(&part, &whole, w->zip.reader, at, m->size))
        cv_archs_reader(w->c, &part, CV_S(""), member_label(w, m));
    else
        add_error(w, m, CV_S("it lies outside the wheel"));
}

static void read_member(struct wheel *w, const struct cv_zip_member *m)
{
    if (m->method == CV_ZIP_STORED) {
        stored_member(w, m);
    } else if (m->size <= CV_MEMBER_WHOLE || is_archive(m->name)) {
        whole_member(w, m, most_of(m));
    } else {
        struct cv_arena scratch;
        cv_arena_init(&scratch, w->zip.arena->ops, CV_MAX_ZIP_KEPT);
        stream_member(w, m, &scratch);
        cv_arena_done(&scratch);
    }
}

void cv_archs_wheel(struct cv_archs *c, const struct cv_reader *r, cv_str label)
{
    struct wheel w = {.c = c, .label = label};
    cv_str what = CV_S("");
    uint32_t before = c->to->n_v;
    if (cv_zip_open(&w.zip, c->arena, r, &what) != 0) {
        struct cv_code_file *f = cv_archs_add(c, label, label);
        if (f)
            f->code.error = what;
        return;
    }
    if (c->declared || c->declared_only)
        w.declared = cv_declared_in_wheel(c, &w.zip);
    for (uint32_t i = 0; !c->declared_only && i < w.zip.n_members; i++)
        if (may_hold_code(w.zip.members[i].name))
            w.total += w.zip.members[i].packed;
    for (uint32_t i = 0; !c->declared_only && !c->arena->oom && i < w.zip.n_members; i++) {
        const struct cv_zip_member *m = &w.zip.members[i];
        if (!may_hold_code(m->name))
            continue;
        uint32_t from = c->to->n_v;
        read_member(&w, m);
        cv_archs_drop_silent(c, from);
        w.done += m->packed;
        progress(&w, 0);
    }
    if (c->to->n_v == before) {
        struct cv_code_file *f = cv_archs_add(c, label, label);
        if (f)
            f->not_read = c->declared_only;
    }
    for (uint32_t i = before; i < c->to->n_v; i++) {
        c->to->v[i].group = label;
        c->to->v[i].declared = w.declared;
    }
}
