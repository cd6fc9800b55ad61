/* lint.c: what a table must keep to: a unique key, cells in the grammar of their column, and partners in other tables (facts/README.md, "Joins"). */
#include "facts_tables.h"

#include <stdio.h>

const struct gen_spec gen_specs[CV_N_TABLES] = {
    [CV_T_COMPAT_RULES] = {"compat-rules", 1},
    [CV_T_CONDA] = {"conda", 4},
    [CV_T_CUDA_RELEASES] = {"cuda-releases", 1},
    [CV_T_CUDA_ERRORS] = {"cuda-errors", 2},
    [CV_T_CUDNN] = {"cudnn", 4},
    [CV_T_CUDNN_FLOOR] = {"cudnn-floor", 1},
    [CV_T_DRIVER_BRANCHES] = {"driver-branches", 1},
    [CV_T_DRIVER_PACKAGES] = {"driver-packages", 4},
    [CV_T_DRIVER_VERSIONS] = {"driver-versions", 1},
    [CV_T_ERROR_CAUSES] = {"error-causes", 2},
    [CV_T_ERRORS] = {"errors", 1},
    [CV_T_FORWARD_COMPAT] = {"forward-compat", 1},
    [CV_T_GPU_ALIASES] = {"gpu-aliases", 1},
    [CV_T_GPU_ARCH] = {"gpu-arch", 1},
    [CV_T_GPU_FIRST_DRIVER] = {"gpu-first-driver", 5},
    [CV_T_GPU_PCI] = {"gpu-pci", 1},
    [CV_T_HOST_COMPILERS] = {"host-compilers", 1},
    [CV_T_INDEXES] = {"indexes", 2},
    [CV_T_INSTALL_FORMS] = {"install-forms", 2},
    [CV_T_JETSON] = {"jetson", 4},
    [CV_T_LIBS] = {"libs", 3},
    [CV_T_LOG_VALUES] = {"log-values", 1},
    [CV_T_MEASURED_WHEELS] = {"measured-wheels", 1},
    [CV_T_NCCL] = {"nccl", 1},
    [CV_T_NVCC_TARGETS] = {"nvcc-targets", 1},
    [CV_T_PTX_ISA] = {"ptx-isa", 2},
    [CV_T_TORCH_ARCHS] = {"torch-archs", 4},
    [CV_T_TORCH_BUILDS] = {"torch-builds", 4},
    [CV_T_TORCH_COMPANIONS] = {"torch-companions", 3},
    [CV_T_TORCH_DEVICE_RULES] = {"torch-device-rules", 1},
    [CV_T_TORCH_INDEX_WHEELS] = {"torch-index-wheels", 4},
    [CV_T_TORCH_RELEASES] = {"torch-releases", 1},
    [CV_T_XID] = {"xid", 1},
};

bool gen_in_file_order(const struct gen_spec *s)
{
    return s == &gen_specs[CV_T_ERRORS];
}

struct lint {
    struct cv_arena *a;
    struct gen_table *tables;
    int failures;
};

static void complain(struct lint *l, const struct gen_table *t, uint32_t row, const char *what,
                     cv_str value)
{
    const cv_str *cells = &t->tsv.cells[(size_t)row * t->tsv.n_cols];
    fprintf(stderr, CV_FMT ": row " CV_FMT ": %s: " CV_FMT "\n", CV_ARG(t->path), CV_ARG(cells[0]),
            what, CV_ARG(value));
    l->failures++;
}

static cv_str cell(const struct gen_table *t, uint32_t row, const char *column)
{
    for (unsigned c = 0; c < t->tsv.n_cols; c++)
        if (cv_str_eqz(t->tsv.cols[c], column))
            return t->tsv.cells[(size_t)row * t->tsv.n_cols + c];
    fprintf(stderr, "genfacts: " CV_FMT " has no column %s\n", CV_ARG(t->path), column);
    return CV_S("?");
}

static bool has_value(const struct gen_table *t, const char *column, cv_str value)
{
    for (uint32_t r = 0; r < t->tsv.n_rows; r++)
        if (cv_str_eq(cell(t, r, column), value))
            return true;
    return false;
}

static int cmp_keys(const struct gen_table *t, uint32_t x, uint32_t y)
{
    for (unsigned c = 0; c < t->spec->n_key; c++) {
        int d = cv_str_cmp(t->tsv.cells[(size_t)x * t->tsv.n_cols + c],
                           t->tsv.cells[(size_t)y * t->tsv.n_cols + c]);
        if (d)
            return d;
    }
    return 0;
}

