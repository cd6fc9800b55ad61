/* driver_fix.c: fixes of the driver: which branch, which flavour of kernel modules, which package
 * of this distribution; reboot, nouveau, WSL, containers, Jetson. */
#include "resolve/fixes.h"

/* What the GPUs here ask of a driver. */
struct asks {
    uint32_t first, last; /* branches; last 0 = no limit */
    bool open, closed;    /* flavour that some GPU demands */
    bool all_can_open;
};

static struct asks ask_gpus(const struct cv_fixing *x)
{
    struct asks k = {.all_can_open = true};
    for (uint32_t i = 0; i < x->m->n_gpus; i++) {
        const struct cv_gpu *g = &x->m->gpus[i];
        uint32_t row = cv_known(&g->cc_text) && cv_str_eqz(g->vendor, "nvidia") && !g->tegra
                           ? cv_facts_gpu_arch(x->f, g->cc)
                           : CV_NO_ROW,
                 v;
        if (row == CV_NO_ROW)
            continue;
        if (cv_dotted_num(cv_facts_get(x->f, CV_T_GPU_ARCH, row, "first_driver"), 0, &v) &&
            v > k.first)
            k.first = v;
        if (cv_dotted_num(cv_facts_get(x->f, CV_T_GPU_ARCH, row, "last_driver"), 0, &v) &&
            (k.last == 0 || v < k.last))
            k.last = v;
        cv_str open = cv_facts_get(x->f, CV_T_GPU_ARCH, row, "open_modules");
        k.open = k.open || cv_str_eqz(open, "required");
        k.closed = k.closed || cv_str_eqz(open, "no");
        k.all_can_open = k.all_can_open && !cv_str_eqz(open, "no");
    }
    return k;
}

/* The newest long-term branch within the limits (distributions carry it longest), else the newest production one, else any. 0 = none. */
static uint32_t pick_branch(const struct cv_fixing *x, uint32_t least, uint32_t last)
{
    uint32_t lts = 0, best = 0, any = 0, v;
    for (uint32_t r = 0; r < cv_facts_rows(x->f, CV_T_DRIVER_BRANCHES); r++) {
        cv_str kind = cv_facts_get(x->f, CV_T_DRIVER_BRANCHES, r, "kind");
        if (!cv_str_u32(cv_facts_at(x->f, CV_T_DRIVER_BRANCHES, r, 0), &v) || v < least ||
            (last && v > last))
            continue;
        any = v > any ? v : any;
        if (cv_str_starts(kind, "LTS") && v > lts)
            lts = v;
        if (cv_str_has(kind, "production") && v > best)
            best = v;
    }
    return lts ? lts : best ? best : any;
}

static cv_str fill_branch(struct cv_arena *a, cv_str pattern, uint32_t branch)
{
    size_t at = cv_str_find(pattern, CV_S("{branch}"));
    if (at == SIZE_MAX)
        return pattern;
    cv_str rest = fill_branch(a, cv_str_from(pattern, at + 8), branch);
    return cv_arena_fmt(a, CV_FMT "%u" CV_FMT, CV_ARG(cv_str_sub(pattern, 0, at)), branch,
                        CV_ARG(rest));
}

/* A row of driver-packages for this distribution that brings at least `least`: the distribution's own before NVIDIA's repository. */
static uint32_t find_package(const struct cv_fixing *x, const char *flavour, uint32_t least,
                             uint32_t last)
{
    const struct cv_place *p = &x->m->place;
    uint32_t best = CV_NO_ROW, v;
    if (!cv_known(&p->distro_id))
        return CV_NO_ROW;
    for (uint32_t r = 0; r < cv_facts_rows(x->f, CV_T_DRIVER_PACKAGES); r++) {
        cv_str version = cv_facts_at(x->f, CV_T_DRIVER_PACKAGES, r, 1),
               branch = cv_facts_get(x->f, CV_T_DRIVER_PACKAGES, r, "branch");
        if (!cv_str_eq(cv_facts_at(x->f, CV_T_DRIVER_PACKAGES, r, 0), p->distro_id.v) ||
            !cv_str_eqz(cv_facts_at(x->f, CV_T_DRIVER_PACKAGES, r, 2), flavour))
            continue;
        if (!cv_str_eqz(version, "-") &&
            !(cv_known(&p->distro_version) && cv_dotted_prefix(p->distro_version.v, version)))
            continue;
        if (cv_str_u32(branch, &v) && (v < least || (last && v > last)))
            continue;
        bool own = cv_str_eqz(cv_facts_at(x->f, CV_T_DRIVER_PACKAGES, r, 3), "distribution");
        if (best == CV_NO_ROW || own)
            best = r;
    }
    return best;
}

