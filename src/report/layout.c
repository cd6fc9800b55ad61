/* layout.c: see layout.h. Columns are counted as characters; wide (East Asian) ones count as two. */
#include "report/layout.h"

/* The next character: its bytes and columns. Bytes that are no UTF-8, and control characters, stand for one '?'. */
static size_t next_char(cv_str s, size_t i, unsigned *ret_columns, bool *ret_bad)
{
    const unsigned char *p = (const unsigned char *)s.ptr + i;
    size_t left = s.len - i;
    unsigned char c = p[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xc2 && c < 0xe0 ? 2
               : c >= 0xe0 && c < 0xf0 ? 3
               : c >= 0xf0 && c < 0xf5 ? 4
                                       : 0;
    *ret_columns = 1;
    *ret_bad =
        n == 0 || n > left || c < 0x20 || c == 0x7f || (c == 0xc2 && left > 1 && p[1] < 0xa0);
    if (*ret_bad)
        return n == 0 || n > left ? 1 : n;
    for (size_t k = 1; k < n; k++)
        if ((p[k] & 0xc0) != 0x80) {
            *ret_bad = true;
            return 1;
        }
    if (n == 3 && ((c == 0xe2 && p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
                   (c == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
        *ret_bad = true; /* characters that turn the reading direction */
    if (n == 3 && c >= 0xe3 && c <= 0xed)
        *ret_columns = 2;
    return n;
}

static size_t put_safe(struct cv_buf *b, cv_str s)
{
    size_t columns = 0;
    for (size_t i = 0; i < s.len;) {
        unsigned w;
        bool bad;
        size_t n = next_char(s, i, &w, &bad);
        if (bad)
            cv_buf_addc(b, '?');
        else
            cv_buf_add(b, cv_str_sub(s, i, n));
        columns += w;
        i += n;
    }
    return columns;
}

static size_t columns_of(cv_str s)
{
    size_t columns = 0;
    for (size_t i = 0; i < s.len;) {
        unsigned w;
        bool bad;
        i += next_char(s, i, &w, &bad);
        columns += w;
    }
    return columns;
}

static const char *color_code(enum cv_color c)
{
    switch (c) {
    case CV_PLAIN:
        return "";
    case CV_RED:
        return "\033[31m";
    case CV_GREEN:
        return "\033[32m";
    case CV_YELLOW:
        return "\033[33m";
    case CV_BOLD:
        return "\033[1m";
    case CV_DIM:
        return "\033[2m";
    }
    return "";
}

void cv_lay_put(struct cv_buf *b, const struct cv_text_style *st, enum cv_color color, cv_str text)
{
    bool on = st->color && color != CV_PLAIN;
    if (on)
        cv_buf_addz(b, color_code(color));
    (void)put_safe(b, text);
    if (on)
        cv_buf_addz(b, "\033[0m");
}

void cv_lay_line(struct cv_buf *b, const struct cv_text_style *st, enum cv_color color,
                 size_t indent, cv_str text)
{
    cv_buf_addn(b, ' ', indent);
    cv_lay_put(b, st, color, text);
    cv_buf_addc(b, '\n');
}

void cv_lay_wrap(struct cv_buf *b, const struct cv_text_style *st, size_t at, size_t indent,
                 cv_str text)
{
    size_t width = st->width < 40 ? 40 : st->width;
    cv_str rest = text, word;
    bool first = true;
    while (rest.len && rest.ptr[0] == ' ') { /* leading blanks are layout */
        cv_buf_addc(b, ' ');
        rest = cv_str_from(rest, 1);
        at++;
    }
    while (cv_str_word(&rest, &word)) {
        size_t w = columns_of(word);
        if (!first && at + 1 + w > width) {
            cv_buf_addc(b, '\n');
            cv_buf_addn(b, ' ', indent);
            at = indent;
        } else if (!first) {
            cv_buf_addc(b, ' ');
            at++;
        }
        at += put_safe(b, word);
        first = false;
    }
    cv_buf_addc(b, '\n');
}