static void order_rows(struct lint *l, struct gen_table *t)
{
    uint32_t n = t->tsv.n_rows;
    t->order = cv_arena_alloc(l->a, ((size_t)n + 1) * sizeof *t->order);
    for (uint32_t i = 0; i < n; i++)
        t->order[i] = i;
    for (uint32_t gap = n / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < n; i++) {
            uint32_t r = t->order[i], j = i;
            for (; j >= gap && cmp_keys(t, t->order[j - gap], r) > 0; j -= gap)
                t->order[j] = t->order[j - gap];
            t->order[j] = r;
        }
    }
    for (uint32_t i = 1; i < n; i++)
        if (cmp_keys(t, t->order[i - 1], t->order[i]) == 0)
            complain(l, t, t->order[i], "the key stands twice",
                     t->tsv.cells[(size_t)t->order[i] * t->tsv.n_cols]);
    for (uint32_t i = 0; i < n && gen_in_file_order(t->spec); i++)
        t->order[i] = i;
}

/* ---- grammar of cells ---- */

static bool open_cell(cv_str s)
{
    return s.len == 0 || cv_str_eqz(s, "?") || cv_str_eqz(s, "-") || cv_str_eqz(s, "none") ||
           cv_str_eqz(s, "N/A");
}

static bool is_version(cv_str s)
{
    return open_cell(s) || cv_dotted_ok(s);
}

static bool is_cc(cv_str s)
{
    struct cv_cc cc;
    return open_cell(s) || cv_cc_parse(s, &cc);
}

static bool is_targets(cv_str s)
{
    cv_str part;
    struct cv_target t;
    if (open_cell(s))
        return true;
    while (cv_str_next(&s, ',', &part))
        if (!cv_target_parse(cv_str_trim(part), &t))
            return false;
    return true;
}

static bool is_date(cv_str s)
{
    if (open_cell(s))
        return true;
    if (s.len != 7 && s.len != 10)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (i == 4 || i == 7 ? s.ptr[i] != '-' : !cv_is_digit(s.ptr[i]))
            return false;
    return true;
}

static bool is_os(cv_str s)
{
    return cv_str_eqz(s, "linux") || cv_str_eqz(s, "windows");
}

static bool is_arch(cv_str s)
{
    return cv_str_eqz(s, "x86_64") || cv_str_eqz(s, "aarch64");
}

