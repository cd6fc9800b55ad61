/* fuzz_code.h: what must hold of the GPU code read from any bytes. */
#ifndef CV_TESTS_FUZZ_CODE_H
#define CV_TESTS_FUZZ_CODE_H

#include "format/codefile.h"

#include <stdlib.h>

#define FUZZ_MUST(x)                                                                               \
    do {                                                                                           \
        if (!(x))                                                                                  \
            abort();                                                                               \
    } while (0)

/* The counts agree with each other; with the file's size too: an entry is 64 bytes, a container 16. */
static inline void fuzz_code_sound(const struct cv_gpucode *c, struct cv_arena *a, uint64_t size)
{
    uint64_t images = 0, containers = 0;
    uint8_t order[CV_CODE_MAX_TARGETS];
    if (a->oom) /* the caller reports that, and shows no counts */
        return;
    FUZZ_MUST(c->n_targets <= CV_CODE_MAX_TARGETS && c->n_sets <= CV_CODE_MAX_SETS);
    FUZZ_MUST(!c->partial || c->error.len);
    for (uint32_t s = 0; s < c->n_sets; s++) {
        FUZZ_MUST(c->sets[s].containers > 0);
        containers += c->sets[s].containers;
        for (unsigned i = c->n_targets; i < CV_CODE_MAX_TARGETS; i++)
            FUZZ_MUST(!cv_code_mask_has(&c->sets[s].mask, i));
    }
    for (unsigned i = 0; i < c->n_targets; i++) {
        const struct cv_code_target *t = &c->targets[i];
        uint64_t in = 0;
        for (uint32_t s = 0; s < c->n_sets; s++)
            in += cv_code_mask_has(&c->sets[s].mask, i) ? c->sets[s].containers : 0;
        FUZZ_MUST(t->containers >= in && (c->partial || t->containers == in));
        FUZZ_MUST(t->images >= t->containers && t->containers > 0);
        FUZZ_MUST(t->containers <= c->containers);
        images += t->images;
    }
    FUZZ_MUST(c->images >= images && (c->partial || c->images == images));
    FUZZ_MUST(c->containers >= containers && (c->partial || c->containers == containers));
    if (c->form != CV_FORM_CUBIN && c->form != CV_FORM_PTX) {
        FUZZ_MUST((uint64_t)c->containers <= size / 16 + 1);
        FUZZ_MUST((uint64_t)c->images + c->lto_images + c->other_images <= size / 64 + 1);
    }
    cv_gpucode_order(c, order);
    for (unsigned i = 1; i < c->n_targets; i++)
        FUZZ_MUST(cv_target_cmp(c->targets[order[i - 1]].t, c->targets[order[i]].t) < 0);
}

/* Written as a line and read again, whole code is the same. */
static inline void fuzz_code_line(const struct cv_gpucode *c, struct cv_arena *a)
{
    struct cv_gpucode *again = malloc(sizeof *again);
    cv_str line = cv_gpucode_text(a, c);
    bool good = again && cv_gpucode_parse(a, line, again);
    if (again && !a->oom && !c->partial) {
        FUZZ_MUST(good && again->images == c->images && again->n_sets == c->n_sets);
        FUZZ_MUST(cv_str_eq(cv_gpucode_text(a, again), line) || a->oom);
    }
    free(again);
}

static inline void fuzz_code(const struct cv_reader *r, struct cv_arena *a)
{
    struct cv_gpucode *c = malloc(sizeof *c), *sum = malloc(sizeof *sum);
    if (c && sum) {
        struct cv_code_ask ask = {.where = CV_CODE_ALL};
        cv_code_read(r, &ask, a, c);
        fuzz_code_sound(c, a, r->size);
        if (c->elsewhere)
            fuzz_code_sound(&c->elsewhere->code, a, r->size);
        fuzz_code_line(c, a);
        cv_gpucode_init(sum);
        cv_gpucode_merge(sum, a, c);
        cv_gpucode_merge(sum, a, c);
        FUZZ_MUST(sum->images == 2 * c->images && (a->oom || sum->n_targets == c->n_targets));
        FUZZ_MUST(a->oom || c->partial || sum->containers == 2 * c->containers);
    }
    free(c);
    free(sum);
}

#endif
