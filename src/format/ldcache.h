/* ldcache.h: /etc/ld.so.cache, glibc's list of libraries (glibc: sysdeps/generic/dl-cache.h). The new format "glibc-ld.so.cache1.1", alone or behind the
 * old "ld.so-1.7.0"; little-endian. */
#ifndef CV_FORMAT_LDCACHE_H
#define CV_FORMAT_LDCACHE_H

#include "base/arena.h"

/* Calls `each` for every 64-bit entry whose name is `soname` ("" = all), in cache order; stops when it returns false. False if it is no such cache. */
bool cv_ldcache_each(cv_str cache, cv_str soname, bool (*each)(void *ctx, cv_str soname, cv_str path), void *ctx);

#endif
