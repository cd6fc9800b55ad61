/* rules.h: machine x knowledge x build -> judgement, and machine -> findings. Pure functions: rules.md of the design is the specification. */
#ifndef CV_RULES_RULES_H
#define CV_RULES_RULES_H

#include "core/finding.h"
#include "facts/facts.h"

/* One PyTorch build: a row of torch-builds or an installed torch. Unknown texts are "". */
struct cv_build {
    cv_str torch;              /* "2.8.0" */
    cv_str variant;            /* "cu128", "cpu", "rocm6.4", "xpu" */
    cv_str channel;            /* "pypi", "pytorch", "conda-forge", "conda-pytorch"; installed: "" */
    cv_str os, arch;           /* of the build */
    cv_str cuda_toolkit;       /* "12.8.1" */
    struct cv_xy cuda;         /* 12.8, valid iff has_cuda */
    bool has_cuda;             /* false for cpu */
    bool foreign;              /* rocm, xpu: not judged */
    cv_str cudnn, nccl;        /* versions, "" or "?" = unknown */
    struct cv_targets targets; /* SASS and PTX */
    bool targets_known;
    const struct cv_gpucode *code; /* installed: what is really in its libraries; NULL = not read, then targets decide */
    cv_str targets_from;       /* "torch-archs:2.8.0/cu128/linux/x86_64", "the installed build (CUDAConfig.h)" */
    bool installed;            /* B1 is not asked */
    uint32_t row;              /* of torch-builds, or CV_NO_ROW */
    uint32_t arch_row;         /* of torch-archs, or CV_NO_ROW */
};

enum cv_driver_mode { CV_MODE_NONE = 0, CV_MODE_NATIVE, CV_MODE_MINOR, CV_MODE_FORWARD, CV_MODE_TOO_OLD, CV_MODE_UNKNOWN };
const char *cv_driver_mode_name(enum cv_driver_mode m); /* "native", "minor", "forward", "too-old", "unknown"; NULL for NONE */

struct cv_gpu_judgement {
    uint32_t gpu;              /* index in the machine */
    enum cv_verdict verdict;
    struct cv_target via;      /* valid iff has_via */
    bool has_via;
};

struct cv_need {               /* works-if: an open axis and what it must be */
    cv_str axis;               /* "driver", "gpu", "python", "os", "arch", "glibc" */
    cv_str must;               /* ">=580.65.06", "7.5,8.0,8.6" */
};

struct cv_judgement {
    enum cv_verdict verdict;
    enum cv_driver_mode mode;  /* NONE: D1 not asked */
    cv_str driver_have;        /* as given; "none"; "" = unknown (JSON null) */
    cv_str driver_need;        /* oldest driver that D1 and D2 ask, "" = not known */
    CV_LIST(struct cv_gpu_judgement, gpus);
    CV_LIST(struct cv_reason, reasons);
    CV_LIST(struct cv_need, needs);
    bool g2_warning;
};

/* What the build is judged on: a machine (with its GPUs, driver, place, python). */
void cv_judge(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m, const struct cv_build *b, struct cv_judgement *ret);

/* Build description from a row of torch-builds / from an installed torch. */
void cv_build_from_row(const struct cv_facts *f, uint32_t row, struct cv_build *ret);
void cv_build_from_torch(const struct cv_facts *f, const struct cv_machine *m, const struct cv_torch *t,
                         struct cv_build *ret);

/* The doctor's answer for one machine. */
struct cv_env_judgement {
    uint32_t env;              /* index in the machine */
    struct cv_build build;
    struct cv_judgement j;
};

struct cv_diagnosis {
    bool has_verdict;          /* false: no torch at all (JSON null) */
    enum cv_verdict verdict;
    int verdict_env;           /* index in envs below of the environment it speaks of, -1 = several (the worst) */
    CV_LIST(struct cv_env_judgement, envs);
    CV_LIST(struct cv_finding, findings); /* worst first */
    int exit_code;             /* 0, 1 or 3 (cli.md) */
};

/* Marks the GPUs that CUDA_VISIBLE_DEVICES hides. To be called once, before judging. */
void cv_mark_hidden(struct cv_machine *m);

void cv_diagnose(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m, struct cv_diagnosis *ret);

/* The list of finding rules (diagnose.c), in the order they are asked. */
struct cv_diag;
struct cv_rule_row {
    const char *rule;          /* "D1", "S1", ... */
    const char *name;
    const char *facts;         /* tables it uses, comma separated */
    void (*eval)(struct cv_diag *g);
};
extern const struct cv_rule_row cv_rule_rows[]; /* ends with a NULL rule */

#endif
