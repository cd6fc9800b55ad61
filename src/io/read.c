/* read.c: bounded reading: whole small files, the head of larger ones, folders, windows for binary formats, nofile.tsv. */
#include "base/sort.h"
#include "io/root_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define CV_FIRST_READ ((size_t)4096)

/* Opens a regular file for reading; anything else is refused before a byte is asked. */
static enum cv_state open_regular(struct cv_root *r, cv_str path, int *ret_fd, uint64_t *ret_size,
                                  cv_str *ret_what)
{
    struct stat st;
    int fd = cv_root_openat(r, path, O_RDONLY);
    if (fd < 0) {
        enum cv_state s = cv_state_of_errno(errno);
        *ret_what = errno == ELOOP   ? CV_S("a loop of links")
                    : s == CV_DENIED ? CV_S("permission denied")
                                     : CV_S("cannot be opened");
        return s;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        *ret_what = CV_S("not a regular file");
        return CV_MALFORMED;
    }
    if (!r->live && (st.st_mode & 0777u) == 0) { /* root may read it, the tree's user may not */
        (void)close(fd);
        *ret_what = CV_S("permission denied");
        return CV_DENIED;
    }
    *ret_fd = fd;
    *ret_size = st.st_size < 0 ? 0 : (uint64_t)st.st_size;
    return CV_KNOWN;
}

/* Up to max bytes (sizes in /proc and /sys lie, so reading goes on to the end); *ret_more: there is more. */
static enum cv_state read_up_to(int fd, struct cv_arena *a, uint64_t size, size_t max, cv_str *ret,
                                bool *ret_more, cv_str *ret_what)
{
    size_t cap = size > 0 && size < max ? (size_t)size + 1
                 : CV_FIRST_READ < max  ? CV_FIRST_READ
                                        : max + 1;
    char *buf = cv_arena_raw(a, cap + 1);
    size_t n = 0;
    *ret_more = false;
    while (buf) {
        ssize_t got = read(fd, buf + n, cap - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            *ret_what = errno == EIO ? CV_S("input/output error") : CV_S("cannot be read");
            return errno == EACCES || errno == EPERM ? CV_DENIED : CV_MALFORMED;
        }
        n += (size_t)got;
        if (got == 0 || n > max)
            break;
        if (n < cap)
            continue;
        size_t more = cap * 4 < max + 1 ? cap * 4 : max + 1;
        char *bigger = cv_arena_raw(a, more + 1);
        if (bigger)
            memcpy(bigger, buf, n);
        buf = bigger;
        cap = more;
    }
    if (!buf) {
        *ret_what = CV_S("out of memory");
        return CV_MALFORMED;
    }
    *ret_more = n > max;
    n = n > max ? max : n;
    buf[n] = 0;
    *ret = (cv_str){buf, n};
    return CV_KNOWN;
}

static enum cv_state read_file(struct cv_root *r, struct cv_arena *a, cv_str path, size_t max,
                               cv_str *ret, bool whole, cv_str *ret_what)
{
    int fd = -1;
    uint64_t size = 0;
    bool more = false;
    cv_str text = CV_S("");
    cv_str what = CV_S("");
    enum cv_state s = open_regular(r, path, &fd, &size, &what);
    /* Files in /sys claim a page, whatever they hold: only what is larger than that is refused unread. */
    if (s == CV_KNOWN && whole && size > max && size > CV_FIRST_READ) {
        s = CV_MALFORMED;
        what = CV_S("too large");
    } else if (s == CV_KNOWN) {
        s = read_up_to(fd, a, size, max, &text, &more, &what);
        if (s == CV_KNOWN && whole && more) {
            s = CV_MALFORMED;
            what = CV_S("too large");
        }
    }
    if (fd >= 0)
        (void)close(fd);
    cv_root_note(r, path, s, text.len);
    if (s == CV_KNOWN)
        *ret = text;
    else if (ret_what)
        *ret_what = what;
    return s;
}

