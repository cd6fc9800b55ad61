/* elf.c: see elf.h. Every offset comes from a hostile file: each read is bounded by cv_read, each loop by a limit. */
#include "format/elf.h"

#include "base/limits.h"

enum {
    PT_LOAD_ = 1,
    PT_DYNAMIC_ = 2,
    DT_HASH_ = 4,
    DT_STRTAB_ = 5,
    DT_SYMTAB_ = 6,
    DT_STRSZ_ = 10
};
#define DT_GNU_HASH_        0x6ffffef5u
#define CV_ELF_MAX_CHAIN    65536u

#define CV_ELF_DYNAMIC_STEP 256u /* entries read at once */

static bool read_dynamic(struct cv_elf *e, uint64_t offset, uint64_t size)
{
    unsigned char d[CV_ELF_DYNAMIC_STEP * 16] CV_UNINIT;
    uint64_t n = size / 16 < CV_ELF_MAX_DYNAMIC ? size / 16 : CV_ELF_MAX_DYNAMIC;
    for (uint64_t from = 0; from < n; from += CV_ELF_DYNAMIC_STEP) {
        uint64_t at, k = n - from < CV_ELF_DYNAMIC_STEP ? n - from : CV_ELF_DYNAMIC_STEP;
        if (!cv_add64(offset, from * 16, &at) || !cv_read(e->reader, at, d, (size_t)k * 16))
            return false;
        for (uint64_t i = 0; i < k; i++) {
            uint64_t tag = cv_le64(d + i * 16), value = cv_le64(d + i * 16 + 8);
            if (tag == 0)
                return true;
            if (tag == DT_STRTAB_)
                e->strtab = value;
            else if (tag == DT_STRSZ_)
                e->strsz = value;
            else if (tag == DT_SYMTAB_)
                e->symtab = value;
            else if (tag == DT_HASH_)
                e->hash = value;
            else if (tag == DT_GNU_HASH_)
                e->gnu_hash = value;
        }
    }
    return true;
}

/* Numbers that do not fit into the header stand in section 0 (gABI: e_shnum 0, e_shstrndx 0xffff). */
static void count_sections(struct cv_elf *e, const unsigned char *h)
{
    unsigned char z[64];
    uint64_t n = cv_le16(h + 60), bytes, end;
    uint32_t names = cv_le16(h + 62);
    if (!e->section_offset || cv_le16(h + 58) != 64)
        return;
    if ((n == 0 || names == 0xffff) && cv_read(e->reader, e->section_offset, z, sizeof z)) {
        n = n ? n : cv_le64(z + 32);
        names = names == 0xffff ? cv_le32(z + 40) : names;
    }
    if (n > CV_MAX_ELF_SECTIONS || !cv_mul64(n, 64, &bytes) ||
        !cv_add64(e->section_offset, bytes, &end) || end > e->reader->size)
        return;
    e->n_sections = (uint32_t)n;
    e->section_names = names;
}

bool cv_elf_open(struct cv_elf *ret, const struct cv_reader *r)
{
    unsigned char h[64], p[CV_ELF_MAX_SEGMENTS * 56] CV_UNINIT;
    struct cv_elf e = {.reader = r};
    if (!cv_read(r, 0, h, sizeof h) || memcmp(h, "\177ELF", 4) != 0 || h[4] != 2 || h[5] != 1)
        return false;
    e.type = cv_le16(h + 16);
    e.machine = cv_le16(h + 18);
    uint64_t phoff = cv_le64(h + 32);
    e.section_offset = cv_le64(h + 40);
    uint16_t phentsize = cv_le16(h + 54), phnum = cv_le16(h + 56);
    e.os_abi = h[7];
    e.abi_version = h[8];
    e.flags = cv_le32(h + 48);
    count_sections(&e, h);
    if (phnum && phentsize != 56)
        return false;
    struct cv_elf_segment dynamic = {0};
    unsigned n = phnum < CV_ELF_MAX_SEGMENTS ? phnum : CV_ELF_MAX_SEGMENTS;
    e.more_segments = phnum > n;
    if (n && !cv_read(r, phoff, p, (size_t)n * 56))
        return false;
    for (unsigned i = 0; i < n; i++) {
        const unsigned char *q = p + (size_t)i * 56;
        struct cv_elf_segment s = {.type = cv_le32(q),
                                   .offset = cv_le64(q + 8),
                                   .address = cv_le64(q + 16),
                                   .file_size = cv_le64(q + 32)};
        if (s.type == PT_LOAD_)
            e.segments[e.n_segments++] = s;
        else if (s.type == PT_DYNAMIC_)
            dynamic = s;
    }
    if (dynamic.file_size) /* one that lies outside the file names nothing */
        (void)read_dynamic(&e, dynamic.offset, dynamic.file_size);
    *ret = e;
    return true;
}

