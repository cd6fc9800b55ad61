/* torch.c: one installed torch, from its files: version.py, METADATA, CUDAConfig.h, the libraries it pins; conda-meta for conda's packages.
 * What is found where, by release: measured on real wheels from 1.8.1 to 2.15.0 (design torch-layout.md). */
#include "format/json.h"
#include "format/pymeta.h"
#include "probe/python.h"

static cv_str join(struct cv_probe_ctx *c, cv_str dir, const char *name)
{
    return cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(dir), name);
}

/* ---- which build ---- */

static bool published_local(cv_str local)
{
    struct cv_xy xy;
    return cv_xy_from_variant(local, &xy) || cv_str_eqz(local, "cpu") || cv_str_eqz(local, "xpu") ||
           cv_str_starts(local, "rocm") || cv_str_eqz(local, "cu") ||
           cv_str_eqz(local, "cpu.cxx11.abi") || cv_str_eqz(local, "cxx11.abi");
}

static void set_variant(struct cv_probe_ctx *c, struct cv_torch *t)
{
    size_t plus = cv_str_findc(t->version, '+');
    cv_str local = plus == SIZE_MAX ? CV_S("") : cv_str_from(t->version, plus + 1);
    struct cv_pep440 v;
    struct cv_xy xy;
    t->release = cv_str_sub(t->version, 0, plus == SIZE_MAX ? t->version.len : plus);
    bool pre = cv_pep440_parse(t->version, &v) && cv_pep440_is_pre(&v);
    t->from_source =
        (local.len && !published_local(local)) || (pre && cv_str_has(t->version, "git"));
    if (cv_str_starts(local, "cpu"))
        t->variant = CV_S("cpu");
    else if (published_local(local) && !cv_str_has(local, "abi"))
        t->variant = local;
    else if (t->from_source)
        t->variant = cv_absent(&t->cuda) && !t->hip.len && !t->xpu.len ? CV_S("cpu") : CV_S("");
    else if (t->hip.len)
        t->variant = CV_S("rocm");
    else if (t->xpu.len)
        t->variant = CV_S("xpu");
    else if (cv_absent(&t->cuda))
        t->variant = CV_S("cpu");
    else if (cv_known(&t->cuda) && cv_xy_parse(t->cuda.v, &xy))
        t->variant = cv_arena_fmt(c->arena, "cu%u%u", xy.major, xy.minor);
}

/* torch/version.py: __version__ = '2.6.0+cu124' / cuda: Optional[str] = '12.4' / hip: Optional[str] = None */
static bool read_version_py(struct cv_probe_ctx *c, cv_str path, struct cv_torch *t)
{
    cv_str text, what = CV_S(""), v;
    bool none;
    enum cv_state s = cv_root_read(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text, &what);
    if (s != CV_KNOWN) {
        if (s != CV_ABSENT)
            cv_problem_add(c->arena, c->m, path, what);
        return false;
    }
    struct cv_pep440 parsed;
    if (!cv_pyver_get(text, "__version__", &v, &none) || none || !cv_pep440_parse(v, &parsed)) {
        cv_problem_add(c->arena, c->m, path, CV_S("no __version__ in it"));
        return false;
    }
    t->version = v;
    t->src = (struct cv_src){path, cv_arena_fmt(c->arena, "__version__ = '" CV_FMT "'", CV_ARG(v))};
    if (cv_pyver_get(text, "cuda", &v, &none)) {
        struct cv_xy xy;
        if (none)
            cv_fact_state(&t->cuda, CV_ABSENT, path);
        else if (cv_xy_parse(v, &xy))
            cv_fact_set(&t->cuda, v, path,
                        cv_arena_fmt(c->arena, "cuda = '" CV_FMT "'", CV_ARG(v)));
        else
            cv_fact_state(&t->cuda, CV_MALFORMED, path);
        if (none)
            t->cuda.src.text = CV_S("cuda = None");
    }
    t->hip = cv_pyver_get(text, "hip", &v, &none) && !none ? v : CV_S("");
    if (!t->hip.len && cv_pyver_get(text, "rocm", &v, &none) && !none)
        t->hip = v;
    t->xpu = cv_pyver_get(text, "xpu", &v, &none) && !none ? v : CV_S("");
    return true;
}

/* ---- architectures ---- */

static void read_archs(struct cv_probe_ctx *c, struct cv_torch *t)
{
    cv_str path = join(c, t->path, "include/ATen/cuda/CUDAConfig.h"), text;
    if (cv_absent(&t->cuda)) {
        cv_fact_state(&t->archs, CV_ABSENT, t->cuda.src.path);
        return;
    }
    if (cv_root_read(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text, NULL) != CV_KNOWN)
        return;
    if (!cv_cudaconfig_targets(text, &t->targets))
        return;
    cv_str all = cv_targets_str(c->arena, &t->targets, " ");
    cv_fact_set(&t->archs, all, path,
                cv_arena_fmt(c->arena, "NVCC_FLAGS_EXTRA: " CV_FMT, CV_ARG(all)));
}

/* ---- pinned and installed libraries ---- */

