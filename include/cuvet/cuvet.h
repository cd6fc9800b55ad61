/* cuvet.h: libcuvet, the one public header. C99, usable from C++.
 *
 * cuvet finds the NVIDIA driver, GPUs, CUDA toolkits, cuDNN, NCCL and every PyTorch on a machine (or in a file tree, or in a snapshot) and says
 * whether they fit together, without running any of them.
 *
 * Conventions. A cuvet_ctx owns everything it hands out; strings and results stay valid until cuvet_free. One context belongs to one thread at a
 * time; different contexts are independent. Functions that can fail return 0 or a negative CUVET_E_* and leave a sentence for cuvet_error. The
 * library never prints, exits or reads the environment: the caller passes what it wants to be known. All text is UTF-8.
 */
#ifndef CUVET_H
#define CUVET_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) && !defined(_WIN32)
#define CUVET_API __attribute__((visibility("default")))
#else
#define CUVET_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define CUVET_E_NOMEM (-1001)
#define CUVET_E_USAGE (-1002)    /* an option or override that is wrong or contradicts another */
#define CUVET_E_INPUT (-1003)    /* a file that is not what it should be */
#define CUVET_E_IO (-1004)
#define CUVET_E_LIMIT (-1005)
#define CUVET_E_NOTFOUND (-1006)
#define CUVET_E_INTERNAL (-1007)

typedef struct cuvet_ctx cuvet_ctx;

/* Takes len bytes; returns 0, or a negative number that stops the writing and is handed back to the caller. */
typedef int cuvet_write_fn(void *user, const char *bytes, size_t len);
/* Told of each place that was looked at: path and what was found ("known", "absent", "denied", "malformed"). */
typedef void cuvet_trace_fn(void *user, const char *path, const char *state, uint64_t bytes);

/* Set size = sizeof(struct cuvet_options) and zero the rest (cuvet_options_init does both). Pointers are borrowed until cuvet_free. */
struct cuvet_options {
    size_t size;
    const char *facts_dir;           /* extra tables that win over the built-in ones, or NULL */
    const char *root;                /* inspect this file tree instead of the running machine, or NULL */
    const char *const *environ_;     /* the caller's environment ("NAME=value", NULL at the end), or NULL for none */
    const char *cwd;                 /* working folder, or NULL */
    int deep;                        /* also walk home and the usual roots for Python environments */
    int no_nvml;                     /* never load libnvidia-ml */
    const char *nvml_library;        /* load this file as NVML (tests), or NULL */
    unsigned nvml_timeout_ms;        /* 0 = 2000 */
    cuvet_trace_fn *trace;
    void *trace_user;
    /* Long work (large wheels) tells how far it is, or NULL: bytes done of all. Called often: the caller decides when to show it. */
    void (*progress)(void *user, uint64_t done, uint64_t total);
    void *progress_user;
    const char *ca_file;             /* certificates to trust for https, or NULL for the system's */
    int offline;                     /* open no connection */
    const char *cache_dir;           /* where answers about large files may be kept (made if need be; only this user's own folder is used), or NULL */
};

CUVET_API void cuvet_options_init(struct cuvet_options *o);
CUVET_API const char *cuvet_version(void);

/* NULL only when out of memory. If the options were bad, the next call returns the error. Free with cuvet_free (accepts NULL). */
CUVET_API cuvet_ctx *cuvet_new(const struct cuvet_options *o);
CUVET_API void cuvet_free(cuvet_ctx *c);
/* The last failure as one line "WHERE:LINE: what is wrong", or "" when there was none. */
CUVET_API const char *cuvet_error(const cuvet_ctx *c);

/* The base machine: exactly one of these, once. */
CUVET_API int cuvet_probe(cuvet_ctx *c);                                                       /* this machine, or options.root */
CUVET_API int cuvet_machine_json(cuvet_ctx *c, const char *name, const char *json, size_t len); /* a snapshot; name is for errors */
CUVET_API int cuvet_machine_none(cuvet_ctx *c);                                                /* nothing is known */

/* Replace what the base says. key: driver, compat, gpu, python, os, arch, glibc, toolkit, wsl, container (value as on the command line; NULL for the
 * last two). The first "gpu" replaces all GPUs, further ones add. CUVET_E_USAGE for unknown values and contradictions. */
