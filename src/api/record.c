/* record.c: see record.h. The tree is what a bug report carries and what tests/machines/ holds: small, plain text, complete for the probes. */
#include "api/record.h"

#include "base/buf.h"
#include "base/sort.h"
#include "core/gpucode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    cv_str path;
    enum cv_state state;
};

struct recorder {
    struct cv_arena *arena;
    struct cv_root *root;
    CV_LIST(struct place, places);
    struct cv_buf nofile;
    int dir; /* descriptor of the tree's top */
    struct cv_record *out;
};

static void note_place(void *ctx, cv_str path, enum cv_state state, uint64_t bytes)
{
    struct recorder *r = ctx;
    (void)bytes;
    if (path.len == 0 || path.ptr[0] != '/' || state == CV_ABSENT || state == CV_NOT_ASKED)
        return;
    struct place *p = CV_PUSH(r->arena, r, places);
    if (p)
        *p = (struct place){cv_arena_str(r->arena, path), state};
}

static bool stands_behind(const struct place *a, const struct place *b)
{
    return cv_str_cmp(a->path, b->path) > 0;
}

static void left_out(struct recorder *r, cv_str path, const char *why)
{
    cv_str *s = CV_PUSH(r->arena, r->out, left_out);
    if (s)
        *s = cv_arena_fmt(r->arena, CV_FMT ": %s", CV_ARG(path), why);
}

static bool has_control(cv_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    return false;
}

/* Folders above a path inside the tree. */
static void make_folders(struct recorder *r, cv_str path)
{
    for (size_t i = 1; i < path.len; i++) {
        if (path.ptr[i] != '/')
            continue;
        const char *z = cv_arena_z(r->arena, cv_str_sub(path, 1, i - 1));
        if (*z)
            (void)mkdirat(r->dir, z, 0755);
    }
}

/* Serial numbers of GPUs: same length, so that parsers see the real form. */
static cv_str hide_uuids(struct recorder *r, cv_str text)
{
    char *p = cv_arena_alloc(r->arena, text.len + 1);
    if (!p || text.len == 0)
        return CV_S("");
    memcpy(p, text.ptr, text.len);
    cv_str copy = {p, text.len};
    for (size_t i = 0; i + 40 <= copy.len; i++) {
        if (memcmp(p + i, "GPU-", 4) != 0)
            continue;
        for (size_t k = i + 4; k < i + 40; k++)
            if (p[k] != '-' && p[k] != '\n')
                p[k] = '0';
    }
    return copy;
}

static bool is_text(cv_str s)
{
    return s.len == 0 || !memchr(s.ptr, 0, s.len < 4096 ? s.len : 4096);
}

