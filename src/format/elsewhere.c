/* elsewhere.c: see elsewhere.h. */
#include "format/elsewhere.h"

#include "base/limits.h"
#include "base/sort.h"
#include "format/elf.h"

bool cv_outside_wanted(const struct cv_code_ask *ask, const char *name)
{
    if (!ask || ask->where == CV_CODE_USUAL)
        return false;
    /* PE cuts names to eight letters. */
    return ask->where == CV_CODE_ALL || strncmp(name, ".cask_re", 8) == 0;
}

void cv_outside_add(struct cv_arena *a, struct cv_outside_list *to, const char *name,
                    size_t name_size, uint64_t offset, uint64_t size)
{
    struct cv_outside *o = size ? CV_PUSH(a, to, v) : NULL;
    if (!o)
        return;
    *o = (struct cv_outside){.offset = offset, .size = size};
    for (size_t i = 0; i < name_size && i + 1 < sizeof o->name && name[i]; i++)
        o->name[i] = name[i];
}

static bool lies_behind(const struct cv_outside *a, const struct cv_outside *b)
{
    return a->offset > b->offset;
}

struct search {
    const struct cv_reader *r;
    struct cv_arena *a;
    struct cv_elsewhere *to;
    struct cv_gpucode *one; /* scratch: a cubin is an answer of its own first */
    uint32_t cubins;
    uint32_t sections_left; /* of bare cubins, all together, and ELF files that are none */
    uint32_t past;          /* counted ranges that end before the sections still to come */
};

/* An ELF file in the data: a cubin, or something else. How many bytes of it to pass over; 0 = not a cubin. */
static uint64_t take_elf(void *ctx, uint64_t at)
{
    struct search *s = ctx;
    struct cv_reader part;
    struct cv_reader_part whole;
    struct cv_elf e;
    bool elf = cv_reader_part(&part, &whole, s->r, at, s->r->size - at) && s->sections_left > 0 &&
               cv_elf_open(&e, &part);
    if (s->sections_left > 0)
        s->sections_left--;
    if (s->sections_left > 0 && (!elf || e.machine != CV_ELF_MACHINE_CUDA))
        return 0;
    if (!elf || e.n_sections >= s->sections_left) {
        cv_gpucode_cut(&s->to->code, CV_S("more cubins in its data than a library can have"));
        return 0;
    }
    s->sections_left -= e.n_sections + 1;
    cv_gpucode_init(s->one);
    cv_code_cubin(&e, s->a, s->one);
    if (s->one->partial)
        return 0;
    cv_gpucode_merge(&s->to->code, s->a, s->one);
    s->cubins++;
    return e.section_offset + (uint64_t)e.n_sections * 64;
}

/* The parts of [at, end) that lie outside the ranges that are counted already. */
static void subtract(struct search *s, const struct cv_fatbin_ranges *counted, uint64_t at,
                     uint64_t end, struct cv_fatbin_ranges *ret)
{
    ret->n_v = 0;
    while (s->past < counted->n_v && counted->v[s->past].offset + counted->v[s->past].size <= at)
        s->past++; /* sections come in order */
    for (uint32_t i = s->past; i < counted->n_v && at < end; i++) {
        uint64_t from = counted->v[i].offset, to = from + counted->v[i].size;
        if (from >= end)
            break;
        if (from > at)
            (void)cv_fatbin_add_range(s->a, ret, s->r, at, from - at);
        at = to;
    }
    if (at < end)
        (void)cv_fatbin_add_range(s->a, ret, s->r, at, end - at);
}

void cv_outside_search(const struct cv_reader *r, const struct cv_code_ask *ask,
                       struct cv_outside_list *list, const struct cv_fatbin_ranges *counted,
                       struct cv_arena *a, struct cv_gpucode *ret)
{
    struct cv_fatbin_ranges ranges = {0};
    uint64_t done = 0;
    struct search s = {.r = r, .a = a, .sections_left = CV_MAX_BARE_SECTIONS};
    ret->searched_all = ask && ask->where == CV_CODE_ALL;
    if (!ask || list->n_v == 0)
        return;
    s.to = cv_arena_alloc(a, sizeof *s.to);
    s.one = cv_arena_alloc(a, sizeof *s.one);
    if (!s.to || !s.one)
        return;
    cv_gpucode_init(&s.to->code);
    struct cv_fatbin_search how = {.found = ask->found, .left = CV_MAX_CODE_SCAN};
    if (ask->where == CV_CODE_ALL) {
        how.elf = take_elf;
        how.ctx = &s;
    }
    CV_SORT(struct cv_outside, list->v, list->n_v, lies_behind);
    for (uint32_t i = 0; i < list->n_v; i++) {
        const struct cv_outside *o = &list->v[i];
        uint64_t end, before = s.to->code.containers, from = o->offset > done ? o->offset : done;
        if (!cv_add64(o->offset, o->size, &end) || end > r->size)
            end = r->size;
        if (from >= end)
            continue;
        s.cubins = 0;
        done = end;
        subtract(&s, counted, from, end, &ranges);
        cv_fatbin_scan(r, &ranges, &how, a, &s.to->code);
        uint32_t n = (uint32_t)(s.to->code.containers - before);
        struct cv_code_section *p = n ? CV_PUSH(a, s.to, sections) : NULL;
        if (!p)
            continue;
        memcpy(p->name, o->name, sizeof p->name);
        p->cubins = s.cubins;
        p->containers = n - s.cubins;
    }
    if (s.to->code.error.len)
        cv_gpucode_cut(ret, s.to->code.error);
    if (s.to->n_sections)
        ret->elsewhere = s.to;
}
