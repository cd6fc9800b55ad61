/* pymeta.h: what Python packages say of themselves, as text: wheel METADATA, torch/version.py, gencode flags of CUDAConfig.h. Pure.
 * METADATA is a header of "Key: value" lines up to the first empty line (core metadata specification). */
#ifndef CV_FORMAT_PYMETA_H
#define CV_FORMAT_PYMETA_H

#include "core/arch.h"

/* First value of a header key; false if it is not there. */
bool cv_metadata_get(cv_str metadata, const char *key, cv_str *ret);
/* Next "Requires-Dist": name (raw), specifiers without parentheses and blanks ("==9.10.2.21,<10"), the text behind ';'. */
bool cv_metadata_requires(cv_str *rest, cv_str *ret_name, cv_str *ret_specifiers, cv_str *ret_marker);
/* The version of a single "==V" (no wildcard: "==9.1.*" gives "9.1"). */
bool cv_specifier_exact(cv_str specifiers, cv_str *ret);

/* "nvidia_cudnn_cu12-9.10.2.21.dist-info" or "torch-1.7.1-py3.8.egg-info" -> name, version. False for other names. */
bool cv_dist_folder(cv_str folder, cv_str *ret_name, cv_str *ret_version);

/* One assignment in version.py: `name = 'text'`, `name: Optional[str] = "text"`, None gives KNOWN "" with *ret_none. Nothing is evaluated. */
bool cv_pyver_get(cv_str text, const char *name, cv_str *ret, bool *ret_none);

/* Targets of "-gencode;arch=compute_80,code=sm_80;-gencode;arch=compute_90,code=[sm_90,compute_90]". */
unsigned cv_gencode_targets(struct cv_targets *set, cv_str flags);
/* The targets that torch/include/ATen/cuda/CUDAConfig.h declares (NVCC_FLAGS_EXTRA); false if it names none. */
bool cv_cudaconfig_targets(cv_str header, struct cv_targets *ret);

#endif
