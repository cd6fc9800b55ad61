/* norm.c: see norm.h. Nearly all bytes of a log are plain: eight of them are looked at and copied at a time. */
#include "match/norm.h"

#define ONES 0x0101010101010101u
#define TOPS 0x8080808080808080u

void cv_norm_init(struct cv_norm *n)
{
    *n = (struct cv_norm){.line = 1, .at_line_start = true, .after_blank = true};
}

static uint64_t load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Copies eight bytes at a time; returns where the first that is not plain stands, or where fewer than eight are left. */
static size_t plain_words(const char *p, size_t n, char *out, bool before)
{
    const uint64_t low7 = ~TOPS;
    uint64_t carry = before ? 0x80 : 0;
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t v = load8(p + i), b = v ^ (ONES * ' ');
        uint64_t low = (v - ONES * ' ') & ~v; /* exact up to the first such byte */
        uint64_t blank = ~(((b & low7) + low7) | b) & TOPS;
        uint64_t stop = ((low | v) & TOPS) | (blank & (blank << 8 | carry));
        memcpy(out + i, &v, 8);
        if (stop)
            return i + (size_t)__builtin_ctzll(stop) / 8;
        carry = blank >> 56;
    }
    return i;
}
#else
static size_t plain_words(const char *p, size_t n, char *out, bool before)
{
    (void)p, (void)n, (void)out, (void)before;
    return 0;
}
#endif

/* Copies bytes 0x20 to 0x7f up to a second blank in a row. `before`: the byte in front was a blank. There is room for n bytes. */
static size_t plain(const char *p, size_t n, char *out, bool before)
{
    size_t i = plain_words(p, n, out, before);
    if (i > 0)
        before = p[i - 1] == ' ';
    while (i < n && (unsigned char)p[i] >= ' ' && (unsigned char)p[i] < 0x80 &&
           !(before && p[i] == ' ')) {
        before = p[i] == ' ';
        out[i] = p[i];
        i++;
    }
    return i;
}

/* ---- what is not plain ---- */

enum what { AS_IT_IS, GONE, BLANK, REPLACED };

/* U+2000 to U+206F: spaces, dashes, quotes. */
static enum what punctuation(unsigned char c, unsigned char d, char *ret)
{
    if (c == 0x80 && d >= 0x98 && d <= 0x9b)
        *ret = '\'';
    else if (c == 0x80 && d >= 0x9c && d <= 0x9f)
        *ret = '"';
    else if (c == 0x80 && d >= 0x90 && d <= 0x95)
        *ret = '-';
    else if ((c == 0x80 && (d <= 0x8a || d == 0xa8 || d == 0xa9 || d == 0xaf)) ||
             (c == 0x81 && d == 0x9f))
        return BLANK;
    else if ((c == 0x80 && ((d >= 0x8b && d <= 0x8f) || (d >= 0xaa && d <= 0xae))) ||
             (c == 0x81 && d >= 0xa0 && d <= 0xa9))
        return GONE;
    else
        return AS_IT_IS;
    return REPLACED;
}

/* One character beyond ASCII; *ret_len its bytes. */
static enum what wide(cv_str s, size_t *ret_len, char *ret)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    unsigned char a = p[0], b = s.len > 1 ? p[1] : 0, c = s.len > 2 ? p[2] : 0;
    *ret_len = 1;
    if (a == 0xc2 && (b == 0xa0 || b == 0xb4 || b == 0x85)) {
        *ret_len = 2;
        *ret = '\'';
        return b == 0xb4 ? REPLACED : BLANK;
    }
    if (a < 0xe2 || (b & 0xc0) != 0x80 || (c & 0xc0) != 0x80)
        return AS_IT_IS;
    *ret_len = 3;
    if (a == 0xe2 && (b == 0x80 || b == 0x81))
        return punctuation(b, c, ret);
    if (a == 0xe2 && (b == 0x94 || b == 0x95)) /* frames */
        return BLANK;
    if (a == 0xe3 && b == 0x80 && c == 0x80)
        return BLANK;
    if (a == 0xe3 && b == 0x80 && (c == 0x81 || c == 0x82)) {
        *ret = c == 0x81 ? ',' : '.';
        return REPLACED;
    }
    if (a == 0xef && b == 0xbb && c == 0xbf)
        return GONE;
    if (a == 0xef && (b == 0xbc || b == 0xbd)) { /* full-width forms of ASCII */
        unsigned code = 0x20u + (b == 0xbd ? 0x40u : 0) + (c & 0x3fu);
        if (code > 0x20 && code < 0x7f) {
            *ret = (char)code;
            return REPLACED;
        }
    }
    return AS_IT_IS;
}

