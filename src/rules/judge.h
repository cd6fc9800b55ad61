/* judge.h: what the rule files share while one build is judged. */
#ifndef CV_RULES_JUDGE_H
#define CV_RULES_JUDGE_H

#include "rules/rules.h"

struct cv_judging {
    const struct cv_facts *f;
    struct cv_arena *a;
    const struct cv_machine *m;
    const struct cv_build *b;
    struct cv_judgement *to;
    bool windows;              /* driver numbers are a Windows driver's */
    bool ptx_needed;           /* a GPU has no machine code here and needs the driver's compiler */
    bool quiet;                /* verdicts only: no words, reasons, facts or lists */
};

/* Words for people, "" where nobody listens. */
cv_str cv_say(struct cv_judging *j, const char *fmt, ...) CV_PRINTF(2, 3);

/* Adds a reason; facts are added to what it returns (NULL on out of memory). */
struct cv_reason *cv_judge_reason(struct cv_judging *j, const char *rule, enum cv_result r, int gpu, cv_str text);
void cv_judge_fact(struct cv_judging *j, struct cv_reason *to, enum cv_table_id t, uint32_t row);
void cv_judge_need(struct cv_judging *j, const char *axis, cv_str must);
void cv_judge_worse(struct cv_judging *j, enum cv_verdict v);

/* What a cuda-compat package on the loader's path does here (r_compat.c): nothing, stands in for a newer driver, nobody knows, or
 * breaks CUDA for every build. */
enum cv_compat { CV_COMPAT_NONE, CV_COMPAT_USED, CV_COMPAT_UNSURE, CV_COMPAT_BREAKS };
struct cv_compat_use {
    enum cv_compat state;
    struct cv_xy cuda;         /* of the package, 0.0 = not known */
    struct cv_xy driver_cuda;
    uint32_t row;              /* of forward-compat, or CV_NO_ROW */
    bool listed;               /* the driver's branch stands in that row */
    bool older;                /* than the driver's own CUDA */
};
void cv_compat_find(const struct cv_judging *j, struct cv_compat_use *ret);
/* Each decides D1 and is true, or leaves it to the driver alone. */
bool cv_compat_breaks(struct cv_judging *j, const struct cv_compat_use *c);
bool cv_compat_unsure(struct cv_judging *j, const struct cv_compat_use *c);
bool cv_compat_carries(struct cv_judging *j, const struct cv_compat_use *c);
void cv_judge_mode(struct cv_judging *j, enum cv_driver_mode mode);
/* D1: sets to->mode, driver_have, driver_need. */
void cv_judge_driver(struct cv_judging *j);
/* "NVIDIA GeForce RTX 3090 (8.6)", "a GPU of compute capability 8.6" */
cv_str cv_gpu_words(struct cv_arena *a, const struct cv_gpu *g);
/* D2 for one GPU. */
void cv_judge_gpu_driver(struct cv_judging *j, uint32_t gpu, struct cv_gpu_judgement *to);
/* G1, the decision alone. `via`: the code that runs (native, jit, maybe). */
enum cv_code { CV_CODE_UNKNOWN, CV_CODE_NONE, CV_CODE_MAYBE, CV_CODE_JIT, CV_CODE_NATIVE };
enum cv_code cv_code_for(const struct cv_build *b, struct cv_cc cc, bool gpu_tegra, struct cv_target *ret_via);
/* No code: is the GPU newer than the build (else older, or left out)? first_cuda 0.0 = not known. */
bool cv_code_too_new(const struct cv_build *b, struct cv_cc cc, struct cv_xy first_cuda);
/* G2: does the build's cuDNN no longer run there? */
static inline bool cv_cudnn_drops(const struct cv_build *b, struct cv_cc cc) { return cv_cc_cmp(cc, b->cudnn_min) < 0; }
struct cv_xy cv_gpu_first_cuda(const struct cv_facts *f, struct cv_cc cc);
bool cv_cc_tegra(const struct cv_facts *f, struct cv_cc cc);
/* G1 for one GPU. */
void cv_judge_arch(struct cv_judging *j, uint32_t gpu, struct cv_gpu_judgement *to);
/* G2: cuDNN's own range. */
void cv_judge_cudnn(struct cv_judging *j, uint32_t gpu);
/* B1. */
void cv_judge_build(struct cv_judging *j);

/* Does SASS of this target run on that GPU? (rules.md, G1) */
bool cv_sass_runs(const struct cv_facts *f, struct cv_target t, struct cv_cc cc, bool cuda_ge_13_2);
/* Can PTX of this target be compiled for it? */
bool cv_ptx_runs(struct cv_target t, struct cv_cc cc);
/* Oldest driver that runs CUDA x.y natively (cuda-releases) or by minor-version compatibility (compat-rules minor-N); "" = not known. */
void cv_floors_find(const struct cv_facts *f, struct cv_xy cuda, struct cv_floors *ret);
/* Raises to->driver_need to the native minimum where a GPU needs PTX, and to what D2 asks. */
void cv_judge_driver_need(struct cv_judging *j);

/* Is this one of the NVIDIA GPUs that count (not hidden, unless all are)? */
bool cv_gpu_counts(const struct cv_machine *m, uint32_t i);
uint32_t cv_count_nvidia(const struct cv_machine *m);
bool cv_machine_windows(const struct cv_machine *m);
/* ... also for a build for Windows where the system is left open. */
bool cv_windows_numbers(const struct cv_machine *m, const struct cv_build *b);

#endif
