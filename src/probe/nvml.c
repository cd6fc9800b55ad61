/* nvml.c: NVML's answers into the machine: live from a child process with a time limit, in trees from nofile.tsv.
 *
 * Files come first. NVML adds what they cannot tell: names and capabilities of unknown ids, UUID, memory, MIG, and whether the driver really
 * answers for each GPU. Codes are nvmlReturn_t (NVML API reference). */
#include "probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CV_HAVE_NVML
#define CV_HAVE_NVML 1
#endif

#define CV_NVML_MAX_ANSWER ((size_t)256 << 10)

static uint64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* nvmlReturn_t in words (NVML API reference, "Enumerations"); only those that init and the queries return. */
static const struct {
    int code;
    const char *words;
} cv_nvml_words[] = {
    {1, "NVML_ERROR_UNINITIALIZED"},
    {2, "NVML_ERROR_INVALID_ARGUMENT"},
    {3, "NVML_ERROR_NOT_SUPPORTED"},
    {4, "NVML_ERROR_NO_PERMISSION: this user may not talk to the driver"},
    {6, "NVML_ERROR_NOT_FOUND"},
    {8, "NVML_ERROR_INSUFFICIENT_POWER: external power cables are not properly attached"},
    {9, "NVML_ERROR_DRIVER_NOT_LOADED: the NVIDIA kernel module is not loaded"},
    {10, "NVML_ERROR_TIMEOUT"},
    {11, "NVML_ERROR_IRQ_ISSUE: the kernel found an interrupt problem with a GPU"},
    {12, "NVML_ERROR_LIBRARY_NOT_FOUND"},
    {13, "NVML_ERROR_FUNCTION_NOT_FOUND"},
    {15, "NVML_ERROR_GPU_IS_LOST: a GPU has fallen off the bus"},
    {16, "NVML_ERROR_RESET_REQUIRED: a GPU needs a reset"},
    {17, "NVML_ERROR_OPERATING_SYSTEM: GPU access blocked by the operating system"},
    {18, "NVML_ERROR_LIB_RM_VERSION_MISMATCH: driver/library version mismatch"},
    {20, "NVML_ERROR_MEMORY"},
    {999, "NVML_ERROR_UNKNOWN"},
};

static cv_str error_words(struct cv_arena *a, int code)
{
    for (size_t i = 0; i < sizeof cv_nvml_words / sizeof cv_nvml_words[0]; i++)
        if (cv_nvml_words[i].code == code)
            return cv_str_z(cv_nvml_words[i].words);
    return cv_arena_fmt(a, "NVML error %d", code);
}

/* ---- reading "key<TAB>value" lines ---- */

struct nvml_gpu {
    cv_str pci, device, name, cc, uuid, memory, mig, error;
};

static cv_str *gpu_field(struct nvml_gpu *g, cv_str field)
{
    if (cv_str_eqz(field, "pci"))
        return &g->pci;
    if (cv_str_eqz(field, "device"))
        return &g->device;
    if (cv_str_eqz(field, "name"))
        return &g->name;
    if (cv_str_eqz(field, "cc"))
        return &g->cc;
    if (cv_str_eqz(field, "uuid"))
        return &g->uuid;
    if (cv_str_eqz(field, "memory_mib"))
        return &g->memory;
    if (cv_str_eqz(field, "mig"))
        return &g->mig;
    return cv_str_eqz(field, "error") ? &g->error : NULL;
}

/* "nvml.gpu.0.name" -> 0, "name". */
static bool gpu_key(cv_str key, uint32_t *ret_index, cv_str *ret_field)
{
    if (!cv_str_starts(key, "nvml.gpu."))
        return false;
    cv_str rest = cv_str_from(key, 9);
    cv_str number;
    if (!cv_str_next(&rest, '.', &number) || !cv_str_u32(number, ret_index) ||
        *ret_index >= CV_MAX_GPUS || !rest.ptr)
        return false;
    *ret_field = rest;
    return true;
}

/* NVML prints an 8-digit domain ("00000000:01:00.0"), sysfs 4 digits: compare from the right, letters folded. */
static bool same_pci(cv_str a, cv_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    return n >= 7 && cv_str_ieq(cv_str_from(a, a.len - n), cv_str_from(b, b.len - n));
}

static struct cv_gpu *find_gpu(struct cv_probe_ctx *c, const struct nvml_gpu *g)
{
    struct cv_machine *m = c->m;
    for (uint32_t i = 0; i < m->n_gpus; i++)
        if (g->pci.len && cv_known(&m->gpus[i].pci) && same_pci(m->gpus[i].pci.v, g->pci))
            return &m->gpus[i];
    for (uint32_t i = 0; i < m->n_gpus; i++) /* an integrated GPU has no address */
        if (m->gpus[i].tegra && !cv_known(&m->gpus[i].pci))
            return &m->gpus[i];
    struct cv_gpu *n = CV_PUSH(c->arena, m, gpus);
    if (n)
        n->vendor = CV_S("nvidia");
    return n;
}

