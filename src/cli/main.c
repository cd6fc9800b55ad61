/* main.c: the command: parses, runs one command, says how it ended (exit codes of the README). */
#include "cli.h"

#include <signal.h>
#include <string.h>

static int say(const char *text)
{
    (void)cli_write(NULL, text, strlen(text));
    return 0;
}

int main(int argc, char **argv)
{
    struct cli_options o;
    (void)signal(SIGPIPE, SIG_IGN); /* a closed reader is seen as EPIPE */
    int rc = cli_parse(argc, argv, &o);
    if (rc)
        return rc;
    if (o.help)
        return cli_flush();
    if (o.version) {
        (void)say("cuvet ");
        (void)say(cuvet_version());
        (void)say("\n");
        return cli_flush();
    }
    switch (o.command) {
    case CMD_DOCTOR:
        return cli_doctor(&o);
    case CMD_ARCHS:
        return cli_archs(&o);
    case CMD_SNAPSHOT:
        return cli_snapshot(&o);
    case CMD_FACTS:
        return cli_facts(&o);
    case CMD_MATRIX:
        return cli_matrix(&o);
    case CMD_RESOLVE:
    case CMD_WHY:
        return cli_resolve(&o);
    case CMD_EXPLAIN:
        return cli_explain(&o);
    case CMD_RUN:
        return cli_run(&o);
    }
    return 2;
}
