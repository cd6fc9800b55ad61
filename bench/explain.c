/* explain.c: how fast a log is read: MB/s on one core for the whole stream (collapsing, search, expressions), for the search alone in two ways (four bytes
 * in each few places, as match/set.c does; an Aho-Corasick automaton over the same texts), and for a plain loop of regexec over the catalogue, line by line.
 * The log is made here: training output of several kinds, 64 MB. Prints one line a way. */
#include "base/pages.h"
#include "explain/explain.h"
#include "match/scan.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LOG_BYTES  ((size_t)64 << 20)
#define SLOW_BYTES ((size_t)256 << 10)

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t state = 7;

static uint32_t any(uint32_t n)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

static int line(char *to, size_t room, unsigned i)
{
    switch (any(8)) {
    case 0:
    case 1:
        return snprintf(to, room,
                        "2025-01-02 12:%02u:%02u,%03u INFO     [trainer.py:%u] step %u | loss "
                        "0.%04u | grad_norm 0.%03u | lr 1.%02ue-05\n",
                        i / 60 % 60, i % 60, i % 1000, any(900), i, any(10000), any(1000),
                        any(100));
    case 2:
        return snprintf(to, room,
                        "\rEpoch %u:  40%%|\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88      | "
                        "%u/390 [00:41<00:00,  9.33it/s, v_num=0, train_loss=0.%03u]",
                        i % 9, any(390), any(1000));
    case 3:
        return snprintf(
            to, room,
            "[rank%u]: iteration %u completed, memory allocated %u.1 GiB, reserved 71.2 GiB\n",
            i % 8, i, any(80));
    case 4:
        return snprintf(
            to, room,
            "node01:%u:%u [%u] NCCL INFO Channel 0%u/0 : %u[%u] -> %u[%u] via P2P/CUMEM/read\n", i,
            i + 2, i % 8, i % 8, i % 8, i % 8, (i + 1) % 8, (i + 1) % 8);
    case 5:
        return snprintf(
            to, room,
            "  Downloading torch-2.8.0-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (%u kB)\n",
            any(99));
    case 6:
        return snprintf(to, room,
                        "(EngineCore_0 pid=4711) INFO 01-02 12:33:44 [loader.py:%u] Loading "
                        "weights took %u.2 seconds\n",
                        any(999), any(60));
    default:
        return snprintf(
            to, room,
            "{'loss': 0.%04u, 'grad_norm': 0.%04u, 'learning_rate': 4.9e-05, 'epoch': %u.1}\n",
            any(10000), any(10000), i % 9);
    }
}

static cv_str make_log(void)
{
    char *p = malloc(LOG_BYTES + 512);
    size_t n = 0;
    for (unsigned i = 0; p && n < LOG_BYTES; i++)
        n += (size_t)line(p + n, 512, i);
    return (cv_str){p, p ? n : 0};
}

static void say(const char *what, size_t bytes, double seconds, unsigned long long hits)
{
    printf("%-28s %8.1f MB/s  (%llu hits)\n", what, (double)bytes / 1e6 / seconds, hits);
}

static void whole(struct cv_arena *a, cv_str log)
{
    struct cv_reading r;
    unsigned long long n = 0;
    double t = now();
    if (cv_reading_begin(&r, &cv_facts_builtin, a, NULL) != CV_OK)
        exit(2);
    for (size_t i = 0; i < log.len; i += 1 << 18)
        cv_reading_feed(&r, cv_str_sub(log, i, 1 << 18));
    cv_reading_end(&r);
    for (uint32_t i = 0; i < r.n_entries; i++)
        n += r.seen[i].count;
    say("stream", log.len, now() - t, n);
}

static bool same(const char *text, cv_str folded)
{
    for (size_t i = 0; i < folded.len; i++)
        if ((text[i] | 0x20) != folded.ptr[i])
            return false;
    return true;
}

static void sampled(cv_str log)
{
    const struct cv_set_tables *t = &cv_explain_builtin;
    unsigned long long n = 0;
    double start = now();
    for (size_t at = 64; at + 64 < log.len;) {
        uint32_t key;
        at = cv_set_next(t, log.ptr, at, log.len - 64);
        if (at + 64 >= log.len)
            break;
        memcpy(&key, log.ptr + at, 4);
        for (const struct cv_set_gram *g = cv_set_lookup(t, key | 0x20202020u); g;
             g = g->next ? &t->grams[g->next - 1] : NULL) {
            const struct cv_set_factor *f = &t->factors[g->factor];
            n += same(log.ptr + at - g->at, (cv_str){t->pool + f->text, f->len});
        }
        at += t->stride;
    }
    say("search, four bytes sampled", log.len, now() - start, n);
}

