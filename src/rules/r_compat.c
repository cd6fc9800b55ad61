/* r_compat.c: a cuda-compat package on the loader's path (D1, forward compatibility). Its libcuda is then the one that every CUDA program gets, so what it
 * does not run on, nothing runs on: cuInit fails before a build matters. Numbers: forward-compat; words: compat-rules forward-*. Left out: Tegra, which has
 * packages of its own, and Windows, which has none. */
#include "rules/judge.h"

/* CUDA of the package: its folder says it, or its driver version does. */
static bool package_cuda(const struct cv_judging *j, struct cv_xy *ret)
{
    const struct cv_driver *d = &j->m->driver;
    uint32_t row;
    if (cv_known(&d->compat_cuda) && cv_xy_parse(d->compat_cuda.v, ret))
        return true;
    return cv_known(&d->compat) && cv_facts_driver_cuda(j->f, d->compat.v, false, ret, &row);
}

static uint32_t package_row(const struct cv_facts *f, struct cv_xy cuda)
{
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_FORWARD_COMPAT); r++) {
        struct cv_xy xy;
        if (cv_xy_parse(cv_facts_at(f, CV_T_FORWARD_COMPAT, r, 0), &xy) && cv_xy_cmp(xy, cuda) == 0)
            return r;
    }
    return CV_NO_ROW;
}

/* May all GPUs that count use such a package? Data-centre GPUs may, GeForce may not, a few workstation cards may (which ones is not known). */
static enum cv_tri gpus_may(const struct cv_judging *j, bool *ret_tegra)
{
    enum cv_tri all = CV_YES;
    uint32_t n = 0;
    *ret_tegra = cv_known(&j->m->place.jetson);
    for (uint32_t i = 0; i < j->m->n_gpus; i++) {
        const struct cv_gpu *g = &j->m->gpus[i];
        if (!cv_gpu_counts(j->m, i))
            continue;
        n++;
        *ret_tegra = *ret_tegra || g->tegra;
        if (cv_known(&g->segment) && cv_str_eqz(g->segment.v, "geforce"))
            all = CV_NO;
        else if (!cv_known(&g->segment) || !cv_str_eqz(g->segment.v, "data-centre"))
            all = all == CV_NO ? CV_NO : CV_UNKNOWN;
    }
    return n ? all : CV_UNKNOWN;
}

void cv_compat_find(const struct cv_judging *j, struct cv_compat_use *ret)
{
    const struct cv_driver *d = &j->m->driver;
    uint32_t row = CV_NO_ROW;
    bool tegra;
    enum cv_tri may = gpus_may(j, &tegra);
    *ret = (struct cv_compat_use){.state = CV_COMPAT_NONE, .row = CV_NO_ROW};
    if ((!cv_known(&d->compat) && !cv_known(&d->compat_cuda)) || tegra || j->windows ||
        !cv_known(&d->version) ||
        !cv_facts_driver_cuda(j->f, d->version.v, false, &ret->driver_cuda, &row))
        return;
    ret->state = CV_COMPAT_UNSURE;
    if (!package_cuda(j, &ret->cuda))
        return;
    int c = cv_xy_cmp(ret->cuda, ret->driver_cuda);
    ret->row = package_row(j->f, ret->cuda);
    ret->older = c < 0;
    ret->listed =
        ret->row != CV_NO_ROW &&
        cv_str_has_word(cv_facts_get(j->f, CV_T_FORWARD_COMPAT, ret->row, "base_branches"), ' ',
                        cv_facts_at(j->f, CV_T_DRIVER_BRANCHES, row, 0));
    if (c == 0) /* of the driver's own CUDA: not asked for */
        ret->state = CV_COMPAT_NONE;
    else if (ret->older || may == CV_NO)
        ret->state = CV_COMPAT_BREAKS;
    else if (may == CV_YES && ret->listed)
        ret->state = CV_COMPAT_USED;
}