static void set_if(struct cv_fact *f, cv_str v, const char *call, bool replace)
{
    if (v.len && (replace || !cv_known(f)))
        cv_fact_set(f, v, cv_str_z(call), v);
}

static void take_gpu(struct cv_probe_ctx *c, const struct nvml_gpu *g)
{
    struct cv_gpu *to = find_gpu(c, g);
    if (!to)
        return;
    if (g->error.len) {
        to->in_nvml = CV_NO;
        return;
    }
    to->in_nvml = CV_YES;
    set_if(&to->pci, g->pci, "nvmlDeviceGetPciInfo", false);
    set_if(&to->device, g->device, "nvmlDeviceGetPciInfo", false);
    set_if(&to->name, g->name, "nvmlDeviceGetName", true);
    set_if(&to->uuid, g->uuid, "nvmlDeviceGetUUID", true);
    set_if(&to->memory_mib, g->memory, "nvmlDeviceGetMemoryInfo", true);
    set_if(&to->mig, g->mig, "nvmlDeviceGetMigMode", true);
    struct cv_cc cc;
    if (g->cc.len && cv_cc_parse(g->cc, &cc)) {
        to->cc = cc;
        set_if(&to->cc_text, g->cc, "nvmlDeviceGetCudaComputeCapability", true);
    }
}

static void take_error(struct cv_probe_ctx *c, cv_str value)
{
    struct cv_nvml *n = &c->m->nvml;
    uint32_t code = 0;
    n->state = CV_MALFORMED;
    if (cv_str_u32(value, &code) && code <= 100000) {
        n->code = (int)code;
        n->error = error_words(c->arena, n->code);
    } else {
        n->error = value;
        if (cv_str_eqz(value, "missing"))
            n->state = CV_ABSENT;
    }
}

static void take_system(struct cv_probe_ctx *c, cv_str key, cv_str value, uint32_t *count)
{
    struct cv_machine *m = c->m;
    struct cv_xy xy;
    if (cv_str_eqz(key, "nvml.driver") && value.len) {
        m->nvml.state = CV_KNOWN;
        cv_fact_set(&m->nvml.driver, value, CV_S("nvmlSystemGetDriverVersion"), value);
        if (!cv_known(&m->driver.version))
            m->driver.version = m->nvml.driver;
    } else if (cv_str_eqz(key, "nvml.cuda") && cv_xy_parse(value, &xy)) {
        m->nvml.state = CV_KNOWN;
        cv_fact_set(&m->nvml.cuda, value, CV_S("nvmlSystemGetCudaDriverVersion"), value);
        m->driver.cuda = m->nvml.cuda;
    } else if (cv_str_eqz(key, "libcuda.cuda") && cv_xy_parse(value, &xy) &&
               !cv_known(&m->driver.cuda)) {
        cv_fact_set(&m->driver.cuda, value, CV_S("cuDriverGetVersion"), value);
    } else if (cv_str_eqz(key, "nvml.count")) {
        m->nvml.state = CV_KNOWN;
        (void)cv_str_u32(value, count);
    } else if (cv_str_eqz(key, "nvml.library")) {
        m->nvml.library = value;
    } else if (cv_str_eqz(key, "nvml.error")) {
        take_error(c, value);
    }
}

static void take_lines(struct cv_probe_ctx *c, cv_str text)
{
    struct cv_machine *m = c->m;
    uint32_t count = UINT32_MAX;
    uint32_t n = 0;
    struct nvml_gpu *gpus = cv_arena_alloc(c->arena, CV_MAX_GPUS * sizeof *gpus);
    if (!gpus)
        return;
    cv_str line, key, field;
    uint32_t index;
    while (cv_str_line(&text, &line)) {
        if (line.len == 0 || line.ptr[0] == '#' || !cv_str_next(&line, '\t', &key) || !line.ptr)
            continue;
        cv_str value = cv_str_trim(line);
        if (gpu_key(key, &index, &field)) {
            cv_str *to = gpu_field(&gpus[index], field);
            if (to)
                *to = value;
            n = index + 1 > n ? index + 1 : n;
        } else {
            take_system(c, key, value, &count);
        }
    }
    if (m->nvml.state != CV_KNOWN || count == UINT32_MAX)
        return;
    for (uint32_t i = 0; i < m->n_gpus;
         i++) /* NVML counted: those it does not name it does not drive */
        if (cv_str_eqz(m->gpus[i].vendor, "nvidia") && m->gpus[i].in_nvml == CV_UNKNOWN)
            m->gpus[i].in_nvml = CV_NO;
    for (uint32_t i = 0; i < n; i++)
        take_gpu(c, &gpus[i]);
    if (!m->gpus_known) {
        m->gpus_known = true;
        m->gpus_src =
            (struct cv_src){CV_S("nvmlDeviceGetCount"), cv_arena_fmt(c->arena, "%u", count)};
    }
}

