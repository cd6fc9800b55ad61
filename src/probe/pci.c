/* pci.c: GPUs from /sys/bus/pci, which needs no driver; the integrated GPU of a Jetson; names from the driver's own files where it runs.
 * Class codes: PCI code and ID assignment specification (0x0300 VGA, 0x0302 3D controller, 0x0380 other display, 0x1200 accelerator). */
#include "probe/probe.h"

static bool read_hex(struct cv_probe_ctx *c, cv_str dir, const char *name, uint64_t *ret)
{
    cv_str text;
    return cv_root_read(c->root, c->arena, cv_arena_fmt(c->arena, CV_FMT "/%s", CV_ARG(dir), name),
                        64, &text, NULL) == CV_KNOWN &&
           cv_str_hex(cv_str_trim(text), ret);
}

static bool is_gpu(uint64_t vendor, uint64_t class_code)
{
    uint64_t k = class_code >> 8;
    if (k == 0x0300 || k == 0x0302)
        return true;
    return vendor == 0x1002 && (k == 0x0380 || k == 0x1200); /* AMD Instinct */
}

static cv_str vendor_name(uint64_t vendor)
{
    switch (vendor) {
    case 0x10de:
        return CV_S("nvidia");
    case 0x1002:
        return CV_S("amd");
    case 0x8086:
        return CV_S("intel");
    default:
        return CV_S("");
    }
}

/* /proc/driver/nvidia/gpus/0000:01:00.0/information: "Model: \t\t NVIDIA GeForce RTX 3090", "GPU UUID: \t GPU-..." */
static void read_information(struct cv_probe_ctx *c, struct cv_gpu *g, cv_str bdf)
{
    cv_str path =
        cv_arena_fmt(c->arena, "/proc/driver/nvidia/gpus/" CV_FMT "/information", CV_ARG(bdf));
    cv_str text, line;
    if (cv_root_read(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text, NULL) != CV_KNOWN)
        return;
    while (cv_str_line(&text, &line)) {
        cv_str key, value = line;
        if (!cv_str_next(&value, ':', &key) || !value.ptr)
            continue;
        value = cv_str_trim(value);
        if (value.len == 0 || cv_str_eqz(value, "Unknown"))
            continue;
        if (cv_str_eqz(key, "Model"))
            cv_fact_set(&g->name, value, path, line);
        else if (cv_str_eqz(key, "GPU UUID") && !cv_str_has(value, "?"))
            cv_fact_set(&g->uuid, value, path, line);
    }
}

static void add_gpu(struct cv_probe_ctx *c, cv_str dir, cv_str bdf, uint64_t vendor)
{
    uint64_t device, sub_vendor, sub_device;
    cv_str link;
    struct cv_gpu *g = c->m->n_gpus < CV_MAX_GPUS ? CV_PUSH(c->arena, c->m, gpus) : NULL;
    if (!g)
        return;
    g->vendor = vendor_name(vendor);
    cv_fact_set(&g->pci, bdf, dir, CV_S(""));
    if (read_hex(c, dir, "device", &device))
        cv_fact_set(&g->device, cv_arena_fmt(c->arena, "%04x", (unsigned)device & 0xffffu),
                    cv_arena_fmt(c->arena, CV_FMT "/device", CV_ARG(dir)), CV_S(""));
    if (read_hex(c, dir, "subsystem_vendor", &sub_vendor) &&
        read_hex(c, dir, "subsystem_device", &sub_device))
        cv_fact_set(&g->subsystem,
                    cv_arena_fmt(c->arena, "%04x:%04x", (unsigned)sub_vendor & 0xffffu,
                                 (unsigned)sub_device & 0xffffu),
                    dir, CV_S(""));
    cv_str driver = cv_arena_fmt(c->arena, CV_FMT "/driver", CV_ARG(dir));
    if (cv_root_readlink(c->root, c->arena, driver, &link) == CV_KNOWN)
        cv_fact_set(&g->bound, cv_str_base(link), driver, link);
    else
        cv_fact_state(&g->bound, CV_ABSENT, driver);
    if (vendor == 0x10de)
        read_information(c, g, bdf);
}

static bool from_sys(struct cv_probe_ctx *c)
{
    const cv_str base = CV_S("/sys/bus/pci/devices");
    struct cv_names names;
    enum cv_state s = cv_root_list(c->root, c->arena, base, &names);
    if (s != CV_KNOWN) {
        if (s == CV_DENIED)
            cv_problem_add(c->arena, c->m, base, CV_S("permission denied"));
        return false;
    }
    for (uint32_t i = 0; i < names.n_v; i++) {
        cv_str dir = cv_arena_fmt(c->arena, CV_FMT "/" CV_FMT, CV_ARG(base), CV_ARG(names.v[i]));
        uint64_t class_code, vendor;
        if (!read_hex(c, dir, "class", &class_code) ||
            (class_code >> 16 != 0x03 && class_code >> 8 != 0x1200))
            continue;
        if (read_hex(c, dir, "vendor", &vendor) && is_gpu(vendor, class_code) &&
            vendor_name(vendor).len)
            add_gpu(c, dir, names.v[i], vendor);
    }
    c->m->gpus_src = (struct cv_src){base, CV_S("")};
    return true;
}

static bool from_proc(struct cv_probe_ctx *c)
{
    const cv_str base = CV_S("/proc/driver/nvidia/gpus");
    struct cv_names names;
    if (cv_root_list(c->root, c->arena, base, &names) != CV_KNOWN || names.n_v == 0)
        return false;
    for (uint32_t i = 0; i < names.n_v && i < CV_MAX_GPUS; i++) {
        struct cv_gpu *g = CV_PUSH(c->arena, c->m, gpus);
        if (!g)
            break;
        g->vendor = CV_S("nvidia");
        cv_fact_set(&g->pci, names.v[i], base, CV_S(""));
        read_information(c, g, names.v[i]);
    }
    c->m->gpus_src = (struct cv_src){base, CV_S("")};
    return true;
}

static void add_tegra(struct cv_probe_ctx *c)
{
    const struct cv_place *p = &c->m->place;
    struct cv_gpu *g = CV_PUSH(c->arena, c->m, gpus);
    if (!g)
        return;
    g->vendor = CV_S("nvidia");
    g->tegra = true;
    cv_str name = cv_known(&p->jetson_model) ? p->jetson_model.v : p->jetson.v;
    cv_fact_set(&g->name, name,
                cv_known(&p->jetson_model) ? p->jetson_model.src.path : p->jetson.src.path,
                p->jetson.v);
}

void cv_probe_pci(struct cv_probe_ctx *c)
{
    bool listed = from_sys(c);
    if (!listed)
        listed = from_proc(c);
    bool nvidia = false;
    for (uint32_t i = 0; i < c->m->n_gpus; i++)
        nvidia = nvidia || cv_str_eqz(c->m->gpus[i].vendor, "nvidia");
    if (cv_known(&c->m->place.jetson) && !nvidia) {
        add_tegra(c);
        listed = true;
    }
    c->m->gpus_known =
        listed && !cv_known(&c->m->place.wsl); /* WSL gives GPUs by another way than PCI */
}
