/* scan.c: the stream: raw bytes -> collapsed text in blocks that overlap by the span of a match -> where a text of an expression lies -> the expression. */
#include "match/scan.h"

#define CV_SCAN_RAW   ((size_t)128 << 10)
#define CV_SCAN_SPAN  ((size_t)CV_MAX_EXPLAIN_SPAN)
#define CV_SCAN_OLD   (CV_SCAN_SPAN + CV_MAX_EXPLAIN_LINE) /* kept in front of what is searched */
#define CV_SCAN_TEXT  (CV_SCAN_RAW + CV_SCAN_OLD + 2 * CV_SCAN_SPAN)
#define CV_SCAN_MARKS (CV_SCAN_TEXT / 2 + 2)
#define CV_SCAN_HITS  4096u
#define CV_SCAN_PAD   8u

struct hit {
    uint32_t from, to; /* where a match may begin */
    uint32_t next;     /* of the same pattern, + 1 */
};

struct pattern_state {
    uint64_t end; /* of the last match */
    uint32_t count;
    uint32_t first, last; /* hits, + 1 */
};

enum encoding { ENC_NEW, ENC_BYTES, ENC_UTF16 };

struct cv_scan {
    struct cv_arena *arena;
    struct cv_set *set;
    void (*found)(void *ctx, const struct cv_set_match *m);
    void *ctx;
    enum encoding encoding;
    struct cv_utf16 utf16;
    struct cv_norm norm;
    struct cv_re_memory memory;
    char *raw, *text;
    size_t n_raw;
    uint64_t base; /* of text[0] in the collapsed stream */
    size_t next;   /* where the search goes on */
    struct pattern_state *state;
    struct hit *hits;
    uint32_t n_hits;
    uint32_t *touched, n_touched; /* patterns with hits */
    struct cv_re_span *spans;
    bool end;
    bool ends_in_line;
    uint64_t bytes;
};

struct cv_scan *cv_scan_new(struct cv_arena *a, struct cv_set *set,
                            void (*found)(void *ctx, const struct cv_set_match *m), void *ctx)
{
    struct cv_scan *s = cv_arena_alloc(a, sizeof *s);
    if (!s)
        return NULL;
    *s = (struct cv_scan){
        .arena = a, .set = set, .found = found, .ctx = ctx, .memory = {.arena = a}};
    s->raw = cv_arena_raw(a, CV_SCAN_RAW);
    s->text = cv_arena_raw(a, CV_SCAN_TEXT + CV_SCAN_PAD);
    s->state = cv_arena_alloc(a, ((size_t)set->t.n_exprs + 1) * sizeof *s->state);
    s->touched = cv_arena_alloc(a, ((size_t)set->t.n_exprs + 1) * sizeof *s->touched);
    s->hits = cv_arena_raw(a, (size_t)CV_SCAN_HITS * sizeof *s->hits);
    s->spans = cv_arena_raw(a, (size_t)CV_SCAN_HITS * sizeof *s->spans);
    cv_norm_init(&s->norm);
    s->norm.marks = cv_arena_raw(a, CV_SCAN_MARKS * sizeof *s->norm.marks);
    s->norm.out = s->text;
    return a->oom ? NULL : s;
}

/* ---- expressions ---- */

