/* ctx.h: struct cuvet_ctx, shared by the files of api/. */
#ifndef CV_API_CTX_H
#define CV_API_CTX_H

#include "cuvet/cuvet.h"

#include "core/gpucode.h"
#include "probe/probe.h"
#include "report/report.h"

struct cuvet_ctx {
    struct cv_arena arena;
    struct cuvet_options options;
    struct cv_facts facts;
    struct cv_machine m;
    struct cv_diagnosis d;
    struct cv_probe_time times[CV_MAX_PROBES];
    unsigned n_times;
    struct cv_error error;
    const char *message;       /* of the error, one line */
    int failed;                /* error of cuvet_new, given by the next call */
    struct cv_code_files code; /* of cuvet_archs */
    bool code_declared;
    bool has_machine, has_diagnosis;
    bool gpu_overridden, none_gpu, driver_overridden;
    struct cv_request request;
    CV_LIST(struct cv_machine, earlier); /* cuvet_next_machine */
    struct cv_answer answer;
    bool has_answer, answer_is_why;
    struct cv_what what;
    bool has_what;
    struct cv_matrix matrix;
    bool has_matrix;
    bool machine_is_none;      /* cuvet_machine_none: nothing was looked at */
    struct cv_explain_state *explain; /* NULL: no log yet */
};

int cv_ctx_fail(cuvet_ctx *c, int rc);
int cv_ctx_usage(cuvet_ctx *c, const char *option, cv_str what);
/* Judges once; later calls keep the result. */
int cv_ctx_diagnose(cuvet_ctx *c);
/* All machines in a row, marked for judging; NULL when out of memory. */
struct cv_machine *cv_ctx_machines(cuvet_ctx *c, uint32_t *ret_n);
/* What is asked, of which machines, for which tool. */
int cv_ctx_ask(cuvet_ctx *c, const struct cuvet_resolve_options *o, struct cv_ask *ret);
struct cv_text_style cv_ctx_style(const struct cuvet_style *s);
int cv_ctx_oom(cuvet_ctx *c);
/* May a writer write? `has`: what it writes was made; `option` names the question in the error. */
int cv_ctx_asked(cuvet_ctx *c, bool has, const char *option);
/* The ends of the writers: a tree as JSON (over several lines if `pretty`), a text, with out of memory as their own error. */
int cv_ctx_write_json(cuvet_ctx *c, const struct cv_node *n, int pretty, cuvet_write_fn *write, void *user);
int cv_ctx_write_text(cuvet_ctx *c, const struct cv_buf *b, cuvet_write_fn *write, void *user);
void cv_ctx_probe_ctx(cuvet_ctx *c, struct cv_root *root, struct cv_probe_ctx *ret);

#endif
