/* arch.c: see arch.h. */
#include "core/arch.h"

unsigned cv_cc_number(struct cv_cc cc)
{
    return cc.major * 10u + cc.minor;
}

struct cv_cc cv_cc_from_number(unsigned number)
{
    return (struct cv_cc){(uint8_t)(number / 10), (uint8_t)(number % 10)};
}

static bool cc_from_digits(cv_str digits, struct cv_cc *ret)
{
    uint32_t n;
    if (digits.len < 2 || digits.len > 3 || digits.ptr[0] == '0' || !cv_str_u32(digits, &n))
        return false;
    *ret = cv_cc_from_number(n);
    return true;
}

bool cv_cc_parse(cv_str s, struct cv_cc *ret)
{
    if (cv_str_starts(s, "sm_"))
        return cc_from_digits(cv_str_from(s, 3), ret);
    if (cv_str_starts(s, "compute_"))
        return cc_from_digits(cv_str_from(s, 8), ret);
    uint32_t major, minor;
    size_t dot = cv_str_findc(s, '.');
    if (dot == SIZE_MAX || !cv_str_u32(cv_str_sub(s, 0, dot), &major) ||
        !cv_str_u32(cv_str_from(s, dot + 1), &minor))
        return false;
    if (major == 0 || major > 25 || minor > 9 || s.len - dot - 1 != 1)
        return false;
    *ret = (struct cv_cc){(uint8_t)major, (uint8_t)minor};
    return true;
}

int cv_cc_cmp(struct cv_cc a, struct cv_cc b)
{
    return (int)cv_cc_number(a) - (int)cv_cc_number(b);
}

cv_str cv_cc_str(struct cv_arena *a, struct cv_cc cc)
{
    return cv_arena_fmt(a, "%u.%u", cc.major, cc.minor);
}

bool cv_target_parse(cv_str s, struct cv_target *ret)
{
    struct cv_target t = {0};
    if (s.len && s.ptr[s.len - 1] == '?') {
        t.unsure = true;
        s.len--;
    }
    if (cv_str_starts(s, "compute_")) {
        t.ptx = true;
        s = cv_str_from(s, 8);
    } else if (cv_str_starts(s, "sm_")) {
        s = cv_str_from(s, 3);
    } else {
        return false;
    }
    if (s.len && (s.ptr[s.len - 1] == 'a' || s.ptr[s.len - 1] == 'f')) {
        t.suffix = s.ptr[s.len - 1];
        s.len--;
    }
    if (!cc_from_digits(s, &t.cc))
        return false;
    *ret = t;
    return true;
}

int cv_target_cmp(struct cv_target a, struct cv_target b)
{
    if (a.ptx != b.ptx)
        return a.ptx - b.ptx;
    int c = cv_cc_cmp(a.cc, b.cc);
    return c ? c : a.suffix - b.suffix;
}

cv_str cv_target_str(struct cv_arena *a, struct cv_target t)
{
    char suffix[2] = {t.suffix, 0};
    return cv_arena_fmt(a, "%s%u%s%s", t.ptx ? "compute_" : "sm_", cv_cc_number(t.cc), suffix,
                        t.unsure ? "?" : "");
}

void cv_targets_add(struct cv_targets *set, struct cv_target t)
{
    unsigned i = 0;
    while (i < set->n && cv_target_cmp(set->t[i], t) < 0)
        i++;
    if (i < set->n && cv_target_cmp(set->t[i], t) == 0) {
        set->t[i].unsure = set->t[i].unsure && t.unsure;
        return;
    }
    if (set->n == CV_MAX_TARGETS)
        return;
    memmove(&set->t[i + 1], &set->t[i], (set->n - i) * sizeof set->t[0]);
    set->t[i] = t;
    set->n++;
}

static bool is_name_char(char c)
{
    return cv_is_alpha(c) || cv_is_digit(c) || c == '_' || c == '?';
}

unsigned cv_targets_parse(struct cv_targets *set, cv_str list)
{
    unsigned n = 0;
    size_t i = 0;
    while (i < list.len) {
        size_t start = i;
        while (i < list.len && is_name_char(list.ptr[i]))
            i++;
        struct cv_target t;
        if (i > start && cv_target_parse(cv_str_sub(list, start, i - start), &t)) {
            cv_targets_add(set, t);
            n++;
        }
        if (i == start)
            i++;
    }
    return n;
}

unsigned cv_targets_parse_list(struct cv_targets *set, cv_str list)
{
    unsigned n = 0;
    size_t i = 0;
    while (i < list.len) {
        size_t start = i;
        while (i < list.len && list.ptr[i] != ';' && !cv_is_space(list.ptr[i]))
            i++;
        cv_str word = cv_str_sub(list, start, i - start);
        i++;
        bool ptx = cv_str_ends(word, "+PTX");
        if (ptx)
            word.len -= 4;
        struct cv_target t = {0};
        if (word.len && (word.ptr[word.len - 1] == 'a' || word.ptr[word.len - 1] == 'f')) {
            t.suffix = word.ptr[word.len - 1];
            word.len--;
        }
        if (!cv_cc_parse(word, &t.cc))
            continue;
        cv_targets_add(set, t);
        n++;
        if (ptx) {
            t.ptx = true;
            cv_targets_add(set, t);
            n++;
        }
    }
    return n;
}

cv_str cv_targets_str(struct cv_arena *a, const struct cv_targets *set, const char *separator)
{
    cv_str all = CV_S("");
    for (unsigned i = 0; i < set->n; i++) {
        cv_str one = cv_target_str(a, set->t[i]);
        all =
            i == 0 ? one : cv_arena_fmt(a, CV_FMT "%s" CV_FMT, CV_ARG(all), separator, CV_ARG(one));
    }
    return all;
}
