/* commands.c: the line that installs a build, ready to paste. */
#include "resolve/resolve.h"

/* In single quotes where the shell would see more than one plain word. */
static cv_str quoted(struct cv_arena *a, cv_str s)
{
    bool plain = s.len > 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        plain = plain && (cv_is_alpha(c) || cv_is_digit(c) || c == '/' || c == '.' || c == '_' ||
                          c == '-' || c == '+' || c == '=' || c == '~' || c == ':');
    }
    if (plain)
        return s;
    cv_str out = CV_S("'");
    cv_str rest = s, part;
    bool first = true;
    while (cv_str_next(&rest, '\'', &part)) {
        out = cv_arena_fmt(a, CV_FMT "%s" CV_FMT, CV_ARG(out), first ? "" : "'\\''", CV_ARG(part));
        first = false;
    }
    return cv_arena_fmt(a, CV_FMT "'", CV_ARG(out));
}

/* "https://…/whl/{variant}" of the table, with the variant in it. */
static cv_str index_url(const struct cv_facts *f, struct cv_arena *a, cv_str variant)
{
    const cv_str key[2] = {CV_S("official"), CV_S("stable wheels by variant")};
    uint32_t row = cv_facts_find(f, CV_T_INDEXES, key, 2);
    cv_str url = row == CV_NO_ROW ? CV_S("") : cv_facts_get(f, CV_T_INDEXES, row, "url_pattern");
    size_t at = cv_str_find(url, CV_S("{variant}"));
    if (at == SIZE_MAX)
        return CV_S("");
    return cv_arena_fmt(a, CV_FMT CV_FMT CV_FMT, CV_ARG(cv_str_sub(url, 0, at)), CV_ARG(variant),
                        CV_ARG(cv_str_from(url, at + 9)));
}

cv_str cv_install_command(const struct cv_facts *f, struct cv_arena *a, const struct cv_build *b,
                          cv_str tool, cv_str env_path)
{
    cv_str url = cv_str_eqz(b->channel, "pypi") ? CV_S("") : index_url(f, a, b->variant);
    cv_str python = env_path.len
                        ? quoted(a, cv_arena_fmt(a, CV_FMT "/bin/python", CV_ARG(env_path)))
                        : CV_S("python");
    cv_str head =
        cv_str_eqz(tool, "uv")
            ? (env_path.len ? cv_arena_fmt(a, "uv pip install --python " CV_FMT, CV_ARG(python))
                            : CV_S("uv pip install"))
            : cv_arena_fmt(a, CV_FMT " -m pip install", CV_ARG(python));
    if (url.len == 0)
        return cv_arena_fmt(a, CV_FMT " torch==" CV_FMT, CV_ARG(head), CV_ARG(b->torch));
    /* The local version keeps pip from taking a wheel of the same release that is already there. */
    return cv_arena_fmt(a, CV_FMT " torch==" CV_FMT " --index-url " CV_FMT, CV_ARG(head),
                        CV_ARG(b->torch), CV_ARG(url));
}
