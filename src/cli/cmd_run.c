/* cmd_run.c: cuvet run -- CMD...: runs the user's own command and explains its standard error if it fails.
 *
 * Standard input and output are the command's own: cuvet does not stand between. Standard error is copied through: where it is a terminal, by a
 * pseudo-terminal of the same size without any processing of its own, so that the command still sees a terminal (progress bars, colours); else by a pipe.
 * The command stays in the terminal's foreground process group: Ctrl-C and Ctrl-Z reach it directly, and cuvet waits for what it does. Signals that are
 * sent to cuvet alone are passed on. The exit code is the command's; 128 + n where signal n ended it; 127 and 126 where it could not be started. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define CLI_DRAIN_MS                                                                               \
    250 /* a background process that keeps standard error open is not waited for longer */

static volatile sig_atomic_t child_pid, resized, child_ended;

static void on_signal(int sig)
{
    int e = errno;
    if (sig == SIGCHLD)
        child_ended = 1;
    else if (sig == SIGWINCH)
        resized = 1;
    else if (child_pid > 0)
        (void)kill(child_pid, sig);
    errno = e;
}

/* From the terminal they reach the command by themselves. */
static void on_key(int sig)
{
    (void)sig;
}

static const int passed_on[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH, SIGCHLD};
static const int keys[] = {SIGINT, SIGQUIT};

static void catch_signals(void)
{
    struct sigaction a;
    memset(&a, 0, sizeof a);
    (void)sigemptyset(&a.sa_mask);
    a.sa_handler = on_signal;
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
        (void)sigaction(passed_on[i], &a, NULL);
    a.sa_handler = on_key;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        (void)sigaction(keys[i], &a, NULL);
}

/* Both ends of what carries standard error; false: neither can be had. */
static bool make_channel(int ret_fd[2])
{
    struct winsize size;
    struct termios t;
    if (isatty(2)) {
        int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        const char *name =
            master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 ? ptsname(master) : NULL;
        int slave = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
        if (slave >= 0) {
            if (tcgetattr(slave, &t) == 0) {
                cfmakeraw(&t); /* the real terminal does what is to be done */
                (void)tcsetattr(slave, TCSANOW, &t);
            }
            if (ioctl(2, TIOCGWINSZ, &size) == 0)
                (void)ioctl(slave, TIOCSWINSZ, &size);
            ret_fd[0] = master;
            ret_fd[1] = slave;
            return true;
        }
        if (master >= 0)
            close(master);
    }
    return pipe2(ret_fd, O_CLOEXEC) == 0;
}

static void write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (w > 0) {
            p += w;
            n -= (size_t)w;
        }
    }
}

/* One piece from the command to standard error and to the explanation. False: the other end is closed. */
static bool copy(cuvet_ctx *c, int fd)
{
    static char block[1 << 16];
    ssize_t got = read(fd, block, sizeof block);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got <= 0) /* EIO: the last user of the pseudo-terminal has gone */
        return false;
    write_all(2, block, (size_t)got);
    if (c)
        (void)cuvet_explain_feed(c, block, (size_t)got);
    return true;
}

static void resize(int fd)
{
    struct winsize size;
    resized = 0;
    if (ioctl(2, TIOCGWINSZ, &size) == 0)
        (void)ioctl(fd, TIOCSWINSZ, &size);
}

/* Copies until the command has ended and its standard error is empty. Returns the wait status. */
static int attend(cuvet_ctx *c, pid_t pid, int fd)
{
    int status = 0;
    bool ended = false, open_end = true;
    while (!ended || open_end) {
        struct pollfd p = {.fd = open_end ? fd : -1, .events = POLLIN};
        if (resized)
            resize(fd);
        if (!ended && waitpid(pid, &status, WNOHANG) == pid)
            ended = true;
        if (ended && !open_end)
            break;
        int n = poll(&p, 1, ended ? CLI_DRAIN_MS : 1000);
        if (n > 0 && !copy(c, fd))
            open_end = false;
        else if (n == 0 && ended)
            break;
    }
    return status;
}

static void run_child(char **argv, int err)
{
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = SIG_DFL;
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
        (void)sigaction(passed_on[i], &a, NULL);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        (void)sigaction(keys[i], &a, NULL);
    (void)sigaction(SIGPIPE, &a, NULL);
    if (dup2(err, 2) < 0)
        _exit(126);
    (void)execvp(argv[0], argv);
    int e = errno;
    fprintf(stderr, "cuvet: %s: %s\n", argv[0], strerror(e));
    _exit(e == ENOENT ? 127 : 126);
}

static int write_stderr(void *user, const char *bytes, size_t len)
{
    (void)user;
    write_all(2, bytes, len);
    return 0;
}

/* Only after a failure: the machine is looked at and the log explained, on standard error. */
static void explain(cuvet_ctx *c, const struct cli_options *o, int code)
{
    struct cuvet_style style = cli_style(o);
    style.color = cli_color_on(o, 2);
    int rc = cuvet_probe(c);
    for (unsigned i = 0; rc == 0 && i < o->n_overrides; i++)
        rc = cuvet_override(c, o->overrides[i].key, o->overrides[i].value);
    rc = rc == 0 ? cuvet_explain(c, 0) : rc;
    if (rc < 0)
        (void)cli_fail(c);
    /* a command that fails for reasons of its own is left alone, unless something is wrong with the machine */
    if (rc < 0 || (rc == 3 && (o->quiet || cuvet_doctor(c, 0) != 1)))
        return;
    fprintf(stderr, "\ncuvet: exit code %d\n", code);
    (void)cuvet_explain_text(c, NULL, &style, write_stderr, NULL);
}

int cli_run(const struct cli_options *o)
{
    char cwd[4096];
    int fd[2];
    cuvet_ctx *c = cli_context(o, cwd, sizeof cwd);
    if (!c || !make_channel(fd)) {
        cuvet_free(c);
        return cli_error(c ? "no pipe: %s" : "out of memory", strerror(errno));
    }
    o->args[o->n_args] = NULL; /* a place of argv behind the last word */
    catch_signals();
    pid_t pid = fork();
    if (pid == 0)
        run_child(o->args, fd[1]);
    close(fd[1]);
    if (pid < 0) {
        close(fd[0]);
        cuvet_free(c);
        return cli_error("no process: %s", strerror(errno));
    }
    child_pid = pid;
    int status = attend(c, pid, fd[0]);
    child_pid = 0;
    close(fd[0]);
    int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    bool wanted =
        code != 0 && code != 126 && code != 127 &&
        !(WIFSIGNALED(status) && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM ||
                                  WTERMSIG(status) == SIGHUP));
    if (wanted)
        explain(c, o, code);
    cuvet_free(c);
    return code;
}
