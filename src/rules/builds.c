/* builds.c: what a build is: from a row of torch-builds, from an installed torch, from macOS's one build a release; and what the rules ask of it again and
 * again (existence, Pythons, glibc, cuDNN's floor, the oldest drivers), found once. rules.md, B1. */
#include "core/gpucode.h"
#include "rules/judge.h"

static uint32_t arch_row(const struct cv_facts *f, const struct cv_build *b)
{
    const cv_str key[4] = {b->torch, b->variant, b->os, b->arch};
    return cv_facts_find(f, CV_T_TORCH_ARCHS, key, 4);
}

static void targets_from_row(const struct cv_facts *f, struct cv_build *b)
{
    b->arch_row = arch_row(f, b);
    if (b->arch_row == CV_NO_ROW)
        return;
    cv_str sass = cv_facts_get(f, CV_T_TORCH_ARCHS, b->arch_row, "sass"),
           ptx = cv_facts_get(f, CV_T_TORCH_ARCHS, b->arch_row, "ptx");
    if (cv_str_eqz(sass, "?"))
        return;
    (void)cv_targets_parse(&b->targets, sass);
    (void)cv_targets_parse(&b->targets, ptx);
    b->targets_known = b->targets.n > 0;
    b->targets_from = CV_S("torch-archs");
}

void cv_build_from_row(const struct cv_facts *f, uint32_t row, struct cv_build *ret)
{
    *ret = (struct cv_build){.torch = cv_facts_at(f, CV_T_TORCH_BUILDS, row, 0),
                             .variant = cv_facts_at(f, CV_T_TORCH_BUILDS, row, 1),
                             .os = cv_facts_at(f, CV_T_TORCH_BUILDS, row, 2),
                             .arch = cv_facts_at(f, CV_T_TORCH_BUILDS, row, 3),
                             .row = row,
                             .arch_row = CV_NO_ROW,
                             .listed = true};
    ret->cuda_toolkit = cv_facts_get(f, CV_T_TORCH_BUILDS, row, "cuda_toolkit");
    ret->cudnn = cv_facts_get(f, CV_T_TORCH_BUILDS, row, "cudnn");
    ret->nccl = cv_facts_get(f, CV_T_TORCH_BUILDS, row, "nccl");
    ret->on_pypi = cv_str_eqz(cv_facts_get(f, CV_T_TORCH_BUILDS, row, "on_pypi"), "yes");
    ret->channel = ret->on_pypi ? CV_S("pypi") : CV_S("pytorch");
    ret->has_cuda = cv_xy_from_variant(ret->variant, &ret->cuda);
    ret->foreign = !ret->has_cuda && !cv_str_eqz(ret->variant, "cpu");
    if (ret->has_cuda)
        targets_from_row(f, ret);
}

void cv_build_from_torch(const struct cv_facts *f, const struct cv_machine *m,
                         const struct cv_torch *t, struct cv_build *ret)
{
    *ret = (struct cv_build){.torch = t->release,
                             .variant = t->variant,
                             .channel = CV_S(""),
                             .installed = true,
                             .row = CV_NO_ROW,
                             .arch_row = CV_NO_ROW,
                             .os = cv_known(&m->place.os) ? m->place.os.v : CV_S(""),
                             .arch = cv_known(&m->place.arch) ? m->place.arch.v : CV_S("")};
    ret->cuda_toolkit = cv_known(&t->cuda) ? t->cuda.v : CV_S("");
    ret->cudnn = cv_known(&t->cudnn)            ? t->cudnn.v
                 : cv_known(&t->cudnn_required) ? t->cudnn_required.v
                                                : CV_S("");
    ret->nccl = cv_known(&t->nccl) ? t->nccl.v : CV_S("");
    ret->foreign = t->hip.len > 0 || t->xpu.len > 0 || cv_str_starts(t->variant, "rocm") ||
                   cv_str_eqz(t->variant, "xpu");
    if (cv_known(&t->cuda))
        ret->has_cuda = cv_xy_parse(t->cuda.v, &ret->cuda);
    else if (cv_xy_from_variant(t->variant, &ret->cuda))
        ret->has_cuda = true;
    else
        ret->has_cuda =
            !cv_absent(&t->cuda) &&
            !cv_str_eqz(t->variant, "cpu"); /* not known: judged as unknown, with major 0 */
    if (t->main_code) {
        ret->code = t->main_code;
        cv_gpucode_common(t->main_code, &ret->targets);
        ret->targets_known = true;
        ret->targets_from = t->code[0].name;
    } else if (cv_known(&t->archs)) {
        ret->targets = t->targets;
        ret->targets_known = t->targets.n > 0;
        ret->targets_from = t->archs.src.path;
    } else if (ret->has_cuda && !t->conda && !t->from_source && !cv_known(&m->place.jetson)) {
        targets_from_row(
            f, ret); /* conda's and own builds have other targets than the published wheels */
    }
}

