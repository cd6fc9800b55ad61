/* r_build.c: B1, does the build exist for this OS, CPU, Python and C library? For builds that are not installed. rules.md, B1; what the tables say of a
 * build is found in builds.c. */
#include "rules/judge.h"

static void fail(struct cv_judging *j, cv_str text, enum cv_table_id t, uint32_t row)
{
    cv_judge_fact(j, cv_judge_reason(j, "B1", CV_R_FAIL, -1, text), t, row);
    cv_judge_worse(j, CV_V_NO_BUILD);
}

/* "torch 2.8.0+cu128" */
static cv_str build_name(struct cv_judging *j)
{
    const struct cv_build *b = j->b;
    if (b->torch.len == 0)
        return CV_S("a torch that meets the request");
    return cv_say(j, "torch " CV_FMT "%s" CV_FMT, CV_ARG(b->torch), b->variant.len ? "+" : "",
                  CV_ARG(b->variant));
}

static void check_python(struct cv_judging *j)
{
    const struct cv_fact *py = &j->m->python;
    const struct cv_build *b = j->b;
    if (b->pythons.len == 0) {
        cv_judge_worse(j, CV_V_UNKNOWN);
        (void)cv_judge_reason(j, "B1", CV_R_UNKNOWN, -1,
                              cv_say(j, "For which Pythons " CV_FMT " was built is not known.",
                                     CV_ARG(build_name(j))));
        return;
    }
    if (!cv_known(py)) {
        cv_judge_need(j, "python", b->pythons);
        return;
    }
    if (!cv_str_has_word(b->pythons, ',', py->v))
        fail(j,
             cv_say(j,
                    CV_FMT " has no wheel for Python " CV_FMT "; there are wheels for " CV_FMT ".",
                    CV_ARG(build_name(j)), CV_ARG(py->v), CV_ARG(b->pythons)),
             b->b1_table, b->b1_row);
}

static void check_glibc(struct cv_judging *j)
{
    const struct cv_fact *glibc = &j->m->place.glibc;
    const struct cv_build *b = j->b;
    struct cv_xy have;
    if (b->glibc.major == 0)
        return;
    if (cv_absent(glibc))
        fail(j, CV_S("The wheels need glibc; this machine has another C library (musl)."),
             b->b1_table, b->b1_row);
    else if (!cv_known(glibc) || !cv_xy_parse(glibc->v, &have))
        cv_judge_need(j, "glibc", cv_say(j, ">=%u.%u", b->glibc.major, b->glibc.minor));
    else if (cv_xy_cmp(have, b->glibc) < 0)
        fail(j,
             cv_say(j, "The wheel needs glibc %u.%u; this machine has " CV_FMT ".", b->glibc.major,
                    b->glibc.minor, CV_ARG(glibc->v)),
             b->b1_table, b->b1_row);
}

static bool check_place(struct cv_judging *j)
{
    const struct cv_place *p = &j->m->place;
    if (!cv_known(&p->os))
        cv_judge_need(j, "os", j->b->os);
    else if (!cv_str_eq(p->os.v, j->b->os)) {
        fail(j,
             cv_say(j, "This build is for " CV_FMT ", the machine runs " CV_FMT ".",
                    CV_ARG(j->b->os), CV_ARG(p->os.v)),
             CV_T_TORCH_BUILDS, j->b->row);
        return false;
    }
    if (!cv_known(&p->arch))
        cv_judge_need(j, "arch", j->b->arch);
    else if (!cv_str_eq(p->arch.v, j->b->arch)) {
        fail(j,
             cv_say(j, "This build is for " CV_FMT " processors, the machine has " CV_FMT ".",
                    CV_ARG(j->b->arch), CV_ARG(p->arch.v)),
             CV_T_TORCH_BUILDS, j->b->row);
        return false;
    }
    return true;
}

static void unknown(struct cv_judging *j, cv_str text)
{
    cv_judge_fact(j, cv_judge_reason(j, "B1", CV_R_UNKNOWN, -1, text), CV_T_TORCH_BUILDS,
                  j->b->row);
    cv_judge_worse(j, CV_V_UNKNOWN);
}

void cv_judge_build(struct cv_judging *j)
{
    const struct cv_build *b = j->b;
    if (b->foreign)
        return; /* said where the variant is judged */
    switch (b->exists) {
    case CV_EXISTS_REMOVED:
    case CV_EXISTS_NOT:
        fail(j,
             b->torch.len == 0 ? CV_S("No published torch meets the request.")
             : b->os.len && b->arch.len
                 ? cv_say(j, CV_FMT " was not published for " CV_FMT " on " CV_FMT ".",
                          CV_ARG(build_name(j)), CV_ARG(b->os), CV_ARG(b->arch))
                 : cv_say(j, CV_FMT " was not published.", CV_ARG(build_name(j))),
             CV_T_TORCH_BUILDS, b->row);
        return;
    case CV_EXISTS_NEWER:
        unknown(j, b->torch.len
                       ? cv_say(j, CV_FMT " is newer than every release that these tables know.",
                                CV_ARG(build_name(j)))
                       : CV_S("What is asked for is newer than what these tables know."));
        return;
    case CV_EXISTS_DOUBT:
        unknown(j, cv_say(j, "Whether " CV_FMT " was published is not known: nobody has seen it.",
                          CV_ARG(build_name(j))));
        break;
    case CV_EXISTS:
        break;
    }
    if (!check_place(j))
        return;
    check_python(j);
    check_glibc(j);
    if (j->to->verdict != CV_V_NO_BUILD && b->exists == CV_EXISTS && b->pythons.len)
        cv_judge_fact(j,
                      cv_judge_reason(j, "B1", CV_R_PASS, -1,
                                      cv_say(j, CV_FMT " is published for this platform.",
                                             CV_ARG(build_name(j)))),
                      b->b1_table, b->b1_row);
}
