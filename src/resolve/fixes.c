/* fixes.c: what to do about a finding: the way without root first (another build), then the administrator's (driver, package, flavour). Commands are ready
 * to paste and never name a wheel that was not published. */
#include "resolve/fixes.h"

void cv_fix_add(struct cv_fixing *x, struct cv_finding *f, bool root, cv_str text, cv_str command)
{
    struct cv_fix *to = CV_PUSH(x->a, f, fixes);
    if (to)
        *to = (struct cv_fix){.text = text, .command = command, .needs_root = root};
}

/* ---- another build ---- */

static const struct cv_env_judgement *env_of(const struct cv_fixing *x, const struct cv_finding *f)
{
    for (uint32_t i = 0; i < x->d->n_envs; i++)
        if (cv_str_eq(x->m->environments[x->d->envs[i].env].path, f->env))
            return &x->d->envs[i];
    return NULL;
}

static cv_str series_of(cv_str release)
{
    size_t first = cv_str_findc(release, '.');
    size_t second =
        first == SIZE_MAX ? SIZE_MAX : cv_str_findc(cv_str_from(release, first + 1), '.');
    return second == SIZE_MAX ? release : cv_str_sub(release, 0, first + 1 + second);
}

/* The machine as this environment sees it: its own Python. */
static struct cv_machine machine_for(const struct cv_fixing *x, const struct cv_env *e)
{
    struct cv_machine m = *x->m;
    if (cv_known(&e->python))
        m.python = e->python;
    return m;
}

/* torchvision and torchaudio that belong to this torch, where the environment has them. Returns how many. */
static uint32_t companions(struct cv_fixing *x, const struct cv_env *e, cv_str torch,
                           struct cv_package_pin *ret)
{
    static const char *const names[] = {"torchvision", "torchaudio"};
    uint32_t count = 0;
    for (size_t n = 0; n < 2; n++) {
        bool there = false;
        uint32_t row;
        for (uint32_t i = 0; i < e->n_packages; i++)
            there = there || (cv_str_eqz(e->packages[i].name, names[n]) && !e->packages[i].broken);
        if (!there)
            continue;
        bool tied = cv_companion_for(x->f, cv_str_z(names[n]), CV_S(""), torch, &row) == CV_TIE_YES;
        ret[count++] = (struct cv_package_pin){
            cv_str_z(names[n]), tied ? cv_facts_at(x->f, CV_T_TORCH_COMPANIONS, row, 1) : CV_S("")};
    }
    return count;
}

/* The best build for this machine among those that `spec` ("==2.4.*", "" = all) allows. */
static bool choose(struct cv_fixing *x, const struct cv_machine *m, cv_str spec,
                   struct cv_choice *ret)
{
    struct cv_request r = {.python = CV_S("")};
    struct cv_candidate best;
    struct cv_query q;
    struct cv_view view;
    if (cv_known(&m->place.jetson))
        return false; /* Jetson has wheels of its own, which are not in torch-builds */
    if (!x->has_cat)
        cv_catalog_make(x->f, x->a, cv_known(&m->place.os) ? m->place.os.v : CV_S(""),
                        cv_known(&m->place.arch) ? m->place.arch.v : CV_S(""), false, &x->cat);
    x->has_cat = true;
    if (spec.len)
        r.reqs[r.n++] = (struct cv_req){
            .subject = CV_REQ_TORCH, .name = CV_S("torch"), .text = spec, .spec = spec};
    cv_query_init(&q, &x->cat, &r, m, 1, &view);
    if (q.no_gpu || !cv_query_best(&q, &best))
        return false;
    cv_choice_make(&q, x->a, 0, best.b, ret);
    return true;
}

