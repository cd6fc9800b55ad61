/* pyenv.c: Python environments and the torch in each. The active one first, then the places where tools put environments (design torch-layout.md,
 * section 5), then .venv, venv and env in the working folder and its parents. With --deep also a bounded walk of home and the usual roots.
 * Stale entries are normal and silent. An environment is known by device and inode of its site folder: found twice, it is one. */
#include "format/kv.h"
#include "probe/python.h"

#define CV_DEEP_LEVELS  8
#define CV_DEEP_FOLDERS 60000u

static cv_str join(struct cv_probe_ctx *c, cv_str dir, const char *name)
{
    return cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(dir), name);
}

/* ---- one environment ---- */

/* "python3.11" -> "3.11", "python3.13t" -> "3.13t" */
static bool python_of_folder(cv_str folder, cv_str *ret)
{
    struct cv_xy xy;
    bool t;
    if (!cv_str_starts(folder, "python3.") && !cv_str_starts(folder, "python2."))
        return false;
    *ret = cv_str_from(folder, 6);
    return cv_python_parse(*ret, &xy, &t);
}

static struct cv_env *find_site(struct cv_probe_ctx *c, const struct cv_stat *st)
{
    for (uint32_t i = 0; i < c->m->n_environments; i++)
        if (c->m->environments[i].ino == st->ino && c->m->environments[i].dev == st->dev)
            return &c->m->environments[i];
    return NULL;
}

/* A site folder is worth an entry if torch is in it in any form, or if it is the active environment's. */
static bool has_torch_trace(struct cv_probe_ctx *c, cv_str site)
{
    if (cv_root_exists(c->root, join(c, site, "torch/version.py")) ||
        cv_root_exists(c->root, join(c, site, "torch.egg-link")))
        return true;
    if (cv_root_is_dir(c->root, join(c, site, "torch")))
        return true;
    return cv_root_exists(c->root, join(c, site, "easy-install.pth")) ||
           cv_root_exists(c->root, join(c, site, "__editable___torch_finder.py"));
}

static struct cv_env *add_site(struct cv_probe_ctx *c, cv_str prefix, cv_str site, cv_str python,
                               const char *kind, bool active)
{
    struct cv_stat st;
    if (cv_root_stat(c->root, site, &st) != CV_KNOWN || !st.is_dir)
        return NULL;
    struct cv_env *old = find_site(c, &st);
    if (old) {
        old->active = old->active || active;
        return old;
    }
    bool conda = strcmp(kind, "conda") == 0;
    if (!active && !conda && !has_torch_trace(c, site))
        return NULL;
    struct cv_env env = {.path = prefix,
                         .kind = cv_str_z(kind),
                         .site = site,
                         .active = active,
                         .dev = st.dev,
                         .ino = st.ino};
    if (python.len)
        cv_fact_set(&env.python, python, site, CV_S(""));
    cv_dist_scan(c, &env);
    env.has_torch = cv_torch_read(c, &env, site, &env.torch);
    struct cv_torch meta;
    if (conda && cv_torch_conda(c, &env, &meta)) {
        if (!env.has_torch) {
            env.torch = meta;
            env.has_torch = true;
        } else if (!cv_str_eq(meta.version, env.torch.release) &&
                   !cv_str_eq(meta.version, env.torch.version)) {
            struct cv_torch *other =
                CV_PUSH(c->arena, &env,
                        other_torches); /* pip installed over conda's files, or beside them */
            if (other)
                *other = meta;
        } else {
            env.torch.conda =
                env.torch.installer.len == 0 || cv_str_eqz(env.torch.installer, "conda");
            env.torch.conda_build = meta.conda_build;
            if (!cv_known(&env.torch.cuda) && env.torch.cuda.state == CV_NOT_ASKED)
                env.torch.cuda = meta.cuda;
        }
    }
    if (!active && !env.has_torch && env.n_packages == 0)
        return NULL;
    struct cv_env *to =
        c->m->n_environments < CV_MAX_ENVS ? CV_PUSH(c->arena, c->m, environments) : NULL;
    if (to)
        *to = env;
    return to;
}

