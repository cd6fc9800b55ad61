/* inflate.c: see inflate.h. One set of buffers a zip, made when the first member is read: what zlib allocates comes from the arena too, so that there is
 * nothing to free. */
#include "format/inflate.h"

#include "base/limits.h"

#include <stdio.h>
#include <zlib.h>

#define CV_ZIP_IN  ((size_t)256 << 10) /* read at once */
#define CV_ZIP_OUT ((size_t)128 << 10) /* unpacked at once: stays in a second-level cache */

struct cv_zip_work {
    z_stream stream;
    bool ready; /* the stream is initialised */
    unsigned char *in, *out;
};

struct reading {
    struct cv_zip *zip;
    const struct cv_zip_member *member;
    const struct cv_zip_taker *to;
    cv_str *what;
    uint64_t at, left; /* packed bytes not read yet */
    uint64_t total;    /* unpacked bytes handed out */
    uint32_t crc;
    bool stopped;
};

static voidpf arena_get(voidpf arena, uInt items, uInt size)
{
    uint64_t bytes = (uint64_t)items * size;
    return bytes <= SIZE_MAX ? cv_arena_alloc(arena, (size_t)bytes) : NULL;
}

static void arena_put(voidpf arena, voidpf p)
{
    (void)arena;
    (void)p;
}

static struct cv_zip_work *work_of(struct cv_zip *z)
{
    if (z->work)
        return z->work;
    struct cv_zip_work *w = cv_arena_alloc(z->arena, sizeof *w);
    if (!w)
        return NULL;
    w->in = cv_arena_raw(z->arena, CV_ZIP_IN);
    w->out = cv_arena_raw(z->arena, CV_ZIP_OUT);
    if (!w->in || !w->out)
        return NULL;
    z->work = w;
    return w;
}

static int fail(const struct reading *r, int code, const char *what)
{
    if (r->zip->arena->oom) {
        *r->what = CV_S("out of memory");
        return CV_E_NOMEM;
    }
    *r->what = cv_zip_say(r->zip, r->member, what);
    return code;
}

/* The next packed bytes into w->in; 0 bytes when there are no more. */
static int fill(struct reading *r, struct cv_zip_work *w, size_t *ret_n)
{
    size_t n = r->left < CV_ZIP_IN ? (size_t)r->left : CV_ZIP_IN;
    if (n > 0 && !cv_read(r->zip->reader, r->at, w->in, n)) {
        *r->what = cv_arena_fmt(r->zip->arena, "%zu bytes at offset %llu cannot be read", n,
                                (unsigned long long)r->at);
        return CV_E_IO;
    }
    r->at += n;
    r->left -= n;
    *ret_n = n;
    return 0;
}

static int hand_out(struct reading *r, const unsigned char *bytes, size_t n)
{
    if (n == 0)
        return 0;
    if (n > r->member->size - r->total)
        return fail(r, CV_E_INPUT, "is longer than the directory says");
    r->total += n;
    r->zip->unpacked += n;
    if (r->zip->unpacked / CV_MAX_ZIP_WHOLE_RATIO > r->zip->reader->size &&
        r->zip->unpacked > CV_MAX_ZIP_FREE)
        return fail(r, CV_E_LIMIT,
                    "is one too many: so much out of so small an archive is not unpacked");
    r->crc = (uint32_t)crc32(r->crc, bytes, (uInt)n);
    int rc = r->to->take(r->to->ctx, bytes, n);
    if (rc > 0)
        r->stopped = true;
    return rc < 0 ? fail(r, rc, "was not taken") : 0;
}

static int stream_stored(struct reading *r, struct cv_zip_work *w)
{
    for (size_t n;;) {
        int rc = fill(r, w, &n);
        if (rc == 0)
            rc = hand_out(r, w->in, n);
        if (rc < 0 || n == 0 || r->stopped)
            return rc;
    }
}

static int start(struct reading *r, struct cv_zip_work *w)
{
    int z;
    if (w->ready) {
        z = inflateReset(&w->stream);
    } else {
        w->stream = (z_stream){.zalloc = arena_get, .zfree = arena_put, .opaque = r->zip->arena};
        z = inflateInit2(&w->stream, -MAX_WBITS); /* raw deflate: a zip has no zlib header */
    }
    w->ready = z == Z_OK;
    w->stream.avail_in = 0;
    return w->ready ? 0 : fail(r, CV_E_INTERNAL, "cannot be unpacked: zlib does not start");
}

