/* codestream.c: see codestream.h. The search goes 8 bytes at a step, as containers are aligned, and jumps from entry to entry once it has found one.
 * Which of the
 * containers seen lie in a section of GPU code is decided at the end by the same reader that serves files on disk. */
#include "format/codestream.h"

#include "base/limits.h"
#include "format/elf.h"

#define CV_HEAD_BYTES    ((uint64_t)64 << 10)
#define CV_BEFORE_BYTES  ((uint64_t)256 << 10)
#define CV_HEADERS_BYTES ((uint64_t)4 << 20)
#define CV_TAIL_BYTES    ((uint64_t)1 << 20)

static void open_window(struct cv_codestream *s, int which, uint64_t from, uint64_t len)
{
    struct cv_stream_window *w = &s->windows[which];
    uint64_t room = s->size - from;
    w->from = from;
    w->cap = (size_t)(len < room ? len : room);
    w->bytes = cv_arena_raw(s->a, w->cap);
    if (!w->bytes)
        w->cap = 0;
}

void cv_codestream_init(struct cv_codestream *s, struct cv_arena *a, uint64_t size)
{
    *s = (struct cv_codestream){.a = a, .size = size};
    open_window(s, CV_STREAM_HEAD, 0, CV_HEAD_BYTES);
    open_window(s, CV_STREAM_TAIL, size > CV_TAIL_BYTES ? size - CV_TAIL_BYTES : 0, CV_TAIL_BYTES);
}

/* ---- what is kept ---- */

static void keep(struct cv_codestream *s, uint64_t offset, const unsigned char *bytes, size_t len)
{
    struct cv_stream_piece *p =
        s->n_pieces < CV_MAX_CODE_ENTRIES * 2 ? CV_PUSH(s->a, s, pieces) : NULL;
    unsigned char *copy = p ? cv_arena_raw(s->a, len) : NULL;
    if (!copy)
        return;
    memcpy(copy, bytes, len);
    *p = (struct cv_stream_piece){offset, (uint32_t)len, copy};
}

static void keep_zeros(struct cv_codestream *s, uint64_t offset)
{
    struct cv_stream_piece *last = s->n_pieces ? &s->pieces[s->n_pieces - 1] : NULL;
    if (last && !last->bytes && last->offset + last->len == offset && last->len < UINT32_MAX - 8) {
        last->len += 8;
        return;
    }
    struct cv_stream_piece *p =
        s->n_pieces < CV_MAX_CODE_ENTRIES * 2 ? CV_PUSH(s->a, s, pieces) : NULL;
    if (p)
        *p = (struct cv_stream_piece){offset, 8, NULL};
}

/* The first 64 bytes of an ELF file say where its section headers are. */
static void plan_headers(struct cv_codestream *s)
{
    const struct cv_stream_window *head = &s->windows[CV_STREAM_HEAD];
    if (s->windows[CV_STREAM_HEADERS].bytes || head->n < 64 ||
        memcmp(head->bytes, "\177ELF", 4) != 0)
        return;
    uint64_t at = cv_le64(head->bytes + 40), from = at > CV_BEFORE_BYTES ? at - CV_BEFORE_BYTES : 0;
    if (at > 0 && at < s->size)
        open_window(s, CV_STREAM_HEADERS, from, CV_BEFORE_BYTES + CV_HEADERS_BYTES);
}

static void fill(struct cv_stream_window *w, uint64_t pos, const unsigned char *bytes, size_t len)
{
    uint64_t next = w->from + w->n; /* windows fill in order */
    if (w->n == w->cap || pos > next || pos + len <= next)
        return;
    size_t skip = (size_t)(next - pos), n = len - skip;
    n = n < w->cap - w->n ? n : w->cap - w->n;
    memcpy(w->bytes + w->n, bytes + skip, n);
    w->n += n;
}

static void keep_windows(struct cv_codestream *s, const unsigned char *bytes, size_t len)
{
    fill(&s->windows[CV_STREAM_HEAD], s->pos, bytes, len);
    if (s->pos < CV_HEAD_BYTES)
        plan_headers(s);
    fill(&s->windows[CV_STREAM_HEADERS], s->pos, bytes, len);
    fill(&s->windows[CV_STREAM_TAIL], s->pos, bytes, len);
    fill(&s->windows[CV_STREAM_NAMES], s->pos, bytes, len);
}

/* ---- the search ---- */

static void look(struct cv_codestream *s, uint64_t at, size_t want, enum cv_stream_state state)
{
    s->state = state;
    s->look_at = at;
    s->n_look = 0;
    s->want = want;
}

static void after_entry(struct cv_codestream *s, uint64_t next)
{
    if (next >= s->end) {
        s->state = CV_STREAM_GAP;
        s->skip = 0;
    } else {
        look(s, next, CV_FATBIN_ENTRY, CV_STREAM_NEXT);
    }
}