bool cv_build_macos(const struct cv_facts *f, uint32_t release_row, cv_str arch,
                    struct cv_build *ret)
{
    *ret = (struct cv_build){.torch = cv_facts_at(f, CV_T_TORCH_RELEASES, release_row, 0),
                             .variant = CV_S("cpu"),
                             .channel = CV_S("pypi"),
                             .os = CV_S("macos"),
                             .arch = arch,
                             .cuda_toolkit = CV_S("none"),
                             .cudnn = CV_S("none"),
                             .nccl = CV_S("none"),
                             .row = CV_NO_ROW,
                             .arch_row = CV_NO_ROW,
                             .listed = true,
                             .on_pypi = true};
    cv_build_prepare(f, ret);
    return ret->pythons.len > 0;
}

/* ---- prepared: B1 ---- */

/* "linux_x86_64:3.9,3.10;win_amd64:..." -> the part of one platform; "" if it is not there. */
static cv_str platform_part(cv_str cell, cv_str platform)
{
    cv_str part, key;
    while (cell.len && cv_str_next(&cell, ';', &part))
        if (cv_str_next(&part, ':', &key) && part.ptr && cv_str_eq(key, platform))
            return part;
    return CV_S("");
}

static cv_str platform_of(const struct cv_build *b)
{
    bool arm = cv_str_eqz(b->arch, "aarch64");
    if (cv_str_eqz(b->os, "windows"))
        return arm ? CV_S("win_arm64") : CV_S("win_amd64");
    if (cv_str_eqz(b->os, "macos"))
        return arm ? CV_S("macos_arm64") : CV_S("macos_x86_64");
    return arm ? CV_S("linux_aarch64") : CV_S("linux_x86_64");
}

/* The row of torch-index-wheels that speaks of this variant. */
static uint32_t index_row(const struct cv_facts *f, const struct cv_build *b)
{
    uint32_t r = cv_facts_find1(f, CV_T_TORCH_INDEX_WHEELS, b->torch);
    for (; r < cv_facts_rows(f, CV_T_TORCH_INDEX_WHEELS) &&
           cv_str_eq(cv_facts_at(f, CV_T_TORCH_INDEX_WHEELS, r, 0), b->torch);
         r++) {
        if (cv_str_has_word(cv_facts_at(f, CV_T_TORCH_INDEX_WHEELS, r, 1), ',', b->variant) &&
            cv_str_eq(cv_facts_at(f, CV_T_TORCH_INDEX_WHEELS, r, 2), b->os) &&
            cv_str_eq(cv_facts_at(f, CV_T_TORCH_INDEX_WHEELS, r, 3), b->arch))
            return r;
    }
    return CV_NO_ROW;
}

/* manylinux1, manylinux2014 and linux count as 2.17, manylinux_2_X as 2.X. */
static struct cv_xy glibc_of_tag(cv_str tag)
{
    struct cv_xy v = {2, 17};
    size_t at = cv_str_find(tag, CV_S("manylinux_2_"));
    uint32_t minor;
    if (at == SIZE_MAX)
        return v;
    cv_str rest = cv_str_from(tag, at + 12);
    size_t n = 0;
    while (n < rest.len && cv_is_digit(rest.ptr[n]))
        n++;
    if (cv_str_u32(cv_str_sub(rest, 0, n), &minor) && minor < UINT16_MAX)
        v.minor = (uint16_t)minor;
    return v;
}

/* Newer than every release of the table? */
static bool newer_than_table(const struct cv_facts *f, cv_str torch)
{
    struct cv_pep440 v, known;
    if (!cv_pep440_parse(torch, &v))
        return false;
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_TORCH_RELEASES); r++)
        if (cv_pep440_parse(cv_facts_at(f, CV_T_TORCH_RELEASES, r, 0), &known) &&
            cv_pep440_cmp(&v, &known) <= 0)
            return false;
    return true;
}

static enum cv_exists existence(const struct cv_facts *f, const struct cv_build *b)
{
    cv_str status =
        b->row == CV_NO_ROW ? CV_S("") : cv_facts_get(f, CV_T_TORCH_BUILDS, b->row, "status");
    if (cv_str_eqz(status, "removed"))
        return CV_EXISTS_REMOVED;
    if (cv_str_eqz(status, "?"))
        return CV_EXISTS_DOUBT;
    if (b->listed || b->foreign)
        return CV_EXISTS;
    return newer_than_table(f, b->torch) ? CV_EXISTS_NEWER : CV_EXISTS_NOT;
}

