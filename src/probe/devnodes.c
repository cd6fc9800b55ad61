/* devnodes.c: the device nodes that user programs open to reach a GPU. */
#include "base/buf.h"
#include "probe/probe.h"

static void check(struct cv_probe_ctx *c, const char *path, struct cv_buf *missing,
                  struct cv_buf *denied, unsigned *ok)
{
    enum cv_state s = cv_root_access_rw(c->root, cv_str_z(path));
    if (s == CV_KNOWN)
        (*ok)++;
    else
        cv_buf_fmt(s == CV_ABSENT ? missing : denied, "%s ", path);
}

/* A container may be given any one of the GPUs: one node is enough. */
static void check_gpus(struct cv_probe_ctx *c, struct cv_buf *missing, struct cv_buf *denied,
                       unsigned *ok)
{
    for (unsigned i = 0; i < 16; i++) {
        cv_str path = cv_arena_fmt(c->arena, "/dev/nvidia%u", i);
        enum cv_state s = cv_root_access_rw(c->root, path);
        if (s == CV_ABSENT)
            continue;
        if (s == CV_KNOWN)
            (*ok)++;
        else
            cv_buf_fmt(denied, CV_FMT " ", CV_ARG(path));
        return;
    }
    cv_buf_addz(missing, "/dev/nvidia0 ");
}

void cv_probe_devnodes(struct cv_probe_ctx *c)
{
    struct cv_machine *m = c->m;
    struct cv_buf missing, denied;
    unsigned ok = 0;
    cv_buf_init(&missing, c->arena);
    cv_buf_init(&denied, c->arena);
    bool tegra = cv_known(&m->place.jetson);
    bool loaded =
        cv_known(&m->driver.module_loaded) && cv_str_eqz(m->driver.module_loaded.v, "yes");
    if (!cv_root_is_dir(c->root, CV_S("/dev")) && c->root->nofile.len == 0)
        return;
    if (cv_known(&m->place.wsl)) {
        check(c, "/dev/dxg", &missing, &denied, &ok);
    } else if (tegra) {
        if (!cv_root_exists(c->root, CV_S("/dev/nvhost-gpu")) &&
            !cv_root_exists(c->root, CV_S("/dev/nvgpu")) &&
            !cv_root_exists(c->root, CV_S("/dev/nvidia0")))
            return; /* which nodes a Jetson has depends on its release: silence is no evidence */
        ok++;
    } else if (loaded) {
        check(c, "/dev/nvidiactl", &missing, &denied, &ok);
        check_gpus(c, &missing, &denied, &ok);
        check(c, "/dev/nvidia-uvm", &missing, &denied, &ok);
    } else {
        return;
    }
    if (!c->root->live && ok == 0 && !cv_root_is_dir(c->root, CV_S("/dev")) &&
        !cv_str_has(c->root->nofile, "node./dev/"))
        return; /* the tree says nothing of device nodes */
    cv_str what = cv_str_trim(cv_buf_str(denied.len ? &denied : &missing));
    cv_fact_set(&m->device_nodes,
                denied.len    ? CV_S("denied")
                : missing.len ? CV_S("missing")
                              : CV_S("ok"),
                CV_S("/dev"), what);
}
