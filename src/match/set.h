/* set.h: many expressions over one stream, of any length, in bounded memory. In front of the expressions stands a search for the texts that their matches must
 * hold: of each text a window of `window` bytes is chosen, and the log is looked at in each (window - 3)rd place only, where four bytes of one of the
 * windows must lie if a window is there at all; a bit map of 8 KiB says whether four bytes are any of them. */
#ifndef CV_MATCH_SET_H
#define CV_MATCH_SET_H

#include "match/norm.h"
#include "match/re.h"

#define CV_GRAM_BITS 16u

/* The tables hold offsets, no pointers: those of the built-in catalogue are made when cuvet is built (tools/gen_explain.c). */
struct cv_set_factor {
    uint32_t text, len;        /* folded, in the pool */
    uint32_t pattern;
    uint32_t min_before, max_before;
};

struct cv_set_gram {           /* four bytes of a factor's window */
    uint32_t key;
    uint32_t factor;
    uint32_t at;               /* in the factor's text */
    uint32_t next;             /* another one with the same key, + 1 */
};

#define CV_GRAM_WORDS (((size_t)1 << CV_GRAM_BITS) / 64)

struct cv_set_tables {
    uint32_t n_exprs;
    const char *pool;
    const struct cv_set_factor *factors;
    uint32_t n_factors;
    const struct cv_set_gram *grams;
    uint32_t n_grams;
    uint32_t window, stride;
    const uint64_t *bitmap;    /* CV_GRAM_WORDS */
    const uint32_t *slots;     /* key -> gram + 1, open addressing; a power of two */
    uint32_t n_slots;
};

struct cv_set {
    struct cv_set_tables t;
    const cv_str *exprs;
    struct cv_re *compiled;    /* ins NULL: not yet, an expression is compiled when its text is first met */
};

/* The tables of expressions. Error: one that cannot be read, or that holds no certain text. */
int cv_set_tables_make(struct cv_arena *a, const cv_str *exprs, uint32_t n, struct cv_set_tables *ret, struct cv_error *e) CV_MUST_USE;
/* A set over such tables and the same expressions, which are borrowed. False: out of memory. */
bool cv_set_init(struct cv_arena *a, const struct cv_set_tables *t, const cv_str *exprs, struct cv_set *ret);

/* One match. All texts are borrowed for the time of the call. */
struct cv_set_match {
    uint32_t pattern;
    uint64_t line;             /* its first line, from 1 */
    uint64_t at;               /* of the collapsed text */
    uint32_t len;
    uint32_t count;            /* of this pattern so far, this one included */
    cv_str lines;              /* the lines that it touches, cut to CV_MAX_EXPLAIN_LINE bytes around its beginning */
    cv_str groups[CV_RE_GROUPS]; /* ptr NULL: took no part */
};

struct cv_scan;
struct cv_scan_counts {
    uint64_t bytes, lines;     /* lines: line ends, and the last line without one */
};

/* A stream over `set`; NULL when out of memory. found is called in the order of the text within each pattern. */
struct cv_scan *cv_scan_new(struct cv_arena *a, struct cv_set *set, void (*found)(void *ctx, const struct cv_set_match *m), void *ctx);
void cv_scan_feed(struct cv_scan *s, cv_str bytes);
void cv_scan_end(struct cv_scan *s, struct cv_scan_counts *ret);

#endif