static cv_str command_for(struct cv_fixing *x, const struct cv_env *e, const struct cv_choice *c)
{
    bool uv = cv_str_eqz(e->kind, "uv") || cv_str_eqz(e->torch.installer, "uv");
    bool system = !uv && (cv_str_eqz(e->path, "/usr") || cv_str_eqz(e->path, "/usr/local"));
    struct cv_package_pin pins[2];
    struct cv_install in = {.b = &c->build, .tool = uv ? CV_TOOL_UV : CV_TOOL_PIP, .pins = pins};
    in.n_pins = companions(x, e, c->build.torch, pins);
    in.python = e->path.len == 0 /* known from a log only */
                    ? CV_S("python")
                    : cv_arena_fmt(x->a, CV_FMT "/bin/python",
                                   CV_ARG(system ? CV_S("~/torch-env") : e->path));
    /* an installer keeps what already satisfies the request */
    in.again = !system && cv_str_eq(e->torch.release, c->build.torch);
    cv_str line = cv_install_text(x->f, x->a, &in);
    return system /* distributions refuse pip in their own Python */
               ? cv_arena_fmt(x->a, "python3 -m venv ~/torch-env && " CV_FMT, CV_ARG(line))
               : line;
}

static cv_str choice_words(struct cv_fixing *x, const struct cv_choice *c)
{
    return cv_arena_fmt(x->a, "torch " CV_FMT " for CUDA %u.%u", CV_ARG(c->build.torch),
                        c->build.cuda.major, c->build.cuda.minor);
}

/* Installing what is there already mends nothing. */
static bool is_installed(const struct cv_env *e, const struct cv_choice *c)
{
    return cv_str_eq(e->torch.release, c->build.torch) &&
           cv_str_eq(e->torch.variant, c->build.variant);
}

/* The same release in another variant, else the same series, else the newest that works. True if one was offered. */
static bool offer_build(struct cv_fixing *x, struct cv_finding *f, const char *because)
{
    const struct cv_env_judgement *ej = env_of(x, f);
    if (!ej || cv_known(&x->m->place.jetson))
        return false;
    const struct cv_env *e = &x->m->environments[ej->env];
    struct cv_machine m = machine_for(x, e);
    const cv_str wants[] = {
        cv_arena_fmt(x->a, "==" CV_FMT, CV_ARG(e->torch.release)),
        cv_arena_fmt(x->a, "==" CV_FMT ".*", CV_ARG(series_of(e->torch.release))), CV_S("")};
    struct cv_choice c, newest;
    for (size_t i = 0; i < 3; i++) {
        if (!choose(x, &m, wants[i], &c) || is_installed(e, &c) ||
            (cv_str_eqz(f->id, "cudnn-drops-gpu") && c.j.g2_warning))
            continue;
        cv_str text =
            cv_arena_fmt(x->a, "Install " CV_FMT "%s.", CV_ARG(choice_words(x, &c)), because);
        if (i < 2 && choose(x, &m, wants[2], &newest) &&
            cv_dotted_cmp(newest.build.torch, c.build.torch) > 0)
            text = cv_arena_fmt(x->a, CV_FMT " The newest that runs here is " CV_FMT ".",
                                CV_ARG(text), CV_ARG(choice_words(x, &newest)));
        else if (i == 2 && !cv_str_eqz(f->id, "cudnn-drops-gpu") &&
                 cv_str_cmp(c.build.torch, e->torch.release) != 0)
            text = cv_arena_fmt(x->a, CV_FMT " No build of torch " CV_FMT " runs here.",
                                CV_ARG(text), CV_ARG(series_of(e->torch.release)));
        cv_fix_add(x, f, false, text, command_for(x, e, &c));
        return true;
    }
    return false;
}

/* ---- by finding ---- */

static void fix_gpu_code(struct cv_fixing *x, struct cv_finding *f)
{
    if (cv_known(&x->m->place.jetson)) {
        cv_fix_jetson(x, f);
        return;
    }
    if (!offer_build(x, f, ", which has code for every GPU here"))
        cv_fix_add(x, f, false,
                   CV_S("No published build runs on this GPU with this driver, Python and system. "
                        "A newer driver or another Python may unlock one."),
                   CV_S(""));
}

