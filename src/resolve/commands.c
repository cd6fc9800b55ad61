/* commands.c: see commands.h. */
#include "resolve/commands.h"

static const char *const tools[CV_N_TOOLS] = {"pip",          "uv",    "uv-project", "poetry",
                                              "requirements", "conda", "mamba",      "pixi"};

const char *cv_tool_name(enum cv_tool t)
{
    return tools[t];
}

bool cv_tool_parse(cv_str s, enum cv_tool *ret)
{
    for (int i = 0; i < CV_N_TOOLS; i++) {
        if (cv_str_eqz(s, tools[i])) {
            *ret = (enum cv_tool)i;
            return true;
        }
    }
    return false;
}

bool cv_tool_is_conda(enum cv_tool t)
{
    return t == CV_TOOL_CONDA || t == CV_TOOL_MAMBA || t == CV_TOOL_PIXI;
}

cv_str cv_shell_word(struct cv_arena *a, cv_str s)
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

/* ---- where the wheel lies ---- */

static cv_str with_variant(struct cv_arena *a, cv_str url, cv_str variant)
{
    size_t at = cv_str_find(url, CV_S("{variant}"));
    if (at == SIZE_MAX)
        return url;
    return cv_arena_fmt(a, CV_FMT CV_FMT CV_FMT, CV_ARG(cv_str_sub(url, 0, at)), CV_ARG(variant),
                        CV_ARG(cv_str_from(url, at + 9)));
}

static cv_str official_url(const struct cv_facts *f, cv_str name)
{
    const cv_str key[2] = {CV_S("official"), name};
    uint32_t row = cv_facts_find(f, CV_T_INDEXES, key, 2);
    return row == CV_NO_ROW ? CV_S("") : cv_facts_get(f, CV_T_INDEXES, row, "url_pattern");
}

/* How pip takes this release from PyTorch's own index. */
struct where {
    cv_str
        form; /* "index", "flat", "lts", "registry" (with a URL: a mirror of it), "" = default registry */
    cv_str url;
};

static struct where official(const struct cv_facts *f, struct cv_arena *a, const struct cv_build *b)
{
    struct where w = {CV_S("index"), CV_S("")};
    cv_str name = CV_S("stable wheels by variant");
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_INSTALL_FORMS); r++) {
        cv_str below = cv_facts_get(f, CV_T_INSTALL_FORMS, r, "below");
        if (!cv_str_eq(cv_facts_at(f, CV_T_INSTALL_FORMS, r, 1), b->os) ||
            cv_dotted_cmp(b->torch, cv_facts_at(f, CV_T_INSTALL_FORMS, r, 0)) < 0 ||
            (cv_dotted_ok(below) && cv_dotted_cmp(b->torch, below) >= 0))
            continue;
        w.form = cv_facts_get(f, CV_T_INSTALL_FORMS, r, "form");
        name = cv_facts_get(f, CV_T_INSTALL_FORMS, r, "name");
    }
    w.url = with_variant(a, official_url(f, name), b->variant);
    return w;
}

cv_str cv_install_index(const struct cv_facts *f, struct cv_arena *a, const struct cv_build *b)
{
    return cv_str_eqz(b->channel, "pypi") ? CV_S("") : official(f, a, b).url;
}

bool cv_mirror_find(const struct cv_facts *f, struct cv_arena *a, cv_str what,
                    struct cv_mirror *ret, cv_str *ret_known)
{
    *ret_known = CV_S("");
    if (cv_str_starts(what, "https://") || cv_str_starts(what, "http://") ||
        cv_str_starts(what, "file://")) {
        size_t end = what.len;
        while (end > 0 && what.ptr[end - 1] == '/')
            end--;
        bool all = cv_str_ends(cv_str_sub(what, 0, end), "/simple");
        *ret = (struct cv_mirror){
            all || cv_str_has(what, "{variant}")
                ? what
                : cv_arena_fmt(a, CV_FMT "/{variant}", CV_ARG(cv_str_sub(what, 0, end))),
            all ? CV_S("registry") : CV_S("index")};
        return true;
    }
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_INDEXES); r++) {
        cv_str name = cv_facts_get(f, CV_T_INDEXES, r, "short");
        if (cv_str_eqz(name, "-"))
            continue;
        *ret_known = ret_known->len
                         ? cv_arena_fmt(a, CV_FMT ", " CV_FMT, CV_ARG(*ret_known), CV_ARG(name))
                         : name;
        if (!cv_str_ieq(name, what))
            continue;
        *ret = (struct cv_mirror){cv_facts_get(f, CV_T_INDEXES, r, "url_pattern"),
                                  cv_facts_get(f, CV_T_INDEXES, r, "form")};
        return true;
    }
    return false;
}

