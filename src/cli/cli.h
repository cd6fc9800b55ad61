/* cli.h: shared by the files of the command. Only the public header is used. */
#ifndef CV_CLI_CLI_H
#define CV_CLI_CLI_H

#include <stdarg.h>
#include "cuvet/cuvet.h"

#include <stdbool.h>

enum cv_command { CMD_DOCTOR, CMD_SNAPSHOT, CMD_FACTS, CMD_ARCHS, CMD_RESOLVE, CMD_WHY, CMD_MATRIX, CMD_EXPLAIN, CMD_RUN };

#define CLI_MAX_OVERRIDES 64
#define CLI_MAX_MACHINES  64

struct cli_override {
    const char *key, *value;
};

struct cli_options {
    enum cv_command command;
    bool json, quiet, verbose, strict, deep, help, version, no_nvml;
    int color;                 /* -1 auto, 0 never, 1 always */
    const char *facts_dir, *machine, *root, *tree, *nvml_library;
    struct cli_override overrides[CLI_MAX_OVERRIDES];
    unsigned n_overrides;
    bool declared, declared_only, exact, everywhere, offline;
    char **args;               /* the words behind the command: the front of argv, rearranged */
    int n_args;
    const char *machines[CLI_MAX_MACHINES]; /* --machine, in order; machine is the first */
    unsigned n_machines;
    bool all, any;
    bool list, elsewhere;      /* explain */
    const char *tool, *mirror;
    bool html, svg;            /* of matrix */
    unsigned what;             /* CUVET_WHAT_* */
};

/* 0, or 2 after one line on stderr. */
int cli_parse(int argc, char **argv, struct cli_options *ret);
/* "cuvet: …" as one line on stderr. Names of files may hold anything: control characters, which a terminal would obey, become '?'. */
void cli_say(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
void cli_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* "cuvet: …" on stderr; returns 2 */
void cli_help(enum cv_command command, bool general);

/* term.c: buffered standard output that knows closed pipes and full disks. */
int cli_write(void *user, const char *bytes, size_t len);
int cli_flush(void);           /* 0, 2 after a message, or 141 where the reader has gone */
bool cli_color(const struct cli_options *o);
bool cli_color_on(const struct cli_options *o, int fd);
bool cli_utf8(void);
unsigned cli_width(unsigned most);
/* Progress on standard error, where that is a terminal: shown for work that takes over half a second, and wiped off at the end. */
bool cli_progress_wanted(void);
void cli_progress(void *user, uint64_t done, uint64_t total);
void cli_progress_end(void);

int cli_doctor(const struct cli_options *o);
int cli_snapshot(const struct cli_options *o);
int cli_archs(const struct cli_options *o);
int cli_facts(const struct cli_options *o);
/* A context with the options, no machine yet; NULL when out of memory. `cwd` must live as long. */
cuvet_ctx *cli_context(const struct cli_options *o, char *cwd, size_t cwd_cap);
int cli_fail(cuvet_ctx *c);    /* the context's error on stderr; returns 2 */
/* The end of a command: what was written is flushed, an error of the library printed, the context freed. rc: of the last writer; code: the answer's own. */
int cli_end(cuvet_ctx *c, int rc, int code);
int cli_resolve(const struct cli_options *o);
int cli_matrix(const struct cli_options *o);
int cli_explain(const struct cli_options *o);
int cli_run(const struct cli_options *o);
struct cuvet_style cli_style(const struct cli_options *o);
/* A context with its machine and overrides; NULL after a message. */
cuvet_ctx *cli_machine(const struct cli_options *o, int *ret_status);

#endif
