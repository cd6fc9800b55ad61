/* fatbin.c: see fatbin.h. Containers are found first (one header each), then all of them are walked together in waves: each next entry header is
 * taken if it is at hand, else asked for and taken in the next wave. On a cold disk the number of waves is the number of entries in the longest container (12
 * or 13 in torch, 20 at most in 656 real files), not the number of entries in the file (up to 24,454, in cuFFT); in the page cache it is one pass. */
#include "format/fatbin.h"

#include "base/limits.h"
#include "base/sort.h"

/* One container on its way. */
struct walk {
    uint64_t pos; /* file offset of the next entry header; UINT64_MAX: done */
    uint64_t end;
    struct cv_code_mask mask;
    bool has_first; /* the first entry's header came with the container's */
    unsigned char first[CV_FATBIN_ENTRY];
};

/* The start of a container: its header, and mostly the first entry's with it. */
struct start {
    uint64_t size; /* of its entries; UINT64_MAX: no container; UINT64_MAX - 1: not read yet */
    bool has_first;
    unsigned char bytes[CV_FATBIN_HEADER + CV_FATBIN_ENTRY];
};

struct reading {
    const struct cv_reader *r;
    struct cv_arena *a;
    struct cv_gpucode *to;
    uint32_t entries_left;
    uint64_t zeros_left; /* bytes of padding still looked through */
    CV_LIST(struct walk, walks);
};

bool cv_fatbin_header(const unsigned char *p, uint64_t *ret_size)
{
    if (cv_le32(p) != CV_FATBIN_MAGIC || cv_le16(p + 4) != 1 || cv_le16(p + 6) != CV_FATBIN_HEADER)
        return false;
    *ret_size = cv_le64(p + 8);
    return true;
}

/* Architecture number to target: 75 -> 7.5, 103 -> 10.3. */
static struct cv_target target_of(uint32_t arch, uint64_t flags, bool ptx)
{
    struct cv_target t = {.ptx = ptx};
    if (arch < 10 || arch > 999)
        return t;
    t.cc = cv_cc_from_number(arch);
    if (flags & 0x100000u)
        t.suffix = 'a';
    else if (flags & 0x200000u)
        t.suffix = 'f';
    return t;
}

bool cv_fatbin_entry(const unsigned char *p, uint64_t room, struct cv_fatbin_entry *ret)
{
    uint32_t header = cv_le32(p + 4);
    uint64_t payload = cv_le64(p + 8);
    if (cv_le16(p + 2) != 0x0101 || header < CV_FATBIN_ENTRY || header % 8 || payload % 8 ||
        header > room || payload > room - header)
        return false;
    ret->kind = cv_le16(p);
    ret->target = target_of(cv_le32(p + 0x1c), cv_le64(p + 0x28), ret->kind == CV_FATBIN_PTX);
    ret->size = header + payload;
    return true;
}

static void cut_at(struct reading *g, const char *what, uint64_t at)
{
    if (!g->to->error.len)
        cv_gpucode_cut(g->to,
                       cv_arena_fmt(g->a, "%s at offset 0x%llx", what, (unsigned long long)at));
    g->to->partial = true;
}

static bool budget(struct reading *g, uint64_t at)
{
    if (g->entries_left == 0) {
        cut_at(g, "more entries than a file of this size can have, seen", at);
        return false;
    }
    g->entries_left--;
    return true;
}

/* ---- entries ---- */

static void count_entry(struct reading *g, struct walk *w, const struct cv_fatbin_entry *e)
{
    if (e->kind != CV_FATBIN_PTX && e->kind != CV_FATBIN_CUBIN && e->kind != CV_FATBIN_LTO) {
        g->to->other_images++;
        return;
    }
    if (e->target.cc.major == 0) {
        g->to->other_images++;
        cut_at(g, "an entry for an impossible architecture", w->pos);
        return;
    }
    if (e->kind == CV_FATBIN_LTO) {
        g->to->lto_images++;
        cv_targets_add(&g->to->lto, e->target);
        return;
    }
    cv_gpucode_image(g->to, e->target, &w->mask);
}

static void finish(struct reading *g, struct walk *w)
{
    cv_gpucode_container(g->to, g->a, w->mask);
    w->pos = UINT64_MAX;
}

