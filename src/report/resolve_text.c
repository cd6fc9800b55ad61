/* resolve_text.c: `cuvet resolve` for people: the pick and its command first, then the four steps, then what else is worth knowing. */
#include "report/out.h"

void cv_out_labelled(struct cv_out *o, const char *label, enum cv_color color, cv_str text)
{
    cv_lay_put(o->t.b, o->t.st, color, cv_arena_fmt(o->t.a, "%-*s", CV_AT, label));
    cv_lay_wrap(o->t.b, o->t.st, CV_AT, CV_AT, text);
}

/* Commands are never wrapped; a file's text keeps its lines and stands at the left edge, ready to paste. */
void cv_out_command(struct cv_out *o, cv_str text)
{
    cv_str rest = text, line;
    bool several = cv_str_has(text, "\n");
    while (cv_str_line(&rest, &line))
        cv_lay_line(o->t.b, o->t.st, CV_GREEN, several ? 0 : CV_AT, line);
}

void cv_out_line(struct cv_out *o, const char *label, cv_str text)
{
    cv_lay_put(o->t.b, o->t.st, CV_PLAIN, cv_arena_fmt(o->t.a, "%-*s", CV_AT, label));
    cv_lay_line(o->t.b, o->t.st, CV_GREEN, 0, text);
}

cv_str cv_out_build(struct cv_out *o, const struct cv_build *b)
{
    if (b->has_cuda)
        return cv_arena_fmt(o->t.a, "torch " CV_FMT " for CUDA %u.%u", CV_ARG(b->torch),
                            b->cuda.major, b->cuda.minor);
    return cv_arena_fmt(o->t.a, "torch " CV_FMT "%s", CV_ARG(b->torch),
                        cv_str_eqz(b->os, "macos") ? "" : ", the CPU build");
}

const char *cv_out_channel(const struct cv_build *b)
{
    return cv_str_eqz(b->channel, "pypi")            ? ", a plain install"
           : cv_str_eqz(b->channel, "pytorch")       ? ", from PyTorch's own index"
           : cv_str_eqz(b->channel, "conda-forge")   ? ", from conda-forge"
           : cv_str_eqz(b->channel, "conda-pytorch") ? ", from conda's pytorch channel"
                                                     : "";
}

/* The sentence that decided: the first reason of the verdict's kind. */
cv_str cv_out_deciding(const struct cv_shown *s)
{
    enum cv_result want = cv_verdict_fails(s->verdict) ? CV_R_FAIL : CV_R_UNKNOWN;
    const struct cv_judgement *j = &s->on[s->worst].j;
    for (int open = 0; open < 2; open++) /* a missing fact says more than what is left open */
        for (uint32_t i = 0; i < j->n_reasons; i++)
            if (j->reasons[i].result == want && (open || j->reasons[i].n_facts > 0))
                return j->reasons[i].text;
    return s->verdict == CV_V_CPU_ONLY && !s->on[0].build.has_cuda
               ? CV_S("It is a CPU build; ask for it by name (+cpu) if you want that.")
               : CV_S("");
}

/* ---- why this one ---- */

static cv_str driver_reason(struct cv_out *o, const struct cv_choice *c)
{
    const struct cv_fact *api = &o->w->ask.m[0].driver.cuda;
    const struct cv_build *b = &c->build;
    switch (c->j.mode) {
    case CV_MODE_NATIVE:
        return cv_known(api)
                   ? cv_arena_fmt(o->t.a, "the driver supports CUDA up to " CV_FMT, CV_ARG(api->v))
                   : CV_S("the driver is new enough");
    case CV_MODE_MINOR:
        return cv_arena_fmt(
            o->t.a,
            "CUDA %u.%u runs on this driver by minor-version compatibility (from " CV_FMT " on)",
            b->cuda.major, b->cuda.minor, CV_ARG(c->j.driver_need));
    case CV_MODE_FORWARD:
        return CV_S("a cuda-compat package stands in for a newer driver");
    default:
        return CV_S("");
    }
}

