/* elf.h: what cuvet needs of an ELF file, by bounded reads: class, machine, dynamic section, one symbol's bytes. Little-endian, 64-bit
 * (System V ABI gABI 4.1 chapters 4 and 5; GNU hash: as glibc's dl-lookup reads it). 32-bit and big-endian files are refused. */
#ifndef CV_FORMAT_ELF_H
#define CV_FORMAT_ELF_H

#include "base/arena.h"
#include "base/bytes.h"

#define CV_ELF_MAX_SEGMENTS 64
#define CV_ELF_MAX_DYNAMIC 4096
#define CV_ELF_MAX_NAME 4096

struct cv_elf_segment {
    uint32_t type;
    uint64_t offset, address, file_size;
};

struct cv_elf {
    const struct cv_reader *reader;
    uint16_t machine;          /* 62 x86-64, 183 AArch64 */
    uint16_t type;             /* 3 = shared object or PIE */
    uint64_t section_offset;   /* 0 = stripped */
    uint32_t n_sections, section_names; /* 0 sections: stripped, or the table lies outside the file */
    uint8_t os_abi, abi_version;
    uint32_t flags;
    struct cv_elf_segment segments[CV_ELF_MAX_SEGMENTS];
    unsigned n_segments;
    bool more_segments; /* than fit: those are not known */
    uint64_t strtab, strsz, symtab, gnu_hash, hash; /* virtual addresses; 0 = none */
};

/* False if it is no such file or its headers are cut short. */
bool cv_elf_open(struct cv_elf *ret, const struct cv_reader *r);
/* File offset of [address, address+len) if one segment holds all of it. */
bool cv_elf_offset(const struct cv_elf *e, uint64_t address, uint64_t len, uint64_t *ret);
/* Address and size of a defined dynamic symbol. */
bool cv_elf_symbol(const struct cv_elf *e, const char *name, uint64_t *ret_address, uint64_t *ret_size);
/* The bytes of a data symbol, at most cap; *ret_len of them. */
bool cv_elf_data(const struct cv_elf *e, const char *name, void *to, size_t cap, size_t *ret_len);
#define CV_ELF_MAX_SECTION_NAME 32

struct cv_elf_section {
    char name[CV_ELF_MAX_SECTION_NAME]; /* cut to fit */
    uint32_t type;
    uint64_t offset, size;     /* in the file, unchecked */
};
/* Called for each section; false ends the walk. */
typedef bool cv_elf_section_fn(void *ctx, const struct cv_elf_section *s);
/* False if there are no section headers or they cannot be read. */
bool cv_elf_each_section(const struct cv_elf *e, cv_elf_section_fn *fn, void *ctx);
/* Offset and size of a section by name; false also where the section headers are stripped. */
bool cv_elf_section(const struct cv_elf *e, const char *name, uint64_t *ret_offset, uint64_t *ret_size);

#endif
