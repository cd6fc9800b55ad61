/* torchcode.c: the GPU code that is really in an installed torch: libtorch_cuda.so (1.9 to 1.13: in two halves, _cu and _cpp) and its linear algebra
 * library. Read once
 * a file and kept in the user's cache under everything that changes when the file does. */
#include "format/codefile.h"
#include "io/cache.h"
#include "probe/python.h"

#include <time.h>

#define CV_FRESH_NS                                                                                \
    ((int64_t)2000000000) /* a file that changed so lately may change again within one clock tick */

static const char *const libraries[] = {"libtorch_cuda.so", "libtorch_cuda_cu.so",
                                        "libtorch_cuda_cpp.so", "libtorch_cuda_linalg.so"};

/* Device, inode, size, both times; the revision of the reader that wrote it. */
static cv_str cache_name(struct cv_arena *a, const struct cv_stat *st)
{
    return cv_arena_fmt(a, "code-%d-%llx-%llx-%llx-%llx-%llx", CV_CODE_REVISION,
                        (unsigned long long)st->dev, (unsigned long long)st->ino,
                        (unsigned long long)st->size, (unsigned long long)st->mtime_ns,
                        (unsigned long long)st->ctime_ns);
}

static bool settled(const struct cv_stat *st)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return false;
    int64_t t = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    return st->mtime_ns < t - CV_FRESH_NS && st->ctime_ns < t - CV_FRESH_NS;
}

static bool same_file(const struct cv_stat *a, const struct cv_stat *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static bool read_library(struct cv_probe_ctx *c, cv_str path, struct cv_gpucode *ret)
{
    struct cv_window w;
    struct cv_stat before, after;
    cv_str text, recorded;
    bool cached = c->cache_dir && c->root->live, ok;
    if (!c->root->live &&
        cv_root_nofile(c->root,
                       cv_arena_z(c->arena, cv_arena_fmt(c->arena, "code." CV_FMT, CV_ARG(path))),
                       &recorded) == CV_KNOWN)
        return cv_gpucode_parse(c->arena, recorded, ret);
    if (cv_window_open(c->root, c->arena, path, &w, NULL) != CV_KNOWN)
        return false;
    ok = w.reader.size > 0 && cv_window_stat(&w, &before);
    if (ok && cached &&
        cv_cache_get(c->cache_dir, c->arena, cache_name(c->arena, &before), &text) &&
        cv_gpucode_parse(c->arena, text, ret)) {
        cv_window_close(&w);
        return true;
    }
    if (ok) {
        cv_code_read(&w.reader, NULL, c->arena, ret);
        ok = !ret->partial && !ret->error.len;
        if (!ok)
            cv_problem_add(c->arena, c->m, path,
                           cv_arena_fmt(c->arena, "its GPU code cannot be read to the end: " CV_FMT,
                                        CV_ARG(ret->error)));
        if (ok && cached && settled(&before) && cv_window_stat(&w, &after) &&
            same_file(&before, &after))
            cv_cache_put(c->cache_dir, c->arena, cache_name(c->arena, &before),
                         cv_gpucode_text(c->arena, ret));
    }
    cv_window_close(&w);
    return ok;
}

static void take_folder(struct cv_probe_ctx *c, cv_str folder, struct cv_torch *t)
{
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        cv_str path = cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(folder), libraries[i]);
        struct cv_gpucode *code = cv_arena_raw(c->arena, sizeof *code);
        if (!code || !read_library(c, path, code) || code->containers == 0)
            continue;
        struct cv_code_file *f = CV_PUSH(c->arena, t, code);
        if (!f)
            return;
        f->name = path;
        f->group = t->path;
        f->code = *code;
    }
}

void cv_torch_code(struct cv_probe_ctx *c, const struct cv_env *env, struct cv_torch *t)
{
    if (!cv_known(&t->cuda))
        return;
    take_folder(c, cv_arena_fmt(c->arena, CV_FMT "/lib", CV_ARG(t->path)), t);
    if (t->n_code == 0 && cv_str_eqz(env->kind, "conda") && !cv_str_eq(t->path, env->path))
        take_folder(c, cv_arena_fmt(c->arena, CV_FMT "/lib", CV_ARG(env->path)), t);
    cv_torch_merge_code(c->arena, t);
}
