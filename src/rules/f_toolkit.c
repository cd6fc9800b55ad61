/* f_toolkit.c: T1, versions only: the toolkit that a build of extensions would use here, against torch, the GPUs and the host compiler. Information: a
 * toolkit is not needed to run PyTorch. */
#include "rules/findings.h"

/* CUDA_HOME, else the nvcc in PATH, else /usr/local/cuda (torch.utils.cpp_extension, _find_cuda_home). */
static const struct cv_toolkit *used_toolkit(const struct cv_machine *m)
{
    const struct cv_toolkit *best = NULL;
    for (int step = 0; step < 3 && !best; step++)
        for (uint32_t i = 0; i < m->n_toolkits && !best; i++) {
            const struct cv_toolkit *t = &m->toolkits[i];
            if (step == 0 ? t->is_cuda_home : step == 1 ? t->in_path : t->is_default)
                best = t;
        }
    return best && best->version.len && best->has_nvcc ? best : NULL;
}

static void toolkit_evidence(struct cv_diag *g, struct cv_finding *f, const struct cv_toolkit *t)
{
    cv_find_evidence(g, f, t->src.path, t->src.text.len ? t->src.text : t->version);
    if (t->is_cuda_home)
        cv_find_evidence(g, f, CV_S("$CUDA_HOME"), t->path);
    else if (t->in_path)
        cv_find_evidence(g, f, CV_S("$PATH"),
                         cv_arena_fmt(g->a, CV_FMT "/bin/nvcc", CV_ARG(t->path)));
}

static void check_torch(struct cv_diag *g, const struct cv_toolkit *t)
{
    struct cv_xy kit;
    if (!cv_xy_parse(t->version, &kit))
        return;
    for (uint32_t i = 0; i < g->d->n_envs; i++) {
        const struct cv_env_judgement *ej = &g->d->envs[i];
        const struct cv_env *e = &g->m->environments[ej->env];
        if (!ej->build.has_cuda || ej->build.cuda.major == 0 ||
            cv_xy_cmp(kit, ej->build.cuda) == 0 || !cv_find_is_main(g->d, ej->env))
            continue;
        bool major = kit.major != ej->build.cuda.major;
        const char *id = major ? "toolkit-major-mismatch" : "toolkit-minor-mismatch";
        if (cv_find_has(g->d, id))
            continue;
        cv_str title = cv_arena_fmt(
            g->a, "CUDA toolkit " CV_FMT " beside torch for CUDA %u.%u: only extensions care",
            CV_ARG(t->version), ej->build.cuda.major, ej->build.cuda.minor);
        cv_str cause =
            major ? cv_arena_fmt(
                        g->a,
                        "PyTorch refuses to build extensions with a toolkit of another major "
                        "version than its own (CUDA %u). Running PyTorch does not use the toolkit.",
                        ej->build.cuda.major)
                  : CV_S("Building extensions works with another minor version and prints a "
                         "warning. Running PyTorch does not use the toolkit.");
        struct cv_finding *f = cv_find_new(g, id, CV_INFO, "T1", title, cause);
        if (f)
            f->env = e->path;
        toolkit_evidence(g, f, t);
        cv_find_fact(g, f, &e->torch.cuda);
    }
}

/* Row of nvcc-targets of the same X.Y. */
static uint32_t targets_row(const struct cv_facts *f, struct cv_xy kit)
{
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_NVCC_TARGETS); r++) {
        struct cv_xy xy;
        if (cv_xy_parse(cv_facts_get(f, CV_T_NVCC_TARGETS, r, "cuda"), &xy) &&
            cv_xy_cmp(xy, kit) == 0)
            return r;
    }
    return CV_NO_ROW;
}

