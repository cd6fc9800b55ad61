/* libs.c: the user-mode half of the driver: which libcuda.so.1 and libnvidia-ml.so.1 the loader would find, and the version in the real file's name.
 * Order of ld.so(8): LD_LIBRARY_PATH, ld.so.cache, default folders; then the places that containers and distributions add. */
#include "format/ldcache.h"
#include "probe/probe.h"

static const char *const cv_driver_folders[] = {
    "/usr/lib/wsl/lib",          /* WSL2 */
    "/usr/lib/x86_64-linux-gnu", /* Debian, Ubuntu */
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu/nvidia/current", /* Debian's alternatives */
    "/usr/lib/aarch64-linux-gnu/nvidia/current",
    "/usr/lib64", /* RHEL, SUSE */
    "/usr/lib64/nvidia",
    "/usr/lib/aarch64-linux-gnu/nvidia", /* JetPack 6 */
    "/usr/lib/aarch64-linux-gnu/tegra",  /* JetPack up to 5 */
    "/usr/lib",                          /* Arch */
    "/usr/lib/nvidia",
    "/lib/x86_64-linux-gnu",
    "/lib64",
    "/run/opengl-driver/lib",  /* NixOS */
    "/usr/local/nvidia/lib64", /* containers */
    "/usr/local/nvidia/lib",
};

struct search {
    struct cv_probe_ctx *c;
    cv_str soname;
    cv_str found;  /* first file that counts */
    cv_str compat; /* first cuda-compat file before it */
};

static bool is_stub(cv_str path)
{
    return cv_str_has(path, "/stubs/");
}

static bool is_compat(cv_str path)
{
    return cv_str_has(path, "/compat/") || cv_str_has(path, "/compat_orin/");
}

/* True to go on. */
static bool consider(struct search *s, cv_str path)
{
    if (is_stub(path) || !cv_root_exists(s->c->root, path))
        return true;
    if (is_compat(path)) {
        if (s->compat.len == 0)
            s->compat = cv_arena_str(s->c->arena, path);
        return true;
    }
    s->found = cv_arena_str(s->c->arena, path);
    return false;
}

static bool consider_cached(void *ctx, cv_str soname, cv_str path)
{
    (void)soname;
    return consider(ctx, path);
}

static void search(struct search *s, cv_str cache)
{
    struct cv_probe_ctx *c = s->c;
    cv_str list = cv_machine_var(c->m, "LD_LIBRARY_PATH");
    cv_str dir;
    while (list.len && cv_str_next(&list, ':', &dir))
        if (dir.len && dir.ptr[0] == '/' &&
            !consider(s, cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(dir), CV_ARG(s->soname))))
            return;
    if (cache.len && cv_ldcache_each(cache, s->soname, consider_cached, s) && s->found.len)
        return;
    for (size_t i = 0; i < sizeof cv_driver_folders / sizeof cv_driver_folders[0]; i++)
        if (!consider(
                s, cv_arena_fmt(c->arena, "%s/" CV_FMT, cv_driver_folders[i], CV_ARG(s->soname))))
            return;
}

/* libcuda.so.535.261.03 -> 535.261.03; libcuda.so.1.1 (Jetson, WSL) has none. */
static bool version_of_name(cv_str real, cv_str *ret)
{
    cv_str base = cv_str_base(real);
    size_t so = cv_str_find(base, CV_S(".so."));
    uint32_t first;
    if (so == SIZE_MAX)
        return false;
    cv_str v = cv_str_from(base, so + 4);
    if (!cv_dotted_ok(v) || !cv_dotted_num(v, 0, &first) || first < 100)
        return false;
    *ret = v;
    return true;
}

static void take_umd(struct cv_probe_ctx *c, cv_str path)
{
    struct cv_driver *d = &c->m->driver;
    cv_str real, version;
    if (cv_root_real(c->root, c->arena, path, &real) != CV_KNOWN)
        real = path;
    cv_fact_set(&d->umd_path, path, path,
                cv_str_eq(path, real)
                    ? CV_S("")
                    : cv_arena_fmt(c->arena, CV_FMT " -> " CV_FMT, CV_ARG(path), CV_ARG(real)));
    if (version_of_name(real, &version))
        cv_fact_set(&d->umd, version, path, d->umd_path.src.text.len ? d->umd_path.src.text : real);
}

