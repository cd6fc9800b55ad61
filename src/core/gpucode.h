/* gpucode.h: the GPU code found in one file: which targets, in how many containers, and which targets stand together in one container. A program picks
 * one image of each container, so "does it run" is asked of each container; a union of targets answers another question. */
#ifndef CV_CORE_GPUCODE_H
#define CV_CORE_GPUCODE_H

#include "base/arena.h"
#include "core/arch.h"

/* Counts up whenever the reader would answer differently for the same file: what was kept of older answers is then forgotten. */
#define CV_CODE_REVISION 1

#define CV_CODE_MAX_TARGETS                                                                        \
    128u /* different targets in one file; every target that nvcc ever had, twice, is under 80 */
#define CV_CODE_MAX_SETS 4096u /* different combinations in one file; real files have under 100 */

struct cv_code_mask {
    uint64_t w[CV_CODE_MAX_TARGETS / 64]; /* bit i = targets[i] */
};

struct cv_code_target {
    struct cv_target t;
    uint32_t images;     /* entries for it */
    uint32_t containers; /* containers that hold at least one */
};

struct cv_code_set {
    struct cv_code_mask mask;
    uint32_t containers; /* containers that hold exactly these targets */
};

/* GPU code outside the sections that are meant for it (design fatbin.md knows only those; measured: cuBLASLt 12.8 and later, cuDNN 9.10, cuSPARSELt and
 * cuTENSOR keep code in ".cask_resource", cuFFT and cuRAND in their data, TensorFlow and CUPTI in read-only data). cuobjdump lists none of it. */
struct cv_code_section {
    char name[32]; /* cut to fit */
    uint32_t containers;
    uint32_t cubins; /* without a container around them */
};
struct cv_elsewhere;

enum cv_code_form {
    CV_FORM_NONE = 0,
    CV_FORM_ELF,
    CV_FORM_PE,
    CV_FORM_CUBIN,
    CV_FORM_FATBIN,
    CV_FORM_PTX
};

struct cv_gpucode {
    enum cv_code_form form;
    struct cv_code_target
        targets[CV_CODE_MAX_TARGETS]; /* in the order found: bit numbers are their places */
    unsigned n_targets;
    CV_LIST(struct cv_code_set, sets);
    uint16_t
        *set_index;  /* hash of mask -> place in sets + 1, for adding; NULL while there are few */
    uint32_t images; /* cubins and PTX entries */
    uint32_t containers;
    struct cv_targets lto; /* targets of link-time code (its own entries; no images) */
    uint32_t lto_images;
    uint32_t other_images; /* entries of kinds that are not known */
    struct cv_elsewhere *elsewhere; /* NULL = nothing was found there, or it was not searched */
    bool searched_all;     /* the whole file was searched, not only the sections with a name for GPU code */
    bool partial;          /* something was cut short or left out: `error` says what */
    cv_str error;          /* "" = none */
};

struct cv_elsewhere {
    struct cv_gpucode code; /* containers and cubins together: each cubin counts as a container of its own */
    CV_LIST(struct cv_code_section, sections);
};

void cv_gpucode_init(struct cv_gpucode *c);
/* The bit of a target, made if need be; CV_CODE_MAX_TARGETS when there is no more room (then the code is marked partial). */
unsigned cv_gpucode_bit(struct cv_gpucode *c, struct cv_target t);
/* n containers with the targets in `mask` (their images are already counted by cv_gpucode_image). */
void cv_gpucode_containers(struct cv_gpucode *c, struct cv_arena *a, struct cv_code_mask mask, uint32_t n);
static inline void cv_gpucode_container(struct cv_gpucode *c, struct cv_arena *a, struct cv_code_mask mask)
{
    cv_gpucode_containers(c, a, mask, 1);
}
/* Counts an image and sets its bit in the container's mask. */
void cv_gpucode_image(struct cv_gpucode *c, struct cv_target t, struct cv_code_mask *mask);
/* Marks it partial; the first reason stays. */
void cv_gpucode_cut(struct cv_gpucode *c, cv_str why);
/* Adds what `from` has: one answer for several files. */
void cv_gpucode_merge(struct cv_gpucode *to, struct cv_arena *a, const struct cv_gpucode *from);
/* The same in other memory; NULL for NULL. */
struct cv_elsewhere *cv_elsewhere_copy(struct cv_arena *a, const struct cv_elsewhere *from);
/* All of it in other memory: out of an arena that ends. */
void cv_gpucode_move(struct cv_gpucode *to, struct cv_arena *a, const struct cv_gpucode *from);
/* Places of targets sorted: SASS before PTX, number, suffix. `order` has room for CV_CODE_MAX_TARGETS. */
void cv_gpucode_order(const struct cv_gpucode *c, uint8_t *order);

static inline bool cv_code_mask_has(const struct cv_code_mask *m, unsigned bit)
{
    return (m->w[bit / 64] >> (bit % 64)) & 1u;
}

/* Targets that at least half of the containers hold: what a file was built for, without what a few kernels add. */
void cv_gpucode_common(const struct cv_gpucode *c, struct cv_targets *ret);

/* One line that carries it all, for the cache and for recorded machines: images, containers, link-time and unknown entries, images of each target, and behind
 * "=" how many containers hold which of these targets: "850 449 0 0 sm_75:449 sm_80:401 = 401*0,1 48*0".
 * Parse is strict: false for anything that was not written by cv_gpucode_text. */
cv_str cv_gpucode_text(struct cv_arena *a, const struct cv_gpucode *c);
bool cv_gpucode_parse(struct cv_arena *a, cv_str text, struct cv_gpucode *ret);

/* What a package says of itself, to be compared with what is there. */
struct cv_declared {
    struct cv_targets
        targets;              /* gencode flags of its headers, else the list in its Python module */
    cv_str source;            /* where they were read; "" = nothing is declared */
    struct cv_targets python; /* the list in libtorch_python, where that was read too */
    cv_str python_source;     /* "" = not read */
    cv_str cuda;              /* CUDA version, "13.0"; "" = not known */
    cv_str version;           /* of the package, "2.13.0+cu130"; "" = not known */
};

/* One answer: a file, or a member of an archive, a wheel or a folder. */
struct cv_code_file {
    cv_str name;  /* "PATH" or "PATH!member" */
    cv_str group; /* the argument that it came from */
    cv_str within; /* its name below that, for people; "" = the rest of `name` behind `group` */
    struct cv_gpucode code;
    const struct cv_declared *declared; /* of its package; NULL = not asked */
    bool not_read;                      /* only the declared list was asked for */
};

struct cv_code_files {
    CV_LIST(struct cv_code_file, v);
};

#endif
