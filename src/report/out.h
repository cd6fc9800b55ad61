/* out.h: shared by the files that write answers (resolve, why, what) for people. */
#ifndef CV_REPORT_OUT_H
#define CV_REPORT_OUT_H

#include "report/text.h"

#define CV_AT 8                /* column of the text behind a label */

struct cv_out {
    struct cv_text t;
    const struct cv_answer *w;
};

/* A label and wrapped text behind it; a label and a line that is never wrapped. */
void cv_out_labelled(struct cv_out *o, const char *label, enum cv_color color, cv_str text);
void cv_out_line(struct cv_out *o, const char *label, cv_str text);
/* Commands are never wrapped; a file's text keeps its lines and stands at the left edge, ready to paste. */
void cv_out_command(struct cv_out *o, cv_str text);
void cv_out_commands(struct cv_out *o, const struct cv_shown *s, bool one);
/* "torch 2.8.0 for CUDA 12.8" */
cv_str cv_out_build(struct cv_out *o, const struct cv_build *b);
/* ", from PyTorch's own index" */
const char *cv_out_channel(const struct cv_build *b);
/* The sentence that decided: the first reason of the verdict's kind. */
cv_str cv_out_deciding(const struct cv_shown *s);
/* What is left open, and what it must be. */
void cv_out_needs(struct cv_out *o, const struct cv_shown *s);
/* The pick with its command and reason; what else is worth a look. */
void cv_out_pick(struct cv_out *o);
void cv_out_runners_up(struct cv_out *o);

#endif
