/* toolkit.c: every CUDA toolkit: usual folders, PATH, CUDA_HOME, Debian's package, and (called by the Python probe) conda prefixes and pip's trees.
 * A toolkit is a root folder with headers or nvcc. Its version comes from its own files; the folder's name is the last resort. */
#include "format/kv.h"
#include "probe/probe.h"

/* CUDA_VERSION stands some hundred lines down, behind the license (14 KB in CUDA 13.0). */
#define CV_CUDA_H_HEAD ((size_t)20 << 10)

static cv_str join(struct cv_probe_ctx *c, cv_str dir, const char *name)
{
    return cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(dir), name);
}

/* ---- version ---- */

static bool by_json(struct cv_probe_ctx *c, cv_str root, cv_str *ret, struct cv_src *src)
{
    cv_str path = join(c, root, "version.json"), text;
    if (cv_root_read(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text, NULL) != CV_KNOWN ||
        !cv_kv_version_json(c->arena, text, ret))
        return false;
    *src = (struct cv_src){path, cv_arena_fmt(c->arena, "cuda.version " CV_FMT, CV_ARG(*ret))};
    return true;
}

static bool by_txt(struct cv_probe_ctx *c, cv_str root, cv_str *ret, struct cv_src *src)
{
    cv_str path = join(c, root, "version.txt"), text;
    if (cv_root_read(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text, NULL) != CV_KNOWN ||
        !cv_kv_version_txt(text, ret))
        return false;
    *src = (struct cv_src){path, cv_arena_fmt(c->arena, "CUDA Version " CV_FMT, CV_ARG(*ret))};
    return true;
}

static bool by_header(struct cv_probe_ctx *c, cv_str root, cv_str *ret, struct cv_src *src)
{
    static const char *const headers[] = {"include/cuda.h", "targets/x86_64-linux/include/cuda.h",
                                          "targets/sbsa-linux/include/cuda.h",
                                          "targets/aarch64-linux/include/cuda.h"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        cv_str path = join(c, root, headers[i]), text;
        uint32_t n;
        if (cv_root_head(c->root, c->arena, path, CV_CUDA_H_HEAD, &text) != CV_KNOWN)
            continue;
        if (!cv_kv_define(text, "CUDA_VERSION", &n) &&
            (cv_root_head(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text) != CV_KNOWN ||
             !cv_kv_define(text, "CUDA_VERSION", &n)))
            continue;
        if (n < 1000)
            continue;
        struct cv_xy xy = cv_xy_from_cuda(n);
        *ret = cv_arena_fmt(c->arena, "%u.%u", xy.major, xy.minor);
        *src = (struct cv_src){path, cv_arena_fmt(c->arena, "CUDA_VERSION %u", n)};
        return true;
    }
    return false;
}

/* cuda-12.4 -> 12.4 */
static bool by_name(struct cv_probe_ctx *c, cv_str root, cv_str *ret, struct cv_src *src)
{
    cv_str base = cv_str_base(root);
    struct cv_xy xy;
    (void)c;
    if (!cv_str_starts(base, "cuda-") || !cv_xy_parse(cv_str_from(base, 5), &xy))
        return false;
    *ret = cv_str_from(base, 5);
    *src = (struct cv_src){root, CV_S("name of the folder")};
    return true;
}

bool cv_toolkit_version(struct cv_probe_ctx *c, cv_str root, cv_str *ret_version,
                        struct cv_src *ret_src)
{
    return by_json(c, root, ret_version, ret_src) || by_txt(c, root, ret_version, ret_src) ||
           by_header(c, root, ret_version, ret_src) || by_name(c, root, ret_version, ret_src);
}

/* ---- finding ---- */

static struct cv_toolkit *find_same(struct cv_probe_ctx *c, cv_str real)
{
    for (uint32_t i = 0; i < c->m->n_toolkits; i++)
        if (cv_str_eq(c->m->toolkits[i].path, real))
            return &c->m->toolkits[i];
    return NULL;
}

/* Adds the toolkit at `root` (links followed) once; NULL if there is none. */
static struct cv_toolkit *add_toolkit(struct cv_probe_ctx *c, cv_str root, const char *kind)
{
    cv_str real, version = CV_S("");
    struct cv_src src = {root, CV_S("")};
    if (cv_root_real(c->root, c->arena, root, &real) != CV_KNOWN || !cv_root_is_dir(c->root, real))
        return NULL;
    struct cv_toolkit *t = find_same(c, real);
    if (t)
        return t;
    bool nvcc = cv_root_exists(c->root, join(c, real, "bin/nvcc"));
    if (!cv_toolkit_version(c, real, &version, &src) && !nvcc)
        return NULL;
    bool headers = cv_root_exists(c->root, join(c, real, "include/cuda.h")) ||
                   cv_root_is_dir(c->root, join(c, real, "targets"));
    bool named = cv_str_starts(cv_str_base(real), "cuda-");
    if (!nvcc && !headers && !named)
        return NULL;
    t = c->m->n_toolkits < CV_MAX_TOOLKITS ? CV_PUSH(c->arena, c->m, toolkits) : NULL;
    if (t)
        *t = (struct cv_toolkit){.version = version,
                                 .path = real,
                                 .kind = cv_str_z(kind),
                                 .src = src,
                                 .has_nvcc = nvcc,
                                 .env = CV_S("")};
    return t;
}

