/* bytes.c: see bytes.h. */
#include "base/bytes.h"

bool cv_read(const struct cv_reader *r, uint64_t off, void *ret, size_t len)
{
    if (off > r->size || len > r->size - off)
        return false;
    return len == 0 || r->read_at(r->ctx, off, ret, len);
}

bool cv_read_now(const struct cv_reader *r, uint64_t off, void *ret, size_t len)
{
    if (off > r->size || len > r->size - off)
        return false;
    if (len == 0)
        return true;
    return r->read_now ? r->read_now(r->ctx, off, ret, len) : r->read_at(r->ctx, off, ret, len);
}

void cv_read_hint(const struct cv_reader *r, uint64_t off, size_t len)
{
    if (r->hint && off <= r->size)
        r->hint(r->ctx, off, len);
}

static bool mem_read_at(void *ctx, uint64_t off, void *ret, size_t len)
{
    const cv_str *m = ctx;
    memcpy(ret, m->ptr + (size_t)off, len);
    return true;
}

void cv_reader_mem(struct cv_reader *ret, const cv_str *mem)
{
    union {
        const cv_str *in;
        void *out;
    } p = {.in = mem};
    *ret = (struct cv_reader){.size = mem->len, .read_at = mem_read_at, .ctx = p.out};
}

static bool part_read_at(void *ctx, uint64_t off, void *ret, size_t len)
{
    const struct cv_reader_part *p = ctx;
    return cv_read(p->whole, p->offset + off, ret, len);
}

static bool part_read_now(void *ctx, uint64_t off, void *ret, size_t len)
{
    const struct cv_reader_part *p = ctx;
    return cv_read_now(p->whole, p->offset + off, ret, len);
}

static void part_hint(void *ctx, uint64_t off, size_t len)
{
    const struct cv_reader_part *p = ctx;
    cv_read_hint(p->whole, p->offset + off, len);
}

bool cv_reader_part(struct cv_reader *ret, struct cv_reader_part *part,
                    const struct cv_reader *whole, uint64_t offset, uint64_t size)
{
    if (offset > whole->size || size > whole->size - offset)
        return false;
    *part = (struct cv_reader_part){whole, offset};
    *ret = (struct cv_reader){.size = size,
                              .read_at = part_read_at,
                              .ctx = part,
                              .read_now = part_read_now,
                              .hint = whole->hint ? part_hint : NULL};
    return true;
}
