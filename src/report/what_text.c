/* what_text.c: the questions the other way round for people: TORCH, DRIVER, GPU, PYTHON, each a headline and, where several builds answer, a short table. */
#include "report/out.h"

struct what {
    struct cv_out o;
    const struct cv_what *w;
};

static cv_str first_to_last(struct what *x, cv_str first, cv_str last)
{
    return cv_str_eq(first, last)
               ? first
               : cv_arena_fmt(x->o.t.a, CV_FMT " to " CV_FMT, CV_ARG(first), CV_ARG(last));
}

/* "torch 2.4.0 to 2.5.1 (cu121 cu124)": the builds that `same` calls equal to builds[i]; "" where an earlier one is of the kind. */
static cv_str kin(struct what *x, uint32_t i,
                  bool (*same)(const struct cv_what_build *p, const struct cv_what_build *q))
{
    const struct cv_what *w = x->w;
    cv_str variants = CV_S("");
    uint32_t oldest = i, newest = i;
    for (uint32_t k = 0; k < w->n_builds; k++) {
        const struct cv_what_build *b = &w->builds[k];
        if (!same(&w->builds[i], b))
            continue;
        if (k < i)
            return CV_S("");
        oldest = b->b->release > w->builds[oldest].b->release ? k : oldest;
        newest = b->b->release < w->builds[newest].b->release ? k : newest;
        if (!cv_str_has_word(variants, ' ', b->b->variant))
            variants = cv_arena_fmt(x->o.t.a, CV_FMT "%s" CV_FMT, CV_ARG(variants),
                                    variants.len ? " " : "", CV_ARG(b->b->variant));
    }
    return cv_arena_fmt(
        x->o.t.a, "torch " CV_FMT " (" CV_FMT ")",
        CV_ARG(first_to_last(x, w->builds[oldest].b->torch, w->builds[newest].b->torch)),
        CV_ARG(variants));
}

/* ---- torch ---- */

static cv_str branch_words(struct what *x)
{
    const struct cv_what *w = x->w;
    const char *what = x->o.w->ask.m->n_gpus > 1 ? "these GPUs" : "this GPU";
    if (w->branch_first.len == 0)
        return cv_arena_fmt(x->o.t.a, "branches up to " CV_FMT " drive %s.", CV_ARG(w->branch_last),
                            what);
    if (w->branch_last.len == 0)
        return cv_arena_fmt(x->o.t.a, "branch " CV_FMT " and newer ones drive %s.",
                            CV_ARG(w->branch_first), what);
    return cv_arena_fmt(x->o.t.a, "branches " CV_FMT " to " CV_FMT " drive %s.",
                        CV_ARG(w->branch_first), CV_ARG(w->branch_last), what);
}

static void torch(struct what *x)
{
    const struct cv_what *w = x->w;
    cv_out_labelled(&x->o, "TORCH", CV_GREEN, first_to_last(x, w->first, w->last));
    if (w->gpus_given && (w->branch_first.len || w->branch_last.len))
        cv_out_labelled(&x->o, "Driver", CV_BOLD, branch_words(x));
    cv_out_pick(&x->o);
    if (x->o.t.st->quiet)
        return;
    cv_out_runners_up(&x->o);
    cv_out_labelled(&x->o, "Oldest", CV_BOLD,
                    cv_arena_fmt(x->o.t.a,
                                 "torch " CV_FMT "; `cuvet resolve torch==" CV_FMT
                                 "` and the same options says how to get it.",
                                 CV_ARG(w->first), CV_ARG(w->first)));
}

/* ---- driver ---- */

static bool same_driver(const struct cv_what_build *p, const struct cv_what_build *q)
{
    return cv_str_eq(p->driver[0], q->driver[0]) && cv_str_eq(p->driver[1], q->driver[1]);
}

