/* cmd.c: the commands. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLI_MAX_SNAPSHOT ((size_t)8 << 20)

extern char **environ;

int cli_fail(cuvet_ctx *c)
{
    return cli_error("%s", cuvet_error(c));
}

int cli_end(cuvet_ctx *c, int rc, int code)
{
    int status = rc == 0 ? code : rc == CUVET_E_IO ? 2 : cli_fail(c);
    int flushed = rc == 0 || rc == CUVET_E_IO ? cli_flush() : 0;
    cuvet_free(c);
    return flushed ? flushed : status;
}

static void show_place(void *user, const char *path, const char *state, uint64_t bytes)
{
    (void)user;
    if (strcmp(state, "absent") == 0)
        return;
    if (bytes)
        cli_note("looked at %s: %s, %llu bytes", path, state, (unsigned long long)bytes);
    else
        cli_note("looked at %s: %s", path, state);
}

/* Reads a whole file or standard input. NULL after a message. */
static char *read_all(const char *path, size_t *ret_len)
{
    struct stat st;
    bool in = strcmp(path, "-") == 0;
    int fd = in ? 0 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0 || (!in && !S_ISREG(st.st_mode))) {
        cli_error("%s: %s", path,
                  fd < 0                ? strerror(errno)
                  : S_ISDIR(st.st_mode) ? "is a folder (--root reads folders)"
                                        : "not a regular file");
        if (fd > 0)
            close(fd);
        return NULL;
    }
    size_t n = 0, cap = 1 << 16;
    char *buf = malloc(cap);
    while (buf) {
        ssize_t got = read(fd, buf + n, cap - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            if (got < 0) {
                cli_error("%s: %s", in ? "standard input" : path, strerror(errno));
                free(buf);
                buf = NULL;
            }
            break;
        }
        n += (size_t)got;
        if (n < cap)
            continue;
        char *more = cap < CLI_MAX_SNAPSHOT ? realloc(buf, cap * 2) : NULL;
        if (!more) {
            cli_error("%s: too large for a snapshot", in ? "standard input" : path);
            free(buf);
            buf = NULL;
            break;
        }
        buf = more;
        cap *= 2;
    }
    if (!in)
        close(fd);
    *ret_len = n;
    return buf;
}

/* The user's own cache folder (XDG Base Directory Specification: $XDG_CACHE_HOME, else ~/.cache). */
static bool cache_folder(char *to, size_t cap)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (xdg && *xdg == '/')
        n = snprintf(to, cap, "%s/cuvet", xdg);
    else if (home && *home == '/')
        n = snprintf(to, cap, "%s/.cache/cuvet", home);
    return n > 0 && (size_t)n < cap;
}

cuvet_ctx *cli_context(const struct cli_options *o, char *cwd, size_t cwd_cap)
{
    struct cuvet_options options;
    cuvet_options_init(&options);
    options.facts_dir = o->facts_dir;
    options.root = o->root;
    options.environ_ = (const char *const *)environ;
    options.cwd = getcwd(cwd, cwd_cap);
    options.deep = o->deep;
    options.no_nvml = o->no_nvml;
    options.nvml_library = o->nvml_library;
    if (o->verbose)
        options.trace = show_place;
    options.offline = o->offline;
    options.ca_file = getenv("CURL_CA_BUNDLE") ? getenv("CURL_CA_BUNDLE") : getenv("SSL_CERT_FILE");
    if (cli_progress_wanted())
        options.progress = cli_progress;
    static char cache[4096];
    if (cache_folder(cache, sizeof cache))
        options.cache_dir = cache;
    return cuvet_new(&options);
}

/* One machine of the command line, with the overrides. */
static int give_machine(cuvet_ctx *c, const struct cli_options *o, const char *name)
{
    size_t len = 0;
    char *text = NULL;
    if (name && strcmp(name, "none") != 0) {
        text = read_all(name, &len);
        if (!text)
            return 2; /* said */
    }
    int rc =
        text   ? cuvet_machine_json(c, strcmp(name, "-") == 0 ? "standard input" : name, text, len)
        : name ? cuvet_machine_none(c)
               : cuvet_probe(c);
    free(text);
    for (unsigned i = 0; rc == 0 && i < o->n_overrides; i++)
        rc = cuvet_override(c, o->overrides[i].key, o->overrides[i].value);
    return rc;
}

cuvet_ctx *cli_machine(const struct cli_options *o, int *ret_status)
{
    static char cwd[4096];
    cuvet_ctx *c = cli_context(o, cwd, sizeof cwd);
    if (!c) {
        *ret_status = cli_error("out of memory");
        return NULL;
    }
    /* Questions about builds are not about this machine, unless one is given. */
    int rc = give_machine(c, o, o->what && !o->machine && !o->root ? "none" : o->machine);
    for (unsigned i = 1; rc == 0 && i < o->n_machines; i++) {
        rc = cuvet_next_machine(c);
        if (rc == 0)
            rc = give_machine(c, o, o->machines[i]);
    }
    if (rc == 0)
        return c;
    *ret_status = rc == 2 ? 2 : cli_fail(c);
    cuvet_free(c);
    return NULL;
}

struct cuvet_style cli_style(const struct cli_options *o)
{
    return (struct cuvet_style){.size = sizeof(struct cuvet_style),
                                .width = cli_width(100), /* longer lines are hard to read */
                                .color = cli_color(o),
                                .utf8 = cli_utf8(),
                                .quiet = o->quiet,
                                .verbose = o->verbose};
}

int cli_doctor(const struct cli_options *o)
{
    int status = 2;
    cuvet_ctx *c = cli_machine(o, &status);
    if (!c)
        return status;
    int code = cuvet_doctor(c, o->strict);
    struct cuvet_style style = cli_style(o);
    int rc = code < 0  ? code
             : o->json ? cuvet_doctor_json(c, cli_write, NULL)
                       : cuvet_doctor_text(c, &style, cli_write, NULL);
    return cli_end(c, rc, code);
}

int cli_snapshot(const struct cli_options *o)
{
    int status = 2, rc;
    cuvet_ctx *c;
    char cwd[4096];
    if (!o->tree) {
        c = cli_machine(o, &status);
        return c ? cli_end(c, cuvet_snapshot_json(c, cli_write, NULL), 0) : status;
    }
    c = cli_context(o, cwd, sizeof cwd);
    if (!c)
        return cli_error("out of memory");
    rc = cuvet_snapshot_tree(c, o->tree, cli_write, NULL);
    if (rc != CUVET_E_IO)
        return cli_end(c, rc, 0);
    status = cli_fail(c); /* of the folder that was to be written, which has its message */
    cuvet_free(c);
    return status;
}

int cli_facts(const struct cli_options *o)
{
    char cwd[4096];
    cuvet_ctx *c = cli_context(o, cwd, sizeof cwd);
    if (!c)
        return cli_error("out of memory");
    int rc = strcmp(o->args[0], "list") == 0
                 ? cuvet_facts_list(c, o->n_args > 1 ? o->args[1] : NULL, o->json, cli_write, NULL)
                 : cuvet_facts_show(c, o->args[1], o->args[2], o->json, cli_write, NULL);
    return cli_end(c, rc, 0);
}