/* One entry from its header bytes; false when the container is done. */
static bool step(struct reading *g, struct walk *w, const unsigned char *bytes)
{
    struct cv_fatbin_entry e;
    if (!cv_fatbin_entry(bytes, w->end - w->pos, &e)) {
        cut_at(g, "a damaged entry", w->pos);
        finish(g, w);
        return false;
    }
    if (!budget(g, w->pos)) {
        finish(g, w);
        return false;
    }
    count_entry(g, w, &e);
    w->pos += e.size;
    if (w->pos < w->end)
        return true;
    finish(g, w);
    return false;
}

/* As far as bytes are at hand. `wait`: the first header may be waited for. */
static void advance(struct reading *g, struct walk *w, bool wait)
{
    unsigned char bytes[CV_FATBIN_ENTRY];
    if (w->has_first) {
        w->has_first = false;
        wait = false;
        if (!step(g, w, w->first))
            return;
    }
    for (;;) {
        if (w->end - w->pos < sizeof bytes) {
            if (w->end > w->pos)
                cut_at(g, "a damaged entry", w->pos);
            finish(g, w);
            return;
        }
        bool got = wait ? cv_read(g->r, w->pos, bytes, sizeof bytes)
                        : cv_read_now(g->r, w->pos, bytes, sizeof bytes);
        if (!got && wait) {
            cut_at(g, "the file ends or cannot be read", w->pos);
            finish(g, w);
            return;
        }
        if (!got) {
            cv_read_hint(g->r, w->pos, sizeof bytes);
            return;
        }
        wait = false;
        if (!step(g, w, bytes))
            return;
    }
}

static void walk_all(struct reading *g)
{
    bool wait = false;
    /* Each round takes at least one header of each container that is left; those that are done leave the list: one long container among many short ones
     * would cost their product. */
    for (uint32_t left = g->n_walks; left > 0; wait = true) {
        uint32_t n = left;
        left = 0;
        for (uint32_t i = 0; i < n; i++) {
            advance(g, &g->walks[i], wait);
            if (g->walks[i].pos != UINT64_MAX && left++ != i)
                g->walks[left - 1] = g->walks[i];
        }
    }
}

/* ---- containers ---- */

static bool add_walk(struct reading *g, uint64_t at, const struct start *start, uint64_t size)
{
    struct walk *w = CV_PUSH(g->a, g, walks);
    if (!w)
        return false;
    w->pos = at + CV_FATBIN_HEADER;
    w->end = at + CV_FATBIN_HEADER + size;
    w->has_first = start->has_first && size >= CV_FATBIN_ENTRY;
    if (w->has_first)
        memcpy(w->first, start->bytes + CV_FATBIN_HEADER, sizeof w->first);
    return true;
}

/* The first bytes of a container; false if they are not to be had (now, unless `wait`). */
static bool read_start(struct reading *g, uint64_t at, uint64_t end, bool wait, struct start *ret)
{
    bool (*get)(const struct cv_reader *, uint64_t, void *, size_t) = wait ? cv_read : cv_read_now;
    ret->has_first = end - at >= sizeof ret->bytes && get(g->r, at, ret->bytes, sizeof ret->bytes);
    return ret->has_first || (wait && end - at >= CV_FATBIN_HEADER &&
                              cv_read(g->r, at, ret->bytes, CV_FATBIN_HEADER));
}

#define CV_GAP_STEP 512u /* at first: gaps are mostly short */
#define CV_GAP_MOST 4096u

/* Skips zeros from *at, 8 bytes at a step. False at the range's end, or where bytes cannot be read. */
static bool skip_zeros(struct reading *g, uint64_t *at, uint64_t end)
{
    unsigned char z[CV_GAP_MOST] CV_UNINIT;
    size_t step = CV_GAP_STEP;
    while (end - *at >= 8) {
        uint64_t left = end - *at;
        size_t n = left < step ? (size_t)left & ~(size_t)7 : step;
        if (n > g->zeros_left) { /* a sparse file may claim to be larger than any disk */
            cut_at(g, "too many zeros to look through; stopped", *at);
            return false;
        }
        g->zeros_left -= n;
        if (!cv_read(g->r, *at, z, n))
            n = 8; /* the tail of a reader that keeps headers only */
        if (n == 8 && !cv_read(g->r, *at, z, 8))
            return false;
        for (size_t i = 0; i < n; i += 8, *at += 8)
            if (cv_le64(z + i) != 0)
                return true;
        step = step < sizeof z ? step * 2 : step;
    }
    return false;
}

