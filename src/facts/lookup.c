/* lookup.c: questions about drivers and architectures that several rules ask. rules.md, D1: "A and the minimum by version alone". */
#include "facts/facts.h"

static bool first_number(cv_str version, uint32_t *ret)
{
    return cv_dotted_ok(version) && cv_dotted_num(version, 0, ret);
}

/* A Windows number belongs to the newest branch not above it; above the highest number of windows_numbers it is unknown. */
static uint32_t windows_row(const struct cv_facts *f, uint32_t number)
{
    uint32_t best = CV_NO_ROW, best_branch = 0, highest = 0, v;
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_DRIVER_BRANCHES); r++) {
        if (cv_str_u32(cv_facts_get(f, CV_T_DRIVER_BRANCHES, r, "windows_max"), &v) && v > highest)
            highest = v;
        if (cv_str_u32(cv_facts_at(f, CV_T_DRIVER_BRANCHES, r, 0), &v) && v <= number &&
            v > best_branch) {
            best = r;
            best_branch = v;
        }
    }
    return number > highest ? CV_NO_ROW : best;
}

bool cv_facts_driver_branch(const struct cv_facts *f, cv_str driver, bool windows,
                            uint32_t *ret_branch, uint32_t *ret_row)
{
    uint32_t n, row;
    if (!first_number(driver, &n))
        return false;
    size_t len = cv_str_findc(driver, '.');
    cv_str first = cv_str_sub(driver, 0, len == SIZE_MAX ? driver.len : len);
    row = windows ? windows_row(f, n) : cv_facts_find1(f, CV_T_DRIVER_BRANCHES, first);
    if (row == CV_NO_ROW)
        return false;
    *ret_row = row;
    return cv_str_u32(cv_facts_at(f, CV_T_DRIVER_BRANCHES, row, 0), ret_branch);
}

bool cv_facts_driver_cuda(const struct cv_facts *f, cv_str driver, bool windows, struct cv_xy *ret,
                          uint32_t *ret_row)
{
    uint32_t branch, row;
    if (!cv_facts_driver_branch(f, driver, windows, &branch, &row))
        return false;
    cv_str v = cv_facts_get(f, CV_T_DRIVER_BRANCHES, row, "max_cuda_low");
    if (cv_cell_unknown(v) || !cv_xy_parse(v, ret))
        return false;
    *ret_row = row;
    return true;
}

cv_str cv_facts_driver_full(const struct cv_facts *f, cv_str driver, bool windows)
{
    if (cv_str_has(driver, ".") || !cv_dotted_ok(driver))
        return driver;
    uint32_t row = cv_facts_find1(f, CV_T_DRIVER_BRANCHES, driver);
    cv_str last = row == CV_NO_ROW ? CV_S("")
                                   : cv_facts_get(f, CV_T_DRIVER_BRANCHES, row,
                                                  windows ? "windows_max" : "last_version");
    return cv_dotted_ok(last) ? last : driver;
}

uint32_t cv_facts_gpu_arch(const struct cv_facts *f, struct cv_cc cc)
{
    char key[8];
    size_t n = 0;
    if (cc.major >= 10)
        key[n++] = (char)('0' + cc.major / 10);
    key[n++] = (char)('0' + cc.major % 10);
    key[n++] = '.';
    key[n++] = (char)('0' + cc.minor % 10);
    return cv_facts_find1(f, CV_T_GPU_ARCH, (cv_str){key, n});
}
