/* archs.h: the GPU code of files, archives, wheels and folders: opens them below a root and has format/ read them. */
#ifndef CV_PROBE_ARCHS_H
#define CV_PROBE_ARCHS_H

#include "core/gpucode.h"
#include "io/root.h"

struct cv_archs {
    struct cv_root *root;
    struct cv_arena *arena;
    struct cv_code_files *to;
    bool declared;      /* also what packages say of themselves */
    bool declared_only; /* and nothing else: no code is read */
};

/* One argument: `path` below the root, `label` as the user wrote it (names in answers start with it). Adds at least one answer; what is wrong
 * stands in it. */
void cv_archs_path(struct cv_archs *c, cv_str path, cv_str label);
/* An opened file: `format` was found by cv_code_format. Adds an answer for it, or for each member that has GPU code. `folder`: where thin archives look. */
void cv_archs_reader(struct cv_archs *c, const struct cv_reader *r, cv_str folder, cv_str label);
/* The GPU code of one library, for doctor: false if it cannot be read to its end. */
bool cv_archs_library(struct cv_root *root, struct cv_arena *a, cv_str path,
                      struct cv_gpucode *ret);
/* What the package around a library or folder declares: torch's CUDAConfig.h and version.py. */
bool cv_declared_near(struct cv_archs *c, cv_str path, bool is_dir, struct cv_declared *ret);

/* May a file of this name hold GPU code? Libraries, programs, objects, archives, cubins, fat binaries, PTX and wheels. */
bool cv_archs_name(cv_str name, bool executable);

struct cv_code_file *cv_archs_add(struct cv_archs *c, cv_str name, cv_str group);

#endif
