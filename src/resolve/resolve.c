/* resolve.c: choosing a build: enumerate what is known, judge each, order (rules.md, "Choosing"). */
#include "resolve/resolve.h"

static int rank(enum cv_verdict v)
{
    switch (v) {
    case CV_V_WORKS:
        return 4;
    case CV_V_WORKS_JIT:
        return 3;
    case CV_V_WORKS_IF:
        return 2;
    case CV_V_CPU_ONLY:
        return 1;
    default:
        return 0;
    }
}

static int cmp_torch(cv_str a, cv_str b)
{
    struct cv_pep440 x, y;
    if (!cv_pep440_parse(a, &x) || !cv_pep440_parse(b, &y))
        return cv_str_cmp(a, b);
    return cv_pep440_cmp(&x, &y);
}

static int mode_rank(enum cv_driver_mode m)
{
    return m == CV_MODE_NATIVE ? 3 : m == CV_MODE_MINOR ? 2 : m == CV_MODE_FORWARD ? 1 : 0;
}

/* > 0 if x is the better choice. */
static int better(const struct cv_choice *x, const struct cv_choice *y)
{
    int c = rank(x->j.verdict) - rank(y->j.verdict);
    if (c == 0)
        c = (int)y->j.g2_warning - (int)x->j.g2_warning;
    if (c == 0)
        c = cmp_torch(x->build.torch, y->build.torch);
    if (c == 0)
        c = mode_rank(x->j.mode) - mode_rank(y->j.mode);
    if (c == 0)
        c = (int)cv_str_eqz(x->build.channel, "pypi") - (int)cv_str_eqz(y->build.channel, "pypi");
    if (c == 0)
        c = cv_xy_cmp(x->build.cuda, y->build.cuda);
    return c;
}

static bool wanted(const struct cv_want *w, const struct cv_build *b, const struct cv_machine *m)
{
    if (w->torch.len && !cv_str_eq(w->torch, b->torch))
        return false;
    if (w->series.len && !cv_dotted_prefix(b->torch, w->series))
        return false;
    if (!b->has_cuda && !w->cpu_ok)
        return false;
    /* other platforms are never an answer: cheap, and most rows */
    if (cv_known(&m->place.os) && !cv_str_eq(m->place.os.v, b->os))
        return false;
    return !cv_known(&m->place.arch) || cv_str_eq(m->place.arch.v, b->arch);
}

bool cv_resolve_best(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m,
                     const struct cv_want *w, struct cv_choice *ret)
{
    bool any = false;
    if (cv_known(&m->place.jetson))
        return false; /* Jetson has wheels of its own, which are not in torch-builds */
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_TORCH_BUILDS); r++) {
        struct cv_choice c;
        cv_str status = cv_facts_get(f, CV_T_TORCH_BUILDS, r, "status");
        if (cv_str_eqz(status, "removed") || cv_str_eqz(status, "?"))
            continue;
        cv_build_from_row(f, r, &c.build);
        if (!wanted(w, &c.build, m))
            continue;
        if (any && ret->j.verdict == CV_V_WORKS && !ret->j.g2_warning &&
            cmp_torch(c.build.torch, ret->build.torch) < 0)
            continue; /* an older release cannot win any more */
        cv_judge(f, a, m, &c.build, &c.j);
        if (rank(c.j.verdict) == 0 || (c.j.verdict == CV_V_CPU_ONLY && !w->cpu_ok))
            continue;
        if (!any || better(&c, ret) > 0)
            *ret = c;
        any = true;
    }
    return any;
}
