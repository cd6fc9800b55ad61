/* steps.c: the four steps everyone knows: 1 driver (and GPUs), 2 CUDA, 3 PyTorch in each environment, 4 do they fit. */
#include "report/text.h"

#include "base/limits.h"

#define CV_LABEL 11 /* width of the step's name */

uint32_t cv_count_gpus(const struct cv_machine *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n_gpus; i++)
        n += cv_str_eqz(m->gpus[i].vendor, "nvidia");
    return n;
}

static void row(struct cv_text *t, const char *label, cv_str text)
{
    cv_lay_put(t->b, t->st, CV_BOLD, cv_arena_fmt(t->a, "%-*s", CV_LABEL, label));
    cv_lay_wrap(t->b, t->st, CV_LABEL, CV_LABEL + 2, text);
}

/* ---- 1 driver ---- */

static cv_str driver_words(struct cv_text *t)
{
    const struct cv_driver *d = &t->m->driver;
    if (cv_absent(&d->version))
        return CV_S("none");
    if (d->version.state == CV_DENIED)
        return cv_arena_fmt(t->a, "not readable (" CV_FMT ")", CV_ARG(d->version.src.path));
    if (d->version.state == CV_MALFORMED)
        return cv_arena_fmt(t->a, "not understood (" CV_FMT ")", CV_ARG(d->version.src.path));
    cv_str v = cv_known(&d->version) ? d->version.v : CV_S("not known");
    const char *flavour = d->flavour == CV_FLAVOUR_OPEN     ? ", open kernel modules"
                          : d->flavour == CV_FLAVOUR_CLOSED ? ", closed kernel modules"
                                                            : "";
    const char *whose = cv_known(&t->m->place.wsl) ? " of Windows" : "";
    if (cv_known(&d->cuda))
        return cv_arena_fmt(t->a, CV_FMT "%s%s; runs builds for CUDA up to " CV_FMT, CV_ARG(v),
                            whose, flavour, CV_ARG(d->cuda.v));
    return cv_arena_fmt(t->a, CV_FMT "%s%s", CV_ARG(v), whose, flavour);
}

static cv_str gpu_line(struct cv_text *t, const struct cv_gpu *g)
{
    cv_str name = cv_known(&g->name)     ? g->name.v
                  : cv_known(&g->device) ? cv_arena_fmt(t->a, "NVIDIA GPU with PCI id 10de:" CV_FMT,
                                                        CV_ARG(g->device.v))
                                         : CV_S("NVIDIA GPU");
    cv_str cc = cv_known(&g->cc_text)
                    ? cv_arena_fmt(t->a, "compute capability " CV_FMT, CV_ARG(g->cc_text.v))
                    : CV_S("compute capability unknown");
    cv_str memory = CV_S("");
    uint64_t mib;
    if (cv_known(&g->memory_mib) && cv_str_u64(g->memory_mib.v, &mib) && mib >= 512)
        memory = cv_arena_fmt(t->a, ", %llu GiB", (unsigned long long)((mib + 512) / 1024));
    return cv_arena_fmt(t->a, CV_FMT ", " CV_FMT CV_FMT "%s%s", CV_ARG(name), CV_ARG(cc),
                        CV_ARG(memory),
                        cv_known(&g->mig) && cv_str_eqz(g->mig.v, "enabled") ? ", MIG" : "",
                        g->hidden ? " (hidden by CUDA_VISIBLE_DEVICES)" : "");
}

static void gpus(struct cv_text *t)
{
    const struct cv_machine *m = t->m;
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        const struct cv_gpu *g = &m->gpus[i];
        cv_str line;
        uint32_t same = 1;
        if (!cv_str_eqz(g->vendor, "nvidia")) {
            row(t, "  GPU",
                cv_arena_fmt(t->a, "of %s, not judged%s",
                             cv_str_eqz(g->vendor, "amd") ? "AMD" : "Intel", ""));
            continue;
        }
        line = gpu_line(t, g);
        while (i + same < m->n_gpus && cv_str_eqz(m->gpus[i + same].vendor, "nvidia") &&
               cv_str_eq(gpu_line(t, &m->gpus[i + same]), line))
            same++;
        row(t, "  GPU", same > 1 ? cv_arena_fmt(t->a, "%u x " CV_FMT, same, CV_ARG(line)) : line);
        i += same - 1;
    }
    if (m->gpus_known && cv_count_gpus(m) == 0)
        row(t, "  GPU", CV_S("no NVIDIA GPU"));
    else if (!m->gpus_known && m->n_gpus == 0)
        row(t, "  GPU", CV_S("not known"));
}

