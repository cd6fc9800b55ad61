/* test_zip.c: zip archives made here in memory, byte by byte: good ones, zip64, and one for each thing that is refused. */
#include "base/limits.h"
#include "format/inflate.h"
#include "tap.h"

/* 9000 bytes "abcabc...", raw deflate. */
static const unsigned char deflated[] = {0xed, 0xc2, 0x01, 0x0d, 0x00, 0x00, 0x0c, 0x02, 0xa0, 0xac,
                                         0x6a, 0xff, 0x0e, 0xef, 0xf1, 0xc1, 0x48, 0x17, 0x55, 0x55,
                                         0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xfd, 0xfe, 0x00};
#define UNPACKED 9000u

struct entry {
    const char *name;
    const void *data;
    size_t len;
    uint32_t size, crc; /* of a deflated one; 0 = stored */
    bool zip64;         /* sizes and offset in the extra field */
};

struct out {
    unsigned char b[16384];
    size_t n, directory, end;
    size_t central[16], local[16];
};

static void put(struct out *o, const void *p, size_t n)
{
    if (n)
        memcpy(o->b + o->n, p, n);
    o->n += n;
}

static void num(struct out *o, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        o->b[o->n++] = (unsigned char)(v >> (8 * i));
}

static void set(struct out *o, size_t at, uint64_t v, unsigned bytes)
{
    size_t n = o->n;
    o->n = at;
    num(o, v, bytes);
    o->n = n;
}

