/* elfcode.c: where the containers of an ELF file lie (design fatbin.md section 1), and the bare cubin (section 4), which is an ELF file itself.
 *
 * .nv_fatbin and __nv_relfatbin hold containers back to back. .nvFatBinSegment holds wrappers of 24 bytes that name them by address; the linker lld leaves
 * the addresses to relocations, relocatable files have none, several wrappers may name one container and some containers have no wrapper: so
 * wrappers are hints where to start, never the list. */
#include "base/limits.h"
#include "base/sort.h"
#include "format/codefile.h"
#include "format/elf.h"
#include "format/elsewhere.h"

enum { SHT_NOBITS_ = 8, ET_REL_ = 1, PT_LOAD_TYPE = 1 };
#define CV_WRAPPER ((size_t)24)
#define CV_STEP    (CV_WRAPPER * 170)

struct found {
    const struct cv_reader *r;
    struct cv_arena *a;
    const struct cv_code_ask *ask;
    struct cv_fatbin_ranges code, wrappers;
    struct cv_outside_list outside;
    bool cut;
};

static bool take_section(void *ctx, const struct cv_elf_section *s)
{
    struct found *f = ctx;
    if (s->type == SHT_NOBITS_ || s->size == 0)
        return true;
    if (strcmp(s->name, ".nv_fatbin") == 0 || strcmp(s->name, "__nv_relfatbin") == 0)
        f->cut = !cv_fatbin_add_range(f->a, &f->code, f->r, s->offset, s->size) || f->cut;
    else if (strcmp(s->name, ".nvFatBinSegment") == 0)
        (void)cv_fatbin_add_range(f->a, &f->wrappers, f->r, s->offset, s->size);
    else if (cv_outside_wanted(f->ask, s->name))
        cv_outside_add(f->a, &f->outside, s->name, sizeof s->name, s->offset, s->size);
    return true;
}

/* ---- wrappers ---- */

struct seeds {
    CV_LIST(uint64_t, v);
};

static bool is_larger(const uint64_t *a, const uint64_t *b)
{
    return *a > *b;
}

static void sort_unique(struct seeds *s)
{
    uint64_t *v = s->v;
    CV_SORT(uint64_t, v, s->n_v, is_larger);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n_v; i++)
        if (n == 0 || v[n - 1] != v[i])
            v[n++] = v[i];
    s->n_v = n;
}

static void take_wrapper(const struct cv_elf *e, struct found *f, struct seeds *to,
                         const unsigned char *w)
{
    uint64_t address = cv_le64(w + 8), offset;
    if (cv_le32(w) != CV_FATBIN_WRAPPER || address == 0 || to->n_v == CV_MAX_CODE_SEEDS ||
        !cv_elf_offset(e, address, CV_FATBIN_HEADER, &offset))
        return;
    uint64_t *p = CV_PUSH(f->a, to, v);
    if (p)
        *p = offset;
}

static void read_wrappers(const struct cv_elf *e, struct found *f, struct seeds *to)
{
    unsigned char buf[CV_STEP] CV_UNINIT;
    for (uint32_t i = 0; i < f->wrappers.n_v; i++) {
        const struct cv_fatbin_range *range = &f->wrappers.v[i];
        for (uint64_t at = 0; range->size - at >= CV_WRAPPER && to->n_v < CV_MAX_CODE_SEEDS;) {
            uint64_t left = range->size - at;
            size_t n = left < CV_STEP ? (size_t)(left / CV_WRAPPER) * CV_WRAPPER : CV_STEP;
            if (!cv_read(f->r, range->offset + at, buf, n))
                break;
            for (size_t k = 0; k < n; k += CV_WRAPPER)
                take_wrapper(e, f, to, buf + k);
            at += n;
        }
    }
    sort_unique(to);
}

/* A registered container outside the usual sections is GPU code all the same. */
static void add_strays(struct found *f, const struct seeds *s)
{
    uint32_t range = 0, n = f->code.n_v;
    for (uint32_t i = 0; i < s->n_v; i++) {
        unsigned char h[CV_FATBIN_HEADER];
        uint64_t at = s->v[i], size;
        while (range < n && f->code.v[range].offset + f->code.v[range].size <= at)
            range++;
        if (range < n && at >= f->code.v[range].offset)
            continue;
        if (cv_read(f->r, at, h, sizeof h) && cv_fatbin_header(h, &size) && size < f->r->size)
            f->cut = !cv_fatbin_add_range(f->a, &f->code, f->r, at, size + sizeof h) || f->cut;
    }
}

