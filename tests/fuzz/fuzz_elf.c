/* fuzz_elf.c: any bytes as an ELF file: headers, sections, a section by name, a data symbol. */
#include "base/limits.h"
#include "format/elf.h"
#include "fuzz.h"

struct walk {
    const struct cv_elf *e;
    uint32_t n;
};

static bool count(void *ctx, const struct cv_elf_section *s)
{
    struct walk *w = ctx;
    w->n++;
    if (!memchr(s->name, 0, sizeof s->name) || w->n > w->e->n_sections)
        abort();
    return true;
}

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
    struct walk w = {.e = &e};
    if (e.n_sections > size / 64 || e.n_segments > CV_ELF_MAX_SEGMENTS)
        abort();
    if (cv_elf_each_section(&e, count, &w) && w.n != e.n_sections)
        abort();
    if (cv_elf_data(&e, "cudnn_graph_version", value, sizeof value, &n) && n > sizeof value)
        abort();
    for (unsigned i = 0; i < e.n_segments; i++)
        if (cv_elf_offset(&e, e.segments[i].address, 1, &off) && cv_read(&r, off, value, 1) &&
            off >= size)
            abort();
    (void)cv_elf_symbol(&e, "f", &off, &len);
    (void)cv_elf_section(&e, ".rodata", &off, &len);
    return 0;
}
