/* companion.c: packages that belong to one torch or to a range of them (rules.md, B2): torch-companions, read from METADATA. */
#include "rules/companion.h"

enum { COL_NAME = 0, COL_VERSION = 1, COL_EXACT = 2 };

static cv_str at(const struct cv_facts *f, uint32_t row, unsigned col)
{
    return cv_facts_at(f, CV_T_TORCH_COMPANIONS, row, col);
}

bool cv_companion_known(const struct cv_facts *f, cv_str name)
{
    return cv_facts_find1(f, CV_T_TORCH_COMPANIONS, name) != CV_NO_ROW;
}

/* A version of the table, or the lowest one that a pin from torch's side means ("~=3.8.0"). */
static cv_str row_version(const struct cv_facts *f, uint32_t row)
{
    cv_str v = at(f, row, COL_VERSION);
    return cv_str_starts(v, "~=") || cv_str_starts(v, "==") ? cv_str_from(v, 2) : v;
}

static bool within(const struct cv_facts *f, uint32_t row, cv_str spec)
{
    bool match = false;
    cv_str v = at(f, row, COL_VERSION);
    if (!cv_pep440_match(row_version(f, row), spec, &match))
        return false;
    if (match || !cv_str_starts(v, "~=") || !cv_str_starts(spec, "==") || cv_str_has(spec, ",") ||
        cv_str_has(spec, "*"))
        return match;
    /* triton==3.8.1 against the pin ~=3.8.0 */
    return cv_pep440_match(cv_str_from(spec, 2), v, &match) && match;
}

/* Is `torch` in "2.4.0,2.5.1", "2.9.*", "2.0.0+cu117"? Development versions match nothing. */
static bool in_exact(cv_str list, cv_str torch)
{
    cv_str one;
    struct cv_pep440 a, b;
    while (list.len && cv_str_next(&list, ',', &one)) {
        one = cv_str_trim(one);
        if (cv_str_ends(one, ".*")) {
            if (cv_dotted_prefix(torch, cv_str_sub(one, 0, one.len - 2)))
                return true;
        } else if (cv_pep440_parse(one, &a) && cv_pep440_parse(torch, &b) &&
                   cv_pep440_same_public(&a, &b)) {
            return true;
        }
    }
    return false;
}

static int cmp_versions(cv_str x, cv_str y)
{
    struct cv_pep440 a, b;
    bool oka = cv_pep440_parse(x, &a), okb = cv_pep440_parse(y, &b);
    return oka && okb ? cv_pep440_cmp(&a, &b) : oka - okb;
}

/* A range without an end ("vllm 0.1.3: >=2.0.0") means the torches of its day: those before the first one that a newer release pins. */
static bool superseded(const struct cv_facts *f, uint32_t row, cv_str spec, cv_str torch)
{
    cv_str name = at(f, row, COL_NAME), version = row_version(f, row);
    for (uint32_t r = cv_facts_find1(f, CV_T_TORCH_COMPANIONS, name);
         r < cv_facts_rows(f, CV_T_TORCH_COMPANIONS) && cv_str_eq(at(f, r, COL_NAME), name); r++) {
        cv_str exact = at(f, r, COL_EXACT), one;
        if (exact.len == 0 || cv_str_has(exact, ",") || !within(f, r, spec) ||
            cmp_versions(row_version(f, r), version) <= 0)
            continue;
        one = cv_str_ends(exact, ".*") ? cv_str_sub(exact, 0, exact.len - 2) : exact;
        if (cmp_versions(torch, one) >= 0)
            return true;
    }
    return false;
}

static enum cv_tie tie_of(const struct cv_facts *f, uint32_t row, cv_str spec, cv_str torch)
{
    cv_str exact = at(f, row, COL_EXACT), need;
    bool match;
    if (exact.len && !cv_cell_unknown(exact))
        return in_exact(exact, torch) ? CV_TIE_YES : CV_TIE_NO;
    need = cv_facts_get(f, CV_T_TORCH_COMPANIONS, row, "torch_requirement");
    if (cv_str_eqz(exact, "?") || cv_str_starts(need, "?") || need.len == 0)
        return CV_TIE_UNKNOWN;
    if (cv_str_eqz(need, "none stated") || cv_str_starts(need, "any"))
        return CV_TIE_FREE;
    if (!cv_pep440_match(torch, need, &match))
        return CV_TIE_UNKNOWN; /* prose */
    if (!match)
        return CV_TIE_NO;
    return superseded(f, row, spec, torch) ? CV_TIE_NO : CV_TIE_YES;
}

enum cv_tie cv_companion_for(const struct cv_facts *f, cv_str name, cv_str spec, cv_str torch,
                             uint32_t *ret_row)
{
    enum cv_tie best = CV_TIE_NO;
    *ret_row = CV_NO_ROW;
    for (uint32_t r = cv_facts_find1(f, CV_T_TORCH_COMPANIONS, name);
         r < cv_facts_rows(f, CV_T_TORCH_COMPANIONS) && cv_str_eq(at(f, r, COL_NAME), name); r++) {
        if (!within(f, r, spec))
            continue;
        enum cv_tie tie = tie_of(f, r, spec, torch);
        if (tie < best || tie == CV_TIE_NO ||
            (tie == best && cmp_versions(row_version(f, r), row_version(f, *ret_row)) <= 0))
            continue;
        best = tie;
        *ret_row = r;
    }
    return best;
}

bool cv_companion_wants(const struct cv_facts *f, struct cv_arena *a, const struct cv_package *p,
                        cv_str *ret_spec, uint32_t *ret_row)
{
    size_t plus = cv_str_findc(p->version, '+');
    const cv_str key[2] = {p->name,
                           cv_str_sub(p->version, 0, plus == SIZE_MAX ? p->version.len : plus)};
    *ret_row = cv_facts_find(f, CV_T_TORCH_COMPANIONS, key, 2);
    if (p->torch_requirement.len) {
        *ret_spec = p->torch_requirement;
        return true;
    }
    if (*ret_row == CV_NO_ROW || cv_str_eqz(p->name, "triton") ||
        cv_str_eqz(p->name, "pytorch-triton"))
        return false;
    cv_str exact = at(f, *ret_row, COL_EXACT),
           text = cv_facts_get(f, CV_T_TORCH_COMPANIONS, *ret_row, "torch_requirement");
    bool match;
    if (exact.len && !cv_str_has(exact, ",") && !cv_cell_unknown(exact))
        *ret_spec = cv_arena_fmt(a, "==" CV_FMT, CV_ARG(exact));
    else if (exact.len == 0 && cv_pep440_match(CV_S("1.0"), text, &match) && text.len)
        *ret_spec = text;
    else
        return false;
    return true;
}
