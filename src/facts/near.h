/* near.h: see near.c. */
#ifndef CV_FACTS_NEAR_H
#define CV_FACTS_NEAR_H

#include "facts/facts.h"

/* Adds known names that are a slip of the finger away from `what` to the candidates. */
void cv_facts_gpu_near(const struct cv_facts *f, struct cv_arena *a, cv_str what, struct cv_gpu_match *ret);

#endif