static uint32_t crc_of(const void *p, size_t n)
{
    const unsigned char *b = p;
    uint32_t c = ~0u;
    for (size_t i = 0; i < n; i++) {
        c ^= b[i];
        for (int k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
    }
    return ~c;
}

static void end_records(struct out *o, unsigned n, bool zip64, const char *comment)
{
    size_t size = o->n - o->directory;
    if (zip64) {
        size_t at = o->n;
        num(o, 0x06064b50, 4), num(o, 44, 8), num(o, 45, 2), num(o, 45, 2), num(o, 0, 8);
        num(o, n, 8), num(o, n, 8), num(o, size, 8), num(o, o->directory, 8);
        num(o, 0x07064b50, 4), num(o, 0, 4), num(o, at, 8), num(o, 1, 4);
    }
    o->end = o->n;
    num(o, 0x06054b50, 4), num(o, 0, 4);
    num(o, zip64 ? 0xffff : n, 2), num(o, zip64 ? 0xffff : n, 2);
    num(o, zip64 ? 0xffffffff : size, 4), num(o, zip64 ? 0xffffffff : o->directory, 4);
    num(o, strlen(comment), 2), put(o, comment, strlen(comment));
}

static struct out make(const struct entry *e, unsigned n, bool zip64, const char *comment)
{
    struct out o = {.n = 0};
    for (unsigned i = 0; i < n; i++) {
        size_t size = e[i].size ? e[i].size : e[i].len;
        uint32_t crc = e[i].size ? e[i].crc : crc_of(e[i].data, e[i].len);
        o.local[i] = o.n;
        num(&o, 0x04034b50, 4), num(&o, 20, 2), num(&o, 0, 2), num(&o, e[i].size ? 8 : 0, 2);
        num(&o, 0, 4), num(&o, crc, 4), num(&o, e[i].len, 4), num(&o, size, 4);
        num(&o, strlen(e[i].name), 2), num(&o, 3, 2);
        put(&o, e[i].name, strlen(e[i].name)), put(&o, "xyz", 3), put(&o, e[i].data, e[i].len);
    }
    o.directory = o.n;
    for (unsigned i = 0; i < n; i++) {
        size_t size = e[i].size ? e[i].size : e[i].len;
        uint32_t crc = e[i].size ? e[i].crc : crc_of(e[i].data, e[i].len), ones = 0xffffffffu;
        o.central[i] = o.n;
        num(&o, 0x02014b50, 4), num(&o, 20, 2), num(&o, 20, 2), num(&o, 0, 2);
        num(&o, e[i].size ? 8 : 0, 2), num(&o, 0, 4), num(&o, crc, 4);
        num(&o, e[i].zip64 ? ones : e[i].len, 4), num(&o, e[i].zip64 ? ones : size, 4);
        num(&o, strlen(e[i].name), 2), num(&o, e[i].zip64 ? 4 + 5 + 4 + 24 : 0, 2), num(&o, 0, 2);
        num(&o, 0, 2), num(&o, 0, 6), num(&o, e[i].zip64 ? ones : o.local[i], 4);
        put(&o, e[i].name, strlen(e[i].name));
        if (e[i].zip64) { /* behind another field */
            num(&o, 0x5455, 2), num(&o, 5, 2), num(&o, 0, 5), num(&o, 1, 2), num(&o, 24, 2);
            num(&o, size, 8), num(&o, e[i].len, 8), num(&o, o.local[i], 8);
        }
    }
    end_records(&o, n, zip64, comment);
    return o;
}

static const struct entry plain[] = {{"a/hello.txt", "hello", 5, 0, 0, false},
                                     {"a/abc", deflated, sizeof deflated, UNPACKED, 0x0, false},
                                     {"empty", "", 0, 0, 0, false}};

static struct entry good[3];

static void make_good(void)
{
    static char text[UNPACKED];
    for (unsigned i = 0; i < UNPACKED; i++)
        text[i] = "abc"[i % 3];
    memcpy(good, plain, sizeof good);
    good[1].crc = crc_of(text, UNPACKED);
}

static int open_it(struct cv_arena *a, const struct out *o, cv_str *mem, struct cv_reader *r,
                   struct cv_zip *z, cv_str *what)
{
    *mem = (cv_str){(const char *)o->b, o->n};
    cv_reader_mem(r, mem);
    *what = CV_S("");
    return cv_zip_open(z, a, r, what);
}

static void test_good(bool zip64, const char *comment, const char *name)
{
    struct cv_arena a = tap_arena();
    struct cv_zip z;
    struct cv_reader r;
    cv_str mem, what, text;
    struct entry e[3];
    memcpy(e, good, sizeof e);
    for (unsigned i = 0; i < 3; i++)
        e[i].zip64 = zip64;
    struct out o = make(e, 3, zip64, comment);
    is_int(open_it(&a, &o, &mem, &r, &z, &what), 0, name);
    is_int(z.n_members, 3, "three members");
    const struct cv_zip_member *m = cv_zip_find(&z, CV_S("a/hello.txt"));
    ok(m && cv_zip_read(&z, m, 100, &text, &what) == 0 && cv_str_eqz(text, "hello"), "a stored one");
    m = cv_zip_find(&z, CV_S("a/abc"));
    for (int twice = 0; twice < 2; twice++)
        ok(m && cv_zip_read(&z, m, 1 << 20, &text, &what) == 0 && text.len == UNPACKED &&
               cv_str_starts(text, "abcabc") && cv_str_ends(text, "abc"),
           "a deflated one");
    ok(m && cv_zip_read(&z, m, 100, &text, &what) == CV_E_LIMIT, "not more than asked for");
    m = cv_zip_find(&z, CV_S("empty"));
    ok(m && cv_zip_read(&z, m, 0, &text, &what) == 0 && text.len == 0, "an empty one");
    ok(!cv_zip_find(&z, CV_S("a/hello")) && !cv_zip_find(&z, CV_S("")), "an absent one");
    cv_arena_done(&a);
}

/* Opens what `o` holds, which must be refused with a sentence that has `word` in it. */
static void refused(const struct out *o, int code, const char *word, const char *name)
{
    struct cv_arena a = tap_arena();
    struct cv_zip z;
    struct cv_reader r;
    cv_str mem, what;
    int rc = open_it(&a, o, &mem, &r, &z, &what);
    is_int(rc, code, name);
    if (!ok(cv_str_has(what, word), "and the sentence says it"))
        fprintf(stderr, "#   " CV_FMT "\n", CV_ARG(what));
    cv_arena_done(&a);
}

/* Opens well; then reading its first member fails with `word`. */
static void unreadable(const struct out *o, unsigned member, const char *word, const char *name)
{
    struct cv_arena a = tap_arena();
    struct cv_zip z;
    struct cv_reader r;
    cv_str mem, what, text;
    int rc = open_it(&a, o, &mem, &r, &z, &what);
    if (rc == 0)
        rc = cv_zip_read(&z, &z.members[member], 1 << 20, &text, &what);
    is_int(rc, CV_E_INPUT, name);
    if (!ok(cv_str_has(what, word), "and the sentence says it"))
        fprintf(stderr, "#   " CV_FMT "\n", CV_ARG(what));
    cv_arena_done(&a);
}

/* `good` with one number changed. */
static struct out changed(size_t at, uint64_t v, unsigned bytes, char where)
{
    struct out o = make(good, 3, false, "");
    size_t base = where == 'c' ? o.central[0] : where == 'd' ? o.central[1] : where == 'e' ? o.end : where == 'l' ? o.local[0] : where == 'm' ? o.local[1] : 0;
    set(&o, base + at, v, bytes);
    return o;
}

static void test_end_refusals(void)
{
    struct out o = make(good, 3, false, "");
    o.n = 0;
    refused(&o, CV_E_INPUT, "no end record", "an empty file");
    o = make(good, 3, false, "");
    o.n -= 1;
    refused(&o, CV_E_INPUT, "no end record", "cut by one byte");
    o = make(good, 3, false, "");
    o.n += 1;
    refused(&o, CV_E_INPUT, "no end record", "one byte too many");
    o = changed(4, 1, 2, 'e');
    refused(&o, CV_E_INPUT, "several files", "the second of two disks");
    o = changed(8, 2, 2, 'e');
    refused(&o, CV_E_INPUT, "several files", "members on another disk");
    o = changed(16, 7, 4, 'e');
    refused(&o, CV_E_INPUT, "does not end where", "a directory elsewhere");
    o = changed(8, 0x00020002, 4, 'e');
    refused(&o, CV_E_INPUT, "more than its members", "a member hidden in the directory");
    o = changed(8, 0x00040004, 4, 'e');
    refused(&o, CV_E_INPUT, "too short", "one member more than there are");
    o = changed(8, 0x10001000, 4, 'e');
    refused(&o, CV_E_INPUT, "too short", "more members than there is room for");
    o = changed(12, 0x7fffffff, 4, 'e');
    refused(&o, CV_E_LIMIT, "too large", "a directory of 2 GB");
    o = changed(16, 0xffffffff, 4, 'e');
    refused(&o, CV_E_INPUT, "locator is missing", "zip64 without a locator");
    o = make(good, 3, true, "");
    set(&o, o.end - 12, o.n, 8);
    refused(&o, CV_E_INPUT, "outside", "a zip64 record outside the file");
    o = make(good, 3, true, "");
    set(&o, o.end - 12, o.directory, 8);
    refused(&o, CV_E_INPUT, "malformed", "a zip64 record that is none");
    o = make(good, 3, true, "");
    set(&o, o.end + 16, 5, 4);
    refused(&o, CV_E_INPUT, "contradict", "two end records that differ");
    o = make(good, 3, true, "");
    set(&o, o.end - 20 - 24, (uint64_t)1 << 40, 8), set(&o, o.end - 20 - 32, (uint64_t)1 << 40, 8);
    refused(&o, CV_E_LIMIT, "too large", "10^12 members");
}

static void test_member_refusals(void)
{
    struct out o = changed(8, 1, 2, 'c');
    refused(&o, CV_E_INPUT, "encrypted", "encrypted");
    o = changed(42, 0x7fffff, 4, 'c');
    refused(&o, CV_E_INPUT, "outside", "an offset outside");
    o = changed(20, 0x7fffff, 4, 'c');
    refused(&o, CV_E_INPUT, "outside", "a size outside");
    o = changed(42, make(good, 3, false, "").directory - 20, 4, 'c');
    refused(&o, CV_E_INPUT, "outside", "in the directory");
    o = changed(42, 1, 4, 'd');
    refused(&o, CV_E_INPUT, "overlaps", "two members overlap");
    o = changed(42, 0, 4, 'd');
    refused(&o, CV_E_INPUT, "overlaps", "two members with one header");
    o = changed(24, 6, 4, 'c');
    refused(&o, CV_E_INPUT, "two sizes", "a stored member with two sizes");
    o = changed(24, 0x7fffffff, 4, 'd');
    refused(&o, CV_E_INPUT, "more than deflate", "a zip bomb");
    o = changed(24, 0xffffffff, 4, 'c');
    refused(&o, CV_E_INPUT, "zip64", "a zip64 size that is not there");
    o = changed(30, 0xffff, 2, 'c');
    refused(&o, CV_E_INPUT, "cut short", "an extra field beyond the directory");
    o = changed(0, 0, 1, 'd');
    refused(&o, CV_E_INPUT, "entry 2", "an entry without its signature");
    o = changed(34, 1, 2, 'c');
    refused(&o, CV_E_INPUT, "several files", "a member on another disk");
    struct entry big = {"a", "", 0, 0, 0, true};
    o = make(&big, 1, false, "");
    set(&o, o.central[0] + 46 + 1 + 13, (uint64_t)1 << 40, 8);
    set(&o, o.central[0] + 10, 9, 2);
    refused(&o, CV_E_INPUT, "too large", "a terabyte unpacked, packed some other way");
    set(&o, o.central[0] + 46 + 1 + 13 + 8, UINT64_MAX - 3, 8);
    refused(&o, CV_E_INPUT, "outside", "a packed size that would overflow");
    set(&o, o.central[0] + 46 + 1 + 13 + 8, 0, 8);
    set(&o, o.central[0] + 46 + 1 + 13 + 16, UINT64_MAX - 3, 8);
    refused(&o, CV_E_INPUT, "outside", "an offset that would overflow");
}

static void test_names(void)
{
    static const char *const bad[] = {"",      "/etc/passwd", "..",      "a/../b",   "a/..",   "./a", "a//b",
                                      "a\\b", "a\nb",        "\177a", "a/./b", "../a"};
    static const char *const fine[] = {"..a", "a..", ".a/.b", "a/", "a/...", "\xc3\xa4/b", "C:x y"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct entry e = {bad[i], "x", 1, 0, 0, false};
        struct out o = make(&e, 1, false, "");
        refused(&o, CV_E_INPUT, "plain relative path", bad[i][0] ? "an absurd name" : "no name");
    }
    struct entry e = {"aXb", "x", 1, 0, 0, false};
    struct out o = make(&e, 1, false, "");
    o.b[o.central[0] + 47] = 0;
    refused(&o, CV_E_INPUT, "plain relative path", "NUL in a name");
    struct entry all[sizeof fine / sizeof *fine];
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        all[i] = (struct entry){fine[i], "x", 1, 0, 0, false};
    o = make(all, sizeof fine / sizeof *fine, false, "");
    struct cv_arena a = tap_arena();
    struct cv_zip z;
    struct cv_reader r;
    cv_str mem, what;
    is_int(open_it(&a, &o, &mem, &r, &z, &what), 0, "odd names that are fine");
    static char wide[CV_MAX_PATH + 2];
    memset(wide, 'n', sizeof wide - 1);
    e.name = wide;
    o = make(&e, 1, false, "");
    refused(&o, CV_E_INPUT, "plain relative path", "a name of 4097 bytes");
    struct entry twice[] = {good[0], good[2], good[0]};
    o = make(twice, 3, false, "");
    refused(&o, CV_E_INPUT, "twice", "a name that is there twice");
    cv_arena_done(&a);
}

static void test_damage(void)
{
    struct out o = changed(0, 0, 1, 'l');
    unreadable(&o, 0, "local header", "no local header");
    o = changed(30, 'b', 1, 'l');
    unreadable(&o, 0, "local header", "another name in the local header");
    o = changed(8, 8, 2, 'l');
    unreadable(&o, 0, "local header", "another method in the local header");
    o = changed(18, 4, 4, 'l');
    unreadable(&o, 0, "two different sizes", "another size in the local header");
    o = changed(28, 200, 2, 'l');
    unreadable(&o, 0, "overlaps", "an extra field that reaches into the next member");
    o = changed(30 + 11 + 3, 'H', 1, 'l');
    unreadable(&o, 0, "CRC-32", "a changed byte");
    o = changed(24, UNPACKED + 1, 4, 'd');
    set(&o, o.local[1] + 22, UNPACKED + 1, 4);
    unreadable(&o, 1, "shorter", "less than announced");
    o = changed(24, UNPACKED - 1, 4, 'd');
    set(&o, o.local[1] + 22, UNPACKED - 1, 4);
    unreadable(&o, 1, "longer", "more than announced");
    o = changed(20, sizeof deflated - 2, 4, 'd');
    set(&o, o.local[1] + 18, sizeof deflated - 2, 4);
    unreadable(&o, 1, "cut short", "packed data without its end");
    o = changed(30 + 5 + 3, 0xff, 1, 'm');
    unreadable(&o, 1, "damaged", "packed data that is none");
    o = changed(10, 12, 2, 'd');
    set(&o, o.local[1] + 8, 12, 2);
    unreadable(&o, 1, "method 12", "another way of packing");
    struct entry more = good[1];
    unsigned char longer[sizeof deflated + 3] = {0};
    memcpy(longer, deflated, sizeof deflated);
    more.data = longer;
    more.len = sizeof longer;
    o = make(&more, 1, false, "");
    unreadable(&o, 0, "ends before", "bytes behind the packed data");
}

static int stop_at_once(void *ctx, const unsigned char *bytes, size_t len)
{
    (void)bytes;
    *(size_t *)ctx += len;
    return CV_ZIP_STOP;
}

static int fails(void *ctx, const unsigned char *bytes, size_t len)
{
    (void)ctx, (void)bytes, (void)len;
    return CV_E_USAGE;
}

static void test_takers(void)
{
    struct cv_arena a = tap_arena();
    struct cv_zip z;
    struct cv_reader r;
    cv_str mem, what;
    size_t n = 0;
    bool whole = true;
    struct out o = make(good, 3, false, "a comment");
    if (open_it(&a, &o, &mem, &r, &z, &what) == 0) {
        struct cv_zip_taker stop = {stop_at_once, &n}, bad = {fails, NULL};
        is_int(cv_zip_stream(&z, &z.members[1], &stop, &whole, &what), 0, "stopped");
        ok(!whole && n == UNPACKED, "is not whole");
        is_int(cv_zip_stream(&z, &z.members[0], &bad, &whole, &what), CV_E_USAGE, "the taker's error");
    }
    cv_arena_done(&a);
    for (unsigned pages = 0; pages < 6; pages++) {
        unsigned left = pages;
        struct cv_arena few = tap_arena_pages(&left);
        cv_str text;
        int rc = open_it(&few, &o, &mem, &r, &z, &what);
        if (rc == 0)
            rc = cv_zip_read(&z, &z.members[1], 1 << 20, &text, &what);
        ok(rc == 0 || rc == CV_E_NOMEM, "out of memory is said");
        cv_arena_done(&few);
    }
}

static bool no_read(void *ctx, uint64_t off, void *ret, size_t len)
{
    (void)ctx, (void)off, (void)ret, (void)len;
    return false;
}

static void test_cuts(void)
{
    struct out o = make(good, 3, true, "");
    size_t n = o.n, opened = 0;
    for (o.n = 0; o.n < n; o.n++) {
        struct cv_arena a = tap_arena();
        struct cv_zip z;
        struct cv_reader r;
        cv_str mem, what;
        opened += open_it(&a, &o, &mem, &r, &z, &what) == 0;
        cv_arena_done(&a);
    }
    is_int(opened, 0, "no part of an archive is one");
    struct cv_arena a = tap_arena();
    struct cv_zip z;
    const struct cv_reader r = {.size = 5000, .read_at = no_read};
    cv_str what;
    is_int(cv_zip_open(&z, &a, &r, &what), CV_E_IO, "a file that cannot be read");
    cv_arena_done(&a);
}

int main(void)
{
    make_good();
    test_good(false, "", "a plain archive");
    test_good(true, "", "zip64");
    test_good(false, "PK\005\006 is said in its comment, which is not an end record", "a comment");
    test_end_refusals();
    test_member_refusals();
    test_names();
    test_damage();
    test_takers();
    test_cuts();
    return done();
}
