/* arch.h: GPU code targets (sm_86, compute_90, sm_90a, sm_100f) and compute capabilities. Which code runs where is a rule (rules/), not here. */
#ifndef CV_CORE_ARCH_H
#define CV_CORE_ARCH_H

#include "core/version.h"

struct cv_cc {
    uint8_t major;
    uint8_t minor;
};

struct cv_target {
    struct cv_cc cc;
    char suffix; /* 0, 'a' (exactly this chip) or 'f' (its family) */
    bool ptx;    /* compute_XY: PTX; sm_XY: SASS */
    bool unsure; /* "compute_90?" in a table: perhaps there */
};

bool cv_cc_parse(cv_str s, struct cv_cc *ret);         /* "8.6", "12.0"; also "sm_86" and "86"/"120" behind sm_/compute_ only */
int cv_cc_cmp(struct cv_cc a, struct cv_cc b);
unsigned cv_cc_number(struct cv_cc cc);                /* 8.6 -> 86, 12.0 -> 120 */
struct cv_cc cv_cc_from_number(unsigned number);       /* 86 -> 8.6, 120 -> 12.0 */
cv_str cv_cc_str(struct cv_arena *a, struct cv_cc cc); /* "8.6" */

bool cv_target_parse(cv_str s, struct cv_target *ret); /* "sm_90a", "compute_80", "compute_90?" */
int cv_target_cmp(struct cv_target a, struct cv_target b); /* SASS before PTX, then number, then suffix */
cv_str cv_target_str(struct cv_arena *a, struct cv_target t);

#define CV_MAX_TARGETS 48

struct cv_targets {
    struct cv_target t[CV_MAX_TARGETS]; /* sorted, unique */
    unsigned n;
};

void cv_targets_add(struct cv_targets *set, struct cv_target t);
/* Adds every target named in `list` (any separator that is not part of a name, e.g. "sm_75 sm_80" or "sm_70,compute_70"). Returns how many. */
unsigned cv_targets_parse(struct cv_targets *set, cv_str list);
/* "7.5 8.0 8.6+PTX" / "7.5;8.0;8.6+PTX" as in TORCH_CUDA_ARCH_LIST. */
unsigned cv_targets_parse_list(struct cv_targets *set, cv_str list);
cv_str cv_targets_str(struct cv_arena *a, const struct cv_targets *set, const char *separator);

#endif
