/* http.c: see http.h. One libcurl handle a file: it keeps the connection. What is kept of the file is in http_cache.c. */
#include "io/http.h"

#include "io/http_int.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define CV_HTTP_REDIRECTS 5L

struct cv_symbol {
    size_t offset; /* in struct cv_curl_api */
    const char *name;
};

static const struct cv_symbol cv_curl_symbols[] = {
    {offsetof(struct cv_curl_api, init), "curl_easy_init"},
    {offsetof(struct cv_curl_api, cleanup), "curl_easy_cleanup"},
    {offsetof(struct cv_curl_api, setopt), "curl_easy_setopt"},
    {offsetof(struct cv_curl_api, perform), "curl_easy_perform"},
    {offsetof(struct cv_curl_api, getinfo), "curl_easy_getinfo"},
    {offsetof(struct cv_curl_api, words), "curl_easy_strerror"},
};

static bool is_https(cv_str url)
{
    return url.len > 8 && cv_str_ieq(cv_str_sub(url, 0, 8), CV_S("https://"));
}

static bool is_http(cv_str url)
{
    return url.len > 7 && cv_str_ieq(cv_str_sub(url, 0, 7), CV_S("http://"));
}

bool cv_http_is_url(cv_str text)
{
    return is_https(text) || is_http(text);
}

/* "user:password@host:port" of a URL, and what follows it. */
static void split_url(cv_str url, cv_str *ret_authority, cv_str *ret_rest)
{
    size_t from = cv_str_find(url, CV_S("://")) + 3, to = from;
    while (to < url.len && url.ptr[to] != '/' && url.ptr[to] != '?' && url.ptr[to] != '#')
        to++;
    *ret_authority = cv_str_sub(url, from, to - from);
    *ret_rest = cv_str_from(url, to);
}

static cv_str host_of(cv_str url)
{
    cv_str authority, rest;
    split_url(url, &authority, &rest);
    size_t at = cv_str_rfindc(authority, '@');
    return at == SIZE_MAX ? authority : cv_str_from(authority, at + 1);
}

static bool is_loopback(cv_str url)
{
    static const char *const names[] = {"127.0.0.1", "[::1]", "localhost"};
    cv_str host = host_of(url);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);
        if (cv_str_starts(host, names[i]) && (host.len == n || host.ptr[n] == ':'))
            return true;
    }
    return false;
}

/* For people and logs: a password or a signature in the URL is not theirs. */
static cv_str shown_url(struct cv_arena *a, cv_str url)
{
    cv_str authority, rest, host = host_of(url);
    split_url(url, &authority, &rest);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '?' && rest.ptr[end] != '#')
        end++;
    return cv_arena_fmt(a, "%s://" CV_FMT CV_FMT, is_https(url) ? "https" : "http", CV_ARG(host),
                        (int)end, rest.ptr ? rest.ptr : "");
}

static int fail(struct cv_http *h, int code, const char *what)
{
    if (h->what.len == 0)
        h->what = cv_arena_fmt(h->state->arena, CV_FMT ": %s", CV_ARG(h->shown), what);
    if (h->what.len == 0)
        h->what = CV_S("out of memory");
    return code;
}

/* The value of "Name: value", blanks trimmed. */
static bool header_is(cv_str line, const char *name, cv_str *ret)
{
    size_t n = strlen(name);
    if (line.len <= n || line.ptr[n] != ':' || !cv_str_ieq(cv_str_sub(line, 0, n), cv_str_z(name)))
        return false;
    *ret = cv_str_trim(cv_str_from(line, n + 1));
    return true;
}

/* "bytes 200-1023/146515" */
static bool parse_range(cv_str v, struct cv_http_answer *to)
{
    cv_str first, last;
    if (!cv_str_starts(v, "bytes "))
        return false;
    v = cv_str_trim(cv_str_from(v, 6));
    return cv_str_next(&v, '-', &first) && cv_str_next(&v, '/', &last) &&
           cv_str_u64(first, &to->first) && cv_str_u64(last, &to->last) &&
           cv_str_u64(v, &to->size) && to->first <= to->last && to->last < to->size;
}