static struct where where_of(const struct cv_facts *f, struct cv_arena *a,
                             const struct cv_install *in)
{
    bool pypi = cv_str_eqz(in->b->channel, "pypi");
    bool registry = cv_str_eqz(in->mirror.form, "registry");
    if (in->mirror.url.len && (pypi || !registry)) /* a mirror of the registry has no +cuXYZ */
        return (struct where){in->mirror.form, with_variant(a, in->mirror.url, in->b->variant)};
    return pypi ? (struct where){CV_S(""), CV_S("")} : official(f, a, in->b);
}

/* ---- pip and its kin ---- */

/* flat pages and extra indexes stand beside the registry: only the local version tells the builds apart. */
static bool needs_local(const struct where *w)
{
    return cv_str_eqz(w->form, "flat") || cv_str_eqz(w->form, "lts");
}

static cv_str torch_word(struct cv_arena *a, const struct cv_build *b, bool local)
{
    return local
               ? cv_arena_fmt(a, "torch==" CV_FMT "+" CV_FMT, CV_ARG(b->torch), CV_ARG(b->variant))
               : cv_arena_fmt(a, "torch==" CV_FMT, CV_ARG(b->torch));
}

static cv_str pin_word(struct cv_arena *a, const struct cv_package_pin *p)
{
    return p->version.len ? cv_arena_fmt(a, CV_FMT "==" CV_FMT, CV_ARG(p->name), CV_ARG(p->version))
                          : p->name;
}

/* Packages that PyTorch's own index carries beside torch; all others come from the registry. */
static bool on_torch_index(const struct cv_facts *f, cv_str name)
{
    const cv_str key[2] = {CV_S("fact"), CV_S("packages of the index")};
    uint32_t row = cv_facts_find(f, CV_T_INDEXES, key, 2);
    return row != CV_NO_ROW &&
           cv_str_has_word(cv_facts_get(f, CV_T_INDEXES, row, "url_pattern"), ' ', name);
}

static bool all_on_torch_index(const struct cv_facts *f, const struct cv_install *in)
{
    for (uint32_t i = 0; i < in->n_pins; i++)
        if (!on_torch_index(f, in->pins[i].name))
            return false;
    return true;
}

static cv_str pip_line(const struct cv_facts *f, struct cv_arena *a, const struct cv_install *in)
{
    struct where w = where_of(f, a, in);
    bool uv = in->tool == CV_TOOL_UV, index = cv_str_eqz(w.form, "index");
    bool beside = index && !all_on_torch_index(f, in); /* something comes from the registry */
    bool local = needs_local(&w) || beside || (in->again && !cv_str_eqz(in->b->channel, "pypi"));
    cv_str python = in->python.len ? cv_shell_word(a, in->python) : CV_S("python");
    cv_str line = !uv ? cv_arena_fmt(a, CV_FMT " -m pip install", CV_ARG(python))
                  : in->python.len
                      ? cv_arena_fmt(a, "uv pip install --python " CV_FMT, CV_ARG(python))
                      : CV_S("uv pip install");
    line = cv_arena_fmt(a, CV_FMT " " CV_FMT, CV_ARG(line), CV_ARG(torch_word(a, in->b, local)));
    for (uint32_t i = 0; i < in->n_pins; i++)
        line = cv_arena_fmt(a, CV_FMT " " CV_FMT, CV_ARG(line), CV_ARG(pin_word(a, &in->pins[i])));
    if (w.url.len)
        line = cv_arena_fmt(a, CV_FMT " %s " CV_FMT, CV_ARG(line),
                            cv_str_eqz(w.form, "flat")            ? "-f"
                            : cv_str_eqz(w.form, "lts") || beside ? "--extra-index-url"
                                                                  : "--index-url",
                            CV_ARG(cv_shell_word(a, w.url)));
    if (in->again && !local)
        line = cv_arena_fmt(a, CV_FMT "%s", CV_ARG(line),
                            uv ? " --reinstall-package torch" : " --force-reinstall");
    return line;
}

/* A requirements file: everything pinned, the index in it. */
static cv_str requirements(const struct cv_facts *f, struct cv_arena *a,
                           const struct cv_install *in)
{
    struct where w = where_of(f, a, in);
    cv_str out = CV_S("");
    if (w.url.len)
        out = cv_arena_fmt(a, "%s " CV_FMT "\n",
                           cv_str_eqz(w.form, "flat")       ? "--find-links"
                           : cv_str_eqz(w.form, "registry") ? "--index-url"
                                                            : "--extra-index-url",
                           CV_ARG(w.url));
    out = cv_arena_fmt(a, CV_FMT CV_FMT, CV_ARG(out),
                       CV_ARG(torch_word(a, in->b, w.url.len && !cv_str_eqz(w.form, "registry"))));
    for (uint32_t i = 0; i < in->n_pins; i++)
        out = cv_arena_fmt(a, CV_FMT "\n" CV_FMT, CV_ARG(out), CV_ARG(pin_word(a, &in->pins[i])));
    return out;
}

