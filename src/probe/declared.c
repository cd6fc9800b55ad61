/* declared.c: what a torch says of itself: the gencode flags in include/ATen/cuda/CUDAConfig.h, the list in libtorch_python, its version and CUDA version
 * (version.py). Beside a library, in a folder, in a wheel. */
#include "format/archlist.h"
#include "format/inflate.h"
#include "format/pymeta.h"
#include "probe/wheel.h"

#define CV_PYTHON_LIBRARY ((uint64_t)512 << 20) /* larger ones are not searched */
#define CV_PYTHON_STEP    ((size_t)64 << 10)

static const char config_name[] = "include/ATen/cuda/CUDAConfig.h";
static const char *const python_names[] = {"lib/libtorch_python.so", "lib/torch_python.dll"};

static struct cv_declared *fresh(struct cv_archs *c)
{
    struct cv_declared *d = cv_arena_alloc(c->arena, sizeof *d);
    if (d)
        d->source = d->python_source = d->cuda = d->version = CV_S("");
    return d;
}

static void take_texts(struct cv_declared *d, cv_str version_py, cv_str config, cv_str config_path)
{
    cv_str v;
    bool none;
    if (cv_pyver_get(version_py, "__version__", &v, &none) && !none)
        d->version = v;
    if (cv_pyver_get(version_py, "cuda", &v, &none) && !none)
        d->cuda = v;
    if (cv_cudaconfig_targets(config, &d->targets))
        d->source = config_path;
}

/* ---- in files ---- */

/* The torch folder that `path` is, lies in or holds; "" if there is none. */
static cv_str torch_folder(struct cv_archs *c, cv_str path, bool is_dir)
{
    cv_str dir = is_dir ? path : cv_str_dir(path);
    const cv_str at[] = {dir, cv_str_dir(dir),
                         is_dir ? cv_arena_fmt(c->arena, CV_FMT "/torch", CV_ARG(dir)) : CV_S("")};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        cv_str config = cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(at[i]), config_name),
               version = cv_arena_fmt(c->arena, CV_FMT "/version.py", CV_ARG(at[i]));
        if (at[i].len &&
            (cv_root_exists(c->root, config) ||
             (cv_str_eqz(cv_str_base(at[i]), "torch") && cv_root_exists(c->root, version))))
            return at[i];
    }
    return CV_S("");
}

static void search_library(struct cv_archs *c, cv_str path, struct cv_declared *d)
{
    struct cv_window w;
    if (cv_window_open(c->root, c->arena, path, &w, NULL) != CV_KNOWN)
        return;
    struct cv_archlist *s = cv_arena_raw(c->arena, sizeof *s);
    unsigned char *buf = cv_arena_raw(c->arena, CV_PYTHON_STEP);
    if (s && buf && w.reader.size <= CV_PYTHON_LIBRARY) {
        cv_archlist_init(s);
        for (uint64_t at = 0; at < w.reader.size;) {
            uint64_t left = w.reader.size - at;
            size_t n = left < CV_PYTHON_STEP ? (size_t)left : CV_PYTHON_STEP;
            if (!cv_read(&w.reader, at, buf, n))
                break;
            cv_archlist_take(s, buf, n);
            at += n;
        }
        if (cv_archlist_found(s)) {
            d->python = s->best;
            d->python_source = path;
        }
    }
    cv_window_close(&w);
}

const struct cv_declared *cv_declared_near(struct cv_archs *c, cv_str path, bool is_dir)
{
    cv_str version = CV_S(""), config = CV_S("");
    cv_str folder = torch_folder(c, path, is_dir);
    if (cv_str_eq(folder, c->declared_folder) && c->declared_last)
        return c->declared_last; /* the libraries of one folder ask one after the other */
    struct cv_declared *d = fresh(c);
    c->declared_folder = folder;
    c->declared_last = d;
    if (!d || !folder.len)
        return d;
    cv_str config_path = cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(folder), config_name);
    (void)cv_root_read(c->root, c->arena,
                       cv_arena_fmt(c->arena, CV_FMT "/version.py", CV_ARG(folder)),
                       CV_MAX_SMALL_FILE, &version, NULL);
    (void)cv_root_read(c->root, c->arena, config_path, CV_MAX_SMALL_FILE, &config, NULL);
    take_texts(d, version, config, config_path);
    if (!c->declared_only || !d->source.len)
        for (size_t i = 0; i < 2 && !d->python_source.len; i++)
            search_library(c, cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(folder), python_names[i]),
                           d);
    return d;
}

/* ---- in a wheel ---- */

static cv_str small_member(struct cv_zip *z, const char *name)
{
    cv_str text = CV_S(""), what = CV_S("");
    const struct cv_zip_member *m = cv_zip_find(z, cv_str_z(name));
    if (!m || cv_zip_read(z, m, CV_MAX_SMALL_FILE, &text, &what) != 0)
        return CV_S("");
    return text;
}

static int take_list(void *ctx, const unsigned char *bytes, size_t len)
{
    cv_archlist_take(ctx, bytes, len);
    return 0;
}

const struct cv_declared *cv_declared_in_wheel(struct cv_archs *c, struct cv_zip *z)
{
    struct cv_declared *d = fresh(c);
    if (!d)
        return NULL;
    take_texts(d, small_member(z, "torch/version.py"),
               small_member(z, "torch/include/ATen/cuda/CUDAConfig.h"),
               CV_S("torch/include/ATen/cuda/CUDAConfig.h"));
    for (size_t i = 0; i < 2 && !d->python_source.len; i++) {
        cv_str name = cv_arena_fmt(c->arena, "torch/%s", python_names[i]), what = CV_S("");
        const struct cv_zip_member *m = cv_zip_find(z, name);
        struct cv_archlist *s = m ? cv_arena_raw(c->arena, sizeof *s) : NULL;
        if (!s || (c->declared_only && d->source.len))
            continue;
        cv_archlist_init(s);
        struct cv_zip_taker to = {take_list, s};
        if (cv_zip_stream(z, m, &to, NULL, &what) == 0 && cv_archlist_found(s)) {
            d->python = s->best;
            d->python_source = name;
        }
    }
    return d;
}
