/* f_state.c: S1, the state of the driver: there, loaded, of one version, reachable. No file, no finding: only what was seen counts. */
#include "rules/findings.h"

static bool loaded(const struct cv_machine *m)
{
    return cv_known(&m->driver.module_loaded) && cv_str_eqz(m->driver.module_loaded.v, "yes");
}

/* A desktop or data-centre GPU: its driver is a loadable module of the distribution's. */
static bool has_discrete(const struct cv_machine *m)
{
    for (uint32_t i = 0; i < m->n_gpus; i++)
        if (cv_str_eqz(m->gpus[i].vendor, "nvidia") && !m->gpus[i].tegra)
            return true;
    return false;
}

static bool passed_through(const struct cv_machine *m)
{
    for (uint32_t i = 0; i < m->n_gpus; i++)
        if (cv_str_eqz(m->gpus[i].vendor, "nvidia") &&
            !(cv_known(&m->gpus[i].bound) && cv_str_eqz(m->gpus[i].bound.v, "vfio-pci")))
            return false;
    return true;
}

static cv_str first_gpu(struct cv_diag *g)
{
    for (uint32_t i = 0; i < g->m->n_gpus; i++)
        if (cv_str_eqz(g->m->gpus[i].vendor, "nvidia"))
            return cv_gpu_words(g->a, &g->m->gpus[i]);
    return CV_S("the NVIDIA GPU");
}

static void gpu_evidence(struct cv_diag *g, struct cv_finding *f)
{
    for (uint32_t i = 0; i < g->m->n_gpus; i++)
        if (cv_str_eqz(g->m->gpus[i].vendor, "nvidia"))
            cv_find_evidence(g, f,
                             cv_known(&g->m->gpus[i].pci) ? g->m->gpus[i].pci.src.path
                                                          : g->m->gpus_src.path,
                             cv_gpu_words(g->a, &g->m->gpus[i]));
}

static bool nouveau_bound(const struct cv_machine *m)
{
    for (uint32_t i = 0; i < m->n_gpus; i++)
        if (cv_str_eqz(m->gpus[i].vendor, "nvidia") && cv_known(&m->gpus[i].bound) &&
            cv_str_eqz(m->gpus[i].bound.v, "nouveau"))
            return true;
    return false;
}

static void find_nouveau(struct cv_diag *g)
{
    struct cv_finding *f = cv_find_new(g, "nouveau-bound", CV_ERROR, "S1",
                                       CV_S("nouveau drives the NVIDIA GPU: CUDA cannot use it"),
                                       cv_arena_fmt(g->a,
                                                    "The free driver nouveau is bound to " CV_FMT
                                                    ". CUDA needs NVIDIA's driver.",
                                                    CV_ARG(first_gpu(g))));
    for (uint32_t i = 0; i < g->m->n_gpus; i++)
        if (cv_known(&g->m->gpus[i].bound) && cv_str_eqz(g->m->gpus[i].bound.v, "nouveau"))
            cv_find_evidence(g, f, g->m->gpus[i].bound.src.path, g->m->gpus[i].bound.src.text);
}

/* A GPU, and no NVIDIA kernel module running: never installed, or installed and not loaded? */
static void find_not_running(struct cv_diag *g)
{
    const struct cv_driver *d = &g->m->driver;
    bool files = cv_known(&d->module_file) || cv_known(&d->umd) || cv_known(&d->package);
    struct cv_finding *f;
    bool described =
        cv_str_eqz(g->m->gpus_src.path, "--gpu") || cv_str_eqz(d->version.src.path, "--driver");
    if (cv_known(&g->m->place.container) && !cv_known(&d->umd) && !described)
        return; /* said as container-no-gpu */
    if (!files) {
        f = cv_find_new(g, "driver-missing", CV_ERROR, "S1", CV_S("no NVIDIA driver is installed"),
                        cv_arena_fmt(g->a,
                                     "This machine has " CV_FMT
                                     ", but no NVIDIA driver: CUDA programs find no GPU.",
                                     CV_ARG(first_gpu(g))));
        gpu_evidence(g, f);
        cv_find_evidence(g, f, CV_S("/proc/driver/nvidia/version"), CV_S("not there"));
        return;
    }
    bool no_module = cv_absent(&d->module_file);
    bool secure =
        cv_known(&g->m->place.secure_boot) && cv_str_eqz(g->m->place.secure_boot.v, "enabled");
    cv_str cause =
        no_module ? cv_arena_fmt(g->a,
                                 "The driver is installed, but no kernel module was built for the "
                                 "running kernel (" CV_FMT "): usual after a kernel update.",
                                 CV_ARG(cv_known(&g->m->place.kernel) ? g->m->place.kernel.v
                                                                      : CV_S("unknown")))
        : secure  ? CV_S("The driver is installed and its kernel module is there, but not loaded. "
                          "Secure Boot is on: an unsigned module is refused.")
                  : CV_S("The driver is installed, but its kernel module is not loaded.");
    f = cv_find_new(g, "module-not-loaded", CV_ERROR, "S1",
                    CV_S("the NVIDIA kernel module is not loaded"), cause);
    cv_find_fact(g, f, &d->module_loaded);
    cv_find_fact(g, f, &d->umd);
    cv_find_fact(g, f, &d->package);
    if (cv_known(&d->module_file))
        cv_find_evidence(g, f, d->module_file.src.path, CV_S("module file on disk"));
    else if (no_module)
        cv_find_evidence(g, f, d->module_file.src.path, CV_S("no nvidia module below it"));
    if (secure)
        cv_find_evidence(g, f, g->m->place.secure_boot.src.path, CV_S("Secure Boot enabled"));
}