static cv_str driver_words(struct what *x, const cv_str v[2], const char *newer)
{
    struct cv_arena *a = x->o.t.a;
    bool both = x->w->driver[0].len && x->w->driver[1].len;
    if (v[0].len && v[1].len && cv_str_eq(v[0], v[1]))
        return cv_arena_fmt(a, CV_FMT "%s on Linux and Windows", CV_ARG(v[0]), newer);
    if (v[0].len && v[1].len)
        return cv_arena_fmt(a, CV_FMT "%s on Linux, " CV_FMT "%s on Windows", CV_ARG(v[0]), newer,
                            CV_ARG(v[1]), newer);
    if (v[0].len)
        return cv_arena_fmt(a, CV_FMT "%s%s", CV_ARG(v[0]), newer, both ? " on Linux" : "");
    return v[1].len ? cv_arena_fmt(a, CV_FMT "%s on Windows", CV_ARG(v[1]), newer)
                    : CV_S("not known: it comes with the system of this machine");
}

/* Among several needs the oldest first. */
static void driver_table(struct what *x)
{
    const struct cv_what *w = x->w;
    const int by = w->driver[0].len ? 0 : 1;
    cv_str done = CV_S("");
    for (uint32_t round = 0; round < w->n_builds; round++) {
        uint32_t next = UINT32_MAX;
        for (uint32_t i = 0; i < w->n_builds; i++) {
            const struct cv_what_build *b = &w->builds[i];
            cv_str v = b->driver[by].len ? b->driver[by] : b->driver[1 - by];
            cv_str best = next == UINT32_MAX               ? CV_S("")
                          : w->builds[next].driver[by].len ? w->builds[next].driver[by]
                                                           : w->builds[next].driver[1 - by];
            if (v.len && (done.len == 0 || cv_dotted_cmp(v, done) > 0) &&
                (best.len == 0 || cv_dotted_cmp(v, best) < 0))
                next = i;
        }
        if (next == UINT32_MAX)
            return;
        done = w->builds[next].driver[by].len ? w->builds[next].driver[by]
                                              : w->builds[next].driver[1 - by];
        for (uint32_t i = next; i < w->n_builds; i++) {
            const struct cv_what_build *b = &w->builds[i];
            cv_str v = b->driver[by].len ? b->driver[by] : b->driver[1 - by];
            cv_str text = cv_str_eq(v, done) ? kin(x, i, same_driver) : CV_S("");
            if (text.len)
                cv_out_labelled(&x->o, "", CV_PLAIN,
                                cv_arena_fmt(x->o.t.a, CV_FMT ": " CV_FMT,
                                             CV_ARG(driver_words(x, b->driver, "")), CV_ARG(text)));
        }
    }
}

static void driver(struct what *x)
{
    const struct cv_what *w = x->w;
    const struct cv_what_build *b = &w->builds[0];
    if (!w->cuda) {
        cv_out_labelled(&x->o, "DRIVER", CV_GREEN, CV_S("none: it runs on the CPU"));
        return;
    }
    cv_out_labelled(&x->o, "DRIVER", CV_GREEN, driver_words(x, w->driver, " or newer"));
    if (w->n_builds == 1)
        cv_out_labelled(&x->o, "For", CV_BOLD,
                        cv_arena_fmt(x->o.t.a, CV_FMT " (" CV_FMT ")",
                                     CV_ARG(cv_out_build(&x->o, b->b)), CV_ARG(b->b->variant)));
    if (w->n_builds == 1 &&
        !(cv_str_eq(b->driver[0], b->native[0]) && cv_str_eq(b->driver[1], b->native[1])))
        cv_out_labelled(&x->o, "In full", CV_BOLD,
                        cv_arena_fmt(x->o.t.a,
                                     "from " CV_FMT
                                     ". An older one runs it by minor-version compatibility, "
                                     "without compiling PTX (torch.compile and Triton may fail).",
                                     CV_ARG(driver_words(x, b->native, ""))));
    if (w->branch_last.len)
        cv_out_labelled(&x->o, "At most", CV_YELLOW,
                        cv_arena_fmt(x->o.t.a, "branch " CV_FMT ": newer drivers dropped %s.",
                                     CV_ARG(w->branch_last),
                                     x->o.w->ask.m->n_gpus > 1 ? "one of the GPUs" : "the GPU"));
    if (w->n_builds > 1 && !x->o.t.st->quiet) {
        cv_str all = kin(x, 0, same_driver);
        bool alike = true;
        for (uint32_t i = 1; i < w->n_builds; i++)
            alike = alike && same_driver(b, &w->builds[i]);
        cv_out_labelled(&x->o, alike ? "For" : "Each", CV_BOLD,
                        alike ? all : CV_S("build has an oldest driver of its own:"));
        if (!alike)
            driver_table(x);
    }
}

