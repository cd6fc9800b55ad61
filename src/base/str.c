/* str.c: see str.h. Nothing here allocates. */
#include "base/str.h"

cv_str cv_str_z(const char *z)
{
    return z ? (cv_str){z, strlen(z)} : (cv_str){"", 0};
}

bool cv_str_eq(cv_str a, cv_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool cv_str_eqz(cv_str a, const char *z)
{
    return cv_str_eq(a, cv_str_z(z));
}

bool cv_str_ieq(cv_str a, cv_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (cv_lower(a.ptr[i]) != cv_lower(b.ptr[i]))
            return false;
    return true;
}

bool cv_str_starts(cv_str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.len >= n && memcmp(s.ptr, prefix, n) == 0;
}

bool cv_str_ends(cv_str s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.len >= n && memcmp(s.ptr + (s.len - n), suffix, n) == 0;
}

int cv_str_cmp(cv_str a, cv_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (c)
        return c;
    return (a.len > b.len) - (a.len < b.len);
}

size_t cv_str_find(cv_str s, cv_str needle)
{
    if (needle.len == 0)
        return 0;
    const char *p = s.ptr;
    size_t left = s.len;
    while (left >= needle.len) {
        const char *hit = memchr(p, needle.ptr[0], left - needle.len + 1);
        if (!hit)
            break;
        if (memcmp(hit, needle.ptr, needle.len) == 0)
            return (size_t)(hit - s.ptr);
        left -= (size_t)(hit - p) + 1;
        p = hit + 1;
    }
    return SIZE_MAX;
}

size_t cv_str_findc(cv_str s, char c)
{
    const char *p = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return p ? (size_t)(p - s.ptr) : SIZE_MAX;
}

size_t cv_str_rfindc(cv_str s, char c)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == c)
            return i - 1;
    return SIZE_MAX;
}

bool cv_str_has(cv_str s, const char *needle)
{
    return cv_str_find(s, cv_str_z(needle)) != SIZE_MAX;
}

bool cv_str_has_word(cv_str list, char sep, cv_str word)
{
    cv_str part;
    while (cv_str_next(&list, sep, &part))
        if (cv_str_eq(cv_str_trim(part), word))
            return true;
    return false;
}

cv_str cv_str_sub(cv_str s, size_t from, size_t len)
{
    if (from > s.len)
        from = s.len;
    if (len > s.len - from)
        len = s.len - from;
    return (cv_str){s.ptr ? s.ptr + from : "", len};
}

cv_str cv_str_from(cv_str s, size_t from)
{
    return cv_str_sub(s, from, SIZE_MAX);
}

cv_str cv_str_trim(cv_str s)
{
    while (s.len && cv_is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && cv_is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

cv_str cv_str_base(cv_str path)
{
    size_t i = cv_str_rfindc(path, '/');
    return i == SIZE_MAX ? path : cv_str_from(path, i + 1);
}

cv_str cv_str_dir(cv_str path)
{
    size_t i = cv_str_rfindc(path, '/');
    if (i == SIZE_MAX)
        return CV_S(".");
    return i == 0 ? CV_S("/") : cv_str_sub(path, 0, i);
}

bool cv_str_next(cv_str *rest, char sep, cv_str *ret_part)
{
    if (!rest->ptr)
        return false;
    size_t i = cv_str_findc(*rest, sep);
    if (i == SIZE_MAX) {
        *ret_part = *rest;
        *rest = (cv_str){NULL, 0};
        return true;
    }
    *ret_part = cv_str_sub(*rest, 0, i);
    *rest = cv_str_from(*rest, i + 1);
    return true;
}

bool cv_str_line(cv_str *rest, cv_str *ret_line)
{
    if (rest->len == 0)
        return false;
    cv_str line;
    if (!cv_str_next(rest, '\n', &line))
        return false;
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    *ret_line = line;
    return true;
}

bool cv_str_word(cv_str *rest, cv_str *ret_word)
{
    size_t i = 0;
    while (i < rest->len && cv_is_space(rest->ptr[i]))
        i++;
    size_t start = i;
    while (i < rest->len && !cv_is_space(rest->ptr[i]))
        i++;
    if (i == start)
        return false;
    *ret_word = cv_str_sub(*rest, start, i - start);
    *rest = cv_str_from(*rest, i);
    return true;
}

bool cv_str_u64(cv_str s, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!cv_is_digit(s.ptr[i]))
            return false;
        if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(s.ptr[i] - '0'), &v))
            return false;
    }
    *ret = v;
    return true;
}

bool cv_str_u32(cv_str s, uint32_t *ret)
{
    uint64_t v;
    if (!cv_str_u64(s, &v) || v > UINT32_MAX)
        return false;
    *ret = (uint32_t)v;
    return true;
}

bool cv_str_hex(cv_str s, uint64_t *ret)
{
    uint64_t v = 0;
    if (cv_str_starts(s, "0x") || cv_str_starts(s, "0X"))
        s = cv_str_from(s, 2);
    if (s.len == 0 || s.len > 16)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = cv_lower(s.ptr[i]);
        if (cv_is_digit(c))
            v = v << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            v = v << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *ret = v;
    return true;
}
