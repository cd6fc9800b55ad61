/* compiler.c: host compilers for people who build extensions, without running them: the name behind the link (x86_64-linux-gnu-gcc-12, gcc-13) and,
 * where that tells nothing, the newest folder below /usr/lib/gcc/TRIPLET. */
#include "probe/probe.h"

/* "x86_64-linux-gnu-gcc-12" -> "12", "clang-14" -> "14"; "" where the name has no number. */
static cv_str number_in_name(cv_str base)
{
    size_t dash = cv_str_rfindc(base, '-');
    if (dash == SIZE_MAX || !cv_dotted_ok(cv_str_from(base, dash + 1)))
        return CV_S("");
    return cv_str_from(base, dash + 1);
}

/* /usr/lib/gcc/x86_64-linux-gnu/12 or, elsewhere, /usr/lib/gcc/x86_64-redhat-linux/8 and /usr/lib/gcc/x86_64-pc-linux-gnu/14.2.1: the highest. */
static cv_str newest_gcc_folder(struct cv_probe_ctx *c, cv_str *ret_path)
{
    static const char *const parents[] = {"/usr/lib/gcc", "/usr/lib64/gcc"};
    cv_str best = CV_S("");
    struct cv_names triplets, versions;
    for (size_t i = 0; i < 2; i++) {
        if (cv_root_list(c->root, c->arena, cv_str_z(parents[i]), &triplets) != CV_KNOWN)
            continue;
        for (uint32_t k = 0; k < triplets.n_v; k++) {
            cv_str dir = cv_arena_fmt(c->arena, "%s/" CV_FMT, parents[i], CV_ARG(triplets.v[k]));
            if (cv_root_list(c->root, c->arena, dir, &versions) != CV_KNOWN)
                continue;
            for (uint32_t q = 0; q < versions.n_v; q++) {
                if (!cv_dotted_ok(versions.v[q]) || cv_dotted_cmp(versions.v[q], best) <= 0)
                    continue;
                best = versions.v[q];
                *ret_path = cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(dir), CV_ARG(best));
            }
        }
    }
    return best;
}

static void add_compiler(struct cv_probe_ctx *c, const char *name, cv_str path, bool is_default)
{
    cv_str real = path;
    (void)cv_root_real(c->root, c->arena, path, &real);
    for (uint32_t i = 0; i < c->m->n_compilers; i++)
        if (cv_str_eqz(c->m->compilers[i].name, name))
            return;
    cv_str base = cv_str_base(real);
    cv_str version = number_in_name(base);
    struct cv_src src = {path, real};
    if (version.len == 0 && !cv_str_has(base, "clang"))
        version = newest_gcc_folder(c, &src.text);
    struct cv_compiler *to = CV_PUSH(c->arena, c->m, compilers);
    if (to)
        *to = (struct cv_compiler){.name = cv_str_z(name),
                                   .version = version,
                                   .path = path,
                                   .src = src,
                                   .is_default = is_default};
}

static bool find_in_path(struct cv_probe_ctx *c, cv_str name, cv_str *ret)
{
    cv_str list, dir;
    if (name.len && name.ptr[0] == '/') {
        *ret = name;
        return cv_root_exists(c->root, name);
    }
    if (!cv_probe_env(c, "PATH", &list))
        list = CV_S("/usr/local/bin:/usr/bin:/bin");
    while (cv_str_next(&list, ':', &dir)) {
        *ret = cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(dir), CV_ARG(name));
        if (dir.len && dir.ptr[0] == '/' && cv_root_exists(c->root, *ret))
            return true;
    }
    return false;
}

void cv_probe_compilers(struct cv_probe_ctx *c)
{
    static const char *const names[] = {"gcc", "g++", "clang"};
    cv_str path, word, variable = cv_machine_var(c->m, "CXX");
    if (c->m->n_toolkits == 0) /* nothing here compiles CUDA code */
        return;
    if (variable.len && cv_str_word(&variable, &word) && find_in_path(c, word, &path))
        add_compiler(c, cv_str_has(cv_str_base(word), "clang") ? "clang" : "g++", path, true);
    bool chosen = c->m->n_compilers > 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (find_in_path(c, cv_str_z(names[i]), &path))
            add_compiler(c, names[i], path, !chosen && i == 1);
}