CUVET_API int cuvet_override(cuvet_ctx *c, const char *key, const char *value);

struct cuvet_style {
    size_t size;                     /* sizeof(struct cuvet_style) */
    unsigned width;                  /* columns, 0 = 80 */
    int color;                       /* ANSI colours */
    int utf8;                        /* the reader can show UTF-8 */
    int quiet;
    int verbose;                     /* also what was looked at and how long each probe took */
    int strict;                      /* warnings make the exit code 1 */
};

/* Judge the machine. Returns the exit code of the command (0, 1 or 3), or a negative error. */
CUVET_API int cuvet_doctor(cuvet_ctx *c, int strict);
CUVET_API int cuvet_doctor_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user);
CUVET_API int cuvet_doctor_json(cuvet_ctx *c, cuvet_write_fn *write, void *user);

/* ---- which PyTorch to install, or why one fits or not ---- */

/* What is asked for: a name with PEP 440 specifiers ("torch>=2.4,<2.9", "torch==2.8.0+cu126", "cuda==12.4", "cudnn==9.*", "python==3.12",
 * "torchvision==0.20.1"); once for each. Several must all hold; none means torch. CUVET_E_USAGE for what cannot be read or is not known. */
CUVET_API int cuvet_request(cuvet_ctx *c, const char *requirement);
/* Sets the machine that was given aside: the next one (cuvet_probe, cuvet_machine_*, cuvet_override) comes beside it, and one build is looked for that runs
 * on all. */
CUVET_API int cuvet_next_machine(cuvet_ctx *c);

/* Set size = sizeof(struct cuvet_resolve_options) and zero the rest. */
struct cuvet_resolve_options {
    size_t size;
    int all;                         /* every known build, not only what is worth showing */
    int any;                         /* of several GPUs one that runs is enough */
    const char *tool;                /* pip, uv, uv-project, poetry, requirements, conda, mamba, pixi; NULL = pip and uv */
    const char *mirror;              /* short name or URL of a mirror for the commands, or NULL */
};

/* Chooses. Returns the exit code of the command (0, 1 or 3), or a negative error. The writers come after it. */
CUVET_API int cuvet_resolve(cuvet_ctx *c, const struct cuvet_resolve_options *o);
CUVET_API int cuvet_resolve_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user);
CUVET_API int cuvet_resolve_json(cuvet_ctx *c, cuvet_write_fn *write, void *user);
/* Judges one build, rule by rule: the newest release that the request allows. */
CUVET_API int cuvet_why(cuvet_ctx *c, const struct cuvet_resolve_options *o);
CUVET_API int cuvet_why_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user);
CUVET_API int cuvet_why_json(cuvet_ctx *c, cuvet_write_fn *write, void *user);

/* The same questions the other way round. What is asked for (one or more of CUVET_WHAT_*) is left open, whatever the machine says of it; the rest of the
 * machine holds, so that cuvet_machine_none and overrides ask of builds alone. Of the builds that the request allows and that machine takes:
 * DRIVER the oldest driver, for Linux and Windows; GPU the compute capabilities; PYTHON the Pythons; TORCH the first, last and best release.
 * Takes one machine. Returns the exit code of the command (0; 1: no build is left; 3: because a fact is missing), or a negative error; CUVET_E_USAGE where
 * an override gives what is asked for. */
#define CUVET_WHAT_DRIVER 1u
#define CUVET_WHAT_GPU 2u
#define CUVET_WHAT_PYTHON 4u
#define CUVET_WHAT_TORCH 8u
CUVET_API int cuvet_what(cuvet_ctx *c, const struct cuvet_resolve_options *o, unsigned what);
CUVET_API int cuvet_what_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user);
CUVET_API int cuvet_what_json(cuvet_ctx *c, cuvet_write_fn *write, void *user);

/* The compatibility matrix: torch releases by CUDA variants, each cell judged for the machine; without o->all the last patch of each release. Requests
 * leave out what they do not allow. Takes one machine; o->any and o->mirror say nothing. Returns 0 (1: no build meets the request) or a negative error. */
