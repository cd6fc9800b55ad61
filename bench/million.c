/* million.c: how long one evaluation takes: a machine and a request in, the best build and its verdict out, no words. Random machines and requests, one
 * core. Prints "N evaluations, S s, M works" and ends with 1 if a million would take more than LIMIT seconds. */
#include "base/pages.h"
#include "resolve/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LIMIT 20.0

static uint32_t state = 2026;

static uint32_t any(uint32_t n)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

static void set(struct cv_fact *f, const char *v) { cv_fact_set(f, cv_str_z(v), CV_S("bench"), CV_S("")); }

static void machine(struct cv_arena *a, struct cv_machine *m, struct cv_gpu *gpus)
{
    static const char *const ccs[] = {"3.7", "5.2", "6.1", "7.0", "7.5", "8.0", "8.6", "8.9", "9.0", "10.0", "12.0"};
    static const char *const pythons[] = {"3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.13t", "3.14"};
    static const char *const glibcs[] = {"2.17", "2.27", "2.31", "2.35", "2.39"};
    const struct cv_facts *f = &cv_facts_builtin;
    *m = (struct cv_machine){.gpus_known = true, .gpus = gpus, .n_gpus = 1 + any(3)};
    set(&m->place.os, "linux");
    set(&m->place.arch, "x86_64");
    set(&m->python, pythons[any(8)]);
    set(&m->place.glibc, glibcs[any(5)]);
    cv_fact_set(&m->driver.version, cv_facts_at(f, CV_T_DRIVER_VERSIONS, any(cv_facts_rows(f, CV_T_DRIVER_VERSIONS)), 0), CV_S("bench"), CV_S(""));
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        gpus[i] = (struct cv_gpu){.vendor = CV_S("nvidia")};
        const char *cc = ccs[any(11)];
        set(&gpus[i].cc_text, cc);
        (void)cv_cc_parse(cv_str_z(cc), &gpus[i].cc);
    }
    cv_facts_enrich(f, a, m);
}

int main(int argc, char **argv)
{
    static const char *const texts[] = {"torch", "torch==2.8.0", "torch>=2.4,<2.9", "torch==2.1.0+cu121",
                                        "cuda==12.4", "torch<2", "torch~=2.7.0", "torchvision==0.20.1"};
    enum { N_REQ = sizeof texts / sizeof texts[0] };
    const struct cv_facts *f = &cv_facts_builtin;
    struct cv_arena a, scratch;
    struct cv_page_ops ops = cv_pages_malloc();
    struct cv_catalog cat;
    static struct cv_request requests[N_REQ];
    unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, works = 0;
    struct cv_error e;
    cv_arena_init(&a, ops, (size_t)64 << 20);
    cv_catalog_make(f, &a, CV_S("linux"), CV_S("x86_64"), false, &cat);
    for (int i = 0; i < N_REQ; i++)
        if (cv_request_add(f, &a, &requests[i], cv_str_z(texts[i]), &e) != CV_OK)
            return 2;
    double seconds = 0;
    for (unsigned long i = 0; i < n; i++) {
        struct cv_machine m;
        struct cv_gpu gpus[4];
        struct cv_view view;
        struct cv_query q;
        struct cv_candidate best;
        struct timespec t0, t1;
        cv_arena_init(&scratch, ops, (size_t)1 << 20);
        machine(&scratch, &m, gpus);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t0);
        cv_query_init(&q, &cat, &requests[any(N_REQ)], &m, 1, &view);
        works += cv_query_best(&q, &best);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t1);
        seconds += (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
        cv_arena_done(&scratch);
    }
    double million = seconds / (double)n * 1e6;
    printf("%lu evaluations, %.2f s (a million: %.2f s, limit %.0f), %lu with an answer\n", n, seconds, million, LIMIT, works);
    cv_arena_done(&a);
    return million > LIMIT;
}
