/* machine.h: struct cv_machine, what is known of one machine. Probes fill it, snapshots carry it, overrides change it, rules read it.
 * Every field says whether it is known and where it was read; there are no sentinel values. */
#ifndef CV_CORE_MACHINE_H
#define CV_CORE_MACHINE_H

#include "base/state.h"
#include "core/arch.h"

struct cv_src {
    cv_str path; /* file, variable ("$CUDA_VISIBLE_DEVICES"), call ("nvmlSystemGetDriverVersion") or option ("--driver") */
    cv_str text; /* the text that was read there, shortened; may be empty */
};

/* One text fact. Use cv_known() before reading v. */
struct cv_fact {
    enum cv_state state;
    cv_str v;
    struct cv_src src;
};

static inline bool cv_known(const struct cv_fact *f) { return f->state == CV_KNOWN; }
static inline bool cv_absent(const struct cv_fact *f) { return f->state == CV_ABSENT; }

enum cv_os { CV_OS_UNKNOWN = 0, CV_OS_LINUX, CV_OS_WINDOWS, CV_OS_MACOS };
enum cv_flavour { CV_FLAVOUR_UNKNOWN = 0, CV_FLAVOUR_OPEN, CV_FLAVOUR_CLOSED };
enum cv_tri { CV_UNKNOWN = 0, CV_YES, CV_NO };

struct cv_place {
    struct cv_fact os;         /* "linux", "windows", "macos" */
    struct cv_fact arch;       /* "x86_64", "aarch64", as given otherwise */
    struct cv_fact kernel;     /* uname release */
    struct cv_fact distro_id;  /* os-release ID: "ubuntu" */
    struct cv_fact distro_like; /* os-release ID_LIKE */
    struct cv_fact distro_version; /* VERSION_ID: "24.04" */
    struct cv_fact distro_name; /* PRETTY_NAME */
    struct cv_fact glibc;      /* "2.39"; absent on musl */
    struct cv_fact wsl;        /* "1" or "2"; absent elsewhere */
    struct cv_fact container;  /* "docker", "podman", "kubernetes", "lxc", "singularity", "systemd-nspawn", "container"; absent elsewhere */
    struct cv_fact jetson;     /* SoC "tegra234"; absent elsewhere */
    struct cv_fact jetson_model; /* board name */
    struct cv_fact l4t;        /* "36.4.3" */
    struct cv_fact secure_boot; /* "enabled" or "disabled" where the firmware tells */
};

struct cv_driver {
    struct cv_fact version;    /* of the kernel module (desktop/data-centre numbering; on Tegra the L4T number); absent = no driver */
    struct cv_fact cuda;       /* newest CUDA API it supports, "13.0" */
    enum cv_flavour flavour;
    struct cv_src flavour_src;
    struct cv_fact umd;        /* version in the real file name of libcuda.so.1 / libnvidia-ml.so.1; absent = no library */
    struct cv_fact umd_path;   /* that file */
    struct cv_fact compat;     /* cuda-compat libcuda on the loader's path: its driver version */
    struct cv_fact compat_cuda; /* and its CUDA, "12.8", from its folder's name */
    struct cv_fact module_loaded; /* known "yes"/"no" */
    struct cv_fact module_file;   /* version of a module file on disk for the running kernel (modinfo/dkms), where it tells */
    struct cv_fact nouveau;    /* known "yes" when nouveau drives an NVIDIA GPU or is loaded; absent otherwise */
    struct cv_fact package;    /* installed distribution package that brought it, "nvidia-driver-535" */
    bool compat_from_option;
    bool windows_number;       /* the number is a Windows driver's (WSL, --os windows) */
};

struct cv_gpu {
    cv_str vendor;             /* "nvidia", "amd", "intel" */
    struct cv_fact name;
    struct cv_fact pci;        /* "0000:01:00.0" */
    struct cv_fact device;     /* PCI device id "2204" */
    struct cv_fact subsystem;  /* "vendor:device", hex */
    struct cv_fact chip;       /* "GA102" */
    struct cv_fact cc_text;    /* "8.6" */
    struct cv_cc cc;           /* valid iff cc_text is known */
    struct cv_fact bound;      /* kernel driver bound to it: "nvidia", "nouveau", "vfio-pci"; absent = none */
    struct cv_fact uuid;
    struct cv_fact mig;        /* "enabled", "disabled" */
    struct cv_fact memory_mib;
    struct cv_fact segment;    /* gpu-pci.tsv: data-centre, workstation, geforce, jetson */
    enum cv_tri in_nvml;       /* listed by NVML */
    bool tegra;                /* integrated (Jetson/DRIVE) */
    bool hidden;               /* by CUDA_VISIBLE_DEVICES */
};

struct cv_toolkit {
    cv_str version;            /* "12.4.1" or "12.4"; "" = unknown */
    cv_str path;               /* root folder */
    cv_str kind;               /* "nvidia", "debian", "conda", "pip", "nix" */
    struct cv_src src;         /* where the version was read */
    bool has_nvcc;
    bool in_path;              /* its nvcc is the first one in PATH */
    bool is_cuda_home;         /* $CUDA_HOME / $CUDA_PATH */
    bool is_default;           /* /usr/local/cuda leads to it */
    cv_str env;                /* environment it lies in, or "" */
};

struct cv_lib {                /* a cuDNN or NCCL outside environments */
    cv_str version;            /* "9.19.0"; "" = unknown */
    cv_str path;
    struct cv_src src;
};

