/* archs.c: see archs.h. A folder gives an answer for each file in it that has GPU code; a file without any is an answer only where it was named itself. */
#include "probe/archs.h"

#include "format/ar.h"
#include "format/codefile.h"
#include "probe/wheel.h"

#include <stdio.h>

struct cv_code_file *cv_archs_add(struct cv_archs *c, cv_str name, cv_str group)
{
    struct cv_code_file *f = CV_PUSH(c->arena, c->to, v);
    if (!f)
        return NULL;
    f->name = name;
    f->group = group;
    f->within = CV_S("");
    cv_gpucode_init(&f->code);
    return f;
}

static bool numbered_library(cv_str name)
{
    size_t at = cv_str_find(name, CV_S(".so."));
    if (at == SIZE_MAX)
        return false;
    for (size_t i = at + 4; i < name.len; i++)
        if (!cv_is_digit(name.ptr[i]) && name.ptr[i] != '.')
            return false;
    return true;
}

bool cv_archs_name(cv_str name, bool executable)
{
    static const char *const ends[] = {".so",  ".a",   ".o",   ".cubin", ".fatbin", ".ptx", ".dll",
                                       ".pyd", ".exe", ".lib", ".whl",   ".DLL",    ".run"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (cv_str_ends(name, ends[i]))
            return true;
    return executable || numbered_library(name);
}

static void read_code(struct cv_archs *c, const struct cv_reader *r, struct cv_gpucode *ret)
{
    struct cv_code_ask ask = {.where = c->everywhere ? CV_CODE_ALL : CV_CODE_NAMED};
    cv_code_read(r, &ask, c->arena, ret);
}

/* ---- files that were seen ---- */

/* Which files have an answer, so that other names of them are known quickly: there may be a hundred thousand of each. */
struct seen {
    struct id {
        uint64_t dev, ino;
        bool used;
    } * slots;
    size_t mask;
};

static void seen_init(struct cv_archs *c, struct seen *s, uint64_t n)
{
    size_t slots = 16;
    while (slots < n * 2)
        slots *= 2;
    s->slots = cv_arena_alloc(c->arena, slots * sizeof *s->slots);
    s->mask = slots - 1;
}

/* True the first time. */
static bool seen_add(struct seen *s, const struct cv_stat *st)
{
    size_t i = (size_t)((st->ino ^ (st->dev << 32)) * 0x9e3779b97f4a7c15u >> 20);
    for (;; i++) {
        struct id *p = &s->slots[i & s->mask];
        if (p->used && p->ino == st->ino && p->dev == st->dev)
            return false;
        if (!p->used) {
            *p = (struct id){st->dev, st->ino, true};
            return true;
        }
    }
}

/* ---- static archives ---- */

static bool worth_an_answer(const struct cv_gpucode *code)
{
    return code->images || code->lto_images || code->other_images || code->containers ||
           code->elsewhere || code->partial;
}

/* A thin archive's member lies beside it. One that is named again has its answer: naming a large file a hundred thousand times costs nothing. */
static void read_outside(struct cv_archs *c, struct seen *seen, cv_str folder,
                         const struct cv_ar_member *m, struct cv_gpucode *ret)
{
    struct cv_window w;
    struct cv_stat st;
    cv_str what = CV_S("");
    char text[CV_MAX_PATH] CV_UNINIT; /* not the arena: there may be very many, and long ones */
    bool top = m->name.len && m->name.ptr[0] == '/';
    int n = snprintf(text, sizeof text, CV_FMT "%s" CV_FMT, top ? 0 : (int)folder.len,
                     folder.len ? folder.ptr : "", top ? "" : "/", CV_ARG(m->name));
    cv_str path = cv_str_z(n > 0 && n < CV_MAX_PATH ? text : "");
    cv_gpucode_init(ret);
    if (folder.len == 0) {
        cv_gpucode_cut(ret, CV_S("a member of a thin archive lies outside it"));
        return;
    }
    if (path.len == 0) {
        cv_gpucode_cut(ret, CV_S("the thin archive's member: its path is too long"));
        return;
    }
    /* A device is not even opened: that alone can do something. */
    if (cv_root_stat(c->root, path, &st) == CV_KNOWN && !st.is_reg) {
        cv_gpucode_cut(ret, CV_S("the thin archive's member: not a regular file"));
        return;
    }
    if (cv_window_open(c->root, c->arena, path, &w, &what) != CV_KNOWN) {
        cv_gpucode_cut(ret,
                       cv_arena_fmt(c->arena, "the thin archive's member: " CV_FMT, CV_ARG(what)));
        return;
    }
    if (!cv_window_stat(&w, &st) || !seen->slots || seen_add(seen, &st))
        read_code(c, &w.reader, ret);
    cv_window_close(&w);
}

static void read_archive(struct cv_archs *c, const struct cv_reader *r, cv_str folder, cv_str label)
{
    struct cv_ar ar;
    struct cv_ar_member m;
    uint32_t before = c->to->n_v;
    if (!cv_ar_open(&ar, c->arena, r))
        return;
    struct seen seen = {0};
    struct cv_gpucode *code = cv_arena_raw(c->arena, sizeof *code);
    uint64_t most = r->size / CV_AR_HEADER + 1;
    if (ar.thin)
        seen_init(c, &seen, most < CV_MAX_ARCHIVE_MEMBERS ? most : CV_MAX_ARCHIVE_MEMBERS);
    while (code && !c->arena->oom && cv_ar_next(&ar, &m)) {
        struct cv_reader part;
        struct cv_reader_part whole;
        cv_gpucode_init(code);
        if (m.outside)
            read_outside(c, &seen, folder, &m, code);
        else if (cv_reader_part(&part, &whole, r, m.offset, m.size))
            read_code(c, &part, code);
        if (!worth_an_answer(code))
            continue;
        if (c->to->n_v - before >= CV_MAX_CODE_ANSWERS) {
            ar.error = CV_S("more members with GPU code than are listed");
            break;
        }
        struct cv_code_file *f = cv_archs_add(
            c, cv_arena_fmt(c->arena, CV_FMT "!" CV_FMT, CV_ARG(label), CV_ARG(m.name)), label);
        if (f)
            f->code = *code;
    }
    if (ar.error.len || c->to->n_v == before) {
        struct cv_code_file *f = cv_archs_add(c, label, label);
        if (f && ar.error.len)
            cv_gpucode_cut(&f->code, ar.error);
    }
}

/* ---- files ---- */

void cv_archs_reader(struct cv_archs *c, const struct cv_reader *r, cv_str folder, cv_str label)
{
    switch (cv_code_format(r)) {
    case CV_FILE_AR:
        read_archive(c, r, folder, label);
        return;
    case CV_FILE_ZIP:
        if (c->in_wheel) /* a zip may hold itself */
            break;
        c->in_wheel = true;
        cv_archs_wheel(c, r, label);
        c->in_wheel = false;
        return;
    case CV_FILE_UNKNOWN:
    case CV_FILE_EMPTY:
    case CV_FILE_ELF:
    case CV_FILE_PE:
    case CV_FILE_FATBIN:
    case CV_FILE_PTX:
        break;
    }
    struct cv_code_file *f = cv_archs_add(c, label, label);
    if (f)
        read_code(c, r, &f->code);
}

static void read_file(struct cv_archs *c, cv_str path, cv_str label)
{
    struct cv_window w;
    cv_str what = CV_S("");
    uint32_t from = c->to->n_v;
    enum cv_state s = cv_window_open(c->root, c->arena, path, &w, &what);
    if (s != CV_KNOWN) {
        struct cv_code_file *f = cv_archs_add(c, label, label);
        if (f)
            f->code.error = s == CV_ABSENT ? CV_S("no such file") : what;
        return;
    }
    bool wheel = cv_code_format(&w.reader) == CV_FILE_ZIP;
    if (c->declared_only && !wheel) {
        struct cv_code_file *f = cv_archs_add(c, label, label);
        if (f)
            f->not_read = true;
    } else {
        cv_archs_reader(c, &w.reader, cv_str_dir(path), label);
    }
    cv_window_close(&w);
    if (!wheel && (c->declared || c->declared_only))
        for (uint32_t i = from; i < c->to->n_v; i++)
            c->to->v[i].declared = cv_declared_near(c, path, false);
}

/* ---- folders ---- */

/* True the first time that a name leads to this regular file. */
static bool is_new(struct cv_archs *c, struct seen *s, cv_str path)
{
    struct cv_stat st;
    if (!s->slots || cv_root_stat(c->root, path, &st) != CV_KNOWN || !st.is_reg)
        return false;
    return seen_add(s, &st);
}

void cv_archs_drop_silent(struct cv_archs *c, uint32_t from)
{
    uint32_t to = from;
    for (uint32_t i = from; i < c->to->n_v; i++)
        if (worth_an_answer(&c->to->v[i].code) || c->to->v[i].not_read ||
            (c->to->v[i].code.error.len && cv_str_ends(c->to->v[i].name, ".whl")) ||
            cv_str_eqz(c->to->v[i].code.error, "permission denied"))
            c->to->v[to++] = c->to->v[i];
    c->to->n_v = to;
}

/* A folder holds much that is no GPU code. */
static void read_in_folder(struct cv_archs *c, cv_str path, cv_str label)
{
    uint32_t from = c->to->n_v;
    read_file(c, path, label);
    cv_archs_drop_silent(c, from);
}

static cv_str label_of(struct cv_archs *c, cv_str top, cv_str label, cv_str path)
{
    cv_str rest = cv_str_from(path, top.len);
    while (rest.len && rest.ptr[0] == '/')
        rest = cv_str_from(rest, 1);
    return cv_arena_fmt(c->arena, CV_FMT "%s" CV_FMT, CV_ARG(label),
                        cv_str_ends(label, "/") ? "" : "/", CV_ARG(rest));
}

static void read_folder(struct cv_archs *c, cv_str path, cv_str label)
{
    struct cv_found found;
    struct seen seen = {0};
    uint32_t before = c->to->n_v;
    if (c->declared_only) {
        struct cv_code_file *f = cv_archs_add(c, label, label);
        if (f) {
            f->not_read = true;
            f->declared = cv_declared_near(c, path, true);
        }
        return;
    }
    enum cv_state s = cv_root_find(c->root, c->arena, path, cv_archs_name, &found);
    for (uint32_t i = 0; s == CV_KNOWN && i < found.n_files; i++)
        read_in_folder(c, found.files[i], label_of(c, path, label, found.files[i]));
    if (s == CV_KNOWN && found.n_links)
        seen_init(c, &seen, (uint64_t)found.n_files + found.n_links);
    for (uint32_t i = 0; seen.slots && i < found.n_files; i++)
        (void)is_new(c, &seen, found.files[i]);
    for (uint32_t i = 0; seen.slots && i < found.n_links; i++)
        if (is_new(c, &seen, found.links[i]))
            read_in_folder(c, found.links[i], label_of(c, path, label, found.links[i]));
    for (uint32_t i = before; i < c->to->n_v; i++)
        c->to->v[i].group = label;
    for (uint32_t i = 0; i < found.n_denied; i++) {
        struct cv_code_file *f = cv_archs_add(c, label_of(c, path, label, found.denied[i]), label);
        if (f)
            f->code.error = CV_S("permission denied");
    }
    if (c->to->n_v == before || found.cut) {
        struct cv_code_file *f = cv_archs_add(c, label, label);
        if (f && found.cut)
            cv_gpucode_cut(&f->code, CV_S("too many files; not all were looked at"));
    }
}

void cv_archs_path(struct cv_archs *c, cv_str path, cv_str label)
{
    if (cv_root_is_dir(c->root, path))
        read_folder(c, path, label);
    else
        read_file(c, path, label);
}