/* ".../cuda-12.8/compat/libcuda.so.1" -> 12.8 */
static void take_compat(struct cv_probe_ctx *c, cv_str path)
{
    struct cv_driver *d = &c->m->driver;
    cv_str real, version, where = path;
    struct cv_xy xy;
    if (cv_root_real(c->root, c->arena, path, &real) != CV_KNOWN)
        real = path;
    cv_str text = cv_arena_fmt(c->arena, CV_FMT " -> " CV_FMT, CV_ARG(path), CV_ARG(real));
    if (version_of_name(real, &version))
        cv_fact_set(&d->compat, version, path, text);
    for (int i = 0; i < 2; i++, where = real) {
        size_t at = cv_str_find(where, CV_S("cuda-"));
        cv_str rest = at == SIZE_MAX ? CV_S("") : cv_str_from(where, at + 5);
        size_t slash = cv_str_findc(rest, '/');
        if (slash != SIZE_MAX && cv_xy_parse(cv_str_sub(rest, 0, slash), &xy) &&
            !cv_known(&d->compat_cuda))
            cv_fact_set(&d->compat_cuda, cv_str_sub(rest, 0, slash), path, text);
    }
}

/* WSL mounts the host's library without a version in its name. One with a version, elsewhere, was installed inside: it hides the right one. */
static void look_for_linux_driver(struct cv_probe_ctx *c)
{
    for (size_t i = 1; i < sizeof cv_driver_folders / sizeof cv_driver_folders[0]; i++) {
        cv_str path = cv_arena_fmt(c->arena, "%s/libcuda.so.1", cv_driver_folders[i]), real,
               version;
        if (cv_root_real(c->root, c->arena, path, &real) == CV_KNOWN &&
            version_of_name(real, &version)) {
            take_umd(c, path);
            return;
        }
    }
}

void cv_probe_umd(struct cv_probe_ctx *c)
{
    struct cv_driver *d = &c->m->driver;
    cv_str cache = CV_S("");
    bool nvidia = !c->m->gpus_known || cv_known(&d->version);
    for (uint32_t i = 0; i < c->m->n_gpus; i++)
        nvidia = nvidia || cv_str_eqz(c->m->gpus[i].vendor, "nvidia");
    if (nvidia) /* without a GPU the usual folders are enough: nobody asks which copy comes first */
        (void)cv_root_read(c->root, c->arena, CV_S("/etc/ld.so.cache"), CV_MAX_TEXT_FILE, &cache,
                           NULL);
    struct search cuda = {
        .c = c, .soname = CV_S("libcuda.so.1"), .found = CV_S(""), .compat = CV_S("")};
    struct search nvml = {
        .c = c, .soname = CV_S("libnvidia-ml.so.1"), .found = CV_S(""), .compat = CV_S("")};
    search(&cuda, cache);
    if (cuda.found.len)
        take_umd(c, cuda.found);
    if (d->windows_number && !cv_known(&d->umd))
        look_for_linux_driver(c);
    if (!cuda.found.len && nvidia && cv_known(&c->m->place.container)) {
        search(&nvml, cache);
        if (nvml.found.len) { /* NVML without libcuda: a container with "utility" only */
            cv_str real, version;
            if (cv_root_real(c->root, c->arena, nvml.found, &real) == CV_KNOWN &&
                version_of_name(real, &version))
                c->m->nvml.library = nvml.found;
        }
    }
    if (cuda.compat.len)
        take_compat(c, cuda.compat);
    if (!cv_known(&d->version) && !cv_absent(&d->version) && cv_known(&d->umd) &&
        !d->windows_number)
        d->version =
            d->umd; /* a mounted disk has no /proc, or the kernel's file is no use: what is installed is what would run */
    if (!cuda.found.len) {
        cv_fact_state(&d->umd, CV_ABSENT, CV_S("libcuda.so.1"));
        cv_fact_state(&d->umd_path, CV_ABSENT, CV_S("libcuda.so.1"));
    }
}