/* ---- GPUs ---- */

static cv_str drivers_of(struct what *x, uint32_t row)
{
    const struct cv_facts *f = x->o.t.f;
    cv_str first = cv_facts_get(f, CV_T_GPU_ARCH, row, "first_driver"),
           last = cv_facts_get(f, CV_T_GPU_ARCH, row, "last_driver");
    size_t dot = cv_str_findc(first, '.');
    first = cv_str_sub(first, 0, dot == SIZE_MAX ? first.len : dot);
    bool from = cv_dotted_ok(first), to = cv_dotted_ok(last);
    if (cv_str_eqz(first, "jetson"))
        return CV_S("JetPack");
    return from && to ? cv_arena_fmt(x->o.t.a, CV_FMT "-" CV_FMT, CV_ARG(first), CV_ARG(last))
           : from     ? cv_arena_fmt(x->o.t.a, "from " CV_FMT, CV_ARG(first))
           : to       ? cv_arena_fmt(x->o.t.a, "to " CV_FMT, CV_ARG(last))
                      : CV_S("?");
}

static bool one_release(const struct cv_what *w)
{
    return cv_str_eq(w->first, w->last);
}

/* The third column: the code of one build, the variants of one release, or the releases. */
static cv_str by_what(struct what *x, const struct cv_what_gpu *g)
{
    const struct cv_what *w = x->w;
    if (w->n_builds == 1)
        return cv_target_str(x->o.t.a, g->via);
    if (one_release(w))
        return g->variants;
    cv_str first = CV_S(""), last = CV_S("");
    for (uint32_t i = 0; i < w->n_builds; i++) {
        if (w->builds[i].b->release == g->first)
            first = w->builds[i].b->torch;
        if (w->builds[i].b->release == g->last)
            last = w->builds[i].b->torch;
    }
    return cv_str_eq(first, last)
               ? first
               : cv_arena_fmt(x->o.t.a, CV_FMT "-" CV_FMT, CV_ARG(first), CV_ARG(last));
}

static void gpu_table(struct what *x)
{
    const struct cv_what *w = x->w;
    size_t wide = 5;
    bool ptx = false, warned = false;
    for (uint32_t i = 0; i < w->n_gpus; i++) {
        size_t n = w->gpus[i].has_via ? by_what(x, &w->gpus[i]).len + (w->gpus[i].jit ? 2 : 0) : 0;
        wide = n > wide && n < 30 ? n : wide;
    }
    cv_buf_fmt(x->o.t.b, "  %-6s%-9s%-*s  %s\n", "CC", "driver", (int)wide,
               w->n_builds == 1 ? "code"
               : one_release(w) ? "build"
                                : "torch",
               "GPUs");
    for (uint32_t i = 0; i < w->n_gpus; i++) {
        const struct cv_what_gpu *g = &w->gpus[i];
        if (!g->has_via)
            continue;
        cv_str head = cv_arena_fmt(
            x->o.t.a, "  %-6s%-9s%-*s  ",
            cv_arena_z(x->o.t.a, cv_arena_fmt(x->o.t.a, "%u.%u%s", g->cc.major, g->cc.minor,
                                              g->warned ? "*" : "")),
            cv_arena_z(x->o.t.a, drivers_of(x, g->row)), (int)wide,
            cv_arena_z(x->o.t.a, cv_arena_fmt(x->o.t.a, CV_FMT "%s", CV_ARG(by_what(x, g)),
                                              g->jit ? " P" : "")));
        cv_buf_add(x->o.t.b, head);
        cv_lay_wrap(
            x->o.t.b, x->o.t.st, head.len, 19 + wide,
            cv_arena_fmt(x->o.t.a, CV_FMT ": " CV_FMT,
                         CV_ARG(cv_facts_get(x->o.t.f, CV_T_GPU_ARCH, g->row, "arch")),
                         CV_ARG(cv_facts_get(x->o.t.f, CV_T_GPU_ARCH, g->row, "products"))));
        ptx = ptx || g->jit;
        warned = warned || g->warned;
    }
    if (ptx)
        cv_out_labelled(&x->o, "  P", CV_PLAIN,
                        CV_S("by PTX: the driver, whose own CUDA must be the build's or newer, "
                             "compiles the kernels at the first start, which is slow."));
    if (warned)
        cv_out_labelled(&x->o, "  *", CV_PLAIN,
                        CV_S("its cuDNN no longer runs there: convolutions may fail."));
}

