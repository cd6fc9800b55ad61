/* near.c: GPU names that are close to one that is not known: a slip of the finger is answered with what was probably meant. */
#include "facts/near.h"

#define CV_NEAR_LEN 40
#define CV_NEAR_MAX 4

/* Letters and digits, lower case, without a leading vendor or brand. 0 = too long to compare. */
static size_t plain_name(cv_str name, char *to)
{
    static const char *const heads[] = {"nvidia", "geforce", "tesla", "quadro"};
    size_t n = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (!cv_is_alpha(name.ptr[i]) && !cv_is_digit(name.ptr[i]))
            continue;
        if (n == CV_NEAR_LEN)
            return 0;
        to[n++] = cv_lower(name.ptr[i]);
    }
    for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++) {
        size_t len = strlen(heads[h]);
        if (n > len && memcmp(to, heads[h], len) == 0) {
            memmove(to, to + len, n - len);
            n -= len;
        }
    }
    return n;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Changes of one letter, or two neighbours swapped, from one to the other. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
    unsigned d[CV_NEAR_LEN + 1][CV_NEAR_LEN + 1];
    for (size_t i = 0; i <= na; i++)
        d[i][0] = (unsigned)i;
    for (size_t k = 0; k <= nb; k++)
        d[0][k] = (unsigned)k;
    for (size_t i = 1; i <= na; i++)
        for (size_t k = 1; k <= nb; k++) {
            unsigned change = d[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
            d[i][k] = least(change, least(d[i - 1][k], d[i][k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                d[i][k] = least(d[i][k], d[i - 2][k - 2] + 1);
        }
    return d[na][nb];
}

struct near {
    cv_str name;
    unsigned distance;
};

static void offer(struct near *best, cv_str name, unsigned dist)
{
    unsigned at = CV_NEAR_MAX;
    for (unsigned i = 0; i < CV_NEAR_MAX; i++)
        if (best[i].name.len && cv_str_ieq(best[i].name, name))
            return;
    for (unsigned i = CV_NEAR_MAX; i > 0; i--)
        if (best[i - 1].name.len == 0 || dist < best[i - 1].distance)
            at = i - 1;
    if (at == CV_NEAR_MAX)
        return;
    for (unsigned i = CV_NEAR_MAX - 1; i > at; i--)
        best[i] = best[i - 1];
    best[at] = (struct near){name, dist};
}

void cv_facts_gpu_near(const struct cv_facts *f, struct cv_arena *a, cv_str what,
                       struct cv_gpu_match *ret)
{
    static const struct {
        enum cv_table_id t;
        const char *column;
    } places[] = {{CV_T_GPU_PCI, "name"}, {CV_T_GPU_ALIASES, "alias"}};
    char want[CV_NEAR_LEN], have[CV_NEAR_LEN];
    struct near best[CV_NEAR_MAX] = {0};
    size_t nw = plain_name(what, want);
    if (nw < 3)
        return;
    for (size_t p = 0; p < 2 && best[0].name.len == 0;
         p++) { /* aliases only where no product is near */
        int column = cv_facts_column(f, places[p].t, places[p].column);
        for (uint32_t r = 0; column >= 0 && r < cv_facts_rows(f, places[p].t); r++) {
            cv_str name = cv_facts_at(f, places[p].t, r, (unsigned)column);
            size_t nh = plain_name(name, have);
            if (nh == 0 || nh > nw + 2 || nw > nh + 2)
                continue;
            unsigned dist = distance(want, nw, have, nh);
            if (dist <= (nw < 6 ? 1u : 2u))
                offer(best, name, dist);
        }
    }
    for (unsigned i = 0; i < CV_NEAR_MAX && best[i].name.len; i++) {
        cv_str *to = best[i].distance == best[0].distance ? CV_PUSH(a, ret, candidates) : NULL;
        if (to)
            *to = best[i].name;
    }
}
