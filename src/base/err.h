/* err.h: error codes (negative) and the one struct that carries details. Absence on the inspected machine is data, not an error. */
#ifndef CV_BASE_ERR_H
#define CV_BASE_ERR_H

#include "base/str.h"

/* code, name, words */
#define CV_ERRORS(X)                                                       \
    X(-1001, CV_E_NOMEM, "out of memory")                                  \
    X(-1002, CV_E_USAGE, "wrong use")                                      \
    X(-1003, CV_E_INPUT, "invalid input")                                  \
    X(-1004, CV_E_IO, "input/output error")                                \
    X(-1005, CV_E_LIMIT, "too large")                                      \
    X(-1006, CV_E_NOTFOUND, "not found")                                   \
    X(-1007, CV_E_INTERNAL, "internal error: please report it")

#define CV_X(code, name, words) name = code,
enum cv_err { CV_OK = 0, CV_ERRORS(CV_X) };
#undef CV_X

struct cv_error {
    int code;      /* CV_E_* */
    cv_str where;  /* file or option; borrowed from the arena */
    uint64_t line; /* from 1; 0 = none */
    cv_str msg;    /* what is wrong; borrowed */
};

const char *cv_err_name(int code);  /* "CV_E_INPUT"; "?" for a foreign number */
const char *cv_err_words(int code);

/* Fills *e (may be NULL) and returns code, so that callers can `return cv_fail(...)`. */
int cv_fail(struct cv_error *e, int code, cv_str where, uint64_t line, cv_str msg);

#endif
