/* catalog.c: torch-builds, macOS's builds and conda's packages as one array of builds. */
#include "resolve/catalog.h"

static int cmp_release(cv_str a, cv_str b)
{
    struct cv_pep440 x, y;
    if (!cv_pep440_parse(a, &x) || !cv_pep440_parse(b, &y))
        return cv_str_cmp(a, b);
    return cv_pep440_cmp(&x, &y);
}

/* All releases, newest first: half a hundred, so the plain way will do. */
static void list_releases(struct cv_catalog *c)
{
    uint32_t n = cv_facts_rows(c->f, CV_T_TORCH_RELEASES);
    for (uint32_t r = 0; r < n; r++) {
        cv_str v = cv_facts_at(c->f, CV_T_TORCH_RELEASES, r, 0);
        cv_str *to = CV_PUSH(c->a, c, releases);
        if (!to)
            return;
        uint32_t k = c->n_releases - 1;
        for (; k > 0 && cmp_release(v, c->releases[k - 1]) > 0; k--)
            c->releases[k] = c->releases[k - 1];
        c->releases[k] = v;
    }
    c->release_rows = cv_arena_alloc(c->a, (n + 1) * sizeof *c->release_rows);
    for (uint32_t i = 0; c->release_rows && i < c->n_releases; i++)
        c->release_rows[i] = cv_facts_find1(c->f, CV_T_TORCH_RELEASES, c->releases[i]);
}

static bool on_platform(cv_str os, cv_str arch, cv_str build_os, cv_str build_arch)
{
    return (os.len == 0 || cv_str_eq(os, build_os)) &&
           (arch.len == 0 || cv_str_eq(arch, build_arch));
}

/* The floors of a CUDA are the same for all its builds. */
static void add(struct cv_catalog *c, struct cv_build *b)
{
    for (uint32_t i = c->n_builds; b->has_cuda && i > 0; i--) {
        if (cv_xy_cmp(c->builds[i - 1].cuda, b->cuda) == 0) {
            b->floors = c->builds[i - 1].floors;
            break;
        }
    }
    if (!b->prepared)
        cv_build_prepare(c->f, b);
    struct cv_build *to = CV_PUSH(c->a, c, builds);
    if (to)
        *to = *b;
}

static void add_wheels(struct cv_catalog *c, cv_str release, cv_str os, cv_str arch)
{
    uint32_t r = cv_facts_find1(c->f, CV_T_TORCH_BUILDS, release);
    for (; r < cv_facts_rows(c->f, CV_T_TORCH_BUILDS) &&
           cv_str_eq(cv_facts_at(c->f, CV_T_TORCH_BUILDS, r, 0), release);
         r++) {
        struct cv_build b;
        if (!on_platform(os, arch, cv_facts_at(c->f, CV_T_TORCH_BUILDS, r, 2),
                         cv_facts_at(c->f, CV_T_TORCH_BUILDS, r, 3)))
            continue;
        cv_build_from_row(c->f, r, &b);
        add(c, &b);
    }
}

static void add_macos(struct cv_catalog *c, cv_str release, cv_str os, cv_str arch)
{
    static const char *const archs[] = {"aarch64", "x86_64"};
    uint32_t row = cv_facts_find1(c->f, CV_T_TORCH_RELEASES, release);
    for (size_t i = 0; i < 2; i++) {
        struct cv_build b;
        cv_str one = cv_str_z(archs[i]);
        if (on_platform(os, arch, CV_S("macos"), one) && cv_build_macos(c->f, row, one, &b))
            add(c, &b);
    }
}

/* ---- conda ---- */

static bool has_build(const struct cv_catalog *c, cv_str torch, cv_str variant)
{
    for (uint32_t i = c->n_builds; i > 0; i--)
        if (cv_str_eq(c->builds[i - 1].torch, torch) &&
            cv_str_eq(c->builds[i - 1].variant, variant))
            return true;
    return false;
}

