/* matrix.h: the compatibility matrix, torch releases by CUDA variants, each cell judged for one machine. */
#ifndef CV_RESOLVE_MATRIX_H
#define CV_RESOLVE_MATRIX_H

#include "resolve/answer.h"

/* What keeps a build from being there, beside the verdict no-build. */
enum cv_lack { CV_LACK_NONE = 0, CV_LACK_PYTHON, CV_LACK_GLIBC };

struct cv_cell {
    const struct cv_build *b;  /* NULL = no such build; where the system is open, the one that fits best */
    enum cv_verdict verdict;
    enum cv_driver_mode mode;
    enum cv_lack lack;
    bool pypi;                 /* a plain install gets it */
    bool warned;               /* its cuDNN no longer runs on a GPU here */
};

struct cv_matrix_row {
    cv_str torch;
    uint64_t pythons;          /* of all its builds shown: cv_python_bit */
    bool runs;                 /* a cell is works, works-jit, or cpu-only where no GPU is there */
    bool may_run;              /* ... or works-if */
    struct cv_cell *cells;     /* one a variant */
};

struct cv_matrix {
    struct cv_ask ask;
    bool nothing_known;        /* of the machine: then a cell says only that the build is published */
    bool windows;              /* driver numbers are a Windows driver's */
    CV_LIST(cv_str, variants); /* newest CUDA first, cpu last */
    struct cv_floors *floors;  /* one a variant: the oldest drivers; of cpu all "" */
    CV_LIST(struct cv_matrix_row, rows); /* newest first; without ask.all one a minor release */
    cv_str best_torch, best_variant; /* what `cuvet resolve` would take; "" = none */
};

void cv_matrix_make(const struct cv_ask *ask, struct cv_arena *a, struct cv_matrix *ret);
/* The oldest driver for that variant by D1 alone, "" = none. */
cv_str cv_matrix_driver(const struct cv_matrix *x, uint32_t variant);

#endif