static void read_pyvenv(struct cv_probe_ctx *c, struct cv_env *env, bool *ret_uv,
                        bool *ret_system_site)
{
    cv_str text, v, path = join(c, env->path, "pyvenv.cfg");
    *ret_uv = *ret_system_site = false;
    if (cv_root_read(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text, NULL) != CV_KNOWN)
        return;
    *ret_uv = cv_kv_setting(text, "uv", &v);
    *ret_system_site =
        cv_kv_setting(text, "include-system-site-packages", &v) && cv_str_ieq(v, CV_S("true"));
    if (cv_kv_setting(text, "version_info", &v) || cv_kv_setting(text, "version", &v))
        cv_fact_set(&env->python_full, v, path, CV_S(""));
}

/* All site folders below a prefix: lib/python3.X/site-packages, lib64/… (often a link to lib). */
static struct cv_env *add_prefix(struct cv_probe_ctx *c, cv_str prefix, const char *kind,
                                 bool active)
{
    static const char *const libs[] = {"lib", "lib64"};
    struct cv_env *first = NULL;
    struct cv_names names;
    for (size_t i = 0; i < 2; i++) {
        cv_str lib = join(c, prefix, libs[i]);
        if ((i == 1 && first) || cv_root_list(c->root, c->arena, lib, &names) != CV_KNOWN)
            continue;
        for (uint32_t k = 0; k < names.n_v; k++) {
            cv_str python;
            if (!python_of_folder(names.v[k], &python))
                continue;
            cv_str site = cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT "/site-packages", CV_ARG(lib),
                                       CV_ARG(names.v[k]));
            struct cv_env *env = add_site(c, prefix, site, python, kind, active);
            if (!env)
                continue;
            bool uv, system;
            read_pyvenv(c, env, &uv, &system);
            if (uv && strcmp(kind, "venv") == 0)
                env->kind = CV_S("uv");
            first = first ? first : env;
        }
    }
    return first;
}

static bool is_venv(struct cv_probe_ctx *c, cv_str prefix)
{
    return cv_root_exists(c->root, join(c, prefix, "pyvenv.cfg"));
}

static bool is_conda(struct cv_probe_ctx *c, cv_str prefix)
{
    return cv_root_is_dir(c->root, join(c, prefix, "conda-meta"));
}

/* ---- the active environment ---- */

/* pyenv's shims: $PYENV_VERSION, .python-version upward, $PYENV_ROOT/version. */
static bool pyenv_version(struct cv_probe_ctx *c, cv_str root, cv_str *ret)
{
    cv_str text, dir = c->cwd;
    if (cv_probe_env(c, "PYENV_VERSION", ret) && ret->len)
        return true;
    for (int i = 0; i < 32 && dir.len; i++, dir = cv_str_dir(dir)) {
        if (cv_root_read(c->root, c->arena, join(c, dir, ".python-version"), 256, &text, NULL) ==
                CV_KNOWN &&
            cv_str_line(&text, ret))
            return true;
        if (dir.len <= 1)
            break;
    }
    return cv_root_read(c->root, c->arena, join(c, root, "version"), 256, &text, NULL) ==
               CV_KNOWN &&
           cv_str_line(&text, ret);
}

static cv_str pyenv_root(struct cv_probe_ctx *c)
{
    cv_str v;
    if (cv_probe_env(c, "PYENV_ROOT", &v) && v.len)
        return v;
    return c->home.len ? join(c, c->home, ".pyenv") : CV_S("");
}

/* Debian's dist-packages and other systems' site-packages below /usr and /usr/local. */
static void add_system(struct cv_probe_ctx *c, cv_str active_python)
{
    static const char *const libs[] = {"/usr/lib", "/usr/lib64", "/usr/local/lib",
                                       "/usr/local/lib64"};
    static const char *const kinds[] = {"system", "debian"};
    struct cv_names names;
    for (size_t i = 0; i < sizeof libs / sizeof libs[0]; i++) {
        if (cv_root_list(c->root, c->arena, cv_str_z(libs[i]), &names) != CV_KNOWN)
            continue;
        for (uint32_t k = 0; k < names.n_v; k++) {
            cv_str python = CV_S("");
            bool plain = cv_str_eqz(names.v[k], "python3");
            if (!plain && !python_of_folder(names.v[k], &python))
                continue;
            for (int d = 0; d < 2; d++) {
                cv_str site =
                    cv_arena_fmt(c->arena, "%s/" CV_FMT "/%s", libs[i], CV_ARG(names.v[k]),
                                 d ? "dist-packages" : "site-packages");
                bool active = active_python.len && (plain || cv_str_eq(python, active_python));
                bool entry = active && (cv_root_exists(c->root, join(c, site, "torch/version.py")));
                (void)add_site(c, cv_str_dir(cv_str_z(libs[i])), site,
                               plain ? active_python : python, kinds[d], entry);
            }
        }
    }
}

