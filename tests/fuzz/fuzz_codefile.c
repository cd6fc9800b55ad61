/* fuzz_codefile.c: any bytes as a file with GPU code, whatever form they claim to be: ELF, PE, cubin, fat binary or PTX. */
#include "fuzz.h"
#include "fuzz_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const cv_str mem = {(const char *)data, size};
    struct cv_reader r;
    struct cv_arena a = fuzz_arena();
    cv_reader_mem(&r, &mem);
    fuzz_code(&r, &a);
    cv_arena_done(&a);
    return 0;
}
