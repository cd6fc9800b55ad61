/* test_facts.c: lookups over the built-in tables: drivers by version, GPU names (cli.md), the table parser's errors. */
#include "facts/facts.h"
#include "tap.h"

static struct cv_arena arena;
static const struct cv_facts *f = &cv_facts_builtin;

static void driver(const char *version, bool windows, const char *want)
{
    struct cv_xy xy;
    uint32_t row;
    cv_str got = cv_facts_driver_cuda(f, cv_str_z(version), windows, &xy, &row)
                     ? cv_arena_fmt(&arena, "%u.%u", xy.major, xy.minor)
                     : CV_S("unknown");
    is_str(got, want,
           cv_arena_z(&arena, cv_arena_fmt(&arena, "newest CUDA of %s driver %s",
                                           windows ? "Windows" : "Linux", version)));
}

/* want: "8.6", "8.6 x4", or "?" where the name does not decide */
static void gpu(const char *name, const char *want)
{
    struct cv_gpu_match m;
    cv_str got;
    if (cv_facts_gpu_find(f, &arena, cv_str_z(name), &m) != CV_OK)
        got = m.n_candidates ? CV_S("?") : CV_S("unknown");
    else
        got = m.n_gpus > 1
                  ? cv_arena_fmt(&arena, CV_FMT " x%u", CV_ARG(m.gpus[0].cc_text.v), m.n_gpus)
                  : m.gpus[0].cc_text.v;
    is_str(got, want, name);
}

static void broken(const char *text, unsigned line, const char *what)
{
    struct cv_tsv t;
    struct cv_error e = {0};
    int rc = cv_tsv_parse(&arena, CV_S("t.tsv"), cv_str_z(text), &t, &e);
    ok(rc == CV_E_INPUT && e.line == line && cv_str_has(e.msg, what), what);
}

int main(void)
{
    arena = tap_arena();
    driver("465.19.01", false, "11.3");
    driver("535.161.08", false, "12.2");
    driver("580.65.06", false, "13.0");
    driver("580", false, "13.0");
    driver("610.43.02", false, "13.3");
    driver("430.26", false, "10.1");
    driver("700.1", false, "unknown");
    driver("abc", false, "unknown");
    driver("552.22", true, "12.4");
    driver("581.57", true, "13.0");
    driver("572.16", true, "12.8");
    driver("999.1", true, "unknown");
    is_str(cv_facts_driver_full(f, CV_S("535"), false), "535.309.01",
           "a bare branch is its newest version");
    is_str(cv_facts_driver_full(f, CV_S("535.1"), false), "535.1", "a version stays");
    gpu("RTX 3090", "8.6");
    gpu("rtx3090", "8.6");
    gpu("GeForce RTX 3090 Ti", "8.6");
    gpu("NVIDIA GeForce RTX 4090", "8.9");
    gpu("A100-SXM4-80GB", "8.0");
    gpu("a100", "8.0");
    gpu("H100", "9.0");
    gpu("10de:2204", "8.6");
    gpu("0x2204", "8.6");
    gpu("2204", "8.6");
    gpu("1b80", "6.1");
    gpu("GTX 750 Ti", "5.0");
    gpu("g5.12xlarge", "8.6 x4");
    gpu("sm_86", "8.6");
    gpu("8.6", "8.6");
    gpu("dgx spark", "12.1");
    gpu("Standard_NC24ads_A100_v4", "8.0");
    gpu("RTX 5090", "12.0");
    gpu("T4", "7.5");
    gpu("Tesla V100", "7.0");
    gpu("gt730", "?");
    gpu("99.9", "unknown");
    gpu("sm_99", "?");
    gpu("voodoo 2", "unknown");
    gpu("", "unknown");
    gpu("0xffff", "unknown");
    broken("a\tsource\n1\n", 2, "cells");
    broken("a\tsource\n1\t\n", 2, "without a source");
    broken("a\tsource\n1\t-\n", 2, "without a source");
    broken("a\tb\n1\tx\n", 1, "last column");
    broken("# only notes\n", 1, "no header");
    broken("a\tsource\n\n1\tx\n", 2, "empty line");
    broken("a\tsource\n\x01\tx\n", 2, "control character");
    broken("a\tsource\n\xff\tx\n", 2, "UTF-8");
    broken("a\tsource\n\xed\xa0\x80\tx\n", 2, "UTF-8");
    struct cv_tsv t;
    ok(cv_tsv_parse(&arena, CV_S("t"), CV_S("# n\r\na\tsource\r\n1\tx\r\n"), &t, NULL) == CV_OK &&
           t.n_rows == 1 && cv_str_eqz(t.cells[1], "x"),
       "CR LF is fine");
    uint32_t rows = 0;
    for (int i = 0; i < CV_N_TABLES; i++) {
        enum cv_table_id id = (enum cv_table_id)i;
        for (uint32_t r = 0; r < cv_facts_rows(f, id); r++, rows++) {
            unsigned n = f->tables[i].n_key;
            cv_str key[8];
            for (unsigned k = 0; k < n; k++)
                key[k] = cv_facts_at(f, id, r, k);
            if (cv_facts_find(f, id, key, n) != r || cv_facts_source(f, id, r).len == 0)
                ok(false, cv_arena_z(&arena, cv_facts_key(f, &arena, id, r)));
        }
    }
    ok(rows > 4000, "every row is found by its key and has a source");
    cv_arena_done(&arena);
    return done();
}
