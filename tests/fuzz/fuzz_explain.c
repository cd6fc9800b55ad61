/* fuzz_explain.c: any bytes as a log, in pieces and whole: both say the same; and the first line as an expression, over the rest. */
#include "explain/explain.h"
#include "fuzz.h"

static void check(bool good)
{
    if (!good)
        abort();
}

/* The log in pieces of `piece` bytes. */
static void read_log(struct cv_reading *r, struct cv_arena *a, cv_str log, size_t piece)
{
    check(cv_reading_begin(r, &cv_facts_builtin, a, NULL) == CV_OK);
    for (size_t i = 0; i < log.len; i += piece)
        cv_reading_feed(r, cv_str_sub(log, i, piece));
    cv_reading_end(r);
}

static void try_log(cv_str log, size_t piece)
{
    struct cv_arena a = fuzz_arena(), b = fuzz_arena();
    struct cv_reading x, y;
    struct cv_explanation e;
    struct cv_machine m = {0};
    struct cv_diagnosis d = {.verdict_env = -1};
    read_log(&x, &a, log, log.len + 1);
    read_log(&y, &b, log, piece);
    check(x.counts.bytes == y.counts.bytes && x.counts.lines == y.counts.lines);
    for (uint32_t i = 0; i < x.n_entries; i++)
        check(x.seen[i].count == y.seen[i].count && x.seen[i].line == y.seen[i].line &&
              cv_str_eq(x.seen[i].text, y.seen[i].text));
    cv_explain_values(&x, &a, &e);
    cv_explain_apply(&cv_facts_builtin, &a, &e, &m);
    struct cv_explain_ask ask = {
        .f = &cv_facts_builtin, .m = &m, .d = &d, .elsewhere = true, .nothing_known = true};
    cv_explain(&ask, &a, &e);
    check(a.oom || e.n_matches <= x.n_entries);
    cv_arena_done(&a);
    cv_arena_done(&b);
}

static void try_expression(cv_str expr, cv_str text)
{
    struct cv_arena a = fuzz_arena();
    struct cv_re re;
    struct cv_factors f = {0};
    struct cv_re_memory m = {.arena = &a};
    uint32_t caps[2 * CV_RE_GROUPS];
    struct cv_re_span all = {0, (uint32_t)text.len};
    struct cv_re_search s = {text, &all, 1, CV_MAX_EXPLAIN_SPAN, true, true};
    if (cv_re_compile(&a, expr, &re, &f, NULL) == CV_OK && cv_re_find(&re, &m, &s, caps)) {
        bool holds = f.n_v == 0;
        check(caps[0] <= caps[1] && caps[1] <= text.len);
        for (uint32_t i = 0; i < f.n_v && !holds;
             i++) /* one of the certain texts is where it is said to be */
            for (uint32_t at = caps[0] + f.v[i].min_before;
                 !holds && at <= caps[0] + f.v[i].max_before && at + f.v[i].text.len <= caps[1];
                 at++) {
                holds = true;
                for (size_t k = 0; k < f.v[i].text.len && holds; k++)
                    holds = (char)(text.ptr[at + k] | 0x20) == f.v[i].text.ptr[k];
            }
        check(holds);
    }
    cv_arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_str in = {(const char *)data, size}, rest = in, line;
    if (size == 0 || size > 65536)
        return 0;
    if (cv_str_line(&rest, &line) && line.len <= 200)
        try_expression(line, cv_str_sub(rest, 0, 5000));
    try_log(in, 1 + data[0] % 97u);
    return 0;
}
