/* report.h: model -> bytes. One ordered tree (objects, lists, texts) has two writers; the doctor's text for people has its own layout. Pure. */
#ifndef CV_REPORT_REPORT_H
#define CV_REPORT_REPORT_H

#include "base/buf.h"
#include "resolve/matrix.h"
#include "resolve/what.h"

/* ---- tree ---- */
enum cv_node_kind { CV_N_NULL, CV_N_BOOL, CV_N_INT, CV_N_TEXT, CV_N_LIST, CV_N_OBJECT };
struct cv_node {
    enum cv_node_kind kind;
    cv_str key;                /* inside an object */
    cv_str text;
    int64_t num;
    struct cv_node *first, *last, *next;
};
struct cv_node *cv_node_object(struct cv_arena *a);
struct cv_node *cv_node_list(struct cv_arena *a);
struct cv_node *cv_node_text(struct cv_arena *a, cv_str s);
struct cv_node *cv_node_null(struct cv_arena *a);
struct cv_node *cv_node_bool(struct cv_arena *a, bool v);
struct cv_node *cv_node_int(struct cv_arena *a, int64_t v);
/* Append; NULL nodes (out of memory) are ignored. Return the child. */
struct cv_node *cv_node_put(struct cv_node *object, const char *key, struct cv_node *child);
struct cv_node *cv_node_add(struct cv_node *list, struct cv_node *child);
/* Text, or null when the fact is not known; "none" when known to be absent. */
struct cv_node *cv_node_put_fact(struct cv_arena *a, struct cv_node *object, const char *key, const struct cv_fact *f);

/* JSON: full escaping, invalid UTF-8 becomes U+FFFD, one line (indent 0) or indented; ends with a newline. */
int cv_json_write(const struct cv_node *n, int indent, struct cv_arena *a, const struct cv_sink *to) CV_MUST_USE;

/* ---- models ---- */
struct cv_node *cv_tree_machine(struct cv_arena *a, const struct cv_machine *m);
struct cv_node *cv_tree_doctor(struct cv_arena *a, const struct cv_facts *f, const struct cv_machine *m, const struct cv_diagnosis *d);
struct cv_node *cv_tree_resolve(struct cv_arena *a, const struct cv_answer *w);
struct cv_node *cv_tree_matrix(struct cv_arena *a, const struct cv_matrix *x);
struct cv_node *cv_tree_what(struct cv_arena *a, const struct cv_what *w);
struct cv_node *cv_tree_why(struct cv_arena *a, const struct cv_answer *w);

/* ---- text for people ---- */
struct cv_text_style {
    unsigned width;            /* columns, at least 40; 80 by default */
    bool color;
    bool utf8;                 /* may use symbols beyond ASCII */
    bool quiet;                /* -q: verdict and findings only */
    bool verbose;              /* -v */
};
void cv_text_doctor(struct cv_buf *b, const struct cv_text_style *st, const struct cv_facts *f, const struct cv_machine *m, const struct cv_diagnosis *d);
void cv_text_resolve(struct cv_buf *b, const struct cv_text_style *st, const struct cv_answer *w);
void cv_text_matrix(struct cv_buf *b, const struct cv_text_style *st, const struct cv_matrix *x);
/* One page or picture, complete in itself. */
void cv_html_matrix(struct cv_buf *b, const struct cv_matrix *x);
void cv_svg_matrix(struct cv_buf *b, const struct cv_matrix *x);
void cv_text_what(struct cv_buf *b, const struct cv_text_style *st, const struct cv_what *w);
void cv_text_why(struct cv_buf *b, const struct cv_text_style *st, const struct cv_answer *w);

#endif
