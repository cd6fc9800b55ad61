/* bytes.c: see bytes.h. */
#include "base/bytes.h"

bool cv_read(const struct cv_reader *r, uint64_t off, void *ret, size_t len)
{
    if (off > r->size || len > r->size - off)
        return false;
    return len == 0 || r->read_at(r->ctx, off, ret, len);
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
