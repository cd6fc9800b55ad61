/* r_build.c: B1, does the build exist for this OS, CPU, Python and C library? For builds that are not installed. rules.md, B1. */
#include "rules/judge.h"

static void fail(struct cv_judging *j, cv_str text, enum cv_table_id t, uint32_t row)
{
    cv_judge_fact(j, cv_judge_reason(j, "B1", CV_R_FAIL, -1, text), t, row);
    cv_judge_worse(j, CV_V_NO_BUILD);
}

/* "linux_x86_64:3.9,3.10;win_amd64:..." -> the part of one platform; "" if it is not there. */
static cv_str platform_part(cv_str cell, cv_str platform)
{
    cv_str part, key;
    while (cell.len && cv_str_next(&cell, ';', &part))
        if (cv_str_next(&part, ':', &key) && part.ptr && cv_str_eq(key, platform))
            return part;
    return CV_S("");
}

static cv_str platform_of(struct cv_judging *j)
{
    const struct cv_build *b = j->b;
    if (cv_str_eqz(b->os, "windows"))
        return CV_S("win_amd64");
    if (cv_str_eqz(b->os, "macos"))
        return cv_str_eqz(b->arch, "aarch64") ? CV_S("macos_arm64") : CV_S("macos_x86_64");
    return cv_arena_fmt(j->a, CV_FMT "_" CV_FMT, CV_ARG(b->os), CV_ARG(b->arch));
}

/* The row of torch-index-wheels that speaks of this variant. */
static uint32_t index_row(struct cv_judging *j)
{
    const struct cv_build *b = j->b;
    for (uint32_t r = 0; r < cv_facts_rows(j->f, CV_T_TORCH_INDEX_WHEELS); r++) {
        if (cv_str_eq(cv_facts_at(j->f, CV_T_TORCH_INDEX_WHEELS, r, 0), b->torch) &&
            cv_str_has_word(cv_facts_at(j->f, CV_T_TORCH_INDEX_WHEELS, r, 1), ',', b->variant) &&
            cv_str_eq(cv_facts_at(j->f, CV_T_TORCH_INDEX_WHEELS, r, 2), b->os) &&
            cv_str_eq(cv_facts_at(j->f, CV_T_TORCH_INDEX_WHEELS, r, 3), b->arch))
            return r;
    }
    return CV_NO_ROW;
}

/* manylinux1, manylinux2014 and linux count as 2.17, manylinux_2_X as 2.X. */
static cv_str glibc_of_tag(struct cv_arena *a, cv_str tag)
{
    size_t at = cv_str_find(tag, CV_S("manylinux_2_"));
    if (at == SIZE_MAX)
        return CV_S("2.17");
    cv_str rest = cv_str_from(tag, at + 12);
    size_t n = 0;
    while (n < rest.len && cv_is_digit(rest.ptr[n]))
        n++;
    return cv_arena_fmt(a, "2." CV_FMT, CV_ARG(cv_str_sub(rest, 0, n)));
}

static void check_python(struct cv_judging *j, cv_str list, enum cv_table_id t, uint32_t row)
{
    const struct cv_fact *py = &j->m->python;
    if (list.len == 0)
        return;
    if (!cv_known(py)) {
        cv_judge_need(j, "python", list);
        return;
    }
    if (!cv_str_has_word(list, ',', py->v))
        fail(j,
             cv_arena_fmt(j->a,
                          "torch " CV_FMT "+" CV_FMT " has no wheel for Python " CV_FMT
                          "; there are wheels for " CV_FMT ".",
                          CV_ARG(j->b->torch), CV_ARG(j->b->variant), CV_ARG(py->v), CV_ARG(list)),
             t, row);
}

static void check_glibc(struct cv_judging *j, cv_str need, enum cv_table_id t, uint32_t row)
{
    const struct cv_fact *glibc = &j->m->place.glibc;
    if (!cv_str_eqz(j->b->os, "linux") || need.len == 0)
        return;
    if (cv_absent(glibc))
        fail(j, CV_S("The wheels need glibc; this machine has another C library (musl)."), t, row);
    else if (!cv_known(glibc))
        cv_judge_need(j, "glibc", cv_arena_fmt(j->a, ">=" CV_FMT, CV_ARG(need)));
    else if (cv_dotted_cmp(glibc->v, need) < 0)
        fail(j,
             cv_arena_fmt(j->a, "The wheel needs glibc " CV_FMT "; this machine has " CV_FMT ".",
                          CV_ARG(need), CV_ARG(glibc->v)),
             t, row);
}

