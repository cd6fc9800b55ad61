/* dist.c: the packages in one site folder that matter to a GPU stack, from dist-info names and METADATA. RECORD is never read. */
#include "format/pymeta.h"
#include "probe/python.h"

/* Names in normal form; a trailing '-' means a prefix. `reads`: METADATA is read for the torch it wants. */
static const struct {
    const char *name;
    bool reads;
} cv_interesting[] = {
    {"torch", true},
    {"torchvision", true},
    {"torchaudio", true},
    {"torchtext", true},
    {"torchdata", true},
    {"torchcodec", true},
    {"triton", false},
    {"pytorch-triton", false},
    {"xformers", true},
    {"flash-attn", true},
    {"vllm", true},
    {"bitsandbytes", true},
    {"deepspeed", true},
    {"nvidia-", false},
    {"cuda-toolkit", true},
    {"cuda-bindings", false},
    {"cupy-", false},
    {"jax", false},
    {"jaxlib", false},
    {"tensorflow", false},
    {"onnxruntime-gpu", false},
    {"ctranslate2", false},
    {"torch-scatter", true},
    {"torch-sparse", true},
    {"mmcv", true},
    {"apex", false},
};

static bool interesting(cv_str name, bool *ret_reads)
{
    for (size_t i = 0; i < sizeof cv_interesting / sizeof cv_interesting[0]; i++) {
        const char *want = cv_interesting[i].name;
        size_t n = strlen(want);
        if (want[n - 1] == '-' ? cv_str_starts(name, want) : cv_str_eqz(name, want)) {
            *ret_reads = cv_interesting[i].reads;
            return true;
        }
    }
    return false;
}

/* "torch-2.8.0" of an interrupted upgrade is renamed "~orch-2.8.0" by pip. */
static bool leftover(cv_str folder)
{
    return cv_str_starts(folder, "~orch-") || cv_str_starts(folder, "~vidia");
}

static cv_str torch_requirement(cv_str metadata)
{
    cv_str name, spec, marker;
    char buf[64];
    while (cv_metadata_requires(&metadata, &name, &spec, &marker))
        if (cv_str_eqz(cv_project_name(name, buf, sizeof buf), "torch") &&
            !cv_str_has(marker, "extra"))
            return spec;
    return CV_S("");
}

static void read_package(struct cv_probe_ctx *c, struct cv_package *p, bool reads)
{
    cv_str text;
    cv_str meta = cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(p->path),
                               cv_str_ends(p->path, ".egg-info") ? "PKG-INFO" : "METADATA");
    if (!reads) {
        p->broken = !cv_root_exists(c->root, meta) && !cv_str_ends(p->path, ".egg-info");
        return;
    }
    enum cv_state s = cv_root_head(c->root, c->arena, meta, CV_MAX_SMALL_FILE, &text);
    if (s != CV_KNOWN) {
        p->broken = s == CV_ABSENT && !cv_str_ends(p->path, ".egg-info");
        if (s != CV_ABSENT)
            cv_problem_add(c->arena, c->m, meta,
                           s == CV_DENIED ? CV_S("permission denied") : CV_S("cannot be read"));
        return;
    }
    cv_str v;
    if (cv_metadata_get(text, "Version", &v))
        p->version = v;
    if (!cv_str_eqz(p->name, "torch"))
        p->torch_requirement = torch_requirement(text);
    if (cv_root_head(c->root, c->arena,
                     cv_arena_fmt(c->arena, CV_FMT "/INSTALLER", CV_ARG(p->path)), 64,
                     &v) == CV_KNOWN)
        p->installer = cv_str_trim(v);
}

void cv_dist_scan(struct cv_probe_ctx *c, struct cv_env *env)
{
    struct cv_names names;
    if (cv_root_list(c->root, c->arena, env->site, &names) != CV_KNOWN)
        return;
    for (uint32_t i = 0; i < names.n_v && env->n_packages < CV_MAX_PACKAGES; i++) {
        cv_str raw, version;
        bool reads = false;
        bool left = leftover(names.v[i]);
        if (!cv_dist_folder(names.v[i], &raw, &version))
            continue;
        char *buf = cv_arena_alloc(c->arena, raw.len + 1);
        cv_str name = buf ? cv_project_name(raw, buf, raw.len) : raw;
        if (!left && !interesting(name, &reads))
            continue;
        const struct cv_package *twin = left ? NULL : cv_dist_find(env, cv_arena_z(c->arena, name));
        struct cv_package *p = CV_PUSH(c->arena, env, packages);
        if (!p)
            return;
        *p = (struct cv_package){.name = name,
                                 .version = version,
                                 .path = cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT,
                                                      CV_ARG(env->site), CV_ARG(names.v[i])),
                                 .torch_requirement = CV_S(""),
                                 .installer = CV_S(""),
                                 .duplicate = twin != NULL,
                                 .broken = left};
        if (!left)
            read_package(c, p, reads);
    }
}

const struct cv_package *cv_dist_find(const struct cv_env *env, const char *name)
{
    const struct cv_package *broken = NULL;
    for (uint32_t i = 0; i < env->n_packages; i++) {
        if (!cv_str_eqz(env->packages[i].name, name))
            continue;
        if (!env->packages[i].broken)
            return &env->packages[i];
        broken = &env->packages[i];
    }
    return broken;
}