/* ---- the file ---- */

static void by_sections(const struct cv_elf *e, struct found *f, struct cv_gpucode *ret)
{
    struct seeds seeds = {0};
    cv_fatbin_tidy_ranges(&f->code);
    cv_fatbin_tidy_ranges(&f->wrappers);
    if (e->type != ET_REL_) {
        read_wrappers(e, f, &seeds);
        add_strays(f, &seeds);
        cv_fatbin_tidy_ranges(&f->code);
    }
    cv_fatbin_read(f->r, &f->code, seeds.v, seeds.n_v, f->a, ret);
    cv_outside_search(f->r, f->ask, &f->outside, &f->code, f->a, ret);
    if (seeds.n_v == CV_MAX_CODE_SEEDS) /* some may name containers elsewhere */
        cv_gpucode_cut(ret, CV_S("more registered containers than are looked at"));
    if (f->cut)
        cv_gpucode_cut(ret, CV_S("the file ends before its sections do"));
}

/* No section headers: every loaded part of the file is searched. */
static void by_segments(const struct cv_elf *e, struct found *f, struct cv_gpucode *ret)
{
    bool cut = false;
    for (unsigned i = 0; i < e->n_segments; i++)
        cut = !cv_fatbin_add_range(f->a, &f->code, f->r, e->segments[i].offset,
                                   e->segments[i].file_size) ||
              cut;
    cv_fatbin_tidy_ranges(&f->code);
    cv_fatbin_scan(f->r, &f->code, NULL, f->a, ret);
    ret->searched_all = true;
    if (cut)
        cv_gpucode_cut(ret, CV_S("the file ends before its segments do"));
    else if (e->more_segments)
        cv_gpucode_cut(ret, CV_S("an ELF file without section headers and with more program "
                                 "headers than are read"));
    else if (e->n_segments == 0)
        cv_gpucode_cut(ret, CV_S("an ELF file without section and program headers"));
}

void cv_code_elf(const struct cv_reader *r, const struct cv_code_ask *ask, struct cv_arena *a,
                 struct cv_gpucode *ret)
{
    unsigned char id[20];
    struct cv_elf e;
    struct found f = {.r = r, .a = a, .ask = ask};
    ret->form = CV_FORM_ELF;
    if (!cv_read(r, 0, id, sizeof id))
        cv_gpucode_cut(ret, CV_S("an ELF file that ends in its header"));
    else if (id[5] == 2)
        ret->error = CV_S("a big-endian ELF file: not supported");
    else if (id[4] == 1)
        ret->error = CV_S("a 32-bit ELF file: not supported");
    else if (!cv_elf_open(&e, r))
        cv_gpucode_cut(ret, CV_S("an ELF file with damaged headers"));
    else if (e.machine == CV_ELF_MACHINE_CUDA)
        cv_code_cubin(&e, a, ret);
    else if (cv_elf_each_section(&e, take_section, &f))
        by_sections(&e, &f, ret);
    else
        by_segments(&e, &f, ret);
}

/* ---- cubin ---- */

#define CV_OSABI_OLD                                                                               \
    0x33u /* CUDA up to 12: ABI version 7, architecture in the low byte of e_flags */
#define CV_OSABI_NEW    0x41u /* CUDA 13, and 12.8 on for sm_100 and up: ABI version 8, second byte */
#define CV_FLAG_A       0x800u /* old form: suffix a */
#define CV_FLAG_A_12    0x8u   /* new form as CUDA 12 writes it, without the record: suffix a */
#define CV_SHT_COMPAT   0x70000086u /* .nv.compat */
#define CV_MAX_RECORDS  4096u
#define CV_MAX_TOOLINFO ((uint64_t)64 << 10)

