/* python.h: shared by the files that look at Python environments. */
#ifndef CV_PROBE_PYTHON_H
#define CV_PROBE_PYTHON_H

#include "probe/probe.h"

/* dist.c: the GPU-related packages of env->site. */
void cv_dist_scan(struct cv_probe_ctx *c, struct cv_env *env);
const struct cv_package *cv_dist_find(const struct cv_env *env, const char *name);

/* torch.c: the torch in `site` (its folder or an editable install); false if there is none. env gives packages and prefix. */
bool cv_torch_read(struct cv_probe_ctx *c, struct cv_env *env, cv_str site, struct cv_torch *ret);
/* torchcode.c: the GPU code in its libraries. */
void cv_torch_code(struct cv_probe_ctx *c, const struct cv_env *env, struct cv_torch *t);
/* torch.c: what conda-meta says of torch; false if it knows none. */
bool cv_torch_conda(struct cv_probe_ctx *c, const struct cv_env *env, struct cv_torch *ret);

#endif