/* A whole entry header is there: on to the next one. */
static void entry(struct cv_codestream *s, uint64_t at, const unsigned char *bytes)
{
    struct cv_fatbin_entry e;
    if (!cv_fatbin_entry(bytes, s->end - at, &e)) {
        s->state = CV_STREAM_SEARCH; /* damage: the reader will meet it too, and say so */
        return;
    }
    after_entry(s, at + e.size);
    uint64_t seen = at + CV_FATBIN_ENTRY;
    s->skip = at + e.size - seen;
}

/* What was gathered is searched again from `from`: it was no container, or an empty one. */
static void again(struct cv_codestream *s, size_t from, enum cv_stream_state state)
{
    s->state = state;
    for (size_t i = from; i + 8 <= s->want; i += 8) {
        uint64_t word = cv_le64(s->look + i);
        if ((uint32_t)word == CV_FATBIN_MAGIC) {
            memmove(s->look, s->look + i, s->want - i);
            s->n_look = s->want - i;
            s->look_at += i;
            s->want = s->size - s->look_at < CV_STREAM_LOOK ? CV_FATBIN_HEADER : CV_STREAM_LOOK;
            s->state = CV_STREAM_LOOKING;
            return;
        }
        if (s->state == CV_STREAM_GAP && word == 0)
            keep_zeros(s, s->look_at + i);
        else
            s->state = CV_STREAM_SEARCH;
    }
}

/* The bytes of a header have been gathered. */
static void gathered(struct cv_codestream *s)
{
    uint64_t size;
    struct cv_fatbin_entry e;
    if (s->state == CV_STREAM_NEXT) {
        keep(s, s->look_at, s->look, s->want);
        entry(s, s->look_at, s->look);
        return;
    }
    bool sound = cv_fatbin_header(s->look, &size), empty = sound && size == 0;
    sound = sound && s->want == CV_STREAM_LOOK && size >= CV_FATBIN_ENTRY &&
            cv_fatbin_entry(s->look + CV_FATBIN_HEADER, size, &e);
    if (!sound) {
        if (empty)
            keep(s, s->look_at, s->look, CV_FATBIN_HEADER);
        again(s, empty ? CV_FATBIN_HEADER : 8, empty ? CV_STREAM_GAP : CV_STREAM_SEARCH);
        return;
    }
    keep(s, s->look_at, s->look, s->want);
    uint64_t rest;
    if (!cv_add64(s->look_at + CV_FATBIN_HEADER, size, &s->end))
        s->end = UINT64_MAX;
    rest = s->size - s->look_at;
    struct cv_fatbin_range *r = CV_PUSH(s->a, &s->found, v);
    if (r)
        *r = (struct cv_fatbin_range){s->look_at,
                                      s->end - s->look_at < rest ? s->end - s->look_at : rest};
    entry(s, s->look_at + CV_FATBIN_HEADER, s->look + CV_FATBIN_HEADER);
}

/* Bytes at s->pos that are searched 8 at a step; how many were used. At least one. */
static size_t search(struct cv_codestream *s, const unsigned char *p, size_t n)
{
    size_t i = (size_t)(-s->pos & 7u); /* to the next multiple of 8 */
    if (i >= n)
        return n;
    for (; n - i >= 8; i += 8) {
        uint64_t word = cv_le64(p + i);
        if ((uint32_t)word == CV_FATBIN_MAGIC) {
            uint64_t left = s->size - (s->pos + i);
            look(s, s->pos + i, left < CV_STREAM_LOOK ? CV_FATBIN_HEADER : CV_STREAM_LOOK,
                 CV_STREAM_LOOKING);
            return i;
        }
        if (s->state == CV_STREAM_GAP && word == 0)
            keep_zeros(s, s->pos + i);
        else
            s->state = CV_STREAM_SEARCH;
    }
    if (i < n) { /* a word over the edge of two pieces */
        look(s, s->pos + i, 8, s->state == CV_STREAM_GAP ? CV_STREAM_GAP : CV_STREAM_SEARCH);
        s->n_look = n - i;
        memcpy(s->look, p + i, n - i);
        return n;
    }
    return n;
}

/* A search that ended inside a word goes on in the next piece. */
static size_t finish_word(struct cv_codestream *s, const unsigned char *p, size_t n)
{
    size_t take = 8 - s->n_look < n ? 8 - s->n_look : n;
    memcpy(s->look + s->n_look, p, take);
    s->n_look += take;
    if (s->n_look < 8)
        return take;
    uint64_t word = cv_le64(s->look);
    if ((uint32_t)word == CV_FATBIN_MAGIC) {
        uint64_t left = s->size - s->look_at;
        s->want = left < CV_STREAM_LOOK ? CV_FATBIN_HEADER : CV_STREAM_LOOK;
        s->state = CV_STREAM_LOOKING;
        return take;
    }
    if (s->state == CV_STREAM_GAP && word == 0)
        keep_zeros(s, s->look_at);
    else
        s->state = CV_STREAM_SEARCH;
    s->n_look = 0;
    return take;
}

