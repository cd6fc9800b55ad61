/* lint_explain.c: the catalogue of messages: every expression compiles with the engine that runs it and holds a text to look for, the fields name groups
 * that are there, every probe can be read. */
#include "facts_tables.h"

#include "explain/terms.h"
#include "match/set.h"

#include <stdio.h>

struct check {
    struct cv_arena *a;
    int failures;
};

static void complain(struct check *c, const struct gen_table *t, cv_str id, cv_str what,
                     cv_str value)
{
    fprintf(stderr, CV_FMT ": row " CV_FMT ": " CV_FMT ": " CV_FMT "\n", CV_ARG(t->path),
            CV_ARG(id), CV_ARG(what), CV_ARG(value));
    c->failures++;
}

static unsigned column(const struct gen_table *t, const char *name)
{
    for (unsigned i = 0; i < t->tsv.n_cols; i++)
        if (cv_str_eqz(t->tsv.cols[i], name))
            return i;
    return 0;
}

static void check_expression(struct check *c, const struct gen_table *t, cv_str id, cv_str expr,
                             cv_str fields)
{
    struct cv_error e = {0};
    struct cv_re re = {0};
    struct cv_factors f = {0};
    cv_str word;
    if (cv_re_compile(c->a, expr, &re, &f, &e) != CV_OK) {
        complain(c, t, id, e.msg, expr);
        return;
    }
    if (f.n_v == 0)
        complain(c, t, id,
                 cv_arena_fmt(c->a, "no text of %u bytes is in every match", CV_MIN_RE_FACTOR),
                 expr);
    while (!cv_str_eqz(fields, "-") && cv_str_word(&fields, &word)) {
        size_t eq = cv_str_findc(word, '=');
        cv_str groups = cv_str_sub(word, 0, eq == SIZE_MAX ? 0 : eq), one;
        bool good = groups.len > 0;
        while (good && cv_str_next(&groups, ',', &one)) {
            uint32_t g;
            good = cv_str_u32(one, &g) && g > 0 && 2 * g < re.n_caps;
        }
        if (!good)
            complain(c, t, id, CV_S("a field of a group that is not there"), word);
    }
}

static void check_probe(struct check *c, const struct gen_table *t, cv_str id, cv_str probe)
{
    struct cv_error e = {0};
    struct cv_terms terms = {0};
    if (cv_terms_parse(c->a, probe, &terms, &e) != CV_OK)
        complain(c, t, id, e.msg, e.where);
    for (uint32_t i = 0; i < terms.n_v; i++)
        if (terms.v[i].kind == CV_TERM_LOG)
            check_expression(c, t, id, terms.v[i].arg, CV_S("-"));
}

int gen_lint_explain(struct cv_arena *a, struct gen_table *tables)
{
    struct check c = {.a = a};
    const struct gen_table *t = &tables[CV_T_ERRORS];
    for (uint32_t r = 0; r < t->tsv.n_rows; r++) {
        const cv_str *row = &t->tsv.cells[(size_t)r * t->tsv.n_cols];
        check_expression(&c, t, row[0], row[column(t, "regex")], row[column(t, "fields")]);
    }
    t = &tables[CV_T_LOG_VALUES];
    for (uint32_t r = 0; r < t->tsv.n_rows; r++) {
        const cv_str *row = &t->tsv.cells[(size_t)r * t->tsv.n_cols];
        check_expression(&c, t, row[0], row[column(t, "regex")], row[column(t, "fields")]);
    }
    t = &tables[CV_T_ERROR_CAUSES];
    for (uint32_t r = 0; r < t->tsv.n_rows; r++) {
        const cv_str *row = &t->tsv.cells[(size_t)r * t->tsv.n_cols];
        check_probe(&c, t, row[0], row[column(t, "probe")]);
    }
    return c.failures;
}
