/* match_tool.c: the expressions, the collapsing and the stream of match/ as a program, for the Python tests.
 *   match_tool re           lines "EXPRESSION\tTEXT": "-", or the offsets of the match and its groups ("." = took no part), or "error"
 *   match_tool norm         standard input, collapsed
 *   match_tool scan N EXPR...   standard input fed in pieces of N bytes: "PATTERN LINE OFFSET LENGTH" of each match */
#include "base/bytes.h"
#include "base/pages.h"
#include "match/set.h"

#include <stdio.h>
#include <stdlib.h>

static cv_str read_all(void)
{
    size_t n = 0, cap = 1 << 16;
    char *p = malloc(cap);
    for (size_t got; p && (got = fread(p + n, 1, cap - n, stdin)) > 0;) {
        n += got;
        if (n == cap)
            p = realloc(p, cap *= 2);
    }
    return (cv_str){p, p ? n : 0};
}

static void one(struct cv_arena *a, struct cv_re_memory *m, cv_str expr, cv_str text)
{
    struct cv_re re;
    uint32_t caps[2 * CV_RE_GROUPS];
    struct cv_re_span all = {0, (uint32_t)text.len};
    struct cv_re_search s = {text, &all, 1, CV_MAX_EXPLAIN_SPAN, true, true};
    if (cv_re_compile(a, expr, &re, NULL, NULL) != CV_OK) {
        puts("error");
    } else if (!cv_re_find(&re, m, &s, caps)) {
        puts("-");
    } else {
        for (uint32_t i = 0; i < re.n_caps; i++)
            if (caps[i] == UINT32_MAX)
                printf(". ");
            else
                printf("%u ", caps[i]);
        puts("");
    }
}

static void found(void *ctx, const struct cv_set_match *m)
{
    (void)ctx;
    printf("%u %llu %llu %u\n", m->pattern, (unsigned long long)m->line, (unsigned long long)m->at,
           m->len);
}

static int scan(struct cv_arena *a, cv_str in, int argc, char **argv)
{
    cv_str exprs[64];
    struct cv_set_tables t;
    struct cv_set set;
    struct cv_scan_counts counts;
    uint32_t n = 0;
    size_t piece = (size_t)strtoul(argv[2], NULL, 10);
    for (int i = 3; i < argc && n < 64; i++)
        exprs[n++] = cv_str_z(argv[i]);
    if (piece == 0 || cv_set_tables_make(a, exprs, n, &t, NULL) != CV_OK ||
        !cv_set_init(a, &t, exprs, &set))
        return 2;
    struct cv_scan *s = cv_scan_new(a, &set, found, NULL);
    for (size_t i = 0; s && i < in.len; i += piece)
        cv_scan_feed(s, cv_str_sub(in, i, piece));
    if (s)
        cv_scan_end(s, &counts);
    printf("%llu bytes %llu lines\n", (unsigned long long)counts.bytes,
           (unsigned long long)counts.lines);
    return 0;
}

int main(int argc, char **argv)
{
    struct cv_arena a;
    struct cv_re_memory m = {.arena = &a};
    cv_str in = read_all(), rest = in, line;
    int rc = 0;
    cv_arena_init(&a, cv_pages_malloc(), (size_t)256 << 20);
    if (argc == 2 && strcmp(argv[1], "re") == 0) {
        while (cv_str_line(&rest, &line)) {
            size_t tab = cv_str_findc(line, '\t');
            one(&a, &m, cv_str_sub(line, 0, tab), cv_str_from(line, tab + 1));
        }
    } else if (argc == 2 && strcmp(argv[1], "norm") == 0) {
        struct cv_norm n;
        cv_norm_init(&n);
        n.out = malloc(in.len + 1);
        n.marks = malloc((in.len / 2 + 2) * sizeof *n.marks);
        (void)cv_norm_run(&n, in, true);
        fwrite(n.out, 1, n.n_out, stdout);
        free(n.out);
        free(n.marks);
    } else if (argc >= 4 && strcmp(argv[1], "scan") == 0) {
        rc = scan(&a, in, argc, argv);
    } else {
        rc = 2;
    }
    cv_arena_done(&a);
    free((void *)(uintptr_t)in.ptr);
    return rc;
}