CUVET_API int cuvet_matrix(cuvet_ctx *c, const struct cuvet_resolve_options *o);
CUVET_API int cuvet_matrix_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user);
CUVET_API int cuvet_matrix_json(cuvet_ctx *c, cuvet_write_fn *write, void *user);
/* A page or a picture, complete in itself (no scripts, nothing from elsewhere), in UTF-8, for light and dark. */
CUVET_API int cuvet_matrix_html(cuvet_ctx *c, cuvet_write_fn *write, void *user);
CUVET_API int cuvet_matrix_svg(cuvet_ctx *c, cuvet_write_fn *write, void *user);

/* The machine as one JSON object on one line (schema cuvet/snapshot/1). */
CUVET_API int cuvet_snapshot_json(cuvet_ctx *c, cuvet_write_fn *write, void *user);
/* The files that the probes read, as a tree below `dir` (created; must be empty or absent), with nofile.tsv: inspects the live machine by itself, instead
 * of cuvet_probe. Writes a list of what was saved and what was left out. */
CUVET_API int cuvet_snapshot_tree(cuvet_ctx *c, const char *dir, cuvet_write_fn *write, void *user);

/* Which GPU code is in these files: shared objects, programs, objects, static archives, cubins, fat binaries, PTX, Windows DLLs, wheels, folders. Read, never
 * run. An http(s) address of such a file is read by range requests, where the system has libcurl. Paths are relative to options.cwd (below
 * options.root, where that is set); a word that is no file may be an installed package's name.
 * The GPUs of cuvet_override("gpu", ...) are asked for, file by file.
 * flags: CUVET_ARCHS_*. Returns the exit code of the command (0; 1: a file has GPU code but none for a GPU that was asked for; 2: a file could not
 * be read to its
 * end) or a negative error. Needs no machine; call it once a context. */
#define CUVET_ARCHS_DECLARED 1u      /* also what the package around a file says of itself */
#define CUVET_ARCHS_DECLARED_ONLY 2u /* only that: milliseconds also for a wheel */
#define CUVET_ARCHS_EXACT 4u         /* with DECLARED, for a wheel on a web server: its code too (without DECLARED it is always read) */
#define CUVET_ARCHS_EVERYWHERE 8u    /* search all sections of each file, for bare cubins too (not in packed members of wheels): reads the whole file */
CUVET_API int cuvet_archs(cuvet_ctx *c, const char *const *files, size_t n, unsigned flags);
CUVET_API int cuvet_archs_text(cuvet_ctx *c, const struct cuvet_style *s, cuvet_write_fn *write, void *user);
CUVET_API int cuvet_archs_json(cuvet_ctx *c, cuvet_write_fn *write, void *user);

/* ---- from an error message to its cause here and the fix ---- */

/* A piece of a log or of an error message, of any length, as often as there are pieces: any bytes in any encoding (UTF-16 by its byte order mark). Memory
 * does not grow with the log. May come before or after the machine is given. */
CUVET_API int cuvet_explain_feed(cuvet_ctx *c, const char *bytes, size_t len);
/* Ends the log and explains it on the machine that was given. elsewhere: the log is of another machine; give cuvet_machine_none (and overrides), and what
 * the log says of its machine takes its place. Returns the exit code of the command (0 recognised, 3 not) or a negative error. Once a context. */
CUVET_API int cuvet_explain(cuvet_ctx *c, int elsewhere);
/* name: of the log, for people ("train.log"); NULL = none. */
CUVET_API int cuvet_explain_text(cuvet_ctx *c, const char *name, const struct cuvet_style *s, cuvet_write_fn *write, void *user);
CUVET_API int cuvet_explain_json(cuvet_ctx *c, cuvet_write_fn *write, void *user);
/* Is this the id of an entry of the catalogue? 1 or 0. */
CUVET_API int cuvet_explain_known(cuvet_ctx *c, const char *id);
/* The entry with its causes and sources; id NULL: all entries. CUVET_E_NOTFOUND. Needs no machine. */
CUVET_API int cuvet_explain_entry(cuvet_ctx *c, const char *id, int json, const struct cuvet_style *s, cuvet_write_fn *write, void *user);

/* The knowledge. key NULL = list: every table with its number of rows; table given = its keys. json: one JSON document instead of text. */
CUVET_API int cuvet_facts_list(cuvet_ctx *c, const char *table, int json, cuvet_write_fn *write, void *user);
CUVET_API int cuvet_facts_show(cuvet_ctx *c, const char *table, const char *key, int json, cuvet_write_fn *write, void *user);

#ifdef __cplusplus
}
#endif
#endif
