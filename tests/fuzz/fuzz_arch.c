/* fuzz_arch.c: lists of GPU targets in every spelling. What was parsed is written and parsed again: the same set. */
#include "core/arch.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_str text = {(const char *)data, size};
    struct cv_arena a = fuzz_arena();
    struct cv_targets set = {0}, list = {0}, again = {0};
    cv_targets_parse(&set, text);
    cv_targets_parse_list(&list, text);
    cv_targets_parse(&again, cv_targets_str(&a, &set, " "));
    if (!a.oom && (again.n != set.n || set.n > CV_MAX_TARGETS))
        abort();
    for (unsigned i = 0; i < again.n && !a.oom; i++) {
        if (cv_target_cmp(again.t[i], set.t[i]) != 0)
            abort();
    }
    struct cv_cc cc;
    if (cv_cc_parse(text, &cc))
        cv_cc_str(&a, cc);
    struct cv_target t;
    cv_target_parse(text, &t);
    cv_arena_done(&a);
    return 0;
}