static void prepare_wheels(const struct cv_facts *f, struct cv_build *b)
{
    uint32_t release = cv_facts_find1(f, CV_T_TORCH_RELEASES, b->torch), index = index_row(f, b);
    cv_str platform = platform_of(b);
    struct cv_xy measured;
    b->b1_table = CV_T_TORCH_RELEASES;
    b->b1_row = release;
    if (release == CV_NO_ROW || !b->os.len || !b->arch.len)
        return;
    b->pythons = b->pypi_pythons =
        platform_part(cv_facts_get(f, CV_T_TORCH_RELEASES, release, "pythons_on_pypi"), platform);
    if (cv_str_eqz(b->os, "linux")) {
        b->glibc = glibc_of_tag(platform_part(
            cv_facts_get(f, CV_T_TORCH_RELEASES, release, "pypi_platform_tags"), platform));
        if (cv_xy_parse(platform_part(cv_facts_get(f, CV_T_TORCH_RELEASES, release, "glibc_needed"),
                                      b->arch),
                        &measured) &&
            cv_xy_cmp(measured, b->glibc) > 0)
            b->glibc = measured;
    }
    if (index == CV_NO_ROW)
        return;
    cv_str p = cv_facts_get(f, CV_T_TORCH_INDEX_WHEELS, index, "pythons"),
           g = cv_facts_get(f, CV_T_TORCH_INDEX_WHEELS, index, "glibc");
    b->pythons = p.len ? p : b->pythons;
    (void)cv_xy_parse(g, &b->glibc);
    b->b1_table = CV_T_TORCH_INDEX_WHEELS;
    b->b1_row = index;
}

/* ---- prepared: the rest ---- */

static void prepare_cudnn(const struct cv_facts *f, struct cv_build *b)
{
    b->cudnn_row = CV_NO_ROW;
    for (uint32_t r = 0; cv_dotted_ok(b->cudnn) && r < cv_facts_rows(f, CV_T_CUDNN_FLOOR); r++) {
        cv_str below = cv_facts_get(f, CV_T_CUDNN_FLOOR, r, "below");
        if (cv_dotted_cmp(b->cudnn, cv_facts_at(f, CV_T_CUDNN_FLOOR, r, 0)) < 0 ||
            (cv_dotted_ok(below) && cv_dotted_cmp(b->cudnn, below) >= 0))
            continue;
        if (cv_cc_parse(cv_facts_get(f, CV_T_CUDNN_FLOOR, r, "cc_min"), &b->cudnn_min))
            b->cudnn_row = r;
    }
}

uint64_t cv_python_bit(cv_str python)
{
    struct cv_xy v;
    bool threads;
    if (!cv_python_parse(python, &v, &threads) || (v.major != 2 && v.major != 3) || v.minor > 31)
        return 0;
    if (v.major == 2)
        return v.minor == 7 && !threads ? UINT64_C(1) : 0;
    return v.minor == 0 ? 0 : UINT64_C(1) << (v.minor + (threads ? 32 : 0));
}

static void prepare_codes(struct cv_build *b)
{
    cv_str list = b->pythons, one;
    b->os_code = cv_str_eqz(b->os, "linux")     ? CV_OS_LINUX
                 : cv_str_eqz(b->os, "windows") ? CV_OS_WINDOWS
                 : cv_str_eqz(b->os, "macos")   ? CV_OS_MACOS
                                                : CV_OS_UNKNOWN;
    b->arm = cv_str_eqz(b->arch, "aarch64");
    b->python_bits = 0;
    while (list.len && cv_str_next(&list, ',', &one))
        b->python_bits |= cv_python_bit(one);
}

void cv_build_prepare(const struct cv_facts *f, struct cv_build *b)
{
    if (!b->installed) {
        b->exists = existence(f, b);
        prepare_wheels(f, b);
    }
    prepare_codes(b);
    if (b->has_cuda) {
        prepare_cudnn(f, b);
        for (unsigned i = 0; i < b->targets.n; i++)
            if (!b->targets.t[i].ptx && cv_cc_tegra(f, b->targets.t[i].cc))
                b->tegra_code |= UINT64_C(1) << i;
        if (cv_xy_cmp(b->floors.cuda, b->cuda) != 0)
            cv_floors_find(f, b->cuda, &b->floors);
    }
    b->prepared = true;
}
