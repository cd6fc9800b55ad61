/* findings.h: what the files that write findings share. */
#ifndef CV_RULES_FINDINGS_H
#define CV_RULES_FINDINGS_H

#include "rules/judge.h"

struct cv_diag {
    const struct cv_facts *f;
    struct cv_arena *a;
    const struct cv_machine *m;
    struct cv_diagnosis *d;
};

/* A new finding; NULL on out of memory. id and rule are literals. */
struct cv_finding *cv_find_new(struct cv_diag *g, const char *id, enum cv_severity s, const char *rule, cv_str title, cv_str cause);
void cv_find_evidence(struct cv_diag *g, struct cv_finding *to, cv_str source, cv_str text);
void cv_find_fact(struct cv_diag *g, struct cv_finding *to, const struct cv_fact *f); /* its value and where it was read */
bool cv_find_has(const struct cv_diagnosis *d, const char *id);

void cv_find_driver_state(struct cv_diag *g);  /* S1 */
void cv_find_visibility(struct cv_diag *g);    /* S1: CUDA_VISIBLE_DEVICES, MIG, containers */
void cv_find_gpus(struct cv_diag *g);          /* no GPU, foreign and unknown ones */
void cv_find_verdicts(struct cv_diag *g);      /* D1, D2, G1, G2 of each environment */
void cv_find_code(struct cv_diag *g);           /* G1, library by library */
void cv_find_packages(struct cv_diag *g);      /* B2, E1, library versions */
void cv_find_toolkits(struct cv_diag *g);      /* T1 */

/* The environment index is the one that the doctor's verdict speaks of. */
bool cv_find_is_main(const struct cv_diagnosis *d, uint32_t env);
cv_str cv_env_words(struct cv_arena *a, const struct cv_env *e);

#endif