void cv_fix_compat(struct cv_fixing *x, struct cv_finding *f)
{
    cv_fix_add(x, f, false,
               CV_S("Take the cuda-compat folder off the loader's path: leave it out of "
                    "LD_LIBRARY_PATH (or of /etc/ld.so.conf.d). It stands in for a newer driver on "
                    "data-centre GPUs only; here it breaks every CUDA program."),
               CV_S("unset LD_LIBRARY_PATH"));
}

static void fix_driver_too_old(struct cv_fixing *x, struct cv_finding *f)
{
    const struct cv_env_judgement *ej = env_of(x, f);
    bool none = cv_absent(&x->m->driver.version);
    if (ej && ej->j.compat_breaks) {
        cv_str have = cv_facts_driver_full(x->f, x->m->driver.version.v, false);
        cv_fix_compat(x, f);
        if (cv_dotted_ok(ej->j.driver_need) && cv_dotted_cmp(have, ej->j.driver_need) < 0)
            cv_fix_driver(x, f, ej->j.driver_need);
        return;
    }
    if (cv_known(&x->m->place.jetson)) {
        cv_fix_jetson(x, f);
        return;
    }
    if (!none)
        (void)offer_build(x, f, ", which the present driver runs");
    cv_fix_driver(x, f, ej ? ej->j.driver_need : CV_S(""));
}

static void fix_cpu_only(struct cv_fixing *x, struct cv_finding *f)
{
    if (cv_known(&x->m->place.jetson))
        cv_fix_jetson(x, f);
    else if (!offer_build(x, f, ", the CUDA build"))
        cv_fix_add(x, f, false,
                   CV_S("Install a CUDA build of torch instead; none of the known ones fits this "
                        "driver, GPU and Python."),
                   CV_S(""));
}

static void fix_companion(struct cv_fixing *x, struct cv_finding *f)
{
    const struct cv_env_judgement *ej = env_of(x, f);
    if (!ej || !x->m->environments)
        return;
    const struct cv_env *e = &x->m->environments[ej->env];
    struct cv_package_pin pins[2];
    bool uv = cv_str_eqz(e->kind, "uv") || cv_str_eqz(e->torch.installer, "uv");
    struct cv_build b = ej->build;
    struct cv_install in = {.b = &b,
                            .tool = uv ? CV_TOOL_UV : CV_TOOL_PIP,
                            .python = cv_arena_fmt(x->a, CV_FMT "/bin/python", CV_ARG(e->path)),
                            .pins = pins};
    in.n_pins = companions(x, e, e->torch.release, pins);
    bool known = false;
    for (uint32_t i = 0; i < in.n_pins; i++)
        known = known || pins[i].version.len;
    if (!known)
        return;
    const cv_str key[4] = {b.torch, b.variant, b.os, b.arch};
    uint32_t row = cv_facts_find(x->f, CV_T_TORCH_BUILDS, key, 4);
    bool pypi = row != CV_NO_ROW &&
                cv_str_eqz(cv_facts_get(x->f, CV_T_TORCH_BUILDS, row, "on_pypi"), "yes");
    b.channel = pypi ? CV_S("pypi") : CV_S("pytorch");
    cv_fix_add(x, f, false,
               cv_arena_fmt(x->a, "Install the versions that belong to torch " CV_FMT ".",
                            CV_ARG(e->torch.release)),
               cv_install_text(x->f, x->a, &in));
}