/* Zeros, less than a header of them, at a range's end. */
static bool is_padding(struct reading *g, uint64_t at, uint64_t end)
{
    unsigned char z[CV_FATBIN_HEADER];
    size_t n = (size_t)(end - at);
    bool zeros = n < sizeof z && cv_read(g->r, at, z, n);
    for (size_t i = 0; zeros && i < n; i++)
        zeros = z[i] == 0;
    return zeros;
}

static uint64_t align8(uint64_t at)
{
    return at % 8 ? at + (8 - at % 8) : at;
}

/* Containers from `at` on, one behind the other, until one ends at or behind `stop`; none reaches over `end`. Where the next one would start: >= stop, or
 * `stop` where the chain breaks. */
static uint64_t chain(struct reading *g, uint64_t at, uint64_t stop, uint64_t end)
{
    struct start start;
    const unsigned char *h = start.bytes;
    uint64_t size;
    at = align8(at);
    while (at < stop && end - at >= CV_FATBIN_HEADER) {
        if (!read_start(g, at, end, true, &start)) {
            cut_at(g, "the file ends or cannot be read", at);
            return stop;
        }
        if (cv_le32(h) != CV_FATBIN_MAGIC) {
            if (cv_le64(h) == 0 && skip_zeros(g, &at, stop))
                continue;
            if (cv_le64(h) != 0)
                cut_at(g, "something that is no container", at);
            return stop;
        }
        if (!cv_fatbin_header(h, &size)) {
            cut_at(g, "a container of an unknown version", at);
            return stop;
        }
        if (!budget(g, at))
            return end;
        uint64_t room = end - at - CV_FATBIN_HEADER;
        if (size > room)
            cut_at(g, "a container that is larger than its section", at);
        if (!add_walk(g, at, &start, size < room ? size : room) || size >= room)
            return end;
        at = align8(at + CV_FATBIN_HEADER + size);
    }
    if (at < stop && end - at < CV_FATBIN_HEADER && !is_padding(g, at, end))
        cut_at(g, "a container that is cut short", at);
    return at > stop ? at : stop;
}

/* The container that a seed names, if it lies wholly before `end` and is one. False: not at hand. */
static bool take_seed(struct reading *g, uint64_t seed, uint64_t end, bool wait, struct start *ret)
{
    ret->size = UINT64_MAX;
    if (end - seed < CV_FATBIN_HEADER)
        return true;
    if (!read_start(g, seed, end, wait, ret)) {
        ret->size = wait ? UINT64_MAX : UINT64_MAX - 1;
        return wait;
    }
    if (!cv_fatbin_header(ret->bytes, &ret->size) || ret->size > end - seed - CV_FATBIN_HEADER)
        ret->size = UINT64_MAX;
    return true;
}

/* The starts of all seeded containers, asked for together. */
static void take_seeds(struct reading *g, uint64_t end, const uint64_t *seeds, uint32_t n,
                       struct start *starts)
{
    bool missing = false;
    for (uint32_t i = 0; i < n; i++)
        if (!take_seed(g, seeds[i], end, false, &starts[i])) {
            missing = true;
            cv_read_hint(g->r, seeds[i], sizeof starts[i].bytes);
        }
    for (uint32_t i = 0; missing && i < n; i++)
        if (starts[i].size == UINT64_MAX - 1)
            (void)take_seed(g, seeds[i], end, true, &starts[i]);
}

/* One range: seeded containers where they tile, a chain where they do not. Seeds are only hints: one that lies inside another container is passed over, and
 * what lies between them is walked. */
static void read_range(struct reading *g, const struct cv_fatbin_range *range,
                       const uint64_t *seeds, uint32_t n)
{
    uint64_t end = range->offset + range->size, at = range->offset;
    struct start *starts = n ? cv_arena_raw(g->a, (size_t)n * sizeof *starts) : NULL;
    if (starts)
        take_seeds(g, end, seeds, n, starts);
    for (uint32_t i = 0; starts && i < n; i++) {
        if (seeds[i] < at || starts[i].size == UINT64_MAX)
            continue;
        if (seeds[i] > at)
            at = chain(g, at, seeds[i], end);
        if (seeds[i] < at)
            continue;
        if (!budget(g, seeds[i]) || !add_walk(g, seeds[i], &starts[i], starts[i].size))
            return;
        at = seeds[i] + CV_FATBIN_HEADER + starts[i].size;
    }
    if (at < end)
        (void)chain(g, at, end, end);
}

