/* finding.h: verdicts, reasons and findings: what rules produce and reports print. */
#ifndef CV_CORE_FINDING_H
#define CV_CORE_FINDING_H

#include "core/machine.h"

/* In the order of rules.md: the first failing one wins. name = stable code in JSON. */
#define CV_VERDICTS(X)                                          \
    X(CV_V_NO_BUILD, "no-build")                                \
    X(CV_V_GPU_TOO_OLD, "gpu-too-old")                          \
    X(CV_V_GPU_TOO_NEW, "gpu-too-new")                          \
    X(CV_V_GPU_UNSUPPORTED_BY_DRIVER, "gpu-unsupported-by-driver") \
    X(CV_V_DRIVER_TOO_OLD, "driver-too-old")                    \
    X(CV_V_UNKNOWN, "unknown")                                  \
    X(CV_V_WORKS_IF, "works-if")                                \
    X(CV_V_CPU_ONLY, "cpu-only")                                \
    X(CV_V_WORKS_JIT, "works-jit")                              \
    X(CV_V_WORKS, "works")

#define CV_X(id, name) id,
enum cv_verdict { CV_VERDICTS(CV_X) CV_N_VERDICTS };
#undef CV_X

const char *cv_verdict_name(enum cv_verdict v);
bool cv_verdict_parse(cv_str s, enum cv_verdict *ret);
static inline enum cv_verdict cv_verdict_worse(enum cv_verdict a, enum cv_verdict b) { return a < b ? a : b; }
static inline bool cv_verdict_fails(enum cv_verdict v) { return v < CV_V_UNKNOWN; }

enum cv_result { CV_R_NA = 0, CV_R_PASS, CV_R_WARN, CV_R_UNKNOWN, CV_R_FAIL };
const char *cv_result_name(enum cv_result r); /* "pass", "warn", "unknown", "fail", "not-applicable" */

enum cv_severity { CV_INFO = 0, CV_WARNING, CV_ERROR };
const char *cv_severity_name(enum cv_severity s);

struct cv_fact_ref {           /* one row of the knowledge that a rule used */
    cv_str table;              /* "driver-branches" */
    cv_str key;                /* "580" */
    cv_str source;             /* the row's source column */
};

struct cv_reason {
    cv_str rule;               /* "D1" */
    enum cv_result result;
    cv_str text;               /* a whole sentence */
    int gpu;                   /* index, or -1 */
    CV_LIST(struct cv_fact_ref, facts);
};

struct cv_evidence {
    cv_str source;             /* path, variable, call, option or "table:key" */
    cv_str text;
};

struct cv_fix {
    cv_str text;               /* what to do, a sentence */
    cv_str command;            /* ready to paste, or "" */
    bool needs_root;
};

struct cv_finding {
    cv_str id;                 /* kebab-case, permanent */
    enum cv_severity severity;
    cv_str title;              /* one line */
    cv_str cause;              /* one or two sentences */
    cv_str rule;               /* "D1", "" */
    cv_str source;             /* source of the fact behind it, "" */
    cv_str env;                /* environment it is about, "" = the machine */
    CV_LIST(struct cv_evidence, evidence);
    CV_LIST(struct cv_fix, fixes); /* the one without root first */
};

#endif