static cv_str gpu_reason(struct cv_out *o, const struct cv_choice *c)
{
    const struct cv_judgement *j = &c->j;
    cv_str first =
        j->n_gpus && j->gpus[0].has_via ? cv_target_str(o->t.a, j->gpus[0].via) : CV_S("");
    if (j->verdict == CV_V_WORKS_JIT)
        return CV_S("the driver compiles its PTX for this GPU at the first start, which is slow");
    if (first.len == 0)
        return CV_S("");
    return j->n_gpus == 1
               ? cv_arena_fmt(o->t.a, "its " CV_FMT " code runs on this GPU", CV_ARG(first))
               : CV_S("it has code for every GPU here");
}

static cv_str why_words(struct cv_out *o, const struct cv_shown *s)
{
    const struct cv_choice *c = &s->on[s->worst];
    cv_str d = driver_reason(o, c), g = gpu_reason(o, c);
    bool asked = o->w->ask.req->n > 0;
    const char *head = s->verdict == CV_V_CPU_ONLY
                           ? "The newest that installs here. It runs on the CPU"
                       : asked ? "The best known build for the request"
                               : "The newest that runs here";
    if (s->g2_warning)
        return cv_arena_fmt(o->t.a, "%s, with a warning: " CV_FMT, head,
                            CV_ARG(cv_out_deciding(s)));
    return cv_arena_fmt(o->t.a, "%s%s" CV_FMT "%s" CV_FMT ".", head, d.len || g.len ? ": " : "",
                        CV_ARG(d), d.len && g.len ? ", and " : "", CV_ARG(g));
}

void cv_out_needs(struct cv_out *o, const struct cv_shown *s)
{
    const struct cv_judgement *j = &s->on[s->worst].j;
    if (j->driver_last.len)
        cv_out_labelled(
            o, "", CV_YELLOW,
            cv_arena_fmt(o->t.a, "the driver's branch is at most " CV_FMT, CV_ARG(j->driver_last)));
    for (uint32_t i = 0; i < j->n_needs; i++) {
        cv_str axis = j->needs[i].axis;
        bool gpu = cv_str_eqz(axis, "gpu");
        cv_out_labelled(
            o, i == 0 ? "If" : "", CV_YELLOW,
            cv_arena_fmt(o->t.a, CV_FMT " " CV_FMT,
                         CV_ARG(gpu ? CV_S("the GPU has compute capability")
                                : cv_str_eqz(axis, "python") ? CV_S("Python is one of")
                                : cv_str_eqz(axis, "os")     ? CV_S("the system is")
                                : cv_str_eqz(axis, "arch")   ? CV_S("the processor is")
                                                             : axis),
                         CV_ARG(j->needs[i].must.len ? j->needs[i].must
                                                     : CV_S("that is not known to the tables"))));
    }
}

/* ---- the pick ---- */

void cv_out_commands(struct cv_out *o, const struct cv_shown *s, bool one)
{
    const struct cv_ask *ask = &o->w->ask;
    if (ask->tool_given) {
        cv_out_command(o, s->commands[ask->tool]);
        return;
    }
    cv_out_command(o, s->commands[CV_TOOL_PIP]);
    if (!one)
        cv_out_line(o, "  or", s->commands[CV_TOOL_UV]);
}

void cv_out_pick(struct cv_out *o)
{
    const struct cv_shown *s = &o->w->candidates[0];
    const struct cv_build *b = &s->on[0].build;
    bool open = s->verdict == CV_V_WORKS_IF;
    cv_out_labelled(o, open ? "PICK IF" : "PICK", open ? CV_YELLOW : CV_GREEN,
                    cv_arena_fmt(o->t.a, CV_FMT " (" CV_FMT ")%s%s", CV_ARG(cv_out_build(o, b)),
                                 CV_ARG(b->variant), cv_out_channel(b),
                                 o->w->installed ? ": it is installed already" : ""));
    cv_out_commands(o, s, false);
    if (open)
        cv_out_needs(o, s);
    cv_out_labelled(o, "Why", CV_BOLD,
                    open ? CV_S("The newest that fits all that is known of this machine.")
                         : why_words(o, s));
}

static const char *verdict_head(enum cv_verdict v)
{
    switch (v) {
    case CV_V_NO_BUILD:
        return "no such build";
    case CV_V_GPU_TOO_OLD:
        return "the GPU is too old for it";
    case CV_V_GPU_TOO_NEW:
        return "the GPU is too new for it";
    case CV_V_GPU_UNSUPPORTED_BY_DRIVER:
        return "the driver does not drive the GPU";
    case CV_V_DRIVER_TOO_OLD:
        return "the driver is too old";
    case CV_V_UNKNOWN:
        return "cannot be told";
    case CV_V_CPU_ONLY:
        return "runs on the CPU only";
    default:
        return cv_verdict_name(v);
    }
}

