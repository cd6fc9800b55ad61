/* str.h: borrowed text. A cv_str is a pointer and a length; it owns nothing and need not end in NUL. */
#ifndef CV_BASE_STR_H
#define CV_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const char *ptr; /* may be NULL only when len is 0 */
    size_t len;
} cv_str;

#define CV_S(lit) ((cv_str){(lit), sizeof(lit) - 1})        /* string literal */
#define CV_FMT "%.*s"                                       /* printf conversion for CV_ARG */
#define CV_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

#define CV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define CV_MUST_USE __attribute__((warn_unused_result))

cv_str cv_str_z(const char *z);                             /* NULL gives the empty string */
bool cv_str_eq(cv_str a, cv_str b);
bool cv_str_eqz(cv_str a, const char *z);
bool cv_str_ieq(cv_str a, cv_str b);                        /* ASCII letters folded */
bool cv_str_starts(cv_str s, const char *prefix);
bool cv_str_ends(cv_str s, const char *suffix);
int cv_str_cmp(cv_str a, cv_str b);                         /* bytes, then length */
size_t cv_str_find(cv_str s, cv_str needle);                /* position, or SIZE_MAX */
size_t cv_str_findc(cv_str s, char c);                      /* position, or SIZE_MAX */
size_t cv_str_rfindc(cv_str s, char c);
bool cv_str_has(cv_str s, const char *needle);
bool cv_str_has_word(cv_str list, char sep, cv_str word);   /* exact element of a separated list, blanks trimmed */
cv_str cv_str_sub(cv_str s, size_t from, size_t len);       /* clamped */
cv_str cv_str_from(cv_str s, size_t from);
cv_str cv_str_trim(cv_str s);                               /* blanks, tabs, CR, LF at both ends */
cv_str cv_str_base(cv_str path);                            /* after the last '/' */
cv_str cv_str_dir(cv_str path);                             /* before the last '/', "/" at the top, "." without one */

/* Take the next part up to `sep` off `*rest`; false when nothing is left. "a,,b" gives "a", "", "b". */
bool cv_str_next(cv_str *rest, char sep, cv_str *ret_part);
/* Take the next line (CR LF or LF) off `*rest`. */
bool cv_str_line(cv_str *rest, cv_str *ret_line);
/* Take the next word (separated by blanks or tabs) off `*rest`. */
bool cv_str_word(cv_str *rest, cv_str *ret_word);

/* Whole-string numbers: true only if all of `s` is digits and the value fits. */
bool cv_str_u64(cv_str s, uint64_t *ret);
bool cv_str_u32(cv_str s, uint32_t *ret);
bool cv_str_hex(cv_str s, uint64_t *ret);                   /* optional 0x */

static inline bool cv_is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool cv_is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static inline bool cv_is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }
static inline char cv_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

#endif