static void fix_library(struct cv_fixing *x, struct cv_finding *f, const char *package,
                        const struct cv_fact *want)
{
    const struct cv_env_judgement *ej = env_of(x, f);
    if (!ej || !cv_known(want))
        return;
    const struct cv_env *e = &x->m->environments[ej->env];
    bool uv = cv_str_eqz(e->kind, "uv") || cv_str_eqz(e->torch.installer, "uv");
    cv_str name = want->src.text.len ? want->src.text : cv_str_z(package);
    cv_fix_add(
        x, f, false, CV_S("Put back the version that torch pins."),
        uv ? cv_arena_fmt(x->a, "uv pip install --python " CV_FMT "/bin/python " CV_FMT "==" CV_FMT,
                          CV_ARG(e->path), CV_ARG(name), CV_ARG(want->v))
           : cv_arena_fmt(x->a, CV_FMT "/bin/python -m pip install " CV_FMT "==" CV_FMT,
                          CV_ARG(e->path), CV_ARG(name), CV_ARG(want->v)));
}

static void fix_environment(struct cv_fixing *x, struct cv_finding *f)
{
    const struct cv_env_judgement *ej = env_of(x, f);
    const struct cv_env *e = ej ? &x->m->environments[ej->env] : NULL;
    if (cv_str_eqz(f->id, "cudnn-version-differs") && e)
        fix_library(x, f, "nvidia-cudnn-cu12", &e->torch.cudnn_required);
    else if (cv_str_eqz(f->id, "nccl-version-differs") && e)
        fix_library(x, f, "nvidia-nccl-cu12", &e->torch.nccl_required);
    else if (cv_str_eqz(f->id, "companion-mismatch"))
        fix_companion(x, f);
    else if (cv_str_eqz(f->id, "two-torches"))
        cv_fix_add(
            x, f, false,
            CV_S("Remove one of them: uninstall torch with pip until it says that it is not "
                 "installed, then install the wanted build once."),
            e ? cv_arena_fmt(x->a, CV_FMT "/bin/python -m pip uninstall torch", CV_ARG(e->path))
              : CV_S(""));
    else if (cv_str_eqz(f->id, "torch-shadowed"))
        cv_fix_add(x, f, false,
                   CV_S("Use a virtual environment, unset PYTHONPATH, or remove the copy that "
                        "comes first. PYTHONNOUSERSITE=1 leaves the user site out."),
                   CV_S(""));
    else if (cv_str_eqz(f->id, "broken-install") && f->n_evidence > 0)
        cv_fix_add(x, f, false, CV_S("Remove the leftover folder, then install the package again."),
                   CV_S(""));
}

/* No torch yet: which one to install. */
static void fix_no_torch(struct cv_fixing *x, struct cv_finding *f)
{
    struct cv_choice c;
    bool described = cv_known(&x->m->driver.version) && x->m->n_gpus > 0;
    if (!described || !choose(x, x->m, CV_S(""), &c))
        return;
    cv_fix_add(x, f, false,
               cv_arena_fmt(x->a, "Install " CV_FMT ", the newest that this driver and GPU run.",
                            CV_ARG(choice_words(x, &c))),
               cv_install_command(x->f, x->a, &c.build, CV_S("pip"), CV_S("")));
}

void cv_add_fixes(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m,
                  struct cv_diagnosis *d)
{
    struct cv_fixing x = {.f = f, .a = a, .m = m, .d = d};
    for (uint32_t i = 0; i < d->n_findings; i++) {
        struct cv_finding *to = &d->findings[i];
        if (cv_str_eqz(to->id, "gpu-too-new") || cv_str_eqz(to->id, "gpu-too-old") ||
            cv_str_eqz(to->id, "gpu-jit") || cv_str_eqz(to->id, "cudnn-drops-gpu"))
            fix_gpu_code(&x, to);
        else if (cv_str_eqz(to->id, "driver-too-old"))
            fix_driver_too_old(&x, to);
        else if (cv_str_eqz(to->id, "cpu-only-torch"))
            fix_cpu_only(&x, to);
        else if (cv_str_eqz(to->id, "no-torch"))
            fix_no_torch(&x, to);
        else if (!cv_fix_state(&x, to))
            fix_environment(&x, to);
    }
}