struct cv_compiler {
    cv_str name;               /* "gcc", "g++", "clang" */
    cv_str version;            /* "12" or "12.2.0"; "" = unknown */
    cv_str path;
    struct cv_src src;
    bool is_default;           /* what $CC, or plain `gcc`/`cc` in PATH, means */
};

struct cv_package {
    cv_str name;               /* normalised: "nvidia-cudnn-cu12" */
    cv_str version;
    cv_str path;               /* its dist-info / conda-meta file */
    cv_str torch_requirement;  /* specifiers of its Requires-Dist on torch, "" = none */
    cv_str installer;          /* "pip", "uv", "conda", "" */
    bool duplicate;            /* another dist-info of the same name is there */
    bool broken;               /* dist-info without METADATA, or unreadable */
};

struct cv_torch {
    cv_str version;            /* "2.8.0+cu128" as version.py says, else METADATA */
    cv_str release;            /* "2.8.0" */
    cv_str variant;            /* "cu128", "cpu", "rocm6.4", "xpu", "" = unknown */
    struct cv_fact cuda;       /* "12.8"; absent = no CUDA in this build */
    struct cv_fact cudnn_required; /* exact version from METADATA */
    struct cv_fact cudnn;      /* installed, from the library or its dist-info */
    struct cv_fact nccl_required;
    struct cv_fact nccl;
    struct cv_fact archs;      /* "sm_75 sm_80 ... compute_90" declared by the build; absent for CPU builds */
    struct cv_targets targets; /* parsed; valid iff archs is known */
    struct cv_src src;         /* where the version was read */
    cv_str path;               /* the torch folder */
    cv_str installer;          /* "pip", "uv", "conda", "" */
    cv_str metadata_version;   /* what pip lists: dist-info Version, "" = no dist-info */
    cv_str hip, xpu;           /* version of those backends, "" = none */
    cv_str conda_build;        /* build string of the conda package, "" = none */
    bool editable;             /* installed from a source tree */
    bool conda;                /* conda's build (no architecture facts) */
    bool from_source;          /* local version that is no published variant, e.g. "+gitabcdef" */
};

struct cv_env {
    cv_str path;               /* prefix */
    cv_str kind;               /* "venv", "uv", "conda", "pyenv", "pipx", "uv-tool", "poetry", "system", "user", "debian" */
    cv_str site;               /* the site-packages folder that was read */
    struct cv_fact python;     /* "3.11" or "3.13t" */
    struct cv_fact python_full; /* "3.11.7" */
    bool active;
    bool has_torch;
    struct cv_torch torch;     /* valid iff has_torch */
    CV_LIST(struct cv_torch, other_torches); /* further copies in the same environment (conda + pip, user site) */
    CV_LIST(struct cv_package, packages);    /* the GPU-related ones: torch*, triton, nvidia-*, xformers, flash-attn, vllm, ... */
    uint64_t dev, ino;         /* of the site folder: one environment found by two ways is one */
};

struct cv_problem {            /* a place that could not be read as it should */
    cv_str where;
    cv_str what;               /* "permission denied", "not a regular file", "cut short", ... */
};

struct cv_nvml {
    enum cv_state state;       /* KNOWN = answered; ABSENT = not asked because no module or no library; MALFORMED = failed */
    int code;                  /* nvmlReturn_t of the failing call, 0 = none */
    cv_str error;              /* "driver/library version mismatch", "timeout", "crash", ... */
    cv_str library;            /* which file was opened */
    struct cv_fact driver;     /* its answers */
    struct cv_fact cuda;
};

struct cv_variable {           /* the environment variables that matter, as they are */
    cv_str name;
    cv_str value;
};

struct cv_machine {
    struct cv_place place;
    struct cv_driver driver;
    struct cv_nvml nvml;
    bool gpus_known;           /* the list is complete (possibly empty) */
    struct cv_src gpus_src;
    CV_LIST(struct cv_gpu, gpus);
    bool toolkits_known;
    CV_LIST(struct cv_toolkit, toolkits);
    CV_LIST(struct cv_lib, cudnn);
    CV_LIST(struct cv_lib, nccl);
    CV_LIST(struct cv_compiler, compilers);
    bool environments_known;
    CV_LIST(struct cv_env, environments);
    CV_LIST(struct cv_problem, problems);
    CV_LIST(struct cv_variable, variables);
    struct cv_fact python;     /* of the active environment, or --python */
    struct cv_fact visible;    /* CUDA_VISIBLE_DEVICES */
    struct cv_fact device_nodes;     /* known "ok", "missing", "denied" */
    struct cv_fact nvidia_visible;   /* NVIDIA_VISIBLE_DEVICES (containers) */
    struct cv_fact capabilities;     /* NVIDIA_DRIVER_CAPABILITIES */
    bool any_gpu;              /* asked for with --any: one GPU that runs is enough */
    bool live;                 /* probed on this machine, not from a tree or file */
};

/* The names used in JSON. */
const char *cv_state_name(enum cv_state s);
const char *cv_flavour_name(enum cv_flavour f); /* "open", "closed", NULL */
cv_str cv_machine_var(const struct cv_machine *m, const char *name); /* "" if unset */

void cv_fact_set(struct cv_fact *f, cv_str v, cv_str path, cv_str text);          /* KNOWN */
void cv_fact_state(struct cv_fact *f, enum cv_state s, cv_str path);              /* no value */
void cv_problem_add(struct cv_arena *a, struct cv_machine *m, cv_str where, cv_str what);
/* Index of the environment whose torch the doctor's verdict speaks of: the active one; -1 if there is none active with a torch. */
int cv_machine_active_env(const struct cv_machine *m);

#endif
