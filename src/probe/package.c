/* package.c: `cuvet archs torch`: the GPU code of an installed package, by the files that its RECORD names (PyPA, "Recording installed projects"). A name is
 * looked up in the active environment first, then in the others that are found. Packages without a RECORD (Debian's, eggs) are read by their folder. */
#include "format/pymeta.h"
#include "probe/archs.h"
#include "probe/python.h"

#define CV_MAX_PROJECT 100u

/* A word that pip would take as a project's name. */
static bool is_project(cv_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char ch = name.ptr[i];
        if (!cv_is_alpha(ch) && !cv_is_digit(ch) && (i == 0 || !strchr("-_.", ch)))
            return false;
    }
    return name.len > 0 && name.len <= CV_MAX_PROJECT;
}

/* The dist-info folder of a project in a site folder; "" = not there. */
static cv_str find_dist(struct cv_archs *c, cv_str site, cv_str project, cv_str *ret_version)
{
    struct cv_names names;
    char buf[CV_MAX_PROJECT + 1];
    if (cv_root_list(c->root, c->arena, site, &names) != CV_KNOWN)
        return CV_S("");
    for (uint32_t i = 0; i < names.n_v; i++) {
        cv_str raw;
        if (!cv_dist_folder(names.v[i], &raw, ret_version) || raw.len > CV_MAX_PROJECT)
            continue;
        if (cv_str_eq(cv_project_name(raw, buf, sizeof buf), project))
            return cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(site), CV_ARG(names.v[i]));
    }
    return CV_S("");
}

/* The path of one line of RECORD: "torch/lib/libc10.so,sha256=...,123"; in quotes where it holds a comma. False for none, and for those that lead out of
 * the site folder (programs in ../../../bin, and lies). */
static bool record_path(cv_str row, cv_str *ret)
{
    bool quoted = row.len && row.ptr[0] == '"';
    size_t end = cv_str_findc(cv_str_from(row, quoted), quoted ? '"' : ',');
    cv_str path = end == SIZE_MAX ? row : cv_str_sub(row, quoted, end);
    if (path.len == 0 || path.ptr[0] == '/' || cv_str_has(path, "../") || cv_str_ends(path, "..") ||
        cv_str_has(path, "\\"))
        return false;
    *ret = path;
    return true;
}

static bool by_record(struct cv_archs *c, cv_str site, cv_str dist, cv_str label)
{
    cv_str text, row, path;
    if (cv_root_read(c->root, c->arena, cv_arena_fmt(c->arena, CV_FMT "/RECORD", CV_ARG(dist)),
                     CV_MAX_RECORD, &text, NULL) != CV_KNOWN)
        return false;
    uint32_t from = c->to->n_v;
    while (cv_str_line(&text, &row)) {
        if (!record_path(cv_str_trim(row), &path) || !cv_archs_name(cv_str_base(path), false))
            continue;
        path = cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(site), CV_ARG(path));
        uint32_t before = c->to->n_v;
        cv_archs_path(c, path, path);
        cv_archs_drop_silent(c, before);
    }
    for (uint32_t i = from; i < c->to->n_v; i++) {
        c->to->v[i].group = label;
        c->to->v[i].within = cv_str_from(c->to->v[i].name, site.len + 1);
    }
    return true;
}

static bool in_environment(struct cv_archs *c, const struct cv_env *env, cv_str name)
{
    char buf[CV_MAX_PROJECT + 1];
    cv_str version = CV_S("");
    cv_str dist = find_dist(c, env->site, cv_project_name(name, buf, sizeof buf), &version);
    uint32_t from = c->to->n_v;
    if (dist.len == 0)
        return false;
    cv_str label = cv_arena_fmt(c->arena, CV_FMT " " CV_FMT " in " CV_FMT, CV_ARG(name),
                                CV_ARG(version), CV_ARG(env->site));
    cv_str folder = cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(env->site), CV_ARG(name));
    if (!by_record(c, env->site, dist, label) && cv_root_is_dir(c->root, folder))
        cv_archs_path(c, folder, label);
    if (c->to->n_v == from)
        (void)cv_archs_add(c, label, label);
    if (c->declared || c->declared_only)
        for (uint32_t i = from; i < c->to->n_v; i++)
            c->to->v[i].declared = cv_declared_near(c, folder, true);
    return true;
}

bool cv_archs_package(struct cv_archs *c, struct cv_probe_ctx *p, cv_str name)
{
    if (!is_project(name))
        return false;
    if (p->m->n_environments == 0) {
        cv_probe_env_vars(p);
        cv_probe_place(p);
        cv_probe_python(p);
    }
    for (int active = 1; active >= 0; active--)
        for (uint32_t i = 0; i < p->m->n_environments; i++)
            if (p->m->environments[i].active == (active == 1) &&
                in_environment(c, &p->m->environments[i], name))
                return true;
    return false;
}
