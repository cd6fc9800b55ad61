/* text.c: the doctor for people: the verdict and the fix first, then the four steps everyone knows, then the other findings. The hand-written screens of
 * tests/screens/ came before this code. */
#include "report/text.h"

static cv_str env_label(struct cv_arena *a, const struct cv_machine *m,
                        const struct cv_diagnosis *d)
{
    if (d->verdict_env < 0)
        return CV_S("");
    const struct cv_env *e = &m->environments[d->envs[d->verdict_env].env];
    return cv_arena_fmt(a, "torch " CV_FMT, CV_ARG(e->torch.version));
}

static const char *verdict_words(enum cv_verdict v)
{
    switch (v) {
    case CV_V_WORKS:
        return "fits this machine";
    case CV_V_WORKS_JIT:
        return "runs here, after compiling its kernels at the first start";
    case CV_V_WORKS_IF:
        return "fits as far as is known; something is left open";
    case CV_V_CPU_ONLY:
        return "runs on the CPU only";
    case CV_V_UNKNOWN:
        return "cannot be judged: a needed fact is unknown";
    case CV_V_DRIVER_TOO_OLD:
        return "does not run on the GPU: the driver is too old for it";
    case CV_V_GPU_UNSUPPORTED_BY_DRIVER:
        return "does not run on the GPU: the driver does not drive it";
    case CV_V_GPU_TOO_OLD:
    case CV_V_GPU_TOO_NEW:
        return "does not run on the GPU: the build has no code for it";
    case CV_V_NO_BUILD:
        return "no such build exists";
    case CV_N_VERDICTS:
        break;
    }
    return "unknown";
}

static uint32_t count_errors(const struct cv_diagnosis *d)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n_findings; i++)
        n += d->findings[i].severity == CV_ERROR;
    return n;
}

/* One line: what is the case. */
static void headline(struct cv_text *t)
{
    const struct cv_diagnosis *d = t->d;
    uint32_t errors = count_errors(d);
    enum cv_color color = errors ? CV_RED : d->exit_code == 3 ? CV_YELLOW : CV_GREEN;
    const char *word = errors ? "PROBLEM" : d->exit_code == 3 ? "UNKNOWN" : "OK";
    cv_str text;
    if (!d->has_verdict && errors)
        text = d->findings[0].title;
    else if (d->has_verdict && d->verdict_env >= 0 && d->verdict == CV_V_DRIVER_TOO_OLD &&
             cv_absent(&t->m->driver.version))
        text = cv_arena_fmt(t->a, CV_FMT " does not run on the GPU: no NVIDIA driver is running",
                            CV_ARG(env_label(t->a, t->m, d)));
    else if (!d->has_verdict && !t->m->gpus_known)
        text = CV_S("nothing wrong was seen, but the GPUs are not known");
    else if (!d->has_verdict && !t->m->environments_known)
        text = CV_S("nothing wrong is known of this machine");
    else if (!d->has_verdict)
        text = cv_count_gpus(t->m)
                   ? CV_S("the driver side is in order; no PyTorch is installed yet")
                   : CV_S("no NVIDIA GPU and no PyTorch: nothing to judge");
    else if (d->verdict_env >= 0 && cv_verdict_fails(d->verdict))
        text = cv_arena_fmt(t->a, CV_FMT " %s", CV_ARG(env_label(t->a, t->m, d)),
                            verdict_words(d->verdict));
    else if (errors)
        text = d->findings[0].title;
    else if (d->verdict_env >= 0)
        text = cv_arena_fmt(t->a, CV_FMT " %s", CV_ARG(env_label(t->a, t->m, d)),
                            verdict_words(d->verdict));
    else
        text = cv_verdict_fails(d->verdict)
                   ? CV_S("not every environment fits")
                   : cv_arena_fmt(t->a, "%u environments with torch, the least of them: %s",
                                  d->n_envs, cv_verdict_name(d->verdict));
    cv_lay_put(t->b, t->st, color, cv_str_z(word));
    cv_buf_addz(t->b, "  ");
    cv_lay_wrap(t->b, t->st, strlen(word) + 2, strlen(word) + 2, text);
}