static int stream_deflated(struct reading *r, struct cv_zip_work *w)
{
    z_stream *s = &w->stream;
    int rc = start(r, w);
    if (rc < 0)
        return rc;
    for (int z = Z_OK; z != Z_STREAM_END;) {
        if (s->avail_in == 0) {
            size_t n = 0;
            rc = fill(r, w, &n);
            if (rc < 0)
                return rc;
            s->next_in = w->in;
            s->avail_in = (uInt)n;
        }
        s->next_out = w->out;
        s->avail_out = (uInt)CV_ZIP_OUT;
        z = inflate(s, Z_NO_FLUSH);
        if (z == Z_MEM_ERROR)
            return fail(r, CV_E_NOMEM, "out of memory");
        /* Z_BUF_ERROR: no output and no input left. */
        if (z != Z_OK && z != Z_STREAM_END)
            return fail(r, CV_E_INPUT, z == Z_BUF_ERROR ? "is cut short" : "is damaged");
        rc = hand_out(r, w->out, CV_ZIP_OUT - s->avail_out);
        if (rc < 0 || r->stopped)
            return rc;
    }
    if (s->avail_in > 0 || r->left > 0)
        return fail(r, CV_E_INPUT, "ends before its packed bytes do");
    return 0;
}

int cv_zip_stream(struct cv_zip *z, const struct cv_zip_member *m, const struct cv_zip_taker *to,
                  bool *ret_whole, cv_str *ret_what)
{
    struct reading r = {.zip = z, .member = m, .to = to, .what = ret_what, .left = m->packed};
    int rc = cv_zip_data(z, m, &r.at, ret_what);
    if (rc < 0)
        return rc;
    if (m->method != CV_ZIP_STORED && m->method != CV_ZIP_DEFLATED) {
        char text[64];
        (void)snprintf(text, sizeof text, "is packed with method %u, which is not read", m->method);
        *ret_what = cv_zip_say(z, m, text);
        return CV_E_INPUT;
    }
    struct cv_zip_work *w = work_of(z);
    if (!w)
        return fail(&r, CV_E_NOMEM, "out of memory");
    rc = m->method == CV_ZIP_STORED ? stream_stored(&r, w) : stream_deflated(&r, w);
    if (rc < 0)
        return rc;
    if (!r.stopped && r.total != m->size)
        return fail(&r, CV_E_INPUT, "is shorter than the directory says");
    if (!r.stopped && r.crc != m->crc)
        return fail(&r, CV_E_INPUT, "does not have the CRC-32 that the directory says");
    if (ret_whole)
        *ret_whole = !r.stopped;
    return 0;
}

struct gathering {
    char *to;
    size_t len, cap;
};

static int gather(void *ctx, const unsigned char *bytes, size_t len)
{
    struct gathering *g = ctx;
    if (len > g->cap - g->len)
        return CV_E_LIMIT;
    memcpy(g->to + g->len, bytes, len);
    g->len += len;
    return 0;
}

int cv_zip_read(struct cv_zip *z, const struct cv_zip_member *m, size_t max, cv_str *ret,
                cv_str *ret_what)
{
    if (m->size > max || m->size >= SIZE_MAX) {
        char text[96];
        (void)snprintf(text, sizeof text, "has %llu bytes, more than the %zu that are read",
                       (unsigned long long)m->size, max);
        *ret_what = cv_zip_say(z, m, text);
        return CV_E_LIMIT;
    }
    struct gathering g = {.cap = (size_t)m->size};
    g.to = cv_arena_raw(z->arena, g.cap + 1);
    if (!g.to) {
        *ret_what = CV_S("out of memory");
        return CV_E_NOMEM;
    }
    const struct cv_zip_taker to = {gather, &g};
    int rc = cv_zip_stream(z, m, &to, NULL, ret_what);
    if (rc < 0)
        return rc;
    g.to[g.len] = 0;
    *ret = (cv_str){g.to, g.len};
    return 0;
}
