/* archlist.c: see archlist.h. Other bytes may stand right before the list (torch 2.8.0), so lists are searched for, not whole strings. */
#include "format/archlist.h"

void cv_archlist_init(struct cv_archlist *s)
{
    s->n = 0;
    s->best.n = 0;
}

/* One target at the start of s; its length, or 0. */
static size_t target_at(cv_str s, struct cv_target *ret)
{
    size_t n = cv_str_starts(s, "sm_") ? 3 : cv_str_starts(s, "compute_") ? 8 : 0;
    size_t digits = n;
    if (n == 0)
        return 0;
    while (digits < s.len && cv_is_digit(s.ptr[digits]))
        digits++;
    size_t end = digits;
    if (end < s.len && (s.ptr[end] == 'a' || s.ptr[end] == 'f'))
        end++;
    return cv_target_parse(cv_str_sub(s, 0, end), ret) ? end : 0;
}

/* A list at the start of s: targets with one blank between; its length. */
static size_t list_at(cv_str s, struct cv_targets *ret)
{
    size_t at = 0, n;
    struct cv_target t;
    ret->n = 0;
    while ((n = target_at(cv_str_from(s, at), &t)) > 0) {
        cv_targets_add(ret, t);
        at += n;
        if (at >= s.len || s.ptr[at] != ' ')
            break;
        at++;
    }
    return at;
}

static void search(struct cv_archlist *s)
{
    struct cv_targets set;
    const char *p = s->window, *end = s->window + s->n;
    while (p < end && (p = memchr(p, '_', (size_t)(end - p)))) {
        const char *start = p - s->window >= 2 && p[-1] == 'm' && p[-2] == 's' ? p - 2 : NULL;
        if (!start) {
            p++;
            continue;
        }
        size_t n = list_at((cv_str){start, (size_t)(end - start)}, &set);
        if (set.n > s->best.n)
            s->best = set;
        p = n > 2 ? start + n : p + 1;
    }
}

void cv_archlist_take(struct cv_archlist *s, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        size_t room = sizeof s->window - s->n, n = room < len ? room : len;
        memcpy(s->window + s->n, bytes, n);
        s->n += n;
        bytes += n;
        len -= n;
        if (s->n < sizeof s->window)
            return;
        search(s);
        memmove(s->window, s->window + CV_ARCHLIST_WINDOW, CV_ARCHLIST_LONGEST);
        s->n = CV_ARCHLIST_LONGEST;
    }
}

bool cv_archlist_found(struct cv_archlist *s)
{
    search(s);
    return s->best.n >= 2;
}