static bool check_place(struct cv_judging *j)
{
    const struct cv_place *p = &j->m->place;
    if (!cv_known(&p->os))
        cv_judge_need(j, "os", j->b->os);
    else if (!cv_str_eq(p->os.v, j->b->os)) {
        fail(j,
             cv_arena_fmt(j->a, "This build is for " CV_FMT ", the machine runs " CV_FMT ".",
                          CV_ARG(j->b->os), CV_ARG(p->os.v)),
             CV_T_TORCH_BUILDS, j->b->row);
        return false;
    }
    if (!cv_known(&p->arch))
        cv_judge_need(j, "arch", j->b->arch);
    else if (!cv_str_eq(p->arch.v, j->b->arch)) {
        fail(j,
             cv_arena_fmt(j->a,
                          "This build is for " CV_FMT " processors, the machine has " CV_FMT ".",
                          CV_ARG(j->b->arch), CV_ARG(p->arch.v)),
             CV_T_TORCH_BUILDS, j->b->row);
        return false;
    }
    return true;
}

void cv_judge_build(struct cv_judging *j)
{
    uint32_t release = cv_facts_find1(j->f, CV_T_TORCH_RELEASES, j->b->torch);
    cv_str status = j->b->row == CV_NO_ROW
                        ? CV_S("")
                        : cv_facts_get(j->f, CV_T_TORCH_BUILDS, j->b->row, "status");
    if (cv_str_eqz(status, "removed") ||
        (j->b->row == CV_NO_ROW && release != CV_NO_ROW && !j->b->foreign)) {
        fail(j,
             cv_arena_fmt(j->a, "torch " CV_FMT "+" CV_FMT " was not published.",
                          CV_ARG(j->b->torch), CV_ARG(j->b->variant)),
             CV_T_TORCH_BUILDS, j->b->row);
        return;
    }
    if (cv_str_eqz(status, "?") || release == CV_NO_ROW) {
        cv_judge_fact(j,
                      cv_judge_reason(j, "B1", CV_R_UNKNOWN, -1,
                                      cv_arena_fmt(j->a,
                                                   "Whether torch " CV_FMT "+" CV_FMT
                                                   " was published is not known.",
                                                   CV_ARG(j->b->torch), CV_ARG(j->b->variant))),
                      CV_T_TORCH_BUILDS, j->b->row);
        cv_judge_worse(j, CV_V_UNKNOWN);
    }
    if (release == CV_NO_ROW || !check_place(j))
        return;
    cv_str platform = platform_of(j);
    cv_str pythons = platform_part(
        cv_facts_get(j->f, CV_T_TORCH_RELEASES, release, "pythons_on_pypi"), platform);
    cv_str glibc = glibc_of_tag(
        j->a, platform_part(cv_facts_get(j->f, CV_T_TORCH_RELEASES, release, "pypi_platform_tags"),
                            platform));
    cv_str measured =
        platform_part(cv_facts_get(j->f, CV_T_TORCH_RELEASES, release, "glibc_needed"), j->b->arch);
    if (cv_dotted_ok(measured) && cv_dotted_cmp(measured, glibc) > 0)
        glibc = measured;
    uint32_t index = index_row(j);
    if (index != CV_NO_ROW) {
        cv_str p = cv_facts_get(j->f, CV_T_TORCH_INDEX_WHEELS, index, "pythons"),
               g = cv_facts_get(j->f, CV_T_TORCH_INDEX_WHEELS, index, "glibc");
        pythons = p.len ? p : pythons;
        glibc = g.len ? g : glibc;
    }
    enum cv_table_id t = index != CV_NO_ROW ? CV_T_TORCH_INDEX_WHEELS : CV_T_TORCH_RELEASES;
    check_python(j, pythons, t, index != CV_NO_ROW ? index : release);
    check_glibc(j, glibc, t, index != CV_NO_ROW ? index : release);
    if (j->to->verdict != CV_V_NO_BUILD)
        cv_judge_fact(j,
                      cv_judge_reason(j, "B1", CV_R_PASS, -1,
                                      cv_arena_fmt(j->a,
                                                   "torch " CV_FMT "+" CV_FMT
                                                   " is published for this platform.",
                                                   CV_ARG(j->b->torch), CV_ARG(j->b->variant))),
                      t, index != CV_NO_ROW ? index : release);
}
