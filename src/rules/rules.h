/* rules.h: machine x knowledge x build -> judgement, and machine -> findings. Pure functions: rules.md of the design is the specification. */
#ifndef CV_RULES_RULES_H
#define CV_RULES_RULES_H

#include "core/finding.h"
#include "facts/facts.h"

/* The oldest drivers for one CUDA x.y, [0] Linux, [1] Windows; "" = not known. */
struct cv_floors {
    struct cv_xy cuda;
    cv_str native[2], minor[2];
    cv_str branch[2];          /* from CUDA 11 on: the oldest driver whose own CUDA reaches it */
    uint32_t native_row[2], minor_row; /* of cuda-releases, compat-rules */
};

/* What the tables say of a build's existence. */
enum cv_exists { CV_EXISTS = 0, CV_EXISTS_REMOVED, CV_EXISTS_DOUBT, CV_EXISTS_NEWER, CV_EXISTS_NOT };

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
    bool listed;               /* enumerated from a table: it exists although row may be CV_NO_ROW (macOS, conda) */
    bool on_pypi;              /* the default registry serves it for this platform */
    /* cv_build_prepare: what the rules ask again and again */
    bool prepared;
    uint32_t release;          /* in a catalog: index of its release, newest first */
    enum cv_exists exists;
    enum cv_os os_code;
    bool arm;                  /* aarch64 */
    cv_str pythons;            /* "3.10,3.11,3.13t"; "" = not known */
    uint64_t python_bits;      /* the same: cv_python_bit */
    cv_str pypi_pythons;       /* those of the default registry, where the index has others */
    struct cv_xy glibc;        /* 0.0 = not asked */
    enum cv_table_id b1_table; /* where Pythons and glibc stand */
    uint32_t b1_row;
    struct cv_cc cudnn_min;    /* oldest capability that its cuDNN runs on, 0.0 = nothing said */
    uint32_t cudnn_row;        /* of cudnn-floor */
    uint64_t tegra_code;       /* bit i: targets.t[i] is code for an integrated GPU */
    struct cv_floors floors;
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
    cv_str driver_last;        /* where the driver is open: the last branch that drives all GPUs, "" = no limit */
    CV_LIST(struct cv_gpu_judgement, gpus);
    CV_LIST(struct cv_reason, reasons);
    CV_LIST(struct cv_need, needs);
    bool g2_warning;
    bool compat_breaks;        /* a cuda-compat package makes CUDA fail, whatever the build */
};

/* What the build is judged on: a machine (with its GPUs, driver, place, python). */
void cv_judge(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m, const struct cv_build *b, struct cv_judgement *ret);

/* The same without words, for choosing among many: what does not depend on the build is asked once. */
struct cv_view {
    const struct cv_facts *f;
    const struct cv_machine *m;
    bool only_offers;          /* nothing more is asked of a build once it is out of the question */
    bool no_gpu, gpu_open, windows, driver_open;
    enum cv_os os;             /* CV_OS_UNKNOWN = open */
    enum cv_tri arm;
    bool other_place;          /* a system or processor that no build is for */
    bool python_open, glibc_open, musl;
    uint64_t python;           /* its bit */
    struct cv_xy glibc;
    bool too_many;             /* more kinds of GPU than fit below: cv_judge must be asked */
    uint32_t n_gpus;           /* kinds of GPU that count */
    struct {
        struct cv_cc cc;
        bool known, tegra, tegra_flag;
        struct cv_xy first_cuda;
        enum cv_verdict d2[2]; /* [1]: the driver's number is a Windows one */
    } gpus[16];
    uint32_t n_modes;
    struct {
        struct cv_xy cuda;
        bool windows;
        enum cv_driver_mode mode;
    } modes[48];
};
struct cv_quick {
    enum cv_verdict verdict;
    enum cv_driver_mode mode;
    bool g2_warning;
};
void cv_view_init(struct cv_view *v, const struct cv_facts *f, const struct cv_machine *m);
void cv_judge_quick(struct cv_view *v, const struct cv_build *b, struct cv_quick *ret);

/* Build description from a row of torch-builds / from an installed torch. */
void cv_build_from_row(const struct cv_facts *f, uint32_t row, struct cv_build *ret);
void cv_build_from_torch(const struct cv_facts *f, const struct cv_machine *m, const struct cv_torch *t,
                         struct cv_build *ret);

/* The last driver branch that still drives all GPUs here, "" = no such limit. */
cv_str cv_driver_last(const struct cv_facts *f, const struct cv_machine *m);
/* Known to have no NVIDIA GPU (also: macOS): then any build runs on the CPU. */
bool cv_machine_no_gpu(const struct cv_machine *m);

/* 2.7 and 3.x as one bit each, free-threaded ones apart; 0 = no such Python. */
uint64_t cv_python_bit(cv_str python);
/* Fills the prepared part; existence, Pythons and glibc of a build that is not installed (rules.md, B1). */
void cv_build_prepare(const struct cv_facts *f, struct cv_build *b);
/* macOS has one build a release, "cpu"; arch "aarch64" or "x86_64". False: none for this release. */
bool cv_build_macos(const struct cv_facts *f, uint32_t release_row, cv_str arch, struct cv_build *ret);

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