/* No build of what is asked for has a wheel for this Python. */
static cv_str python_refuses(struct cv_out *o, cv_str asked)
{
    const struct cv_answer *w = o->w;
    const struct cv_build *b = w->has_python_best ? &w->python_best.on[0].build : NULL;
    return cv_arena_fmt(o->t.a, "Python " CV_FMT " %s " CV_FMT ". %s" CV_FMT "%s " CV_FMT ".",
                        CV_ARG(w->ask.m[0].python.v),
                        w->python_beside > 0   ? "is too new for every known build of"
                        : w->python_beside < 0 ? "is too old for every known build of"
                                               : "has no wheel in any known build of",
                        CV_ARG(asked.len ? asked : CV_S("torch")),
                        b ? "torch " : "There are wheels", CV_ARG(b ? b->torch : CV_S("")),
                        b ? " has wheels for" : " for",
                        CV_ARG(b ? cv_python_list(o->t.a, b->python_bits, " ")
                                 : cv_python_list(o->t.a, w->python_instead, " ")));
}

/* What would be the pick with one of these Pythons. */
static void other_python(struct cv_out *o)
{
    const struct cv_answer *w = o->w;
    if (!w->has_python_best)
        return;
    cv_out_labelled(o, "Python", CV_BOLD, w->python_fix.text);
    cv_out_command(o, w->python_fix.command);
    cv_out_labelled(
        o, "Then", CV_BOLD,
        cv_arena_fmt(o->t.a, CV_FMT " (" CV_FMT ")%s",
                     CV_ARG(cv_out_build(o, &w->python_best.on[0].build)),
                     CV_ARG(w->python_best.on[0].build.variant),
                     w->python_best.verdict == CV_V_WORKS_IF ? ", if what is left open fits" : ""));
    cv_out_command(
        o, w->python_best.commands[w->ask.tool_given && w->ask.tool != CV_TOOL_PIP ? w->ask.tool
                                                                                   : CV_TOOL_UV]);
}

static void nothing(struct cv_out *o)
{
    const struct cv_answer *w = o->w;
    bool unknown = w->exit_code == 3;
    cv_str asked = CV_S("");
    for (uint32_t i = 0; i < w->ask.req->n; i++)
        asked = cv_arena_fmt(o->t.a, CV_FMT "%s" CV_FMT, CV_ARG(asked), i ? " " : "",
                             CV_ARG(w->ask.req->reqs[i].text));
    cv_out_labelled(
        o, unknown ? "UNKNOWN" : "NONE", unknown ? CV_YELLOW : CV_RED,
        w->conflict_text.len ? w->conflict_text
        : unknown && w->ask.tool_given && cv_tool_is_conda(w->ask.tool)
            ? CV_S("Which GPUs conda's packages have code for is not known, so none can be "
                   "vouched for.")
        : w->n_rejected && w->rejected[0].on && w->rejected[0].on[0].j.compat_breaks
            ? CV_S("The cuda-compat package on the loader's path breaks CUDA here, whatever "
                   "the build: take it off first.")
        : w->python_instead ? python_refuses(o, asked)
        : asked.len ? cv_arena_fmt(o->t.a, "No known build of " CV_FMT " runs here.", CV_ARG(asked))
        : cv_absent(&w->ask.m[0].driver.version) && !cv_machine_no_gpu(&w->ask.m[0])
            ? CV_S("There is no NVIDIA driver: first that, then PyTorch.")
            : CV_S("No known PyTorch build runs here."));
}

/* ---- step 2 to 4 ---- */

