/* libver.c: versions of cuDNN and NCCL from the library files, nothing executed.
 * cuDNN 9: 4-byte data symbol cudnn_graph_version in libcudnn_graph.so.9 (patch, minor, major, 0); cuDNN 8: cudnn_ops_infer_version in
 * libcudnn_ops_infer.so.8. NCCL: the text "NCCL version 2.28.9+cuda13.0" in .rodata. Measured on real wheels (facts/libs.tsv). */
#include "format/elf.h"
#include "format/kv.h"
#include "probe/probe.h"

/* A library recorded as an empty file: what the recorder read in it stands in nofile.tsv ("lib./path<TAB>9.10.2"). */
static bool recorded(struct cv_probe_ctx *c, cv_str file, cv_str *ret)
{
    if (c->root->live)
        return false;
    return cv_root_nofile(c->root,
                          cv_arena_z(c->arena, cv_arena_fmt(c->arena, "lib." CV_FMT, CV_ARG(file))),
                          ret) == CV_KNOWN &&
           cv_dotted_ok(*ret);
}

static bool data_version(struct cv_probe_ctx *c, cv_str file, const char *symbol, cv_str *ret)
{
    struct cv_window w;
    struct cv_elf e;
    unsigned char v[4] = {0};
    size_t n = 0;
    if (cv_window_open(c->root, c->arena, file, &w, NULL) != CV_KNOWN)
        return false;
    bool ok = w.reader.size > 0 && cv_elf_open(&e, &w.reader) &&
              cv_elf_data(&e, symbol, v, sizeof v, &n) && n == 4 && v[3] == 0 && v[2] > 0 &&
              v[2] < 100;
    cv_window_close(&w);
    if (ok)
        *ret = cv_arena_fmt(c->arena, "%u.%u.%u", v[2], v[1], v[0]);
    return ok;
}

/* include/cudnn_version.h (8 and later) or cudnn.h (7): three #define lines. */
static bool header_version(struct cv_probe_ctx *c, cv_str dir, cv_str *ret, struct cv_src *ret_src)
{
    for (size_t i = 0; i < 2; i++) {
        cv_str path = cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(dir),
                                   i == 0 ? "cudnn_version.h" : "cudnn.h");
        cv_str text;
        uint32_t major, minor, patch;
        if (cv_root_head(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text) != CV_KNOWN)
            continue;
        if (!cv_kv_define(text, "CUDNN_MAJOR", &major) ||
            !cv_kv_define(text, "CUDNN_MINOR", &minor) ||
            !cv_kv_define(text, "CUDNN_PATCHLEVEL", &patch))
            continue;
        *ret = cv_arena_fmt(c->arena, "%u.%u.%u", major, minor, patch);
        *ret_src = (struct cv_src){
            path, cv_arena_fmt(c->arena, "CUDNN_MAJOR %u, CUDNN_MINOR %u, CUDNN_PATCHLEVEL %u",
                               major, minor, patch)};
        return true;
    }
    return false;
}

/* "libcudnn.so.8.9.7" behind the link libcudnn.so.8. */
static bool name_version(struct cv_probe_ctx *c, cv_str file, const char *prefix, cv_str *ret)
{
    cv_str real;
    if (cv_root_real(c->root, c->arena, file, &real) != CV_KNOWN)
        return false;
    cv_str base = cv_str_base(real);
    if (!cv_str_starts(base, prefix))
        return false;
    cv_str v = cv_str_from(base, strlen(prefix));
    uint32_t third;
    if (!cv_dotted_num(v, 2, &third) || !cv_dotted_ok(v))
        return false;
    *ret = v;
    return true;
}

bool cv_libver_cudnn(struct cv_probe_ctx *c, cv_str dir, cv_str *ret_version,
                     struct cv_src *ret_src)
{
    static const struct {
        const char *file, *symbol;
    } libs[] = {
        {"libcudnn_graph.so.9", "cudnn_graph_version"},
        {"libcudnn_ops.so.9", "cudnn_ops_infer_version"},
        {"libcudnn_ops_infer.so.8", "cudnn_ops_infer_version"},
    };
    for (size_t i = 0; i < sizeof libs / sizeof libs[0]; i++) {
        cv_str file = cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(dir), libs[i].file);
        if (!cv_root_exists(c->root, file))
            continue;
        if (recorded(c, file, ret_version) || data_version(c, file, libs[i].symbol, ret_version)) {
            *ret_src = (struct cv_src){file, cv_arena_fmt(c->arena, "symbol %s = " CV_FMT,
                                                          libs[i].symbol, CV_ARG(*ret_version))};
            return true;
        }
    }
    cv_str include = cv_arena_fmt(c->arena, CV_FMT "/../include", CV_ARG(dir));
    if (header_version(c, include, ret_version, ret_src))
        return true;
    static const char *const links[] = {"libcudnn.so.9", "libcudnn.so.8", "libcudnn.so.7"};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        cv_str file = cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(dir), links[i]);
        if (cv_root_exists(c->root, file) && name_version(c, file, "libcudnn.so.", ret_version)) {
            *ret_src = (struct cv_src){
                file, cv_arena_fmt(c->arena, "link to libcudnn.so." CV_FMT, CV_ARG(*ret_version))};
            return true;
        }
    }
    return false;
}

/* Finds "NCCL version X.Y.Z" in .rodata (or in the file's first part where the section headers are gone). */
static bool nccl_text(struct cv_probe_ctx *c, cv_str file, cv_str *ret)
{
    enum { CHUNK = 1 << 14, OVERLAP = 64 };
    const cv_str mark = CV_S("NCCL version ");
    struct cv_window w;
    struct cv_elf e;
    bool found = false;
    char *buf = cv_arena_raw(c->arena, CHUNK);
    if (!buf || cv_window_open(c->root, c->arena, file, &w, NULL) != CV_KNOWN)
        return false;
    uint64_t at = 0, size = w.reader.size;
    if (cv_elf_open(&e, &w.reader) && cv_elf_section(&e, ".rodata", &at, &size)) {
        if (at > w.reader.size || size > w.reader.size - at)
            size = 0;
    }
    uint64_t end = at + (size < CV_MAX_ELF_SCAN ? size : CV_MAX_ELF_SCAN);
    for (; !found && at < end; at += CHUNK - OVERLAP) {
        size_t n = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        if (!cv_read(&w.reader, at, buf, n))
            break;
        cv_str hay = {buf, n};
        size_t hit;
        while (!found && (hit = cv_str_find(hay, mark)) != SIZE_MAX) {
            hay = cv_str_from(hay, hit + mark.len);
            size_t stop = 0;
            while (stop < hay.len && (cv_is_digit(hay.ptr[stop]) || hay.ptr[stop] == '.'))
                stop++;
            found = cv_dotted_ok(cv_str_sub(hay, 0, stop));
            if (found)
                *ret = cv_arena_str(c->arena, cv_str_sub(hay, 0, stop));
        }
    }
    cv_window_close(&w);
    return found;
}

bool cv_libver_nccl(struct cv_probe_ctx *c, cv_str file, cv_str *ret_version,
                    struct cv_src *ret_src)
{
    if (!cv_root_exists(c->root, file))
        return false;
    if (recorded(c, file, ret_version) || name_version(c, file, "libnccl.so.", ret_version)) {
        *ret_src = (struct cv_src){file, CV_S("file name")};
        return true;
    }
    if (!nccl_text(c, file, ret_version))
        return false;
    *ret_src =
        (struct cv_src){file, cv_arena_fmt(c->arena, "NCCL version " CV_FMT, CV_ARG(*ret_version))};
    return true;
}
