/* codes.c: what numbers and names stand for: Xid numbers of the kernel log (facts/xid.tsv), cudaError_t and CUresult (facts/cuda-errors.tsv). */
#include "explain/explain.h"

static cv_str cuda_error(const struct cv_facts *f, struct cv_arena *a, cv_str v)
{
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_CUDA_ERRORS); r++) {
        cv_str name = cv_facts_get(f, CV_T_CUDA_ERRORS, r, "runtime");
        if (!cv_str_eqz(cv_facts_at(f, CV_T_CUDA_ERRORS, r, 1), "now"))
            continue;
        if (!cv_str_eq(cv_facts_at(f, CV_T_CUDA_ERRORS, r, 0), v) && !cv_str_eq(name, v) &&
            !cv_str_eq(cv_facts_get(f, CV_T_CUDA_ERRORS, r, "driver"), v))
            continue;
        if (cv_cell_none(name))
            name = cv_facts_get(f, CV_T_CUDA_ERRORS, r, "driver");
        return cv_arena_fmt(a, CV_FMT ": " CV_FMT, CV_ARG(name),
                            CV_ARG(cv_facts_get(f, CV_T_CUDA_ERRORS, r, "text")));
    }
    return CV_S("");
}

cv_str cv_explain_code(const struct cv_facts *f, struct cv_arena *a, cv_str how, cv_str v)
{
    if (!cv_str_eqz(how, "xid"))
        return cuda_error(f, a, v);
    uint32_t row = cv_facts_find1(f, CV_T_XID, v);
    return row == CV_NO_ROW ? CV_S("") : cv_facts_get(f, CV_T_XID, row, "meaning");
}