static cv_str words_of(const struct cv_facts *f, struct cv_arena *a, const struct cv_install *in,
                       bool on_index, bool local)
{
    cv_str out = on_index ? torch_word(a, in->b, local) : CV_S("");
    for (uint32_t i = 0; i < in->n_pins; i++)
        if (on_torch_index(f, in->pins[i].name) == on_index)
            out = cv_arena_fmt(a, CV_FMT "%s" CV_FMT, CV_ARG(out), out.len ? " " : "",
                               CV_ARG(pin_word(a, &in->pins[i])));
    return out;
}

/* The two tables of pyproject.toml that bind torch to its index, then the command. */
static cv_str uv_project(const struct cv_facts *f, struct cv_arena *a, const struct cv_install *in)
{
    struct where w = where_of(f, a, in);
    cv_str all = words_of(f, a, in, true, false), rest = words_of(f, a, in, false, false);
    all = rest.len ? cv_arena_fmt(a, CV_FMT " " CV_FMT, CV_ARG(all), CV_ARG(rest)) : all;
    if (!w.url.len || cv_str_eqz(w.form, "registry"))
        return w.url.len ? cv_arena_fmt(a, "uv add --default-index " CV_FMT " " CV_FMT,
                                        CV_ARG(cv_shell_word(a, w.url)), CV_ARG(all))
                         : cv_arena_fmt(a, "uv add " CV_FMT, CV_ARG(all));
    cv_str sources =
        cv_arena_fmt(a, "torch = { index = \"pytorch-" CV_FMT "\" }\n", CV_ARG(in->b->variant));
    for (uint32_t i = 0; i < in->n_pins; i++)
        if (on_torch_index(f, in->pins[i].name))
            sources =
                cv_arena_fmt(a, CV_FMT CV_FMT " = { index = \"pytorch-" CV_FMT "\" }\n",
                             CV_ARG(sources), CV_ARG(in->pins[i].name), CV_ARG(in->b->variant));
    return cv_arena_fmt(a,
                        "cat >> pyproject.toml <<'EOF'\n[tool.uv.sources]\n" CV_FMT
                        "\n[[tool.uv.index]]\nname = \"pytorch-" CV_FMT "\"\nurl = \"" CV_FMT
                        "\"\n%sexplicit = true\nEOF\nuv add " CV_FMT,
                        CV_ARG(sources), CV_ARG(in->b->variant), CV_ARG(w.url),
                        cv_str_eqz(w.form, "flat") ? "format = \"flat\"\n" : "", CV_ARG(all));
}

static cv_str poetry(const struct cv_facts *f, struct cv_arena *a, const struct cv_install *in)
{
    struct where w = where_of(f, a, in);
    cv_str rest = words_of(f, a, in, false, false);
    if (!w.url.len || cv_str_eqz(w.form, "registry"))
        return cv_arena_fmt(a, "poetry add " CV_FMT "%s" CV_FMT,
                            CV_ARG(words_of(f, a, in, true, false)), rest.len ? " " : "",
                            CV_ARG(rest));
    cv_str line =
        cv_arena_fmt(a,
                     "poetry source add --priority explicit pytorch-" CV_FMT " " CV_FMT
                     " && poetry add --source pytorch-" CV_FMT " " CV_FMT,
                     CV_ARG(in->b->variant), CV_ARG(cv_shell_word(a, w.url)),
                     CV_ARG(in->b->variant), CV_ARG(words_of(f, a, in, true, needs_local(&w))));
    return rest.len ? cv_arena_fmt(a, CV_FMT " && poetry add " CV_FMT, CV_ARG(line), CV_ARG(rest))
                    : line;
}

/* ---- conda ---- */

