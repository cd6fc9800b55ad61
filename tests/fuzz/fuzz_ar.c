/* fuzz_ar.c: any bytes as a static archive: every member lies inside the file and comes once; each is read as a file of its own. */
#include "base/limits.h"
#include "format/ar.h"
#include "format/codefile.h"
#include "fuzz.h"
#include "fuzz_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const cv_str mem = {(const char *)data, size};
    struct cv_reader r;
    struct cv_arena a = fuzz_arena();
    struct cv_ar ar;
    struct cv_ar_member m;
    uint64_t before = 0, members = 0;
    cv_reader_mem(&r, &mem);
    if (cv_ar_open(&ar, &a, &r)) {
        while (cv_ar_next(&ar, &m)) {
            struct cv_reader part;
            struct cv_reader_part whole;
            if (ar.at <= before || ++members > size / 60)
                abort(); /* no way forward, or more headers than fit */
            before = ar.at;
            if (m.name.len > CV_MAX_PATH || (m.name.len && !m.name.ptr) || m.outside != ar.thin)
                abort();
            if (m.outside) {
                if (m.offset)
                    abort();
                continue;
            }
            if (!cv_reader_part(&part, &whole, &r, m.offset, m.size))
                abort();
            struct cv_arena b = fuzz_arena();
            fuzz_code(&part, &b);
            cv_arena_done(&b);
        }
        if (!ar.error.len && ar.at < size)
            abort(); /* ended early and says nothing */
    }
    cv_arena_done(&a);
    return 0;
}
