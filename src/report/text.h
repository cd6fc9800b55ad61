/* text.h: shared by the files that write the doctor's text. */
#ifndef CV_REPORT_TEXT_H
#define CV_REPORT_TEXT_H

#include "report/layout.h"

struct cv_text {
    struct cv_buf *b;
    const struct cv_text_style *st;
    const struct cv_facts *f;
    const struct cv_machine *m;
    const struct cv_diagnosis *d;
    struct cv_arena *a;
};

/* "1 Driver ... 4 Do they fit?" */
void cv_text_steps(struct cv_text *t);
/* Its first part: driver, GPUs, system. One line of a step. */
void cv_text_machine(struct cv_text *t);
void cv_text_row(struct cv_text *t, const char *label, cv_str text);
uint32_t cv_count_gpus(const struct cv_machine *m);

#endif