static void steps(struct cv_out *o)
{
    const struct cv_answer *w = o->w;
    const struct cv_shown *s = w->has_best     ? &w->candidates[0]
                               : w->n_rejected ? &w->rejected[0]
                                               : NULL;
    if (!s || !s->on)
        return;
    const struct cv_build *b = &s->on[0].build;
    cv_buf_addc(o->t.b, '\n');
    for (uint32_t i = 0; i < w->ask.n_machines; i++) {
        o->t.m = &w->ask.m[i];
        if (w->ask.n_machines > 1)
            cv_text_row(&o->t, "Machine", cv_arena_fmt(o->t.a, "%u", i));
        cv_text_machine(&o->t);
    }
    cv_str cudnn = cv_dotted_ok(b->cudnn)
                       ? cv_arena_fmt(o->t.a, " and cuDNN " CV_FMT, CV_ARG(b->cudnn))
                       : CV_S(" and cuDNN");
    if (b->has_cuda)
        cv_text_row(&o->t, "2 CUDA",
                    cv_arena_fmt(o->t.a, "nothing to install: the build %s CUDA %u.%u" CV_FMT,
                                 w->has_best ? "brings" : "would bring", b->cuda.major,
                                 b->cuda.minor, CV_ARG(cudnn)));
    else
        cv_text_row(&o->t, "2 CUDA", CV_S("none: this build does not use it"));
    cv_str python = w->ask.m[0].python.state == CV_KNOWN
                        ? cv_arena_fmt(o->t.a, " for Python " CV_FMT, CV_ARG(w->ask.m[0].python.v))
                        : CV_S("");
    if (b->torch.len)
        cv_text_row(&o->t, "3 PyTorch",
                    cv_arena_fmt(o->t.a, CV_FMT "%s" CV_FMT CV_FMT, CV_ARG(b->torch),
                                 b->variant.len ? "+" : "", CV_ARG(b->variant), CV_ARG(python)));
    cv_str text = w->has_best
                      ? (s->verdict == CV_V_WORKS_IF   ? CV_S("what is left open is said above")
                         : s->verdict == CV_V_CPU_ONLY ? CV_S("runs on the CPU")
                                                       : CV_S("driver, GPU, Python and "
                                                              "system all fit"))
                      : cv_out_deciding(s);
    cv_text_row(&o->t, "4 Fit?",
                cv_arena_fmt(o->t.a, "%s: " CV_FMT, cv_verdict_name(s->verdict), CV_ARG(text)));
}

/* ---- what else ---- */

void cv_out_runners_up(struct cv_out *o)
{
    const struct cv_answer *w = o->w;
    for (uint32_t i = 1; i < w->n_candidates; i++) {
        const struct cv_shown *s = &w->candidates[i];
        if (!s->on)
            continue;
        cv_out_labelled(o, "Or", CV_BOLD,
                        s->note.len ? cv_arena_fmt(o->t.a, CV_FMT " (" CV_FMT "): " CV_FMT,
                                                   CV_ARG(cv_out_build(o, &s->on[0].build)),
                                                   CV_ARG(s->on[0].build.variant), CV_ARG(s->note))
                                    : cv_arena_fmt(o->t.a, CV_FMT " (" CV_FMT "): %s",
                                                   CV_ARG(cv_out_build(o, &s->on[0].build)),
                                                   CV_ARG(s->on[0].build.variant),
                                                   cv_verdict_name(s->verdict)));
        cv_out_commands(o, s, true);
    }
}

static void losers(struct cv_out *o)
{
    const struct cv_answer *w = o->w;
    for (uint32_t i = 0; i < w->n_rejected; i++) {
        const struct cv_shown *s = &w->rejected[i];
        if (!s->on || (i == 0 && !w->has_best && w->ask.n_machines == 1))
            continue; /* told in step 4 */
        cv_out_labelled(
            o, "Not", CV_DIM,
            cv_arena_fmt(o->t.a, CV_FMT "%s" CV_FMT ": %s. " CV_FMT, CV_ARG(s->on[0].build.torch),
                         s->on[0].build.variant.len ? "+" : "", CV_ARG(s->on[0].build.variant),
                         verdict_head(s->verdict), CV_ARG(cv_out_deciding(s))));
    }
}

