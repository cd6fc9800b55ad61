/* archlist.h: the list of targets that stands as text in libtorch_python ("sm_75 sm_80 ... compute_90"), from which torch.cuda.get_arch_list() is made. */
#ifndef CV_FORMAT_ARCHLIST_H
#define CV_FORMAT_ARCHLIST_H

#include "core/arch.h"

#define CV_ARCHLIST_LONGEST 1024u /* bytes of one list */
#define CV_ARCHLIST_WINDOW  ((size_t)64 << 10)

/* Looks through a library piece by piece, in order. */
struct cv_archlist {
    char window[CV_ARCHLIST_WINDOW + CV_ARCHLIST_LONGEST];
    size_t n;
    struct cv_targets best;    /* the longest list so far; n = 0: none */
};

void cv_archlist_init(struct cv_archlist *s);
void cv_archlist_take(struct cv_archlist *s, const unsigned char *bytes, size_t len);
/* After the last piece. False if there is no list of at least two targets: a single "sm_90" is also a word in messages. */
bool cv_archlist_found(struct cv_archlist *s);

#endif