static void find_mismatch(struct cv_diag *g)
{
    const struct cv_driver *d = &g->m->driver;
    bool by_nvml = g->m->nvml.code == 18;
    bool by_files = cv_known(&d->version) && cv_known(&d->umd) && !cv_known(&g->m->place.jetson) &&
                    !d->windows_number && cv_dotted_cmp(d->version.v, d->umd.v) != 0;
    if (!by_nvml && !by_files)
        return;
    cv_str cause =
        by_files ? cv_arena_fmt(g->a,
                                "The running kernel module is " CV_FMT
                                ", the libraries on disk are " CV_FMT
                                ". The driver was updated and the old module is still loaded.",
                                CV_ARG(d->version.v), CV_ARG(d->umd.v))
                 : CV_S("NVML says that the kernel module and the user libraries are of different "
                        "versions: the driver was updated and the old module is still loaded.");
    struct cv_finding *f =
        cv_find_new(g, "driver-mismatch", CV_ERROR, "S1",
                    CV_S("kernel module and driver libraries are of different versions"), cause);
    cv_find_fact(g, f, &d->version);
    cv_find_fact(g, f, &d->umd);
    if (by_nvml)
        cv_find_evidence(g, f, CV_S("nvmlInit"), g->m->nvml.error);
}

static void find_library_missing(struct cv_diag *g)
{
    const struct cv_driver *d = &g->m->driver;
    if (!loaded(g->m) || !cv_absent(&d->umd) || cv_known(&g->m->place.container) ||
        cv_known(&g->m->place.jetson))
        return;
    struct cv_finding *f = cv_find_new(
        g, "driver-library-missing", CV_ERROR, "S1", CV_S("libcuda.so.1 is missing"),
        cv_arena_fmt(g->a,
                     "The kernel module " CV_FMT " is loaded, but its library libcuda.so.1 is in "
                     "none of the loader's places: CUDA cannot start.",
                     CV_ARG(cv_known(&d->version) ? d->version.v : CV_S(""))));
    cv_find_fact(g, f, &d->version);
    cv_find_evidence(g, f, CV_S("libcuda.so.1"),
                     CV_S("not found in LD_LIBRARY_PATH, /etc/ld.so.cache and the usual folders"));
}

static void find_nodes(struct cv_diag *g)
{
    const struct cv_fact *n = &g->m->device_nodes;
    if (!cv_known(n) || cv_str_eqz(n->v, "ok"))
        return;
    if (cv_str_eqz(n->v, "denied")) {
        struct cv_finding *f = cv_find_new(
            g, "device-nodes-denied", CV_ERROR, "S1",
            CV_S("this user may not open the GPU's device files"),
            cv_arena_fmt(g->a, "No permission to read and write " CV_FMT ".", CV_ARG(n->src.text)));
        cv_find_evidence(g, f, n->src.path, n->src.text);
    } else if (!cv_known(&g->m->place.container)) {
        struct cv_finding *f = cv_find_new(
            g, "device-nodes-missing", CV_WARNING, "S1",
            CV_S("device files of the driver are missing"),
            cv_arena_fmt(g->a,
                         "Not there: " CV_FMT
                         ". They are made at the first use where nvidia-modprobe is installed.",
                         CV_ARG(n->src.text)));
        cv_find_evidence(g, f, n->src.path, n->src.text);
    }
}

static void find_nvml(struct cv_diag *g)
{
    const struct cv_nvml *n = &g->m->nvml;
    if (n->state != CV_MALFORMED || n->code == 18)
        return;
    bool timeout = cv_str_starts(n->error, "timeout");
    struct cv_finding *f;
    if (timeout)
        f = cv_find_new(
            g, "nvml-timeout", CV_WARNING, "S1",
            CV_S("the driver's management library did not answer in time"),
            CV_S("NVML hung. A GPU or the driver may be stuck; files told what is printed here. "
                 "The kernel log (dmesg, NVRM and Xid lines) says more."));
    else
        f = cv_find_new(g, "nvml-failed", CV_WARNING, "S1",
                        CV_S("the driver's management library failed"),
                        cv_arena_fmt(g->a, "NVML answered: " CV_FMT ".", CV_ARG(n->error)));
    cv_find_evidence(g, f, n->library.len ? n->library : CV_S("nvmlInit"), n->error);
}

