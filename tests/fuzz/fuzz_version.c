/* fuzz_version.c: version texts and specifier sets. The input is two lines, a version and specifiers (or a second version). Beside not crashing: each
 * order is antisymmetric and reflexive on what it parses. */
#include "core/version.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_str rest = {(const char *)data, size};
    cv_str a = {0}, b = {0};
    cv_str_line(&rest, &a);
    cv_str_line(&rest, &b);

    must(sign(cv_dotted_cmp(a, b)) == -sign(cv_dotted_cmp(b, a)));
    must(cv_dotted_cmp(a, a) == 0);
    if (cv_dotted_ok(a))
        must(cv_dotted_prefix(a, a));

    struct cv_pep440 pa, pb;
    bool has_a = cv_pep440_parse(a, &pa);
    bool has_b = cv_pep440_parse(b, &pb);
    if (has_a)
        must(cv_pep440_cmp(&pa, &pa) == 0);
    if (has_a && has_b)
        must(sign(cv_pep440_cmp(&pa, &pb)) == -sign(cv_pep440_cmp(&pb, &pa)));

    bool match = false;
    cv_pep440_match(a, b, &match);
    struct cv_xy xy;
    cv_xy_parse(a, &xy);
    cv_xy_from_variant(a, &xy);
    bool threaded = false;
    cv_python_parse(a, &xy, &threaded);
    char name[64];
    must(cv_project_name(a, name, sizeof name).len <= sizeof name);
    return 0;
}