/* "cuda9.0.176" of the pytorch channel; "12.9" of a list of conda-forge. */
static void add_conda(struct cv_catalog *c, uint32_t row, cv_str channel, cv_str cuda)
{
    cv_str cudnn = cv_facts_get(c->f, CV_T_CONDA, row, "cudnn"),
           pythons = cv_facts_get(c->f, CV_T_CONDA, row, "pythons"), one;
    struct cv_build b = {.torch = cv_facts_at(c->f, CV_T_CONDA, row, 2),
                         .channel = channel,
                         .os = CV_S("linux"),
                         .arch = CV_S("x86_64"),
                         .cuda_toolkit = cuda,
                         .nccl = CV_S(""),
                         .row = CV_NO_ROW,
                         .arch_row = CV_NO_ROW,
                         .listed = true,
                         .has_cuda = true};
    if (!cv_xy_parse(cuda, &b.cuda))
        return;
    b.variant = cv_arena_fmt(c->a, "cu%u%u", b.cuda.major, b.cuda.minor);
    if (has_build(c, b.torch, b.variant))
        return;
    b.cudnn = cv_str_starts(cudnn, "cudnn") ? cv_str_from(cudnn, 5) : CV_S("");
    add(c, &b);
    if (c->n_builds == 0)
        return;
    struct cv_build *to = &c->builds[c->n_builds - 1];
    to->pythons = to->pypi_pythons = cv_cell_none(pythons) ? CV_S("") : pythons;
    to->python_bits = 0;
    while (pythons.len && to->pythons.len && cv_str_next(&pythons, ',', &one))
        to->python_bits |= cv_python_bit(one);
    to->glibc =
        (struct cv_xy){0, 0}; /* conda brings what it needs; its floor is not in the tables */
    to->b1_table = CV_T_CONDA;
    to->b1_row = row;
}

static void add_conda_release(struct cv_catalog *c, cv_str release, cv_str os, cv_str arch)
{
    static const char *const channels[][2] = {{"pytorch", "conda-pytorch"},
                                              {"conda-forge", "conda-forge"}};
    if (!on_platform(os, arch, CV_S("linux"), CV_S("x86_64")))
        return;
    for (size_t k = 0; k < 2; k++) {
        const cv_str key[3] = {cv_str_z(channels[k][0]), CV_S("package"), release};
        uint32_t r = cv_facts_find(c->f, CV_T_CONDA, key, 3);
        for (; r < cv_facts_rows(c->f, CV_T_CONDA) &&
               cv_str_eq(cv_facts_at(c->f, CV_T_CONDA, r, 0), key[0]) &&
               cv_str_eq(cv_facts_at(c->f, CV_T_CONDA, r, 2), release);
             r++) {
            cv_str list = cv_str_trim(cv_str_from(cv_facts_at(c->f, CV_T_CONDA, r, 3), 4)), one;
            while (list.len && cv_str_next(&list, ',', &one))
                add_conda(c, r, cv_str_z(channels[k][1]), one);
        }
    }
}

/* ---- all ---- */

void cv_catalog_make(const struct cv_facts *f, struct cv_arena *a, cv_str os, cv_str arch,
                     bool conda, struct cv_catalog *ret)
{
    *ret = (struct cv_catalog){.f = f, .a = a, .conda = conda};
    list_releases(ret);
    for (uint32_t i = 0; i < ret->n_releases; i++) {
        uint32_t from = ret->n_builds;
        if (conda) {
            add_conda_release(ret, ret->releases[i], os, arch);
        } else {
            add_wheels(ret, ret->releases[i], os, arch);
            add_macos(ret, ret->releases[i], os, arch);
        }
        for (uint32_t k = from; k < ret->n_builds; k++)
            ret->builds[k].release = i;
    }
}

cv_str cv_build_channel(const struct cv_build *b, const struct cv_machine *m)
{
    /* A Python that only PyTorch's own index has. */
    if (b->on_pypi && cv_known(&m->python) && !cv_str_has_word(b->pypi_pythons, ',', m->python.v))
        return CV_S("pytorch");
    return b->channel;
}
