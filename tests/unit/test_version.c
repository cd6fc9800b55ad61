/* test_version.c: runs tests/data/version.cases (given as the first argument). Each row is the specification. */
#include "core/arch.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

static struct cv_arena arena;

static bool order_ok(cv_str kind, cv_str rest)
{
    cv_str a, op, b;
    if (!cv_str_word(&rest, &a) || !cv_str_word(&rest, &op) || !cv_str_word(&rest, &b))
        return false;
    int c, back;
    if (cv_str_eqz(kind, "dotted")) {
        c = cv_dotted_cmp(a, b);
        back = cv_dotted_cmp(b, a);
    } else {
        struct cv_pep440 x, y;
        if (!cv_pep440_parse(a, &x) || !cv_pep440_parse(b, &y))
            return false;
        c = cv_pep440_cmp(&x, &y);
        back = cv_pep440_cmp(&y, &x);
    }
    if ((c < 0) != (back > 0) || (c == 0) != (back == 0))
        return false;
    return op.ptr[0] == '<' ? c < 0 : op.ptr[0] == '>' ? c > 0 : c == 0;
}

static bool malformed_ok(cv_str kind, cv_str rest)
{
    struct cv_pep440 v;
    cv_str text = cv_str_trim(rest);
    return cv_str_eqz(kind, "!dotted") ? !cv_dotted_ok(text) : !cv_pep440_parse(text, &v);
}

static bool match_ok(cv_str kind, cv_str rest)
{
    cv_str v = CV_S("1.0"), spec;
    bool m = false;
    if (!cv_str_eqz(kind, "bad") && !cv_str_word(&rest, &v))
        return false;
    if (!cv_str_word(&rest, &spec))
        return false;
    bool parsed = cv_pep440_match(v, spec, &m);
    if (cv_str_eqz(kind, "bad"))
        return !parsed;
    return parsed && m == (kind.ptr[0] != '!');
}

static bool xy_ok(cv_str kind, cv_str rest)
{
    cv_str text, want;
    struct cv_xy got;
    if (!cv_str_word(&rest, &text))
        return false;
    bool ok_ = cv_str_eqz(kind, "xy") ? cv_xy_parse(text, &got) : cv_xy_from_variant(text, &got);
    if (kind.ptr[0] == '!')
        return !ok_;
    return ok_ && cv_str_word(&rest, &want) &&
           cv_str_eq(cv_arena_fmt(&arena, "%u.%u", got.major, got.minor), want);
}

static bool target_ok(cv_str kind, cv_str rest)
{
    cv_str text, want;
    struct cv_target t;
    if (!cv_str_word(&rest, &text))
        return false;
    bool parsed = cv_target_parse(text, &t);
    if (kind.ptr[0] == '!')
        return !parsed;
    return parsed && cv_str_word(&rest, &want) && cv_str_eq(cv_target_str(&arena, t), want);
}

static bool list_ok(cv_str rest)
{
    size_t at = cv_str_rfindc(rest, ' ');
    struct cv_targets set = {0};
    (void)cv_targets_parse_list(&set, cv_str_trim(cv_str_sub(rest, 0, at)));
    return cv_str_eq(cv_targets_str(&arena, &set, ","), cv_str_from(rest, at + 1));
}

static bool row_ok(cv_str line)
{
    cv_str rest = line, kind, a, b;
    if (!cv_str_word(&rest, &kind))
        return false;
    if (cv_str_eqz(kind, "dotted") || cv_str_eqz(kind, "pep"))
        return order_ok(kind, rest);
    if (cv_str_eqz(kind, "!dotted") || cv_str_eqz(kind, "!pep"))
        return malformed_ok(kind, rest);
    if (cv_str_ends(kind, "match") || cv_str_eqz(kind, "bad"))
        return match_ok(kind, rest);
    if (cv_str_ends(kind, "prefix"))
        return cv_str_word(&rest, &a) && cv_str_word(&rest, &b) &&
               cv_dotted_prefix(a, b) == (kind.ptr[0] != '!');
    if (cv_str_eqz(kind, "xy") || cv_str_ends(kind, "variant"))
        return xy_ok(kind, rest);
    if (cv_str_ends(kind, "target"))
        return target_ok(kind, rest);
    return cv_str_eqz(kind, "list") && list_ok(cv_str_trim(rest));
}

static cv_str whole_file(const char *path)
{
    static char text[1 << 16];
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(text, 1, sizeof text, f) : 0;
    if (f)
        (void)fclose(f);
    return (cv_str){text, n};
}

int main(int argc, char **argv)
{
    arena = tap_arena();
    cv_str text = whole_file(argc > 1 ? argv[1] : "tests/data/version.cases");
    cv_str line;
    ok(text.len > 1000, "the cases were read");
    while (cv_str_line(&text, &line)) {
        if (line.len && line.ptr[0] != '#')
            ok(row_ok(line), cv_arena_z(&arena, line));
    }
    char name[16];
    is_str(cv_project_name(CV_S("Nvidia_cuDNN..cu12"), name, sizeof name), "nvidia-cudnn-cu1",
           "project names are normalised and clamped");
    struct cv_xy py;
    bool t;
    ok(cv_python_parse(CV_S("3.13t"), &py, &t) && t && py.minor == 13, "free-threaded Python");
    ok(!cv_python_parse(CV_S("3"), &py, &t), "a Python without minor number is refused");
    struct cv_targets many = {0};
    for (unsigned i = 10; i < 200; i++)
        cv_targets_add(&many, (struct cv_target){.cc = cv_cc_from_number(i)});
    ok(many.n == CV_MAX_TARGETS, "a set of targets is bounded");
    cv_arena_done(&arena);
    return done();
}
