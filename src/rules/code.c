/* code.c: see code.h. */
#include "rules/code.h"

#include "rules/judge.h"

static void count(const struct cv_facts *f, const struct cv_gpucode *code, struct cv_cc cc,
                  bool cuda_ge_13_2, struct cv_code_gpu *ret)
{
    struct cv_code_mask sass = {{0}}, ptx = {{0}};
    bool via_sass = false;
    *ret = (struct cv_code_gpu){0};
    for (unsigned i = 0; i < code->n_targets; i++) {
        struct cv_target t = code->targets[i].t;
        bool is_sass = cv_sass_runs(f, t, cc, cuda_ge_13_2), is_ptx = cv_ptx_runs(t, cc);
        if (!is_sass && !is_ptx)
            continue;
        struct cv_code_mask *m = is_sass ? &sass : &ptx;
        m->w[i / 64] |= (uint64_t)1 << (i % 64);
        bool better = !ret->has_via || (is_sass && !via_sass) ||
                      (is_sass == via_sass && cv_target_cmp(t, ret->via) > 0);
        if (better) {
            ret->via = t;
            ret->has_via = true;
            via_sass = is_sass;
        }
    }
    for (uint32_t s = 0; s < code->n_sets; s++) {
        const struct cv_code_set *set = &code->sets[s];
        bool native = (set->mask.w[0] & sass.w[0]) || (set->mask.w[1] & sass.w[1]);
        bool jit = (set->mask.w[0] & ptx.w[0]) || (set->mask.w[1] & ptx.w[1]);
        if (!native && jit)
            ret->by_jit += set->containers;
        else if (!native)
            ret->without += set->containers;
    }
}

void cv_code_for_gpu(const struct cv_facts *f, const struct cv_gpucode *code, struct cv_cc cc,
                     bool cuda_ge_13_2, struct cv_code_gpu *ret)
{
    count(f, code, cc, cuda_ge_13_2, ret);
    if (!ret->has_via && code->elsewhere) {
        struct cv_code_gpu there;
        count(f, &code->elsewhere->code, cc, cuda_ge_13_2, &there);
        ret->via = there.via;
        ret->has_via = ret->elsewhere = there.has_via;
    }
}

bool cv_code_most(const struct cv_facts *f, const struct cv_gpucode *code, struct cv_cc cc,
                  bool cuda_ge_13_2, bool ptx, struct cv_target *ret)
{
    const struct cv_code_target *best = NULL;
    for (unsigned i = 0; i < code->n_targets; i++) {
        const struct cv_code_target *t = &code->targets[i];
        if (!(ptx ? cv_ptx_runs(t->t, cc) : cv_sass_runs(f, t->t, cc, cuda_ge_13_2)))
            continue;
        if (!best || t->containers > best->containers ||
            (t->containers == best->containers && cv_target_cmp(t->t, best->t) > 0))
            best = t;
    }
    if (best)
        *ret = best->t;
    return best != NULL;
}
