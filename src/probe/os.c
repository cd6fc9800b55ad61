/* os.c: the place: operating system, distribution, C library, WSL, container, Jetson; and the environment variables that matter. */
#include "probe/probe.h"

#include <features.h>
#include <sys/utsname.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

static cv_str read_text(struct cv_probe_ctx *c, const char *path)
{
    cv_str text = CV_S("");
    (void)cv_root_read(c->root, c->arena, cv_str_z(path), CV_MAX_SMALL_FILE, &text, NULL);
    return text;
}

/* ---- kernel and processor ---- */

/* e_machine of the first ELF file that every system has (ELF specification: 62 x86-64, 183 AArch64). */
static const char *arch_of_file(struct cv_probe_ctx *c, cv_str path)
{
    cv_str head;
    if (cv_root_head(c->root, c->arena, path, 64, &head) != CV_KNOWN || head.len < 20 ||
        memcmp(head.ptr, "\177ELF", 4) != 0)
        return NULL;
    switch (cv_le16((const unsigned char *)head.ptr + 18)) {
    case 62:
        return "x86_64";
    case 183:
        return "aarch64";
    case 21:
        return "ppc64le";
    default:
        return NULL;
    }
}

static void find_arch_in_tree(struct cv_probe_ctx *c)
{
    static const char *const files[] = {"/bin/sh", "/usr/bin/env", "/bin/busybox",
                                        "/lib64/ld-linux-x86-64.so.2",
                                        "/lib/ld-linux-aarch64.so.1"};
    struct cv_place *p = &c->m->place;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *arch = arch_of_file(c, cv_str_z(files[i]));
        if (arch) {
            cv_fact_set(&p->arch, cv_str_z(arch), cv_str_z(files[i]), CV_S("ELF header"));
            return;
        }
    }
    if (cv_root_exists(c->root, CV_S("/lib64/ld-linux-x86-64.so.2")) ||
        cv_root_is_dir(c->root, CV_S("/usr/lib/x86_64-linux-gnu")))
        cv_fact_set(&p->arch, CV_S("x86_64"), CV_S("/usr/lib/x86_64-linux-gnu"), CV_S(""));
    else if (cv_root_exists(c->root, CV_S("/lib/ld-linux-aarch64.so.1")) ||
             cv_root_is_dir(c->root, CV_S("/usr/lib/aarch64-linux-gnu")))
        cv_fact_set(&p->arch, CV_S("aarch64"), CV_S("/usr/lib/aarch64-linux-gnu"), CV_S(""));
}

static void probe_kernel(struct cv_probe_ctx *c)
{
    struct cv_place *p = &c->m->place;
    struct utsname u;
    cv_str v;
    cv_fact_set(&p->os, CV_S("linux"), c->root->live ? CV_S("uname") : c->root->label, CV_S(""));
    if (c->root->live) {
        if (uname(&u) != 0)
            return;
        cv_fact_set(&p->kernel, cv_arena_str(c->arena, cv_str_z(u.release)), CV_S("uname"),
                    CV_S(""));
        cv_fact_set(&p->arch, cv_arena_str(c->arena, cv_str_z(u.machine)), CV_S("uname"), CV_S(""));
        return;
    }
    if (cv_root_nofile(c->root, "uname.release", &v) == CV_KNOWN)
        cv_fact_set(&p->kernel, v, CV_S("nofile.tsv"), CV_S("uname.release"));
    else if ((v = cv_str_trim(read_text(c, "/proc/sys/kernel/osrelease"))).len)
        cv_fact_set(&p->kernel, v, CV_S("/proc/sys/kernel/osrelease"), CV_S(""));
    if (cv_root_nofile(c->root, "uname.machine", &v) == CV_KNOWN)
        cv_fact_set(&p->arch, v, CV_S("nofile.tsv"), CV_S("uname.machine"));
    else
        find_arch_in_tree(c);
}

/* ---- distribution: os-release(5), KEY=value or KEY="value" ---- */

static cv_str release_value(cv_str text, const char *key)
{
    cv_str line;
    size_t n = strlen(key);
    while (cv_str_line(&text, &line)) {
        if (!cv_str_starts(line, key) || line.len <= n || line.ptr[n] != '=')
            continue;
        cv_str v = cv_str_trim(cv_str_from(line, n + 1));
        if (v.len >= 2 && (v.ptr[0] == '"' || v.ptr[0] == '\'') && v.ptr[v.len - 1] == v.ptr[0])
            v = cv_str_sub(v, 1, v.len - 2);
        return v;
    }
    return CV_S("");
}

