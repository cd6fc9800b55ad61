/* terms.h: the probe of a cause (facts/error-causes.tsv): what would confirm it on a machine. Blank = and, "|" between blanks = or, "!" = not, "?" = necessary
 * but not sufficient. The grammar stands in facts/README.md. */
#ifndef CV_EXPLAIN_TERMS_H
#define CV_EXPLAIN_TERMS_H

#include "base/arena.h"
#include "base/err.h"

enum cv_term_kind {
    CV_TERM_FINDING, CV_TERM_VERDICT, CV_TERM_VARIABLE, CV_TERM_OS, CV_TERM_PLACE, CV_TERM_PACKAGE, CV_TERM_VARIANT, CV_TERM_LOG,
    CV_TERM_NO_DRIVER, CV_TERM_COMPAT, CV_TERM_NO_TORCH, CV_TERM_CPU_TORCH, CV_TERM_NO_GPU, CV_TERM_NO_TOOLKIT, CV_TERM_CC, CV_TERM_COMPARE
};

struct cv_term {
    enum cv_term_kind kind;
    bool negated, necessary;
    uint32_t alternative;      /* from 0 */
    cv_str text;               /* as it stands */
    cv_str arg;                /* "driver-missing", a package's name, an expression; COMPARE: the left side */
    cv_str op, right;          /* PACKAGE, CC, COMPARE; op "" = none */
};

struct cv_terms {
    CV_LIST(struct cv_term, v); /* none: nothing can be asked */
};

int cv_terms_parse(struct cv_arena *a, cv_str probe, struct cv_terms *ret, struct cv_error *e) CV_MUST_USE;
/* The expressions of `log:` terms, each once. */
struct cv_term_logs {
    CV_LIST(cv_str, v);
};
int cv_terms_add_logs(struct cv_arena *a, cv_str probe, struct cv_term_logs *to, struct cv_error *e) CV_MUST_USE;
/* Is this the name of a value of the machine, as comparisons use it? */
bool cv_term_is_machine(cv_str name);
/* `$name` at the front of `s`: its length without the "$", 0 = none. */
size_t cv_term_field(cv_str s);

#endif
