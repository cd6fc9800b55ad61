/* table.c: the one list of probes, in order: the place first, then what depends on it. */
#include "probe/probe.h"

#include <time.h>

const struct cv_probe cv_probes[] = {
    {"environment variables", cv_probe_env_vars},
    {"place", cv_probe_place},
    {"gpus", cv_probe_pci},
    {"driver", cv_probe_driver},
    {"device nodes", cv_probe_devnodes},
    {"driver libraries", cv_probe_umd},
    {"nvml", cv_probe_nvml},
    {"toolkits", cv_probe_toolkits},
    {"cudnn and nccl", cv_probe_cudnn},
    {"compilers", cv_probe_compilers},
    {"python environments", cv_probe_python},
    {NULL, NULL},
};

static uint64_t clock_ns(clockid_t id)
{
    struct timespec t = {0};
    (void)clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

unsigned cv_probe_all(struct cv_probe_ctx *c, struct cv_probe_time *times)
{
    unsigned n = 0;
    for (; cv_probes[n].name && n < CV_MAX_PROBES; n++) {
        uint64_t wall = 0, cpu = 0, calls = c->root->n_calls;
        if (times) {
            wall = clock_ns(CLOCK_MONOTONIC);
            cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        }
        cv_probes[n].run(c);
        if (times)
            times[n] = (struct cv_probe_time){cv_probes[n].name, clock_ns(CLOCK_MONOTONIC) - wall,
                                              clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu,
                                              c->root->n_calls - calls};
    }
    return n;
}

bool cv_probe_env(const struct cv_probe_ctx *c, const char *name, cv_str *ret)
{
    size_t n = strlen(name);
    if (!c->root->live) {
        char key[96] = "env.";
        if (n + 5 > sizeof key)
            return false;
        memcpy(key + 4, name, n + 1);
        return cv_root_nofile(c->root, key, ret) == CV_KNOWN;
    }
    for (const char *const *e = c->envp; e && *e; e++) {
        if (strncmp(*e, name, n) == 0 && (*e)[n] == '=') {
            *ret = cv_str_z(*e + n + 1);
            return true;
        }
    }
    return false;
}
