/* candidate.h: one judged build as JSON, shared by the trees of doctor, resolve and why. */
#ifndef CV_REPORT_CANDIDATE_H
#define CV_REPORT_CANDIDATE_H

#include "report/report.h"

/* "" and "?" are null. */
struct cv_node *cv_node_text_or_null(struct cv_arena *a, cv_str s);
/* machine: index that each entry carries, -1 = one machine. */
struct cv_node *cv_tree_reasons(struct cv_arena *a, const struct cv_judgement *j, int machine);
struct cv_node *cv_tree_gpus(struct cv_arena *a, const struct cv_machine *m, const struct cv_judgement *j, int machine);
struct cv_node *cv_tree_driver(struct cv_arena *a, const struct cv_judgement *j);
/* "needs", with works-if only. */
void cv_tree_needs(struct cv_arena *a, struct cv_node *o, const struct cv_judgement *j);

#endif
