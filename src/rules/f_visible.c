/* f_visible.c: S1, what of the GPUs a program may see: CUDA_VISIBLE_DEVICES, containers, MIG; and the GPUs themselves: none, foreign, unknown. */
#include "rules/findings.h"

/* Marks hidden GPUs. The CUDA programming guide: indexes or UUIDs (a beginning is enough), in order; everything behind an invalid entry is ignored; an empty
 * value or -1 hides all. Indexes count CUDA's order, which is that of /sys only with CUDA_DEVICE_ORDER=PCI_BUS_ID or equal GPUs. */
void cv_mark_hidden(struct cv_machine *m)
{
    if (!cv_known(&m->visible))
        return;
    uint32_t order[256], n = 0;
    for (uint32_t i = 0; i < m->n_gpus && n < 256; i++) {
        m->gpus[i].hidden = false;
        if (cv_str_eqz(m->gpus[i].vendor, "nvidia"))
            order[n++] = i;
    }
    for (uint32_t i = 0; i < n; i++)
        m->gpus[order[i]].hidden = true;
    cv_str rest = m->visible.v, part;
    bool valid = true;
    while (valid && rest.len && cv_str_next(&rest, ',', &part)) {
        uint32_t index;
        part = cv_str_trim(part);
        valid = false;
        if (cv_str_starts(part,
                          "MIG-")) { /* a slice of some GPU: which one the files do not tell */
            for (uint32_t i = 0; i < n; i++)
                if (!cv_known(&m->gpus[order[i]].mig) ||
                    cv_str_eqz(m->gpus[order[i]].mig.v, "enabled"))
                    m->gpus[order[i]].hidden = false;
            valid = true;
        } else if (cv_str_u32(part, &index)) {
            valid = index < n;
            if (valid)
                m->gpus[order[index]].hidden = false;
        } else if (part.len) {
            for (uint32_t i = 0; i < n; i++) {
                const struct cv_fact *uuid = &m->gpus[order[i]].uuid;
                bool unknown = !cv_known(uuid) && cv_str_starts(part, "GPU-");
                bool same = cv_known(uuid) && part.len <= uuid->v.len &&
                            memcmp(part.ptr, uuid->v.ptr, part.len) == 0;
                if (same || unknown) {
                    m->gpus[order[i]].hidden = false;
                    valid = true;
                }
            }
        }
    }
}

/* CUDA counts the fastest GPU first unless CUDA_DEVICE_ORDER says PCI_BUS_ID: with different GPUs an
 * index may mean another one than the files' order suggests. */
static bool order_is_open(const struct cv_machine *m)
{
    const struct cv_gpu *first = NULL;
    uint32_t number;
    cv_str rest = m->visible.v, part;
    if (!cv_str_next(&rest, ',', &part) || !cv_str_u32(cv_str_trim(part), &number) ||
        cv_str_eqz(cv_machine_var(m, "CUDA_DEVICE_ORDER"), "PCI_BUS_ID"))
        return false;
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        const struct cv_gpu *g = &m->gpus[i];
        if (!cv_str_eqz(g->vendor, "nvidia"))
            continue;
        if (first && cv_cc_cmp(first->cc, g->cc) != 0)
            return true;
        first = first ? first : g;
    }
    return false;
}

static void find_hidden(struct cv_diag *g)
{
    const struct cv_fact *v = &g->m->visible;
    uint32_t hidden = 0, n = cv_count_nvidia(g->m);
    if (!cv_known(v) || n == 0)
        return;
    for (uint32_t i = 0; i < g->m->n_gpus; i++)
        hidden += g->m->gpus[i].hidden;
    if (hidden == 0)
        return;
    struct cv_finding *f;
    if (hidden == n)
        f = cv_find_new(
            g, "gpus-hidden", CV_ERROR, "S1", CV_S("CUDA_VISIBLE_DEVICES hides every GPU"),
            cv_arena_fmt(g->a,
                         "CUDA_VISIBLE_DEVICES is \"" CV_FMT
                         "\", which names none of the %u NVIDIA GPUs here: programs see no GPU.",
                         CV_ARG(v->v), n));
    else
        f = cv_find_new(g, "some-gpus-hidden", CV_INFO, "S1",
                        cv_arena_fmt(g->a, "CUDA_VISIBLE_DEVICES hides %u of %u GPUs", hidden, n),
                        cv_arena_fmt(g->a,
                                     "CUDA_VISIBLE_DEVICES is \"" CV_FMT
                                     "\". The verdict counts the visible GPUs only.%s",
                                     CV_ARG(v->v),
                                     order_is_open(g->m)
                                         ? " Indexes were counted in bus order; CUDA counts the "
                                           "fastest GPU first unless CUDA_DEVICE_ORDER is "
                                           "PCI_BUS_ID, so set that to be sure."
                                         : ""));
    cv_find_evidence(g, f, v->src.path,
                     cv_arena_fmt(g->a, "CUDA_VISIBLE_DEVICES=" CV_FMT, CV_ARG(v->v)));
}

static bool has_capability(cv_str list, const char *word)
{
    return cv_str_has_word(list, ',', cv_str_z(word)) || cv_str_has_word(list, ',', CV_S("all"));
}

