/* gpu.c: GPU names. cli.md, "GPU names": letters and digits alone count, a leading NVIDIA is dropped; an exact product name wins, then an alias, then a
 * prefix (also behind GeForce, Tesla, Quadro) that is unambiguous in compute capability. A cloud machine's name stands for all its GPUs. */
#include "base/limits.h"
#include "facts/near.h"

#define CV_MAX_CANDIDATES 8

static cv_str plain(struct cv_arena *a, cv_str s)
{
    char *p = cv_arena_alloc(a, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; p && i < s.len; i++)
        if (cv_is_alpha(s.ptr[i]) || cv_is_digit(s.ptr[i]))
            p[n++] = cv_lower(s.ptr[i]);
    cv_str r = {p ? p : "", n};
    return cv_str_starts(r, "nvidia") && r.len > 6 ? cv_str_from(r, 6) : r;
}

/* The same without memory: does `name`, made plain, equal (or begin with) `want`? */
static bool plain_matches(cv_str name, cv_str want, bool prefix)
{
    size_t at = 0, k = 0;
    const cv_str word = CV_S("nvidia");
    if (name.len >= word.len && cv_str_ieq(cv_str_sub(name, 0, word.len), word))
        at = word.len;
    for (; at < name.len; at++) {
        char c = name.ptr[at];
        if (!cv_is_alpha(c) && !cv_is_digit(c))
            continue;
        if (k == want.len)
            return prefix;
        if (cv_lower(c) != want.ptr[k++])
            return false;
    }
    return k == want.len && want.len > 0;
}

static void add_candidate(struct cv_arena *a, struct cv_gpu_match *m, cv_str name)
{
    for (uint32_t i = 0; i < m->n_candidates; i++)
        if (cv_str_eq(m->candidates[i], name))
            return;
    cv_str *to = m->n_candidates < CV_MAX_CANDIDATES ? CV_PUSH(a, m, candidates) : NULL;
    if (to)
        *to = name;
}

static void fill_cc(struct cv_gpu *g, cv_str cc, cv_str source)
{
    struct cv_cc v;
    if (cv_cc_parse(cc, &v)) {
        g->cc = v;
        cv_fact_set(&g->cc_text, cc, source, CV_S(""));
    }
}

static bool is_tegra(const struct cv_facts *f, struct cv_cc cc)
{
    uint32_t row = cv_facts_gpu_arch(f, cc);
    return row != CV_NO_ROW && cv_str_eqz(cv_facts_get(f, CV_T_GPU_ARCH, row, "tegra"), "yes");
}

static void fill_from_pci(const struct cv_facts *f, struct cv_gpu *g, uint32_t row)
{
    const cv_str source = CV_S("facts:gpu-pci");
    cv_str id = cv_facts_at(f, CV_T_GPU_PCI, row, 0);
    cv_str chip = cv_facts_get(f, CV_T_GPU_PCI, row, "chip"),
           segment = cv_facts_get(f, CV_T_GPU_PCI, row, "segment");
    if (!cv_known(&g->name))
        cv_fact_set(&g->name, cv_facts_get(f, CV_T_GPU_PCI, row, "name"), source, id);
    if (!cv_known(&g->chip) && !cv_cell_unknown(chip))
        cv_fact_set(&g->chip, chip, source, id);
    if (!cv_known(&g->cc_text))
        fill_cc(g, cv_facts_get(f, CV_T_GPU_PCI, row, "compute_capability"), source);
    if (!cv_cell_unknown(segment) && !cv_cell_none(segment))
        cv_fact_set(&g->segment, segment, source, id);
}

static struct cv_gpu *new_gpu(struct cv_arena *a, struct cv_gpu_match *m)
{
    struct cv_gpu *g = m->n_gpus < CV_MAX_GPUS ? CV_PUSH(a, m, gpus) : NULL;
    if (g)
        g->vendor = CV_S("nvidia");
    return g;
}

