/* archs.h: the answers of `cuvet archs` as a tree and as text. */
#ifndef CV_REPORT_ARCHS_H
#define CV_REPORT_ARCHS_H

#include "core/gpucode.h"
#include "report/report.h"

struct cv_archs_report {
    const struct cv_facts *f;
    const struct cv_machine *m; /* whose GPUs are asked for (--gpu); none = not asked */
    const struct cv_code_files *files;
    bool declared; /* --declared */
};

struct cv_node *cv_tree_archs(struct cv_arena *a, const struct cv_archs_report *r);
void cv_text_archs(struct cv_buf *b, const struct cv_text_style *st,
                   const struct cv_archs_report *r);
/* Is a file read to its end? */
bool cv_archs_whole(const struct cv_code_file *f);
/* Does a file have GPU code, but none for one of the GPUs? */
bool cv_archs_lacks(const struct cv_archs_report *r, const struct cv_code_file *f);
/* The file belongs to a build of CUDA 13.2 or newer. */
bool cv_archs_new_cuda(const struct cv_code_file *f);

#endif
