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
    /* Long work tells how far it is, or NULL: bytes done of all. */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *progress_ctx;
    /* A file far away: bytes that will be read in order, or NULL. */
    void (*expect)(void *ctx, uint64_t off, uint64_t len);
    void *expect_ctx;
    bool everywhere;        /* search all of each file, not only the sections with a name for GPU code */
    bool exact;             /* a file far away: its code too, where what it declares was asked for */
    const char *ca_file;    /* certificates to trust, NULL = the system's */
    bool in_wheel;          /* a wheel's members are being read: one inside it is not */
    bool offline;           /* open no connection */
    cv_str declared_folder; /* of declared_last, the answer before (declared.c) */
    const struct cv_declared *declared_last;
};

/* One argument: `path` below the root, `label` as the user wrote it (names in answers start with it). Adds at least one answer; what is wrong
 * stands in it. */
void cv_archs_path(struct cv_archs *c, cv_str path, cv_str label);
/* An installed package by its name: the files that its RECORD names, in the active environment or the first one that has it. `p` has a machine of its
 * own, filled when first asked. False if the word is no package name or no environment has it: nothing is added. */
struct cv_probe_ctx;
bool cv_archs_package(struct cv_archs *c, struct cv_probe_ctx *p, cv_str name);
/* A wheel (or any such file) on a web server: read by ranges, never stored. */
void cv_archs_url(struct cv_archs *c, cv_str url);
/* An opened file: `format` was found by cv_code_format. Adds an answer for it, or for each member that has GPU code. `folder`: where thin archives look. */
void cv_archs_reader(struct cv_archs *c, const struct cv_reader *r, cv_str folder, cv_str label);
/* What the torch around a library or folder says of itself (declared.c); everything empty where there is none. NULL on out of memory. */
const struct cv_declared *cv_declared_near(struct cv_archs *c, cv_str path, bool is_dir);
/* Answers from `from` on that say nothing are dropped. */
void cv_archs_drop_silent(struct cv_archs *c, uint32_t from);

/* May a file of this name hold GPU code? Libraries, programs, objects, archives, cubins, fat binaries, PTX and wheels. */
bool cv_archs_name(cv_str name, bool executable);

struct cv_code_file *cv_archs_add(struct cv_archs *c, cv_str name, cv_str group);

#endif