static void keep(char *to, cv_str v)
{
    size_t n = v.len < CV_HTTP_TAG - 1 ? v.len : CV_HTTP_TAG - 1;
    if (n)
        memcpy(to, v.ptr, n);
    to[n] = 0;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *ctx)
{
    struct cv_http_state *s = ctx;
    cv_str line = {bytes, size * n}, v;
    s->header_bytes += line.len;
    if (s->header_bytes > CV_MAX_HTTP_HEADERS)
        return 0; /* headers without end */
    if (cv_str_starts(
            line,
            "HTTP/")) { /* "HTTP/1.1 206 Partial Content": a new answer, after a redirect too */
        cv_str rest = line, word;
        uint32_t status;
        s->answer = (struct cv_http_answer){0};
        bool version = cv_str_word(&rest, &word);
        if (version && cv_str_word(&rest, &word) && cv_str_u32(cv_str_trim(word), &status))
            s->answer.status = status;
    } else if (header_is(line, "content-range", &v)) {
        s->answer.ranged = parse_range(v, &s->answer);
    } else if (header_is(line, "etag", &v)) {
        keep(s->answer.tag, v);
    } else if (header_is(line, "last-modified", &v) && s->answer.tag[0] == 0) {
        keep(s->answer.tag, v);
    } else if (cv_str_trim(line).len == 0 && s->answer.status >= 200 && s->answer.status != 206 &&
               s->answer.status / 100 != 3) {
        return 0; /* the headers end: an error, or the whole file; its body is not waited for */
    }
    return size * n;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct cv_http_state *s = ctx;
    size_t len = size * n;
    /* A page about an error, or the whole file: not a byte more than what came by now. */
    if (s->answer.status != 206 || !s->answer.ranged || len > s->want - s->got)
        return 0;
    memcpy(s->to + s->got, bytes, len);
    s->got += len;
    s->http->received += len;
    if (s->options.progress &&
        !s->options.progress(s->options.progress_ctx, s->http->received, s->http->reader.size)) {
        s->cancelled = true;
        return 0;
    }
    return len;
}

/* What a status says, for the ones that people meet. */
static int refuse_status(struct cv_http *h, unsigned status)
{
    char text[160];
    if (status == 200)
        return fail(h, CV_E_IO, "the server does not answer requests for a part of the file");
    const char *words = status == 401 || status == 407   ? " (it asks for a login)"
                        : status == 403                  ? " (it refuses)"
                        : status == 404 || status == 410 ? " (there is no such file)"
                        : status == 416                  ? " (no such part; is the file empty?)"
                        : status == 429                  ? " (too many requests)"
                        : status >= 500                  ? " (the server is in trouble)"
                                                         : "";
    (void)snprintf(text, sizeof text, "the server answers %u%s", status, words);
    return fail(h, status == 404 || status == 410 ? CV_E_NOTFOUND : CV_E_IO, text);
}

/* Seconds that one request may take: a server that sends a byte now and then is never stalled and never done. */
static long time_for(const struct cv_http_state *s)
{
    unsigned stall = s->options.stall_s ? s->options.stall_s : CV_HTTP_STALL_S;
    return (long)((uint64_t)2 * stall + s->want / CV_HTTP_SLOWEST);
}

/* One request for `range` into s->to, room for s->want bytes. 0 = an answer that holds a part of the file: s->answer says which. */
static int request(struct cv_http *h, const char *range)
{
    struct cv_http_state *s = h->state;
    char text[CV_CURL_ERROR_SIZE + 128];
    s->answer = (struct cv_http_answer){0};
    s->got = s->header_bytes = 0;
    s->words[0] = 0;
    if (h->n_requests++ == CV_MAX_HTTP_REQUESTS)
        return fail(h, CV_E_LIMIT, "it would take too many requests to read it");
    int rc = s->curl.setopt(s->easy, CV_CURL_RANGE, range);
    if (rc == 0)
        rc = s->curl.setopt(s->easy, CV_CURL_TIMEOUT, time_for(s));
    if (rc == 0)
        rc = s->curl.perform(s->easy);
    if (s->cancelled)
        return fail(h, CV_E_IO, "stopped");
    if (s->header_bytes > CV_MAX_HTTP_HEADERS)
        return fail(h, CV_E_IO, "the server sends headers without end");
    if (rc == CV_CURL_TOO_MANY_REDIRECTS)
        return fail(h, CV_E_IO, "the server redirects again and again");
    if (rc == CV_CURL_UNSUPPORTED_PROTOCOL && s->answer.status != 0)
        return fail(h, CV_E_IO, "the server redirects to an address that is not https");
    /* libcurl's "write error" is our own refusal of the body; after a redirect the words are about where it leads. */
    unsigned status = s->answer.status;
    if ((status >= 200 && status < 300 && status != 206) || status >= 400)
        return refuse_status(h, status);
    if (status == 206 && !s->answer.ranged)
        return fail(h, CV_E_IO, "the server does not say which part of the file it sends");
    if (rc != 0) {
        (void)snprintf(text, sizeof text, "%s", s->words[0] ? s->words : s->curl.words(rc));
        return fail(h, CV_E_IO, text);
    }
    if (status != 206)
        return refuse_status(h, status);
    if (s->answer.last - s->answer.first + 1 != s->got)
        return fail(h, CV_E_IO, "the answer is cut short");
    return 0;
}

