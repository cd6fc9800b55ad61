/* parse.c: TSV text -> cells. The one parser of tables: genfacts uses it at build time, --facts at run time. */
#include "facts/facts.h"

#define CV_MAX_COLUMNS 64

static bool bad_byte(cv_str line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool utf8_ok(cv_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t i = 0;
    while (i < s.len) {
        unsigned char c = p[i];
        size_t n = c < 0x80                ? 1
                   : c >= 0xc2 && c < 0xe0 ? 2
                   : c >= 0xe0 && c < 0xf0 ? 3
                   : c >= 0xf0 && c < 0xf5 ? 4
                                           : 0;
        if (n == 0 || n > s.len - i)
            return false;
        for (size_t k = 1; k < n; k++)
            if ((p[i + k] & 0xc0) != 0x80)
                return false;
        if ((c == 0xe0 && p[i + 1] < 0xa0) || (c == 0xed && p[i + 1] > 0x9f) ||
            (c == 0xf0 && p[i + 1] < 0x90) || (c == 0xf4 && p[i + 1] > 0x8f))
            return false;
        i += n;
    }
    return true;
}

static int take_row(struct cv_arena *a, cv_str file, uint64_t line_no, cv_str line,
                    struct cv_tsv *t, struct cv_error *e)
{
    cv_str rest = line, cell;
    uint32_t n = 0;
    while (cv_str_next(&rest, '\t', &cell)) {
        cv_str *to = CV_PUSH(a, t, cells);
        if (!to)
            return cv_fail(e, CV_E_NOMEM, file, line_no, CV_S("out of memory"));
        *to = cell;
        n++;
    }
    if (n != t->n_cols)
        return cv_fail(e, CV_E_INPUT, file, line_no,
                       cv_arena_fmt(a, "%u cells where the header has %u", n, t->n_cols));
    if (t->cells[t->n_cells - 1].len == 0 || cv_str_eqz(t->cells[t->n_cells - 1], "-"))
        return cv_fail(e, CV_E_INPUT, file, line_no, CV_S("a row without a source"));
    t->n_rows++;
    return CV_OK;
}

static int take_header(struct cv_arena *a, cv_str file, uint64_t line_no, cv_str line,
                       struct cv_tsv *t, struct cv_error *e)
{
    cv_str rest = line, cell;
    while (cv_str_next(&rest, '\t', &cell)) {
        cv_str *to = t->n_cols < CV_MAX_COLUMNS ? CV_PUSH(a, t, cols) : NULL;
        if (!to || cell.len == 0)
            return cv_fail(e, CV_E_INPUT, file, line_no,
                           CV_S("a header with empty or too many columns"));
        *to = cell;
    }
    if (t->n_cols == 0 || !cv_str_starts(t->cols[t->n_cols - 1], "source"))
        return cv_fail(e, CV_E_INPUT, file, line_no, CV_S("the last column must be the source"));
    return CV_OK;
}

int cv_tsv_parse(struct cv_arena *a, cv_str file, cv_str text, struct cv_tsv *ret,
                 struct cv_error *e)
{
    struct cv_tsv t = {.note = CV_S("")};
    cv_str rest = text, line;
    uint64_t n = 0;
    while (cv_str_line(&rest, &line)) {
        n++;
        if (bad_byte(line))
            return cv_fail(e, CV_E_INPUT, file, n, CV_S("a control character"));
        if (!utf8_ok(line))
            return cv_fail(e, CV_E_INPUT, file, n, CV_S("no valid UTF-8"));
        if (line.len && line.ptr[0] == '#') {
            t.note = cv_arena_fmt(a, CV_FMT CV_FMT "\n", CV_ARG(t.note),
                                  CV_ARG(cv_str_trim(cv_str_from(line, 1))));
            continue;
        }
        if (line.len == 0)
            return cv_fail(e, CV_E_INPUT, file, n, CV_S("an empty line"));
        int rc = t.n_cols == 0 ? take_header(a, file, n, line, &t, e)
                               : take_row(a, file, n, line, &t, e);
        if (rc != CV_OK)
            return rc;
    }
    if (t.n_cols == 0)
        return cv_fail(e, CV_E_INPUT, file, n, CV_S("no header line"));
    if (a->oom)
        return cv_fail(e, CV_E_NOMEM, file, n, CV_S("out of memory"));
    *ret = t;
    return CV_OK;
}
