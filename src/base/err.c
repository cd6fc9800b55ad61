/* err.c: names of error codes. */
#include "base/err.h"

const char *cv_err_name(int code)
{
    switch (code) {
#define CV_X(c, name, words)                                                                       \
    case c:                                                                                        \
        return #name;
        CV_ERRORS(CV_X)
#undef CV_X
    }
    return "?";
}

const char *cv_err_words(int code)
{
    switch (code) {
#define CV_X(c, name, words)                                                                       \
    case c:                                                                                        \
        return words;
        CV_ERRORS(CV_X)
#undef CV_X
    }
    return "unknown error";
}

int cv_fail(struct cv_error *e, int code, cv_str where, uint64_t line, cv_str msg)
{
    if (e)
        *e = (struct cv_error){.code = code, .where = where, .line = line, .msg = msg};
    return code;
}