static void add_debian(struct cv_probe_ctx *c)
{
    const cv_str root = CV_S("/usr/lib/nvidia-cuda-toolkit");
    cv_str version = CV_S("");
    struct cv_src src = {root, CV_S("")};
    if (!cv_root_is_dir(c->root, root) || find_same(c, root))
        return;
    if (!cv_toolkit_version(c, root, &version, &src))
        (void)by_header(c, CV_S("/usr"), &version, &src);
    struct cv_toolkit *t = CV_PUSH(c->arena, c->m, toolkits);
    if (t)
        *t = (struct cv_toolkit){
            .version = version,
            .path = root,
            .kind = CV_S("debian"),
            .src = src,
            .env = CV_S(""),
            .has_nvcc = cv_root_exists(c->root, CV_S("/usr/bin/nvcc")) ||
                        cv_root_exists(c->root, CV_S("/usr/lib/nvidia-cuda-toolkit/bin/nvcc"))};
}

static void add_usual(struct cv_probe_ctx *c)
{
    static const char *const parents[] = {"/usr/local", "/opt", "/opt/nvidia"};
    struct cv_names names;
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        cv_str parent = cv_str_z(parents[i]);
        if (cv_root_list(c->root, c->arena, parent, &names) != CV_KNOWN)
            continue;
        for (uint32_t k = 0; k < names.n_v; k++)
            if (cv_str_eqz(names.v[k], "cuda") || cv_str_starts(names.v[k], "cuda-"))
                (void)add_toolkit(
                    c,
                    cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(parent), CV_ARG(names.v[k])),
                    "nvidia");
    }
    const cv_str hpc = CV_S("/opt/nvidia/hpc_sdk/Linux_x86_64");
    if (cv_root_list(c->root, c->arena, hpc, &names) == CV_KNOWN) {
        for (uint32_t k = 0; k < names.n_v; k++) {
            cv_str dir =
                cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT "/cuda", CV_ARG(hpc), CV_ARG(names.v[k]));
            struct cv_names inner;
            if (cv_root_list(c->root, c->arena, dir, &inner) != CV_KNOWN)
                continue;
            for (uint32_t q = 0; q < inner.n_v; q++)
                if (inner.v[q].len && cv_is_digit(inner.v[q].ptr[0]))
                    (void)add_toolkit(
                        c,
                        cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(dir), CV_ARG(inner.v[q])),
                        "nvidia");
        }
    }
}

/* The first nvcc in PATH: the compiler that a build of extensions would take without CUDA_HOME. */
static void mark_path(struct cv_probe_ctx *c)
{
    cv_str list, dir, real;
    if (!cv_probe_env(c, "PATH", &list))
        return;
    while (cv_str_next(&list, ':', &dir)) {
        cv_str nvcc = join(c, dir, "nvcc");
        if (dir.len == 0 || dir.ptr[0] != '/' ||
            cv_root_real(c->root, c->arena, nvcc, &real) != CV_KNOWN)
            continue;
        cv_str root = cv_str_dir(cv_str_dir(real));
        struct cv_toolkit *t = cv_str_eqz(real, "/usr/bin/nvcc")
                                   ? find_same(c, CV_S("/usr/lib/nvidia-cuda-toolkit"))
                                   : add_toolkit(c, root, "nvidia");
        if (!t && cv_root_real(c->root, c->arena, cv_str_dir(dir), &root) == CV_KNOWN)
            t = add_toolkit(c, root, "nvidia");
        if (t) {
            t->in_path = true;
            t->has_nvcc = true;
        }
        return;
    }
}

static void mark_home(struct cv_probe_ctx *c)
{
    static const char *const names[] = {"CUDA_HOME", "CUDA_PATH"};
    for (size_t i = 0; i < 2; i++) {
        cv_str dir = cv_machine_var(c->m, names[i]);
        if (dir.len == 0)
            continue;
        struct cv_toolkit *t = dir.ptr[0] == '/' ? add_toolkit(c, dir, "nvidia") : NULL;
        if (t)
            t->is_cuda_home = true;
        else
            cv_problem_add(c->arena, c->m, cv_arena_fmt(c->arena, "$%s", names[i]),
                           cv_arena_fmt(c->arena, CV_FMT ": no CUDA toolkit there", CV_ARG(dir)));
        return;
    }
}

void cv_probe_toolkits(struct cv_probe_ctx *c)
{
    cv_str real;
    add_usual(c);
    add_debian(c);
    if (cv_root_real(c->root, c->arena, CV_S("/usr/local/cuda"), &real) == CV_KNOWN) {
        struct cv_toolkit *t = find_same(c, real);
        if (t)
            t->is_default = true;
    }
    mark_path(c);
    mark_home(c);
    c->m->toolkits_known = true;
}

void cv_toolkits_in_prefix(struct cv_probe_ctx *c, cv_str prefix, cv_str site)
{
    cv_str real;
    if (cv_root_exists(c->root, join(c, prefix, "bin/nvcc")) &&
        cv_root_is_dir(c->root, join(c, prefix, "conda-meta"))) {
        struct cv_toolkit *t = add_toolkit(c, prefix, "conda");
        if (t)
            t->env = prefix;
    }
    static const char *const trees[] = {"nvidia/cu13", "nvidia/cuda_nvcc"};
    for (size_t i = 0; site.len && i < 2; i++) {
        cv_str dir = join(c, site, trees[i]);
        if (!cv_root_exists(c->root, join(c, dir, "bin/nvcc")) ||
            cv_root_real(c->root, c->arena, dir, &real) != CV_KNOWN)
            continue;
        struct cv_toolkit *t = add_toolkit(c, dir, "pip");
        if (t)
            t->env = prefix;
    }
}