bool cv_elf_offset(const struct cv_elf *e, uint64_t address, uint64_t len, uint64_t *ret)
{
    for (unsigned i = 0; i < e->n_segments; i++) {
        const struct cv_elf_segment *s = &e->segments[i];
        if (address < s->address)
            continue;
        uint64_t in = address - s->address;
        if (in <= s->file_size && len <= s->file_size - in)
            return cv_add64(s->offset, in, ret);
    }
    return false;
}

static bool read_at_address(const struct cv_elf *e, uint64_t address, void *to, size_t len)
{
    uint64_t off;
    return cv_elf_offset(e, address, len, &off) && cv_read(e->reader, off, to, len);
}

static bool name_is(const struct cv_elf *e, uint32_t offset, const char *name)
{
    char buf[CV_ELF_MAX_NAME] CV_UNINIT;
    size_t n = strlen(name) + 1;
    uint64_t at;
    if (n > sizeof buf || offset >= e->strsz || n > e->strsz - offset ||
        !cv_add64(e->strtab, offset, &at))
        return false;
    return read_at_address(e, at, buf, n) && memcmp(buf, name, n) == 0;
}

/* Entry `index` of the symbol table, if it is defined and has this name. */
static bool symbol_is(const struct cv_elf *e, uint64_t index, const char *name,
                      uint64_t *ret_address, uint64_t *ret_size)
{
    unsigned char s[24];
    uint64_t at, step;
    if (!cv_mul64(index, sizeof s, &step) || !cv_add64(e->symtab, step, &at) ||
        !read_at_address(e, at, s, sizeof s))
        return false;
    if (cv_le16(s + 6) == 0 || !name_is(e, cv_le32(s), name))
        return false;
    *ret_address = cv_le64(s + 8);
    *ret_size = cv_le64(s + 16);
    return true;
}

static bool by_gnu_hash(const struct cv_elf *e, const char *name, uint64_t *ret_address,
                        uint64_t *ret_size)
{
    unsigned char h[16], w[4];
    uint32_t hash = 5381;
    for (const char *p = name; *p; p++)
        hash = hash * 33 + (unsigned char)*p;
    if (!read_at_address(e, e->gnu_hash, h, sizeof h))
        return false;
    uint32_t n_buckets = cv_le32(h), first = cv_le32(h + 4), bloom = cv_le32(h + 8);
    if (n_buckets == 0)
        return false;
    uint64_t buckets, chain;
    if (!cv_add64(e->gnu_hash, 16 + (uint64_t)bloom * 8, &buckets) ||
        !cv_add64(buckets, (uint64_t)n_buckets * 4, &chain))
        return false;
    if (!read_at_address(e, buckets + (uint64_t)(hash % n_buckets) * 4, w, 4))
        return false;
    uint64_t i = cv_le32(w);
    if (i < first)
        return false;
    for (unsigned steps = 0; steps < CV_ELF_MAX_CHAIN; steps++, i++) {
        uint64_t at;
        if (!cv_add64(chain, (i - first) * 4, &at) || !read_at_address(e, at, w, 4))
            return false;
        uint32_t got = cv_le32(w);
        if ((got | 1u) == (hash | 1u) && symbol_is(e, i, name, ret_address, ret_size))
            return true;
        if (got & 1u)
            return false;
    }
    return false;
}

static bool by_hash(const struct cv_elf *e, const char *name, uint64_t *ret_address,
                    uint64_t *ret_size)
{
    unsigned char h[8];
    if (!read_at_address(e, e->hash, h, sizeof h))
        return false;
    uint32_t n = cv_le32(h + 4);
    for (uint32_t i = 1; i < n && i < CV_ELF_MAX_CHAIN; i++)
        if (symbol_is(e, i, name, ret_address, ret_size))
            return true;
    return false;
}

