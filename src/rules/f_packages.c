/* f_packages.c: B2 (companions tied to one torch), E1 (environments: two torches, shadowed ones, broken installs), and libraries that differ from the pins. */
#include "rules/companion.h"
#include "rules/findings.h"

/* ---- B2 ---- */

static bool requirement(struct cv_diag *g, const struct cv_package *p, cv_str *ret,
                        cv_str *ret_source)
{
    uint32_t row;
    if (!cv_companion_wants(g->f, g->a, p, ret, &row))
        return false;
    *ret_source = p->torch_requirement.len
                      ? p->path
                      : cv_arena_fmt(g->a, "facts:torch-companions/" CV_FMT,
                                     CV_ARG(cv_facts_key(g->f, g->a, CV_T_TORCH_COMPANIONS, row)));
    return true;
}

static void check_companion(struct cv_diag *g, uint32_t env, const struct cv_package *p)
{
    const struct cv_env *e = &g->m->environments[env];
    cv_str need, source;
    bool match;
    if (cv_str_eqz(p->name, "torch") || p->broken || p->duplicate ||
        !requirement(g, p, &need, &source))
        return;
    struct cv_pep440 own;
    if (!cv_pep440_parse(e->torch.version, &own) || cv_pep440_is_pre(&own) ||
        !cv_pep440_match(e->torch.version, need, &match) || match)
        return;
    struct cv_finding *f = cv_find_new(
        g, "companion-mismatch", cv_find_is_main(g->d, env) ? CV_ERROR : CV_WARNING, "B2",
        cv_arena_fmt(g->a, CV_FMT " " CV_FMT " does not belong to torch " CV_FMT, CV_ARG(p->name),
                     CV_ARG(p->version), CV_ARG(e->torch.version)),
        cv_arena_fmt(g->a,
                     CV_FMT " " CV_FMT " wants torch" CV_FMT
                            ". A wrong pair shows as \"undefined symbol\" or \"operator "
                            "torchvision::nms does not exist\".",
                     CV_ARG(p->name), CV_ARG(p->version), CV_ARG(need)));
    if (!f)
        return;
    f->env = e->path;
    cv_find_evidence(g, f, source, cv_arena_fmt(g->a, "torch" CV_FMT, CV_ARG(need)));
    cv_find_evidence(g, f, e->torch.src.path, e->torch.src.text);
}

/* ---- E1 ---- */

static void check_torches(struct cv_diag *g, uint32_t env)
{
    const struct cv_env *e = &g->m->environments[env];
    const struct cv_torch *t = &e->torch;
    for (uint32_t i = 0; i < e->n_other_torches; i++) {
        const struct cv_torch *o = &e->other_torches[i];
        bool shadows = !cv_str_eq(o->path, t->path) && cv_str_starts(o->path, "/") && !o->conda;
        struct cv_finding *f = cv_find_new(
            g, shadows ? "torch-shadowed" : "two-torches", CV_WARNING, "E1",
            shadows
                ? cv_arena_fmt(g->a, "torch " CV_FMT " hides torch " CV_FMT " of this environment",
                               CV_ARG(t->version), CV_ARG(o->version))
                : cv_arena_fmt(g->a, "two torches in one environment: " CV_FMT " and " CV_FMT,
                               CV_ARG(t->version), CV_ARG(o->version)),
            shadows ? cv_arena_fmt(g->a,
                                   "Python imports torch from " CV_FMT
                                   ", which comes before " CV_FMT " on its path.",
                                   CV_ARG(t->path), CV_ARG(o->path))
                    : CV_S("conda and pip both installed torch here: files of the one lie over "
                           "those of the other, and what is imported is not what is listed."));
        if (!f)
            return;
        f->env = e->path;
        cv_find_evidence(g, f, t->src.path, t->src.text);
        cv_find_evidence(g, f, o->src.path, o->src.text);
    }
    cv_str metadata = t->metadata_version;
    struct cv_pep440 listed, there;
    bool same = cv_str_eq(metadata, t->release) ||
                (cv_pep440_parse(metadata, &listed) && cv_pep440_parse(t->version, &there) &&
                 (cv_pep440_cmp(&listed, &there) == 0 || listed.local.len == 0) &&
                 cv_pep440_same_public(&listed, &there)); /* nv23.05 is normalised to nv23.5 */
    if (metadata.len && !t->conda && !t->editable && !same && e->n_other_torches == 0) {
        struct cv_finding *f = cv_find_new(
            g, "two-torches", CV_WARNING, "E1",
            cv_arena_fmt(g->a, "pip lists torch " CV_FMT ", but torch " CV_FMT " lies there",
                         CV_ARG(metadata), CV_ARG(t->version)),
            CV_S("The files of another torch were copied over this installation."));
        if (f)
            f->env = e->path;
        cv_find_evidence(g, f, t->src.path, t->src.text);
    }
}

static void check_broken(struct cv_diag *g, uint32_t env)
{
    const struct cv_env *e = &g->m->environments[env];
    struct cv_finding *f = NULL;
    for (uint32_t i = 0; i < e->n_packages; i++) {
        const struct cv_package *p = &e->packages[i];
        if (!p->broken && !p->duplicate)
            continue;
        if (!f)
            f = cv_find_new(g, "broken-install", CV_WARNING, "E1",
                            cv_arena_fmt(g->a, "remains of an interrupted upgrade: " CV_FMT,
                                         CV_ARG(cv_str_base(p->path))),
                            CV_S("A package folder without METADATA, or two of one name: pip and "
                                 "Python may see different versions."));
        if (!f)
            return;
        f->env = e->path;
        cv_find_evidence(g, f, p->path,
                         p->broken ? CV_S("no METADATA")
                                   : CV_S("a second folder of the same package"));
    }
}

/* ---- cuDNN and NCCL against the pins ---- */

static void check_library(struct cv_diag *g, uint32_t env, const char *id, const char *name,
                          const struct cv_fact *want, const struct cv_fact *have)
{
    const struct cv_env *e = &g->m->environments[env];
    if (!cv_known(want) || !cv_known(have) || cv_dotted_prefix(want->v, have->v) ||
        cv_dotted_prefix(have->v, want->v))
        return;
    struct cv_finding *f =
        cv_find_new(g, id, CV_WARNING, "",
                    cv_arena_fmt(g->a, "%s " CV_FMT " is installed where torch wants " CV_FMT, name,
                                 CV_ARG(have->v), CV_ARG(want->v)),
                    cv_arena_fmt(g->a, "torch " CV_FMT " was built and tested with %s " CV_FMT ".",
                                 CV_ARG(e->torch.version), name, CV_ARG(want->v)));
    if (!f)
        return;
    f->env = e->path;
    cv_find_evidence(g, f, have->src.path, have->src.text);
    cv_find_evidence(g, f, want->src.path, want->v);
}

void cv_find_packages(struct cv_diag *g)
{
    for (uint32_t i = 0; i < g->m->n_environments; i++) {
        const struct cv_env *e = &g->m->environments[i];
        if (e->has_torch) {
            for (uint32_t k = 0; k < e->n_packages; k++)
                check_companion(g, i, &e->packages[k]);
            check_torches(g, i);
            check_library(g, i, "cudnn-version-differs", "cuDNN", &e->torch.cudnn_required,
                          &e->torch.cudnn);
            check_library(g, i, "nccl-version-differs", "NCCL", &e->torch.nccl_required,
                          &e->torch.nccl);
        }
        check_broken(g, i);
    }
}