/* "selector package, 1.13..2.5" covers this release? */
static bool covers(cv_str subject, cv_str torch)
{
    size_t comma = cv_str_findc(subject, ',');
    cv_str range = cv_str_trim(cv_str_from(subject, comma == SIZE_MAX ? subject.len : comma + 1));
    size_t dots = cv_str_find(range, CV_S(".."));
    if (cv_str_starts(range, "<=")) {
        cv_str last = cv_str_from(range, 2);
        /* "<=1.0" ends with 1.0.0: 1.0.1 stands in the next row */
        return cv_dotted_cmp(torch, last) < 0 ||
               (cv_dotted_prefix(torch, last) && cv_str_ends(torch, ".0"));
    }
    if (dots == SIZE_MAX)
        return false;
    cv_str from = cv_str_sub(range, 0, dots), last = cv_str_from(range, dots + 2);
    return cv_dotted_cmp(torch, from) >= 0 &&
           (cv_dotted_cmp(torch, last) <= 0 || cv_dotted_prefix(torch, last));
}

/* What chooses the CUDA on the pytorch channel: cuda90, cudatoolkit=11.3 or pytorch-cuda=12.1. */
static cv_str selector(const struct cv_facts *f, struct cv_arena *a, const struct cv_build *b,
                       bool *ret_nvidia)
{
    const cv_str key[2] = {CV_S("pytorch"), CV_S("fact")};
    uint32_t r = cv_facts_find(f, CV_T_CONDA, key, 2);
    for (; r < cv_facts_rows(f, CV_T_CONDA) && cv_str_eqz(cv_facts_at(f, CV_T_CONDA, r, 1), "fact");
         r++) {
        cv_str package = cv_facts_at(f, CV_T_CONDA, r, 3);
        if (!covers(cv_facts_at(f, CV_T_CONDA, r, 2), b->torch))
            continue;
        size_t eq = cv_str_findc(package, '=');
        *ret_nvidia = cv_str_has(cv_facts_get(f, CV_T_CONDA, r, "detail"), "-c nvidia");
        if (eq == SIZE_MAX)
            return cv_arena_fmt(a, "cuda%u%u", b->cuda.major, b->cuda.minor);
        return cv_arena_fmt(a, CV_FMT "=%u.%u", CV_ARG(cv_str_sub(package, 0, eq)), b->cuda.major,
                            b->cuda.minor);
    }
    return CV_S("");
}

static cv_str conda(const struct cv_facts *f, struct cv_arena *a, const struct cv_install *in)
{
    const struct cv_build *b = in->b;
    bool nvidia = false, pixi = in->tool == CV_TOOL_PIXI,
         forge = cv_str_eqz(b->channel, "conda-forge");
    cv_str pick = forge ? cv_arena_fmt(a, "cuda-version=%u.%u", b->cuda.major, b->cuda.minor)
                        : selector(f, a, b, &nvidia);
    cv_str what = cv_arena_fmt(a, "%s=" CV_FMT " " CV_FMT,
                               forge ? "pytorch-gpu" : "pytorch=", CV_ARG(b->torch), CV_ARG(pick));
    for (uint32_t i = 0; i < in->n_pins; i++)
        what = cv_arena_fmt(a, CV_FMT " " CV_FMT, CV_ARG(what), CV_ARG(pin_word(a, &in->pins[i])));
    const char *channels = forge    ? "-c conda-forge"
                           : nvidia ? "-c pytorch -c nvidia"
                                    : "-c pytorch";
    if (pixi)
        return cv_arena_fmt(a, "pixi workspace channel add %s && pixi add " CV_FMT,
                            forge    ? "conda-forge"
                            : nvidia ? "pytorch nvidia"
                                     : "pytorch",
                            CV_ARG(what));
    return cv_arena_fmt(a, "%s install " CV_FMT " %s", cv_tool_name(in->tool), CV_ARG(what),
                        channels);
}

/* ---- all ---- */

cv_str cv_install_text(const struct cv_facts *f, struct cv_arena *a, const struct cv_install *in)
{
    switch (in->tool) {
    case CV_TOOL_UV_PROJECT:
        return uv_project(f, a, in);
    case CV_TOOL_POETRY:
        return poetry(f, a, in);
    case CV_TOOL_REQUIREMENTS:
        return requirements(f, a, in);
    case CV_TOOL_CONDA:
    case CV_TOOL_MAMBA:
    case CV_TOOL_PIXI:
        return conda(f, a, in);
    case CV_TOOL_PIP:
    case CV_TOOL_UV:
    case CV_N_TOOLS:
        break;
    }
    return pip_line(f, a, in);
}

cv_str cv_install_command(const struct cv_facts *f, struct cv_arena *a, const struct cv_build *b,
                          cv_str tool, cv_str env_path)
{
    struct cv_install in = {.b = b,
                            .tool = cv_str_eqz(tool, "uv") ? CV_TOOL_UV : CV_TOOL_PIP,
                            .python = env_path.len
                                          ? cv_arena_fmt(a, CV_FMT "/bin/python", CV_ARG(env_path))
                                          : CV_S("")};
    return cv_install_text(f, a, &in);
}
