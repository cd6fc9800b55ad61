/* find.c: every file of a kind below a folder (root.h). An own stack instead of recursion: depth and number are bounded, links are never followed. */
#include "io/root_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct finding {
    struct cv_root *r;
    struct cv_arena *a;
    cv_want_fn *want;
    struct cv_found *to;
    CV_LIST(cv_str, folders); /* still to be listed */
    CV_LIST(cv_str, inner);   /* folders found in the one that is listed now */
    uint32_t seen;
};

static unsigned depth_of(cv_str path)
{
    unsigned n = 0;
    for (size_t i = 0; i < path.len; i++)
        n += path.ptr[i] == '/';
    return n;
}

static void take(struct finding *f, int fd, cv_str folder, const struct dirent *e)
{
    struct stat st;
    unsigned char type = e->d_type;
    cv_str name = cv_str_z(e->d_name);
    bool plain = cv_str_findc(name, '.') == SIZE_MAX, exec = false, asked = false;
    if (type == DT_UNKNOWN || (plain && type == DT_REG)) {
        asked = fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0;
        if (!asked)
            return;
        exec = (st.st_mode & S_IXUSR) != 0;
        type = S_ISDIR(st.st_mode)   ? DT_DIR
               : S_ISREG(st.st_mode) ? DT_REG
               : S_ISLNK(st.st_mode) ? DT_LNK
                                     : DT_UNKNOWN;
    }
    if (type != DT_DIR && (type == DT_UNKNOWN || !f->want(name, exec)))
        return;
    cv_str path = cv_arena_fmt(f->a, CV_FMT "%s" CV_FMT, CV_ARG(folder),
                               cv_str_ends(folder, "/") ? "" : "/", CV_ARG(name));
    if (path.len >= CV_MAX_PATH) {
        f->to->cut = true;
        return;
    }
    cv_str *p = type == DT_DIR   ? CV_PUSH(f->a, f, inner)
                : type == DT_REG ? CV_PUSH(f->a, f->to, files)
                : type == DT_LNK ? CV_PUSH(f->a, f->to, links)
                                 : NULL;
    if (p)
        *p = path;
}

static void list(struct finding *f, cv_str folder, bool top)
{
    int fd = cv_root_openat(f->r, folder, O_RDONLY | O_DIRECTORY | (top ? 0 : O_NOFOLLOW));
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        if (fd >= 0)
            (void)close(fd);
        cv_str *p = CV_PUSH(f->a, f->to, denied);
        if (p)
            *p = folder;
        return;
    }
    uint32_t files = f->to->n_files, links = f->to->n_links;
    f->n_inner = 0;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (++f->seen > CV_MAX_FIND_ENTRIES) {
            f->to->cut = true;
            break;
        }
        take(f, fd, folder, e);
    }
    (void)closedir(d);
    cv_sort_names(f->to->files + files, f->to->n_files - files);
    cv_sort_names(f->to->links + links, f->to->n_links - links);
    cv_sort_names(f->inner, f->n_inner);
    for (uint32_t i = f->n_inner; i > 0; i--) { /* the first one is taken next */
        cv_str *p = CV_PUSH(f->a, f, folders);
        if (p)
            *p = f->inner[i - 1];
    }
}

enum cv_state cv_root_find(struct cv_root *r, struct cv_arena *a, cv_str top, cv_want_fn *want,
                           struct cv_found *ret)
{
    *ret = (struct cv_found){0};
    struct finding f = {.r = r, .a = a, .want = want, .to = ret};
    unsigned base = depth_of(top);
    struct cv_stat st;
    enum cv_state s = cv_root_stat(r, top, &st);
    if (s != CV_KNOWN)
        return s;
    if (!st.is_dir)
        return CV_ABSENT;
    list(&f, top, true);
    if (ret->n_denied)
        return CV_DENIED;
    while (f.n_folders > 0 && !ret->cut && !a->oom) {
        cv_str folder = f.folders[--f.n_folders];
        if (depth_of(folder) - base > CV_MAX_FIND_DEPTH)
            ret->cut = true;
        else
            list(&f, folder, false);
    }
    return CV_KNOWN;
}
