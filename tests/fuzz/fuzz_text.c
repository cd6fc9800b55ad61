/* fuzz_text.c: any bytes as the small texts: version.json, version.txt, headers, pyvenv.cfg, METADATA, version.py, gencode flags, folder names. */
#include "format/kv.h"
#include "format/pymeta.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cv_arena a = fuzz_arena();
    cv_str text = {(const char *)data, size}, v, name, spec, marker, rest = text;
    uint32_t n;
    bool none;
    struct cv_targets set = {0};
    (void)cv_kv_define(text, "CUDA_VERSION", &n);
    (void)cv_kv_setting(text, "version", &v);
    (void)cv_kv_version_json(&a, text, &v);
    (void)cv_kv_version_txt(text, &v);
    (void)cv_kv_release(text, &v);
    (void)cv_metadata_get(text, "Version", &v);
    while (cv_metadata_requires(&rest, &name, &spec, &marker))
        (void)cv_specifier_exact(spec, &v);
    (void)cv_dist_folder(text, &name, &v);
    (void)cv_pyver_get(text, "__version__", &v, &none);
    if (cv_gencode_targets(&set, text) > 0 && set.n == 0)
        abort();
    cv_arena_done(&a);
    return 0;
}