static void distribution_fix(struct cv_fixing *x, struct cv_finding *f, cv_str need, uint32_t least,
                             const struct asks *k)
{
    bool open =
        k->open || (k->all_can_open && !k->closed && x->m->driver.flavour != CV_FLAVOUR_CLOSED);
    uint32_t branch = pick_branch(x, least, k->last);
    const char *flavour = open ? "open" : "closed";
    uint32_t row = find_package(x, flavour, least, k->last);
    uint32_t own = branch;
    if (row != CV_NO_ROW) /* Debian's package brings the branch of its release */
        (void)cv_str_u32(cv_facts_get(x->f, CV_T_DRIVER_PACKAGES, row, "branch"), &own);
    cv_str at_least = need.len ? cv_arena_fmt(x->a, CV_FMT " or newer", CV_ARG(need))
                               : cv_arena_fmt(x->a, "branch %u", own);
    cv_str limit = CV_S("");
    if (k->last && own == k->last)
        limit = need.len ? cv_arena_fmt(x->a, " (branch %u, the last for this GPU)", k->last)
                         : CV_S(", the last for this GPU,");
    else if (k->last)
        limit = cv_arena_fmt(x->a, " (branch %u is the last for this GPU)", k->last);
    if (row == CV_NO_ROW) {
        cv_fix_add(x, f, true,
                   cv_arena_fmt(x->a,
                                "Install NVIDIA driver " CV_FMT CV_FMT
                                " with the %s kernel modules, then reboot.",
                                CV_ARG(at_least), CV_ARG(limit), flavour),
                   CV_S(""));
        return;
    }
    cv_str package =
        fill_branch(x->a, cv_facts_get(x->f, CV_T_DRIVER_PACKAGES, row, "package"), branch);
    cv_str note = cv_facts_get(x->f, CV_T_DRIVER_PACKAGES, row, "note");
    bool vendor = cv_str_eqz(cv_facts_at(x->f, CV_T_DRIVER_PACKAGES, row, 3), "vendor");
    cv_str text = cv_arena_fmt(
        x->a,
        "Install NVIDIA driver " CV_FMT CV_FMT " with the %s kernel modules: package " CV_FMT
        "%s, then reboot.",
        CV_ARG(at_least), CV_ARG(limit), flavour, CV_ARG(package),
        vendor && cv_str_has(note, "NVIDIA's own repository") ? " from NVIDIA's repository" : "");
    cv_fix_add(x, f, true, text,
               fill_branch(x->a, cv_facts_get(x->f, CV_T_DRIVER_PACKAGES, row, "command"), branch));
}