int cv_http_fetch(struct cv_http *h, uint64_t off, void *to, size_t len)
{
    struct cv_http_state *s = h->state;
    char range[64];
    if (h->what.len > 0)
        return CV_E_IO;
    (void)snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)off,
                   (unsigned long long)(off + len - 1));
    s->to = to;
    s->want = len;
    int rc = request(h, range);
    if (rc < 0)
        return rc;
    if (s->answer.size != h->reader.size || strcmp(s->answer.tag, s->tag) != 0)
        return fail(h, CV_E_IO, "the file on the server changed while it was read");
    if (s->answer.first != off || s->got != len)
        return fail(h, CV_E_IO, "the server sends another part of the file than the one asked for");
    return 0;
}

/* The address after redirects serves all further requests; it must be as safe as the first one. */
static int settle_url(struct cv_http *h, cv_str url)
{
    struct cv_http_state *s = h->state;
    const char *last = NULL;
    if (s->curl.getinfo(s->easy, CV_CURL_INFO_EFFECTIVE_URL, &last) != 0 || !last)
        return fail(h, CV_E_IO, "libcurl does not tell the address after redirects");
    cv_str to = cv_str_z(last);
    if (is_https(url) ? !is_https(to) : !is_https(to) && !(is_http(to) && is_loopback(to)))
        return fail(h, CV_E_IO, "the server redirects to an address that is not https");
    if (s->curl.setopt(s->easy, CV_CURL_URL, cv_arena_z(s->arena, to)) != 0)
        return fail(h, CV_E_NOMEM, "out of memory");
    return 0;
}

/* The file's end, its size and its version. A server that does not know "the last N bytes" is asked for the first byte, which tells the size too. */
static int first_request(struct cv_http *h, cv_str url)
{
    struct cv_http_state *s = h->state;
    char range[32];
    s->tail = cv_arena_raw(s->arena, CV_HTTP_BLOCK);
    if (!s->tail)
        return fail(h, CV_E_NOMEM, "out of memory");
    s->to = s->tail;
    s->want = CV_HTTP_BLOCK;
    (void)snprintf(range, sizeof range, "-%u", CV_HTTP_BLOCK);
    int rc = request(h, range);
    unsigned status = s->answer.status;
    if (rc < 0 && (status == 200 || status == 400 || status == 416 || status == 501)) {
        h->what = CV_S("");
        s->want = 1;
        rc = request(h, "0-0");
    }
    if (rc == 0)
        rc = settle_url(h, url);
    if (rc < 0)
        return rc;
    h->reader.size = s->answer.size;
    memcpy(s->tag, s->answer.tag, sizeof s->tag);
    bool is_end = s->answer.last == s->answer.size - 1;
    s->tail_off = is_end ? s->answer.first : s->answer.size;
    return 0;
}

static int load_curl(struct cv_http *h)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4"};
    struct cv_http_state *s = h->state;
    /* Never unloaded: TLS libraries leave handlers behind that run at exit. */
    if (s->options.library)
        s->lib = dlopen(s->options.library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    for (size_t i = 0; i < sizeof names / sizeof *names && !s->options.library && !s->lib; i++)
        s->lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!s->lib)
        return fail(h, CV_E_IO,
                    "reading from the network needs libcurl (Debian, Ubuntu: libcurl4; Fedora: "
                    "libcurl), which is not installed");
    for (size_t i = 0; i < sizeof cv_curl_symbols / sizeof *cv_curl_symbols; i++) {
        void *p = dlsym(s->lib, cv_curl_symbols[i].name);
        if (!p)
            return fail(h, CV_E_IO,
                        "the libcurl that is installed lacks a function that is needed");
        memcpy((char *)&s->curl + cv_curl_symbols[i].offset, &p, sizeof p);
    }
    return 0;
}