/* In /sys, the module runs, NVML answers, and does not name this GPU. */
static void find_uninitialised(struct cv_diag *g)
{
    for (uint32_t i = 0; i < g->m->n_gpus; i++) {
        const struct cv_gpu *gpu = &g->m->gpus[i];
        bool out = cv_known(&gpu->bound) && cv_str_eqz(gpu->bound.v, "vfio-pci");
        if (!cv_str_eqz(gpu->vendor, "nvidia") || gpu->in_nvml != CV_NO ||
            g->m->nvml.state != CV_KNOWN || cv_known(&g->m->place.container) || out)
            continue;
        struct cv_finding *f =
            cv_find_new(g, "gpu-not-initialised", CV_WARNING, "S1",
                        CV_S("the driver does not list a GPU that is in the machine"),
                        cv_arena_fmt(g->a,
                                     CV_FMT " is on the PCI bus, but NVML does not name it: the "
                                            "driver ignores it, or could not start it.",
                                     CV_ARG(cv_gpu_words(g->a, gpu))));
        cv_find_fact(g, f, &gpu->pci);
    }
}

static void find_wsl(struct cv_diag *g)
{
    const struct cv_driver *d = &g->m->driver;
    if (!cv_known(&g->m->place.wsl))
        return;
    bool linux_library = cv_known(&d->umd) && !cv_str_starts(d->umd_path.v, "/usr/lib/wsl");
    if (!linux_library && !cv_known(&d->package))
        return;
    struct cv_finding *f =
        cv_find_new(g, "wsl-linux-driver", CV_ERROR, "S1",
                    CV_S("a Linux NVIDIA driver is installed inside WSL"),
                    CV_S("In WSL the driver is the Windows host's (/usr/lib/wsl/lib). A Linux "
                         "driver inside hides it: GPU access is blocked."));
    cv_find_fact(g, f, &d->umd);
    cv_find_fact(g, f, &d->package);
}

/* The flavour of the modules against the GPUs (open-1 .. open-4). */
static void find_flavour(struct cv_diag *g)
{
    const struct cv_driver *d = &g->m->driver;
    for (uint32_t i = 0; i < g->m->n_gpus; i++) {
        const struct cv_gpu *gpu = &g->m->gpus[i];
        uint32_t row = cv_known(&gpu->cc_text) && !gpu->tegra && cv_str_eqz(gpu->vendor, "nvidia")
                           ? cv_facts_gpu_arch(g->f, gpu->cc)
                           : CV_NO_ROW;
        if (row == CV_NO_ROW || d->flavour == CV_FLAVOUR_UNKNOWN)
            continue;
        cv_str open = cv_facts_get(g->f, CV_T_GPU_ARCH, row, "open_modules");
        struct cv_finding *f = NULL;
        if (cv_str_eqz(open, "required") && d->flavour == CV_FLAVOUR_CLOSED &&
            !cv_find_has(g->d, "open-module-required"))
            f = cv_find_new(
                g, "open-module-required", CV_ERROR, "D2",
                CV_S("this GPU needs the open kernel modules"),
                cv_arena_fmt(
                    g->a,
                    CV_FMT
                    " is only driven by NVIDIA's open kernel modules; the closed ones are loaded.",
                    CV_ARG(cv_gpu_words(g->a, gpu))));
        else if (cv_str_eqz(open, "no") && d->flavour == CV_FLAVOUR_OPEN &&
                 !cv_find_has(g->d, "open-module-unsupported"))
            f = cv_find_new(
                g, "open-module-unsupported", CV_ERROR, "D2",
                CV_S("the open kernel modules cannot drive this GPU"),
                cv_arena_fmt(
                    g->a,
                    CV_FMT
                    " is older than Turing; the open kernel modules, which are loaded, refuse it.",
                    CV_ARG(cv_gpu_words(g->a, gpu))));
        if (!f)
            continue;
        cv_find_evidence(g, f, d->flavour_src.path, d->flavour_src.text);
        f->source = cv_facts_source(
            g->f, CV_T_COMPAT_RULES,
            cv_facts_find1(g->f, CV_T_COMPAT_RULES,
                           d->flavour == CV_FLAVOUR_CLOSED ? CV_S("open-2") : CV_S("open-3")));
    }
}

void cv_find_driver_state(struct cv_diag *g)
{
    const struct cv_machine *m = g->m;
    bool asked = cv_known(&m->driver.module_loaded) || cv_absent(&m->driver.version);
    bool option = cv_str_eqz(m->driver.version.src.path, "--driver");
    if (has_discrete(m) && asked && !option && !loaded(m) && !cv_known(&m->driver.version) &&
        !cv_known(&m->place.wsl) && !passed_through(m)) {
        if (nouveau_bound(m))
            find_nouveau(g);
        else
            find_not_running(g);
    } else if (option && cv_absent(&m->driver.version) && has_discrete(m)) {
        find_not_running(g);
    }
    find_mismatch(g);
    find_library_missing(g);
    find_wsl(g);
    find_flavour(g);
    find_nodes(g);
    find_nvml(g);
    find_uninitialised(g);
}