static cv_str system_python(struct cv_probe_ctx *c, cv_str real)
{
    cv_str base = cv_str_base(real), python;
    (void)c;
    return python_of_folder(base, &python) ? python : CV_S("");
}

/* The interpreter that plain `python3` means. Sets *ret_system to its X.Y where that is the system's own. */
static void add_from_path(struct cv_probe_ctx *c, cv_str *ret_system)
{
    static const char *const names[] = {"python3", "python"};
    cv_str list, dir, real, version;
    for (size_t n = 0; n < 2; n++) {
        if (!cv_probe_env(c, "PATH", &list))
            return;
        while (cv_str_next(&list, ':', &dir)) {
            cv_str program = join(c, dir, names[n]);
            if (dir.len == 0 || dir.ptr[0] != '/' || !cv_root_exists(c->root, program))
                continue;
            cv_str prefix = cv_str_dir(dir);
            if (is_venv(c, prefix)) {
                (void)add_prefix(c, prefix, "venv", true);
                return;
            }
            cv_str root = pyenv_root(c);
            if (root.len && cv_str_ends(dir, "/shims") && pyenv_version(c, root, &version)) {
                if (cv_str_eqz(version, "system"))
                    continue;
                prefix = cv_arena_fmt(c->arena, CV_FMT "/versions/" CV_FMT, CV_ARG(root),
                                      CV_ARG(version));
                (void)add_prefix(c, prefix, is_venv(c, prefix) ? "venv" : "pyenv", true);
                return;
            }
            if (cv_root_real(c->root, c->arena, program, &real) != CV_KNOWN)
                continue;
            prefix = cv_str_dir(cv_str_dir(real));
            if (cv_str_eqz(prefix, "/usr") || cv_str_eqz(prefix, "/") || prefix.len == 0) {
                *ret_system = system_python(c, real);
                return;
            }
            (void)add_prefix(c, prefix, is_conda(c, prefix) ? "conda" : "system", true);
            return;
        }
    }
}

static void add_active(struct cv_probe_ctx *c, cv_str *ret_system)
{
    cv_str prefix;
    if (cv_probe_env(c, "VIRTUAL_ENV", &prefix) && prefix.len && prefix.ptr[0] == '/')
        (void)add_prefix(c, prefix, "venv", true);
    else if (cv_probe_env(c, "CONDA_PREFIX", &prefix) && prefix.len && prefix.ptr[0] == '/')
        (void)add_prefix(c, prefix, "conda", true);
    else
        add_from_path(c, ret_system);
}

/* ---- the usual places ---- */

/* Each folder in `parent` is a prefix. */
static void add_children(struct cv_probe_ctx *c, cv_str parent, const char *kind)
{
    struct cv_names names;
    if (cv_root_list(c->root, c->arena, parent, &names) != CV_KNOWN)
        return;
    for (uint32_t i = 0; i < names.n_v && c->m->n_environments < CV_MAX_ENVS; i++) {
        cv_str prefix =
            cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(parent), CV_ARG(names.v[i]));
        (void)add_prefix(c, prefix, kind, false);
        if (strcmp(kind, "pyenv") == 0) /* pyenv-virtualenv */
            add_children(c, join(c, prefix, "envs"), "venv");
    }
}

static void add_conda_root(struct cv_probe_ctx *c, cv_str root)
{
    if (!cv_root_is_dir(c->root, root))
        return;
    if (is_conda(c, root))
        (void)add_prefix(c, root, "conda", false);
    add_children(c, join(c, root, "envs"), "conda");
}

static void add_conda(struct cv_probe_ctx *c, cv_str home)
{
    static const char *const names[] = {"miniconda3", "anaconda3", "miniforge3", "mambaforge",
                                        "micromamba", ".conda",    "miniconda",  "anaconda"};
    static const char *const roots[] = {"/opt", "/usr/local"};
    cv_str text, line;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (home.len)
            add_conda_root(c, join(c, home, names[i]));
        for (size_t k = 0; i < 5 && k < 2; k++)
            add_conda_root(c, cv_arena_fmt(c->arena, "%s/%s", roots[k], names[i]));
    }
    add_conda_root(c, CV_S("/opt/conda"));
    if (home.len && cv_root_read(c->root, c->arena, join(c, home, ".conda/environments.txt"),
                                 CV_MAX_SMALL_FILE, &text, NULL) == CV_KNOWN)
        while (cv_str_line(&text, &line))
            if (line.len && line.ptr[0] == '/' && is_conda(c, line))
                (void)add_prefix(c, line, "conda", false);
}