/* As many bytes as one step needs; how many were used (0 only when the state changed). */
static size_t step(struct cv_codestream *s, const unsigned char *p, size_t n)
{
    if (s->skip > 0) {
        size_t k = s->skip < n ? (size_t)s->skip : n;
        s->skip -= k;
        return k;
    }
    if (s->state == CV_STREAM_SEARCH || s->state == CV_STREAM_GAP)
        return s->n_look ? finish_word(s, p, n) : search(s, p, n);
    size_t k = s->want - s->n_look < n ? s->want - s->n_look : n;
    memcpy(s->look + s->n_look, p, k);
    s->n_look += k;
    while (s->n_look >= s->want && s->state >= CV_STREAM_LOOKING) {
        s->n_look = 0;
        gathered(s);
    }
    return k;
}

void cv_codestream_take(struct cv_codestream *s, const unsigned char *bytes, size_t len)
{
    keep_windows(s, bytes, len);
    if (s->second) {
        s->pos += len;
        return;
    }
    while (len > 0) {
        size_t k = step(s, bytes, len);
        s->pos += k;
        bytes += k;
        len -= k;
    }
}

/* ---- reading what was kept ---- */

static bool from_piece(const struct cv_codestream *s, uint64_t off, unsigned char *to, size_t len)
{
    uint32_t low = 0, high = s->n_pieces;
    while (low < high) { /* the last piece that starts at or before off */
        uint32_t mid = low + (high - low) / 2;
        if (s->pieces[mid].offset <= off)
            low = mid + 1;
        else
            high = mid;
    }
    for (uint32_t i = low; i > 0 && len > 0; i++) { /* pieces may follow each other without a gap */
        if (i > s->n_pieces)
            return false;
        const struct cv_stream_piece *p = &s->pieces[i - 1];
        if (off < p->offset || off - p->offset >= p->len)
            return false;
        size_t in = (size_t)(off - p->offset), n = p->len - in < len ? p->len - in : len;
        if (p->bytes)
            memcpy(to, p->bytes + in, n);
        else
            memset(to, 0, n);
        off += n;
        to += n;
        len -= n;
    }
    return len == 0;
}

static bool read_kept(void *ctx, uint64_t off, void *ret, size_t len)
{
    const struct cv_codestream *s = ctx;
    for (int i = 0; i < CV_STREAM_WINDOWS; i++) {
        const struct cv_stream_window *w = &s->windows[i];
        if (off >= w->from && off - w->from < w->n && len <= w->n - (size_t)(off - w->from)) {
            memcpy(ret, w->bytes + (off - w->from), len);
            return true;
        }
    }
    return from_piece(s, off, ret, len);
}

static struct cv_reader kept(struct cv_codestream *s)
{
    return (struct cv_reader){.size = s->size, .read_at = read_kept, .ctx = s};
}

static bool has_sections(const struct cv_reader *r)
{
    struct cv_elf e;
    return cv_elf_open(&e, r) && e.n_sections > 0;
}

static bool any_section(void *ctx, const struct cv_elf_section *section)
{
    (void)ctx, (void)section;
    return true;
}

bool cv_codestream_again(struct cv_codestream *s)
{
    struct cv_reader r = kept(s);
    struct cv_elf e;
    unsigned char h[64];
    uint64_t at;
    if (s->second || s->pos != s->size || !cv_elf_open(&e, &r) || e.n_sections == 0 ||
        e.section_names >= e.n_sections || cv_elf_each_section(&e, any_section, NULL) ||
        !cv_add64(e.section_offset, (uint64_t)e.section_names * sizeof h, &at) ||
        !cv_read(&r, at, h, sizeof h))
        return false;
    uint64_t from = cv_le64(h + 24), size = cv_le64(h + 32);
    if (from >= s->size || size > CV_HEADERS_BYTES)
        return false;
    open_window(s, CV_STREAM_NAMES, from, size);
    s->second = true;
    s->pos = 0;
    return true;
}

void cv_codestream_read(struct cv_codestream *s, bool whole, enum cv_code_where where,
                        struct cv_gpucode *ret)
{
    struct cv_reader r = kept(s);
    enum cv_code_format format = cv_code_format(&r);
    struct cv_code_ask ask = {.where = where, .found = &s->found};
    cv_fatbin_tidy_ranges(&s->found);
    if (format == CV_FILE_ELF && whole && !has_sections(&r)) {
        cv_gpucode_init(ret);
        ret->form = CV_FORM_ELF;
        cv_fatbin_read(&r, &s->found, NULL, 0, s->a, ret);
        ret->searched_all = true;
    } else {
        cv_code_read(&r, &ask, s->a, ret);
    }
    if (!whole)
        cv_gpucode_cut(ret, CV_S("it could not be unpacked to its end"));
}
