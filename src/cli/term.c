/* term.c: standard output: buffered; a closed pipe ends the program quietly, a full disk with one line. What a terminal can show. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define CLI_BUFFER ((size_t)64 << 10)

/* The one process-wide buffer of the command; the library has none. */
static char buffer[CLI_BUFFER];
static size_t used;
static int failed; /* errno of the first failed write */

static void write_out(const char *p, size_t n)
{
    while (n > 0 && !failed) {
        ssize_t w = write(1, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0) {
            failed = errno;
            return;
        }
        p += w;
        n -= (size_t)w;
    }
}

int cli_write(void *user, const char *bytes, size_t len)
{
    (void)user;
    if (len > sizeof buffer - used) {
        write_out(buffer, used);
        used = 0;
    }
    if (len > sizeof buffer) {
        write_out(bytes, len);
    } else {
        memcpy(buffer + used, bytes, len);
        used += len;
    }
    return failed ? CUVET_E_IO : 0;
}

int cli_flush(void)
{
    write_out(buffer, used);
    used = 0;
    if (!failed && close(1) != 0 && errno != EBADF)
        failed = errno;
    if (failed == EPIPE)
        return 141; /* as if ended by the signal: nobody reads any more */
    if (failed)
        return cli_error("standard output: %s", strerror(failed));
    return 0;
}

bool cli_color_on(const struct cli_options *o, int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (o->color >= 0)
        return o->color == 1;
    return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

bool cli_color(const struct cli_options *o)
{
    return cli_color_on(o, 1);
}

bool cli_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < 3; i++) {
        const char *v = getenv(names[i]);
        if (v && *v)
            return strstr(v, "UTF-8") || strstr(v, "utf8") || strstr(v, "UTF8") ||
                   strstr(v, "utf-8");
    }
    return false;
}

unsigned cli_width(unsigned most)
{
    struct winsize w = {0};
    const char *columns = getenv("COLUMNS");
    char *end = NULL;
    long n = columns ? strtol(columns, &end, 10) : 0;
    if (columns && *columns && !*end && n >= 20 && n <= 1000)
        return (unsigned)n < most ? (unsigned)n : most;
    if (isatty(1) && ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_col >= 20)
        return w.ws_col < most ? w.ws_col : most;
    return 80;
}

/* ---- progress ---- */

static struct timespec began, shown;
static bool visible;

bool cli_progress_wanted(void)
{
    const char *term = getenv("TERM");
    return isatty(2) && !(term && strcmp(term, "dumb") == 0) &&
           clock_gettime(CLOCK_MONOTONIC, &began) == 0;
}

static long since_ms(const struct timespec *then, const struct timespec *now)
{
    return (long)(now->tv_sec - then->tv_sec) * 1000 + (now->tv_nsec - then->tv_nsec) / 1000000;
}

void cli_progress(void *user, uint64_t done, uint64_t total)
{
    struct timespec now;
    (void)user;
    if (total == 0 || clock_gettime(CLOCK_MONOTONIC, &now) != 0 || since_ms(&began, &now) < 500 ||
        (visible && since_ms(&shown, &now) < 100))
        return;
    shown = now;
    visible = true;
    if (done > total)
        done = total;
    fprintf(stderr, "\rcuvet: %3u %% of %llu MB ", (unsigned)((double)done * 100 / (double)total),
            (unsigned long long)((total + 500000) / 1000000));
    fflush(stderr);
}

void cli_progress_end(void)
{
    if (visible)
        fputs("\r\033[K", stderr);
    visible = false;
}

#define CLI_LINE ((size_t)8192) /* a path and a sentence */

void cli_say(const char *fmt, va_list ap)
{
    char line[CLI_LINE];
    int n = vsnprintf(line, sizeof line, fmt, ap);
    for (size_t i = 0; n > 0 && line[i]; i++) {
        unsigned char c = (unsigned char)line[i], next = (unsigned char)line[i + 1];
        if (c < 0x20 || c == 0x7f)
            line[i] = '?';
        else if (c == 0xc2 && next >= 0x80 && next < 0xa0) /* control characters of Latin 1 */
            line[i] = line[i + 1] = '?';
    }
    fprintf(stderr, "cuvet: %s\n", n > 0 ? line : "");
}

void cli_note(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cli_say(fmt, ap);
    va_end(ap);
}
