/* fuzz_snapshot.c: any bytes as a snapshot. What is read can be judged. */
#include "format/machine_json.h"
#include "fuzz.h"
#include "resolve/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cv_arena a = fuzz_arena();
    struct cv_machine m;
    struct cv_diagnosis d;
    struct cv_error e = {0};
    int rc = cv_machine_from_json(&a, CV_S("fuzz"), (cv_str){(const char *)data, size}, &m, &e);
    if (rc != CV_OK && e.msg.len == 0)
        abort();
    if (rc == CV_OK) {
        cv_facts_enrich(&cv_facts_builtin, &a, &m);
        cv_mark_hidden(&m);
        cv_diagnose(&cv_facts_builtin, &a, &m, &d);
        cv_add_fixes(&cv_facts_builtin, &a, &m, &d);
    }
    cv_arena_done(&a);
    return 0;
}