static int one_from_pci(const struct cv_facts *f, struct cv_arena *a, uint32_t row,
                        struct cv_gpu_match *m)
{
    struct cv_gpu *g = new_gpu(a, m);
    if (!g)
        return CV_E_NOMEM;
    cv_fact_set(&g->device, cv_facts_at(f, CV_T_GPU_PCI, row, 0), CV_S("--gpu"), CV_S(""));
    fill_from_pci(f, g, row);
    g->tegra = cv_known(&g->cc_text) && is_tegra(f, g->cc);
    return CV_OK;
}

static int one_from_cc(const struct cv_facts *f, struct cv_arena *a, struct cv_cc cc, cv_str name,
                       struct cv_gpu_match *m)
{
    struct cv_gpu *g = new_gpu(a, m);
    if (!g)
        return CV_E_NOMEM;
    fill_cc(g, cv_cc_str(a, cc), CV_S("--gpu"));
    if (name.len)
        cv_fact_set(&g->name, name, CV_S("--gpu"), CV_S(""));
    g->tegra = is_tegra(f, cc);
    return CV_OK;
}

/* "10de:2204", "0x2204", "2204" */
static bool pci_row(const struct cv_facts *f, struct cv_arena *a, cv_str what, uint32_t *ret)
{
    uint64_t v;
    if (what.len == 9 && cv_str_ieq(cv_str_sub(what, 0, 5), CV_S("10de:")))
        what = cv_str_from(what, 5);
    bool marked = cv_str_starts(what, "0x") || cv_str_starts(what, "0X");
    if ((what.len != 4 && !marked) || !cv_str_hex(what, &v) || v > 0xffff)
        return false;
    cv_str id = cv_arena_fmt(a, "%04x", (unsigned)v);
    *ret = cv_facts_find1(f, CV_T_GPU_PCI, id);
    return *ret != CV_NO_ROW;
}

/* ---- product names ---- */

struct hits {
    uint32_t row;              /* the best of one capability */
    bool any, listed, several; /* listed: in a driver README; several: more than one capability */
    cv_str cc;
};

static void take_hit(const struct cv_facts *f, struct hits *h, uint32_t row)
{
    cv_str cc = cv_facts_get(f, CV_T_GPU_PCI, row, "compute_capability");
    struct cv_cc parsed;
    if (!cv_cc_parse(cc, &parsed))
        return;
    bool listed = !cv_cell_none(cv_facts_get(f, CV_T_GPU_PCI, row, "readme_first"));
    if (!h->any || (listed && !h->listed)) {
        *h = (struct hits){.row = row, .any = true, .listed = listed, .cc = cc};
        return;
    }
    if (listed == h->listed && !cv_str_eq(cc, h->cc))
        h->several = true;
}

static struct hits find_products(const struct cv_facts *f, cv_str want, bool prefix)
{
    struct hits h = {0};
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_GPU_PCI); r++)
        if (plain_matches(cv_facts_get(f, CV_T_GPU_PCI, r, "name"), want, prefix))
            take_hit(f, &h, r);
    return h;
}

static void list_products(const struct cv_facts *f, struct cv_arena *a, cv_str want,
                          struct cv_gpu_match *m)
{
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_GPU_PCI) && m->n_candidates < CV_MAX_CANDIDATES;
         r++) {
        cv_str name = cv_facts_get(f, CV_T_GPU_PCI, r, "name");
        if (plain_matches(name, want, true))
            add_candidate(
                a, m,
                cv_arena_fmt(a, CV_FMT " (" CV_FMT ", " CV_FMT ")", CV_ARG(name),
                             CV_ARG(cv_facts_at(f, CV_T_GPU_PCI, r, 0)),
                             CV_ARG(cv_facts_get(f, CV_T_GPU_PCI, r, "compute_capability"))));
    }
}

/* ---- aliases ---- */

static uint32_t find_alias(const struct cv_facts *f, cv_str want)
{
    uint32_t row = cv_facts_find1(f, CV_T_GPU_ALIASES, want);
    if (row != CV_NO_ROW)
        return row;
    size_t best = 0; /* Alibaba families: the longest alias that is a prefix */
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_GPU_ALIASES); r++) {
        cv_str alias = cv_facts_at(f, CV_T_GPU_ALIASES, r, 0);
        bool family = cv_str_eqz(cv_facts_get(f, CV_T_GPU_ALIASES, r, "kind"), "cloud") &&
                      cv_str_starts(alias, "ecs");
        if (family && alias.len > best && want.len > alias.len &&
            memcmp(want.ptr, alias.ptr, alias.len) == 0) {
            best = alias.len;
            row = r;
        }
    }
    return row;
}

