/* module.c: the driver as files on disk: module files for the running kernel, dkms sources, the distribution's package. */
#include "probe/probe.h"

#define CV_DPKG_STATUS ((size_t)16 << 20)

/* "version=580.65.06" in the .modinfo section of an uncompressed module: a short text among NULs. */
static bool version_in_module(struct cv_probe_ctx *c, cv_str path, cv_str *ret)
{
    struct cv_window w;
    bool found = false;
    if (cv_window_open(c->root, c->arena, path, &w, NULL) != CV_KNOWN)
        return false;
    enum { CHUNK = 1 << 16, OVERLAP = 64 };
    char *buf = cv_arena_raw(c->arena, CHUNK);
    uint64_t end = w.reader.size < CV_MAX_ELF_SCAN ? w.reader.size : CV_MAX_ELF_SCAN;
    uint64_t from = w.reader.size - end; /* .modinfo lies near the end */
    for (uint64_t at = from; buf && !found && at < w.reader.size; at += CHUNK - OVERLAP) {
        size_t n = w.reader.size - at < CHUNK ? (size_t)(w.reader.size - at) : CHUNK;
        if (!cv_read(&w.reader, at, buf, n))
            break;
        cv_str hay = {buf, n};
        size_t hit;
        while ((hit = cv_str_find(hay, CV_S("\0version="))) != SIZE_MAX) {
            cv_str v = cv_str_from(hay, hit + 9);
            size_t stop = cv_str_findc(v, 0);
            if (stop != SIZE_MAX && cv_dotted_ok(cv_str_sub(v, 0, stop)) &&
                cv_str_has(cv_str_sub(v, 0, stop), ".")) {
                *ret = cv_arena_str(c->arena, cv_str_sub(v, 0, stop));
                found = true;
                break;
            }
            hay = v;
        }
    }
    cv_window_close(&w);
    return found;
}

static void find_module_file(struct cv_probe_ctx *c)
{
    static const char *const places[] = {"updates/dkms",
                                         "updates",
                                         "extra",
                                         "extra/nvidia",
                                         "kernel/drivers/video",
                                         "kernel/drivers/video/nvidia",
                                         "kernel/extramodules",
                                         "extramodules",
                                         "kernel/nvidia",
                                         "weak-updates/nvidia"};
    static const char *const endings[] = {"nvidia.ko",         "nvidia.ko.zst",
                                          "nvidia.ko.xz",      "nvidia.ko.gz",
                                          "nvidia-current.ko", "nvidia-current.ko.xz"};
    struct cv_driver *d = &c->m->driver;
    if (!cv_known(&c->m->place.kernel))
        return;
    cv_str base = cv_arena_fmt(c->arena, "/lib/modules/" CV_FMT, CV_ARG(c->m->place.kernel.v));
    if (!cv_root_is_dir(c->root, base))
        return;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        cv_str dir = cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(base), places[i]);
        if (!cv_root_is_dir(c->root, dir))
            continue;
        for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
            cv_str path = cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(dir), endings[k]);
            cv_str version = CV_S("");
            if (!cv_root_exists(c->root, path))
                continue;
            if (cv_str_ends(path, ".ko"))
                (void)version_in_module(c, path, &version);
            cv_fact_set(&d->module_file, version, path, version);
            return;
        }
    }
    cv_fact_state(&d->module_file, CV_ABSENT, base);
}

/* One stanza of /var/lib/dpkg/status:
 *   Package: nvidia-driver-535
 *   Status: install ok installed
 *   Version: 535.183.01-0ubuntu0.22.04.1 */
static void take_dpkg(struct cv_probe_ctx *c, cv_str text)
{
    struct cv_driver *d = &c->m->driver;
    cv_str rest = text;
    size_t hit;
    while ((hit = cv_str_find(rest, CV_S("\nPackage: nvidia-"))) != SIZE_MAX) {
        rest = cv_str_from(rest, hit + 10);
        size_t stop = cv_str_find(rest, CV_S("\n\n"));
        cv_str stanza = cv_str_sub(rest, 0, stop == SIZE_MAX ? rest.len : stop);
        cv_str line, name = CV_S("");
        bool installed = false;
        (void)cv_str_line(&stanza, &name);
        cv_str version = CV_S("");
        while (cv_str_line(&stanza, &line)) {
            if (cv_str_eqz(line, "Status: install ok installed"))
                installed = true;
            if (cv_str_starts(line, "Version: "))
                version = cv_str_from(line, 9);
        }
        bool main_package =
            (cv_str_starts(name, "nvidia-driver") || cv_str_starts(name, "nvidia-headless") ||
             cv_str_starts(name, "nvidia-open")) &&
            !cv_str_has(name, "-bin") && !cv_str_has(name, "-libs") &&
            !cv_str_has(name, "-assistant") && !cv_str_has(name, "-pinning");
        if (installed && main_package && !cv_known(&d->package))
            cv_fact_set(&d->package, name, CV_S("/var/lib/dpkg/status"), version);
    }
}

static void find_package(struct cv_probe_ctx *c)
{
    struct cv_driver *d = &c->m->driver;
    cv_str text;
    struct cv_names names = {0};
    if (cv_root_read(c->root, c->arena, CV_S("/var/lib/dpkg/status"), CV_DPKG_STATUS, &text,
                     NULL) == CV_KNOWN) {
        take_dpkg(c, text);
        if (!cv_known(&d->package))
            cv_fact_state(&d->package, CV_ABSENT, CV_S("/var/lib/dpkg/status"));
        return;
    }
    if (cv_root_list(c->root, c->arena, CV_S("/var/lib/pacman/local"), &names) != CV_KNOWN)
        return;
    for (uint32_t i = 0; i < names.n_v && !cv_known(&d->package); i++)
        if (cv_str_starts(names.v[i], "nvidia-open") || cv_str_starts(names.v[i], "nvidia-dkms") ||
            cv_str_starts(names.v[i], "nvidia-5") || cv_str_starts(names.v[i], "nvidia-6"))
            cv_fact_set(&d->package, names.v[i], CV_S("/var/lib/pacman/local"), names.v[i]);
}

void cv_probe_module_files(struct cv_probe_ctx *c)
{
    struct cv_driver *d = &c->m->driver;
    bool loaded = cv_known(&d->module_loaded) && cv_str_eqz(d->module_loaded.v, "yes");
    bool nvidia = false;
    if (loaded) /* only a driver that does not run needs an explanation */
        return;
    for (uint32_t i = 0; i < c->m->n_gpus; i++)
        nvidia = nvidia || cv_str_eqz(c->m->gpus[i].vendor, "nvidia");
    if (c->m->gpus_known && !nvidia && !cv_known(&c->m->place.wsl))
        return; /* no GPU, no driver to explain: the package list is long */
    find_module_file(c);
    if (d->module_file.state != CV_KNOWN) {
        struct cv_names names = {0};
        if (cv_root_list(c->root, c->arena, CV_S("/var/lib/dkms/nvidia"), &names) == CV_KNOWN &&
            names.n_v > 0)
            cv_fact_set(&d->package, CV_S("nvidia-dkms"), CV_S("/var/lib/dkms/nvidia"), names.v[0]);
    }
    if (!cv_known(&d->package))
        find_package(c);
}
