/* norm_prefix.c: what loggers and launchers write before a line. Each form with a line in which it was seen. */
#include "match/norm.h"

#define CV_PREFIXES 4 /* in a row: "[rank0]: (Worker pid=7) 2025-01-02 12:00:00 " */

static size_t digits(cv_str s, size_t i)
{
    size_t from = i;
    while (i < s.len && cv_is_digit(s.ptr[i]))
        i++;
    return i - from;
}

static size_t blanks(cv_str s, size_t i)
{
    size_t from = i;
    while (i < s.len && (s.ptr[i] == ' ' || s.ptr[i] == '\t'))
        i++;
    return i - from;
}

static bool at(cv_str s, size_t i, char c)
{
    return i < s.len && s.ptr[i] == c;
}

/* "12:33:44", "12:33:44.123456", "12:33:44,123Z". */
static size_t clock_time(cv_str s, size_t i)
{
    size_t from = i;
    if (digits(s, i) < 1 || digits(s, i) > 2 || !at(s, i + digits(s, i), ':'))
        return 0;
    i += digits(s, i) + 1;
    if (digits(s, i) != 2 || !at(s, i + 2, ':') || digits(s, i + 3) != 2)
        return 0;
    i += 5;
    if ((at(s, i, '.') || at(s, i, ',')) && digits(s, i + 1))
        i += 1 + digits(s, i + 1);
    if (at(s, i, 'Z'))
        i++;
    else if ((at(s, i, '+') || at(s, i, '-')) && digits(s, i + 1) >= 2) /* a zone */
        i += 1 + digits(s, i + 1) + (at(s, i + 1 + digits(s, i + 1), ':') ? 3 : 0);
    return i - from;
}

/* "2025-01-02 12:33:44,123 ", "2025/01/02T12:33:44Z ", "12:33:44 ", "3: " (srun --label). */
static size_t time_or_task(cv_str s)
{
    size_t n = digits(s, 0), t;
    if (n == 4 && (at(s, 4, '-') || at(s, 4, '/')) && digits(s, 5) == 2 && at(s, 7, s.ptr[4]) &&
        digits(s, 8) == 2) {
        t = at(s, 10, ' ') || at(s, 10, 'T') ? clock_time(s, 11) : 0;
        return t ? 11 + t : 0;
    }
    t = clock_time(s, 0);
    if (t)
        return t;
    return n >= 1 && n <= 5 && at(s, n, ':') && at(s, n + 1, ' ') ? n + 2 : 0;
}

/* "[rank3]: ", "[default0]:", "[   52.396206] ", "[2025-01-02 12:00:00,123] ", "[1,3]<stderr>:". */
static size_t bracketed(cv_str s)
{
    size_t i = 1, word = 0, n = 0;
    bool mark = false;
    for (const char *const *w = (const char *const[]){"rank", "default", NULL}; *w && !word; w++)
        if (cv_str_starts(cv_str_from(s, 1), *w))
            word = strlen(*w);
    i += word;
    for (; i < s.len && n < 40 && s.ptr[i] != ']'; i++, n++) {
        char c = s.ptr[i];
        mark = mark || c == '.' || c == ':' || c == ',' || c == '-';
        if (!cv_is_digit(c) && c != ' ' && c != '.' && c != ':' && c != ',' && c != '-' &&
            c != '/' && c != 'T' && c != 'Z' && c != '+')
            return 0;
    }
    if (!at(s, i, ']') || n == 0)
        return 0;
    i++;
    if (cv_str_starts(cv_str_from(s, i), "<stderr>") ||
        cv_str_starts(cv_str_from(s, i), "<stdout>"))
        i += 8;
    if (at(s, i, ':'))
        return i + 1;
    return mark && !word && (at(s, i, ' ') || at(s, i, '[')) ? i : 0;
}

/* "(EngineCore_0 pid=4711) ", "(RayWorkerWrapper pid=1, ip=10.0.0.2) ". */
static size_t process(cv_str s)
{
    size_t close = cv_str_findc(cv_str_sub(s, 0, 100), ')');
    return close != SIZE_MAX && cv_str_has(cv_str_sub(s, 0, close), "pid=") ? close + 1 : 0;
}

/* "trainer-1  | ", "web | ": a container's name before docker compose's bar; "| ", "> ", "# ". */
static size_t barred(cv_str s)
{
    size_t i = 0;
    while (i < s.len && i < 40 &&
           (cv_is_alpha(s.ptr[i]) || cv_is_digit(s.ptr[i]) || s.ptr[i] == '-' || s.ptr[i] == '_' ||
            s.ptr[i] == '.'))
        i++;
    size_t gap = blanks(s, i);
    if (i > 0 && gap == 0)
        return 0;
    i += gap;
    return at(s, i, '|') && (at(s, i + 1, ' ') || at(s, i + 1, '\n')) ? i + 1 : 0;
}

/* "Jul 01 22:55:07 gpu kernel: ". */
static size_t syslog_head(cv_str s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    bool known = false;
    for (size_t m = 0; s.len > 16 && s.ptr[3] == ' ' && m < 12 && !known; m++)
        known = memcmp(s.ptr, months + 3 * m, 3) == 0;
    if (!known)
        return 0;
    size_t i = 3 + blanks(s, 3), n = digits(s, i);
    if (n < 1 || n > 2)
        return 0;
    i += n + blanks(s, i + n);
    n = clock_time(s, i);
    if (n == 0)
        return 0;
    i += n + blanks(s, i + n);
    while (i < s.len && !cv_is_space(s.ptr[i])) /* the host */
        i++;
    i += blanks(s, i);
    return cv_str_starts(cv_str_from(s, i), "kernel:") ? i + 7 : i;
}

/* "E1125 12:33:44.123456  1234 ProcessGroupNCCL.cpp:12] ". */
static size_t glog_head(cv_str s)
{
    if ((s.ptr[0] != 'E' && s.ptr[0] != 'W' && s.ptr[0] != 'I' && s.ptr[0] != 'F') ||
        digits(s, 1) != 4 || !at(s, 5, ' '))
        return 0;
    size_t n = clock_time(s, 6), close = cv_str_findc(cv_str_sub(s, 0, 120), ']');
    return n && close != SIZE_MAX ? close + 1 : 0;
}

static size_t one_prefix(cv_str s)
{
    char c = s.ptr[0];
    if (cv_is_digit(c))
        return time_or_task(s);
    if (c == '[')
        return bracketed(s);
    if (c == '(')
        return process(s);
    if (c == '>' || c == '#' || c == '|')
        return at(s, 1, ' ') || at(s, 1, c) ? 1 : 0;
    if (c == 'E' && at(s, 1, ' ') && at(s, 2, ' ')) /* pytest */
        return 1;
    if (!cv_is_alpha(c))
        return 0;
    size_t n = 0;
    if (c >= 'A' && c <= 'Z') {
        n = syslog_head(s);
        if (n == 0)
            n = glog_head(s);
    }
    return n ? n : barred(s);
}

size_t cv_norm_prefix(cv_str line)
{
    size_t i = 0;
    for (unsigned k = 0; k < CV_PREFIXES; k++) {
        size_t b = blanks(line, i);
        cv_str rest = cv_str_from(line, i + b);
        size_t n = rest.len > 0 ? one_prefix(rest) : 0;
        if (n == 0)
            break;
        i += b + n;
    }
    return i;
}
