/* fuzz_zip.c: any bytes as a zip archive: its directory, then every member streamed, up to a cap. What the reader promises is checked. */
#include "format/inflate.h"
#include "fuzz.h"

#define CAP ((uint64_t)4 << 20)

struct total {
    uint64_t all, member;
};

static int take(void *ctx, const unsigned char *bytes, size_t len)
{
    struct total *t = ctx;
    unsigned char sum = 0;
    for (size_t i = 0; i < len; i += 64)
        sum = (unsigned char)(sum + bytes[i]);
    t->member += len;
    t->all += len;
    return t->all > CAP ? CV_ZIP_STOP : sum == 0 && len == 0 ? CV_E_INTERNAL : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const cv_str mem = {(const char *)data, size};
    struct cv_arena a = fuzz_arena();
    struct cv_reader r;
    struct cv_zip z;
    cv_str what = {NULL, 0}, text;
    cv_reader_mem(&r, &mem);
    int rc = cv_zip_open(&z, &a, &r, &what);
    if (rc < 0 && what.len == 0)
        abort();
    struct total t = {0};
    const struct cv_zip_taker to = {take, &t};
    for (uint32_t i = 0; rc == 0 && i < z.n_members && t.all <= CAP; i++) {
        const struct cv_zip_member *m = &z.members[i];
        bool whole = false;
        uint64_t at;
        if (cv_zip_find(&z, m->name) != m || m->name.len == 0 || m->name.ptr[0] == '/')
            abort();
        if (cv_zip_data(&z, m, &at, &what) == 0 && (at > size || m->packed > size - at || at + m->packed > m->end))
            abort();
        t.member = 0;
        int got = cv_zip_stream(&z, m, &to, &whole, &what);
        if (t.member > m->size || (got == 0 && whole && t.member != m->size) || (got < 0 && what.len == 0))
            abort();
        if (m->size < 4096 && cv_zip_read(&z, m, 4096, &text, &what) == 0 && text.len != m->size)
            abort();
    }
    cv_arena_done(&a);
    return 0;
}
