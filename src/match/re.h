/* re.h: POSIX extended regular expressions over bytes, in linear time: parsed to a tree, compiled to a small program, run by a simulation that follows all
 * threads at once (Thompson, Pike). No back references. Among alternatives the first that leads to a match wins, as in Perl and Python. A leading "(?i)" folds
 * the ASCII letters. Also: the texts that every match must hold, for the search in front (set.h). */
#ifndef CV_MATCH_RE_H
#define CV_MATCH_RE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"

#define CV_RE_GROUPS 10 /* group 0 is the whole match */

struct cv_re_ins {
    uint8_t op;
    uint8_t c;
    uint16_t x, y;
};

struct cv_re {
    struct cv_re_ins *ins;
    uint32_t n_ins;
    const uint32_t (*sets)[8]; /* bit b of a set: byte b is in it */
    uint32_t n_sets;
    uint32_t n_caps;           /* 2 * (groups + 1) */
};

/* A text that every match holds (or one of several): bytes folded by | 0x20. before: how many bytes of the match lie in front of it. */
struct cv_factor {
    cv_str text;
    uint32_t min_before, max_before;
};

struct cv_factors {
    CV_LIST(struct cv_factor, v); /* one of these is in every match; empty: no text is certain */
};

/* Parses and compiles. factors may be NULL. The error names the place in the expression. */
int cv_re_compile(struct cv_arena *a, cv_str expr, struct cv_re *ret, struct cv_factors *factors, struct cv_error *e) CV_MUST_USE;

/* Working memory of the simulation, reused for all expressions. Zeroed at first. */
struct cv_re_memory {
    struct cv_arena *arena;
    uint32_t cap_ins, cap_caps;
    uint32_t *threads[2], *where;
    uint32_t *caps[2];
    uint32_t *stack;
    uint32_t *keep;
};

struct cv_re_span {
    uint32_t from, to;
};

/* The first match that starts in one of the spans (both ends included, in order) and spans at most `longest` bytes. ret_caps: n_caps offsets,
 * UINT32_MAX = the group took no part. at_start, at_end: the text's ends are those of the whole text (for ^ and $). False: none, or out of memory. */
struct cv_re_search {
    cv_str text;
    const struct cv_re_span *spans;
    uint32_t n_spans;
    uint32_t longest;
    bool at_start, at_end;
};
bool cv_re_find(const struct cv_re *re, struct cv_re_memory *m, const struct cv_re_search *s, uint32_t *ret_caps);

/* ---- shared by re_parse.c, re.c and re_factor.c ---- */
enum cv_re_kind { CV_RE_EMPTY, CV_RE_SET, CV_RE_CAT, CV_RE_ALT, CV_RE_REPEAT, CV_RE_GROUP, CV_RE_START, CV_RE_END };
struct cv_re_node {
    enum cv_re_kind kind;
    uint32_t set[8];                /* SET */
    struct cv_re_node *first, *next; /* children of CAT, ALT, REPEAT, GROUP */
    uint32_t min, max;              /* REPEAT; max UINT32_MAX = no end. GROUP: min is its number */
};
#define CV_RE_NO_END UINT32_MAX
int cv_re_parse(struct cv_arena *a, cv_str expr, struct cv_re_node **ret, uint32_t *ret_groups, struct cv_error *e) CV_MUST_USE;
void cv_re_factors(struct cv_arena *a, const struct cv_re_node *n, struct cv_factors *ret);
static inline bool cv_re_in(const uint32_t *set, unsigned char c) { return set[c >> 5] >> (c & 31) & 1; }

#endif
