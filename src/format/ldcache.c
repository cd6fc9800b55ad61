/* ldcache.c: see ldcache.h. Layout of the new format: magic 20 bytes, u32 n, u32 len_strings, 20 more bytes, then n entries of 24 bytes
 * { i32 flags; u32 key; u32 value; u32 osversion; u64 hwcap }, offsets from the start of the new header. */
#include "format/ldcache.h"

#include "base/bytes.h"

#define CV_LDCACHE_MAGIC "glibc-ld.so.cache1.1"
#define CV_LDCACHE_OLD   "ld.so-1.7.0"

static bool string_at(cv_str cache, uint32_t off, cv_str *ret)
{
    if (off >= cache.len)
        return false;
    cv_str s = cv_str_from(cache, off);
    size_t end = cv_str_findc(s, 0);
    if (end == SIZE_MAX || end > 4096)
        return false;
    *ret = cv_str_sub(s, 0, end);
    return true;
}

static bool find_header(cv_str *cache)
{
    if (cv_str_starts(*cache, CV_LDCACHE_MAGIC))
        return true;
    if (!cv_str_starts(*cache, CV_LDCACHE_OLD) || cache->len < 16)
        return false;
    /* Old entries are 12 bytes each behind a 16-byte header; the new cache follows, aligned to 8. */
    uint64_t at = 16 + (uint64_t)cv_le32((const unsigned char *)cache->ptr + 12) * 12;
    at = (at + 7) & ~(uint64_t)7;
    if (at >= cache->len)
        return false;
    *cache = cv_str_from(*cache, (size_t)at);
    return cv_str_starts(*cache, CV_LDCACHE_MAGIC);
}

bool cv_ldcache_each(cv_str cache, cv_str soname,
                     bool (*each)(void *ctx, cv_str soname, cv_str path), void *ctx)
{
    if (!find_header(&cache) || cache.len < 48)
        return false;
    const unsigned char *p = (const unsigned char *)cache.ptr;
    uint32_t n = cv_le32(p + 20);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = 48 + i * 24;
        if (at + 24 > cache.len)
            return i > 0;
        uint32_t flags = cv_le32(p + at);
        cv_str name, path;
        uint32_t arch = flags >> 8 & 0xff; /* 0x03 x86-64, 0x0a AArch64; 0x08 is x32 */
        if ((flags & 0xff) != 1 && (flags & 0xff) != 3)
            continue;
        if (arch != 0x03 && arch != 0x0a)
            continue;
        if (!string_at(cache, cv_le32(p + at + 4), &name) ||
            (soname.len && !cv_str_eq(name, soname)))
            continue;
        if (string_at(cache, cv_le32(p + at + 8), &path) && !each(ctx, name, path))
            break;
    }
    return true;
}
