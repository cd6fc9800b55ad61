/* matrix_words.c: see matrix_words.h. */
#include "report/matrix_words.h"
#include "rules/judge.h"

const struct cv_word_row cv_words[CV_N_WORDS] = {
    [CV_W_NONE] = {"·", ".", "", "no such build", "none", CV_DIM},
    [CV_W_PUB] = {"✓", "+", "pub", "published; --driver, --gpu and --python show what runs", "pub",
                  CV_PLAIN},
    [CV_W_YES] = {"✓", "+", "yes", "runs", "yes", CV_GREEN},
    [CV_W_JIT] = {"✓", "+", "jit", "runs; the driver compiles the kernels at the first start",
                  "yes", CV_GREEN},
    [CV_W_IF] = {"~", "~", "if", "runs, if what is left open of the machine fits", "if", CV_YELLOW},
    [CV_W_CPU] = {"-", "-", "cpu", "runs on the CPU only", "cpu", CV_PLAIN},
    [CV_W_UNKNOWN] = {"?", "?", "unk", "a fact is missing", "unk", CV_YELLOW},
    [CV_W_DRIVER] = {"✗", "x", "drv", "the driver is too old for it, or does not drive the GPU",
                     "no", CV_RED},
    [CV_W_GPU] = {"✗", "x", "gpu", "has no code for the GPU", "no", CV_RED},
    [CV_W_PYTHON] = {"✗", "x", "py", "has no wheel for this Python", "no", CV_RED},
    [CV_W_GLIBC] = {"✗", "x", "libc", "needs a newer glibc", "no", CV_RED},
    [CV_W_OTHER] = {"✗", "x", "no", "does not fit", "no", CV_RED},
};

enum cv_word cv_matrix_word(const struct cv_matrix *x, const struct cv_cell *c)
{
    if (!c->b)
        return CV_W_NONE;
    if (x->nothing_known && (c->verdict == CV_V_WORKS_IF || c->verdict == CV_V_CPU_ONLY))
        return CV_W_PUB;
    if (!c->b->has_cuda && c->verdict == CV_V_WORKS_IF)
        return CV_W_CPU;
    switch (c->verdict) {
    case CV_V_WORKS:
        return CV_W_YES;
    case CV_V_WORKS_JIT:
        return CV_W_JIT;
    case CV_V_WORKS_IF:
        return CV_W_IF;
    case CV_V_CPU_ONLY:
        return CV_W_CPU;
    case CV_V_UNKNOWN:
        return CV_W_UNKNOWN;
    case CV_V_DRIVER_TOO_OLD:
    case CV_V_GPU_UNSUPPORTED_BY_DRIVER:
        return CV_W_DRIVER;
    case CV_V_GPU_TOO_OLD:
    case CV_V_GPU_TOO_NEW:
        return CV_W_GPU;
    case CV_V_NO_BUILD:
        return c->lack == CV_LACK_PYTHON  ? CV_W_PYTHON
               : c->lack == CV_LACK_GLIBC ? CV_W_GLIBC
                                          : CV_W_OTHER;
    case CV_N_VERDICTS:
        break;
    }
    return CV_W_OTHER;
}

bool cv_matrix_warns(const struct cv_cell *c)
{
    return c->b && c->warned &&
           (c->verdict == CV_V_WORKS || c->verdict == CV_V_WORKS_JIT ||
            c->verdict == CV_V_WORKS_IF);
}

enum cv_word cv_matrix_mark(const struct cv_matrix_row *r)
{
    return r->runs ? CV_W_YES : r->may_run ? CV_W_IF : CV_W_OTHER;
}

cv_str cv_matrix_pythons(struct cv_arena *a, uint64_t bits)
{
    cv_str list = cv_python_list(a, (bits | bits >> 32) & UINT64_C(0xffffffff), ","), one,
           first = CV_S(""), last = CV_S("");
    while (list.len && cv_str_next(&list, ',', &one)) {
        first = first.len ? first : one;
        last = one;
    }
    return cv_str_eq(first, last) ? first
                                  : cv_arena_fmt(a, CV_FMT "-" CV_FMT, CV_ARG(first), CV_ARG(last));
}

static void join(struct cv_arena *a, cv_str *to, const char *label, const struct cv_fact *f)
{
    if (cv_known(f) || cv_absent(f))
        *to = cv_arena_fmt(a, CV_FMT "%s%s" CV_FMT, CV_ARG(*to), to->len ? "; " : "", label,
                           CV_ARG(cv_known(f) ? f->v : CV_S("none")));
}

cv_str cv_matrix_subject(struct cv_arena *a, const struct cv_matrix *x)
{
    const struct cv_machine *m = x->ask.m;
    cv_str out = CV_S("");
    if (x->nothing_known)
        return CV_S("What is published, for any machine");
    join(a, &out, "Driver ", &m->driver.version);
    for (uint32_t i = 0; i < m->n_gpus; i++)
        if (cv_gpu_counts(m, i))
            out = cv_arena_fmt(a, CV_FMT "%s" CV_FMT, CV_ARG(out), out.len ? "; " : "",
                               CV_ARG(cv_gpu_words(a, &m->gpus[i])));
    if (cv_machine_no_gpu(m))
        out = cv_arena_fmt(a, CV_FMT "%sno NVIDIA GPU", CV_ARG(out), out.len ? "; " : "");
    join(a, &out, "Python ", &m->python);
    join(a, &out, "", &m->place.os);
    join(a, &out, "", &m->place.arch);
    if (cv_known(&m->place.glibc))
        join(a, &out, "glibc ", &m->place.glibc);
    return out;
}
