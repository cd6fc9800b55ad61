/* cache.h: small texts kept in the user's own cache folder, by name. Losing one costs time only; a wrong one is never believed: each carries a check sum. */
#ifndef CV_IO_CACHE_H
#define CV_IO_CACHE_H

#include "base/arena.h"

/* The text kept under `name` in the folder; false if there is none, it is damaged, or the folder is not this user's own. */
bool cv_cache_get(const char *dir, struct cv_arena *a, cv_str name, cv_str *ret);
/* Keeps a text, best effort: the folder (and its parent) is made, a full disk or a folder of somebody else is no error. */
void cv_cache_put(const char *dir, struct cv_arena *a, cv_str name, cv_str text);

#endif
