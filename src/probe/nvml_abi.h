/* nvml_abi.h: our own declarations of the few NVML and CUDA driver calls that are used, from NVIDIA's public API reference (NVML R580: "Initialization
 * and Cleanup", "System Queries", "Device Queries"; CUDA driver API: "Version Management"). No vendor header is needed to build. */
#ifndef CV_PROBE_NVML_ABI_H
#define CV_PROBE_NVML_ABI_H

#include <stdint.h>

typedef int cv_nvml_return; /* nvmlReturn_t: 0 = NVML_SUCCESS */

struct cv_nvml_pci {       /* nvmlPciInfo_t: the first fields are the same in every version */
    char bus_id_legacy[16];
    unsigned domain;
    unsigned bus;
    unsigned device;
    unsigned pci_device_id;    /* device id << 16 | vendor id */
    unsigned pci_subsystem_id;
    char rest[128];            /* bus_id[32] (v3), reserved words (v1, v2), and room to spare */
};

struct cv_nvml_memory {    /* nvmlMemory_t, bytes */
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
};

struct cv_nvml_api {
    cv_nvml_return (*init)(void);                                            /* nvmlInit_v2, nvmlInit */
    cv_nvml_return (*driver)(char *to, unsigned len);                        /* nvmlSystemGetDriverVersion */
    cv_nvml_return (*cuda)(int *to);                                         /* nvmlSystemGetCudaDriverVersion_v2, ... */
    cv_nvml_return (*count)(unsigned *to);                                   /* nvmlDeviceGetCount_v2, ... */
    cv_nvml_return (*handle)(unsigned index, void **to);                     /* nvmlDeviceGetHandleByIndex_v2, ... */
    cv_nvml_return (*name)(void *dev, char *to, unsigned len);               /* nvmlDeviceGetName */
    cv_nvml_return (*uuid)(void *dev, char *to, unsigned len);               /* nvmlDeviceGetUUID */
    cv_nvml_return (*pci)(void *dev, struct cv_nvml_pci *to);                /* nvmlDeviceGetPciInfo_v3, _v2, plain */
    cv_nvml_return (*cc)(void *dev, int *major, int *minor);                 /* nvmlDeviceGetCudaComputeCapability */
    cv_nvml_return (*memory)(void *dev, struct cv_nvml_memory *to);          /* nvmlDeviceGetMemoryInfo */
    cv_nvml_return (*mig)(void *dev, unsigned *current, unsigned *pending);  /* nvmlDeviceGetMigMode */
};

#endif
