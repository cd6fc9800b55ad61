/* record.h: writes the files that the probes read as a tree that `--root` reads back, with nofile.tsv for what is no file. */
#ifndef CV_API_RECORD_H
#define CV_API_RECORD_H

#include "probe/probe.h"

struct cv_record {
    CV_LIST(cv_str, saved);    /* paths written, sorted */
    CV_LIST(cv_str, left_out); /* "path: why" */
};

/* Runs the probes of `c` once more (its machine is filled anew), noting each place that is looked at, and copies those places below `dir`
 * (created; CV_E_USAGE if it exists and is not empty). Text files up to CV_MAX_TEXT_FILE are copied, other files become empty ones of the same
 * name, links stay links, device nodes and unreadable places become lines of nofile.tsv. GPU UUIDs are replaced. Live roots only. */
int cv_record_tree(struct cv_probe_ctx *c, const char *dir, struct cv_record *ret, struct cv_error *e) CV_MUST_USE;

#endif