static void gpus(struct what *x)
{
    const struct cv_what *w = x->w;
    cv_str list = CV_S(""), unknown = CV_S("");
    for (uint32_t i = 0; i < w->n_gpus; i++) {
        cv_str *to = w->gpus[i].has_via ? &list : &unknown;
        *to = cv_arena_fmt(x->o.t.a, CV_FMT "%s%u.%u", CV_ARG(*to), to->len ? " " : "",
                           w->gpus[i].cc.major, w->gpus[i].cc.minor);
    }
    cv_out_labelled(&x->o, "GPU", CV_GREEN,
                    !w->cuda   ? CV_S("any or none: it runs on the CPU")
                    : list.len ? cv_arena_fmt(x->o.t.a, "compute capability " CV_FMT, CV_ARG(list))
                               : CV_S("none that is known"));
    if (!x->o.t.st->quiet && list.len)
        gpu_table(x);
    if (unknown.len)
        cv_out_labelled(&x->o, "Unknown", CV_YELLOW,
                        cv_arena_fmt(x->o.t.a,
                                     CV_FMT ": a fact is missing (its drivers, or its PTX).",
                                     CV_ARG(unknown)));
}

/* ---- Python ---- */

static bool same_pythons(const struct cv_what_build *p, const struct cv_what_build *q)
{
    return p->pythons == q->pythons;
}

static void pythons(struct what *x)
{
    const struct cv_what *w = x->w;
    uint32_t kinds = 0;
    cv_out_labelled(&x->o, "PYTHON", CV_GREEN, cv_python_list(x->o.t.a, w->pythons, " "));
    for (uint32_t i = 0; i < w->n_builds; i++)
        kinds += kin(x, i, same_pythons).len > 0;
    for (uint32_t i = 0; i < w->n_builds && !x->o.t.st->quiet; i++) {
        const struct cv_what_build *b = &w->builds[i];
        cv_str text = kin(x, i, same_pythons);
        if (text.len)
            cv_out_labelled(
                &x->o,
                kinds == 1 ? "For"
                : i == 0   ? "Each"
                           : "",
                CV_BOLD,
                cv_arena_fmt(
                    x->o.t.a, CV_FMT "%s" CV_FMT "%s" CV_FMT, CV_ARG(text), kinds > 1 ? ": " : "",
                    CV_ARG(kinds > 1 ? cv_python_list(x->o.t.a, b->pythons, " ") : CV_S("")),
                    b->glibc.len && kinds == 1 ? "; on Linux glibc from " : "",
                    CV_ARG(kinds == 1 ? b->glibc : CV_S(""))));
    }
}

void cv_text_what(struct cv_buf *b, const struct cv_text_style *st, const struct cv_what *w)
{
    const struct cv_answer *ans = &w->answer;
    struct what x = {
        .o = {.t = {.b = b, .st = st, .f = ans->ask.f, .m = ans->ask.m, .a = b->arena}, .w = ans},
        .w = w};
    if (w->n_builds == 0 || !ans->has_best) {
        cv_text_resolve(b, st, ans); /* why nothing fits, and what would */
        return;
    }
    if (w->asked & CV_WHAT_TORCH)
        torch(&x);
    if (w->asked & CV_WHAT_DRIVER)
        driver(&x);
    if (w->asked & CV_WHAT_GPU)
        gpus(&x);
    if (w->asked & CV_WHAT_PYTHON)
        pythons(&x);
}