static void begin(struct reading *g, const struct cv_reader *r, struct cv_arena *a,
                  struct cv_gpucode *to)
{
    /* Containers that do not overlap cannot have more entries and headers than this. */
    uint64_t most = r->size / CV_FATBIN_HEADER + 1;
    *g = (struct reading){.r = r,
                          .a = a,
                          .to = to,
                          .zeros_left = CV_MAX_CODE_SCAN,
                          .entries_left =
                              most < CV_MAX_CODE_ENTRIES ? (uint32_t)most : CV_MAX_CODE_ENTRIES};
}

void cv_fatbin_read(const struct cv_reader *r, const struct cv_fatbin_ranges *ranges,
                    const uint64_t *seeds, uint32_t n_seeds, struct cv_arena *a,
                    struct cv_gpucode *to)
{
    struct reading g;
    uint32_t s = 0;
    begin(&g, r, a, to);
    for (uint32_t i = 0; i < ranges->n_v; i++) {
        const struct cv_fatbin_range *range = &ranges->v[i];
        while (s < n_seeds && seeds[s] < range->offset)
            s++;
        uint32_t from = s;
        while (s < n_seeds && seeds[s] - range->offset < range->size)
            s++;
        read_range(&g, range, seeds + from, s - from);
    }
    walk_all(&g);
}

/* ---- ranges and scanning ---- */

bool cv_fatbin_add_range(struct cv_arena *a, struct cv_fatbin_ranges *to, const struct cv_reader *r,
                         uint64_t offset, uint64_t size)
{
    if (offset >= r->size || size == 0)
        return offset + size <= r->size;
    struct cv_fatbin_range *p = CV_PUSH(a, to, v);
    uint64_t room = r->size - offset;
    if (p)
        *p = (struct cv_fatbin_range){offset, size < room ? size : room};
    return size <= room;
}

static bool lies_behind(const struct cv_fatbin_range *a, const struct cv_fatbin_range *b)
{
    return a->offset > b->offset;
}

void cv_fatbin_tidy_ranges(struct cv_fatbin_ranges *ranges)
{
    uint32_t n = 0;
    CV_SORT(struct cv_fatbin_range, ranges->v, ranges->n_v, lies_behind);
    for (uint32_t i = 0; i < ranges->n_v; i++) {
        struct cv_fatbin_range x = ranges->v[i];
        struct cv_fatbin_range *last = n ? &ranges->v[n - 1] : NULL;
        if (!last || x.offset >= last->offset + last->size) {
            ranges->v[n++] = x;
            continue;
        }
        uint64_t end = x.offset + x.size;
        if (end > last->offset + last->size)
            last->size = end - last->offset;
    }
    ranges->n_v = n;
}

#define CV_SCAN_STEP  ((size_t)64 << 10)
#define CV_SCAN_FIRST ((size_t)1 << 10) /* after a jump, where the next container mostly stands */

/* Is this a container with a sound first entry? A magic number alone also stands in program text. `have`: bytes of it that were read already. */
static bool looks_real(struct reading *g, uint64_t at, uint64_t end, const unsigned char *bytes,
                       size_t have, struct start *ret)
{
    struct cv_fatbin_entry e;
    ret->has_first = have >= sizeof ret->bytes;
    if (ret->has_first)
        memcpy(ret->bytes, bytes, sizeof ret->bytes);
    else if (!read_start(g, at, end, true, ret) || !ret->has_first)
        return false;
    if (!cv_fatbin_header(ret->bytes, &ret->size) || ret->size < CV_FATBIN_ENTRY)
        return false;
    return cv_fatbin_entry(ret->bytes + CV_FATBIN_HEADER, ret->size, &e) && e.target.cc.major != 0;
}

/* The first place in words of 8 bytes where a container, or an ELF file where one is wanted, may start; n if nowhere. Eight words at a step: the compiler
 * makes vectors of it, and most data has none. */
