/* override.c: what the command line says instead of the base machine (cli.md, "The machine that is meant"). */
#include "api/ctx.h"

static void set(struct cv_fact *f, cv_str v, const char *option)
{
    cv_fact_set(f, v, cv_str_z(option), v);
}

static int set_driver(cuvet_ctx *c, cv_str v)
{
    struct cv_driver *d = &c->m.driver;
    bool none = cv_str_eqz(v, "none");
    if (!none && !cv_dotted_ok(v))
        return cv_ctx_usage(
            c, "--driver",
            cv_arena_fmt(&c->arena,
                         "\"" CV_FMT "\" is no driver version (like 580 or 570.133.07, or none)",
                         CV_ARG(v)));
    uint32_t first = 0;
    if (!none && cv_dotted_num(v, 0, &first) && first < 100 && !cv_known(&c->m.place.jetson))
        return cv_ctx_usage(
            c, "--driver",
            cv_arena_fmt(&c->arena,
                         "\"" CV_FMT
                         "\" looks like a CUDA version; a driver is like 580 or 570.133.07",
                         CV_ARG(v)));
    struct cv_fact compat = d->compat, compat_cuda = d->compat_cuda;
    bool windows = d->windows_number, keep_compat = d->compat_from_option;
    *d = (struct cv_driver){.windows_number = windows, .compat_from_option = keep_compat};
    if (keep_compat) {
        d->compat = compat;
        d->compat_cuda = compat_cuda;
    }
    c->m.nvml = (struct cv_nvml){0}; /* its answers were about the other driver */
    for (uint32_t i = 0; i < c->m.n_gpus; i++)
        c->m.gpus[i].in_nvml = CV_UNKNOWN;
    c->m.device_nodes = (struct cv_fact){0};
    if (none)
        cv_fact_state(&d->version, CV_ABSENT, CV_S("--driver"));
    else
        set(&d->version, v, "--driver");
    return CV_OK;
}

static int add_gpu(cuvet_ctx *c, cv_str v)
{
    struct cv_gpu_match match;
    if (!c->gpu_overridden) {
        c->m.gpus = NULL;
        c->m.n_gpus = c->m.cap_gpus = 0;
        c->m.gpus_known = true;
        c->m.gpus_src = (struct cv_src){CV_S("--gpu"), v};
        c->m.visible = (struct cv_fact){0};
        c->m.device_nodes = (struct cv_fact){0};
        c->gpu_overridden = true;
    } else if (c->none_gpu || cv_str_eqz(v, "none")) {
        return cv_ctx_usage(c, "--gpu", CV_S("none and another GPU contradict each other"));
    }
    if (cv_str_eqz(v, "none")) {
        c->none_gpu = true;
        return CV_OK;
    }
    int rc = cv_facts_gpu_find(&c->facts, &c->arena, v, &match);
    if (rc == CV_E_INPUT) {
        cv_str list = CV_S("");
        for (uint32_t i = 0; i < match.n_candidates; i++)
            list = cv_arena_fmt(&c->arena, CV_FMT "%s" CV_FMT, CV_ARG(list), i ? "; " : "",
                                CV_ARG(match.candidates[i]));
        return cv_ctx_usage(
            c, "--gpu",
            list.len && match.unknown
                ? cv_arena_fmt(&c->arena,
                               "no GPU is known by the name \"" CV_FMT "\"; near it: " CV_FMT,
                               CV_ARG(v), CV_ARG(list))
            : list.len
                ? cv_arena_fmt(&c->arena, "\"" CV_FMT "\" is not clear: %s" CV_FMT, CV_ARG(v),
                               match.n_candidates > 1 ? "one of " : "", CV_ARG(list))
                : cv_arena_fmt(&c->arena, "no GPU is known by the name \"" CV_FMT "\"", CV_ARG(v)));
    }
    if (rc != CV_OK)
        return cv_ctx_usage(c, "--gpu", CV_S("out of memory"));
    for (uint32_t i = 0; i < match.n_gpus; i++) {
        struct cv_gpu *g = c->m.n_gpus < CV_MAX_GPUS ? CV_PUSH(&c->arena, &c->m, gpus) : NULL;
        if (g)
            *g = match.gpus[i];
    }
    return CV_OK;
}

