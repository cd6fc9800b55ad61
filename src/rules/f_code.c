/* f_code.c: findings from the GPU code that is really in an installed torch: a library of it that has nothing for a GPU which the rest serves, and a build that
 * declares something else than it holds. Only what matters for a GPU that is here. */
#include "rules/code.h"
#include "rules/findings.h"

static bool new_cuda(const struct cv_env_judgement *ej)
{
    return ej->build.has_cuda && cv_xy_cmp(ej->build.cuda, (struct cv_xy){13, 2}) >= 0;
}

static cv_str declared_words(struct cv_diag *g, const struct cv_torch *t, struct cv_cc cc,
                             bool cuda_ge_13_2)
{
    for (unsigned i = t->targets.n; cv_known(&t->archs) && i > 0; i--)
        if (cv_sass_runs(g->f, t->targets.t[i - 1], cc, cuda_ge_13_2))
            return cv_arena_fmt(g->a, ", though the build declares " CV_FMT,
                                CV_ARG(cv_target_str(g->a, t->targets.t[i - 1])));
    return CV_S("");
}

/* libtorch_cuda_linalg.so of torch 2.13.0 has nothing for 7.5. */
static void check_library(struct cv_diag *g, const struct cv_env_judgement *ej,
                          const struct cv_code_file *lib, uint32_t gpu)
{
    const struct cv_env *e = &g->m->environments[ej->env];
    const struct cv_gpu *card = &g->m->gpus[gpu];
    struct cv_code_gpu one;
    cv_code_for_gpu(g->f, &lib->code, card->cc, new_cuda(ej), &one);
    if (one.without == 0)
        return;
    bool linalg = cv_str_has(cv_str_base(lib->name), "linalg");
    struct cv_finding *f = cv_find_new(
        g, "torch-library-lacks-gpu", CV_WARNING, "G1",
        cv_arena_fmt(g->a, CV_FMT " of torch " CV_FMT " lacks code for this GPU",
                     CV_ARG(cv_str_base(lib->name)), CV_ARG(e->torch.version)),
        cv_arena_fmt(g->a,
                     "%u of its %u containers have neither machine code nor PTX for " CV_FMT CV_FMT
                     ". %s may fail there with \"no kernel image is available\"; the rest of this "
                     "torch runs.",
                     one.without, lib->code.containers, CV_ARG(cv_gpu_words(g->a, card)),
                     CV_ARG(declared_words(g, &e->torch, card->cc, new_cuda(ej))),
                     linalg ? "Linear algebra (torch.linalg, solve, svd, cholesky)"
                            : "Operations whose kernels lie there"));
    if (!f)
        return;
    f->env = e->path;
    struct cv_targets there;
    cv_gpucode_common(&lib->code, &there);
    cv_find_evidence(g, f, lib->name,
                     cv_arena_fmt(g->a, "its containers hold " CV_FMT,
                                  CV_ARG(cv_targets_str(g->a, &there, " "))));
    cv_find_fact(g, f, &e->torch.archs);
    struct cv_fix *fix = f ? CV_PUSH(g->a, f, fixes) : NULL;
    if (fix)
        *fix = (struct cv_fix){.text = CV_S("Try what you need before relying on it here; a call "
                                            "that fails can be moved to the CPU (.cpu())."),
                               .command = CV_S("")};
}

void cv_find_code(struct cv_diag *g)
{
    for (uint32_t i = 0; i < g->d->n_envs; i++) {
        const struct cv_env_judgement *ej = &g->d->envs[i];
        const struct cv_torch *t = &g->m->environments[ej->env].torch;
        for (uint32_t k = 0; k < ej->j.n_gpus; k++) {
            uint32_t gpu = ej->j.gpus[k].gpu;
            if (!cv_known(&g->m->gpus[gpu].cc_text) || !cv_gpu_counts(g->m, gpu) ||
                cv_verdict_fails(ej->j.gpus[k].verdict))
                continue;
            for (uint32_t l = 0; l < t->n_code; l++)
                check_library(g, ej, &t->code[l], gpu);
        }
    }
}