static void place(struct cv_text *t)
{
    const struct cv_place *p = &t->m->place;
    cv_str os = cv_known(&p->distro_name) ? p->distro_name.v
                : cv_known(&p->os)        ? p->os.v
                                          : CV_S("");
    cv_str where = CV_S("");
    if (cv_known(&p->wsl))
        where = cv_arena_fmt(t->a, ", WSL " CV_FMT, CV_ARG(p->wsl.v));
    else if (cv_known(&p->jetson))
        where = cv_arena_fmt(t->a, ", Jetson " CV_FMT "%s" CV_FMT, CV_ARG(p->jetson.v),
                             cv_known(&p->l4t) ? ", L4T " : "",
                             CV_ARG(cv_known(&p->l4t) ? p->l4t.v : CV_S("")));
    if (cv_known(&p->container))
        where = cv_arena_fmt(t->a, CV_FMT ", in a container (" CV_FMT ")", CV_ARG(where),
                             CV_ARG(p->container.v));
    if (os.len == 0 && where.len == 0)
        return;
    row(t, "  on",
        cv_arena_fmt(t->a, CV_FMT CV_FMT "%s" CV_FMT "%s" CV_FMT, CV_ARG(os), CV_ARG(where),
                     cv_known(&p->arch) ? ", " : "",
                     CV_ARG(cv_known(&p->arch) ? p->arch.v : CV_S("")),
                     cv_known(&p->glibc)    ? ", glibc "
                     : cv_absent(&p->glibc) ? ", musl"
                                            : "",
                     CV_ARG(cv_known(&p->glibc) ? p->glibc.v : CV_S(""))));
}

/* ---- 2 CUDA ---- */

static void toolkits(struct cv_text *t)
{
    const struct cv_machine *m = t->m;
    bool brings = false;
    for (uint32_t i = 0; i < t->d->n_envs; i++)
        brings = brings || (t->d->envs[i].build.has_cuda &&
                            !m->environments[t->d->envs[i].env].torch.from_source);
    if (!m->toolkits_known) {
        row(t, "2 CUDA", CV_S("toolkits not known"));
        return;
    }
    if (m->n_toolkits == 0) {
        row(t, "2 CUDA",
            brings ? CV_S("no toolkit, and none is needed: PyTorch brings its own CUDA and cuDNN")
                   : CV_S("no toolkit (needed only to compile CUDA code)"));
        return;
    }
    for (uint32_t i = 0; i < m->n_toolkits; i++) {
        const struct cv_toolkit *k = &m->toolkits[i];
        cv_str v = k->version.len ? k->version : CV_S("(version unknown)");
        const char *use = k->is_cuda_home ? ", CUDA_HOME"
                          : k->in_path    ? ", its nvcc is first in PATH"
                          : k->is_default ? ", the default"
                          : !k->has_nvcc  ? ", without nvcc"
                                          : "";
        row(t, i == 0 ? "2 CUDA" : "",
            cv_arena_fmt(t->a, "toolkit " CV_FMT " in " CV_FMT "%s", CV_ARG(v), CV_ARG(k->path),
                         use));
    }
    for (uint32_t i = 0; i < m->n_cudnn; i++)
        row(t, "",
            cv_arena_fmt(
                t->a, "cuDNN " CV_FMT " in " CV_FMT,
                CV_ARG(m->cudnn[i].version.len ? m->cudnn[i].version : CV_S("(version unknown)")),
                CV_ARG(m->cudnn[i].path)));
    for (uint32_t i = 0; i < m->n_nccl; i++)
        row(t, "",
            cv_arena_fmt(
                t->a, "NCCL " CV_FMT " in " CV_FMT,
                CV_ARG(m->nccl[i].version.len ? m->nccl[i].version : CV_S("(version unknown)")),
                CV_ARG(cv_str_dir(m->nccl[i].path))));
    if (brings)
        row(t, "", CV_S("only for compiling extensions: PyTorch brings its own CUDA and cuDNN"));
}

/* ---- 3 PyTorch ---- */

