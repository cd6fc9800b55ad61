/* machine_json.h: a snapshot (schema cuvet/snapshot/1, or the "machine" of another cuvet document) -> struct cv_machine. Unknown keys are ignored, missing
 * ones stay "not asked": old and newer snapshots are readable. A value of a wrong type is one error that names its place. */
#ifndef CV_FORMAT_MACHINE_JSON_H
#define CV_FORMAT_MACHINE_JSON_H

#include "base/err.h"
#include "core/machine.h"

int cv_machine_from_json(struct cv_arena *a, cv_str name, cv_str text, struct cv_machine *ret, struct cv_error *e) CV_MUST_USE;

#endif