static int set_os(cuvet_ctx *c, cv_str v)
{
    if (!cv_str_eqz(v, "linux") && !cv_str_eqz(v, "windows") && !cv_str_eqz(v, "macos"))
        return cv_ctx_usage(c, "--os", CV_S("one of linux, windows, macos"));
    bool other = !cv_known(&c->m.place.os) || !cv_str_eq(c->m.place.os.v, v);
    if (other &&
        !cv_str_eqz(v, "linux")) { /* what was read of a Linux does not describe another system */
        c->m.place.glibc = (struct cv_fact){0};
        c->m.place.distro_id = c->m.place.distro_like = c->m.place.distro_version =
            c->m.place.distro_name = (struct cv_fact){0};
        c->m.place.wsl = c->m.place.container = c->m.place.jetson = (struct cv_fact){0};
    }
    set(&c->m.place.os, v, "--os");
    if (cv_str_eqz(v, "windows"))
        c->m.driver.windows_number = true;
    return CV_OK;
}

static int set_arch(cuvet_ctx *c, cv_str v)
{
    if (cv_str_eqz(v, "amd64"))
        v = CV_S("x86_64");
    if (cv_str_eqz(v, "arm64"))
        v = CV_S("aarch64");
    if (!cv_str_eqz(v, "x86_64") && !cv_str_eqz(v, "aarch64"))
        return cv_ctx_usage(c, "--arch", CV_S("one of x86_64, amd64, aarch64, arm64"));
    set(&c->m.place.arch, v, "--arch");
    return CV_OK;
}

static int set_python(cuvet_ctx *c, cv_str v)
{
    struct cv_xy xy;
    bool t;
    if (!cv_python_parse(v, &xy, &t))
        return cv_ctx_usage(c, "--python",
                            cv_arena_fmt(&c->arena,
                                         "\"" CV_FMT "\" is no Python version (like 3.12 or 3.13t)",
                                         CV_ARG(v)));
    set(&c->m.python, cv_arena_fmt(&c->arena, "%u.%u%s", xy.major, xy.minor, t ? "t" : ""),
        "--python");
    return CV_OK;
}

static int set_dotted(cuvet_ctx *c, const char *option, cv_str v, struct cv_fact *to)
{
    if (!cv_dotted_ok(v))
        return cv_ctx_usage(c, option,
                            cv_arena_fmt(&c->arena, "\"" CV_FMT "\" is no version", CV_ARG(v)));
    set(to, v, option);
    return CV_OK;
}

static int set_toolkit(cuvet_ctx *c, cv_str v)
{
    struct cv_xy xy;
    if (cv_str_eqz(v, "none")) {
        c->m.n_toolkits = 0;
        c->m.toolkits_known = true;
        return CV_OK;
    }
    if (!cv_xy_parse(v, &xy) || !cv_str_has(v, "."))
        return cv_ctx_usage(
            c, "--toolkit",
            cv_arena_fmt(&c->arena, "\"" CV_FMT "\" is no CUDA version (like 12.8)", CV_ARG(v)));
    c->m.toolkits = NULL;
    c->m.n_toolkits = c->m.cap_toolkits = 0;
    c->m.toolkits_known = true;
    struct cv_toolkit *t = CV_PUSH(&c->arena, &c->m, toolkits);
    if (t)
        *t = (struct cv_toolkit){.version = v,
                                 .path = CV_S("(--toolkit)"),
                                 .kind = CV_S("nvidia"),
                                 .src = {CV_S("--toolkit"), v},
                                 .has_nvcc = true,
                                 .in_path = true,
                                 .env = CV_S("")};
    return CV_OK;
}

static int set_compat(cuvet_ctx *c, cv_str v)
{
    struct cv_driver *d = &c->m.driver;
    uint32_t first;
    if (!cv_dotted_ok(v) || !cv_dotted_num(v, 0, &first))
        return cv_ctx_usage(c, "--compat",
                            cv_arena_fmt(&c->arena,
                                         "\"" CV_FMT "\" is no version of a cuda-compat package",
                                         CV_ARG(v)));
    d->compat = d->compat_cuda = (struct cv_fact){0};
    if (first < 100) /* 12.8: the CUDA of the package; 570.133.20: its driver */
        set(&d->compat_cuda, v, "--compat");
    else
        set(&d->compat, v, "--compat");
    d->compat_from_option = true;
    return CV_OK;
}

