/* kv.h: small texts: "#define NAME 12" in headers, "key = value" of pyvenv.cfg, version.json and version.txt of CUDA toolkits. */
#ifndef CV_FORMAT_KV_H
#define CV_FORMAT_KV_H

#include "base/arena.h"

/* `#define NAME 9` (blanks anywhere, a comment behind): the number. */
bool cv_kv_define(cv_str text, const char *name, uint32_t *ret);
/* `key = value` (pyvenv.cfg): value trimmed; keys compare without case. */
bool cv_kv_setting(cv_str text, const char *key, cv_str *ret);
/* version.json: "cuda": {"version": "12.4.1"}. A third number of eight digits is a date (12.1.20230222): left out. */
bool cv_kv_version_json(struct cv_arena *a, cv_str text, cv_str *ret);
/* version.txt: "CUDA Version 10.2.89". */
bool cv_kv_version_txt(cv_str text, cv_str *ret);
/* "release 13.0, V13.0.88" anywhere in a block: the whole version. */
bool cv_kv_release(cv_str block, cv_str *ret);

#endif