struct cubin {
    const struct cv_reader *r;
    struct cv_arena *a;
    bool compat,
        info; /* those sections were there: there is one of each, and a million of them would be read for long */
    bool damaged;      /* they lie outside the file */
    int arch_specific; /* record 9 in .nv.compat: 1 suffix a, 0 none; -1: no such record */
    bool family;       /* "-arch sm_100f" in .note.nv.tkinfo */
};

/* Records as in .nv.info: a form, an attribute, and a value of two bytes; form 4 counts the bytes that follow. */
static int record_arch_specific(struct cubin *c, uint64_t offset, uint64_t size)
{
    unsigned char p[CV_MAX_RECORDS] CV_UNINIT;
    size_t n = size < sizeof p ? (size_t)size : sizeof p, i = 0;
    c->damaged = !cv_read(c->r, offset, p, n);
    while (!c->damaged && n - i >= 4) {
        if (p[i] == 2 && p[i + 1] == 9)
            return p[i + 2] == 1;
        size_t more = p[i] == 4 ? cv_le16(p + i + 2) : 0;
        i += 4;
        if (more > n - i)
            return -1;
        i += more;
    }
    return -1;
}

/* The tool's own command line: "... -arch sm_100f -m 64". */
static bool is_family(struct cubin *c, uint64_t offset, uint64_t size)
{
    char *p = size <= CV_MAX_TOOLINFO ? cv_arena_raw(c->a, (size_t)size) : NULL;
    if (!p || !cv_read(c->r, offset, p, (size_t)size))
        return false;
    cv_str s = {p, (size_t)size};
    size_t at = cv_str_find(s, CV_S("-arch"));
    if (at == SIZE_MAX)
        return false;
    s = cv_str_from(s, at + 5);
    while (s.len && (cv_is_space(s.ptr[0]) || s.ptr[0] == '='))
        s = cv_str_from(s, 1);
    size_t n = 0;
    while (n < s.len && (cv_is_alpha(s.ptr[n]) || cv_is_digit(s.ptr[n]) || s.ptr[n] == '_'))
        n++;
    struct cv_target t;
    return cv_target_parse(cv_str_sub(s, 0, n), &t) && t.suffix == 'f';
}

static bool take_cubin_section(void *ctx, const struct cv_elf_section *s)
{
    struct cubin *c = ctx;
    if (s->type == CV_SHT_COMPAT && !c->compat) {
        c->compat = true;
        c->arch_specific = record_arch_specific(c, s->offset, s->size);
    } else if (!c->info && strcmp(s->name, ".note.nv.tkinfo") == 0) {
        c->info = true;
        c->family = is_family(c, s->offset, s->size);
    }
    return !c->compat || !c->info;
}

void cv_code_cubin(const struct cv_elf *e, struct cv_arena *a, struct cv_gpucode *ret)
{
    struct cubin c = {.r = e->reader, .a = a, .arch_specific = -1};
    struct cv_code_mask m = {{0}};
    struct cv_target t = {0};
    uint32_t arch;
    ret->form = CV_FORM_CUBIN;
    if (e->os_abi == CV_OSABI_NEW) {
        arch = e->flags >> 8 & 0xffu;
        if (!cv_elf_each_section(e, take_cubin_section, &c) || c.damaged) {
            cv_gpucode_cut(ret, CV_S("a cubin whose sections cannot be read, which say whether it "
                                     "is for one chip only"));
            return;
        }
        bool specific = c.arch_specific < 0 ? (e->flags & CV_FLAG_A_12) != 0 : c.arch_specific == 1;
        t.suffix = (char)(specific ? 'a' : c.family ? 'f' : 0);
    } else {
        arch = e->flags & 0xffu;
        t.suffix = (char)(arch >= 90 && (e->flags & CV_FLAG_A)
                              ? 'a'
                              : 0); /* older ones use the bit for something else */
    }
    if (e->os_abi != CV_OSABI_NEW && e->os_abi != CV_OSABI_OLD) {
        cv_gpucode_cut(ret, CV_S("a cubin of an unknown form"));
        return;
    }
    if (arch < 10) {
        cv_gpucode_cut(ret, CV_S("a cubin for an impossible architecture"));
        return;
    }
    t.cc = cv_cc_from_number(arch);
    cv_gpucode_image(ret, t, &m);
    cv_gpucode_container(ret, a, m);
}