static void take_pin(struct cv_fact *f, cv_str name, cv_str spec, cv_str path)
{
    cv_str v;
    if (!cv_known(f) && cv_specifier_exact(spec, &v) && cv_dotted_ok(v))
        cv_fact_set(f, v, path, name);
}

/* METADATA is shared between platforms: pins of nvidia packages count only in a CUDA build. */
static void read_pins(struct cv_probe_ctx *c, const struct cv_package *p, struct cv_torch *t)
{
    cv_str path = join(c, p->path, "METADATA"), text, name, spec, marker;
    char buf[64];
    if (!cv_known(&t->cuda) ||
        cv_root_head(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text) != CV_KNOWN)
        return;
    while (cv_metadata_requires(&text, &name, &spec, &marker)) {
        cv_str n = cv_project_name(name, buf, sizeof buf);
        if (cv_str_starts(n, "nvidia-cudnn"))
            take_pin(&t->cudnn_required, cv_arena_str(c->arena, n), spec, path);
        else if (cv_str_starts(n, "nvidia-nccl"))
            take_pin(&t->nccl_required, cv_arena_str(c->arena, n), spec, path);
    }
}

static const struct cv_package *find_prefixed(const struct cv_env *env, const char *prefix)
{
    for (uint32_t i = 0; i < env->n_packages; i++)
        if (cv_str_starts(env->packages[i].name, prefix) && !env->packages[i].broken &&
            !env->packages[i].duplicate)
            return &env->packages[i];
    return NULL;
}

/* First three numbers: dist-info says 9.10.2.21, the library (and Python) 9.10.2. */
static cv_str three_numbers(cv_str v)
{
    unsigned dots = 0;
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] == '.' && ++dots == 3)
            return cv_str_sub(v, 0, i);
    return v;
}

static void find_cudnn(struct cv_probe_ctx *c, const struct cv_env *env, cv_str site,
                       struct cv_torch *t)
{
    cv_str v;
    struct cv_src src;
    const cv_str folders[] = {join(c, site, "nvidia/cudnn/lib"), join(c, t->path, "lib"),
                              join(c, env->path, "lib")};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (i == 2 && !cv_str_eqz(env->kind, "conda"))
            break;
        if (cv_root_is_dir(c->root, folders[i]) && cv_libver_cudnn(c, folders[i], &v, &src)) {
            cv_fact_set(&t->cudnn, three_numbers(v), src.path, src.text);
            return;
        }
    }
    const struct cv_package *p = find_prefixed(env, "nvidia-cudnn-cu");
    if (p)
        cv_fact_set(&t->cudnn, three_numbers(p->version), p->path, p->version);
}

static void find_nccl(struct cv_probe_ctx *c, const struct cv_env *env, cv_str site,
                      struct cv_torch *t)
{
    cv_str v;
    struct cv_src src;
    const struct cv_package *p = find_prefixed(env, "nvidia-nccl-cu");
    /* Newest layouts first; torch before 2.0 has NCCL linked in. */
    const cv_str files[] = {
        join(c, site, "nvidia/nccl/lib/libnccl.so.2"), join(c, env->path, "lib/libnccl.so.2"),
        join(c, t->path, "lib/libtorch_cuda_cpp.so"), join(c, t->path, "lib/libtorch_cuda.so")};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (i == 1 && !cv_str_eqz(env->kind, "conda"))
            continue;
        if (i >= 2 && (p || cv_known(&t->nccl_required)))
            break;
        if (cv_libver_nccl(c, files[i], &v, &src)) {
            cv_fact_set(&t->nccl, v, src.path, src.text);
            return;
        }
    }
    if (p)
        cv_fact_set(&t->nccl, three_numbers(p->version), p->path, p->version);
}

/* ---- where it lies ---- */

/* direct_url.json of an editable install: {"dir_info": {"editable": true}, "url": "file:///src/pytorch"} */
static bool editable_place(struct cv_probe_ctx *c, const struct cv_package *p, cv_str *ret)
{
    cv_str text, url;
    struct cv_json j;
    bool editable = false;
    if (cv_root_read(c->root, c->arena, join(c, p->path, "direct_url.json"), CV_MAX_SMALL_FILE,
                     &text, NULL) != CV_KNOWN ||
        !cv_json_open(&j, c->arena, text, NULL))
        return false;
    struct cv_jval root = cv_json_root(&j);
    if (!cv_json_bool(cv_json_get(cv_json_get(root, "dir_info"), "editable"), &editable) ||
        !editable)
        return false;
    if (!cv_json_text(c->arena, cv_json_get(root, "url"), &url) || !cv_str_starts(url, "file:///"))
        return false;
    *ret = cv_str_from(url, 7);
    return true;
}

/* torch.egg-link of `setup.py develop`: the first line is the source folder. */
static bool egg_link_place(struct cv_probe_ctx *c, cv_str site, cv_str *ret)
{
    cv_str text, line;
    if (cv_root_head(c->root, c->arena, join(c, site, "torch.egg-link"), CV_MAX_PATH, &text) !=
            CV_KNOWN ||
        !cv_str_line(&text, &line))
        return false;
    *ret = cv_str_trim(line);
    return ret->len && ret->ptr[0] == '/';
}

