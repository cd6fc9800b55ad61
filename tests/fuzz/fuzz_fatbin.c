/* fuzz_fatbin.c: any bytes as containers. The first 16 bytes choose seeds, ranges and how much of the file is at hand, the rest is the file: wherever seeds
 * point, and however much must be waited for, the counts are those of the plain walk. */
#include "fuzz.h"
#include "fuzz_code.h"

struct far {
    const cv_str *mem;
    uint32_t state; /* which reads are at hand */
};

static bool far_read(void *ctx, uint64_t off, void *ret, size_t len)
{
    const struct far *f = ctx;
    memcpy(ret, f->mem->ptr + off, len);
    return true;
}

static bool far_now(void *ctx, uint64_t off, void *ret, size_t len)
{
    struct far *f = ctx;
    f->state = f->state * 1664525u + 1013904223u;
    return f->state >> 31 && far_read(ctx, off, ret, len);
}

static void far_hint(void *ctx, uint64_t off, size_t len)
{
    const struct far *f = ctx;
    if (off > f->mem->len || len == 0)
        abort();
}

static void same(const struct cv_gpucode *x, const struct cv_gpucode *y)
{
    FUZZ_MUST(x->images == y->images && x->containers == y->containers);
    FUZZ_MUST(x->lto_images == y->lto_images && x->other_images == y->other_images);
    FUZZ_MUST(x->n_targets == y->n_targets && x->partial == y->partial);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 16 };
    if (size < HEAD)
        return 0;
    const cv_str mem = {(const char *)data + HEAD, size - HEAD};
    struct cv_reader r;
    struct far f = {&mem, cv_le32(data)};
    struct cv_arena a = fuzz_arena();
    struct cv_gpucode *plain = malloc(sizeof *plain), *waved = malloc(sizeof *waved);
    struct cv_fatbin_ranges all = {0}, two = {0};
    uint64_t seeds[4];
    uint32_t n = 0;
    cv_reader_mem(&r, &mem);
    struct cv_reader slow = {.size = mem.len,
                             .read_at = far_read,
                             .ctx = &f,
                             .read_now = far_now,
                             .hint = far_hint};
    if (plain && waved) {
        (void)cv_fatbin_add_range(&a, &all, &r, 0, mem.len);
        cv_fatbin_tidy_ranges(&all);
        cv_gpucode_init(plain);
        cv_fatbin_read(&r, &all, NULL, 0, &a, plain);
        fuzz_code_sound(plain, &a, mem.len);
        fuzz_code_line(plain, &a);
        /* the same, with waiting */
        cv_gpucode_init(waved);
        cv_fatbin_read(&slow, &all, NULL, 0, &a, waved);
        if (!a.oom)
            same(plain, waved);
        /* seeds anywhere: sound, and the same where nothing is damaged and each seed is a container of the chain */
        for (unsigned i = 0; i < 4; i++) {
            uint64_t s = cv_le16(data + 4 + i * 2);
            if (n == 0 || s > seeds[n - 1])
                seeds[n++] = s;
        }
        cv_gpucode_init(waved);
        cv_fatbin_read(&slow, &all, seeds, n, &a, waved);
        fuzz_code_sound(waved, &a, mem.len);
        /* ranges anywhere */
        (void)cv_fatbin_add_range(&a, &two, &r, cv_le16(data + 12), cv_le16(data + 14));
        (void)cv_fatbin_add_range(&a, &two, &r, cv_le16(data + 4), cv_le16(data + 6));
        cv_fatbin_tidy_ranges(&two);
        for (uint32_t i = 1; i < two.n_v; i++)
            FUZZ_MUST(two.v[i - 1].offset + two.v[i - 1].size <= two.v[i].offset);
        cv_gpucode_init(waved);
        cv_fatbin_read(&r, &two, seeds, n, &a, waved);
        fuzz_code_sound(waved, &a, mem.len);
        cv_gpucode_init(waved);
        cv_fatbin_scan(&slow, &all, NULL, &a, waved);
        fuzz_code_sound(waved, &a, mem.len);
    }
    free(plain);
    free(waved);
    cv_arena_done(&a);
    return 0;
}