static void probe_distro(struct cv_probe_ctx *c)
{
    struct cv_place *p = &c->m->place;
    cv_str path = CV_S("/etc/os-release");
    cv_str text;
    if (cv_root_read(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text, NULL) != CV_KNOWN) {
        path = CV_S("/usr/lib/os-release");
        if (cv_root_read(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text, NULL) != CV_KNOWN)
            return;
    }
    const struct {
        const char *key;
        struct cv_fact *to;
    } keys[] = {{"ID", &p->distro_id},
                {"ID_LIKE", &p->distro_like},
                {"VERSION_ID", &p->distro_version},
                {"PRETTY_NAME", &p->distro_name}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        cv_str v = release_value(text, keys[i].key);
        if (v.len)
            cv_fact_set(keys[i].to, v, path,
                        cv_arena_fmt(c->arena, "%s=" CV_FMT, keys[i].key, CV_ARG(v)));
    }
}

/* ---- C library ---- */

/* glibc says its version inside: "GNU C Library (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36." */
static bool glibc_text(struct cv_probe_ctx *c, cv_str path, cv_str *ret)
{
    enum { CHUNK = 1 << 16, OVERLAP = 128 };
    const cv_str mark = CV_S("release version ");
    struct cv_window w;
    bool found = false;
    char *buf = cv_arena_raw(c->arena, CHUNK);
    if (!buf || cv_window_open(c->root, c->arena, path, &w, NULL) != CV_KNOWN)
        return false;
    for (uint64_t at = 0; !found && at < w.reader.size && at < CV_MAX_ELF_SCAN;
         at += CHUNK - OVERLAP) {
        size_t n = w.reader.size - at < CHUNK ? (size_t)(w.reader.size - at) : CHUNK;
        if (!cv_read(&w.reader, at, buf, n))
            break;
        size_t hit = cv_str_find((cv_str){buf, n}, mark);
        if (hit == SIZE_MAX)
            continue;
        cv_str v = cv_str_from((cv_str){buf, n}, hit + mark.len);
        size_t stop = 0;
        while (stop < v.len &&
               (cv_is_digit(v.ptr[stop]) ||
                (v.ptr[stop] == '.' && stop + 1 < v.len && cv_is_digit(v.ptr[stop + 1]))))
            stop++;
        if (cv_dotted_ok(cv_str_sub(v, 0, stop))) {
            *ret = cv_arena_str(c->arena, cv_str_sub(v, 0, stop));
            found = true;
        }
    }
    cv_window_close(&w);
    return found;
}

/* "libc-2.31.so" behind libc.so.6 (glibc before 2.34). */
static bool glibc_name(struct cv_probe_ctx *c, cv_str path, cv_str *ret)
{
    cv_str real;
    if (cv_root_real(c->root, c->arena, path, &real) != CV_KNOWN)
        return false;
    cv_str base = cv_str_base(real);
    if (!cv_str_starts(base, "libc-") || !cv_str_ends(base, ".so"))
        return false;
    *ret = cv_str_sub(base, 5, base.len - 8);
    return cv_dotted_ok(*ret);
}

static void probe_libc(struct cv_probe_ctx *c)
{
    static const char *const folders[] = {
        "/lib/x86_64-linux-gnu",     "/lib/aarch64-linux-gnu",     "/lib64", "/usr/lib64",
        "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib",   "/usr/lib"};
    struct cv_place *p = &c->m->place;
    cv_str v;
    if (cv_root_nofile(c->root, "libc.glibc", &v) == CV_KNOWN) {
        cv_fact_set(&p->glibc, v, CV_S("nofile.tsv"), CV_S("libc.glibc"));
        return;
    }
#ifdef __GLIBC__
    if (c->root->live) { /* this program runs on the machine's own */
        cv_fact_set(&p->glibc, cv_str_z(gnu_get_libc_version()), CV_S("gnu_get_libc_version"),
                    CV_S(""));
        return;
    }
#endif
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        cv_str path = cv_arena_fmt(c->arena, "%s/libc.so.6", folders[i]);
        if (!cv_root_exists(c->root, path))
            continue;
        if (glibc_name(c, path, &v) || glibc_text(c, path, &v)) {
            cv_fact_set(&p->glibc, v, path, CV_S("GNU C Library"));
            return;
        }
    }
    if (cv_root_exists(c->root, CV_S("/lib/ld-musl-x86_64.so.1")) ||
        cv_root_exists(c->root, CV_S("/lib/ld-musl-aarch64.so.1")))
        cv_fact_state(&p->glibc, CV_ABSENT, CV_S("/lib/ld-musl-*.so.1"));
}