static void check_gpus(struct cv_diag *g, const struct cv_toolkit *t)
{
    struct cv_xy kit, first, last;
    if (!cv_xy_parse(t->version, &kit))
        return;
    for (uint32_t i = 0; i < g->m->n_gpus; i++) {
        const struct cv_gpu *gpu = &g->m->gpus[i];
        if (!cv_gpu_counts(g->m, i) || !cv_known(&gpu->cc_text) ||
            cv_find_has(g->d, "toolkit-lacks-gpu"))
            continue;
        uint32_t row = cv_facts_gpu_arch(g->f, gpu->cc), targets = targets_row(g->f, kit);
        bool lacks;
        if (targets != CV_NO_ROW)
            lacks = !cv_str_has_word(cv_facts_get(g->f, CV_T_NVCC_TARGETS, targets, "targets"), ' ',
                                     cv_arena_fmt(g->a, "sm_%u", cv_cc_number(gpu->cc)));
        else if (row != CV_NO_ROW &&
                 cv_xy_parse(cv_facts_get(g->f, CV_T_GPU_ARCH, row, "first_cuda"), &first))
            lacks = cv_xy_cmp(kit, first) < 0 ||
                    (cv_xy_parse(cv_facts_get(g->f, CV_T_GPU_ARCH, row, "last_cuda"), &last) &&
                     cv_xy_cmp(kit, last) > 0);
        else
            continue;
        if (!lacks)
            continue;
        struct cv_finding *f =
            cv_find_new(g, "toolkit-lacks-gpu", CV_INFO, "T1",
                        cv_arena_fmt(g->a, "nvcc of CUDA " CV_FMT " cannot compile for this GPU",
                                     CV_ARG(t->version)),
                        cv_arena_fmt(g->a,
                                     "The compiler of toolkit " CV_FMT " has no target for " CV_FMT
                                     ". It matters only when you compile extensions.",
                                     CV_ARG(t->version), CV_ARG(cv_gpu_words(g->a, gpu))));
        toolkit_evidence(g, f, t);
    }
}

/* The row of host-compilers: the exact release, else the newest known of the same X.Y. */
static uint32_t compilers_row(const struct cv_facts *f, cv_str version, struct cv_xy kit)
{
    uint32_t row = cv_facts_find1(f, CV_T_HOST_COMPILERS, version), best = CV_NO_ROW;
    if (row != CV_NO_ROW)
        return row;
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_HOST_COMPILERS); r++) {
        struct cv_xy xy;
        if (cv_xy_parse(cv_facts_at(f, CV_T_HOST_COMPILERS, r, 0), &xy) &&
            cv_xy_cmp(xy, kit) == 0 &&
            (best == CV_NO_ROW || cv_dotted_cmp(cv_facts_at(f, CV_T_HOST_COMPILERS, r, 0),
                                                cv_facts_at(f, CV_T_HOST_COMPILERS, best, 0)) > 0))
            best = r;
    }
    return best;
}

static void check_compiler(struct cv_diag *g, const struct cv_toolkit *t)
{
    struct cv_xy kit;
    uint32_t max, have;
    if (!cv_xy_parse(t->version, &kit))
        return;
    uint32_t row = compilers_row(g->f, t->version, kit);
    for (uint32_t i = 0; i < g->m->n_compilers && row != CV_NO_ROW; i++) {
        const struct cv_compiler *c = &g->m->compilers[i];
        cv_str limit = cv_facts_get(g->f, CV_T_HOST_COMPILERS, row,
                                    cv_str_eqz(c->name, "clang") ? "clang_max" : "gcc_max");
        if (!c->is_default || cv_cell_unknown(limit) || !cv_dotted_num(limit, 0, &max) ||
            !cv_dotted_num(c->version, 0, &have) || have <= max)
            continue;
        struct cv_finding *f =
            cv_find_new(g, "host-compiler-too-new", CV_INFO, "T1",
                        cv_arena_fmt(g->a, CV_FMT " %u is newer than CUDA " CV_FMT " accepts",
                                     CV_ARG(c->name), have, CV_ARG(t->version)),
                        cv_arena_fmt(g->a,
                                     "nvcc of CUDA " CV_FMT " accepts " CV_FMT
                                     " up to %u. It matters only when you compile extensions.",
                                     CV_ARG(t->version), CV_ARG(c->name), max));
        cv_find_evidence(g, f, c->path, c->src.text);
        if (f)
            f->source = cv_facts_source(g->f, CV_T_HOST_COMPILERS, row);
    }
}

void cv_find_toolkits(struct cv_diag *g)
{
    const struct cv_toolkit *t = used_toolkit(g->m);
    if (!t)
        return;
    check_torch(g, t);
    check_gpus(g, t);
    check_compiler(g, t);
}