enum cv_state cv_root_read(struct cv_root *r, struct cv_arena *a, cv_str path, size_t max,
                           cv_str *ret, cv_str *ret_what)
{
    return read_file(r, a, path, max, ret, true, ret_what);
}

enum cv_state cv_root_head(struct cv_root *r, struct cv_arena *a, cv_str path, size_t max,
                           cv_str *ret)
{
    return read_file(r, a, path, max, ret, false, NULL);
}

static bool stands_behind(const cv_str *a, const cv_str *b)
{
    return cv_str_cmp(*a, *b) > 0;
}

void cv_sort_names(cv_str *v, uint32_t n)
{
    CV_SORT(cv_str, v, n, stands_behind);
}

enum cv_state cv_root_list(struct cv_root *r, struct cv_arena *a, cv_str path, struct cv_names *ret)
{
    *ret = (struct cv_names){0};
    int fd = cv_root_openat(r, path, O_RDONLY | O_DIRECTORY);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        enum cv_state s = cv_state_of_errno(errno);
        if (fd >= 0)
            (void)close(fd);
        cv_root_note(r, path, s, 0);
        return s;
    }
    struct dirent *e;
    while ((e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (ret->n_v == CV_MAX_DIR_ENTRIES) {
            ret->cut = true;
            break;
        }
        cv_str *s = CV_PUSH(a, ret, v);
        if (!s)
            break;
        *s = cv_arena_str(a, cv_str_z(e->d_name));
    }
    (void)closedir(d);
    cv_sort_names(ret->v, ret->n_v);
    cv_root_note(r, path, CV_KNOWN, 0);
    return CV_KNOWN;
}

/* What a window's reader needs. */
struct window {
    int fd;
    bool asked;     /* the kernel was told that reads jump */
    bool no_nowait; /* RWF_NOWAIT is refused here (overlayfs, tmpfs, old kernels, seccomp) */
    bool waited;    /* plain reads had to wait: the file is not in memory after all */
    unsigned hits;  /* answers from memory since the last miss */
    uint64_t since; /* when the last CV_WARM_STEP plain reads began */
};

static bool window_read_at(void *ctx, uint64_t off, void *ret, size_t len)
{
    const struct window *w = ctx;
    size_t n = 0;
    while (n < len) {
        ssize_t got = pread(w->fd, (char *)ret + n, len - n, (off_t)(off + n));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        n += (size_t)got;
    }
    return true;
}

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x8
#endif

/* After CV_WARM hits in a row a file counts as being in memory, and plain reads, a sixth cheaper than those that never wait, take over. A clock looks at every
 * CV_WARM_STEP of them: a read from memory takes half a microsecond, one from a disk a hundred. */
#define CV_WARM         128u
#define CV_WARM_STEP    32u
#define CV_WARM_STEP_NS 400000u