/* Index of the last line that begins at or before `at`. */
static uint32_t mark_of(const struct cv_scan *s, uint32_t at)
{
    uint32_t lo = 0, hi = s->norm.n_marks;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (s->norm.marks[mid].at <= at)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static bool inside(unsigned char c)
{
    return (c & 0xc0) == 0x80; /* of a UTF-8 character */
}

static cv_str lines_of(const struct cv_scan *s, uint32_t from, uint32_t to)
{
    uint32_t first = mark_of(s, from), last = mark_of(s, to > from ? to - 1 : from);
    uint32_t begin =
        s->norm.n_marks && s->norm.marks[first].at <= from ? s->norm.marks[first].at : from;
    uint32_t end = last + 1 < s->norm.n_marks ? s->norm.marks[last + 1].at : s->norm.n_out;
    if (from - begin > CV_MAX_EXPLAIN_LINE / 2)
        for (begin = from - CV_MAX_EXPLAIN_LINE / 2;
             begin < from && inside((unsigned char)s->text[begin]);)
            begin++;
    if (end - begin > CV_MAX_EXPLAIN_LINE)
        for (end = begin + CV_MAX_EXPLAIN_LINE; end > from && inside((unsigned char)s->text[end]);)
            end--;
    return cv_str_trim((cv_str){s->text + begin, end - begin});
}

static void report(struct cv_scan *s, uint32_t p, const uint32_t *caps)
{
    struct pattern_state *st = &s->state[p];
    struct cv_set_match m = {.pattern = p,
                             .at = s->base + caps[0],
                             .len = caps[1] - caps[0],
                             .count = ++st->count,
                             .line = 1};
    st->end = s->base + (caps[1] > caps[0] ? caps[1] : caps[0] + 1);
    uint32_t first = mark_of(s, caps[0]);
    if (s->norm.n_marks)
        m.line = s->norm.marks[first].line;
    m.lines = lines_of(s, caps[0], caps[1]);
    for (uint32_t g = 0; 2 * g < s->set->compiled[p].n_caps; g++) {
        const uint32_t *at = &caps[(size_t)2 * g];
        if (at[0] != UINT32_MAX && at[1] != UINT32_MAX)
            m.groups[g] = (cv_str){s->text + at[0], at[1] - at[0]};
    }
    s->found(s->ctx, &m);
}

static bool compiled(struct cv_scan *s, uint32_t p)
{
    struct cv_re *re = &s->set->compiled[p];
    return re->ins || cv_re_compile(s->arena, s->set->exprs[p], re, NULL, NULL) == CV_OK;
}

/* All hits of one pattern: spans in order, then matches that do not overlap. */
static void run_pattern(struct cv_scan *s, uint32_t p)
{
    struct pattern_state *st = &s->state[p];
    uint32_t n = 0, caps[2 * CV_RE_GROUPS];
    for (uint32_t h = st->first; h; h = s->hits[h - 1].next) {
        struct cv_re_span now = {s->hits[h - 1].from, s->hits[h - 1].to};
        while (n > 0 &&
               now.from <= s->spans[n - 1].to + 1) { /* a few more places to begin do no harm */
            n--;
            now.from = s->spans[n].from < now.from ? s->spans[n].from : now.from;
            now.to = s->spans[n].to > now.to ? s->spans[n].to : now.to;
        }
        s->spans[n++] = now;
    }
    st->first = st->last = 0;
    uint32_t used = 0;
    while (st->count < CV_MAX_EXPLAIN_COUNT && compiled(s, p)) {
        while (used < n && s->base + s->spans[used].to < st->end)
            used++;
        if (used == n)
            break;
        if (s->base + s->spans[used].from < st->end)
            s->spans[used].from = (uint32_t)(st->end - s->base);
        struct cv_re_search search = {.text = {s->text, s->norm.n_out},
                                      .spans = s->spans + used,
                                      .n_spans = n - used,
                                      .longest = CV_MAX_EXPLAIN_SPAN,
                                      .at_start = s->base == 0,
                                      .at_end = s->end};
        if (!cv_re_find(&s->set->compiled[p], &s->memory, &search, caps))
            break;
        report(s, p, caps);
    }
}

static void run_hits(struct cv_scan *s)
{
    for (uint32_t i = 0; i < s->n_touched; i++)
        run_pattern(s, s->touched[i]);
    s->n_touched = s->n_hits = 0;
}

/* ---- where texts lie ---- */

static bool same(const char *text, cv_str folded)
{
    for (size_t i = 0; i < folded.len; i++)
        if ((text[i] | 0x20) != folded.ptr[i])
            return false;
    return true;
}

static void add_hit(struct cv_scan *s, const struct cv_set_factor *f, size_t at)
{
    struct pattern_state *st = &s->state[f->pattern];
    uint32_t from = at > f->max_before ? (uint32_t)(at - f->max_before) : 0;
    if (st->count >= CV_MAX_EXPLAIN_COUNT || at < f->min_before ||
        s->base + at - f->min_before < st->end)
        return;
    if (s->n_hits == CV_SCAN_HITS)
        run_hits(s);
    s->hits[s->n_hits] = (struct hit){from, (uint32_t)(at - f->min_before), 0};
    s->n_hits++;
    if (st->first == 0) {
        st->first = s->n_hits;
        s->touched[s->n_touched++] = f->pattern;
    } else {
        s->hits[st->last - 1].next = s->n_hits;
    }
    st->last = s->n_hits;
}

static void look(struct cv_scan *s, size_t at)
{
    uint32_t key;
    memcpy(&key, s->text + at, 4);
    for (const struct cv_set_gram *g = cv_set_lookup(&s->set->t, key | 0x20202020u); g;
         g = g->next ? &s->set->t.grams[g->next - 1] : NULL) {
        const struct cv_set_factor *f = &s->set->t.factors[g->factor];
        if (at >= g->at && at - g->at + f->len <= s->norm.n_out &&
            same(s->text + at - g->at, (cv_str){s->set->t.pool + f->text, f->len}))
            add_hit(s, f, at - g->at);
    }
}

/* Drops what no match can reach any more. */
static void drop_front(struct cv_scan *s)
{
    size_t keep = s->next > CV_SCAN_OLD ? s->next - CV_SCAN_OLD : 0;
    if (keep > s->norm.n_out)
        keep = s->norm.n_out;
    uint32_t first = mark_of(s, (uint32_t)keep), n = 0;
    for (uint32_t i = first; i < s->norm.n_marks; i++, n++) {
        s->norm.marks[n] = s->norm.marks[i];
        s->norm.marks[n].at = s->norm.marks[n].at > keep ? s->norm.marks[n].at - (uint32_t)keep : 0;
    }
    s->norm.n_marks = n;
    memmove(s->text, s->text + keep, s->norm.n_out - keep);
    s->norm.n_out -= (uint32_t)keep;
    s->base += keep;
    s->next -= keep;
}

static void search(struct cv_scan *s)
{
    size_t n = s->norm.n_out, limit = s->end                    ? n
                                      : n > CV_MAX_EXPLAIN_SPAN ? n - CV_MAX_EXPLAIN_SPAN
                                                                : 0;
    memset(s->text + n, 0, CV_SCAN_PAD);
    while (s->next < limit) {
        s->next = cv_set_next(&s->set->t, s->text, s->next, limit);
        if (s->next >= limit)
            break;
        look(s, s->next);
        s->next += s->set->t.stride;
    }
    run_hits(s);
    drop_front(s);
}

/* ---- bytes ---- */

static void flush(struct cv_scan *s)
{
    size_t used = cv_norm_run(&s->norm, (cv_str){s->raw, s->n_raw}, s->end);
    memmove(s->raw, s->raw + used, s->n_raw - used);
    s->n_raw -= used;
    search(s);
}

static void take(struct cv_scan *s, cv_str bytes)
{
    while (bytes.len > 0 && !s->arena->oom) {
        size_t n = CV_SCAN_RAW - s->n_raw;
        n = n < bytes.len ? n : bytes.len;
        memcpy(s->raw + s->n_raw, bytes.ptr, n);
        s->n_raw += n;
        bytes = cv_str_from(bytes, n);
        if (s->n_raw == CV_SCAN_RAW)
            flush(s);
    }
}

static void take_utf16(struct cv_scan *s, cv_str bytes)
{
    char out[3 * (1024 / 2 + 2)];
    while (bytes.len > 0) {
        cv_str part = cv_str_sub(bytes, 0, 1024);
        take(s, (cv_str){out, cv_utf16_run(&s->utf16, part, out)});
        bytes = cv_str_from(bytes, part.len);
    }
}

void cv_scan_feed(struct cv_scan *s, cv_str bytes)
{
    if (bytes.len == 0 || s->arena->oom)
        return;
    s->bytes += bytes.len;
    s->ends_in_line = bytes.ptr[bytes.len - 1] != '\n';
    if (s->encoding == ENC_NEW) { /* a byte order mark, which may come in two pieces */
        unsigned char a = s->n_raw ? (unsigned char)s->raw[0] : (unsigned char)bytes.ptr[0];
        cv_str rest = s->n_raw ? bytes : cv_str_from(bytes, 1);
        if (s->n_raw == 0)
            s->raw[s->n_raw++] = (char)a;
        if (rest.len == 0)
            return;
        unsigned char b = (unsigned char)rest.ptr[0];
        s->encoding = (a == 0xff && b == 0xfe) || (a == 0xfe && b == 0xff) ? ENC_UTF16 : ENC_BYTES;
        s->utf16.big = a == 0xfe;
        if (s->encoding == ENC_UTF16)
            s->n_raw = 0;
        bytes = s->encoding == ENC_UTF16 ? cv_str_from(rest, 1) : rest;
    }
    if (s->encoding == ENC_UTF16)
        take_utf16(s, bytes);
    else
        take(s, bytes);
}

void cv_scan_end(struct cv_scan *s, struct cv_scan_counts *ret)
{
    s->end = true;
    if (!s->arena->oom)
        flush(s);
    *ret = (struct cv_scan_counts){s->bytes, s->norm.line - 1 + (s->ends_in_line && s->bytes > 0)};
}