static bool is_status(cv_str s)
{
    static const char *const known[] = {"stable",   "experimental", "listed",
                                        "unlisted", "removed",      "?"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (cv_str_eqz(s, known[i]))
            return true;
    return false;
}

static bool is_number(cv_str s)
{
    uint32_t v;
    return cv_str_u32(s, &v);
}

static bool is_tri(cv_str s)
{
    return cv_str_eqz(s, "yes") || cv_str_eqz(s, "no");
}

static bool is_open_modules(cv_str s)
{
    return cv_str_eqz(s, "no") || cv_str_eqz(s, "possible") || cv_str_eqz(s, "required") ||
           cv_str_eqz(s, "-");
}

static const struct {
    enum cv_table_id table;
    const char *column;
    bool (*good)(cv_str);
} grammar[] = {
    {CV_T_CUDA_RELEASES, "version", is_version},
    {CV_T_CUDA_RELEASES, "date", is_date},
    {CV_T_CUDNN_FLOOR, "from_version", is_version},
    {CV_T_CUDNN_FLOOR, "below", is_version},
    {CV_T_CUDNN_FLOOR, "cc_min", is_cc},
    {CV_T_CUDA_ERRORS, "number", is_number},
    {CV_T_DRIVER_BRANCHES, "branch", is_version},
    {CV_T_DRIVER_BRANCHES, "max_cuda_low", is_version},
    {CV_T_DRIVER_BRANCHES, "windows_min", is_version},
    {CV_T_DRIVER_BRANCHES, "windows_max", is_version},
    {CV_T_DRIVER_BRANCHES, "last_version", is_version},
    {CV_T_DRIVER_VERSIONS, "version", is_version},
    {CV_T_ERROR_CAUSES, "n", is_number},
    {CV_T_FORWARD_COMPAT, "cuda", is_version},
    {CV_T_GPU_ARCH, "cc", is_cc},
    {CV_T_GPU_ARCH, "open_modules", is_open_modules},
    {CV_T_GPU_ARCH, "tegra", is_tri},
    {CV_T_GPU_PCI, "compute_capability", is_cc},
    {CV_T_GPU_PCI, "readme_first", is_version},
    {CV_T_HOST_COMPILERS, "cuda", is_version},
    {CV_T_PTX_ISA, "ptx_isa", is_version},
    {CV_T_TORCH_ARCHS, "sass", is_targets},
    {CV_T_TORCH_ARCHS, "ptx", is_targets},
    {CV_T_TORCH_ARCHS, "os", is_os},
    {CV_T_TORCH_ARCHS, "arch", is_arch},
    {CV_T_TORCH_BUILDS, "torch", is_version},
    {CV_T_TORCH_BUILDS, "cuda_toolkit", is_version},
    {CV_T_TORCH_BUILDS, "cudnn", is_version},
    {CV_T_TORCH_BUILDS, "nccl", is_version},
    {CV_T_TORCH_BUILDS, "os", is_os},
    {CV_T_TORCH_BUILDS, "arch", is_arch},
    {CV_T_TORCH_BUILDS, "status", is_status},
    {CV_T_TORCH_BUILDS, "on_pypi", is_tri},
    {CV_T_TORCH_RELEASES, "torch", is_version},
    {CV_T_TORCH_RELEASES, "date", is_date},
    {CV_T_XID, "number", is_number},
};

static void check_grammar(struct lint *l)
{
    for (size_t i = 0; i < sizeof grammar / sizeof grammar[0]; i++) {
        const struct gen_table *t = &l->tables[grammar[i].table];
        for (uint32_t r = 0; r < t->tsv.n_rows; r++) {
            cv_str v = cell(t, r, grammar[i].column);
            cv_str bare = v.len > 1 && v.ptr[v.len - 1] == '?' ? cv_str_sub(v, 0, v.len - 1) : v;
            if (!grammar[i].good(v) && !grammar[i].good(bare))
                complain(l, t, r,
                         cv_arena_z(l->a, cv_arena_fmt(l->a, "column %s is not in its grammar",
                                                       grammar[i].column)),
                         v);
        }
    }
}

/* ---- partners ---- */

/* Every chip of gpu-pci with a capability stands in gpu-arch under that capability. */
static void check_chips(struct lint *l)
{
    const struct gen_table *pci = &l->tables[CV_T_GPU_PCI], *arch = &l->tables[CV_T_GPU_ARCH];
    for (uint32_t r = 0; r < pci->tsv.n_rows; r++) {
        cv_str chip = cell(pci, r, "chip"), cc = cell(pci, r, "compute_capability");
        bool found = open_cell(cc) || open_cell(chip);
        for (uint32_t k = 0; k < arch->tsv.n_rows && !found; k++)
            found = cv_str_has_word(cell(arch, k, "chips"), ' ', chip) &&
                    cv_str_eq(cell(arch, k, "cc"), cc);
        if (!found)
            complain(l, pci, r, "chip and compute capability are not together in gpu-arch", chip);
    }
}

static void check_aliases(struct lint *l)
{
    const struct gen_table *t = &l->tables[CV_T_GPU_ALIASES];
    for (uint32_t r = 0; r < t->tsv.n_rows; r++) {
        cv_str list = cell(t, r, "compute_capability"), id;
        while (cv_str_word(&list, &id))
            if (!has_value(&l->tables[CV_T_GPU_ARCH], "cc", id))
                complain(l, t, r, "compute capability is not in gpu-arch", id);
        list = cell(t, r, "device_ids");
        while (!open_cell(list) && cv_str_word(&list, &id))
            if (!has_value(&l->tables[CV_T_GPU_PCI], "device_id", id))
                complain(l, t, r, "device id is not in gpu-pci", id);
    }
}

static bool same_build(const struct gen_table *x, uint32_t i, const struct gen_table *y, uint32_t k)
{
    for (unsigned c = 0; c < 4; c++)
        if (!cv_str_eq(x->tsv.cells[(size_t)i * x->tsv.n_cols + c],
                       y->tsv.cells[(size_t)k * y->tsv.n_cols + c]))
            return false;
    return true;
}

/* Builds and architectures without a partner that are known and explained in facts/README.md. */
static bool lonely_allowed(const struct gen_table *t, uint32_t r)
{
    static const char *const allowed[] = {"0.4.1",        "1.2.0/cu92", "1.3.1",
                                          "2.15.0/cu126", "1.1.0/cu80", "1.8.2/cu101",
                                          "2.15.0/cu134"};
    cv_str torch = cell(t, r, "torch"), variant = cell(t, r, "variant");
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        cv_str want = cv_str_z(allowed[i]), first;
        (void)cv_str_next(&want, '/', &first);
        if (cv_str_eq(first, torch) && (!want.ptr || cv_str_eq(want, variant)))
            return true;
    }
    return false;
}

