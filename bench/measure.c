/* measure.c: starts a command N times and prints for each run "cpu_us wall_us peak_kib status". A small launcher of its own, because the peak memory
 * that the kernel reports for a child includes the memory of the process it was forked from. Output of the command goes to /dev/null. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double us(struct timeval t) { return (double)t.tv_sec * 1e6 + (double)t.tv_usec; }

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: measure N COMMAND [ARG...]\n");
        return 2;
    }
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    for (long i = strtol(argv[1], NULL, 10); i > 0; i--) {
        pid_t pid = 0;
        double start = now_us();
        int rc = posix_spawnp(&pid, argv[2], &files, NULL, argv + 2, environ);
        if (rc != 0) {
            fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(rc));
            return 2;
        }
        int status = 0;
        struct rusage use;
        wait4(pid, &status, 0, &use);
        printf("%.0f %.0f %ld %d\n", us(use.ru_utime) + us(use.ru_stime), now_us() - start, use.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 255);
        fflush(stdout);
    }
    posix_spawn_file_actions_destroy(&files);
    return 0;
}
