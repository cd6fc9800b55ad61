/* scan.h: what set.c and scan.c share. */
#ifndef CV_MATCH_SCAN_H
#define CV_MATCH_SCAN_H

#include "match/set.h"

/* The next place from `at` on, in steps of the stride, where four bytes of a factor seem to lie; `end` or a little more if there is none. 4 bytes are
 * read there: text goes on for 3 bytes behind `end`. */
size_t cv_set_next(const struct cv_set_tables *set, const char *text, size_t at, size_t end);
/* The first gram of these (folded) bytes; NULL: there is none. */
const struct cv_set_gram *cv_set_lookup(const struct cv_set_tables *set, uint32_t key);

#endif
