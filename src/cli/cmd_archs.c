/* cmd_archs.c: cuvet archs. */
#include "cli.h"

int cli_archs(const struct cli_options *o)
{
    char cwd[4096];
    cuvet_ctx *c = cli_context(o, cwd, sizeof cwd);
    if (!c)
        return cli_error("out of memory");
    int rc = cuvet_machine_none(c);
    for (unsigned i = 0; rc == 0 && i < o->n_overrides; i++)
        rc = cuvet_override(c, o->overrides[i].key, o->overrides[i].value);
    int code = rc < 0 ? rc
                      : cuvet_archs(c, (const char *const *)o->args, (size_t)o->n_args,
                                    (o->declared ? CUVET_ARCHS_DECLARED : 0) |
                                        (o->declared_only ? CUVET_ARCHS_DECLARED_ONLY : 0) |
                                        (o->exact ? CUVET_ARCHS_EXACT : 0) |
                                        (o->everywhere ? CUVET_ARCHS_EVERYWHERE : 0));
    cli_progress_end();
    struct cuvet_style style = cli_style(o);
    rc = code < 0  ? code
         : o->json ? cuvet_archs_json(c, cli_write, NULL)
                   : cuvet_archs_text(c, &style, cli_write, NULL);
    return cli_end(c, rc, code);
}