static uint64_t monotonic_ns(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool is_warm(struct window *w)
{
    if (w->hits < CV_WARM || w->waited)
        return false;
    if ((w->hits - CV_WARM) % CV_WARM_STEP == 0) {
        uint64_t now = monotonic_ns();
        w->waited = w->hits > CV_WARM && now - w->since > CV_WARM_STEP_NS;
        w->since = now;
    }
    w->hits++;
    return !w->waited;
}

/* Only from the page cache. A short answer means that the rest is not there yet. */
static bool window_read_now(void *ctx, uint64_t off, void *ret, size_t len)
{
    struct window *w = ctx;
    if (!w->asked) { /* single headers far apart: read-ahead would drag in the whole file */
        (void)posix_fadvise(w->fd, 0, 0, POSIX_FADV_RANDOM);
        w->asked = true;
    }
    if (w->no_nowait)
        return false;
    if (is_warm(w))
        return window_read_at(ctx, off, ret, len);
    struct iovec v = {ret, len};
    ssize_t got = preadv2(w->fd, &v, 1, (off_t)off, RWF_NOWAIT);
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        w->no_nowait = true;
    bool whole = got >= 0 && (size_t)got == len;
    w->hits = whole ? w->hits + 1 : 0;
    return whole;
}

static void window_hint(void *ctx, uint64_t off, size_t len)
{
    const struct window *w = ctx;
    (void)posix_fadvise(w->fd, (off_t)off, (off_t)len, POSIX_FADV_WILLNEED);
}

enum cv_state cv_window_open(struct cv_root *r, struct cv_arena *a, cv_str path,
                             struct cv_window *ret, cv_str *ret_what)
{
    cv_str what = CV_S("");
    uint64_t size = 0;
    int fd = -1;
    *ret = (struct cv_window){.fd = -1};
    enum cv_state s = open_regular(r, path, &fd, &size, &what);
    cv_root_note(r, path, s, 0);
    if (s != CV_KNOWN) {
        if (ret_what)
            *ret_what = what;
        return s;
    }
    struct window *w = cv_arena_alloc(a, sizeof *w);
    if (!w) {
        (void)close(fd);
        return CV_MALFORMED;
    }
    w->fd = ret->fd = fd;
    ret->reader = (struct cv_reader){.size = size,
                                     .read_at = window_read_at,
                                     .ctx = w,
                                     .read_now = window_read_now,
                                     .hint = window_hint};
    return CV_KNOWN;
}

bool cv_window_stat(const struct cv_window *w, struct cv_stat *ret)
{
    struct stat st;
    if (w->fd < 0 || fstat(w->fd, &st) != 0)
        return false;
    cv_stat_from(&st, ret);
    return true;
}

void cv_window_close(struct cv_window *w)
{
    if (w->fd >= 0 && w->reader.read_at)
        (void)close(w->fd);
    w->fd = -1;
}

/* ---- nofile.tsv ---- */

static bool nofile_find(const struct cv_root *r, const char *prefix, cv_str key, cv_str *ret)
{
    cv_str rest = r->nofile;
    cv_str line;
    size_t n = strlen(prefix);
    while (cv_str_line(&rest, &line)) {
        if (line.len <= n + key.len || line.ptr[n + key.len] != '\t' ||
            !cv_str_starts(line, prefix))
            continue;
        if (memcmp(line.ptr + n, key.ptr, key.len) != 0)
            continue;
        *ret = cv_str_trim(cv_str_from(line, n + key.len + 1));
        return true;
    }
    return false;
}

enum cv_state cv_root_nofile(const struct cv_root *r, const char *key, cv_str *ret)
{
    return nofile_find(r, "", cv_str_z(key), ret) ? CV_KNOWN : CV_ABSENT;
}

bool cv_nofile_path(const struct cv_root *r, const char *prefix, cv_str path, cv_str *ret)
{
    return r->nofile.len && nofile_find(r, prefix, path, ret);
}

bool cv_nofile_node(const struct cv_root *r, cv_str path, struct cv_stat *ret)
{
    cv_str value, kind, major_, minor_, mode;
    uint32_t maj, min;
    if (!cv_nofile_path(r, "node.", path, &value))
        return false;
    if (!cv_str_word(&value, &kind) || !cv_str_word(&value, &major_) ||
        !cv_str_word(&value, &minor_) || !cv_str_word(&value, &mode))
        return false;
    if (!cv_str_u32(major_, &maj) || !cv_str_u32(minor_, &min))
        return false;
    uint32_t bits = 0;
    for (size_t i = 0; i < mode.len && i < 4; i++)
        bits = bits * 8 + (uint32_t)(mode.ptr[i] - '0') % 8;
    *ret = (struct cv_stat){
        .mode = bits, .rdev_major = maj, .rdev_minor = min, .is_chr = cv_str_eqz(kind, "c")};
    return true;
}
