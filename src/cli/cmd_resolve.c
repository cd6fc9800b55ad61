/* cmd_resolve.c: resolve, why, the questions the other way round, and matrix. */
#include "cli.h"

int cli_resolve(const struct cli_options *o)
{
    int status = 2, rc = 0;
    bool why = o->command == CMD_WHY;
    cuvet_ctx *c = cli_machine(o, &status);
    if (!c)
        return status;
    struct cuvet_resolve_options ask = {
        .size = sizeof ask, .all = o->all, .any = o->any, .tool = o->tool, .mirror = o->mirror};
    struct cuvet_style style = cli_style(o);
    for (int i = 0; rc == 0 && i < o->n_args; i++)
        rc = cuvet_request(c, o->args[i]);
    int code = rc < 0    ? rc
               : o->what ? cuvet_what(c, &ask, o->what)
               : why     ? cuvet_why(c, &ask)
                         : cuvet_resolve(c, &ask);
    rc = code < 0         ? code
         : o->what        ? (o->json ? cuvet_what_json(c, cli_write, NULL)
                                     : cuvet_what_text(c, &style, cli_write, NULL))
         : why && o->json ? cuvet_why_json(c, cli_write, NULL)
         : why            ? cuvet_why_text(c, &style, cli_write, NULL)
         : o->json        ? cuvet_resolve_json(c, cli_write, NULL)
                          : cuvet_resolve_text(c, &style, cli_write, NULL);
    return cli_end(c, rc, code);
}

int cli_matrix(const struct cli_options *o)
{
    int status = 2, rc = 0;
    cuvet_ctx *c = cli_machine(o, &status);
    if (!c)
        return status;
    struct cuvet_resolve_options ask = {.size = sizeof ask, .all = o->all, .any = o->any};
    struct cuvet_style style = cli_style(o);
    style.width = cli_width(1000); /* a table, no prose */
    for (int i = 0; rc == 0 && i < o->n_args; i++)
        rc = cuvet_request(c, o->args[i]);
    int code = rc < 0 ? rc : cuvet_matrix(c, &ask);
    rc = code < 0  ? code
         : o->json ? cuvet_matrix_json(c, cli_write, NULL)
         : o->html ? cuvet_matrix_html(c, cli_write, NULL)
         : o->svg  ? cuvet_matrix_svg(c, cli_write, NULL)
                   : cuvet_matrix_text(c, &style, cli_write, NULL);
    return cli_end(c, rc, code);
}