static size_t first_magic(const unsigned char *p, size_t n, bool elf)
{
    uint32_t other = elf ? CV_ELF_MAGIC : CV_FATBIN_MAGIC;
    size_t i = 0;
    for (; n - i >= 64; i += 64) {
        unsigned any = 0;
        for (size_t k = 0; k < 64; k += 8) {
            uint32_t word = cv_le32(p + i + k);
            any |= (unsigned)(word == CV_FATBIN_MAGIC) | (unsigned)(word == other);
        }
        if (any)
            break;
    }
    while (i < n && cv_le32(p + i) != CV_FATBIN_MAGIC && cv_le32(p + i) != other)
        i += 8;
    return i;
}

/* A container at `at`, if it is one: *at goes behind it. False when the limit is reached. */
static bool take_found(struct reading *g, uint64_t *at, uint64_t end, const unsigned char *bytes,
                       size_t have)
{
    struct start start;
    if (!looks_real(g, *at, end, bytes, have, &start)) {
        *at += 8;
        return true;
    }
    uint64_t room = end - *at - CV_FATBIN_HEADER;
    if (start.size > room)
        cut_at(g, "a container that is cut short", *at);
    if (!budget(g, *at) || !add_walk(g, *at, &start, start.size < room ? start.size : room))
        return false;
    *at = start.size >= room ? end : align8(*at + CV_FATBIN_HEADER + start.size);
    return true;
}

/* Searches one range 8 bytes at a step and jumps over what it finds. Containers mostly follow each other, so little is read after a jump and more the longer
 * nothing is found. False when the limit is reached. */
static bool scan_range(struct reading *g, uint64_t at, uint64_t end, unsigned char *buf,
                       struct cv_fatbin_search *how)
{
    size_t step = CV_SCAN_FIRST;
    at = align8(at);
    while (end > at && end - at >= CV_FATBIN_HEADER) {
        size_t n = end - at < step ? (size_t)(end - at) & ~(size_t)7 : step;
        if (n > how->left) {
            cut_at(g, "too much to search through; stopped", at);
            return false;
        }
        how->left -= n;
        if (!cv_read(g->r, at, buf, n)) {
            cut_at(g, "the file ends or cannot be read", at);
            return false;
        }
        for (size_t i = 0; i < n;) {
            size_t k = i + first_magic(buf + i, n - i, how->elf != NULL);
            uint64_t here = at + k, next = here;
            if (k < n && cv_le32(buf + k) == CV_FATBIN_MAGIC) {
                if (!take_found(g, &next, end, buf + k, n - k))
                    return false;
            } else if (k < n && how->elf) {
                uint64_t size = how->elf(how->ctx, here);
                next = size < end - here ? align8(here + size) : here;
                next = next > here ? next : here + 8;
            }
            if (next - at >= n || next >= end) {
                step = next - at > n         ? CV_SCAN_FIRST
                       : step < CV_SCAN_STEP ? step * 2
                                             : CV_SCAN_STEP;
                at = next;
                break;
            }
            i = (size_t)(next - at);
        }
    }
    return true;
}

/* The same over a file that has passed by. */
static bool scan_found(struct reading *g, uint64_t at, uint64_t end,
                       const struct cv_fatbin_ranges *found)
{
    for (uint32_t i = 0; i < found->n_v; i++) {
        uint64_t from = found->v[i].offset;
        if (from >= end)
            break;
        if (from >= at && !take_found(g, &from, end, NULL, 0))
            return false;
        at = from > at ? from : at;
    }
    return true;
}

void cv_fatbin_scan(const struct cv_reader *r, const struct cv_fatbin_ranges *ranges,
                    struct cv_fatbin_search *how, struct cv_arena *a, struct cv_gpucode *to)
{
    struct reading g;
    struct cv_fatbin_search plain = {.left = CV_MAX_CODE_SCAN};
    how = how ? how : &plain;
    if (!how->found && !how->buffer)
        how->buffer = cv_arena_raw(a, CV_SCAN_STEP);
    unsigned char *buf = how->buffer;
    begin(&g, r, a, to);
    for (uint32_t i = 0; i < ranges->n_v; i++) {
        uint64_t at = ranges->v[i].offset, end = at + ranges->v[i].size;
        if (how->found ? !scan_found(&g, at, end, how->found)
                       : !buf || !scan_range(&g, at, end, buf, how))
            break;
    }
    walk_all(&g);
}
