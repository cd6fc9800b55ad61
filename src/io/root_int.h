/* root_int.h: what the files of io/ share. */
#ifndef CV_IO_ROOT_INT_H
#define CV_IO_ROOT_INT_H

#include "io/root.h"

enum cv_state cv_state_of_errno(int e);
void cv_root_note(struct cv_root *r, cv_str path, enum cv_state s, uint64_t bytes);

/* Opens below the root with O_CLOEXEC | O_NOCTTY | O_NONBLOCK added; -1 with errno. */
int cv_root_openat(struct cv_root *r, cv_str path, int flags);
/* fstatat below the root, links followed; 0 or -1 with errno. */
/* By bytes. */
void cv_sort_names(cv_str *v, uint32_t n);
struct stat;
void cv_stat_from(const struct stat *st, struct cv_stat *ret);
int cv_root_fstatat(struct cv_root *r, cv_str path, struct stat *st);

/* The path with every link followed, as the root sees it, into `to` (CV_MAX_PATH bytes): component by component, ".." stopped at the top, at most
 * CV_MAX_SYMLINKS links (ELOOP). A last component that does not exist is kept. 0 or -1 with errno. */
int cv_root_resolve(struct cv_root *r, cv_str path, char *to);

/* nofile.tsv: "PREFIX + path" -> value. */
bool cv_nofile_path(const struct cv_root *r, const char *prefix, cv_str path, cv_str *ret);
/* "c 195 0 0666" */
bool cv_nofile_node(const struct cv_root *r, cv_str path, struct cv_stat *ret);

#endif
