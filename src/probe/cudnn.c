/* cudnn.c: cuDNN and NCCL outside Python environments: system folders and toolkits. */
#include "probe/probe.h"

static const char *const cv_lib_folders[] = {"/usr/lib/x86_64-linux-gnu",
                                             "/usr/lib/aarch64-linux-gnu",
                                             "/usr/lib64",
                                             "/usr/local/lib",
                                             "/usr/local/lib64",
                                             "/usr/lib",
                                             "/opt/cudnn/lib"};

static bool have_path(const struct cv_lib *libs, uint32_t n, cv_str path)
{
    for (uint32_t i = 0; i < n; i++)
        if (cv_str_eq(libs[i].path, path))
            return true;
    return false;
}

static void look_in(struct cv_probe_ctx *c, cv_str dir)
{
    static const char *const cudnn[] = {"libcudnn.so.9", "libcudnn.so.8", "libcudnn.so.7"};
    cv_str real, version;
    struct cv_src src;
    for (size_t i = 0; i < sizeof cudnn / sizeof cudnn[0]; i++) {
        cv_str file = cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(dir), cudnn[i]);
        if (!cv_root_exists(c->root, file) ||
            cv_root_real(c->root, c->arena, file, &real) != CV_KNOWN)
            continue;
        cv_str home = cv_str_dir(real);
        if (have_path(c->m->cudnn, c->m->n_cudnn, home))
            break;
        struct cv_lib *l = CV_PUSH(c->arena, c->m, cudnn);
        if (!l)
            return;
        bool known = cv_libver_cudnn(c, dir, &version, &src);
        *l = (struct cv_lib){.version = known ? version : CV_S(""),
                             .path = home,
                             .src = known ? src : (struct cv_src){file, CV_S("")}};
        break;
    }
    cv_str file = cv_arena_fmt(c->arena, CV_FMT "/libnccl.so.2", CV_ARG(dir));
    if (!cv_root_exists(c->root, file) ||
        cv_root_real(c->root, c->arena, file, &real) != CV_KNOWN ||
        have_path(c->m->nccl, c->m->n_nccl, real))
        return;
    struct cv_lib *l = CV_PUSH(c->arena, c->m, nccl);
    if (!l)
        return;
    bool known = cv_libver_nccl(c, file, &version, &src);
    *l = (struct cv_lib){.version = known ? version : CV_S(""),
                         .path = real,
                         .src = known ? src : (struct cv_src){file, CV_S("")}};
}

void cv_probe_cudnn(struct cv_probe_ctx *c)
{
    cv_str list = cv_machine_var(c->m, "LD_LIBRARY_PATH");
    cv_str dir;
    while (list.len && cv_str_next(&list, ':', &dir))
        if (dir.len && dir.ptr[0] == '/')
            look_in(c, dir);
    for (size_t i = 0; i < sizeof cv_lib_folders / sizeof cv_lib_folders[0]; i++)
        look_in(c, cv_str_z(cv_lib_folders[i]));
    for (uint32_t i = 0; i < c->m->n_toolkits; i++) {
        look_in(c, cv_arena_fmt(c->arena, CV_FMT "/lib64", CV_ARG(c->m->toolkits[i].path)));
        if (!cv_root_exists(
                c->root, cv_arena_fmt(c->arena, CV_FMT "/lib64", CV_ARG(c->m->toolkits[i].path))))
            look_in(c, cv_arena_fmt(c->arena, CV_FMT "/lib", CV_ARG(c->m->toolkits[i].path)));
    }
}
