/* http_cache.c: which requests serve which reads: see http.h. */
#include "io/http_int.h"

static size_t smaller(size_t a, uint64_t b)
{
    return a < b ? a : (size_t)b;
}

/* The part of [off, off + len) that lies at `off` in these bytes. */
static size_t take(const unsigned char *bytes, uint64_t from, size_t n, uint64_t off, void *to,
                   size_t len)
{
    if (!bytes || off < from || off - from >= n)
        return 0;
    size_t k = smaller(len, n - (off - from));
    memcpy(to, bytes + (size_t)(off - from), k);
    return k;
}

/* What is kept of [off, off + len), from its start on. */
static size_t from_kept(struct cv_http *h, uint64_t off, void *to, size_t len)
{
    struct cv_http_state *s = h->state;
    size_t n = take(s->tail, s->tail_off, (size_t)(h->reader.size - s->tail_off), off, to, len);
    if (n == 0)
        n = take(s->window, s->window_off, s->window_len, off, to, len);
    for (unsigned i = 0; i < CV_HTTP_BLOCKS && n == 0; i++) {
        struct cv_http_block *b = &s->blocks[i];
        n = take(b->bytes, b->off, b->len, off, to, len);
        if (n > 0)
            b->used = s->reads;
    }
    return n;
}

static bool fill_block(struct cv_http *h, uint64_t off, uint64_t room)
{
    struct cv_http_state *s = h->state;
    struct cv_http_block *b = &s->blocks[0];
    for (unsigned i = 1; i < CV_HTTP_BLOCKS; i++)
        if (s->blocks[i].used < b->used)
            b = &s->blocks[i];
    if (!b->bytes)
        b->bytes = cv_arena_raw(s->arena, CV_HTTP_BLOCK);
    if (!b->bytes)
        return false;
    b->len = 0; /* nothing, if fetching fails */
    b->off = off;
    b->used = s->reads;
    size_t n = smaller(CV_HTTP_BLOCK, room);
    if (cv_http_fetch(h, off, b->bytes, n) < 0)
        return false;
    b->len = n;
    return true;
}

static bool fill_window(struct cv_http *h, uint64_t off, uint64_t room)
{
    struct cv_http_state *s = h->state;
    if (!s->window)
        s->window = cv_arena_raw(s->arena, CV_HTTP_AHEAD_MAX);
    if (!s->window)
        return false;
    s->window_len = 0;
    s->window_off = off;
    size_t n = smaller(s->ahead, room);
    if (cv_http_fetch(h, off, s->window, n) < 0)
        return false;
    s->window_len = n;
    s->ahead = s->ahead * 2 < CV_HTTP_AHEAD_MAX ? s->ahead * 2 : CV_HTTP_AHEAD_MAX;
    return true;
}

bool cv_http_read_at(void *ctx, uint64_t off, void *ret, size_t len)
{
    struct cv_http *h = ctx;
    struct cv_http_state *s = h->state;
    unsigned char *to = ret;
    bool expected = off >= s->expect_from && off < s->expect_to;
    bool in_order = expected || (off == s->next && len >= CV_HTTP_BLOCK) ||
                    (s->window_len > 0 && off == s->window_off + s->window_len);
    if (!expected && off != s->next)
        s->ahead = CV_HTTP_AHEAD_MIN;
    s->next = off + len;
    s->reads++;
    while (len > 0) {
        size_t n = from_kept(h, off, to, len);
        if (n == 0) {
            /* cv_read bounds off by the size; the tail is kept, so that room ends before it and is never 0 here. */
            uint64_t end = expected && off < s->expect_to && s->expect_to < s->tail_off
                               ? s->expect_to
                               : s->tail_off;
            uint64_t room = end - off;
            if (in_order && smaller(len, room) <= s->ahead) {
                if (!fill_window(h, off, room))
                    return false;
            } else if (len < CV_HTTP_BLOCK) {
                if (!fill_block(h, off, s->tail_off - off))
                    return false;
            } else {
                n = smaller(len, room);
                if (cv_http_fetch(h, off, to, n) < 0)
                    return false;
            }
        }
        off += n;
        to += n;
        len -= n;
    }
    return true;
}

void cv_http_expect(struct cv_http *h, uint64_t off, uint64_t len)
{
    struct cv_http_state *s = h->state;
    if (!s || off > h->reader.size || len > h->reader.size - off)
        return;
    s->expect_from = off;
    s->expect_to = off + len;
    s->ahead = CV_HTTP_AHEAD_MIN;
}
