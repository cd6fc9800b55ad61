/* drvproc.c: the kernel side of the driver, from its own files.
 *
 * /proc/driver/nvidia/version, first line, in the forms seen (facts/libs.tsv, component proc-version):
 *   NVRM version: NVIDIA UNIX x86_64 Kernel Module  515.76  Mon Sep 12 19:21:56 UTC 2022
 *   NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  565.57.01  Release Build  (dvs-builder@U16-A24-9-2)  Thu Oct 10 12:15:00 UTC 2024
 *   NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  35.3.1  Release Build  (buildbrain@mobile-u64-6289-d7000)  Sun Mar 19 08:09:33 PDT 2023
 * The date may be missing or in the user's language. The version is the first dotted number after "Module". */
#include "probe/probe.h"

/* The first line that looks like the driver's, and the version in it. */
static bool parse_nvrm(cv_str text, cv_str *ret_line, cv_str *ret_version,
                       enum cv_flavour *ret_flavour)
{
    cv_str line;
    const char *end = text.ptr + text.len;
    while (cv_str_line(&text, &line)) {
        size_t at = cv_str_find(line, CV_S("Module"));
        if (!cv_str_has(line, "NVRM version") || at == SIZE_MAX)
            continue;
        cv_str rest = cv_str_from(line, at + 6);
        cv_str word;
        while (cv_str_word(&rest, &word)) {
            if (!cv_str_has(word, ".") || !cv_dotted_ok(word))
                continue;
            if (word.ptr + word.len == end)
                return false; /* cut short inside the number: the kernel ends each line */
            *ret_line = line;
            *ret_version = word;
            *ret_flavour = cv_str_has(cv_str_sub(line, 0, at), "Open Kernel") ? CV_FLAVOUR_OPEN
                                                                              : CV_FLAVOUR_CLOSED;
            return true;
        }
    }
    return false;
}

static bool printable(cv_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 && !cv_is_space(s.ptr[i]))
            return false;
    return true;
}

static void read_proc_version(struct cv_probe_ctx *c)
{
    struct cv_driver *d = &c->m->driver;
    const cv_str path = CV_S("/proc/driver/nvidia/version");
    cv_str text, line, version, what = CV_S("");
    enum cv_flavour flavour;
    enum cv_state s = cv_root_read(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text, &what);
    if (s == CV_ABSENT)
        return;
    if (s != CV_KNOWN) {
        cv_fact_state(&d->version, s, path);
        cv_problem_add(c->arena, c->m, path, what);
        return;
    }
    if (!printable(text) || !parse_nvrm(text, &line, &version, &flavour)) {
        cv_fact_state(&d->version, CV_MALFORMED, path);
        cv_problem_add(c->arena, c->m, path,
                       text.len ? CV_S("no driver version in it") : CV_S("empty"));
        return;
    }
    cv_fact_set(&d->version, version, path, cv_str_trim(line));
    d->flavour = flavour;
    d->flavour_src = d->version.src;
}

/* /sys/module/nvidia/version holds the bare version and a line end: "570.133.07". */
static void read_sys_version(struct cv_probe_ctx *c)
{
    struct cv_driver *d = &c->m->driver;
    const cv_str path = CV_S("/sys/module/nvidia/version");
    cv_str text, what = CV_S("");
    enum cv_state s = cv_root_read(c->root, c->arena, path, CV_MAX_SMALL_FILE, &text, &what);
    if (s == CV_ABSENT)
        return;
    if (s == CV_KNOWN && cv_dotted_ok(cv_str_trim(text)) && cv_str_has(text, ".")) {
        if (!cv_known(&d->version))
            cv_fact_set(&d->version, cv_str_trim(text), path, cv_str_trim(text));
        return;
    }
    cv_problem_add(c->arena, c->m, path, s == CV_KNOWN ? CV_S("no driver version in it") : what);
}

static void find_module_loaded(struct cv_probe_ctx *c)
{
    struct cv_driver *d = &c->m->driver;
    cv_str text, line, name;
    if (cv_known(&d->version) || cv_root_is_dir(c->root, CV_S("/sys/module/nvidia"))) {
        cv_fact_set(&d->module_loaded, CV_S("yes"),
                    cv_known(&d->version) ? d->version.src.path : CV_S("/sys/module/nvidia"),
                    CV_S(""));
    } else if (cv_root_read(c->root, c->arena, CV_S("/proc/modules"), CV_MAX_TEXT_FILE, &text,
                            NULL) == CV_KNOWN) {
        bool there = false;
        while (cv_str_line(&text, &line))
            there = there || (cv_str_word(&line, &name) && cv_str_eqz(name, "nvidia"));
        cv_fact_set(&d->module_loaded, there ? CV_S("yes") : CV_S("no"), CV_S("/proc/modules"),
                    there ? CV_S("nvidia") : CV_S("no module nvidia"));
    } else if (cv_root_is_dir(c->root, CV_S("/sys/module"))) {
        cv_fact_set(&d->module_loaded, CV_S("no"), CV_S("/sys/module"), CV_S("no folder nvidia"));
    }
    if (cv_root_is_dir(c->root, CV_S("/sys/module/nouveau")))
        cv_fact_set(&d->nouveau, CV_S("yes"), CV_S("/sys/module/nouveau"), CV_S(""));
    else if (cv_root_is_dir(c->root, CV_S("/sys/module")))
        cv_fact_state(&d->nouveau, CV_ABSENT, CV_S("/sys/module"));
}

void cv_probe_driver(struct cv_probe_ctx *c)
{
    struct cv_driver *d = &c->m->driver;
    read_proc_version(c);
    read_sys_version(c);
    if (cv_known(&c->m->place.wsl)) {
        d->windows_number = true; /* the driver is the Windows host's: no kernel module in here */
        return;
    }
    find_module_loaded(c);
    cv_probe_module_files(c);
    if (cv_known(&c->m->place.jetson) && !cv_known(&d->version) && cv_known(&c->m->place.l4t))
        d->version =
            c->m->place.l4t; /* the driver of a Jetson is part of its Jetson Linux release */
    bool running = cv_root_is_dir(c->root, CV_S("/proc/self")) ||
                   cv_root_is_dir(c->root, CV_S("/sys")) || cv_root_is_dir(c->root, CV_S("/proc"));
    if (d->version.state == CV_NOT_ASKED && running && !cv_known(&c->m->place.jetson) &&
        !(cv_known(&d->module_loaded) && cv_str_eqz(d->module_loaded.v, "yes")))
        cv_fact_state(&d->version, CV_ABSENT, CV_S("/proc/driver/nvidia/version"));
}
