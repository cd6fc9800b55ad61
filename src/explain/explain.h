/* explain.h: a log -> which known messages are in it -> which of their causes this machine confirms -> what mends them. The catalogue is facts/errors.tsv and
 * facts/error-causes.tsv. Pure: the caller feeds bytes and gives a judged machine. */
#ifndef CV_EXPLAIN_EXPLAIN_H
#define CV_EXPLAIN_EXPLAIN_H

#include "base/buf.h"
#include "explain/terms.h"
#include "match/set.h"
#include "resolve/answer.h"

#define CV_MAX_EXPLAIN_FIELDS 12u

struct cv_explain_field {
    cv_str name;
    cv_str value;
};

/* The first occurrence of one pattern. Texts are copies. */
struct cv_seen {
    uint32_t count;            /* 0: not in the log */
    uint64_t line;
    uint64_t at;
    uint32_t len;
    cv_str text;
    uint32_t n_fields;
    struct cv_explain_field fields[CV_MAX_EXPLAIN_FIELDS];
};

/* The reading of one log. */
struct cv_reading {
    const struct cv_facts *f;
    struct cv_arena *arena;
    struct cv_set set;
    struct cv_scan *scan;
    uint32_t n_entries;        /* rows of errors: the first patterns */
    uint32_t first_log;        /* patterns from n_entries on are rows of log-values, from here on `log:` terms */
    struct cv_term_logs logs;
    uint32_t first_error;      /* the last one: lines that look like an error */
    struct cv_seen *seen;      /* one a pattern */
    struct cv_seen likely;     /* the line that looks most like an error, count 0 = none */
    unsigned likely_score;
    struct cv_scan_counts counts;
    bool ended;
};

/* What an error looks like to one who knows no message: the last line of a Python traceback, a compiler's or loader's complaint. */
#define CV_EXPLAIN_ERROR_LINE "(?i)error: |exception: |fatal : |fatal: |fatal error|core dumped|segmentation fault|cannot open shared|command not found"

/* Generated with the tables of facts: the search for all expressions of the built-in catalogue, and those of its `log:` terms. */
extern const struct cv_set_tables cv_explain_builtin;
extern const char cv_explain_builtin_logs[];
extern const uint32_t cv_explain_builtin_log_at[];
extern const uint32_t cv_explain_builtin_logs_n;

int cv_reading_begin(struct cv_reading *r, const struct cv_facts *f, struct cv_arena *a, struct cv_error *e) CV_MUST_USE;
void cv_reading_feed(struct cv_reading *r, cv_str bytes);
void cv_reading_end(struct cv_reading *r);

/* A value that the log tells of the machine it was written on: driver, driver_cuda, gpu, cc, sm, torch, torch_cuda, toolkit, python, glibc. */
struct cv_log_value {
    cv_str name, value;        /* value in the machine's form: "12.8", "8.6" */
    uint64_t line;
    cv_str text;
};

struct cv_explained_cause {
    uint32_t row;              /* of error-causes */
    cv_str text;
    enum cv_tri holds;
};

struct cv_explained {
    uint32_t row;              /* of errors */
    cv_str id, topic, meaning, source;
    const struct cv_seen *seen;
    uint64_t incident, block;  /* for the order: their first lines */
    unsigned depth, line_depth;
    CV_LIST(struct cv_explained_cause, causes);
    int cause;                 /* the one that is told, -1 = the catalogue has none */
    enum cv_tri confirmed;     /* CV_NO: the machine rules all of them out */
    CV_LIST(struct cv_evidence, evidence);
    CV_LIST(struct cv_fix, fixes); /* without root first */
};

struct cv_explanation {
    const struct cv_reading *r;
    CV_LIST(struct cv_explained, matches); /* root cause first */
    CV_LIST(struct cv_log_value, values);
    cv_str foreign;            /* in what the log contradicts the machine, "" = in nothing */
    bool elsewhere;
};

/* What the log tells of its machine; to be asked before the machine is judged. */
void cv_explain_values(struct cv_reading *r, struct cv_arena *a, struct cv_explanation *ret);
/* Puts them where the machine does not say otherwise. */
void cv_explain_apply(const struct cv_facts *f, struct cv_arena *a, const struct cv_explanation *x, struct cv_machine *m);

struct cv_explain_ask {
    const struct cv_facts *f;
    const struct cv_machine *m;
    const struct cv_diagnosis *d; /* with fixes */
    bool elsewhere;            /* the machine is only what the log and options say */
    bool nothing_known;        /* no machine was looked at: a finding that is not there means nothing */
};
void cv_explain(const struct cv_explain_ask *ask, struct cv_arena *a, struct cv_explanation *x);

/* One entry of the catalogue without a log; CV_NO_ROW = none of this id. */
uint32_t cv_explain_entry(const struct cv_facts *f, cv_str id);
/* Rows of error-causes of an entry: [*ret_first, *ret_first + n). */
uint32_t cv_explain_causes(const struct cv_facts *f, cv_str id, uint32_t *ret_first);

/* ---- shared by the files of explain/ ---- */
struct cv_asking {
    const struct cv_explain_ask *ask;
    struct cv_arena *a;
    struct cv_explanation *x;
    struct cv_catalog cat;
    bool has_cat;
};
enum cv_tri cv_terms_eval(struct cv_asking *q, const struct cv_terms *t, const struct cv_explained *of, struct cv_explained *evidence_to);
void cv_explain_fixes(struct cv_asking *q, struct cv_explained *to);
/* The text of a cell with {fields} put in. shell: only harmless values; false: one was not, or is not known. */
bool cv_explain_words(struct cv_asking *q, const struct cv_explained *of, cv_str cell, bool shell, cv_str *ret);
/* A captured field, or "" . */
cv_str cv_explain_field(const struct cv_explained *of, cv_str name);
/* A value of the machine by its name in comparisons; CV_UNKNOWN: not known, CV_NO: known to be absent. ret_src may be NULL. */
enum cv_tri cv_explain_machine(const struct cv_asking *q, cv_str name, cv_str *ret, struct cv_src *ret_src);
/* The environment that is spoken of, NULL = none or several. */
const struct cv_env *cv_explain_env(const struct cv_asking *q);
/* In what the log contradicts the machine, "" = in nothing. */
cv_str cv_explain_foreign(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m, const struct cv_explanation *x);
/* how: "xid" or "error"; what the number or name means, "" = not known. */
cv_str cv_explain_code(const struct cv_facts *f, struct cv_arena *a, cv_str how, cv_str v);
/* 11040 and 11.4 -> 11.4; "" = neither. */
cv_str cv_explain_cuda(struct cv_arena *a, cv_str code);

#endif
