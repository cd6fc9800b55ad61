/* fixes.h: shared by the files that add fixes to findings. */
#ifndef CV_RESOLVE_FIXES_H
#define CV_RESOLVE_FIXES_H

#include "resolve/commands.h"

struct cv_fixing {
    const struct cv_facts *f;
    struct cv_arena *a;
    const struct cv_machine *m;
    struct cv_diagnosis *d;
    struct cv_catalog cat;     /* made when the first fix needs it */
    bool has_cat;
};

void cv_fix_add(struct cv_fixing *x, struct cv_finding *f, bool root, cv_str text, cv_str command);
/* The administrator's fix: a driver of at least `need` ("" = any) that drives these GPUs, by the distribution's package. */
void cv_fix_driver(struct cv_fixing *x, struct cv_finding *f, cv_str need);
/* A cuda-compat package that may not be used here goes off the loader's path. */
void cv_fix_compat(struct cv_fixing *x, struct cv_finding *f);
void cv_fix_jetson(struct cv_fixing *x, struct cv_finding *f);
bool cv_machine_windows_driver(const struct cv_machine *m);
/* Findings about the driver's state (S1, D2); false if the finding is none of them. */
bool cv_fix_state(struct cv_fixing *x, struct cv_finding *f);

#endif