void cv_fix_driver(struct cv_fixing *x, struct cv_finding *f, cv_str need)
{
    struct asks k = ask_gpus(x);
    uint32_t least = k.first, v;
    if (cv_dotted_num(need, 0, &v) && v > least)
        least = v;
    if (cv_known(&x->m->place.jetson)) {
        cv_fix_jetson(x, f);
        return;
    }
    if (cv_machine_windows_driver(x->m)) {
        cv_fix_add(x, f, true,
                   cv_arena_fmt(x->a,
                                "Install NVIDIA's Windows driver " CV_FMT
                                "%s on Windows. Inside WSL no driver is installed.",
                                CV_ARG(need), need.len ? " or newer" : ""),
                   CV_S(""));
        return;
    }
    if (k.last && least > k.last) {
        cv_fix_add(x, f, false,
                   cv_arena_fmt(x->a,
                                "No driver can help: branch %u is the last for this GPU, and this "
                                "build needs %u or newer.",
                                k.last, least),
                   CV_S(""));
        return;
    }
    if (k.open && k.closed) {
        cv_fix_add(x, f, true,
                   CV_S("No one set of kernel modules drives all GPUs here: the newest needs the "
                        "open modules, the oldest the closed ones. Use them in separate machines."),
                   CV_S(""));
        return;
    }
    if (cv_known(&x->m->place.container)) {
        cv_fix_add(x, f, true,
                   cv_arena_fmt(x->a,
                                "The driver is the host's: have it updated there to " CV_FMT "%s.",
                                CV_ARG(need.len ? need : CV_S("a newer version")),
                                need.len ? " or newer" : ""),
                   CV_S(""));
        return;
    }
    distribution_fix(x, f, need, least, &k);
}

void cv_fix_jetson(struct cv_fixing *x, struct cv_finding *f)
{
    const struct cv_place *p = &x->m->place;
    const cv_str key[2] = {CV_S("third-party"), CV_S("Jetson AI Lab")};
    uint32_t row = cv_facts_find(x->f, CV_T_INDEXES, key, 2);
    cv_str l4t = cv_known(&p->l4t) ? p->l4t.v : CV_S("");
    cv_str python =
        f->env.len ? cv_arena_fmt(x->a, CV_FMT "/bin/python", CV_ARG(f->env)) : CV_S("python3");
    uint32_t major = 0;
    (void)cv_dotted_num(l4t, 0, &major);
    if (major == 36 && row != CV_NO_ROW) {
        cv_str url = cv_facts_get(x->f, CV_T_INDEXES, row, "url_pattern");
        size_t at = cv_str_find(url, CV_S("{jp}"));
        struct cv_xy cuda;
        bool known = cv_known(&x->m->driver.cuda) && cv_xy_parse(x->m->driver.cuda.v, &cuda);
        if (at != SIZE_MAX && known) {
            cv_fix_add(x, f, false,
                       CV_S("Install the wheel that is built for Jetson (the wheels of the default "
                            "index are for servers)."),
                       cv_arena_fmt(x->a,
                                    CV_FMT " -m pip install torch --index-url " CV_FMT
                                           "jp6/cu%u%u --force-reinstall",
                                    CV_ARG(python), CV_ARG(cv_str_sub(url, 0, at)), cuda.major,
                                    cuda.minor));
            return;
        }
    }
    cv_fix_add(x, f, false,
               CV_S("Use a torch wheel that NVIDIA built for this JetPack release; driver and CUDA "
                    "come with JetPack and are updated with it."),
               CV_S(""));
}

bool cv_machine_windows_driver(const struct cv_machine *m)
{
    return m->driver.windows_number || cv_known(&m->place.wsl) ||
           (cv_known(&m->place.os) && cv_str_eqz(m->place.os.v, "windows"));
}

static void fix_not_loaded(struct cv_fixing *x, struct cv_finding *f)
{
    const struct cv_driver *d = &x->m->driver;
    bool debian =
        cv_known(&x->m->place.distro_id) && (cv_str_eqz(x->m->place.distro_id.v, "debian") ||
                                             cv_str_eqz(x->m->place.distro_id.v, "ubuntu"));
    if (cv_absent(&d->module_file)) {
        cv_str headers = debian && cv_known(&x->m->place.kernel)
                             ? cv_arena_fmt(x->a,
                                            "sudo apt install linux-headers-" CV_FMT
                                            " && sudo dkms autoinstall && sudo modprobe nvidia",
                                            CV_ARG(x->m->place.kernel.v))
                             : CV_S("sudo dkms autoinstall && sudo modprobe nvidia");
        cv_fix_add(x, f, true,
                   CV_S("Build the module for the running kernel (its headers are needed), or boot "
                        "the previous kernel."),
                   headers);
        return;
    }
    if (cv_known(&x->m->place.secure_boot) && cv_str_eqz(x->m->place.secure_boot.v, "enabled")) {
        cv_fix_add(x, f, true,
                   CV_S("Sign the module with an enrolled machine owner key (the distribution's "
                        "package offers this), or switch Secure Boot off. `sudo modprobe nvidia` "
                        "says if it is refused."),
                   CV_S("sudo modprobe nvidia"));
        return;
    }
    cv_fix_add(x, f, true, CV_S("Load the module; if that fails, the kernel log says why (dmesg)."),
               CV_S("sudo modprobe nvidia"));
}

