/* resolve.h: choosing a build: enumerate what is known, judge each, order (rules.md, "Choosing"); the commands that install it; fixes that name builds. Pure.
 * Note on layers: rules/ produces findings without fixes that name builds; resolve/fixes.c adds those to the diagnosis (resolve may use rules). */
#ifndef CV_RESOLVE_RESOLVE_H
#define CV_RESOLVE_RESOLVE_H

#include "resolve/catalog.h"

/* A request to one machine, or to several that one build shall serve. */
struct cv_query {
    const struct cv_catalog *cat;
    const struct cv_request *req;
    const struct cv_machine *m; /* n_machines in a row */
    uint32_t n_machines;
    struct cv_view *views;     /* one a machine: cv_query_init */
    bool no_gpu;               /* none of the machines has an NVIDIA GPU */
};

/* One known build in a query, without words. */
struct cv_candidate {
    const struct cv_build *b;
    struct cv_quick q;
    bool offered;              /* may be the answer: not a CPU build that nobody asked for */
};

/* The same with words. */
struct cv_choice {
    struct cv_build build;
    struct cv_judgement j;
};

/* views: room for n_machines. */
void cv_query_init(struct cv_query *q, const struct cv_catalog *cat, const struct cv_request *req, const struct cv_machine *m,
                   uint32_t n_machines, struct cv_view *views);
/* Best known build; false = none. Takes no memory. */
bool cv_query_best(struct cv_query *q, struct cv_candidate *ret);
struct cv_survey {
    CV_LIST(struct cv_candidate, all); /* offered first, in the order of rules.md */
    uint32_t n_offered;
    bool unknown;              /* one was rejected because a fact is missing */
};
/* Every known build that satisfies the request. */
void cv_query_all(struct cv_query *q, struct cv_arena *a, struct cv_survey *ret);
/* > 0 if x is the better answer. */
int cv_candidate_cmp(const struct cv_query *q, const struct cv_candidate *x, const struct cv_candidate *y);
/* Judged with words for machine i of the query; companions of the request are judged too (B2). */
void cv_choice_make(const struct cv_query *q, struct cv_arena *a, uint32_t i, const struct cv_build *b, struct cv_choice *ret);
/* A build that no table has, as asked: "was not published", or newer than the tables. */
void cv_build_asked(const struct cv_query *q, struct cv_arena *a, struct cv_build *ret);
/* Does the request allow this release (index in the catalog), this build at all? */
bool cv_request_allows_release(const struct cv_query *q, uint32_t release);
bool cv_request_allows(const struct cv_catalog *cat, const struct cv_request *r, const struct cv_build *b);

/* The build that `cuvet why` speaks of: the newest release that the request allows, as a bare install gets it there, else the best. */
void cv_query_why(struct cv_query *q, struct cv_arena *a, struct cv_build *ret);

/* Adds the fixes that name builds or drivers (distribution package, open/closed flavour) to the findings of a diagnosis. */
void cv_add_fixes(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m, struct cv_diagnosis *d);

#endif
