/* companion.h: packages that belong to one torch (rules.md, B2; table torch-companions). */
#ifndef CV_RULES_COMPANION_H
#define CV_RULES_COMPANION_H

#include "rules/rules.h"

enum cv_tie { CV_TIE_NO, CV_TIE_UNKNOWN, CV_TIE_FREE, CV_TIE_YES };
/* The newest release of a companion within `spec` that belongs to this torch. FREE: it states no torch; UNKNOWN: a release within `spec` exists whose
 * torch is not in the tables. *ret_row: of torch-companions, CV_NO_ROW for NO. */
enum cv_tie cv_companion_for(const struct cv_facts *f, cv_str name, cv_str spec, cv_str torch, uint32_t *ret_row);
/* What an installed companion asks of torch: its METADATA, else the table. False: nothing is known. */
bool cv_companion_wants(const struct cv_facts *f, struct cv_arena *a, const struct cv_package *p, cv_str *ret_spec, uint32_t *ret_row);
bool cv_companion_known(const struct cv_facts *f, cv_str name);

#endif
