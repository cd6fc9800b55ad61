/* probe.h: a probe asks one source of truth and writes what it found, with its evidence, into the machine. It never fails for what the
 * machine is like; it returns only on out-of-memory or when done. Places first (os, container, WSL, Jetson), then what depends on them. */
#ifndef CV_PROBE_PROBE_H
#define CV_PROBE_PROBE_H

#include "core/machine.h"
#include "io/root.h"

struct cv_probe_ctx {
    struct cv_arena *arena;
    struct cv_root *root;
    struct cv_machine *m;
    const char *const *envp;   /* NULL-terminated "NAME=value"; NULL in trees (then nofile.tsv's env.* count) */
    cv_str cwd;                /* absolute, inside the root; "" = unknown */
    cv_str home;               /* $HOME, or "" */
    const char *cache_dir;     /* the user's cache folder, or NULL: nothing is kept */
    bool deep;                 /* --deep: walk home and the usual roots for environments */
    bool use_nvml;             /* live only */
    unsigned nvml_timeout_ms;
    const char *nvml_library;  /* NULL = search; tests and --nvml-library name one */
};

struct cv_probe {
    const char *name;          /* shown by -v */
    void (*run)(struct cv_probe_ctx *c);
};

struct cv_probe_time {
    const char *name;
    uint64_t wall_ns;
    uint64_t cpu_ns;
    uint64_t calls;            /* file calls made */
};

extern const struct cv_probe cv_probes[]; /* in order; ends with a NULL name */
enum { CV_MAX_PROBES = 32 };

/* Runs all probes. `times` may be NULL, else has CV_MAX_PROBES places. Returns how many ran. */
unsigned cv_probe_all(struct cv_probe_ctx *c, struct cv_probe_time *times);

/* An environment variable: false if unset. Live: from envp; tree: nofile.tsv env.NAME. */
bool cv_probe_env(const struct cv_probe_ctx *c, const char *name, cv_str *ret);

/* One function each; the table in table.c orders them. */
void cv_probe_place(struct cv_probe_ctx *c);      /* os.c: os, arch, kernel, distro, glibc/musl, WSL, container, Jetson */
void cv_probe_env_vars(struct cv_probe_ctx *c);   /* os.c: the variables that matter -> m->variables, visible, nvidia_visible, capabilities */
void cv_probe_driver(struct cv_probe_ctx *c);     /* drvproc.c, module.c: kernel module version, flavour, loaded, files on disk, nouveau, package */
void cv_probe_pci(struct cv_probe_ctx *c);        /* pci.c: GPUs from /sys/bus/pci; Tegra GPU from the SoC */
void cv_probe_devnodes(struct cv_probe_ctx *c);   /* devnodes.c: /dev/nvidia* */
void cv_probe_umd(struct cv_probe_ctx *c);        /* libs.c: libcuda / libnvidia-ml real file names, cuda-compat, WSL, Tegra */
void cv_probe_nvml(struct cv_probe_ctx *c);       /* nvml.c: in trees: the answers recorded in nofile.tsv (live: see cv_nvml_start) */
void cv_probe_toolkits(struct cv_probe_ctx *c);   /* toolkit.c */
void cv_probe_cudnn(struct cv_probe_ctx *c);      /* cudnn.c: cuDNN and NCCL outside environments */
void cv_probe_compilers(struct cv_probe_ctx *c);  /* compiler.c */
void cv_probe_python(struct cv_probe_ctx *c);     /* pyenv.c: environments; dist.c: packages; torch.c: torch in each */

/* NVML on the live machine (nvml.c, nvml_child.c). The child starts before the file probes and is collected after them, so that a slow driver
 * costs little: wait_ms is short where files told everything. Never started where no NVIDIA kernel module is loaded (and no WSL), since
 * nvmlInit as root creates device nodes; a named nvml_library is always used. */
struct cv_nvml_call {
    int fd;                    /* read end; -1 = not started */
    int pid;
    uint64_t started_ns;
};
void cv_nvml_start(struct cv_probe_ctx *c, struct cv_nvml_call *ret);
void cv_nvml_collect(struct cv_probe_ctx *c, struct cv_nvml_call *call, unsigned wait_ms);
/* The child's work: opens the library and writes "key<TAB>value" lines to fd; never returns. */
_Noreturn void cv_nvml_child(const char *library, bool want_libcuda, int fd);

/* Shared by toolkit/cudnn/torch probes (implemented in libver.c): version of a cuDNN or NCCL library file without running it,
 * by data symbol (cudnn_graph_version, cudnn_ops_infer_version) or the text "NCCL version X"; src is filled. False if not found. */
bool cv_libver_cudnn(struct cv_probe_ctx *c, cv_str dir, cv_str *ret_version, struct cv_src *ret_src);  /* folder with libcudnn*.so.N */
bool cv_libver_nccl(struct cv_probe_ctx *c, cv_str file, cv_str *ret_version, struct cv_src *ret_src);
/* Version of a toolkit root by version.json, version.txt, include/cuda.h, Debian's layout, folder name, in this order (toolkit.c). */
bool cv_toolkit_version(struct cv_probe_ctx *c, cv_str root, cv_str *ret_version, struct cv_src *ret_src);

/* toolkit.c: toolkits of a conda prefix, or in pip's nvidia tree of a site folder ("" = none). */
void cv_toolkits_in_prefix(struct cv_probe_ctx *c, cv_str prefix, cv_str site);
/* module.c: the driver as files on disk, asked where no module is loaded. */
void cv_probe_module_files(struct cv_probe_ctx *c);

#endif
