/* what.h: the questions the other way round: for a build the oldest driver, its GPUs and its Pythons; for a driver or a GPU the torch releases. One way to
 * all of them: the axis that is asked for is left open, everything else that the machine's description says holds, and the builds that are left answer. */
#ifndef CV_RESOLVE_WHAT_H
#define CV_RESOLVE_WHAT_H

#include "resolve/answer.h"

/* What is asked for; several may be. */
#define CV_WHAT_DRIVER 1u
#define CV_WHAT_GPU    2u
#define CV_WHAT_PYTHON 4u
#define CV_WHAT_TORCH  8u

struct cv_what_gpu {           /* a compute capability that some build runs on */
    struct cv_cc cc;
    uint32_t row;              /* of gpu-arch */
    bool jit;                  /* only by compiling PTX */
    bool warned;               /* no build that runs there brings a cuDNN that does */
    bool unknown;              /* a fact is missing: whether it runs is not known (then no build is known to) */
    struct cv_target via;      /* code of the newest build that runs there */
    bool has_via;
    uint32_t first, last;      /* releases (index in the catalog): first is the oldest */
    cv_str variants;           /* "cu117 cu116" */
};

struct cv_what_build {         /* one release and variant, over its systems and processors */
    const struct cv_build *b;  /* the first of them */
    cv_str driver[2], native[2]; /* Linux, Windows numbers; oldest that runs it, oldest whose own CUDA is new enough; "" = none */
    bool has[2];               /* a build whose driver has such numbers is among them */
    uint64_t pythons;          /* cv_python_bit */
    CV_LIST(struct cv_cc, gpus); /* with machine code */
    CV_LIST(struct cv_cc, jit);  /* by PTX */
    cv_str platforms;          /* "linux/x86_64,windows/x86_64" */
    cv_str glibc;              /* lowest that one of them asks for, "" = not asked */
};

struct cv_what {
    struct cv_answer answer;   /* of the same machine, the asked axes open: pick, command, and why nothing fits where nothing does */
    unsigned asked;
    bool gpus_given, cuda;     /* GPUs are described; some build has CUDA code */
    CV_LIST(struct cv_what_build, builds); /* in the order of rules.md */
    CV_LIST(struct cv_what_gpu, gpus); /* by capability */
    uint64_t pythons;
    cv_str driver[2], native[2]; /* the oldest for any of the builds */
    cv_str first, last;        /* releases, "" = none */
    cv_str branch_first, branch_last; /* that drive the GPUs described, "" = no limit known */
    int exit_code;
};

/* ask->m[0] is changed: what is asked for is opened. */
void cv_what_make(const struct cv_ask *ask, struct cv_machine *m, unsigned asked, struct cv_arena *a, struct cv_what *ret);
/* "3.8,3.9,3.13t" of bits. */
cv_str cv_python_list(struct cv_arena *a, uint64_t bits, const char *between);

#endif
