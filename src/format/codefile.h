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

/* By its first bytes. */
enum cv_code_format cv_code_format(const struct cv_reader *r);
/* Everything but archives and wheels. *ret is filled whatever happens; what is wrong stands in ret->error. */
void cv_code_read(const struct cv_reader *r, struct cv_arena *a, struct cv_gpucode *ret);

/* The forms one by one (cv_code_read chooses). */
void cv_code_elf(const struct cv_reader *r, struct cv_arena *a, struct cv_gpucode *ret);
void cv_code_pe(const struct cv_reader *r, struct cv_arena *a, struct cv_gpucode *ret);
void cv_code_ptx(const struct cv_reader *r, struct cv_arena *a, struct cv_gpucode *ret);
struct cv_elf;
void cv_code_cubin(const struct cv_elf *e, struct cv_arena *a, struct cv_gpucode *ret);

#define CV_ELF_MACHINE_CUDA 190

#endif