static void check_builds(struct lint *l)
{
    const struct gen_table *b = &l->tables[CV_T_TORCH_BUILDS],
                           *archs = &l->tables[CV_T_TORCH_ARCHS];
    for (uint32_t r = 0; r < b->tsv.n_rows; r++) {
        cv_str cuda = cell(b, r, "cuda_toolkit");
        if (!open_cell(cuda) && !has_value(&l->tables[CV_T_CUDA_RELEASES], "version", cuda))
            complain(l, b, r, "the build's CUDA is not in cuda-releases", cuda);
        if (!has_value(&l->tables[CV_T_TORCH_RELEASES], "torch", cell(b, r, "torch")))
            complain(l, b, r, "the release is not in torch-releases", cell(b, r, "torch"));
        bool found = cv_str_eqz(cell(b, r, "variant"), "cpu") || lonely_allowed(b, r);
        for (uint32_t k = 0; k < archs->tsv.n_rows && !found; k++)
            found = same_build(b, r, archs, k);
        if (!found)
            complain(l, b, r, "no row in torch-archs", cell(b, r, "variant"));
    }
    for (uint32_t r = 0; r < archs->tsv.n_rows; r++) {
        bool found = lonely_allowed(archs, r);
        for (uint32_t k = 0; k < b->tsv.n_rows && !found; k++)
            found = same_build(archs, r, b, k);
        if (!found)
            complain(l, archs, r, "no row in torch-builds", cell(archs, r, "variant"));
    }
}

static void check_companions(struct lint *l)
{
    const struct gen_table *t = &l->tables[CV_T_TORCH_COMPANIONS];
    for (uint32_t r = 0; r < t->tsv.n_rows; r++) {
        cv_str list = cell(t, r, "torch_exact"), one;
        while (list.len && cv_str_next(&list, ',', &one)) {
            one = cv_str_trim(one);
            size_t plus = cv_str_findc(one, '+');
            one = cv_str_sub(one, 0, plus == SIZE_MAX ? one.len : plus);
            if (!cv_dotted_ok(
                    one)) /* 2.9.*, and development versions that match nothing on purpose */
                continue;
            uint32_t major;
            if (cv_dotted_num(one, 0, &major) && major >= 1 &&
                !has_value(&l->tables[CV_T_TORCH_RELEASES], "torch", one))
                complain(l, t, r, "the torch it wants is not in torch-releases", one);
        }
    }
}

static void check_branches(struct lint *l)
{
    const struct gen_table *t = &l->tables[CV_T_DRIVER_BRANCHES];
    for (uint32_t r = 0; r < t->tsv.n_rows; r++) {
        cv_str last = cell(t, r, "last_version");
        if (!open_cell(last) && !has_value(&l->tables[CV_T_DRIVER_VERSIONS], "version", last))
            complain(l, t, r, "its last version is not in driver-versions", last);
    }
    const struct gen_table *fc = &l->tables[CV_T_FORWARD_COMPAT];
    for (uint32_t r = 0; r < fc->tsv.n_rows; r++) {
        cv_str list = cell(fc, r, "base_branches"), one;
        while (!open_cell(list) && cv_str_word(&list, &one))
            if (!has_value(t, "branch", one))
                complain(l, fc, r, "a base branch is not in driver-branches", one);
    }
}

/* Every message has a cause with n = 1, and every cause belongs to a message. The rest of the catalogue's grammar: tests/data/test_errors.py. */
static void check_errors(struct lint *l)
{
    const struct gen_table *e = &l->tables[CV_T_ERRORS], *c = &l->tables[CV_T_ERROR_CAUSES];
    for (uint32_t r = 0; r < c->tsv.n_rows; r++)
        if (!has_value(e, "id", cell(c, r, "id")))
            complain(l, c, r, "the message is not in errors", cell(c, r, "id"));
    for (uint32_t r = 0; r < e->tsv.n_rows; r++)
        if (!has_value(c, "id", cell(e, r, "id")))
            complain(l, e, r, "no cause in error-causes", cell(e, r, "id"));
}

int gen_lint(struct cv_arena *a, struct gen_table *tables)
{
    struct lint l = {.a = a, .tables = tables};
    for (int t = 0; t < CV_N_TABLES; t++)
        order_rows(&l, &tables[t]);
    check_grammar(&l);
    check_chips(&l);
    check_aliases(&l);
    check_builds(&l);
    check_companions(&l);
    check_branches(&l);
    check_errors(&l);
    return l.failures + gen_lint_explain(a, tables);
}
