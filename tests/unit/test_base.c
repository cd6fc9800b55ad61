/* test_base.c: strings, arena, buffer, bounded reader; out of memory at every page. */
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "core/finding.h"
#include "tap.h"

static struct {
    int left; /* pages that may still be given */
} pages;

static void *page_get(void *ctx, size_t size)
{
    (void)ctx;
    return pages.left-- > 0 ? malloc(size) : NULL;
}

static void test_str(void)
{
    cv_str rest = CV_S("a,,b"), part;
    is_int(cv_str_next(&rest, ',', &part) && cv_str_eqz(part, "a"), 1, "first part");
    is_int(cv_str_next(&rest, ',', &part) && part.len == 0, 1, "an empty part is a part");
    is_int(cv_str_next(&rest, ',', &part) && cv_str_eqz(part, "b"), 1, "last part");
    is_int(cv_str_next(&rest, ',', &part), 0, "nothing is left");
    rest = CV_S("one\r\ntwo\nthree");
    int n = 0;
    while (cv_str_line(&rest, &part))
        n++;
    is_int(n, 3, "lines with CR LF, LF and none");
    is_str(part, "three", "the last line needs no end");
    is_str(cv_str_trim(CV_S(" \t x y \r\n")), "x y", "trim");
    is_str(cv_str_base(CV_S("/a/b/c")), "c", "base name");
    is_str(cv_str_dir(CV_S("/a")), "/", "folder of a top entry");
    is_str(cv_str_dir(CV_S("a")), ".", "folder of a bare name");
    uint64_t v = 7;
    ok(cv_str_u64(CV_S("18446744073709551615"), &v) && v == UINT64_MAX, "the largest number");
    ok(!cv_str_u64(CV_S("18446744073709551616"), &v), "one more does not fit");
    ok(!cv_str_u64(CV_S(""), &v) && !cv_str_u64(CV_S("1x"), &v) && !cv_str_u64(CV_S("-1"), &v),
       "no number");
    ok(cv_str_hex(CV_S("0x10de"), &v) && v == 0x10de, "hex");
    ok(!cv_str_hex(CV_S("0x"), &v) && !cv_str_hex(CV_S("11112222333344445"), &v), "bad hex");
    ok(cv_str_find(CV_S("aaab"), CV_S("aab")) == 1 &&
           cv_str_find(CV_S("aaa"), CV_S("b")) == SIZE_MAX,
       "find");
    ok(cv_str_has_word(CV_S("535, 570"), ',', CV_S("570")) &&
           !cv_str_has_word(CV_S("5355"), ',', CV_S("535")),
       "word in a list");
}

static void test_arena(struct cv_arena *a)
{
    cv_str s = cv_arena_fmt(a, "%s-%d", "x", 5);
    is_str(s, "x-5", "formatted text");
    is_int(s.ptr[s.len], 0, "arena text ends in NUL");
    struct {
        CV_LIST(int, v);
    } list = {0};
    for (int i = 0; i < 1000; i++)
        *CV_PUSH(a, &list, v) = i;
    ok(list.n_v == 1000 && list.v[0] == 0 && list.v[999] == 999,
       "a growing array keeps its elements");
    struct cv_buf b;
    cv_buf_init(&b, a);
    for (int i = 0; i < 500; i++)
        cv_buf_fmt(&b, "%03d", i);
    ok(b.len == 1500 && memcmp(b.ptr + 1497, "499", 3) == 0, "a growing buffer keeps its text");
    ok(!cv_arena_alloc(a, SIZE_MAX) && a->oom, "an absurd size is out of memory, not a crash");
}

static void test_oom(void)
{
    struct cv_page_ops ops = {page_get, cv_page_put, NULL};
    bool survived = true;
    for (int n = 0; n < 4; n++) {
        struct cv_arena a;
        struct cv_buf b;
        pages.left = n;
        cv_arena_init(&a, ops, (size_t)1 << 30);
        cv_buf_init(&b, &a);
        for (int i = 0; i < 100000; i++)
            cv_buf_addz(&b, "0123456789");
        survived = survived && a.oom && cv_arena_str(&a, CV_S("x")).ptr;
        cv_arena_done(&a);
        cv_arena_done(&a);
    }
    ok(survived, "running out of pages sets oom and nothing else");
    struct cv_arena small;
    pages.left = 1000;
    cv_arena_init(&small, ops, 200000);
    while (cv_arena_alloc(&small, 1000))
        ;
    ok(small.oom && small.total <= 200000, "the limit of an arena holds");
    cv_arena_done(&small);
}

static void test_bytes(void)
{
    const cv_str mem = CV_S("\x01\x02\x03\x04\x05\x06\x07\x08");
    struct cv_reader r;
    unsigned char to[8];
    cv_reader_mem(&r, &mem);
    ok(cv_read(&r, 0, to, 8) && cv_le64(to) == 0x0807060504030201u && cv_le32(to) == 0x04030201u &&
           cv_le16(to) == 0x0201,
       "little endian");
    ok(!cv_read(&r, 1, to, 8) && !cv_read(&r, UINT64_MAX, to, 8) && !cv_read(&r, 8, to, 1),
       "nothing beyond the end");
    ok(cv_read(&r, 8, to, 0), "nothing at the end is fine");
    uint64_t v;
    ok(!cv_add64(UINT64_MAX, 1, &v) && !cv_mul64(UINT64_MAX, 2, &v), "overflow is told");
}

static void test_names(void)
{
    enum cv_verdict v;
    ok(cv_verdict_parse(CV_S("works-jit"), &v) && v == CV_V_WORKS_JIT &&
           !cv_verdict_parse(CV_S("fine"), &v),
       "verdict names");
    ok(cv_verdict_worse(CV_V_WORKS, CV_V_UNKNOWN) == CV_V_UNKNOWN &&
           cv_verdict_fails(CV_V_DRIVER_TOO_OLD) && !cv_verdict_fails(CV_V_CPU_ONLY),
       "verdicts are ordered as in rules.md");
    struct cv_error e = {0};
    is_int(cv_fail(&e, CV_E_INPUT, CV_S("f.tsv"), 3, CV_S("odd")), CV_E_INPUT,
           "cv_fail returns the code");
    ok(e.line == 3 && strcmp(cv_err_name(e.code), "CV_E_INPUT") == 0 &&
           strcmp(cv_err_name(-5), "?") == 0,
       "error names");
}

int main(void)
{
    struct cv_arena a = tap_arena();
    test_str();
    test_arena(&a);
    test_oom();
    test_bytes();
    test_names();
    cv_arena_done(&a);
    return done();
}
