/* cache.c: see cache.h. Each text is a file of its own, written beside its place and renamed into it, so that readers see all of it or nothing.
 * "cuvet-cache 1 93d6c1f8a0b1c2d3\n850 449 0 0 sm_75:449 = 449*0\n" */
#include "io/cache.h"

#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CV_CACHE_HEAD  30u /* "cuvet-cache 1 " + 16 digits, without the line end */
#define CV_CACHE_FILES 512u

/* FNV-1a, 64 bits: against damage, not against malice; the folder is the user's own. */
static uint64_t check_sum(cv_str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * 0x100000001b3u;
    return h;
}

/* The folder, if it belongs to this user, nobody else may write in it, and it is no link, which could lead to another folder of this user. */
static int open_folder(const char *dir)
{
    struct stat st;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && (fstat(fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 022u))) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool good_name(cv_str name)
{
    return name.len && name.len < 200 && name.ptr[0] != '.' && cv_str_findc(name, '/') == SIZE_MAX;
}

bool cv_cache_get(const char *dir, struct cv_arena *a, cv_str name, cv_str *ret)
{
    struct stat st;
    uint64_t sum;
    if (!good_name(name))
        return false;
    int top = open_folder(dir);
    int fd = top >= 0
                 ? openat(top, cv_arena_z(a, name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                 : -1;
    if (top >= 0)
        (void)close(top);
    if (fd < 0)
        return false;
    char *p = NULL;
    ssize_t n = -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        !(st.st_mode & 022u) && st.st_size > (off_t)CV_CACHE_HEAD &&
        (uint64_t)st.st_size <= CV_MAX_SMALL_FILE)
        p = cv_arena_raw(a, (size_t)st.st_size + 1);
    if (p)
        n = pread(fd, p, (size_t)st.st_size, 0);
    (void)close(fd);
    if (!p || n != (ssize_t)st.st_size)
        return false;
    cv_str all = {p, (size_t)n}, head = cv_str_sub(all, 0, CV_CACHE_HEAD),
           text = cv_str_from(all, CV_CACHE_HEAD + 1);
    if (!cv_str_starts(head, "cuvet-cache 1 ") || p[CV_CACHE_HEAD] != '\n' ||
        !cv_str_hex(cv_str_from(head, 14), &sum) || sum != check_sum(text))
        return false;
    *ret = cv_str_trim(text);
    return true;
}

static void make_folder(const char *dir, struct cv_arena *a)
{
    if (mkdir(dir, 0700) == 0 || errno != ENOENT)
        return;
    if (mkdir(cv_arena_z(a, cv_str_dir(cv_str_z(dir))), 0700) == 0)
        (void)mkdir(dir, 0700);
}

/* A cache that grew large is thrown away whole: it costs milliseconds to fill again. */
static void prune(int top)
{
    int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    unsigned n = 0;
    if (!d) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    while (readdir(d))
        n++;
    if (n > CV_CACHE_FILES) {
        rewinddir(d);
        for (struct dirent *e = readdir(d); e; e = readdir(d))
            if (strncmp(e->d_name, "code-", 5) == 0)
                (void)unlinkat(top, e->d_name, 0);
    }
    (void)closedir(d);
}

void cv_cache_put(const char *dir, struct cv_arena *a, cv_str name, cv_str text)
{
    if (!good_name(name) || text.len > CV_MAX_SMALL_FILE / 2)
        return;
    make_folder(dir, a);
    int top = open_folder(dir);
    if (top < 0)
        return;
    prune(top);
    cv_str line = cv_arena_fmt(a, CV_FMT "\n", CV_ARG(text));
    cv_str all = cv_arena_fmt(a, "cuvet-cache 1 %016llx\n" CV_FMT,
                              (unsigned long long)check_sum(line), CV_ARG(line));
    const char *temp = cv_arena_z(a, cv_arena_fmt(a, "tmp-%ld", (long)getpid()));
    int fd = openat(top, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        bool ok = write(fd, all.ptr, all.len) == (ssize_t)all.len;
        ok = close(fd) == 0 && ok;
        if (!ok || renameat(top, temp, top, cv_arena_z(a, name)) != 0)
            (void)unlinkat(top, temp, 0);
    } else if (errno == EEXIST) { /* left by a program of the same number that was killed */
        (void)unlinkat(top, temp, 0);
    }
    (void)close(top);
}
