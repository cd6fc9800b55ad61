/* codefile.h: the GPU code in one file of any of the forms it comes in: ELF (shared objects, programs, relocatable files), Windows PE, a bare cubin,
 * fat binary or PTX
 * text. Archives and wheels hold such files: their members are read with the same functions (ar.h, zip.h). Over a reader: no I/O here. */
#ifndef CV_FORMAT_CODEFILE_H
#define CV_FORMAT_CODEFILE_H

#include "format/fatbin.h"

enum cv_code_format {
    CV_FILE_UNKNOWN = 0,
    CV_FILE_EMPTY,
    CV_FILE_ELF,
    CV_FILE_PE,
    CV_FILE_FATBIN,
    CV_FILE_PTX,
    CV_FILE_AR,
    CV_FILE_ZIP,
};

/* How far to look for GPU code outside the sections that are meant for it. */
enum cv_code_where {
    CV_CODE_USUAL = 0, /* not at all */
    CV_CODE_NAMED,     /* in sections that NVIDIA's libraries have for it: ".cask_resource" */
    CV_CODE_ALL        /* in every section, containers and bare cubins: reads the whole file */
};
struct cv_code_ask {
    enum cv_code_where where;
    const struct cv_fatbin_ranges *found; /* containers seen while the file passed by (codestream.h): nothing else can be searched; NULL = search */
};

/* By its first bytes. */
enum cv_code_format cv_code_format(const struct cv_reader *r);
/* Everything but archives and wheels; `ask` NULL = the usual sections. *ret is filled whatever happens; what is wrong stands in ret->error. */
void cv_code_read(const struct cv_reader *r, const struct cv_code_ask *ask, struct cv_arena *a, struct cv_gpucode *ret);

/* The forms one by one (cv_code_read chooses). */
void cv_code_elf(const struct cv_reader *r, const struct cv_code_ask *ask, struct cv_arena *a, struct cv_gpucode *ret);
void cv_code_pe(const struct cv_reader *r, const struct cv_code_ask *ask, struct cv_arena *a, struct cv_gpucode *ret);
void cv_code_ptx(const struct cv_reader *r, struct cv_arena *a, struct cv_gpucode *ret);
struct cv_elf;
void cv_code_cubin(const struct cv_elf *e, struct cv_arena *a, struct cv_gpucode *ret);

#define CV_ELF_MACHINE_CUDA 190

#endif
