/* fuzz_facts.c: any bytes as a table, and as the name of a GPU. */
#include "facts/facts.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cv_arena a = fuzz_arena();
    cv_str text = {(const char *)data, size};
    struct cv_tsv t;
    struct cv_error e = {0};
    struct cv_gpu_match match;
    if (cv_tsv_parse(&a, CV_S("fuzz"), text, &t, &e) == CV_OK && t.n_cells != t.n_rows * t.n_cols)
        abort();
    if (size <= 64 && cv_facts_gpu_find(&cv_facts_builtin, &a, text, &match) == CV_OK &&
        match.n_gpus == 0)
        abort();
    cv_arena_done(&a);
    return 0;
}
