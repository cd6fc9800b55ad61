/* root.c: opening and asking below a root. See root.h. Live roots use plain system calls; trees use openat2 (kernel 5.6), else resolve.c. */
#include "io/root_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* From linux/openat2.h, which older systems do not have. */
struct cv_open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};
#define CV_RESOLVE_NO_MAGICLINKS 0x02u
#define CV_RESOLVE_IN_ROOT       0x10u
#ifndef SYS_openat2
#define SYS_openat2 437 /* the same number on every architecture */
#endif
#ifndef O_PATH
#define O_PATH 010000000
#endif

enum cv_state cv_state_of_errno(int e)
{
    switch (e) {
    case ENOENT:
    case ENOTDIR:
    case ENXIO:
    case ENODEV:
    case ENAMETOOLONG:
        return CV_ABSENT;
    case EACCES:
    case EPERM:
        return CV_DENIED;
    default:
        return CV_MALFORMED;
    }
}

void cv_root_note(struct cv_root *r, cv_str path, enum cv_state s, uint64_t bytes)
{
    if (r->trace)
        r->trace(r->trace_ctx, path, s, bytes);
}

/* "/a/b" -> "a/b" with a NUL, "/" -> "."; false if it is too long or holds a NUL. */
static bool relative(cv_str path, char *to)
{
    while (path.len && path.ptr[0] == '/')
        path = cv_str_from(path, 1);
    if (path.len >= CV_MAX_PATH || (path.len && memchr(path.ptr, 0, path.len))) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (path.len == 0)
        path = CV_S(".");
    memcpy(to, path.ptr, path.len);
    to[path.len] = 0;
    return true;
}

static int open_in_tree(struct cv_root *r, cv_str path, const char *z, int flags)
{
    if (!r->no_openat2) {
        struct cv_open_how how = {.flags = (uint64_t)(unsigned)flags,
                                  .resolve = CV_RESOLVE_IN_ROOT | CV_RESOLVE_NO_MAGICLINKS};
        long fd;
        do
            fd = syscall(SYS_openat2, r->fd, z, &how, sizeof how);
        while (fd < 0 && (errno == EINTR || errno == EAGAIN));
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
            return (int)fd;
        r->no_openat2 =
            true; /* an old kernel, or a seccomp filter that answers EPERM to what it does not know */
    }
    char real[CV_MAX_PATH] CV_UNINIT;
    char rel[CV_MAX_PATH] CV_UNINIT;
    if (cv_root_resolve(r, path, real) != 0 || !relative(cv_str_z(real), rel))
        return -1;
    return openat(r->fd, rel, flags | O_NOFOLLOW);
}