/* ESC and what belongs to it: "\x1b[31m", "\x1b]0;title\a", "\x1b(B". */
static size_t escape(struct cv_norm *n, cv_str s)
{
    size_t i = 2;
    if (s.len < 2)
        return 1;
    if (s.ptr[1] == ']') {
        n->in_osc = true;
        return 2;
    }
    if (s.ptr[1] != '[')
        return (s.ptr[1] == '(' || s.ptr[1] == ')') && s.len > 2 ? 3
               : (unsigned char)s.ptr[1] < ' '                   ? 1
                                                                 : 2;
    while (i < s.len && i < 64 && (unsigned char)s.ptr[i] >= 0x20 && (unsigned char)s.ptr[i] < 0x40)
        i++;
    return i < s.len && (unsigned char)s.ptr[i] >= 0x40 && (unsigned char)s.ptr[i] < 0x7f ? i + 1
                                                                                          : i;
}

/* The rest of an OSC sequence, to BEL or ESC \; a line end breaks it off. */
static size_t osc(struct cv_norm *n, cv_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '\a' || c == '\n' || c == '\033') {
            n->in_osc = false;
            return c == '\n'                                             ? i
                   : c == '\a' || i + 1 == s.len || s.ptr[i + 1] != '\\' ? i + 1
                                                                         : i + 2;
        }
    }
    return s.len;
}

static void put(struct cv_norm *n, char c)
{
    n->out[n->n_out++] = c;
    n->after_blank = c == ' ';
}

/* One byte that is not plain, and what belongs to it. Returns the bytes taken. */
static size_t special(struct cv_norm *n, cv_str s)
{
    unsigned char c = (unsigned char)s.ptr[0];
    size_t len = 1;
    char r = ' ';
    enum what w = GONE;
    if (c == '\033')
        return escape(n, s);
    if (c == '\n' || c == '\r') {
        n->line += c == '\n';
        n->at_line_start = true;
        w = BLANK;
    } else if (c == ' ' || c == '\t' || c == '\v' || c == '\f') {
        w = BLANK;
    } else if (c >= 0x80) {
        w = wide(s, &len, &r);
    }
    if (w == BLANK && !n->after_blank)
        put(n, ' ');
    else if (w == REPLACED)
        put(n, r);
    for (size_t i = 0; w == AS_IT_IS && i < len; i++)
        put(n, s.ptr[i]);
    return len;
}

static void begin_line(struct cv_norm *n)
{
    n->at_line_start = false;
    if (n->n_marks && n->marks[n->n_marks - 1].at == n->n_out)
        n->n_marks--;
    n->marks[n->n_marks++] = (struct cv_norm_mark){n->n_out, n->line};
}

size_t cv_norm_run(struct cv_norm *n, cv_str in, bool end)
{
    size_t i = 0, stop = end ? in.len : in.len >= CV_NORM_AHEAD ? in.len - CV_NORM_AHEAD + 1 : 0;
    while (i < stop) {
        cv_str rest = cv_str_from(in, i);
        if (n->in_osc) {
            i += osc(n, rest);
            continue;
        }
        if (n->at_line_start) {
            size_t skip = cv_norm_prefix(cv_str_sub(rest, 0, CV_NORM_AHEAD - 1));
            if (skip) {
                i += skip;
                if (i >= stop)
                    break;
                rest = cv_str_from(in, i);
            }
            if (!cv_is_space(*rest.ptr))
                begin_line(n);
        }
        size_t run = plain(rest.ptr, stop - i, n->out + n->n_out, n->after_blank);
        if (run) {
            n->n_out += (uint32_t)run;
            n->after_blank = n->out[n->n_out - 1] == ' ';
            i += run;
        } else {
            i += special(n, rest);
        }
    }
    return i;
}

/* ---- UTF-16 ---- */

static size_t put_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

static uint32_t unit(const struct cv_utf16 *u, const unsigned char *p)
{
    return u->big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

size_t cv_utf16_run(struct cv_utf16 *u, cv_str in, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++) {
        u->carry[u->n_carry++] = (unsigned char)in.ptr[i];
        if (u->n_carry & 1)
            continue;
        uint32_t first = unit(u, u->carry);
        if (u->n_carry == 2) {
            if ((first & 0xfc00) == 0xd800)
                continue; /* its second half comes */
            n += put_utf8((first & 0xfc00) == 0xdc00 ? 0xfffd : first, out + n);
            u->n_carry = 0;
            continue;
        }
        uint32_t second = unit(u, u->carry + 2);
        u->n_carry = 0;
        if ((second & 0xfc00) == 0xdc00) {
            n += put_utf8(0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff), out + n);
            continue;
        }
        n += put_utf8(0xfffd, out + n);
        n += put_utf8((second & 0xf800) == 0xd800 ? 0xfffd : second, out + n);
    }
    return n;
}
