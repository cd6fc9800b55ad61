/* ar.h: static archives (System V / GNU form with "//" long names, thin ones, BSD "#1/" names, Windows .lib), as ar(5) and binutils' ar.h describe
 * them: a member at
 * a time, over a reader. */
#ifndef CV_FORMAT_AR_H
#define CV_FORMAT_AR_H

#include "base/arena.h"
#include "base/bytes.h"

#define CV_AR_HEADER 60u /* bytes of a member's header */

struct cv_ar {
    const struct cv_reader *r;
    struct cv_arena *a;
    bool thin;
    uint64_t at;   /* next header */
    uint32_t left; /* members still looked at */
    cv_str names;  /* "//" table; ptr NULL = none */
    cv_str error;  /* "" = none: why cv_ar_next ended early */
};

struct cv_ar_member {
    cv_str name; /* thin: the path as it stands there, relative to the archive's folder */
    uint64_t offset,
        size; /* of its bytes in the archive; thin: offset is 0, the bytes are in the file `name` */
    bool outside; /* thin member */
};

/* False if it is no archive. */
bool cv_ar_open(struct cv_ar *ret, struct cv_arena *a, const struct cv_reader *r);
/* The next member that is no table; false at the end, or where it is damaged (ar->error). */
bool cv_ar_next(struct cv_ar *ar, struct cv_ar_member *ret);

#endif
