/* elsewhere.h: GPU code outside the sections that are meant for it. Containers stand anywhere there, between other data, so the sections are searched for
 * them, 8 bytes at a step; a container found is passed over as a whole. */
#ifndef CV_FORMAT_ELSEWHERE_H
#define CV_FORMAT_ELSEWHERE_H

#include "format/codefile.h"

struct cv_outside {
    char name[32];
    uint64_t offset, size;
};
struct cv_outside_list {
    CV_LIST(struct cv_outside, v);
};

/* Is a section of this name, which is none of the usual ones, to be searched? */
bool cv_outside_wanted(const struct cv_code_ask *ask, const char *name);
/* Remembers a section that is to be searched. */
void cv_outside_add(struct cv_arena *a, struct cv_outside_list *to, const char *name, size_t name_size, uint64_t offset, uint64_t size);
/* Searches them, but not `counted` (tidied ranges whose containers ret has already), and fills ret->elsewhere and ret->searched_all. */
void cv_outside_search(const struct cv_reader *r, const struct cv_code_ask *ask, struct cv_outside_list *list,
                       const struct cv_fatbin_ranges *counted, struct cv_arena *a, struct cv_gpucode *ret);

#endif