bool cv_elf_symbol(const struct cv_elf *e, const char *name, uint64_t *ret_address,
                   uint64_t *ret_size)
{
    if (!e->symtab || !e->strtab)
        return false;
    if (e->gnu_hash)
        return by_gnu_hash(e, name, ret_address, ret_size);
    return e->hash && by_hash(e, name, ret_address, ret_size);
}

bool cv_elf_data(const struct cv_elf *e, const char *name, void *to, size_t cap, size_t *ret_len)
{
    uint64_t address, size;
    if (!cv_elf_symbol(e, name, &address, &size))
        return false;
    size_t n = size < cap ? (size_t)size : cap;
    if (!read_at_address(e, address, to, n))
        return false;
    *ret_len = n;
    return true;
}

#define CV_ELF_HEADERS 64u   /* section headers read at once */
#define CV_ELF_NAMES   4096u /* bytes of section names read at once */

/* The table of section names, and the window of it that was read last. */
struct names {
    const struct cv_reader *r;
    uint64_t offset, size, from;
    size_t len;
    char window[CV_ELF_NAMES];
};

static bool names_open(const struct cv_elf *e, struct names *n)
{
    unsigned char t[64];
    uint64_t at;
    n->r = e->reader;
    n->len = 0;
    n->from = 0;
    if (e->section_names == 0 || e->section_names >= e->n_sections || /* 0: there are no names */
        !cv_add64(e->section_offset, (uint64_t)e->section_names * 64, &at) ||
        !cv_read(e->reader, at, t, sizeof t))
        return false;
    n->offset = cv_le64(t + 24);
    n->size = cv_le64(t + 32);
    if (n->offset > e->reader->size || n->size > e->reader->size - n->offset)
        return false;
    return true;
}

/* The name at `off`, cut to fit; "" if there is none. False if it cannot be read. */
static bool names_get(struct names *n, uint32_t off, char *to)
{
    to[0] = 0;
    if (off >= n->size)
        return true;
    bool inside = off >= n->from && off - n->from < n->len;
    if (!inside ||
        (n->from + n->len < n->size && n->from + n->len - off < CV_ELF_MAX_SECTION_NAME)) {
        n->from = off;
        n->len = n->size - off < CV_ELF_NAMES ? (size_t)(n->size - off) : CV_ELF_NAMES;
        if (!cv_read(n->r, n->offset + off, n->window, n->len)) {
            n->len = 0;
            return false;
        }
    }
    size_t at = (size_t)(off - n->from), i = 0;
    for (; i < CV_ELF_MAX_SECTION_NAME - 1 && at + i < n->len && n->window[at + i]; i++)
        to[i] = n->window[at + i];
    to[i] = 0;
    return true;
}

bool cv_elf_each_section(const struct cv_elf *e, cv_elf_section_fn *fn, void *ctx)
{
    unsigned char s[CV_ELF_HEADERS * 64] CV_UNINIT;
    struct names names CV_UNINIT;
    if (!e->n_sections || !names_open(e, &names))
        return false;
    for (uint32_t from = 0; from < e->n_sections; from += CV_ELF_HEADERS) {
        uint32_t k = e->n_sections - from < CV_ELF_HEADERS ? e->n_sections - from : CV_ELF_HEADERS;
        if (!cv_read(e->reader, e->section_offset + (uint64_t)from * 64, s, (size_t)k * 64))
            return false;
        for (uint32_t i = 0; i < k; i++) {
            const unsigned char *h = s + (size_t)i * 64;
            struct cv_elf_section one = {
                .type = cv_le32(h + 4), .offset = cv_le64(h + 24), .size = cv_le64(h + 32)};
            if (!names_get(&names, cv_le32(h), one.name))
                return false;
            if (!fn(ctx, &one))
                return true;
        }
    }
    return true;
}

struct by_name {
    const char *name;
    uint64_t offset, size;
    bool found;
};

static bool take_named(void *ctx, const struct cv_elf_section *s)
{
    struct by_name *b = ctx;
    if (strcmp(s->name, b->name) != 0)
        return true;
    b->offset = s->offset;
    b->size = s->size;
    b->found = s->type != 8; /* SHT_NOBITS lies in no file */
    return false;
}

bool cv_elf_section(const struct cv_elf *e, const char *name, uint64_t *ret_offset,
                    uint64_t *ret_size)
{
    struct by_name b = {.name = name};
    if (!cv_elf_each_section(e, take_named, &b) || !b.found)
        return false;
    *ret_offset = b.offset;
    *ret_size = b.size;
    return true;
}