int cv_root_openat(struct cv_root *r, cv_str path, int flags)
{
    char z[CV_MAX_PATH] CV_UNINIT;
    cv_str value;
    flags |= flags & O_PATH
                 ? O_CLOEXEC
                 : O_CLOEXEC | O_NOCTTY | O_NONBLOCK; /* openat2 refuses needless flags */
    if (!relative(path, z))
        return -1;
    if (!r->live && cv_nofile_path(r, "denied.", path, &value)) {
        errno = EACCES;
        return -1;
    }
    r->n_calls++;
    if (!r->live)
        return open_in_tree(r, path, z, flags);
    int fd;
    do
        fd = openat(r->fd, z, flags);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int cv_root_fstatat(struct cv_root *r, cv_str path, struct stat *st)
{
    char z[CV_MAX_PATH] CV_UNINIT;
    if (r->live) {
        if (!relative(path, z))
            return -1;
        r->n_calls++;
        return fstatat(r->fd, z, st, 0);
    }
    int fd = cv_root_openat(r, path, O_PATH);
    if (fd < 0)
        return -1;
    int rc = fstat(fd, st);
    (void)close(fd);
    return rc;
}

int cv_root_open(struct cv_root *r, struct cv_arena *a, const char *path, struct cv_error *e)
{
    *r = (struct cv_root){.fd = -1,
                          .live = !path,
                          .label = cv_arena_str(a, cv_str_z(path ? path : "/")),
                          .nofile = CV_S("")};
    r->fd = open(path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->fd < 0)
        return cv_fail(e, CV_E_INPUT, r->label, 0, cv_arena_str(a, cv_str_z(strerror(errno))));
    if (!path)
        return CV_OK;
    cv_str text = CV_S("");
    cv_str what = CV_S("cannot be read");
    enum cv_state s = cv_root_read(r, a, CV_S("/nofile.tsv"), CV_MAX_TEXT_FILE, &text, &what);
    if (s == CV_KNOWN)
        r->nofile = text;
    if (s == CV_KNOWN || s == CV_ABSENT)
        return CV_OK;
    cv_root_close(r);
    return cv_fail(e, CV_E_INPUT, cv_arena_fmt(a, "%s/nofile.tsv", path), 0, what);
}

void cv_root_close(struct cv_root *r)
{
    if (r->fd >= 0)
        (void)close(r->fd);
    r->fd = -1;
}

void cv_stat_from(const struct stat *st, struct cv_stat *ret)
{
    *ret = (struct cv_stat){
        .dev = (uint64_t)st->st_dev,
        .ino = (uint64_t)st->st_ino,
        .size = st->st_size < 0 ? 0 : (uint64_t)st->st_size,
        .mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
        .ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
        .mode = (uint32_t)st->st_mode,
        .rdev_major = (uint32_t)major(st->st_rdev),
        .rdev_minor = (uint32_t)minor(st->st_rdev),
        .is_dir = S_ISDIR(st->st_mode),
        .is_reg = S_ISREG(st->st_mode),
        .is_link = S_ISLNK(st->st_mode),
        .is_chr = S_ISCHR(st->st_mode),
    };
}

enum cv_state cv_root_stat(struct cv_root *r, cv_str path, struct cv_stat *ret)
{
    struct stat st;
    if (!r->live && cv_nofile_node(r, path, ret)) {
        cv_root_note(r, path, CV_KNOWN, 0);
        return CV_KNOWN;
    }
    if (cv_root_fstatat(r, path, &st) != 0) {
        enum cv_state s = cv_state_of_errno(errno);
        cv_root_note(r, path, s, 0);
        return s;
    }
    cv_stat_from(&st, ret);
    cv_root_note(r, path, CV_KNOWN, 0);
    return CV_KNOWN;
}

bool cv_root_exists(struct cv_root *r, cv_str path)
{
    struct cv_stat st;
    enum cv_state s = cv_root_stat(r, path, &st);
    return s == CV_KNOWN || s == CV_DENIED;
}

bool cv_root_is_dir(struct cv_root *r, cv_str path)
{
    struct cv_stat st;
    return cv_root_stat(r, path, &st) == CV_KNOWN && st.is_dir;
}

enum cv_state cv_root_access_rw(struct cv_root *r, cv_str path)
{
    struct cv_stat st;
    char z[CV_MAX_PATH] CV_UNINIT;
    if (!r->live) {
        enum cv_state s = cv_root_stat(r, path, &st);
        if (s != CV_KNOWN)
            return s;
        return (st.mode & 06u) == 06u
                   ? CV_KNOWN
                   : CV_DENIED; /* the tree's user is nobody in particular: the bits for others count */
    }
    if (!relative(path, z))
        return CV_ABSENT;
    r->n_calls++;
    enum cv_state s =
        faccessat(r->fd, z, R_OK | W_OK, 0) == 0 ? CV_KNOWN : cv_state_of_errno(errno);
    cv_root_note(r, path, s, 0);
    return s;
}

/* File systems whose servers may be slow or gone (statfs(2), linux/magic.h). */
bool cv_root_is_remote(struct cv_root *r, cv_str path)
{
    static const uint64_t remote[] = {
        0x6969u,     /* nfs */
        0x517Bu,     /* smb */
        0xFF534D42u, /* cifs */
        0xFE534D42u, /* smb2 */
        0x564Cu,     /* ncp */
        0x5346414Fu, /* afs */
        0x0187u,     /* autofs */
        0x65735546u, /* fuse: sshfs and the like */
        0x00C36400u, /* ceph */
        0x0BD00BD0u, /* lustre */
        0x47504653u, /* gpfs */
        0x01021997u, /* 9p */
        0x19830326u, /* beegfs */
    };
    struct statfs fs;
    if (!r->live)
        return false;
    int fd = cv_root_openat(r, path, O_PATH);
    if (fd < 0)
        return false;
    int rc = fstatfs(fd, &fs);
    (void)close(fd);
    if (rc != 0)
        return false;
    for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++)
        if (((uint64_t)fs.f_type & 0xffffffffu) == remote[i])
            return true;
    return false;
}