/* ---- WSL, container ---- */

static void probe_wsl(struct cv_probe_ctx *c)
{
    struct cv_place *p = &c->m->place;
    cv_str release = cv_known(&p->kernel) ? p->kernel.v : CV_S("");
    if (cv_str_has(release, "WSL2") || cv_str_has(release, "microsoft-standard"))
        cv_fact_set(&p->wsl, CV_S("2"), p->kernel.src.path, release);
    else if (cv_str_has(release, "Microsoft"))
        cv_fact_set(&p->wsl, CV_S("1"), p->kernel.src.path, release);
    else if (!release.len && cv_root_is_dir(c->root, CV_S("/usr/lib/wsl/lib")))
        cv_fact_set(&p->wsl, CV_S("2"), CV_S("/usr/lib/wsl/lib"), CV_S(""));
    else
        cv_fact_state(&p->wsl, CV_ABSENT, CV_S("uname"));
}

static bool container_by_cgroup(struct cv_probe_ctx *c, cv_str *ret)
{
    static const struct {
        const char *text, *name;
    } words[] = {{"kubepods", "kubernetes"},   {"/docker", "docker"},
                 {"docker-", "docker"},        {"/lxc", "lxc"},
                 {"containerd", "containerd"}, {"libpod", "podman"}};
    cv_str text = read_text(c, "/proc/1/cgroup");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (cv_str_has(text, words[i].text)) {
            *ret = cv_str_z(words[i].name);
            return true;
        }
    }
    return false;
}

static void probe_container(struct cv_probe_ctx *c)
{
    struct cv_place *p = &c->m->place;
    cv_str v;
    if (cv_probe_env(c, "KUBERNETES_SERVICE_HOST", &v))
        cv_fact_set(&p->container, CV_S("kubernetes"), CV_S("$KUBERNETES_SERVICE_HOST"), v);
    else if (cv_root_exists(c->root, CV_S("/.dockerenv")))
        cv_fact_set(&p->container, CV_S("docker"), CV_S("/.dockerenv"), CV_S(""));
    else if (cv_root_exists(c->root, CV_S("/run/.containerenv")))
        cv_fact_set(&p->container, CV_S("podman"), CV_S("/run/.containerenv"), CV_S(""));
    else if (cv_root_is_dir(c->root, CV_S("/.singularity.d")))
        cv_fact_set(&p->container, CV_S("singularity"), CV_S("/.singularity.d"), CV_S(""));
    else if (cv_probe_env(c, "container", &v) && v.len)
        cv_fact_set(&p->container, v, CV_S("$container"), v);
    else if (container_by_cgroup(c, &v))
        cv_fact_set(&p->container, v, CV_S("/proc/1/cgroup"), v);
    else
        cv_fact_state(&p->container, CV_ABSENT, CV_S("/.dockerenv"));
}

/* ---- Jetson ---- */

/* "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, ..." -> 36.4.3 */
static bool parse_l4t(struct cv_arena *a, cv_str text, cv_str *ret)
{
    size_t r = cv_str_find(text, CV_S("# R"));
    size_t rev = cv_str_find(text, CV_S("REVISION:"));
    if (r == SIZE_MAX || rev == SIZE_MAX)
        return false;
    cv_str major = cv_str_from(text, r + 3);
    size_t n = 0;
    while (n < major.len && cv_is_digit(major.ptr[n]))
        n++;
    cv_str rest = cv_str_from(text, rev + 9), word;
    if (n == 0 || !cv_str_word(&rest, &word))
        return false;
    if (word.len && word.ptr[word.len - 1] == ',')
        word.len--;
    *ret = cv_arena_fmt(a, CV_FMT "." CV_FMT, CV_ARG(cv_str_sub(major, 0, n)), CV_ARG(word));
    return cv_dotted_ok(*ret);
}