static void unlock(struct cv_out *o, const struct cv_unlock *u, bool first)
{
    const char *what = cv_str_eqz(u->axis, "driver")   ? "driver"
                       : cv_str_eqz(u->axis, "python") ? "one of the Pythons"
                                                       : "glibc";
    if (cv_str_eqz(u->axis, "compat"))
        cv_out_labelled(o, first ? "Unlock" : "", CV_BOLD,
                        cv_arena_fmt(o->t.a,
                                     "torch " CV_FMT " (" CV_FMT
                                     ") would run without the cuda-compat package.",
                                     CV_ARG(u->torch), CV_ARG(u->variant)));
    else
        cv_out_labelled(o, first ? "Unlock" : "", CV_BOLD,
                        cv_arena_fmt(o->t.a,
                                     "torch " CV_FMT " (" CV_FMT ") would run with %s " CV_FMT
                                     "%s" CV_FMT ".",
                                     CV_ARG(u->torch), CV_ARG(u->variant), what, CV_ARG(u->must),
                                     u->last.len ? ", at most branch " : "", CV_ARG(u->last)));
    if (u->fix.text.len)
        cv_out_labelled(o, "", CV_PLAIN, u->fix.text);
    if (u->fix.command.len)
        cv_out_command(o, u->fix.command);
    if (!o->w->has_best && u->command.len) {
        cv_out_labelled(o, "", CV_PLAIN, CV_S("Then:"));
        cv_out_command(o, u->command);
    }
}

/* Another Python may have been said at the head. */
static bool told(const struct cv_answer *w, uint32_t i)
{
    return cv_str_eqz(w->unlocks[i].axis, "python") && w->has_python_best;
}

static void unlocks(struct cv_out *o)
{
    bool first = true;
    for (uint32_t i = 0; i < o->w->n_unlocks; i++) {
        if (told(o->w, i))
            continue;
        unlock(o, &o->w->unlocks[i], first);
        first = false;
    }
}

static void breaks(struct cv_out *o)
{
    for (uint32_t i = 0; i < o->w->n_breaks; i++) {
        const struct cv_break *k = &o->w->breaks[i];
        cv_out_labelled(
            o, "Breaks", CV_YELLOW,
            k->instead.len
                ? cv_arena_fmt(o->t.a,
                               CV_FMT " " CV_FMT " in " CV_FMT " wants torch" CV_FMT
                                      "; the command replaces it by " CV_FMT ".",
                               CV_ARG(k->package), CV_ARG(k->version), CV_ARG(k->env),
                               CV_ARG(k->wants), CV_ARG(k->instead))
                : cv_arena_fmt(o->t.a,
                               CV_FMT " " CV_FMT " in " CV_FMT " wants torch" CV_FMT
                                      " and would no longer work. To keep it: cuvet resolve " CV_FMT
                                      "==" CV_FMT,
                               CV_ARG(k->package), CV_ARG(k->version), CV_ARG(k->env),
                               CV_ARG(k->wants), CV_ARG(k->package), CV_ARG(k->version)));
    }
}

static void nearest(struct cv_out *o)
{
    const struct cv_answer *w = o->w;
    if (!w->has_nearest)
        return;
    const struct cv_shown *s = &w->nearest_best;
    cv_out_labelled(o, "Nearest", CV_BOLD,
                    cv_arena_fmt(o->t.a, CV_FMT " gives " CV_FMT " (" CV_FMT ")%s.",
                                 CV_ARG(w->nearest), CV_ARG(cv_out_build(o, &s->on[0].build)),
                                 CV_ARG(s->on[0].build.variant),
                                 s->verdict == CV_V_WORKS_IF ? ", if what is left open fits" : ""));
    cv_out_commands(o, s, true);
}

static void plan(struct cv_out *o)
{
    for (uint32_t i = 0; i < o->w->n_plan; i++) {
        const struct cv_plan *p = &o->w->plan[i];
        cv_str list = CV_S("");
        if (!p->best.on)
            continue;
        for (uint32_t k = 0; k < p->n_machines; k++)
            list = cv_arena_fmt(o->t.a, CV_FMT "%s%u", CV_ARG(list), k ? ", " : "", p->machines[k]);
        cv_out_labelled(o, i == 0 ? "Plan" : "", CV_BOLD,
                        cv_arena_fmt(o->t.a, "machine%s " CV_FMT ": " CV_FMT " (" CV_FMT ")",
                                     p->n_machines > 1 ? "s" : "", CV_ARG(list),
                                     CV_ARG(cv_out_build(o, &p->best.on[0].build)),
                                     CV_ARG(p->best.on[0].build.variant)));
        cv_out_commands(o, &p->best, true);
    }
}

