/* wheel.h: wheels, for archs.c. */
#ifndef CV_PROBE_WHEEL_H
#define CV_PROBE_WHEEL_H

#include "format/zip.h"
#include "probe/archs.h"

/* Adds an answer for each member with GPU code, or one for the wheel itself. */
void cv_archs_wheel(struct cv_archs *c, const struct cv_reader *r, cv_str label);
/* What the package in the wheel says of itself. NULL on out of memory. */
const struct cv_declared *cv_declared_in_wheel(struct cv_archs *c, struct cv_zip *z);

#endif