bool cv_fix_state(struct cv_fixing *x, struct cv_finding *f)
{
    cv_str id = f->id;
    bool kubernetes =
        cv_known(&x->m->place.container) && cv_str_eqz(x->m->place.container.v, "kubernetes");
    if (cv_str_eqz(id, "driver-missing") || cv_str_eqz(id, "gpu-unsupported-by-driver") ||
        cv_str_eqz(id, "open-module-required") || cv_str_eqz(id, "open-module-unsupported"))
        cv_fix_driver(x, f, CV_S(""));
    else if (cv_str_eqz(id, "nouveau-bound"))
        cv_fix_driver(x, f, CV_S(""));
    else if (cv_str_eqz(id, "module-not-loaded"))
        fix_not_loaded(x, f);
    else if (cv_str_eqz(id, "driver-mismatch"))
        cv_fix_add(
            x, f, true,
            CV_S(
                "Reboot, so that the new kernel module is loaded. Without a reboot: stop what uses "
                "the GPU, then unload and load the modules. Nothing needs to be installed again."),
            CV_S("sudo reboot"));
    else if (cv_str_eqz(id, "driver-library-missing"))
        cv_fix_add(
            x, f, true,
            cv_arena_fmt(
                x->a,
                "Install the user-mode libraries of the same version as the module (" CV_FMT ").",
                CV_ARG(cv_known(&x->m->driver.version) ? x->m->driver.version.v : CV_S("?"))),
            CV_S(""));
    else if (cv_str_eqz(id, "device-nodes-missing"))
        cv_fix_add(x, f, true, CV_S("Have them made."), CV_S("sudo nvidia-modprobe -u -c=0"));
    else if (cv_str_eqz(id, "device-nodes-denied"))
        cv_fix_add(x, f, true,
                   CV_S("Give this user access to the device files: add them to the group that "
                        "owns the files (often video or render), then log in again."),
                   CV_S("sudo usermod -aG video,render \"$USER\""));
    else if (cv_str_eqz(id, "container-no-gpu") && kubernetes)
        cv_fix_add(x, f, false,
                   CV_S("Ask for a GPU in the pod (resources.limits: nvidia.com/gpu: 1)."),
                   CV_S(""));
    else if (cv_str_eqz(id, "container-no-gpu"))
        cv_fix_add(x, f, false,
                   CV_S("Start the container with the GPU; the host needs the package "
                        "nvidia-container-toolkit for it. Podman: --device nvidia.com/gpu=all"),
                   CV_S("docker run --gpus all IMAGE"));
    else if (cv_str_eqz(id, "container-no-compute"))
        cv_fix_add(
            x, f, false, CV_S("Start the container with compute among its capabilities."),
            CV_S("docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility IMAGE"));
    else if (cv_str_eqz(id, "wsl-linux-driver"))
        cv_fix_add(x, f, true,
                   CV_S("Remove the Linux driver packages inside WSL; keep the driver of Windows "
                        "up to date instead."),
                   CV_S("sudo apt purge '^nvidia-.*' '^libnvidia-.*' && sudo apt autoremove"));
    else if (cv_str_eqz(id, "gpus-hidden"))
        cv_fix_add(x, f, false,
                   CV_S("Unset the variable, or name a GPU that is there. Under Slurm or another "
                        "scheduler, ask for a GPU instead."),
                   CV_S("unset CUDA_VISIBLE_DEVICES"));
    else
        return false;
    return true;
}
