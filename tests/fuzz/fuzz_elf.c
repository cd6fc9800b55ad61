/* fuzz_elf.c: any bytes as an ELF file: headers, a section by name, a data symbol. */
#include "format/elf.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const cv_str mem = {(const char *)data, size};
    struct cv_reader r;
    struct cv_elf e;
    unsigned char value[4];
    size_t n;
    uint64_t off, len;
    cv_reader_mem(&r, &mem);
    if (!cv_elf_open(&e, &r))
        return 0;
    if (cv_elf_data(&e, "cudnn_graph_version", value, sizeof value, &n) && n > sizeof value)
        abort();
    (void)cv_elf_symbol(&e, "f", &off, &len);
    (void)cv_elf_section(&e, ".rodata", &off, &len);
    return 0;
}
