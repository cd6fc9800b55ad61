/* replay.c: runs a fuzz target once on each file named (each file of a named folder), without libFuzzer. Prints how many it ran. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned n_run;

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    size_t cap = (size_t)4 << 20;
    uint8_t *data = malloc(cap);
    size_t n = data ? fread(data, 1, cap, f) : 0;
    fclose(f);
    /* An exact copy, so that a sanitizer sees the first byte past the end. */
    uint8_t *exact = malloc(n > 0 ? n : 1);
    if (data && exact) {
        memcpy(exact, data, n);
        LLVMFuzzerTestOneInput(exact, n);
        n_run++;
    }
    free(exact);
    free(data);
    return 0;
}

static int replay_folder(const char *path)
{
    DIR *d = opendir(path);
    if (!d) {
        perror(path);
        return 1;
    }
    int rc = 0;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        char full[4096];
        int len = snprintf(full, sizeof full, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.' && len > 0 && (size_t)len < sizeof full)
            rc |= replay_file(full);
    }
    closedir(d);
    return rc;
}

int main(int argc, char **argv)
{
    int rc = 0;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        bool folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
        rc |= folder ? replay_folder(argv[i]) : replay_file(argv[i]);
    }
    printf("%u inputs replayed\n", n_run);
    return rc;
}