static int set_up(struct cv_http *h, cv_str url)
{
    struct cv_http_state *s = h->state;
    long protocols = is_https(url) ? CV_CURL_PROTO_HTTPS : CV_CURL_PROTO_HTTP | CV_CURL_PROTO_HTTPS;
    cv_curl_data_fn *body = on_body, *header = on_header;
    s->easy = s->curl.init();
    if (!s->easy)
        return fail(h, CV_E_IO, "libcurl cannot be started");
    /* Signals stay as libcurl has them: it ignores SIGPIPE while it works. */
    int bad = s->curl.setopt(s->easy, CV_CURL_URL, cv_arena_z(s->arena, url));
    bad |= s->curl.setopt(s->easy, CV_CURL_PROTOCOLS, protocols);
    bad |= s->curl.setopt(s->easy, CV_CURL_REDIR_PROTOCOLS, protocols);
    bad |= s->curl.setopt(s->easy, CV_CURL_FOLLOWLOCATION, 1L);
    bad |= s->curl.setopt(s->easy, CV_CURL_MAXREDIRS, CV_HTTP_REDIRECTS);
    bad |= s->curl.setopt(s->easy, CV_CURL_CONNECTTIMEOUT,
                          s->options.connect_s ? (long)s->options.connect_s : 10L);
    bad |= s->curl.setopt(s->easy, CV_CURL_LOW_SPEED_LIMIT, 1L);
    bad |= s->curl.setopt(s->easy, CV_CURL_LOW_SPEED_TIME,
                          s->options.stall_s ? (long)s->options.stall_s : (long)CV_HTTP_STALL_S);
    bad |= s->curl.setopt(s->easy, CV_CURL_USERAGENT, "cuvet/" CUVET_VERSION);
    bad |= s->curl.setopt(s->easy, CV_CURL_ERRORBUFFER, s->words);
    bad |= s->curl.setopt(s->easy, CV_CURL_WRITEFUNCTION, body);
    bad |= s->curl.setopt(s->easy, CV_CURL_WRITEDATA, (void *)s);
    bad |= s->curl.setopt(s->easy, CV_CURL_HEADERFUNCTION, header);
    bad |= s->curl.setopt(s->easy, CV_CURL_HEADERDATA, (void *)s);
    /* A proxy's own answers are no answers of the server. */
    bad |= s->curl.setopt(s->easy, CV_CURL_SUPPRESS_CONNECT_HEADERS, 1L);
    if (s->options.ca_file)
        bad |= s->curl.setopt(s->easy, CV_CURL_CAINFO, s->options.ca_file);
    return bad ? fail(h, CV_E_IO, "libcurl does not take an option that is needed") : 0;
}

static bool is_plain(cv_str url)
{
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.ptr[i] <= 0x20 || url.ptr[i] == 0x7f)
            return false;
    return true;
}

int cv_http_open(struct cv_http *ret, struct cv_arena *a, cv_str url,
                 const struct cv_http_options *o)
{
    *ret = (struct cv_http){.shown = url};
    struct cv_http_state *s = cv_arena_alloc(a, sizeof *s);
    if (!s) {
        ret->what = CV_S("out of memory");
        return CV_E_NOMEM;
    }
    ret->state = s;
    *s = (struct cv_http_state){.arena = a, .http = ret, .options = *o, .ahead = CV_HTTP_AHEAD_MIN};
    if (!cv_http_is_url(url) || !is_plain(url))
        return fail(ret, CV_E_USAGE, "this is no https address");
    ret->shown = shown_url(a, url);
    if (!is_https(url) && !is_loopback(url))
        return fail(ret, CV_E_USAGE, "only https is read from other machines");
    ret->reader = (struct cv_reader){.read_at = cv_http_read_at, .ctx = ret};
    int rc = load_curl(ret);
    if (rc == 0)
        rc = set_up(ret, url);
    if (rc == 0)
        rc = first_request(ret, url);
    return rc;
}

void cv_http_close(struct cv_http *h)
{
    struct cv_http_state *s = h->state;
    if (!s)
        return;
    if (s->easy)
        s->curl.cleanup(s->easy);
    if (s->lib)
        (void)dlclose(s->lib);
    h->state = NULL;
}
