/* kv.c: see kv.h. */
#include "format/kv.h"

#include "core/version.h"
#include "format/json.h"

/* The number in "#define NAME 9" when the line that holds the name is one. */
static bool define_in_line(cv_str line, const char *name, uint32_t *ret)
{
    cv_str word;
    line = cv_str_trim(line);
    if (line.len == 0 || line.ptr[0] != '#')
        return false;
    line = cv_str_from(line, 1);
    return cv_str_word(&line, &word) && cv_str_eqz(word, "define") && cv_str_word(&line, &word) &&
           cv_str_eqz(word, name) && cv_str_word(&line, &word) && cv_str_u32(word, ret);
}

bool cv_kv_define(cv_str text, const char *name, uint32_t *ret)
{
    const cv_str want = cv_str_z(name);
    size_t at;
    while ((at = cv_str_find(text, want)) != SIZE_MAX) {
        size_t start = cv_str_rfindc(cv_str_sub(text, 0, at), '\n');
        cv_str line = cv_str_from(text, start == SIZE_MAX ? 0 : start + 1);
        size_t end = cv_str_findc(line, '\n');
        if (define_in_line(cv_str_sub(line, 0, end == SIZE_MAX ? line.len : end), name, ret))
            return true;
        text = cv_str_from(text, at + want.len);
    }
    return false;
}

bool cv_kv_setting(cv_str text, const char *key, cv_str *ret)
{
    cv_str line;
    while (cv_str_line(&text, &line)) {
        size_t eq = cv_str_findc(line, '=');
        if (eq == SIZE_MAX || !cv_str_ieq(cv_str_trim(cv_str_sub(line, 0, eq)), cv_str_z(key)))
            continue;
        *ret = cv_str_trim(cv_str_from(line, eq + 1));
        return true;
    }
    return false;
}

/* "12.1.20230222" -> "12.1"; "12.4.1" stays. */
static bool without_date(cv_str v, cv_str *ret)
{
    uint32_t third;
    if (!cv_dotted_ok(v) || !cv_str_has(v, "."))
        return false;
    if (cv_dotted_num(v, 2, &third) && third >= 10000000)
        v = cv_str_sub(v, 0, cv_str_rfindc(v, '.'));
    *ret = v;
    return true;
}

bool cv_kv_version_json(struct cv_arena *a, cv_str text, cv_str *ret)
{
    struct cv_json j;
    cv_str v;
    if (!cv_json_open(&j, a, text, NULL))
        return false;
    struct cv_jval cuda = cv_json_get(cv_json_root(&j), "cuda");
    return cv_json_text(a, cv_json_get(cuda, "version"), &v) && without_date(v, ret);
}

bool cv_kv_version_txt(cv_str text, cv_str *ret)
{
    const cv_str mark = CV_S("CUDA Version ");
    size_t at = cv_str_find(text, mark);
    cv_str word;
    if (at == SIZE_MAX)
        return false;
    text = cv_str_from(text, at + mark.len);
    return cv_str_word(&text, &word) && cv_dotted_ok(word) && (*ret = word, true);
}

bool cv_kv_release(cv_str block, cv_str *ret)
{
    const cv_str mark = CV_S("release ");
    size_t at;
    while ((at = cv_str_find(block, mark)) != SIZE_MAX) {
        block = cv_str_from(block, at + mark.len);
        size_t comma = cv_str_find(cv_str_sub(block, 0, 16), CV_S(", V"));
        if (comma == SIZE_MAX)
            continue;
        cv_str v = cv_str_sub(block, comma + 3, 24);
        size_t n = 0;
        while (n < v.len && (cv_is_digit(v.ptr[n]) || v.ptr[n] == '.'))
            n++;
        if (cv_dotted_ok(cv_str_sub(v, 0, n)) &&
            cv_dotted_prefix(cv_str_sub(v, 0, n), cv_str_sub(block, 0, comma))) {
            *ret = cv_str_sub(v, 0, n);
            return true;
        }
    }
    return false;
}