static int contradictions(cuvet_ctx *c)
{
    const struct cv_machine *m = &c->m;
    bool macos = cv_known(&m->place.os) && cv_str_eqz(m->place.os.v, "macos") &&
                 cv_str_eqz(m->place.os.src.path, "--os");
    bool windows = cv_known(&m->place.os) && cv_str_eqz(m->place.os.v, "windows") &&
                   cv_str_eqz(m->place.os.src.path, "--os");
    bool driver =
        cv_known(&m->driver.version) && cv_str_eqz(m->driver.version.src.path, "--driver");
    bool wsl = cv_known(&m->place.wsl) && cv_str_eqz(m->place.wsl.src.path, "--wsl");
    bool container =
        cv_known(&m->place.container) && cv_str_eqz(m->place.container.src.path, "--container");
    bool glibc = cv_known(&m->place.glibc) && cv_str_eqz(m->place.glibc.src.path, "--glibc");
    if (macos && (driver || (c->gpu_overridden && !c->none_gpu)))
        return cv_ctx_usage(c, "--os macos",
                            CV_S("contradicts an NVIDIA driver or GPU: macOS has no CUDA"));
    if ((windows || macos) && (wsl || container || glibc))
        return cv_ctx_usage(
            c, "--os", CV_S("contradicts --wsl, --container or --glibc, which are about Linux"));
    if (cv_absent(&m->driver.version) && cv_str_eqz(m->driver.version.src.path, "--driver") &&
        m->driver.compat_from_option)
        return cv_ctx_usage(c, "--compat",
                            CV_S("contradicts --driver none: the package needs a kernel driver"));
    return CV_OK;
}

static int apply(cuvet_ctx *c, cv_str key, cv_str v)
{
    struct cv_place *p = &c->m.place;
    if (cv_str_eqz(key, "driver")) {
        if (c->driver_overridden)
            return cv_ctx_usage(c, "--driver", CV_S("given twice"));
        c->driver_overridden = true;
        return set_driver(c, v);
    }
    if (cv_str_eqz(key, "gpu"))
        return add_gpu(c, v);
    if (cv_str_eqz(key, "os"))
        return set_os(c, v);
    if (cv_str_eqz(key, "arch"))
        return set_arch(c, v);
    if (cv_str_eqz(key, "python"))
        return set_python(c, v);
    if (cv_str_eqz(key, "glibc"))
        return set_dotted(c, "--glibc", v, &p->glibc);
    if (cv_str_eqz(key, "toolkit"))
        return set_toolkit(c, v);
    if (cv_str_eqz(key, "compat"))
        return set_compat(c, v);
    if (cv_str_eqz(key, "wsl")) {
        set(&p->wsl, CV_S("2"), "--wsl");
        if (!cv_known(&p->os))
            set(&p->os, CV_S("linux"), "--wsl");
        c->m.driver.windows_number = true;
        return CV_OK;
    }
    if (cv_str_eqz(key, "container")) {
        set(&p->container, CV_S("container"), "--container");
        return CV_OK;
    }
    return cv_ctx_usage(c, "override",
                        cv_arena_fmt(&c->arena, "\"" CV_FMT "\" is not known", CV_ARG(key)));
}

int cuvet_override(cuvet_ctx *c, const char *key, const char *value)
{
    if (c->failed != CV_OK)
        return cv_ctx_fail(c, c->failed);
    if (!c->has_machine || c->has_diagnosis)
        return cv_ctx_usage(c, "override", CV_S("comes between the machine and its judgement"));
    int rc = apply(c, cv_str_z(key), cv_arena_str(&c->arena, cv_str_z(value)));
    if (rc == CV_OK)
        rc = contradictions(c);
    if (rc == CV_OK)
        cv_facts_enrich(&c->facts, &c->arena, &c->m);
    return rc;
}
