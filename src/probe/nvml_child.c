/* nvml_child.c: what runs in the child: open libnvidia-ml (and libcuda for its version only), ask, write lines, end.
 *
 * Lines are "nvml.driver<TAB>580.65.06", the keys of nofile.tsv, so that a recorded tree and a live answer are read by one parser.
 * The child may hang or crash inside the vendor's library: the parent has a time limit and reads whatever was written before.
 * cuInit is never called: as root without a driver it creates device nodes. cuDriverGetVersion needs no initialisation. */
#include "probe/nvml_abi.h"
#include "probe/probe.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define CV_NVML_MAX_LINE 512

struct cv_symbol {
    size_t offset;        /* in struct cv_nvml_api */
    const char *names[4]; /* newest first */
};

static const struct cv_symbol cv_nvml_symbols[] = {
    {offsetof(struct cv_nvml_api, init), {"nvmlInit_v2", "nvmlInit"}},
    {offsetof(struct cv_nvml_api, driver), {"nvmlSystemGetDriverVersion"}},
    {offsetof(struct cv_nvml_api, cuda),
     {"nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"}},
    {offsetof(struct cv_nvml_api, count), {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"}},
    {offsetof(struct cv_nvml_api, handle),
     {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"}},
    {offsetof(struct cv_nvml_api, name), {"nvmlDeviceGetName"}},
    {offsetof(struct cv_nvml_api, uuid), {"nvmlDeviceGetUUID"}},
    {offsetof(struct cv_nvml_api, pci),
     {"nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2", "nvmlDeviceGetPciInfo"}},
    {offsetof(struct cv_nvml_api, cc), {"nvmlDeviceGetCudaComputeCapability"}},
    {offsetof(struct cv_nvml_api, memory), {"nvmlDeviceGetMemoryInfo"}},
    {offsetof(struct cv_nvml_api, mig), {"nvmlDeviceGetMigMode"}},
};

static void say(int fd, const char *key, const char *value)
{
    char line[CV_NVML_MAX_LINE];
    int n = snprintf(line, sizeof line, "%s\t%s\n", key, value);
    if (n <= 0 || (size_t)n >= sizeof line)
        return;
    ssize_t done = write(fd, line, (size_t)n);
    (void)done;
}

static void say_number(int fd, const char *key, long long value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", value);
    say(fd, key, text);
}

static void say_gpu(int fd, unsigned index, const char *field, const char *value)
{
    char key[64];
    (void)snprintf(key, sizeof key, "nvml.gpu.%u.%s", index, field);
    say(fd, key, value);
}

static void load_symbols(void *lib, struct cv_nvml_api *api)
{
    for (size_t i = 0; i < sizeof cv_nvml_symbols / sizeof cv_nvml_symbols[0]; i++) {
        void *p = NULL;
        for (unsigned k = 0; k < 4 && cv_nvml_symbols[i].names[k] && !p; k++)
            p = dlsym(lib, cv_nvml_symbols[i].names[k]);
        memcpy((char *)api + cv_nvml_symbols[i].offset, &p, sizeof p);
    }
}

static void ask_gpu(const struct cv_nvml_api *api, unsigned index, int fd)
{
    void *dev = NULL;
    char text[160] = "";
    cv_nvml_return r = api->handle(index, &dev);
    if (r != 0) {
        (void)snprintf(text, sizeof text, "%d", r);
        say_gpu(fd, index, "error", text);
        return;
    }
    struct cv_nvml_pci pci = {0};
    if (api->pci && api->pci(dev, &pci) == 0) {
        (void)snprintf(text, sizeof text, "%04x:%02x:%02x.0", pci.domain & 0xffffffu,
                       pci.bus & 0xffu, pci.device & 0xffu);
        say_gpu(fd, index, "pci", text);
        (void)snprintf(text, sizeof text, "%04x", pci.pci_device_id >> 16);
        say_gpu(fd, index, "device", text);
    }
    if (api->name && api->name(dev, text, sizeof text - 1) == 0)
        say_gpu(fd, index, "name", text);
    if (api->uuid && api->uuid(dev, text, sizeof text - 1) == 0)
        say_gpu(fd, index, "uuid", text);
    int major = 0, minor = 0;
    if (api->cc && api->cc(dev, &major, &minor) == 0) {
        (void)snprintf(text, sizeof text, "%d.%d", major, minor);
        say_gpu(fd, index, "cc", text);
    }
    struct cv_nvml_memory memory = {0};
    if (api->memory && api->memory(dev, &memory) == 0) {
        (void)snprintf(text, sizeof text, "%llu", memory.total >> 20);
        say_gpu(fd, index, "memory_mib", text);
    }
    unsigned current = 0, pending = 0;
    if (api->mig && api->mig(dev, &current, &pending) == 0)
        say_gpu(fd, index, "mig", current ? "enabled" : "disabled");
}

static bool ask_nvml(const char *library, int fd)
{
    void *lib = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!lib) {
        say(fd, "nvml.error", "missing");
        return false;
    }
    say(fd, "nvml.library", library);
    struct cv_nvml_api api = {0};
    load_symbols(lib, &api);
    if (!api.init) {
        say(fd, "nvml.error", "no-symbols");
        return false;
    }
    cv_nvml_return r = api.init();
    if (r != 0) {
        say_number(fd, "nvml.error", r);
        return false;
    }
    char text[96] = "";
    if (api.driver && api.driver(text, sizeof text - 1) == 0)
        say(fd, "nvml.driver", text);
    int cuda = 0;
    bool has_cuda = api.cuda && api.cuda(&cuda) == 0 && cuda > 0;
    if (has_cuda) {
        (void)snprintf(text, sizeof text, "%d.%d", cuda / 1000, cuda % 1000 / 10);
        say(fd, "nvml.cuda", text);
    }
    unsigned n = 0;
    if (api.count && api.handle && api.count(&n) == 0) {
        say_number(fd, "nvml.count", n);
        for (unsigned i = 0; i < n && i < CV_MAX_GPUS; i++)
            ask_gpu(&api, i, fd);
    }
    return has_cuda;
}

/* cuDriverGetVersion answers without cuInit, also in containers and on Jetsons that have no NVML. */
static void ask_libcuda(int fd)
{
    int (*get)(int *) = NULL;
    void *lib = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return;
    void *p = dlsym(lib, "cuDriverGetVersion");
    memcpy(&get, &p, sizeof p);
    int v = 0;
    if (!get || get(&v) != 0 || v <= 0)
        return;
    char text[32];
    (void)snprintf(text, sizeof text, "%d.%d", v / 1000, v % 1000 / 10);
    say(fd, "libcuda.cuda", text);
}

_Noreturn void cv_nvml_child(const char *library, bool want_libcuda, int fd)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    if (!ask_nvml(library, fd) && want_libcuda)
        ask_libcuda(fd);
    say(fd, "nvml.end", "-");
    _exit(0); /* no nvmlShutdown: it may hang, and the process ends anyway */
}