static void find_container(struct cv_diag *g)
{
    const struct cv_machine *m = g->m;
    const struct cv_driver *d = &m->driver;
    if (cv_str_eqz(m->gpus_src.path, "--gpu") || cv_str_eqz(d->version.src.path, "--driver"))
        return; /* another machine is described: how this container was started says nothing of it */
    if (!cv_known(&m->place.container) || cv_known(&m->place.wsl) || cv_known(&m->place.jetson))
        return;
    bool nodes_missing = cv_known(&m->device_nodes) && cv_str_eqz(m->device_nodes.v, "missing");
    bool no_library = cv_absent(&d->umd_path);
    bool void_request = cv_known(&m->nvidia_visible) &&
                        (cv_str_eqz(m->nvidia_visible.v, "void") ||
                         cv_str_eqz(m->nvidia_visible.v, "none") || m->nvidia_visible.v.len == 0);
    bool host_gpu = cv_count_nvidia(m) > 0 || cv_known(&d->version);
    bool wanted = host_gpu || (cv_known(&m->nvidia_visible) && !void_request);
    if (cv_known(&m->capabilities) && m->capabilities.v.len &&
        !has_capability(m->capabilities.v, "compute") && no_library) {
        struct cv_finding *f =
            cv_find_new(g, "container-no-compute", CV_ERROR, "S1",
                        CV_S("the container was given the GPU without CUDA"),
                        cv_arena_fmt(g->a,
                                     "NVIDIA_DRIVER_CAPABILITIES is \"" CV_FMT
                                     "\": without \"compute\" libcuda is not mounted.",
                                     CV_ARG(m->capabilities.v)));
        cv_find_fact(g, f, &m->capabilities);
    } else if ((no_library || nodes_missing) && wanted) {
        struct cv_finding *f = cv_find_new(
            g, "container-no-gpu", CV_ERROR, "S1",
            CV_S("this container was started without the GPU"),
            cv_arena_fmt(
                g->a, CV_FMT ": %s, so CUDA programs in here find no GPU, whatever the host has.",
                CV_ARG(m->place.container.v),
                !no_library ? "the GPU's device files are not in the container"
                            : "libcuda.so.1 is not mounted into the container"));
        cv_find_fact(g, f, &m->place.container);
        cv_find_fact(g, f, &m->nvidia_visible);
        if (cv_absent(&m->nvidia_visible))
            cv_find_evidence(g, f, CV_S("$NVIDIA_VISIBLE_DEVICES"), CV_S("not set"));
        if (nodes_missing)
            cv_find_evidence(
                g, f, m->device_nodes.src.path,
                cv_arena_fmt(g->a, "missing: " CV_FMT, CV_ARG(m->device_nodes.src.text)));
    }
}

static void find_mig(struct cv_diag *g)
{
    for (uint32_t i = 0; i < g->m->n_gpus; i++) {
        const struct cv_gpu *gpu = &g->m->gpus[i];
        if (!cv_known(&gpu->mig) || !cv_str_eqz(gpu->mig.v, "enabled"))
            continue;
        struct cv_finding *f = cv_find_new(
            g, "mig-enabled", CV_INFO, "S1", CV_S("a GPU is divided into MIG slices"),
            cv_arena_fmt(g->a,
                         CV_FMT " is in MIG mode: a program sees one slice, named by its MIG UUID.",
                         CV_ARG(cv_gpu_words(g->a, gpu))));
        cv_find_fact(g, f, &gpu->mig);
        return;
    }
}

void cv_find_visibility(struct cv_diag *g)
{
    find_hidden(g);
    find_container(g);
    find_mig(g);
}

void cv_find_gpus(struct cv_diag *g)
{
    const struct cv_machine *m = g->m;
    uint32_t foreign = 0;
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        const struct cv_gpu *gpu = &m->gpus[i];
        if (!cv_str_eqz(gpu->vendor, "nvidia")) {
            struct cv_finding *f =
                foreign++ == 0
                    ? cv_find_new(g, "foreign-gpu", CV_INFO, "",
                                  cv_arena_fmt(g->a, "a GPU of %s is here and is not judged",
                                               cv_str_eqz(gpu->vendor, "amd") ? "AMD" : "Intel"),
                                  CV_S("cuvet judges NVIDIA GPUs and CUDA builds only."))
                    : NULL;
            cv_find_fact(g, f, &gpu->pci);
            cv_find_fact(g, f, &gpu->device);
        } else if (!cv_known(&gpu->cc_text)) {
            struct cv_finding *f = cv_find_new(
                g, "gpu-unknown", CV_INFO, "G1", CV_S("an NVIDIA GPU that is not in the tables"),
                cv_arena_fmt(g->a,
                             CV_FMT " is not in the table of GPUs: its compute capability is "
                                    "unknown, so nothing is said of it.",
                             CV_ARG(cv_gpu_words(g->a, gpu))));
            cv_find_fact(g, f, &gpu->device);
            cv_find_fact(g, f, &gpu->pci);
        }
    }
    if (m->gpus_known && cv_count_nvidia(m) == 0) {
        struct cv_finding *f =
            cv_find_new(g, "no-gpu", CV_INFO, "", CV_S("no NVIDIA GPU in this machine"),
                        CV_S("PyTorch runs on the CPU here."));
        cv_find_evidence(g, f, m->gpus_src.path, CV_S("no NVIDIA GPU among the devices"));
    }
    if (m->environments_known && g->d->n_envs == 0) {
        (void)cv_find_new(g, "no-torch", CV_INFO, "", CV_S("no PyTorch found"),
                          CV_S("None of the Python environments in the usual places has torch. "
                               "--deep looks further."));
    }
}
