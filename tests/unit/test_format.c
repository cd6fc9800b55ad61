/* test_format.c: the small readers on real forms: ELF data symbols, ld.so.cache, CUDA version files, Python metadata.
 * The ELF files are the fuzz corpus: compiled from six lines of C, no vendor's. */
#include "format/elf.h"
#include "format/kv.h"
#include "format/ldcache.h"
#include "format/pymeta.h"
#include "tap.h"

static struct cv_arena arena;

static cv_str file(const char *path)
{
    char *buf = cv_arena_alloc(&arena, 1 << 16);
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(buf, 1, 1 << 16, f) : 0;
    if (f)
        (void)fclose(f);
    return (cv_str){buf, n};
}

static void test_elf(const char *path)
{
    const cv_str mem = file(path);
    struct cv_reader r;
    struct cv_elf e;
    unsigned char v[4] = {0};
    size_t n = 0;
    uint64_t off, len;
    cv_reader_mem(&r, &mem);
    ok(cv_elf_open(&e, &r) && e.machine == 62, path);
    ok(cv_elf_data(&e, "cudnn_graph_version", v, 4, &n) && n == 4 && v[0] == 2 && v[1] == 10 &&
           v[2] == 9 && v[3] == 0,
       "a data symbol is patch, minor, major, 0");
    ok(!cv_elf_data(&e, "no_such_symbol", v, 4, &n), "an absent symbol is absent");
    ok(cv_elf_section(&e, ".rodata", &off, &len) &&
           cv_str_has(cv_str_sub(mem, off, len), "NCCL version 2.27.3"),
       ".rodata holds the text");
    ok(!cv_elf_section(&e, ".nosuch", &off, &len), "an absent section is absent");
    for (size_t cut = 0; cut < mem.len; cut += 7) { /* never beyond the end, whatever is missing */
        const cv_str part = cv_str_sub(mem, 0, cut);
        cv_reader_mem(&r, &part);
        if (cv_elf_open(&e, &r))
            (void)cv_elf_data(&e, "cudnn_graph_version", v, 4, &n);
    }
    ok(true, "cut files end quietly");
}

static bool count(void *ctx, cv_str soname, cv_str path)
{
    (void)soname;
    (void)path;
    (*(int *)ctx)++;
    return true;
}

static void test_ldcache(void)
{
    int n = 0;
    ok(cv_ldcache_each(file("tests/fuzz/corpus/ldcache/new"), CV_S(""), count, &n) && n == 2,
       "the new format lists both");
    n = 0;
    ok(cv_ldcache_each(file("tests/fuzz/corpus/ldcache/new"), CV_S("libcuda.so.1"), count, &n) &&
           n == 1,
       "by name");
    n = 0;
    ok(cv_ldcache_each(file("tests/fuzz/corpus/ldcache/old"), CV_S("libcuda.so.1"), count, &n) &&
           n == 1,
       "behind the old format");
    ok(!cv_ldcache_each(CV_S("something else"), CV_S(""), count, &n), "another file is none");
}

static void test_kv(void)
{
    cv_str v;
    uint32_t n;
    ok(cv_kv_version_json(&arena, CV_S("{\"cuda\": {\"version\": \"12.1.20230222\"}}"), &v) &&
           cv_str_eqz(v, "12.1"),
       "a date as third number is left out");
    ok(cv_kv_version_json(&arena, CV_S("{\"cuda\": {\"version\": \"11.4.1\"}}"), &v) &&
           cv_str_eqz(v, "11.4.1"),
       "a real third number stays");
    ok(!cv_kv_version_json(&arena, CV_S("{\"cuda\": {\"version\": 12}}"), &v) &&
           !cv_kv_version_json(&arena, CV_S("{"), &v),
       "broken JSON tells nothing");
    ok(cv_kv_version_txt(CV_S("CUDA Version 10.2.89\n"), &v) && cv_str_eqz(v, "10.2.89"),
       "version.txt");
    ok(cv_kv_define(CV_S("# define  CUDA_VERSION 12040\n"), "CUDA_VERSION", &n) && n == 12040,
       "a define");
    ok(!cv_kv_define(CV_S("#define CUDA_VERSION_X 1\n// #define CUDA_VERSION 2\n"), "CUDA_VERSION",
                     &n),
       "another name, and a comment, are none");
    ok(cv_kv_setting(CV_S("home = /usr\nVersion = 3.11.7\n"), "version", &v) &&
           cv_str_eqz(v, "3.11.7"),
       "pyvenv.cfg");
    ok(cv_kv_release(CV_S("Cuda compilation tools, release 13.0, V13.0.88"), &v) &&
           cv_str_eqz(v, "13.0.88"),
       "nvcc's sentence");
}

static void test_python(void)
{
    cv_str v, name, spec, marker,
        m = CV_S("Name: torch\nVersion: 2.8.0\nRequires-Dist: nvidia-cudnn-cu12 (==9.10.2.21) ; x "
                 "== \"y\"\nRequires-Dist: torch[a]>=2,<3\n\nVersion: 9\n");
    bool none;
    struct cv_targets set = {0};
    ok(cv_metadata_get(m, "version", &v) && cv_str_eqz(v, "2.8.0"),
       "the header's Version, not the body's");
    ok(cv_metadata_requires(&m, &name, &spec, &marker) && cv_str_eqz(name, "nvidia-cudnn-cu12") &&
           cv_str_eqz(spec, "==9.10.2.21") && cv_str_eqz(marker, "x == \"y\""),
       "old form with brackets");
    ok(cv_metadata_requires(&m, &name, &spec, &marker) && cv_str_eqz(name, "torch") &&
           cv_str_eqz(spec, ">=2,<3"),
       "new form with extras");
    ok(!cv_metadata_requires(&m, &name, &spec, &marker), "the body is not read");
    ok(cv_specifier_exact(CV_S("==13.0.*"), &v) && cv_str_eqz(v, "13.0") &&
           !cv_specifier_exact(CV_S(">=1,==2"), &v),
       "exact pins");
    ok(cv_dist_folder(CV_S("torch-1.7.1-py3.8.egg-info"), &name, &v) && cv_str_eqz(v, "1.7.1") &&
           !cv_dist_folder(CV_S("torch"), &name, &v),
       "folder names");
    ok(cv_pyver_get(CV_S("cuda: Optional[str] = '12.8'\n"), "cuda", &v, &none) && !none &&
           cv_str_eqz(v, "12.8"),
       "with a type");
    ok(cv_pyver_get(CV_S("hip = None\n"), "hip", &v, &none) && none, "None");
    ok(!cv_pyver_get(CV_S("cuda = get('12.8')\ncudax = '1'\n"), "cuda", &v, &none),
       "code is not evaluated");
    ok(cv_gencode_targets(&set, CV_S("-gencode;arch=compute_80,code=sm_80;-gencode;arch=compute_90,"
                                     "code=[sm_90,compute_90]")) == 3 &&
           cv_str_eqz(cv_targets_str(&arena, &set, " "), "sm_80 sm_90 compute_90"),
       "only code= counts, not arch=");
}

int main(void)
{
    arena = tap_arena();
    test_elf("tests/fuzz/corpus/elf/gnu");
    test_elf("tests/fuzz/corpus/elf/sysv");
    test_ldcache();
    test_kv();
    test_python();
    cv_arena_done(&arena);
    return done();
}
