/* explain.h: the answers of `cuvet explain` as a tree and as text. */
#ifndef CV_REPORT_EXPLAIN_H
#define CV_REPORT_EXPLAIN_H

#include "explain/explain.h"
#include "report/report.h"

struct cv_explain_report {
    const struct cv_facts *f;
    const struct cv_machine *m;
    const struct cv_diagnosis *d;
    const struct cv_explanation *x;
    cv_str name;               /* of what was read: "train.log", "standard input", "" = the text itself */
    bool machine_known;        /* a machine was looked at or described */
};

struct cv_node *cv_tree_explain(struct cv_arena *a, const struct cv_explain_report *r);
void cv_text_explain(struct cv_buf *b, const struct cv_text_style *st, const struct cv_explain_report *r);

/* The catalogue: all entries, or one with its causes and sources. */
struct cv_node *cv_tree_explain_list(struct cv_arena *a, const struct cv_facts *f);
struct cv_node *cv_tree_explain_entry(struct cv_arena *a, const struct cv_facts *f, uint32_t row);
void cv_text_explain_list(struct cv_buf *b, const struct cv_text_style *st, const struct cv_facts *f);
void cv_text_explain_entry(struct cv_buf *b, const struct cv_text_style *st, const struct cv_facts *f, uint32_t row);

#endif