void cv_probe_nvml(struct cv_probe_ctx *c)
{
    if (!c->root->live)
        take_lines(c, c->root->nofile);
}

/* ---- the child ---- */

static bool wanted(struct cv_probe_ctx *c)
{
    if (!CV_HAVE_NVML || !c->root->live || !c->use_nvml)
        return false;
    if (c->nvml_library)
        return true;
    return cv_root_exists(c->root, CV_S("/proc/driver/nvidia/version")) ||
           cv_root_exists(c->root, CV_S("/sys/module/nvidia/version")) ||
           cv_root_exists(c->root, CV_S("/dev/dxg"));
}

void cv_nvml_start(struct cv_probe_ctx *c, struct cv_nvml_call *ret)
{
    int p[2];
    *ret = (struct cv_nvml_call){.fd = -1};
    if (!wanted(c) || pipe2(p, O_CLOEXEC) != 0)
        return;
    const char *library = c->nvml_library;
    if (!library)
        library = cv_root_exists(c->root, CV_S("/usr/lib/wsl/lib/libnvidia-ml.so.1"))
                      ? "/usr/lib/wsl/lib/libnvidia-ml.so.1"
                      : "libnvidia-ml.so.1";
    ret->started_ns = now_ns();
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0);
        int null = open("/dev/null", O_RDWR);
        if (null >= 0) { /* the vendor's library must not write into our output */
            (void)dup2(null, 0);
            (void)dup2(null, 1);
            (void)dup2(null, 2);
        }
        cv_nvml_child(library, true, p[1]);
    }
    (void)close(p[1]);
    if (pid < 0) {
        (void)close(p[0]);
        return;
    }
    ret->fd = p[0];
    ret->pid = (int)pid;
}

/* Reads until the child closes its end or the time is over. True if it ended by itself. */
static bool read_answer(int fd, uint64_t until_ns, char *to, size_t cap, size_t *ret_len)
{
    size_t n = 0;
    bool ended = false;
    while (n < cap) {
        uint64_t now = now_ns();
        int left = now >= until_ns ? 0 : (int)((until_ns - now) / 1000000u) + 1;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int r = poll(&p, 1, left);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            break;
        ssize_t got = read(fd, to + n, cap - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            ended = got == 0;
            break;
        }
        n += (size_t)got;
    }
    *ret_len = n;
    return ended;
}

/* A child stuck in the kernel cannot be reaped: it is killed and left to die. */
static bool reap(pid_t pid, bool ended, int *ret_status)
{
    if (!ended)
        (void)kill(pid, SIGKILL);
    for (int i = 0; i < 50; i++) {
        pid_t r = waitpid(pid, ret_status, WNOHANG);
        if (r == pid)
            return true;
        if (r < 0 && errno != EINTR)
            return false;
        struct timespec t = {.tv_nsec = i < 10 ? 100000 : 2000000};
        (void)nanosleep(&t, NULL);
    }
    return false;
}

void cv_nvml_collect(struct cv_probe_ctx *c, struct cv_nvml_call *call, unsigned wait_ms)
{
    if (call->fd < 0)
        return;
    size_t len = 0;
    int status = 0;
    char *text = cv_arena_alloc(c->arena, CV_NVML_MAX_ANSWER);
    uint64_t until = call->started_ns + (uint64_t)wait_ms * 1000000u;
    bool ended = text && read_answer(call->fd, until, text, CV_NVML_MAX_ANSWER, &len);
    (void)close(call->fd);
    call->fd = -1;
    bool reaped = reap((pid_t)call->pid, ended, &status);
    if (!text)
        return;
    cv_str answer = {text, len};
    struct cv_nvml *n = &c->m->nvml;
    bool whole = cv_str_has(answer, "nvml.end\t");
    if (whole) {
        take_lines(c, answer);
        return;
    }
    n->state = CV_MALFORMED; /* a half answer is evidence of trouble, not of GPUs */
    if (!ended)
        n->error = cv_arena_fmt(c->arena, "timeout: no answer within %u ms", wait_ms);
    else if (reaped && WIFSIGNALED(status))
        n->error = cv_arena_fmt(c->arena, "crash: signal %d inside the library", WTERMSIG(status));
    else
        n->error = CV_S("crash: the library ended the process");
}