static void fixes(struct cv_text *t, const struct cv_finding *f, size_t indent)
{
    for (uint32_t i = 0; i < f->n_fixes; i++) {
        const struct cv_fix *x = &f->fixes[i];
        const char *label = x->needs_root ? (i == 0 ? "Fix (admin)  " : "or (admin)   ")
                                          : (i == 0 ? "Fix          " : "or           ");
        cv_buf_addn(t->b, ' ', indent);
        cv_lay_put(t->b, t->st, CV_BOLD, cv_str_z(label));
        cv_lay_wrap(t->b, t->st, indent + 13, indent + 13, x->text);
        if (x->command.len)
            cv_lay_line(t->b, t->st, CV_GREEN, indent + 13, x->command);
    }
}

static void labelled(struct cv_text *t, size_t indent, const char *label, cv_str text)
{
    cv_buf_addn(t->b, ' ', indent);
    cv_lay_put(t->b, t->st, CV_BOLD, cv_arena_fmt(t->a, "%-13s", label));
    cv_lay_wrap(t->b, t->st, indent + 13, indent + 13, text);
}

static void evidence(struct cv_text *t, const struct cv_finding *f, size_t indent, uint32_t most)
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < f->n_evidence && shown < most; i++) {
        const struct cv_evidence *e = &f->evidence[i];
        if (cv_str_starts(e->source, "facts:") && !t->st->verbose)
            continue;
        cv_str text = e->text.len > 160
                          ? cv_arena_fmt(t->a, CV_FMT "...", CV_ARG(cv_str_sub(e->text, 0, 157)))
                          : e->text;
        labelled(t, indent, shown++ == 0 ? "Seen" : "",
                 text.len ? cv_arena_fmt(t->a, CV_FMT ": " CV_FMT, CV_ARG(e->source), CV_ARG(text))
                          : e->source);
    }
}

/* The finding that matters most, told whole, right under the headline. */
static void lead(struct cv_text *t)
{
    if (t->d->n_findings == 0 || t->d->findings[0].severity != CV_ERROR)
        return;
    const struct cv_finding *f = &t->d->findings[0];
    fixes(t, f, 2);
    labelled(t, 2, "Why", f->cause);
    evidence(t, f, 2, t->st->verbose ? 20 : 3);
}

static void other_findings(struct cv_text *t)
{
    uint32_t from = t->d->n_findings && t->d->findings[0].severity == CV_ERROR ? 1 : 0;
    uint32_t left = 0, most = t->st->verbose ? 1000 : 12;
    for (uint32_t i = from, shown = 0; i < t->d->n_findings; i++) {
        const struct cv_finding *f = &t->d->findings[i];
        bool quiet_info = f->severity == CV_INFO && t->st->quiet;
        if (quiet_info || shown >= most) {
            left += !quiet_info;
            continue;
        }
        if (shown++ == 0)
            cv_buf_addc(t->b, '\n');
        enum cv_color color = f->severity == CV_ERROR     ? CV_RED
                              : f->severity == CV_WARNING ? CV_YELLOW
                                                          : CV_DIM;
        const char *word = f->severity == CV_ERROR     ? "Error"
                           : f->severity == CV_WARNING ? "Warning"
                                                       : "Note";
        cv_lay_put(t->b, t->st, color, cv_str_z(word));
        cv_buf_addz(t->b, "  ");
        cv_str where =
            f->env.len && t->d->n_envs > 1
                ? cv_arena_fmt(t->a, CV_FMT " [" CV_FMT "]", CV_ARG(f->title), CV_ARG(f->env))
                : f->title;
        cv_lay_wrap(t->b, t->st, strlen(word) + 2, strlen(word) + 2, where);
        if (f->severity == CV_INFO && !t->st->verbose && f->n_fixes == 0)
            continue;
        labelled(t, 2, "Why", f->cause);
        fixes(t, f, 2);
        evidence(t, f, 2, t->st->verbose ? 20 : 2);
    }
    if (left)
        cv_lay_wrap(t->b, t->st, 0, 0,
                    cv_arena_fmt(t->a, "and %u more: cuvet -v shows them all", left));
}

void cv_text_doctor(struct cv_buf *b, const struct cv_text_style *st, const struct cv_facts *f,
                    const struct cv_machine *m, const struct cv_diagnosis *d)
{
    struct cv_text t = {.b = b, .st = st, .f = f, .m = m, .d = d, .a = b->arena};
    headline(&t);
    lead(&t);
    if (!st->quiet) {
        cv_buf_addc(b, '\n');
        cv_text_steps(&t);
    }
    other_findings(&t);
}
