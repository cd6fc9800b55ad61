/* fuzz_pe.c: any bytes behind "MZ" as a Windows program. */
#include "fuzz.h"
#include "fuzz_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const cv_str mem = {(const char *)data, size};
    struct cv_reader r;
    struct cv_arena a = fuzz_arena();
    struct cv_gpucode *c = malloc(sizeof *c);
    cv_reader_mem(&r, &mem);
    if (c && size >= 2 && memcmp(data, "MZ", 2) == 0) {
        cv_gpucode_init(c);
        struct cv_code_ask ask = {.where = CV_CODE_ALL};
        cv_code_pe(&r, &ask, &a, c);
        fuzz_code_sound(c, &a, size);
        fuzz_code_line(c, &a);
        if (c->elsewhere)
            fuzz_code_sound(&c->elsewhere->code, &a, size);
    }
    free(c);
    cv_arena_done(&a);
    return 0;
}
