/* zip_tool.c: the zip reader and the https reader on the command line, for tests and measurements; never installed.
 *   zip_tool FILE|URL list                   each member: size, packed size, method, name
 *   zip_tool FILE|URL cat NAME [BYTES]       the member's bytes (the first BYTES)
 *   zip_tool FILE|URL check [NAME...]        reads the members named, or all; a line for each that is wrong
 *   zip_tool FILE|URL time NAME              opening in a loop, then streaming the member: milliseconds
 * Ends with 0, or 1 and one sentence on stderr. Of a URL it says on stderr how much was received in how many requests. Environment: CURL_CA_BUNDLE, and
 * ZIP_TOOL_STALL (seconds), ZIP_TOOL_CURL (another libcurl), ZIP_TOOL_STOP (bytes after which the progress function says no). */
#include "base/limits.h"
#include "base/pages.h"
#include "format/inflate.h"
#include "io/http.h"
#include "io/root.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int say(cv_str what)
{
    fprintf(stderr, CV_FMT "\n", CV_ARG(what));
    return 1;
}

struct output {
    bool print;
    uint64_t left;
};

static int take(void *ctx, const unsigned char *bytes, size_t len)
{
    struct output *o = ctx;
    size_t n = len < o->left ? len : (size_t)o->left;
    if (o->print)
        (void)fwrite(bytes, 1, n, stdout);
    o->left -= n;
    return o->left == 0 ? CV_ZIP_STOP : 0;
}

static int stream(struct cv_zip *z, const struct cv_zip_member *m, bool print, uint64_t max)
{
    cv_str what;
    struct output o = {print, max};
    const struct cv_zip_taker to = {take, &o};
    int rc = cv_zip_stream(z, m, &to, NULL, &what);
    return rc < 0 ? say(what) : 0;
}

static int time_it(struct cv_zip *z, const struct cv_zip_member *m)
{
    double best = 1e9;
    for (int i = 0; i < 20; i++) {
        struct cv_arena a;
        struct cv_zip again;
        cv_str what;
        cv_arena_init(&a, cv_pages_malloc(), CV_MAX_ARENA_BYTES);
        double t = now();
        int rc = cv_zip_open(&again, &a, z->reader, &what);
        t = now() - t;
        cv_arena_done(&a);
        if (rc < 0)
            return say(what);
        best = t < best ? t : best;
    }
    double t = now();
    if (stream(z, m, false, UINT64_MAX) != 0)
        return 1;
    printf("open %.3f ms, %u members; stream %.1f ms, %llu bytes\n", best, z->n_members, now() - t,
           (unsigned long long)m->size);
    return 0;
}

static int act(struct cv_zip *z, int n, char **arg)
{
    int rc = 0;
    cv_str verb = cv_str_z(arg[0]);
    bool named = n > 1;
    for (uint32_t i = 0; i < z->n_members && !named; i++) {
        const struct cv_zip_member *m = &z->members[i];
        if (cv_str_eqz(verb, "list"))
            printf("%llu %llu %u " CV_FMT "\n", (unsigned long long)m->size,
                   (unsigned long long)m->packed, m->method, CV_ARG(m->name));
        else
            rc |= stream(z, m, false, UINT64_MAX);
    }
    if (!named)
        return rc;
    int last = cv_str_eqz(verb, "check") ? n : 2;
    for (int i = 1; i < last; i++) {
        const struct cv_zip_member *m = cv_zip_find(z, cv_str_z(arg[i]));
        if (!m)
            return say(CV_S("there is no such member"));
        if (cv_str_eqz(verb, "time"))
            rc |= time_it(z, m);
        else
            rc |= stream(z, m, cv_str_eqz(verb, "cat"), i == 1 && n > last ? strtoull(arg[2], NULL, 10) : UINT64_MAX);
    }
    return rc;
}

static int of_file(struct cv_arena *a, const char *path, int n, char **arg)
{
    struct cv_root root;
    struct cv_window w;
    struct cv_zip z;
    struct cv_error e = {0};
    cv_str what;
    if (cv_root_open(&root, a, NULL, &e) < 0)
        return say(e.msg);
    int rc = 1;
    if (cv_window_open(&root, a, cv_str_z(path), &w, NULL) != CV_KNOWN) {
        cv_root_close(&root);
        return say(CV_S("the file cannot be opened"));
    }
    if (cv_zip_open(&z, a, &w.reader, &what) < 0)
        rc = say(what);
    else
        rc = act(&z, n, arg);
    cv_window_close(&w);
    cv_root_close(&root);
    return rc;
}

static bool progress(void *ctx, uint64_t received, uint64_t size)
{
    (void)size;
    return received < *(const uint64_t *)ctx;
}

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *v = getenv(name);
    return v ? strtoull(v, NULL, 10) : otherwise;
}

static int of_url(struct cv_arena *a, const char *url, int n, char **arg)
{
    struct cv_http h;
    struct cv_zip z;
    cv_str what;
    uint64_t stop = number("ZIP_TOOL_STOP", UINT64_MAX);
    struct cv_http_options o = {.library = getenv("ZIP_TOOL_CURL"),
                                .ca_file = getenv("CURL_CA_BUNDLE"),
                                .stall_s = (unsigned)number("ZIP_TOOL_STALL", 0),
                                .connect_s = (unsigned)number("ZIP_TOOL_STALL", 0),
                                .progress = progress,
                                .progress_ctx = &stop};
    int rc = 1;
    if (cv_http_open(&h, a, cv_str_z(url), &o) < 0) {
        (void)say(h.what);
    } else if (cv_zip_open(&z, a, &h.reader, &what) < 0) {
        (void)say(h.what.len ? h.what : what);
    } else {
        const struct cv_zip_member *m = n == 2 ? cv_zip_find(&z, cv_str_z(arg[1])) : NULL;
        uint64_t at;
        if (m && cv_zip_data(&z, m, &at, &what) == 0)
            cv_http_expect(&h, at, m->packed);
        rc = act(&z, n, arg);
        if (h.what.len)
            rc = say(h.what);
        fprintf(stderr, "received %llu bytes in %u requests\n", (unsigned long long)h.received,
                h.n_requests);
    }
    cv_http_close(&h);
    return rc;
}

int main(int argc, char **argv)
{
    struct cv_arena a;
    if (argc < 3)
        return say(CV_S("usage: zip_tool FILE list | cat NAME [BYTES] | check [NAME...] | time NAME"));
    cv_arena_init(&a, cv_pages_malloc(), CV_MAX_ARENA_BYTES);
    int rc = cv_http_is_url(cv_str_z(argv[1])) ? of_url(&a, argv[1], argc - 2, argv + 2)
                                               : of_file(&a, argv[1], argc - 2, argv + 2);
    cv_arena_done(&a);
    return rc;
}