static void add_user_site(struct cv_probe_ctx *c, cv_str home)
{
    struct cv_names names;
    cv_str lib = join(c, home, ".local/lib");
    if (cv_root_list(c->root, c->arena, lib, &names) != CV_KNOWN)
        return;
    for (uint32_t i = 0; i < names.n_v; i++) {
        cv_str python;
        if (python_of_folder(names.v[i], &python))
            (void)add_site(c, join(c, home, ".local"),
                           cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT "/site-packages", CV_ARG(lib),
                                        CV_ARG(names.v[i])),
                           python, "user", false);
    }
}

static void add_home(struct cv_probe_ctx *c, cv_str home)
{
    static const struct {
        const char *place, *kind;
    } places[] = {
        {".pyenv/versions", "pyenv"},
        {".local/share/uv/python", "uv-python"},
        {".local/share/uv/tools", "uv-tool"},
        {".local/pipx/venvs", "pipx"},
        {".local/share/pipx/venvs", "pipx"},
        {".cache/pypoetry/virtualenvs", "poetry"},
        {".local/share/virtualenvs", "pipenv"},
        {".virtualenvs", "venv"},
        {"venvs", "venv"},
        {"envs", "venv"},
        {".venvs", "venv"},
    };
    static const char *const folders[] = {".venv", "venv", "env"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        add_children(c, join(c, home, places[i].place), places[i].kind);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (is_venv(c, join(c, home, folders[i])))
            (void)add_prefix(c, join(c, home, folders[i]), "venv", false);
    add_conda(c, home);
    add_user_site(c, home);
}

static void add_project(struct cv_probe_ctx *c)
{
    static const char *const folders[] = {".venv", "venv", "env"};
    cv_str dir = c->cwd;
    for (int level = 0; level < 32 && dir.len && dir.ptr[0] == '/'; level++) {
        for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
            cv_str prefix =
                dir.len == 1 ? cv_arena_fmt(c->arena, "/%s", folders[i]) : join(c, dir, folders[i]);
            if (is_venv(c, prefix))
                (void)add_prefix(c, prefix, "venv", false);
            else if (cv_root_is_dir(c->root, prefix) && is_conda(c, prefix))
                (void)add_prefix(c, prefix, "conda", false);
        }
        if (dir.len == 1)
            break;
        dir = cv_str_dir(dir);
    }
}

/* ---- --deep ---- */

static bool skipped(cv_str name)
{
    static const char *const names[] = {"site-packages", "node_modules", ".git", "dist-packages",
                                        "__pycache__",   "proc",         "sys",  "dev",
                                        "run",           ".cache",       "snap"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (cv_str_eqz(name, names[i]))
            return true;
    return false;
}

static void walk(struct cv_probe_ctx *c, cv_str dir, unsigned level, unsigned *budget)
{
    struct cv_names names;
    cv_str target;
    if (level > CV_DEEP_LEVELS || *budget == 0 || c->arena->oom)
        return;
    (*budget)--;
    if (is_venv(c, dir) || is_conda(c, dir)) {
        (void)add_prefix(c, dir, is_conda(c, dir) ? "conda" : "venv", false);
        if (!is_conda(c, dir))
            return;
    }
    if (cv_root_list(c->root, c->arena, dir, &names) != CV_KNOWN)
        return;
    for (uint32_t i = 0; i < names.n_v; i++) {
        cv_str path = cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(dir), CV_ARG(names.v[i]));
        struct cv_stat st;
        if (skipped(names.v[i]) || cv_root_readlink(c->root, c->arena, path, &target) == CV_KNOWN)
            continue;
        if (cv_root_stat(c->root, path, &st) == CV_KNOWN && st.is_dir)
            walk(c, path, level + 1, budget);
    }
}

static void add_deep(struct cv_probe_ctx *c)
{
    static const char *const roots[] = {"/home", "/opt",       "/srv",     "/usr/local", "/data",
                                        "/work", "/workspace", "/scratch", "/mnt"};
    unsigned budget = CV_DEEP_FOLDERS;
    if (c->home.len && !cv_root_is_remote(c->root, c->home))
        walk(c, c->home, 0, &budget);
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
        if (cv_root_is_dir(c->root, cv_str_z(roots[i])) &&
            !cv_root_is_remote(c->root, cv_str_z(roots[i])))
            walk(c, cv_str_z(roots[i]), 0, &budget);
    if (budget == 0)
        cv_problem_add(c->arena, c->m, CV_S("--deep"),
                       CV_S("stopped early: more folders than the limit"));
}