/* What the plan leaves out, and whether it is the best there is. */
static void plan_tail(struct cv_out *o)
{
    cv_str list = CV_S("");
    if (o->w->n_plan == 0)
        return;
    for (uint32_t i = 0; i < o->w->n_plan_left; i++)
        list = cv_arena_fmt(o->t.a, CV_FMT "%s%u", CV_ARG(list), i ? ", " : "", o->w->plan_left[i]);
    if (list.len)
        cv_out_labelled(o, "", CV_RED,
                        cv_arena_fmt(o->t.a, "machine%s " CV_FMT ": no known build runs there",
                                     o->w->n_plan_left > 1 ? "s" : "", CV_ARG(list)));
    if (!o->w->plan_fewest)
        cv_out_labelled(o, "", CV_DIM,
                        CV_S("There may be a plan with fewer builds: not all were tried."));
}

void cv_text_resolve(struct cv_buf *b, const struct cv_text_style *st, const struct cv_answer *w)
{
    struct cv_out o = {.t = {.b = b, .st = st, .f = w->ask.f, .m = w->ask.m, .a = b->arena},
                       .w = w};
    if (w->has_best)
        cv_out_pick(&o);
    else
        nothing(&o);
    other_python(&o);
    plan(&o);
    plan_tail(&o);
    nearest(&o);
    breaks(&o);
    if (st->quiet)
        return;
    steps(&o);
    uint32_t left = 0;
    for (uint32_t i = 0; i < w->n_unlocks; i++)
        left += !told(w, i);
    if (w->n_candidates > 1 || w->n_rejected > (w->has_best ? 0 : 1) || left)
        cv_buf_addc(b, '\n');
    cv_out_runners_up(&o);
    losers(&o);
    unlocks(&o);
}

/* ---- why ---- */

void cv_text_why(struct cv_buf *b, const struct cv_text_style *st, const struct cv_answer *w)
{
    struct cv_out o = {.t = {.b = b, .st = st, .f = w->ask.f, .m = w->ask.m, .a = b->arena},
                       .w = w};
    const struct cv_shown *s = &w->candidates[0];
    if (!w->n_candidates || !s->on)
        return;
    const struct cv_judgement *j = &s->on[0].j;
    const struct cv_build *build = &s->on[0].build;
    bool fails = cv_verdict_fails(s->verdict);
    cv_lay_put(b, st,
               fails               ? CV_RED
               : w->exit_code == 3 ? CV_YELLOW
                                   : CV_GREEN,
               cv_arena_fmt(o.t.a, "%s", cv_verdict_name(s->verdict)));
    cv_lay_wrap(b, st, strlen(cv_verdict_name(s->verdict)), CV_AT,
                cv_arena_fmt(o.t.a, "  torch " CV_FMT "%s" CV_FMT "%s",
                             CV_ARG(build->torch.len ? build->torch : CV_S("?")),
                             build->variant.len ? "+" : "", CV_ARG(build->variant),
                             cv_out_channel(build)));
    if (s->verdict == CV_V_WORKS_IF)
        cv_out_needs(&o, s);
    if (s->offered)
        cv_out_command(&o, w->ask.tool_given ? s->commands[w->ask.tool] : s->commands[CV_TOOL_PIP]);
    if (st->quiet)
        return;
    cv_buf_addc(b, '\n');
    for (uint32_t i = 0; i < j->n_reasons; i++) {
        const struct cv_reason *r = &j->reasons[i];
        enum cv_color color = r->result == CV_R_FAIL   ? CV_RED
                              : r->result == CV_R_PASS ? CV_GREEN
                                                       : CV_YELLOW;
        cv_lay_put(b, st, CV_BOLD, cv_arena_fmt(o.t.a, "%-4.*s", CV_ARG(r->rule)));
        cv_lay_put(b, st, color, cv_arena_fmt(o.t.a, "%-9s", cv_result_name(r->result)));
        cv_lay_wrap(b, st, 13, 13, r->text);
        for (uint32_t k = 0; k < r->n_facts; k++)
            cv_lay_line(b, st, CV_DIM, 13,
                        cv_arena_fmt(o.t.a, CV_FMT " " CV_FMT "%s" CV_FMT,
                                     CV_ARG(r->facts[k].table), CV_ARG(r->facts[k].key),
                                     st->verbose ? ": " : "",
                                     CV_ARG(st->verbose ? r->facts[k].source : CV_S(""))));
    }
}