static cv_str torch_words(struct cv_text *t, const struct cv_env *e)
{
    const struct cv_torch *x = &e->torch;
    cv_str cuda = cv_known(&x->cuda)    ? cv_arena_fmt(t->a, "CUDA " CV_FMT, CV_ARG(x->cuda.v))
                  : cv_absent(&x->cuda) ? CV_S("no CUDA")
                                        : CV_S("CUDA unknown");
    if (x->hip.len)
        cuda = cv_arena_fmt(t->a, "ROCm " CV_FMT, CV_ARG(x->hip));
    cv_str cudnn =
        cv_known(&x->cudnn) ? cv_arena_fmt(t->a, ", cuDNN " CV_FMT, CV_ARG(x->cudnn.v)) : CV_S("");
    cv_str nccl =
        cv_known(&x->nccl) ? cv_arena_fmt(t->a, ", NCCL " CV_FMT, CV_ARG(x->nccl.v)) : CV_S("");
    cv_str python = cv_known(&e->python)
                        ? cv_arena_fmt(t->a, ", Python " CV_FMT, CV_ARG(e->python.v))
                        : CV_S("");
    return cv_arena_fmt(t->a, CV_FMT ": " CV_FMT CV_FMT CV_FMT CV_FMT, CV_ARG(x->version),
                        CV_ARG(cuda), CV_ARG(cudnn), CV_ARG(nccl), CV_ARG(python));
}

static cv_str short_archs(struct cv_text *t, const struct cv_torch *x)
{
    cv_str all = CV_S("sm");
    for (unsigned i = 0; i < x->targets.n; i++) {
        struct cv_target k = x->targets.t[i];
        char suffix[2] = {k.suffix, 0};
        all = k.ptx
                  ? cv_arena_fmt(t->a, CV_FMT ", PTX %u%s", CV_ARG(all), cv_cc_number(k.cc), suffix)
                  : cv_arena_fmt(t->a, CV_FMT " %u%s", CV_ARG(all), cv_cc_number(k.cc), suffix);
    }
    return all;
}

static void torches(struct cv_text *t)
{
    const struct cv_machine *m = t->m;
    bool one = t->d->n_envs == 1;
    uint32_t most = t->st->verbose ? CV_MAX_ENVS : 8;
    if (t->d->n_envs == 0) {
        row(t, "3 PyTorch",
            m->environments_known ? CV_S("none found in the usual places") : CV_S("not known"));
        return;
    }
    for (uint32_t i = 0; i < t->d->n_envs && i < most; i++) {
        const struct cv_env *e = &m->environments[t->d->envs[i].env];
        row(t, i == 0 ? "3 PyTorch" : "", torch_words(t, e));
        row(t, "",
            cv_arena_fmt(t->a, "  in " CV_FMT " (" CV_FMT "%s%s)", CV_ARG(e->path),
                         CV_ARG(e->kind.len ? e->kind : CV_S("environment")),
                         e->active ? ", active" : "", e->torch.editable ? ", editable" : ""));
        if (cv_known(&e->torch.archs) && (one || t->st->verbose))
            row(t, "", cv_arena_fmt(t->a, "  code for " CV_FMT, CV_ARG(short_archs(t, &e->torch))));
    }
    if (t->d->n_envs > most)
        row(t, "", cv_arena_fmt(t->a, "and %u more (cuvet -v)", t->d->n_envs - most));
}

/* ---- 4 do they fit ---- */

static const char *mark(const struct cv_text *t, enum cv_verdict v)
{
    bool good = v == CV_V_WORKS, bad = cv_verdict_fails(v);
    if (t->st->utf8)
        return good ? "\xe2\x9c\x93" : bad ? "\xe2\x9c\x97" : "?";
    return good ? "+" : bad ? "x" : "?";
}

