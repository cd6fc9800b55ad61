/* commands.h: the line (or file) that installs a build, ready to paste, for each tool. Index URLs and their forms are facts (indexes, install-forms, conda). */
#ifndef CV_RESOLVE_COMMANDS_H
#define CV_RESOLVE_COMMANDS_H

#include "resolve/resolve.h"

enum cv_tool { CV_TOOL_PIP, CV_TOOL_UV, CV_TOOL_UV_PROJECT, CV_TOOL_POETRY, CV_TOOL_REQUIREMENTS, CV_TOOL_CONDA, CV_TOOL_MAMBA, CV_TOOL_PIXI, CV_N_TOOLS };
const char *cv_tool_name(enum cv_tool t);
bool cv_tool_parse(cv_str s, enum cv_tool *ret);
bool cv_tool_is_conda(enum cv_tool t);

/* A mirror by its short name or any URL. */
struct cv_mirror {
    cv_str url;                /* may hold {variant}; "" = none */
    cv_str form;               /* "index", "flat", "registry" */
};
/* False: unknown name; *ret_known lists the names. */
bool cv_mirror_find(const struct cv_facts *f, struct cv_arena *a, cv_str what, struct cv_mirror *ret, cv_str *ret_known);

struct cv_package_pin {
    cv_str name, version;      /* version "" = whatever fits */
};
struct cv_install {
    const struct cv_build *b;  /* with its channel for this machine */
    enum cv_tool tool;
    struct cv_mirror mirror;
    cv_str python;             /* interpreter to install with, "" = python */
    bool again;                /* the same release is there as another build: it must be replaced */
    const struct cv_package_pin *pins;
    uint32_t n_pins;
};
cv_str cv_install_text(const struct cv_facts *f, struct cv_arena *a, const struct cv_install *in);
/* The folder or page where the wheel lies; "" = the default registry. */
cv_str cv_install_index(const struct cv_facts *f, struct cv_arena *a, const struct cv_build *b);
/* In single quotes where the shell would see more than one plain word. */
cv_str cv_shell_word(struct cv_arena *a, cv_str s);

/* For fixes: pip or uv with an environment's own interpreter ("" = python). */
cv_str cv_install_command(const struct cv_facts *f, struct cv_arena *a, const struct cv_build *b, cv_str tool, cv_str env_path);

#endif
