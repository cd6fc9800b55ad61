/* version.h: the three version orders of the field.
 * Dotted (NVIDIA drivers, CUDA, cuDNN, NCCL, glibc): number by number, "570.26" < "570.86.10", a missing number is less ("12" < "12.0").
 * X.Y (CUDA of a driver or a build; compute capability). PEP 440 (torch and other Python packages). */
#ifndef CV_CORE_VERSION_H
#define CV_CORE_VERSION_H

#include "base/arena.h"

/* True if `s` is digits separated by single dots (at most 8 numbers that fit 32 bits). */
bool cv_dotted_ok(cv_str s);
int cv_dotted_cmp(cv_str a, cv_str b); /* <0, 0, >0; a malformed string sorts before every good one */
/* The n-th number (from 0) of a dotted version; false if it is not there. */
bool cv_dotted_num(cv_str s, unsigned n, uint32_t *ret);
bool cv_dotted_prefix(cv_str version, cv_str prefix); /* "12.4.1" has prefix "12.4", "12.40" has not */

struct cv_xy {
    uint16_t major;
    uint16_t minor;
};

bool cv_xy_parse(cv_str s, struct cv_xy *ret);       /* first two numbers of "12.8", "12.8.1", "13" (= 13.0) */
int cv_xy_cmp(struct cv_xy a, struct cv_xy b);
struct cv_xy cv_xy_from_cuda(uint32_t number);        /* 12080 -> 12.8 */
bool cv_xy_from_variant(cv_str variant, struct cv_xy *ret); /* "cu128" -> 12.8, "cu92" -> 9.2; false for cpu, rocm, ... */

/* PEP 440: epoch!release[preN][.postN][.devN][+local]. */
struct cv_pep440 {
    uint32_t epoch;
    uint32_t release[8];
    uint8_t n_release;
    char pre;           /* 'a', 'b', 'c' (rc) or 0 */
    uint32_t pre_n;
    bool has_post, has_dev;
    uint32_t post_n, dev_n;
    cv_str local;       /* borrowed, "" = none */
};

bool cv_pep440_parse(cv_str s, struct cv_pep440 *ret);
int cv_pep440_cmp(const struct cv_pep440 *a, const struct cv_pep440 *b); /* local part counts last, as PEP 440 says */
/* The same version apart from the local part. */
bool cv_pep440_same_public(const struct cv_pep440 *a, const struct cv_pep440 *b);
bool cv_pep440_is_pre(const struct cv_pep440 *v);
/* Does `version` satisfy the comma-separated specifier set (==, ==X.*, !=, <, <=, >, >=, ~=, ===)? An empty set is satisfied.
 * Returns false in *ret_ok's place only for a malformed set: then the function itself returns false. */
bool cv_pep440_match(cv_str version, cv_str specifiers, bool *ret_match);

/* Normalised project name (PEP 503): lower case, runs of - _ . become one '-'. Writes at most cap bytes; returns the view. */
cv_str cv_project_name(cv_str raw, char *to, size_t cap);

/* Python "3.13", "3.13t": major.minor and free-threaded flag; false if malformed. */
bool cv_python_parse(cv_str s, struct cv_xy *ret, bool *ret_free_threaded);

#endif
