/* fake_nvml.c: a stand-in for libnvidia-ml.so.1, built by the tests. Its answers come from the text file named by $CUVET_DOUBLE:
 *
 *     driver 580.65.06
 *     cuda 13000
 *     init 9                  nvmlInit returns this code
 *     hang init               nvmlInit never returns       (also: hang count, hang gpu)
 *     crash init              nvmlInit dies by SIGSEGV     (also: crash count, crash gpu)
 *     noise                   writes to stdout and stderr, as vendor libraries do
 *     gpu NAME|PCI|CC|UUID|MEMORY_MIB|MIG     one line a GPU; MIG: enabled, disabled or - (not supported)
 *     lost 1                  the handle of this GPU index gives NVML_ERROR_GPU_IS_LOST (15)
 *
 * -DDOUBLE_OLD leaves out the _v2/_v3 names (a driver of 2012), -DDOUBLE_EMPTY leaves out everything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct device {
    char name[96], pci[32], cc[8], uuid[96], memory[16], mig[16];
};

static struct {
    char driver[64];
    int cuda, init, lost;
    char hang[16], crash[16];
    struct device gpu[16];
    unsigned n;
} d = {.lost = -1};


static void load(void)
{
    const char *path = getenv("CUVET_DOUBLE");
    FILE *f = path ? fopen(path, "r") : NULL;
    char line[512];
    d.n = 0;
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "driver %63s", d.driver) == 1 || sscanf(line, "cuda %d", &d.cuda) == 1 || sscanf(line, "init %d", &d.init) == 1 ||
            sscanf(line, "hang %15s", d.hang) == 1 || sscanf(line, "crash %15s", d.crash) == 1 || sscanf(line, "lost %d", &d.lost) == 1)
            continue;
        if (strcmp(line, "noise") == 0) {
            (void)!write(1, "vendor noise\n", 13);
            (void)!write(2, "vendor noise\n", 13);
        }
        struct device *g = &d.gpu[d.n];
        if (d.n < 16 && sscanf(line, "gpu %95[^|]|%31[^|]|%7[^|]|%95[^|]|%15[^|]|%15s", g->name, g->pci, g->cc, g->uuid, g->memory, g->mig) == 6)
            d.n++;
    }
    if (f)
        fclose(f);
}

static void trouble(const char *where)
{
    if (strcmp(d.hang, where) == 0)
        for (;;)
            pause();
    if (strcmp(d.crash, where) == 0)
        abort();
}

static int init(void)
{
    load();
    trouble("init");
    return d.init;
}

static int copy(char *to, unsigned len, const char *from)
{
    if (strlen(from) + 1 > len)
        return 7; /* NVML_ERROR_INSUFFICIENT_SIZE */
    memcpy(to, from, strlen(from) + 1);
    return 0;
}

#ifndef DOUBLE_EMPTY
EXPORT int nvmlInit(void);
int nvmlInit(void) { return init(); }
EXPORT int nvmlSystemGetDriverVersion(char *to, unsigned len);
int nvmlSystemGetDriverVersion(char *to, unsigned len) { return copy(to, len, d.driver); }
#ifndef DOUBLE_OLD
EXPORT int nvmlInit_v2(void);
int nvmlInit_v2(void) { return init(); }
EXPORT int nvmlSystemGetCudaDriverVersion_v2(int *to);
int nvmlSystemGetCudaDriverVersion_v2(int *to) { *to = d.cuda; return d.cuda ? 0 : 13; }
EXPORT int nvmlDeviceGetCudaComputeCapability(void *dev, int *major, int *minor);
int nvmlDeviceGetCudaComputeCapability(void *dev, int *major, int *minor)
{
    return sscanf(((struct device *)dev)->cc, "%d.%d", major, minor) == 2 ? 0 : 3;
}
#endif
static int count(unsigned *to)
{
    trouble("count");
    *to = d.n;
    return 0;
}
EXPORT int nvmlDeviceGetCount(unsigned *to);
int nvmlDeviceGetCount(unsigned *to) { return count(to); }
EXPORT int nvmlDeviceGetHandleByIndex(unsigned i, void **to);
int nvmlDeviceGetHandleByIndex(unsigned i, void **to)
{
    trouble("gpu");
    *to = i < d.n ? &d.gpu[i] : NULL;
    return (int)i == d.lost ? 15 : i < d.n ? 0 : 2;
}
EXPORT int nvmlDeviceGetName(void *dev, char *to, unsigned len);
int nvmlDeviceGetName(void *dev, char *to, unsigned len) { return copy(to, len, ((struct device *)dev)->name); }
EXPORT int nvmlDeviceGetUUID(void *dev, char *to, unsigned len);
int nvmlDeviceGetUUID(void *dev, char *to, unsigned len) { return copy(to, len, ((struct device *)dev)->uuid); }
EXPORT int nvmlDeviceGetMemoryInfo(void *dev, unsigned long long *to);
int nvmlDeviceGetMemoryInfo(void *dev, unsigned long long *to)
{
    to[0] = strtoull(((struct device *)dev)->memory, NULL, 10) << 20;
    return 0;
}
EXPORT int nvmlDeviceGetMigMode(void *dev, unsigned *current, unsigned *pending);
int nvmlDeviceGetMigMode(void *dev, unsigned *current, unsigned *pending)
{
    const char *mig = ((struct device *)dev)->mig;
    *current = *pending = strcmp(mig, "enabled") == 0;
    return mig[0] == '-' ? 3 : 0;
}
struct pci {
    char bus_id_legacy[16];
    unsigned domain, bus, device, device_id, subsystem;
    char bus_id[32];
};
static int pci(void *dev, struct pci *to)
{
    struct device *g = dev;
    memset(to, 0, sizeof *to);
    (void)snprintf(to->bus_id, sizeof to->bus_id, "%s", g->pci);
    return sscanf(g->pci, "%x:%x:%x", &to->domain, &to->bus, &to->device) == 3 ? 0 : 999;
}
#ifdef DOUBLE_OLD
EXPORT int nvmlDeviceGetPciInfo(void *dev, struct pci *to);
int nvmlDeviceGetPciInfo(void *dev, struct pci *to) { return pci(dev, to); }
#else
EXPORT int nvmlDeviceGetPciInfo_v3(void *dev, struct pci *to);
int nvmlDeviceGetPciInfo_v3(void *dev, struct pci *to) { return pci(dev, to); }
#endif
#else
EXPORT int cuvet_double_unused(void);
int cuvet_double_unused(void) { char c[1]; return init() + copy(c, 1, ""); }
#endif