bool cv_torch_read(struct cv_probe_ctx *c, struct cv_env *env, cv_str site, struct cv_torch *ret)
{
    struct cv_torch t = {.version = CV_S(""),
                         .release = CV_S(""),
                         .variant = CV_S(""),
                         .installer = CV_S(""),
                         .metadata_version = CV_S(""),
                         .hip = CV_S(""),
                         .xpu = CV_S(""),
                         .conda_build = CV_S(""),
                         .path = join(c, site, "torch")};
    const struct cv_package *p = cv_str_eq(site, env->site) ? cv_dist_find(env, "torch") : NULL;
    cv_str place;
    bool found = read_version_py(c, join(c, t.path, "version.py"), &t);
    if (!found && ((p && editable_place(c, p, &place)) || egg_link_place(c, site, &place))) {
        t.path = join(c, place, "torch");
        t.editable = true;
        found = read_version_py(c, join(c, t.path, "version.py"), &t);
    }
    if (p && !p->broken) {
        t.metadata_version = p->version;
        t.installer = p->installer;
    }
    if (!found && p && !p->broken && p->version.len &&
        cv_root_is_dir(c->root,
                       t.path)) { /* the package is there, its version.py is not readable */
        t.version = p->version;
        t.src = (struct cv_src){p->path, p->version};
        found = true;
    }
    if (!found)
        return false;
    set_variant(c, &t);
    read_archs(c, &t);
    cv_torch_code(c, env, &t);
    if (p && !p->broken)
        read_pins(c, p, &t);
    if (cv_known(&t.cuda)) {
        find_cudnn(c, env, site, &t);
        find_nccl(c, env, site, &t);
    }
    if (cv_str_eqz(t.installer, "conda"))
        t.conda = true;
    *ret = t;
    return true;
}

/* "py3.10_cuda12.1_cudnn8.9.2_0", "cuda126_mkl_py311_hb5ed8b1_300", "py3.9_cpu_0", "cpu_generic_py311h..." */
static void take_build_string(struct cv_probe_ctx *c, struct cv_torch *t, cv_str path)
{
    size_t at = cv_str_find(t->conda_build, CV_S("cuda"));
    struct cv_xy xy;
    if (at == SIZE_MAX) {
        if (cv_str_has(t->conda_build, "cpu"))
            cv_fact_state(&t->cuda, CV_ABSENT, path);
        return;
    }
    cv_str v = cv_str_from(t->conda_build, at + 4);
    size_t n = 0;
    while (n < v.len && (cv_is_digit(v.ptr[n]) || v.ptr[n] == '.'))
        n++;
    v = cv_str_sub(v, 0, n);
    if (cv_str_has(v, ".")
            ? cv_xy_parse(v, &xy)
            : cv_xy_from_variant(cv_arena_fmt(c->arena, "cu" CV_FMT, CV_ARG(v)), &xy))
        cv_fact_set(&t->cuda, cv_arena_fmt(c->arena, "%u.%u", xy.major, xy.minor), path,
                    t->conda_build);
}

bool cv_torch_conda(struct cv_probe_ctx *c, const struct cv_env *env, struct cv_torch *ret)
{
    static const char *const names[] = {"pytorch", "libtorch"};
    struct cv_names files;
    cv_str dir = join(c, env->path, "conda-meta"), text, name, version;
    struct cv_json j;
    if (cv_root_list(c->root, c->arena, dir, &files) != CV_KNOWN)
        return false;
    for (size_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < files.n_v; i++) {
            cv_str prefix = cv_arena_fmt(c->arena, "%s-", names[k]);
            if (!cv_str_starts(files.v[i], cv_arena_z(c->arena, prefix)) ||
                !cv_str_ends(files.v[i], ".json"))
                continue;
            cv_str path =
                cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(dir), CV_ARG(files.v[i]));
            if (cv_root_read(c->root, c->arena, path, CV_MAX_TEXT_FILE, &text, NULL) != CV_KNOWN ||
                !cv_json_open(&j, c->arena, text, NULL))
                continue;
            struct cv_jval root = cv_json_root(&j);
            if (!cv_json_text(c->arena, cv_json_get(root, "name"), &name) ||
                !cv_str_eqz(name, names[k]) ||
                !cv_json_text(c->arena, cv_json_get(root, "version"), &version))
                continue;
            struct cv_torch t = {.version = version,
                                 .release = version,
                                 .variant = CV_S(""),
                                 .installer = CV_S("conda"),
                                 .metadata_version = version,
                                 .hip = CV_S(""),
                                 .xpu = CV_S(""),
                                 .conda_build = CV_S(""),
                                 .path = env->path,
                                 .conda = true,
                                 .src = {path, version}};
            (void)cv_json_text(c->arena, cv_json_get(root, "build"), &t.conda_build);
            take_build_string(c, &t, path);
            set_variant(c, &t);
            cv_torch_code(c, env, &t);
            *ret = t;
            return true;
        }
    }
    return false;
}