/* ---- Aho-Corasick, one transition a byte; bytes folded by | 0x20 through a table of classes ---- */

struct automaton {
    unsigned char class[256];
    unsigned n_classes;
    uint32_t *next; /* state * n_classes + class */
    uint32_t *fail, *out;
    uint32_t n;
};

static void build(struct automaton *m, const struct cv_set_tables *t)
{
    size_t bytes = 1;
    memset(m, 0, sizeof *m);
    m->n_classes = 1;
    for (uint32_t i = 0; i < t->n_factors; i++)
        for (uint32_t k = 0; k < t->factors[i].len; k++, bytes++) {
            unsigned char c = (unsigned char)t->pool[t->factors[i].text + k];
            if (m->class[c] == 0)
                m->class[c] = (unsigned char)m->n_classes++;
        }
    for (unsigned c = 0; c < 256; c++)
        m->class[c] = m->class[c | 0x20];
    m->next = calloc(bytes * m->n_classes, sizeof *m->next);
    m->fail = calloc(bytes, sizeof *m->fail);
    m->out = calloc(bytes, sizeof *m->out);
    uint32_t *queue = calloc(bytes, sizeof *queue), head = 0, tail = 0;
    m->n = 1;
    for (uint32_t i = 0; i < t->n_factors; i++) {
        uint32_t s = 0;
        for (uint32_t k = 0; k < t->factors[i].len; k++) {
            uint32_t *to = &m->next[s * m->n_classes +
                                    m->class[(unsigned char)t->pool[t->factors[i].text + k]]];
            if (*to == 0)
                *to = m->n++;
            s = *to;
        }
        m->out[s]++;
    }
    for (unsigned c = 0; c < m->n_classes; c++)
        if (m->next[c])
            queue[tail++] = m->next[c];
    while (head < tail) {
        uint32_t s = queue[head++];
        m->out[s] += m->out[m->fail[s]];
        for (unsigned c = 0; c < m->n_classes; c++) {
            uint32_t *to = &m->next[s * m->n_classes + c],
                     back = m->next[m->fail[s] * m->n_classes + c];
            if (*to) {
                m->fail[*to] = back;
                queue[tail++] = *to;
            } else {
                *to = back;
            }
        }
    }
    free(queue);
}

static void aho_corasick(cv_str log)
{
    struct automaton m;
    unsigned long long n = 0;
    uint32_t s = 0;
    build(&m, &cv_explain_builtin);
    double start = now();
    for (size_t i = 0; i < log.len; i++) {
        s = m.next[s * m.n_classes + m.class[(unsigned char)log.ptr[i]]];
        n += m.out[s];
    }
    say("search, Aho-Corasick", log.len, now() - start, n);
    free(m.next), free(m.fail), free(m.out);
}

static void plain_loop(cv_str log)
{
    uint32_t rows = cv_facts_rows(&cv_facts_builtin, CV_T_ERRORS), used = 0;
    regex_t *re = calloc(rows, sizeof *re);
    unsigned long long n = 0;
    for (uint32_t i = 0; re && i < rows; i++) {
        cv_str e = cv_facts_at(&cv_facts_builtin, CV_T_ERRORS, i, 1);
        bool fold = cv_str_starts(e, "(?i)");
        used +=
            regcomp(&re[used], e.ptr + (fold ? 4 : 0), REG_EXTENDED | (fold ? REG_ICASE : 0)) == 0;
    }
    char *copy = malloc(SLOW_BYTES + 1);
    if (!re || !copy)
        exit(2);
    memcpy(copy, log.ptr, SLOW_BYTES);
    copy[SLOW_BYTES] = 0;
    double start = now();
    for (char *p = copy, *end; *p; p = end) {
        end = p + strcspn(p, "\n");
        if (*end)
            *end++ = 0;
        for (uint32_t i = 0; i < used; i++)
            n += regexec(&re[i], p, 0, NULL, 0) == 0;
    }
    say("a loop of regexec, by line", SLOW_BYTES, now() - start, n);
    for (uint32_t i = 0; i < used; i++)
        regfree(&re[i]);
    free(re), free(copy);
}

int main(void)
{
    struct cv_arena a;
    cv_str log = make_log();
    if (log.len == 0)
        return 2;
    cv_arena_init(&a, cv_pages_malloc(), (size_t)64 << 20);
    whole(&a, log);
    whole(&a, log);
    sampled(log);
    aho_corasick(log);
    plain_loop(log);
    cv_arena_done(&a);
    free((void *)(uintptr_t)log.ptr);
    return 0;
}
