/* resolve.c: following links inside a root without the kernel's help, and the places that use it. */
#include "io/root_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Splits the first component off `rest` ("a/b" -> "a", "b"). */
static bool first_part(cv_str *rest, cv_str *ret)
{
    while (rest->len && rest->ptr[0] == '/')
        *rest = cv_str_from(*rest, 1);
    if (rest->len == 0)
        return false;
    size_t i = cv_str_findc(*rest, '/');
    *ret = cv_str_sub(*rest, 0, i == SIZE_MAX ? rest->len : i);
    *rest = cv_str_from(*rest, ret->len);
    return true;
}

/* Puts `target` before `rest` in the work buffer. */
static bool prepend(char *work, const char *target, size_t n, cv_str *rest)
{
    if (n + 1 + rest->len >= CV_MAX_PATH) {
        errno = ENAMETOOLONG;
        return false;
    }
    memmove(work + n, rest->ptr, rest->len); /* rest begins with '/' or is empty */
    memcpy(work, target, n);
    *rest = (cv_str){work, n + rest->len};
    return true;
}

int cv_root_resolve(struct cv_root *r, cv_str path, char *to)
{
    char work[CV_MAX_PATH] CV_UNINIT;
    char target[CV_MAX_PATH] CV_UNINIT;
    size_t len = 0;
    unsigned links = 0;
    cv_str part;
    if (path.len >= CV_MAX_PATH) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(work, path.ptr, path.len);
    cv_str rest = {work, path.len};
    to[0] = 0;
    while (first_part(&rest, &part)) {
        if (cv_str_eqz(part, "."))
            continue;
        if (cv_str_eqz(part, "..")) {
            while (len > 0 && to[--len] != '/')
                ;
            to[len] = 0;
            continue;
        }
        if (len + 1 + part.len >= CV_MAX_PATH) {
            errno = ENAMETOOLONG;
            return -1;
        }
        size_t before = len;
        to[len++] = '/';
        memcpy(to + len, part.ptr, part.len);
        len += part.len;
        to[len] = 0;
        r->n_calls++;
        ssize_t n = readlinkat(r->fd, to + 1, target, sizeof target - 1);
        if (n < 0 && errno != EINVAL && !(errno == ENOENT && rest.len == 0))
            return -1;
        if (n < 0)
            continue;
        if (++links > CV_MAX_SYMLINKS) {
            errno = ELOOP;
            return -1;
        }
        len = n > 0 && target[0] == '/' ? 0 : before;
        to[len] = 0;
        if (!prepend(work, target, (size_t)n, &rest))
            return -1;
    }
    if (len == 0) {
        to[0] = '/';
        to[1] = 0;
    }
    return 0;
}

/* On the live machine the kernel knows the answer: three calls instead of one for each folder above. */
static bool live_real(struct cv_root *r, cv_str path, char *to)
{
    char name[40];
    int fd = r->live ? cv_root_openat(r, path, O_PATH) : -1;
    if (fd < 0)
        return false;
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(name, to, CV_MAX_PATH - 1);
    (void)close(fd);
    r->n_calls += 2;
    if (n <= 0 || to[0] != '/')
        return false;
    to[n] = 0;
    return !cv_str_ends(cv_str_z(to), " (deleted)");
}

enum cv_state cv_root_real(struct cv_root *r, struct cv_arena *a, cv_str path, cv_str *ret)
{
    char to[CV_MAX_PATH] CV_UNINIT;
    if (!live_real(r, path, to)) {
        if (cv_root_resolve(r, path, to) != 0)
            return errno == ELOOP ? CV_ABSENT : cv_state_of_errno(errno);
        if (!cv_root_exists(r, cv_str_z(to)))
            return CV_ABSENT;
    }
    cv_root_note(r, path, CV_KNOWN, 0); /* a recorder wants the links on the way too */
    *ret = cv_arena_str(a, cv_str_z(to));
    return CV_KNOWN;
}

enum cv_state cv_root_readlink(struct cv_root *r, struct cv_arena *a, cv_str path, cv_str *ret)
{
    char dir[CV_MAX_PATH] CV_UNINIT;
    char full[CV_MAX_PATH] CV_UNINIT;
    char target[CV_MAX_PATH] CV_UNINIT;
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    cv_str base = cv_str_base(path);
    if (cv_root_resolve(r, cv_str_dir(path), dir) != 0)
        return cv_state_of_errno(errno);
    size_t n = strlen(dir);
    if (n + 1 + base.len >= CV_MAX_PATH)
        return CV_ABSENT;
    memcpy(full, dir, n);
    if (n > 1)
        full[n++] = '/';
    memcpy(full + n, base.ptr, base.len);
    full[n + base.len] = 0;
    r->n_calls++;
    ssize_t got = readlinkat(r->fd, full[1] ? full + 1 : ".", target, sizeof target);
    if (got < 0)
        return errno == EINVAL ? CV_MALFORMED : cv_state_of_errno(errno);
    cv_root_note(r, path, CV_KNOWN, 0);
    *ret = cv_arena_str(a, (cv_str){target, (size_t)got});
    return CV_KNOWN;
}