/* Driver and CUDA, then GPU and code: the two comparisons, with their numbers. */
static cv_str works(struct cv_text *t, const struct cv_env_judgement *ej)
{
    const struct cv_judgement *j = &ej->j;
    const struct cv_fact *api = &t->m->driver.cuda;
    cv_str code = CV_S("it has code for every GPU here");
    cv_str driver = CV_S("the driver is new enough");
    if (j->n_gpus == 1 && j->gpus[0].has_via)
        code = cv_arena_fmt(t->a, "its " CV_FMT " code runs on this GPU",
                            CV_ARG(cv_target_str(t->a, j->gpus[0].via)));
    if (j->mode == CV_MODE_MINOR)
        driver = cv_arena_fmt(t->a, "CUDA %u.%u runs on this driver by minor-version compatibility",
                              ej->build.cuda.major, ej->build.cuda.minor);
    else if (j->mode == CV_MODE_FORWARD)
        driver = CV_S("a cuda-compat package stands in for a newer driver");
    else if (cv_known(api))
        driver = cv_arena_fmt(t->a, "the build is for CUDA %u.%u, the driver runs up to " CV_FMT,
                              ej->build.cuda.major, ej->build.cuda.minor, CV_ARG(api->v));
    bool broken = t->d->n_findings && t->d->findings[0].severity == CV_ERROR &&
                  t->d->findings[0].env.len == 0;
    return cv_arena_fmt(t->a, "%s" CV_FMT "; " CV_FMT,
                        broken ? "once the problem above is mended: " : "", CV_ARG(driver),
                        CV_ARG(code));
}

static cv_str why(struct cv_text *t, const struct cv_env_judgement *ej)
{
    const struct cv_judgement *j = &ej->j;
    enum cv_result want = cv_verdict_fails(j->verdict) ? CV_R_FAIL
                          : j->verdict == CV_V_UNKNOWN ? CV_R_UNKNOWN
                                                       : CV_R_NA;
    for (uint32_t i = 0; i < j->n_reasons; i++) {
        if (j->reasons[i].result != want)
            continue;
        bool told = t->d->n_findings && t->d->findings[0].severity == CV_ERROR &&
                    cv_str_eq(t->d->findings[0].cause, j->reasons[i].text);
        return told ? CV_S("as said above") : j->reasons[i].text;
    }
    if (j->verdict == CV_V_WORKS_IF && j->n_needs) {
        cv_str all = CV_S("needs");
        for (uint32_t i = 0; i < j->n_needs; i++)
            all = cv_arena_fmt(t->a, CV_FMT "%s " CV_FMT " " CV_FMT, CV_ARG(all), i ? "," : "",
                               CV_ARG(j->needs[i].axis), CV_ARG(j->needs[i].must));
        return all;
    }
    switch (j->verdict) {
    case CV_V_WORKS:
        return works(t, ej);
    case CV_V_WORKS_JIT:
        return CV_S("runs after the driver has compiled the build's PTX");
    case CV_V_CPU_ONLY:
        return ej->build.has_cuda
                   ? CV_S("a CUDA build on a machine without an NVIDIA GPU: runs on the CPU")
                   : CV_S("a build without CUDA: runs on the CPU");
    default:
        return CV_S("");
    }
}

static void fits(struct cv_text *t)
{
    uint32_t most = t->st->verbose ? CV_MAX_ENVS : 8;
    if (t->d->n_envs == 0) {
        row(t, "4 Fit?", CV_S("nothing to compare"));
        return;
    }
    for (uint32_t i = 0; i < t->d->n_envs && i < most; i++) {
        const struct cv_env_judgement *ej = &t->d->envs[i];
        const struct cv_env *e = &t->m->environments[ej->env];
        enum cv_color color = cv_verdict_fails(ej->j.verdict) ? CV_RED
                              : ej->j.verdict == CV_V_WORKS   ? CV_GREEN
                                                              : CV_YELLOW;
        cv_lay_put(t->b, t->st, CV_BOLD,
                   cv_arena_fmt(t->a, "%-*s", CV_LABEL, i == 0 ? "4 Fit?" : ""));
        cv_lay_put(t->b, t->st, color, cv_str_z(mark(t, ej->j.verdict)));
        cv_lay_wrap(t->b, t->st, CV_LABEL + 1, CV_LABEL + 2,
                    cv_arena_fmt(t->a, " %s: torch " CV_FMT ": " CV_FMT,
                                 cv_verdict_name(ej->j.verdict), CV_ARG(e->torch.version),
                                 CV_ARG(why(t, ej))));
    }
}

void cv_text_row(struct cv_text *t, const char *label, cv_str text)
{
    row(t, label, text);
}

void cv_text_machine(struct cv_text *t)
{
    row(t, "1 Driver", driver_words(t));
    gpus(t);
    place(t);
}

void cv_text_steps(struct cv_text *t)
{
    cv_text_machine(t);
    toolkits(t);
    torches(t);
    fits(t);
}
