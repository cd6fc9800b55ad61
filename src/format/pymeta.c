/* pymeta.c: see pymeta.h. */
#include "format/pymeta.h"

bool cv_metadata_get(cv_str metadata, const char *key, cv_str *ret)
{
    cv_str line, k;
    while (cv_str_line(&metadata, &line) && line.len) {
        cv_str v = line;
        if (!cv_str_next(&v, ':', &k) || !v.ptr || !cv_str_ieq(k, cv_str_z(key)))
            continue;
        *ret = cv_str_trim(v);
        return true;
    }
    return false;
}

static bool name_char(char c)
{
    return cv_is_alpha(c) || cv_is_digit(c) || c == '-' || c == '_' || c == '.';
}

/* "nvidia-cudnn-cu12 (==9.10.2.21) ; platform_system == ..." and "torch[extra]>=2.0". */
bool cv_metadata_requires(cv_str *rest, cv_str *ret_name, cv_str *ret_specifiers,
                          cv_str *ret_marker)
{
    cv_str line;
    while (cv_str_line(rest, &line)) {
        if (line.len == 0) {
            *rest = CV_S("");
            return false;
        }
        if (!cv_str_starts(line, "Requires-Dist:"))
            continue;
        line = cv_str_trim(cv_str_from(line, 14));
        size_t semi = cv_str_findc(line, ';');
        *ret_marker = semi == SIZE_MAX ? CV_S("") : cv_str_trim(cv_str_from(line, semi + 1));
        line = cv_str_trim(cv_str_sub(line, 0, semi == SIZE_MAX ? line.len : semi));
        size_t n = 0;
        while (n < line.len && name_char(line.ptr[n]))
            n++;
        *ret_name = cv_str_sub(line, 0, n);
        cv_str spec = cv_str_trim(cv_str_from(line, n));
        if (spec.len && spec.ptr[0] == '[') {
            size_t close = cv_str_findc(spec, ']');
            spec = close == SIZE_MAX ? CV_S("") : cv_str_trim(cv_str_from(spec, close + 1));
        }
        if (spec.len >= 2 && spec.ptr[0] == '(' && spec.ptr[spec.len - 1] == ')')
            spec = cv_str_sub(spec, 1, spec.len - 2);
        *ret_specifiers = cv_str_trim(spec);
        return true;
    }
    return false;
}

bool cv_specifier_exact(cv_str specifiers, cv_str *ret)
{
    cv_str s = cv_str_trim(specifiers);
    if (!cv_str_starts(s, "==") || cv_str_starts(s, "===") || cv_str_has(s, ","))
        return false;
    s = cv_str_trim(cv_str_from(s, 2));
    if (cv_str_ends(s, ".*"))
        s.len -= 2;
    *ret = s;
    return s.len > 0;
}

bool cv_dist_folder(cv_str folder, cv_str *ret_name, cv_str *ret_version)
{
    bool egg = cv_str_ends(folder, ".egg-info");
    if (!egg && !cv_str_ends(folder, ".dist-info"))
        return false;
    folder.len -= egg ? 9 : 10;
    size_t dash = cv_str_findc(folder, '-');
    if (dash == SIZE_MAX) {
        *ret_name = folder;
        *ret_version = CV_S("");
        return folder.len > 0;
    }
    *ret_name = cv_str_sub(folder, 0, dash);
    cv_str v = cv_str_from(folder, dash + 1);
    size_t py = cv_str_find(v, CV_S("-py"));
    *ret_version = py == SIZE_MAX ? v : cv_str_sub(v, 0, py);
    return dash > 0;
}

bool cv_pyver_get(cv_str text, const char *name, cv_str *ret, bool *ret_none)
{
    cv_str line;
    size_t n = strlen(name);
    while (cv_str_line(&text, &line)) {
        if (!cv_str_starts(line, name) || line.len <= n)
            continue;
        char next = line.ptr[n];
        size_t eq = cv_str_findc(line, '=');
        if ((next != ' ' && next != ':' && next != '=') || eq == SIZE_MAX)
            continue;
        cv_str v = cv_str_trim(cv_str_from(line, eq + 1));
        if (cv_str_eqz(v, "None")) {
            *ret = CV_S("");
            *ret_none = true;
            return true;
        }
        if (v.len < 2 || (v.ptr[0] != '\'' && v.ptr[0] != '"') || v.ptr[v.len - 1] != v.ptr[0])
            continue;
        *ret = cv_str_sub(v, 1, v.len - 2);
        *ret_none = false;
        return true;
    }
    return false;
}

unsigned cv_gencode_targets(struct cv_targets *set, cv_str flags)
{
    unsigned n = 0;
    size_t at;
    while ((at = cv_str_find(flags, CV_S("code="))) != SIZE_MAX) {
        /* "gencode=" has the same end: what follows it is "arch=...", which holds a "code=" of its own */
        flags = cv_str_from(flags, at + 5);
        size_t stop = 0;
        bool list = flags.len && flags.ptr[0] == '[';
        while (stop < flags.len && flags.ptr[stop] != ';' && flags.ptr[stop] != '"' &&
               flags.ptr[stop] != ' ' && (list || flags.ptr[stop] != ','))
            stop++;
        cv_str value = cv_str_sub(flags, 0, stop);
        if (!cv_str_starts(value, "arch="))
            n += cv_targets_parse(set, value);
    }
    return n;
}

/* #define NVCC_FLAGS_EXTRA "-gencode;arch=compute_75,code=sm_75;-gencode;arch=compute_80,code=sm_80" */
bool cv_cudaconfig_targets(cv_str header, struct cv_targets *ret)
{
    cv_str line;
    while (cv_str_line(&header, &line))
        if (cv_str_has(line, "NVCC_FLAGS_EXTRA") && cv_gencode_targets(ret, line) > 0)
            return true;
    return false;
}
