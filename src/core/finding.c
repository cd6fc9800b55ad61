/* finding.c: names of verdicts, results and severities. */
#include "core/finding.h"

const char *cv_verdict_name(enum cv_verdict v)
{
#define CV_X(id, name) name,
    static const char *const names[] = { CV_VERDICTS(CV_X) };
#undef CV_X
    return (unsigned)v < CV_N_VERDICTS ? names[v] : "unknown";
}

bool cv_verdict_parse(cv_str s, enum cv_verdict *ret)
{
    for (int v = 0; v < CV_N_VERDICTS; v++) {
        if (cv_str_eqz(s, cv_verdict_name((enum cv_verdict)v))) {
            *ret = (enum cv_verdict)v;
            return true;
        }
    }
    return false;
}

const char *cv_result_name(enum cv_result r)
{
    switch (r) {
    case CV_R_NA:
        return "not-applicable";
    case CV_R_PASS:
        return "pass";
    case CV_R_WARN:
        return "warn";
    case CV_R_UNKNOWN:
        return "unknown";
    case CV_R_FAIL:
        return "fail";
    }
    return "unknown";
}

const char *cv_severity_name(enum cv_severity s)
{
    switch (s) {
    case CV_INFO:
        return "info";
    case CV_WARNING:
        return "warning";
    case CV_ERROR:
        return "error";
    }
    return "info";
}