static void write_file(struct recorder *r, cv_str path, cv_str text)
{
    int fd = openat(r->dir, cv_arena_z(r->arena, cv_str_from(path, 1)),
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return;
    size_t done = 0;
    while (done < text.len) {
        ssize_t n = write(fd, text.ptr + done, text.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (close(fd) != 0 || done < text.len)
        left_out(r, path, "could not be written whole");
    cv_str *s = CV_PUSH(r->arena, r->out, saved);
    if (s)
        *s = path;
}

static bool small_binary(cv_str path)
{
    /* Firmware variables and the device tree are binary and tiny; the probes read them. */
    return cv_str_starts(path, "/sys/firmware/") || cv_str_starts(path, "/proc/device-tree/");
}

static void save_regular(struct recorder *r, cv_str path, const struct cv_stat *st)
{
    cv_str text = CV_S("");
    cv_str what = CV_S("");
    if (st->size <= CV_MAX_TEXT_FILE &&
        cv_root_read(r->root, r->arena, path, CV_MAX_TEXT_FILE, &text, &what) != CV_KNOWN)
        text = CV_S("");
    if (!is_text(text) && !small_binary(path))
        text = CV_S("");
    if (text.len == 0 && st->size > 0)
        left_out(r, path, "content (binary or large); an empty file stands for it");
    write_file(r, path, hide_uuids(r, text));
}

static void save_path(struct recorder *r, cv_str path, unsigned depth);

/* Follows the first link in `path`, recording it; true if there was one (then the rest of the work was done below it). */
static bool save_links(struct recorder *r, cv_str path, unsigned depth)
{
    for (size_t i = 1; i <= path.len; i++) {
        if (i < path.len && path.ptr[i] != '/')
            continue;
        cv_str head = cv_str_sub(path, 0, i);
        cv_str target;
        if (cv_root_readlink(r->root, r->arena, head, &target) != CV_KNOWN || target.len == 0)
            continue;
        make_folders(r, head);
        if (symlinkat(cv_arena_z(r->arena, target), r->dir,
                      cv_arena_z(r->arena, cv_str_from(head, 1))) != 0 &&
            errno != EEXIST)
            left_out(r, head, "the link could not be made");
        cv_str dir = cv_str_dir(head);
        cv_str rest = cv_str_from(path, i);
        cv_str next = target.ptr[0] == '/'
                          ? cv_arena_fmt(r->arena, CV_FMT CV_FMT, CV_ARG(target), CV_ARG(rest))
                          : cv_arena_fmt(r->arena, CV_FMT "/" CV_FMT CV_FMT, CV_ARG(dir),
                                         CV_ARG(target), CV_ARG(rest));
        save_path(r, next, depth + 1);
        return true;
    }
    return false;
}

/* "/a/b/../c//d" without its dots; links were followed before. */
static cv_str plain_path(struct cv_arena *a, cv_str path)
{
    cv_str out = CV_S("");
    cv_str part;
    while (cv_str_next(&path, '/', &part)) {
        if (part.len == 0 || cv_str_eqz(part, "."))
            continue;
        if (cv_str_eqz(part, ".."))
            out = out.len ? cv_str_sub(out, 0, cv_str_rfindc(out, '/')) : out;
        else
            out = cv_arena_fmt(a, CV_FMT "/" CV_FMT, CV_ARG(out), CV_ARG(part));
    }
    return out;
}

static void save_path(struct recorder *r, cv_str path, unsigned depth)
{
    struct cv_stat st;
    path = plain_path(r->arena, path);
    if (depth > CV_MAX_SYMLINKS || path.len == 0 || path.len > CV_MAX_PATH)
        return;
    if (has_control(path)) {
        left_out(r, CV_S("a path with control characters"), "not recorded");
        return;
    }
    if (save_links(r, path, depth) || cv_root_stat(r->root, path, &st) != CV_KNOWN)
        return;
    make_folders(r, path);
    if (st.is_dir)
        (void)mkdirat(r->dir, cv_arena_z(r->arena, cv_str_from(path, 1)), 0755);
    else if (st.is_chr)
        cv_buf_fmt(&r->nofile, "node." CV_FMT "\tc %u %u %04o\n", CV_ARG(path), st.rdev_major,
                   st.rdev_minor, st.mode & 0777u);
    else if (st.is_reg)
        save_regular(r, path, &st);
}

static void put(struct recorder *r, const char *key, const struct cv_fact *f)
{
    if (cv_known(f) && !has_control(f->v))
        cv_buf_fmt(&r->nofile, "%s\t" CV_FMT "\n", key, CV_ARG(f->v));
}

static void put_env(struct recorder *r, const struct cv_probe_ctx *c)
{
    static const char *const more[] = {
        "PATH",       "HOME",          "VIRTUAL_ENV",       "CONDA_PREFIX",
        "PYENV_ROOT", "PYENV_VERSION", "MAMBA_ROOT_PREFIX", "WORKON_HOME",
        "container"};
    const struct cv_machine *m = c->m;
    cv_str v;
    for (uint32_t i = 0; i < m->n_variables; i++)
        if (!has_control(m->variables[i].value))
            cv_buf_fmt(&r->nofile, "env." CV_FMT "\t" CV_FMT "\n", CV_ARG(m->variables[i].name),
                       CV_ARG(m->variables[i].value));
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        if (cv_machine_var(m, more[i]).len == 0 && cv_probe_env(c, more[i], &v) && v.len &&
            !has_control(v))
            cv_buf_fmt(&r->nofile, "env.%s\t" CV_FMT "\n", more[i], CV_ARG(v));
    if (c->cwd.len && !has_control(c->cwd))
        cv_buf_fmt(&r->nofile, "cwd\t" CV_FMT "\n", CV_ARG(c->cwd));
}

static void put_nvml(struct recorder *r, const struct cv_machine *m)
{
    uint32_t n = 0;
    if (m->nvml.code)
        cv_buf_fmt(&r->nofile, "nvml.error\t%d\n", m->nvml.code);
    else if (m->nvml.state == CV_MALFORMED && m->nvml.error.len)
        cv_buf_fmt(&r->nofile, "nvml.error\t" CV_FMT "\n", CV_ARG(m->nvml.error));
    if (m->nvml.state != CV_KNOWN)
        return;
    put(r, "nvml.driver", &m->nvml.driver);
    put(r, "nvml.cuda", &m->nvml.cuda);
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        const struct cv_gpu *g = &m->gpus[i];
        if (g->in_nvml != CV_YES)
            continue;
        const struct {
            const char *name;
            const struct cv_fact *f;
        } fields[] = {{"pci", &g->pci},    {"device", &g->device},         {"name", &g->name},
                      {"cc", &g->cc_text}, {"memory_mib", &g->memory_mib}, {"mig", &g->mig}};
        for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++)
            put(r,
                cv_arena_z(r->arena, cv_arena_fmt(r->arena, "nvml.gpu.%u.%s", n, fields[k].name)),
                fields[k].f);
        n++;
    }
    cv_buf_fmt(&r->nofile, "nvml.count\t%u\n", n);
}

static void put_place(struct recorder *r, const struct cv_machine *m)
{
    const struct cv_place *p = &m->place;
    cv_buf_addz(&r->nofile, "# What is no file: written by `cuvet snapshot --tree`, read by `cuvet "
                            "--root`. key<TAB>value\n");
    cv_buf_addz(&r->nofile, "uname.sysname\tLinux\n");
    put(r, "uname.release", &p->kernel);
    put(r, "uname.machine", &p->arch);
    put(r, "libc.glibc", &p->glibc);
}

/* Libraries are recorded as empty files: what was read inside them stands here (libver.c asks it in trees). */
static void put_libraries(struct recorder *r, const struct cv_machine *m)
{
    for (uint32_t i = 0; i < m->n_cudnn; i++)
        if (m->cudnn[i].version.len)
            cv_buf_fmt(&r->nofile, "lib." CV_FMT "\t" CV_FMT "\n", CV_ARG(m->cudnn[i].src.path),
                       CV_ARG(m->cudnn[i].version));
    for (uint32_t i = 0; i < m->n_nccl; i++)
        if (m->nccl[i].version.len)
            cv_buf_fmt(&r->nofile, "lib." CV_FMT "\t" CV_FMT "\n", CV_ARG(m->nccl[i].src.path),
                       CV_ARG(m->nccl[i].version));
    for (uint32_t i = 0; i < m->n_environments; i++) {
        const struct cv_env *env = &m->environments[i];
        if (!env->has_torch)
            continue;
        for (uint32_t k = 0; k < env->torch.n_code; k++)
            cv_buf_fmt(&r->nofile, "code." CV_FMT "\t" CV_FMT "\n", CV_ARG(env->torch.code[k].name),
                       CV_ARG(cv_gpucode_text(r->arena, &env->torch.code[k].code)));
        const struct cv_fact *libs[] = {&env->torch.cudnn, &env->torch.nccl};
        for (size_t k = 0; k < 2; k++)
            if (cv_known(libs[k]) && cv_str_has(libs[k]->src.path, ".so"))
                cv_buf_fmt(&r->nofile, "lib." CV_FMT "\t" CV_FMT "\n", CV_ARG(libs[k]->src.path),
                           CV_ARG(libs[k]->v));
    }
}

static int open_tree(const char *dir, struct cv_arena *a, int *ret_fd, struct cv_error *e)
{
    cv_str where = cv_str_z(dir);
    if (mkdir(dir, 0755) != 0 && errno != EEXIST)
        return cv_fail(e, CV_E_IO, where, 0, cv_arena_str(a, cv_str_z(strerror(errno))));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return cv_fail(e, CV_E_IO, where, 0, cv_arena_str(a, cv_str_z(strerror(errno))));
    struct cv_root at = {.fd = fd};
    struct cv_names names = {0};
    if (cv_root_list(&at, a, CV_S("/"), &names) != CV_KNOWN || names.n_v > 0) {
        (void)close(fd);
        return cv_fail(e, CV_E_USAGE, where, 0, CV_S("the folder for the tree must be empty"));
    }
    *ret_fd = fd;
    return CV_OK;
}

int cv_record_tree(struct cv_probe_ctx *c, const char *dir, struct cv_record *ret,
                   struct cv_error *e)
{
    struct recorder r = {.arena = c->arena, .root = c->root, .dir = -1, .out = ret};
    *ret = (struct cv_record){0};
    int rc = open_tree(dir, c->arena, &r.dir, e);
    if (rc != CV_OK)
        return rc;
    struct cv_nvml_call nvml;
    cv_trace_fn *trace = c->root->trace;
    void *trace_ctx = c->root->trace_ctx;
    c->root->trace = note_place;
    c->root->trace_ctx = &r;
    cv_nvml_start(c, &nvml);
    (void)cv_probe_all(c, NULL);
    cv_nvml_collect(c, &nvml, c->nvml_timeout_ms);
    c->root->trace = trace;
    c->root->trace_ctx = trace_ctx;
    cv_buf_init(&r.nofile, c->arena);
    put_place(&r, c->m);
    put_env(&r, c);
    put_nvml(&r, c->m);
    put_libraries(&r, c->m);
    CV_SORT(struct place, r.places, r.n_places, stands_behind);
    for (uint32_t i = 0; i < r.n_places; i++) {
        if (i > 0 && cv_str_eq(r.places[i].path, r.places[i - 1].path))
            continue;
        save_path(&r, r.places[i].path, 0);
        if (r.places[i].state == CV_DENIED)
            cv_buf_fmt(&r.nofile, "denied." CV_FMT "\t-\n", CV_ARG(r.places[i].path));
    }
    write_file(&r, CV_S("/nofile.tsv"), cv_buf_str(&r.nofile));
    (void)close(r.dir);
    return c->arena->oom ? cv_fail(e, CV_E_NOMEM, cv_str_z(dir), 0, CV_S("out of memory")) : CV_OK;
}