static int from_alias(const struct cv_facts *f, struct cv_arena *a, uint32_t row,
                      struct cv_gpu_match *m)
{
    cv_str cc_list = cv_facts_get(f, CV_T_GPU_ALIASES, row, "compute_capability");
    cv_str ids = cv_facts_get(f, CV_T_GPU_ALIASES, row, "device_ids");
    cv_str names = cv_facts_get(f, CV_T_GPU_ALIASES, row, "gpu");
    cv_str word, id, rest = cc_list;
    uint32_t count = 1;
    struct cv_cc cc;
    (void)cv_str_u32(cv_facts_get(f, CV_T_GPU_ALIASES, row, "count"), &count);
    if (!cv_str_word(&rest, &word) || !cv_cc_parse(word, &cc))
        return CV_E_INPUT;
    cv_str more;
    if (cv_str_word(&rest, &more)) { /* the name does not decide it */
        while (cv_str_word(&ids, &id)) {
            uint32_t r = cv_facts_find1(f, CV_T_GPU_PCI, id);
            if (r != CV_NO_ROW)
                add_candidate(
                    a, m,
                    cv_arena_fmt(a, CV_FMT " (" CV_FMT ", " CV_FMT ")",
                                 CV_ARG(cv_facts_get(f, CV_T_GPU_PCI, r, "name")), CV_ARG(id),
                                 CV_ARG(cv_facts_get(f, CV_T_GPU_PCI, r, "compute_capability"))));
        }
        if (m->n_candidates == 0)
            add_candidate(
                a, m, cv_arena_fmt(a, "one of the compute capabilities " CV_FMT, CV_ARG(cc_list)));
        return CV_E_INPUT;
    }
    for (uint32_t i = 0; i < (count ? count : 1); i++) {
        uint32_t r = CV_NO_ROW;
        cv_str list = ids;
        if (cv_str_word(&list, &id))
            r = cv_facts_find1(f, CV_T_GPU_PCI, id);
        cv_str first = names;
        size_t bar = cv_str_find(first, CV_S(" | "));
        first = cv_str_sub(first, 0, bar == SIZE_MAX ? first.len : bar);
        int rc = one_from_cc(f, a, cc, first, m);
        if (rc != CV_OK)
            return rc;
        if (r != CV_NO_ROW)
            fill_from_pci(f, &m->gpus[m->n_gpus - 1], r);
    }
    return CV_OK;
}

int cv_facts_gpu_find(const struct cv_facts *f, struct cv_arena *a, cv_str what,
                      struct cv_gpu_match *ret)
{
    static const char *const brands[] = {"", "geforce", "tesla", "quadro"};
    struct cv_cc cc;
    uint32_t row;
    cv_str text = cv_str_trim(what);
    *ret = (struct cv_gpu_match){0};
    if (cv_cc_parse(text, &cc) && !cv_str_starts(text, "compute_")) {
        if (cv_facts_gpu_arch(f, cc) != CV_NO_ROW)
            return one_from_cc(f, a, cc, CV_S(""), ret);
        add_candidate(a, ret, CV_S("no GPU of this compute capability is known"));
        return CV_E_INPUT;
    }
    bool id_form = cv_str_starts(text, "0x") || (text.len == 9 && text.ptr[4] == ':');
    if (id_form && pci_row(f, a, text, &row))
        return one_from_pci(f, a, row, ret);
    cv_str want = plain(a, text);
    if (want.len == 0)
        return CV_E_INPUT;
    struct hits h = find_products(f, want, false);
    if (h.any && !h.several)
        return one_from_pci(f, a, h.row, ret);
    row = find_alias(f, want);
    if (row != CV_NO_ROW)
        return from_alias(f, a, row, ret);
    if (!id_form && pci_row(f, a, text, &row))
        return one_from_pci(f, a, row, ret);
    struct hits best = {0};
    bool several = want.len < 3;
    for (size_t i = 0; i < sizeof brands / sizeof brands[0]; i++) { /* one answer over all brands */
        h = find_products(f, cv_arena_fmt(a, "%s" CV_FMT, brands[i], CV_ARG(want)), true);
        several = several || h.several || (h.any && best.any && !cv_str_eq(h.cc, best.cc));
        if (h.any && !best.any)
            best = h;
    }
    if (best.any && !several)
        return one_from_pci(f, a, best.row, ret);
    for (size_t i = 0; i < sizeof brands / sizeof brands[0]; i++)
        list_products(f, a, cv_arena_fmt(a, "%s" CV_FMT, brands[i], CV_ARG(want)), ret);
    ret->unknown = ret->n_candidates == 0;
    if (ret->unknown)
        cv_facts_gpu_near(f, a, text, ret);
    return CV_E_INPUT;
}

