/* resolve.h: choosing a build. Issue 3 needs it for fixes ("the best build that this machine can run"); the full resolver grows from it. Pure.
 * Note on layers: rules/ produces findings without fixes that name builds; resolve/fixes.c adds those to the diagnosis (resolve may use rules). */
#ifndef CV_RESOLVE_RESOLVE_H
#define CV_RESOLVE_RESOLVE_H

#include "rules/rules.h"

struct cv_want {
    cv_str torch;              /* "" = newest; exact "2.8.0" */
    cv_str series;             /* "" or prefix "2.8" */
    bool cpu_ok;
};

struct cv_choice {
    struct cv_build build;
    struct cv_judgement j;
};

/* Best known build for the machine (order of rules.md, "Choosing"); false = none. */
bool cv_resolve_best(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m, const struct cv_want *w, struct cv_choice *ret);

/* "python -m pip install torch==2.9.1 --index-url https://…/cu128" for a build; tool "pip" or "uv"; env: the environment's own interpreter, or "". */
cv_str cv_install_command(const struct cv_facts *f, struct cv_arena *a, const struct cv_build *b, cv_str tool, cv_str env_path);

/* Adds the fixes that name builds or drivers (distribution package, open/closed flavour) to the findings of a diagnosis. */
void cv_add_fixes(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m, struct cv_diagnosis *d);

#endif