/* ---- several torches in one interpreter ---- */

static void put_before(struct cv_probe_ctx *c, struct cv_env *env, const struct cv_torch *first)
{
    if (env->has_torch) {
        struct cv_torch own = env->torch;
        struct cv_torch *other = CV_PUSH(c->arena, env, other_torches);
        if (other)
            *other = own;
    }
    env->torch = *first;
    env->has_torch = true;
}

/* The user site is searched before the interpreter's own packages, unless it is a venv. */
static void apply_user_site(struct cv_probe_ctx *c)
{
    static const char *const kinds[] = {"system", "debian", "pyenv", "conda"};
    for (uint32_t u = 0; u < c->m->n_environments; u++) {
        const struct cv_env *user = &c->m->environments[u];
        if (!cv_str_eqz(user->kind, "user") || !user->has_torch || !cv_known(&user->python))
            continue;
        for (uint32_t i = 0; i < c->m->n_environments; i++) {
            struct cv_env *env = &c->m->environments[i];
            bool kind = false;
            for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
                kind = kind || cv_str_eqz(env->kind, kinds[k]);
            if (kind && cv_known(&env->python) && cv_str_eq(env->python.v, user->python.v) &&
                (env->has_torch || env->active))
                put_before(c, env, &user->torch);
        }
    }
}

/* A folder of PYTHONPATH with a torch in it comes before everything. */
static void apply_pythonpath(struct cv_probe_ctx *c)
{
    cv_str list = cv_machine_var(c->m, "PYTHONPATH"), dir;
    while (list.len && cv_str_next(&list, ':', &dir)) {
        struct cv_torch t;
        if (dir.len == 0 || dir.ptr[0] != '/' ||
            !cv_root_exists(c->root, join(c, dir, "torch/version.py")))
            continue;
        for (uint32_t i = 0; i < c->m->n_environments; i++) {
            struct cv_env *env = &c->m->environments[i];
            if (env->active && !cv_str_eq(env->site, dir) && cv_torch_read(c, env, dir, &t)) {
                put_before(c, env, &t);
                return;
            }
        }
    }
}

static void other_homes(struct cv_probe_ctx *c)
{
    struct cv_names names;
    if (cv_root_is_dir(c->root, CV_S("/root")) && !cv_str_eqz(c->home, "/root"))
        add_home(c, CV_S("/root"));
    if (cv_root_list(c->root, c->arena, CV_S("/home"), &names) != CV_KNOWN)
        return;
    for (uint32_t i = 0; i < names.n_v && i < 64; i++) {
        cv_str home = cv_arena_fmt(c->arena, "/home/" CV_FMT, CV_ARG(names.v[i]));
        if (!cv_str_eq(home, c->home))
            add_home(c, home);
    }
}

void cv_probe_python(struct cv_probe_ctx *c)
{
    cv_str v, system = CV_S("");
    add_active(c, &system);
    add_project(c);
    if (c->home.len)
        add_home(c, c->home);
    else
        add_conda(c, CV_S(""));
    if (cv_probe_env(c, "MAMBA_ROOT_PREFIX", &v) && v.len)
        add_conda_root(c, v);
    if (cv_probe_env(c, "PYENV_ROOT", &v) && v.len)
        add_children(c, join(c, v, "versions"), "pyenv");
    if (cv_probe_env(c, "WORKON_HOME", &v) && v.len)
        add_children(c, v, "venv");
    add_children(c, CV_S("/opt"), "venv");
    add_system(c, system);
    if (!c->root->live && !c->home.len)
        other_homes(c);
    if (c->deep)
        add_deep(c);
    apply_user_site(c);
    apply_pythonpath(c);
    for (uint32_t i = 0; i < c->m->n_environments; i++) {
        const struct cv_env *env = &c->m->environments[i];
        cv_toolkits_in_prefix(c, env->path, env->site);
        if (env->active && cv_known(&env->python) && !cv_known(&c->m->python))
            c->m->python = env->python;
    }
    if (!cv_known(&c->m->python) && system.len)
        cv_fact_set(&c->m->python, system, CV_S("$PATH"), CV_S("python3"));
    c->m->environments_known = true;
}