/* /proc/device-tree/compatible: NUL-separated "nvidia,p3737-0000+p3701-0000", "nvidia,tegra234". */
static void probe_jetson(struct cv_probe_ctx *c)
{
    struct cv_place *p = &c->m->place;
    cv_str text = read_text(c, "/proc/device-tree/compatible");
    cv_str part, v;
    while (cv_str_next(&text, 0, &part))
        if (cv_str_starts(part, "nvidia,tegra"))
            cv_fact_set(&p->jetson, cv_str_from(part, 7), CV_S("/proc/device-tree/compatible"),
                        part);
    cv_str release = read_text(c, "/etc/nv_tegra_release");
    if (parse_l4t(c->arena, release, &v)) {
        cv_str line = release;
        (void)cv_str_line(&release, &line);
        cv_fact_set(&p->l4t, v, CV_S("/etc/nv_tegra_release"), line);
    }
    bool tegra_kernel = cv_known(&p->kernel) && cv_str_ends(p->kernel.v, "-tegra");
    if (!cv_known(&p->jetson) && (cv_known(&p->l4t) || tegra_kernel))
        cv_fact_set(&p->jetson, CV_S("tegra"),
                    cv_known(&p->l4t) ? p->l4t.src.path : p->kernel.src.path,
                    CV_S("")); /* which one is not known */
    if (!cv_known(&p->jetson)) {
        cv_fact_state(&p->jetson, CV_ABSENT, CV_S("/proc/device-tree/compatible"));
        return;
    }
    cv_str model = read_text(c, "/proc/device-tree/model");
    size_t end = cv_str_findc(model, 0);
    model = cv_str_trim(cv_str_sub(model, 0, end));
    if (model.len)
        cv_fact_set(&p->jetson_model, model, CV_S("/proc/device-tree/model"), CV_S(""));
}

/* The variable's last byte: 1 = enabled (UEFI specification, "SecureBoot"). */
static void probe_secure_boot(struct cv_probe_ctx *c)
{
    const cv_str path =
        CV_S("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
    cv_str text;
    if (cv_root_read(c->root, c->arena, path, 64, &text, NULL) == CV_KNOWN && text.len == 5)
        cv_fact_set(&c->m->place.secure_boot, text.ptr[4] == 1 ? CV_S("enabled") : CV_S("disabled"),
                    path, CV_S(""));
}

void cv_probe_place(struct cv_probe_ctx *c)
{
    probe_kernel(c);
    probe_distro(c);
    probe_libc(c);
    probe_wsl(c);
    probe_container(c);
    probe_jetson(c);
    probe_secure_boot(c);
}

/* ---- variables ---- */

/* "https://user:secret@host/simple": the part before the @ becomes three stars. */
static cv_str without_password(struct cv_arena *a, cv_str v)
{
    size_t scheme = cv_str_find(v, CV_S("://"));
    size_t at = cv_str_rfindc(v, '@');
    if (scheme == SIZE_MAX || at == SIZE_MAX || at < scheme)
        return v;
    return cv_arena_fmt(a, CV_FMT "***" CV_FMT, CV_ARG(cv_str_sub(v, 0, scheme + 3)),
                        CV_ARG(cv_str_from(v, at)));
}

void cv_probe_env_vars(struct cv_probe_ctx *c)
{
    static const char *const names[] = {
        "CUDA_VISIBLE_DEVICES",
        "CUDA_DEVICE_ORDER",
        "NVIDIA_VISIBLE_DEVICES",
        "NVIDIA_DRIVER_CAPABILITIES",
        "NVIDIA_REQUIRE_CUDA",
        "NVIDIA_DISABLE_REQUIRE",
        "CUDA_HOME",
        "CUDA_PATH",
        "CUDA_VERSION",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "CUDA_FORCE_PTX_JIT",
        "CUDA_DISABLE_PTX_JIT",
        "CUDA_MODULE_LOADING",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "PYTHONPATH",
        "PYTHONHOME",
        "TORCH_CUDA_ARCH_LIST",
        "BNB_CUDA_VERSION",
        "CUDA_MPS_PIPE_DIRECTORY",
        "TRITON_PTXAS_PATH",
        "CC",
        "CXX",
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "UV_INDEX_URL",
        "UV_DEFAULT_INDEX",
    };
    cv_str v;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!cv_probe_env(c, names[i], &v))
            continue;
        struct cv_variable *to = CV_PUSH(c->arena, c->m, variables);
        if (to)
            *to = (struct cv_variable){cv_str_z(names[i]), without_password(c->arena, v)};
    }
    const struct {
        const char *name;
        struct cv_fact *to;
        cv_str path;
    } facts[] = {
        {"CUDA_VISIBLE_DEVICES", &c->m->visible, CV_S("$CUDA_VISIBLE_DEVICES")},
        {"NVIDIA_VISIBLE_DEVICES", &c->m->nvidia_visible, CV_S("$NVIDIA_VISIBLE_DEVICES")},
        {"NVIDIA_DRIVER_CAPABILITIES", &c->m->capabilities, CV_S("$NVIDIA_DRIVER_CAPABILITIES")},
    };
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (cv_probe_env(c, facts[i].name, &v))
            cv_fact_set(facts[i].to, v, facts[i].path, v);
        else
            cv_fact_state(facts[i].to, CV_ABSENT, facts[i].path);
    }
}
