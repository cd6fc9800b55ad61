/* norm.h: a log as it comes -> collapsed text: each run of white space, line ends included, is one blank. Terminal escapes, NULs and byte order marks go; time
 * stamps, rank and process prefixes and frames at the beginning of a line go, so that a message that was broken over lines stands in one piece;
 * typographic quotes and dashes and full-width forms become ASCII. Other bytes pass as they are, valid UTF-8 or not. */
#ifndef CV_MATCH_NORM_H
#define CV_MATCH_NORM_H

#include "base/limits.h"
#include "base/str.h"

#define CV_NORM_AHEAD 256u /* bytes that must follow before a byte is decided, except at the end */

struct cv_norm_mark {          /* a line that left something in the text */
    uint32_t at;               /* where it begins */
    uint64_t line;             /* from 1 */
};

struct cv_norm {
    uint64_t line;             /* of the next byte, from 1 */
    bool at_line_start, after_blank, in_osc;
    char *out;                 /* room for as many bytes as come in */
    uint32_t n_out;
    struct cv_norm_mark *marks; /* room for half as many and one */
    uint32_t n_marks;
};

void cv_norm_init(struct cv_norm *n);
/* Takes bytes off the front of `in`; without `end` at least CV_NORM_AHEAD - 1 stay. Returns how many it took. */
size_t cv_norm_run(struct cv_norm *n, cv_str in, bool end);

/* UTF-16 -> UTF-8, in pieces; a lone surrogate becomes U+FFFD. `carry` keeps what is incomplete. */
struct cv_utf16 {
    bool big;
    unsigned char carry[4];
    unsigned n_carry;
};
/* At most 3 bytes for 2: `out` has room for 3 * (in.len / 2 + 2). Returns the bytes written. */
size_t cv_utf16_run(struct cv_utf16 *u, cv_str in, char *out);
/* How long the prefix of a line is that says when and who, not what. */
size_t cv_norm_prefix(cv_str line);

#endif