/* "for CUDA 12.5", "" where that is not known */
static cv_str words(struct cv_judging *j, const struct cv_compat_use *c)
{
    return c->cuda.major ? cv_say(j, " for CUDA %u.%u", c->cuda.major, c->cuda.minor) : CV_S("");
}

static void facts(struct cv_judging *j, struct cv_reason *r, const struct cv_compat_use *c,
                  const char *rule)
{
    cv_judge_fact(j, r, CV_T_COMPAT_RULES, cv_facts_find1(j->f, CV_T_COMPAT_RULES, cv_str_z(rule)));
    cv_judge_fact(j, r, CV_T_FORWARD_COMPAT, c->row);
}

bool cv_compat_breaks(struct cv_judging *j, const struct cv_compat_use *c)
{
    if (c->state != CV_COMPAT_BREAKS)
        return false;
    cv_str text =
        c->older
            ? cv_say(j,
                     "The cuda-compat package" CV_FMT
                     " on the loader's path is older than the driver, which supports CUDA %u.%u: "
                     "the two do not go together, and CUDA fails for every build (error 803).",
                     CV_ARG(words(j, c)), c->driver_cuda.major, c->driver_cuda.minor)
            : cv_say(j,
                     "The cuda-compat package" CV_FMT
                     " is on the loader's path, but only data-centre GPUs may use it: CUDA fails "
                     "for every build (error 804).",
                     CV_ARG(words(j, c)));
    facts(j, cv_judge_reason(j, "D1", CV_R_FAIL, -1, text), c,
          c->older ? "forward-old-on-new" : "forward-hw");
    j->to->compat_breaks = true;
    cv_judge_mode(j, CV_MODE_TOO_OLD);
    return true;
}

static void unknown(struct cv_judging *j, const struct cv_compat_use *c)
{
    bool tegra, gpus = gpus_may(j, &tegra) != CV_YES;
    cv_str text = c->cuda.major == 0
                      ? CV_S("A cuda-compat package is on the loader's path, but of which CUDA is "
                             "not known: it may break CUDA.")
                  : gpus ? cv_say(j,
                                  "The cuda-compat package" CV_FMT
                                  " is on the loader's path, but it is not known whether this GPU "
                                  "may use it; where not, CUDA fails for every build.",
                                  CV_ARG(words(j, c)))
                         : cv_say(j,
                                  "The cuda-compat package" CV_FMT
                                  " is on the loader's path, but NVIDIA does not list it for "
                                  "driver " CV_FMT ": whether CUDA starts is not known.",
                                  CV_ARG(words(j, c)), CV_ARG(j->m->driver.version.v));
    facts(j, cv_judge_reason(j, "D1", CV_R_UNKNOWN, -1, text), c, "forward-hw");
    cv_judge_mode(j, CV_MODE_UNKNOWN);
}

bool cv_compat_unsure(struct cv_judging *j, const struct cv_compat_use *c)
{
    if (c->state == CV_COMPAT_UNSURE)
        unknown(j, c);
    return c->state == CV_COMPAT_UNSURE;
}

bool cv_compat_carries(struct cv_judging *j, const struct cv_compat_use *c)
{
    if (!c->listed || cv_xy_cmp(c->cuda, j->b->cuda) < 0)
        return false;
    if (c->state == CV_COMPAT_UNSURE) {
        unknown(j, c);
        return true;
    }
    if (c->state != CV_COMPAT_USED)
        return false;
    struct cv_reason *r =
        cv_judge_reason(j, "D1", CV_R_PASS, -1,
                        cv_say(j,
                               "Driver " CV_FMT
                               " is older than CUDA %u.%u needs, but the cuda-compat package" CV_FMT
                               " on the loader's path bridges that on a data-centre GPU.",
                               CV_ARG(j->m->driver.version.v), j->b->cuda.major, j->b->cuda.minor,
                               CV_ARG(words(j, c))));
    cv_judge_fact(j, r, CV_T_FORWARD_COMPAT, c->row);
    cv_judge_mode(j, CV_MODE_FORWARD);
    return true;
}
