/* cmd_explain.c: cuvet explain: a file, standard input, or the message itself; an entry of the catalogue, or all. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLI_READ ((size_t)256 << 10)

static char block[CLI_READ];

/* All of a file or pipe. 0, 2 after a message, or a negative error of the library. */
static int feed_fd(cuvet_ctx *c, int fd, const char *name)
{
    for (;;) {
        ssize_t got = read(fd, block, sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cli_error("%s: %s", name, strerror(errno));
        int rc = cuvet_explain_feed(c, block, (size_t)got);
        if (rc < 0 || got == 0)
            return rc;
    }
}

static int feed_file(cuvet_ctx *c, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc;
    if (fd < 0)
        return cli_error("%s: %s", path, strerror(errno));
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        rc = cli_error("%s: is a folder, not a log", path);
    else
        rc = feed_fd(c, fd, path);
    close(fd);
    return rc;
}

/* The words of the command line as one message. */
static int feed_words(cuvet_ctx *c, const struct cli_options *o)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < o->n_args; i++) {
        rc = i ? cuvet_explain_feed(c, " ", 1) : 0;
        if (rc == 0)
            rc = cuvet_explain_feed(c, o->args[i], strlen(o->args[i]));
    }
    return rc;
}

/* A word that is more likely a file that is not there than a message. */
static bool like_path(const char *s)
{
    const char *dot = strrchr(s, '.');
    return !strpbrk(s, " \t\n") &&
           (strchr(s, '/') || (dot && dot != s && strlen(dot) <= 5 && strlen(dot) > 1));
}

static int show_entry(const struct cli_options *o, cuvet_ctx *c, const char *id)
{
    struct cuvet_style style = cli_style(o);
    int rc = cuvet_explain_entry(c, id, o->json, &style, cli_write, NULL);
    return cli_end(c, rc, 0);
}

static bool from_stdin(const struct cli_options *o)
{
    return o->n_args == 0 || !o->args[0] || (o->n_args == 1 && strcmp(o->args[0], "-") == 0);
}

/* What is read: *ret_name for the report, NULL = the words themselves. 0, 2 or a negative error. */
static int feed(cuvet_ctx *c, const struct cli_options *o, const char **ret_name)
{
    struct stat st;
    *ret_name = NULL;
    if (from_stdin(o)) {
        *ret_name = "standard input";
        return feed_fd(c, 0, "standard input");
    }
    const char *what = o->args[0];
    if (o->n_args == 1 && (stat(what, &st) == 0 || like_path(what))) {
        *ret_name = what;
        return feed_file(c, what);
    }
    return feed_words(c, o);
}

int cli_explain(const struct cli_options *o)
{
    int status = 2;
    char cwd[4096];
    struct stat st;
    const char *what = o->n_args == 1 ? o->args[0] : NULL, *name;
    if (o->list || (what && stat(what, &st) != 0 && !strpbrk(what, " \t\n"))) {
        cuvet_ctx *c = cli_context(o, cwd, sizeof cwd);
        if (!c)
            return cli_error("out of memory");
        if (o->list || cuvet_explain_known(c, what))
            return show_entry(o, c, o->list ? NULL : what);
        cuvet_free(c);
    }
    if (from_stdin(o) && isatty(0))
        fputs("cuvet: paste the error or log and end with Ctrl-D (or: COMMAND 2>&1 | cuvet "
              "explain)\n",
              stderr);
    struct cli_options machine = *o;
    if (o->elsewhere && !o->machine)
        machine.machine = "none";
    cuvet_ctx *c = cli_machine(&machine, &status);
    if (!c)
        return status;
    int rc = feed(c, o, &name);
    if (rc == 2) { /* a message was printed */
        cuvet_free(c);
        return 2;
    }
    int code = rc ? rc : cuvet_explain(c, o->elsewhere);
    struct cuvet_style style = cli_style(o);
    rc = code < 0  ? code
         : o->json ? cuvet_explain_json(c, cli_write, NULL)
                   : cuvet_explain_text(c, name, &style, cli_write, NULL);
    return cli_end(c, rc, code);
}