/* ---- what the tables add to a probed machine ---- */

static void enrich_tegra(const struct cv_facts *f, const struct cv_machine *m, struct cv_gpu *g)
{
    if (cv_known(&g->cc_text) || !cv_known(&m->place.jetson))
        return;
    const cv_str key[2] = {CV_S("soc"), m->place.jetson.v};
    uint32_t row = cv_facts_find(f, CV_T_JETSON, key, 2);
    if (row != CV_NO_ROW)
        fill_cc(g, cv_facts_get(f, CV_T_JETSON, row, "compute_capabilities"), CV_S("facts:jetson"));
}

static void enrich_gpu(const struct cv_facts *f, const struct cv_machine *m, struct cv_gpu *g)
{
    if (!cv_str_eqz(g->vendor, "nvidia"))
        return;
    uint32_t row = cv_known(&g->device) ? cv_facts_find1(f, CV_T_GPU_PCI, g->device.v) : CV_NO_ROW;
    if (row != CV_NO_ROW)
        fill_from_pci(f, g, row);
    if (g->tegra)
        enrich_tegra(f, m, g);
    else
        g->tegra = cv_known(&g->cc_text) && is_tegra(f, g->cc);
    if (!cv_known(&g->cc_text) &&
        cv_known(&g->name)) { /* a container's /proc names the model but no id */
        struct hits h = {0};
        for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_GPU_PCI); r++)
            if (cv_str_eq(cv_facts_get(f, CV_T_GPU_PCI, r, "name"), g->name.v))
                take_hit(f, &h, r);
        if (h.any && !h.several)
            fill_from_pci(f, g, h.row);
    }
}

static void enrich_l4t(const struct cv_facts *f, struct cv_machine *m)
{
    if (!cv_known(&m->place.l4t) || cv_known(&m->driver.cuda))
        return;
    const cv_str key[2] = {CV_S("release"), m->place.l4t.v};
    uint32_t row = cv_facts_find(f, CV_T_JETSON, key, 2);
    cv_str v = row == CV_NO_ROW ? CV_S("?") : cv_facts_get(f, CV_T_JETSON, row, "cuda");
    struct cv_xy xy;
    if (!cv_cell_unknown(v) && cv_xy_parse(v, &xy))
        cv_fact_set(&m->driver.cuda, v, CV_S("facts:jetson"), m->place.l4t.v);
}

void cv_facts_enrich(const struct cv_facts *f, struct cv_arena *a, struct cv_machine *m)
{
    struct cv_xy xy;
    uint32_t row;
    for (uint32_t i = 0; i < m->n_gpus; i++)
        enrich_gpu(f, m, &m->gpus[i]);
    if (cv_known(&m->place.jetson))
        enrich_l4t(f, m);
    if (!cv_known(&m->driver.cuda) && cv_known(&m->driver.version) && !cv_known(&m->place.jetson) &&
        cv_facts_driver_cuda(f, m->driver.version.v, m->driver.windows_number, &xy, &row))
        cv_fact_set(&m->driver.cuda, cv_arena_fmt(a, "%u.%u", xy.major, xy.minor),
                    CV_S("facts:driver-branches"), cv_facts_at(f, CV_T_DRIVER_BRANCHES, row, 0));
}
