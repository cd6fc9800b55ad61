/* facts_tables.h: shared by genfacts.c and lint.c: which columns make the key of each table. */
#ifndef CV_TOOLS_FACTS_TABLES_H
#define CV_TOOLS_FACTS_TABLES_H

#include "base/buf.h"
#include "facts/facts.h"

#include <stdio.h>

struct gen_spec {
    const char *name;
    unsigned n_key; /* leading columns */
};

extern const struct gen_spec gen_specs[CV_N_TABLES];
bool gen_in_file_order(const struct gen_spec *s); /* not sorted: the order says something */

struct gen_table {
    const struct gen_spec *spec;
    cv_str path;
    struct cv_tsv tsv;
    uint32_t *order; /* rows by key */
};

/* Checks everything and fills `order`; prints "file:row: what" and returns the number of problems. */
int gen_lint(struct cv_arena *a, struct gen_table *tables);
/* The part of it for errors and error-causes. */
/* Writes the search for the messages as C. */
bool gen_explain(FILE *f, struct cv_arena *a, const struct gen_table *tables);
int gen_lint_explain(struct cv_arena *a, struct gen_table *tables);

#endif
