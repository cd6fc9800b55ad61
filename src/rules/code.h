/* code.h: G1 on the code that is really in a file: container by container, since a program takes one image of each. */
#ifndef CV_RULES_CODE_H
#define CV_RULES_CODE_H

#include "core/gpucode.h"
#include "facts/facts.h"

struct cv_code_gpu {
    struct cv_target
        via; /* the highest target that runs on the GPU: machine code before PTX; valid iff has_via */
    bool has_via;
    bool elsewhere;   /* via stands outside the usual sections; the counts are those of the usual sections */
    uint32_t without; /* containers with neither machine code nor PTX for it */
    uint32_t by_jit;  /* containers with only PTX for it */
};

/* cuda_ge_13_2: the file belongs to a build of CUDA 13.2 or newer (desktop code then runs on 7.2 and 8.7). */
void cv_code_for_gpu(const struct cv_facts *f, const struct cv_gpucode *code, struct cv_cc cc,
                     bool cuda_ge_13_2, struct cv_code_gpu *ret);

/* The target that serves most containers on that GPU: machine code, or PTX. False if none runs. */
bool cv_code_most(const struct cv_facts *f, const struct cv_gpucode *code, struct cv_cc cc, bool cuda_ge_13_2, bool ptx, struct cv_target *ret);

#endif
