/* root.h: the only way probes touch files. A root is "/" of this machine, or a folder that stands for one: then every
 * path, link and ".." stays inside it (openat2 RESOLVE_IN_ROOT, own resolver where the kernel has none), and nothing of the host is asked. */
#ifndef CV_IO_ROOT_H
#define CV_IO_ROOT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/state.h"

/* Called for each place looked at (-v): path, what was found, bytes read. */
typedef void cv_trace_fn(void *ctx, cv_str path, enum cv_state state, uint64_t bytes);

struct cv_root {
    int fd;                    /* of the root folder */
    bool live;                 /* "/" of this machine */
    bool no_openat2;           /* kernel lacks it */
    cv_str nofile;             /* contents of nofile.tsv (trees only), "" = none */
    cv_str label;              /* the folder as the user named it */
    cv_trace_fn *trace;        /* may be NULL */
    void *trace_ctx;
    uint64_t n_calls;          /* system calls that touched files */
};

/* path NULL = live. On failure returns CV_E_* with details. */
int cv_root_open(struct cv_root *r, struct cv_arena *a, const char *path, struct cv_error *e) CV_MUST_USE;
void cv_root_close(struct cv_root *r);

/* Reads a regular file (also of /proc and /sys, whose sizes lie) whole, at most max bytes. KNOWN: *ret is arena text. MALFORMED: not a regular
 * file, larger than max, or changed while read; *ret_what (may be NULL) then says so. Never blocks on a FIFO or device. */
enum cv_state cv_root_read(struct cv_root *r, struct cv_arena *a, cv_str path, size_t max, cv_str *ret, cv_str *ret_what);
/* The same for at most the first `max` bytes: a larger file is no error. */
enum cv_state cv_root_head(struct cv_root *r, struct cv_arena *a, cv_str path, size_t max, cv_str *ret);

struct cv_stat {
    uint64_t dev, ino, size;
    int64_t mtime_ns, ctime_ns;
    uint32_t mode;
    uint32_t rdev_major, rdev_minor;
    bool is_dir, is_reg, is_link, is_chr;
};
/* Follows links. Device nodes named in nofile.tsv ("node./dev/nvidia0") are answered from there. */
enum cv_state cv_root_stat(struct cv_root *r, cv_str path, struct cv_stat *ret);
bool cv_root_exists(struct cv_root *r, cv_str path);
bool cv_root_is_dir(struct cv_root *r, cv_str path);
/* Can this user open it read-write? KNOWN = yes, DENIED = no, ABSENT = not there. Trees: `denied.` says no; else the fifth word of the node's
 * line ("c 195 0 0660 rw" or "no": what the recording user could), else the mode bits for others. */
enum cv_state cv_root_access_rw(struct cv_root *r, cv_str path);
/* The link's own text. */
enum cv_state cv_root_readlink(struct cv_root *r, struct cv_arena *a, cv_str path, cv_str *ret);
/* The path inside the root with all links followed. */
enum cv_state cv_root_real(struct cv_root *r, struct cv_arena *a, cv_str path, cv_str *ret);

struct cv_names {
    CV_LIST(cv_str, v);        /* sorted by bytes, without "." and ".." */
    bool cut;                  /* more than CV_MAX_DIR_ENTRIES */
};
enum cv_state cv_root_list(struct cv_root *r, struct cv_arena *a, cv_str path, struct cv_names *ret);

/* A bounded reader over an open regular file (pread). Close it in the same function. */
struct cv_window {
    struct cv_reader reader;
    int fd;
};
/* ret_what (may be NULL): why not. */
enum cv_state cv_window_open(struct cv_root *r, struct cv_arena *a, cv_str path, struct cv_window *ret, cv_str *ret_what);
/* The open file's own status, whatever its path leads to by now. */
bool cv_window_stat(const struct cv_window *w, struct cv_stat *ret);
void cv_window_close(struct cv_window *w); /* accepts a zeroed or closed one (fd < 0) */

struct cv_found {
    CV_LIST(cv_str, files);    /* regular files, paths below the root, sorted folder by folder */
    CV_LIST(cv_str, links);    /* links that name files or anything else */
    CV_LIST(cv_str, denied);   /* folders that cannot be listed */
    bool cut;                  /* a limit was reached */
};
/* All files below `top` whose name `want` likes (`executable`: the owner may run it; only asked of names without a dot). Links to folders are not followed,
 * except `top` itself. */
typedef bool cv_want_fn(cv_str name, bool executable);
enum cv_state cv_root_find(struct cv_root *r, struct cv_arena *a, cv_str top, cv_want_fn *want, struct cv_found *ret);

/* Is the folder on a network or automount file system (nfs, cifs, fuse.sshfs, autofs, ...) that is not the one of "/"? Does not trigger a
 * mount. Always false in trees. */
bool cv_root_is_remote(struct cv_root *r, cv_str path);

/* nofile.tsv: value of a key, or state ABSENT. */
enum cv_state cv_root_nofile(const struct cv_root *r, const char *key, cv_str *ret);

#endif
