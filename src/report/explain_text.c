/* explain_text.c: an explained log for people: the line, what it means, the cause, what to do. One message is told whole, the others in a line each. */
#include "report/explain.h"

#include "report/layout.h"

#define CV_LABEL        9u
#define CV_SEEN_AT_MOST 3u

struct view {
    struct cv_buf *b;
    const struct cv_text_style *st;
    const struct cv_explain_report *r;
    struct cv_arena *a;
};

static void row(struct view *v, const char *label, cv_str text)
{
    cv_lay_put(v->b, v->st, CV_BOLD, cv_arena_fmt(v->a, "%-*s", (int)CV_LABEL, label));
    cv_lay_wrap(v->b, v->st, CV_LABEL, CV_LABEL, text);
}

static cv_str shortened(struct cv_arena *a, cv_str s, size_t most)
{
    if (s.len <= most)
        return s;
    size_t n = most - 3;
    while (n > 0 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
        n--;
    return cv_arena_fmt(a, CV_FMT "...", CV_ARG(cv_str_sub(s, 0, n)));
}

static cv_str place_of(struct view *v, const struct cv_seen *s)
{
    cv_str where = v->r->name.len ? cv_arena_fmt(v->a, CV_FMT ", line %llu", CV_ARG(v->r->name),
                                                 (unsigned long long)s->line)
                                  : cv_arena_fmt(v->a, "line %llu", (unsigned long long)s->line);
    if (s->count > 1)
        where = cv_arena_fmt(v->a, CV_FMT ", and %u times in all%s", CV_ARG(where), s->count,
                             s->count >= CV_MAX_EXPLAIN_COUNT ? " or more" : "");
    return where;
}

static void fixes(struct view *v, const struct cv_explained *e)
{
    for (uint32_t i = 0; i < e->n_fixes; i++) {
        const struct cv_fix *x = &e->fixes[i];
        const char *label = i == 0 ? "Fix" : "or";
        cv_str text = x->needs_root && x->text.len
                          ? cv_arena_fmt(v->a, "(administrator) " CV_FMT, CV_ARG(x->text))
                      : x->needs_root ? CV_S("(administrator)")
                                      : x->text;
        if (text.len)
            row(v, label, text);
        else
            cv_lay_put(v->b, v->st, CV_BOLD, cv_arena_fmt(v->a, "%-*s", (int)CV_LABEL, label));
        if (x->command.len)
            cv_lay_line(v->b, v->st, CV_GREEN, text.len ? CV_LABEL : 0, x->command);
    }
}

static const char *cause_label(const struct cv_explained *e)
{
    return e->confirmed == CV_YES ? "Cause" : "Perhaps";
}

static void cause(struct view *v, const struct cv_explained *e)
{
    const struct cv_explanation *x = v->r->x;
    if (e->cause < 0)
        return;
    if (e->confirmed == CV_NO) {
        row(v, "Cause",
            x->elsewhere
                ? CV_S("None of the causes that are known fits what the log says.")
                : CV_S("None of the causes that are known is present on this machine now."));
        return;
    }
    cv_str text = e->causes[e->cause].text;
    if (e->confirmed == CV_YES)
        text = cv_arena_fmt(v->a, CV_FMT " %s", CV_ARG(text),
                            x->elsewhere ? "(The log shows it.)" : "(Confirmed here.)");
    row(v, cause_label(e), text);
    uint32_t shown = 0, most = v->st->verbose ? 20 : CV_SEEN_AT_MOST;
    for (uint32_t i = 0; i < e->n_evidence && e->confirmed == CV_YES && shown < most; i++) {
        const struct cv_evidence *ev = &e->evidence[i];
        cv_str what = shortened(v->a, ev->text, 160);
        row(v, shown++ == 0 ? "Seen" : "",
            what.len ? cv_arena_fmt(v->a, CV_FMT ": " CV_FMT, CV_ARG(ev->source), CV_ARG(what))
                     : ev->source);
    }
}

static void other_causes(struct view *v, const struct cv_explained *e)
{
    uint32_t shown = 0;
    if (e->confirmed != CV_UNKNOWN)
        return;
    for (uint32_t i = 0; i < e->n_causes && shown < (v->st->verbose ? 20u : 2u); i++)
        if ((int)i != e->cause && e->causes[i].holds == CV_UNKNOWN)
            row(v, shown++ == 0 ? "or else" : "", e->causes[i].text);
}

static void told(struct view *v, const struct cv_explained *e)
{
    cv_lay_wrap(v->b, v->st, 0, 2, shortened(v->a, e->seen->text, 300));
    cv_lay_line(
        v->b, v->st, CV_DIM, 2,
        cv_arena_fmt(v->a, CV_FMT "; " CV_FMT, CV_ARG(place_of(v, e->seen)), CV_ARG(e->id)));
    row(v, cv_str_eqz(e->topic, "noise") ? "Harmless" : "Means", e->meaning);
    cause(v, e);
    fixes(v, e);
    other_causes(v, e);
}

static void doctor(struct view *v)
{
    const struct cv_diagnosis *d = v->r->d;
    uint32_t shown = 0;
    if (!v->r->machine_known)
        return;
    for (uint32_t i = 0; i < d->n_findings && shown < 3; i++)
        if (d->findings[i].severity == CV_ERROR)
            row(v, shown++ == 0 ? "Doctor" : "", d->findings[i].title);
    if (shown)
        row(v, "", CV_S("`cuvet doctor` says what to do about it."));
    else
        row(v, "Doctor",
            CV_S("Nothing is wrong with the driver, CUDA and PyTorch of this machine as far as "
                 "cuvet sees."));
}

static cv_str amount(struct view *v)
{
    const struct cv_scan_counts *c = &v->r->x->r->counts;
    if (c->bytes < 10000)
        return cv_arena_fmt(v->a, "%llu line%s", (unsigned long long)c->lines,
                            c->lines == 1 ? "" : "s");
    return cv_arena_fmt(
        v->a, "%llu lines, %llu %s", (unsigned long long)c->lines,
        (unsigned long long)(c->bytes < 10000000 ? c->bytes / 1000 : c->bytes / 1000000),
        c->bytes < 10000000 ? "kB" : "MB");
}

static void not_recognised(struct view *v)
{
    const struct cv_reading *r = v->r->x->r;
    cv_str from = v->r->name.len ? cv_arena_fmt(v->a, " of " CV_FMT, CV_ARG(v->r->name)) : CV_S("");
    if (r->counts.bytes == 0) {
        row(v, "Nothing",
            cv_arena_fmt(v->a, "There was nothing to read%s" CV_FMT ".",
                         v->r->name.len ? " in " : "", CV_ARG(v->r->name)));
        return;
    }
    row(v, "Unknown",
        cv_arena_fmt(v->a, "No message that cuvet knows was found; read: " CV_FMT CV_FMT ".",
                     CV_ARG(amount(v)), CV_ARG(from)));
    if (r->likely.count)
        row(v, "Likely",
            cv_arena_fmt(v->a, "line %llu: " CV_FMT, (unsigned long long)r->likely.line,
                         CV_ARG(shortened(v->a, r->likely.text, 240))));
    doctor(v);
}

/* The same words are said by a message that is told already. */
static bool within(const struct cv_explanation *x, uint32_t i)
{
    const struct cv_seen *s = x->matches[i].seen;
    for (uint32_t k = 0; k < i; k++) {
        const struct cv_seen *o = x->matches[k].seen;
        if (s->at < o->at + o->len && o->at < s->at + s->len)
            return true;
    }
    return false;
}

static void others(struct view *v)
{
    const struct cv_explanation *x = v->r->x;
    uint32_t shown = 0, left = 0;
    for (uint32_t i = 1; i < x->n_matches && !v->st->quiet; i++) {
        const struct cv_explained *e = &x->matches[i];
        if (v->st->verbose || cv_str_eqz(e->topic, "advice")) {
            cv_buf_addc(v->b, '\n');
            told(v, e);
        } else if (within(x, i) || shown == 5) {
            left += shown == 5;
        } else {
            if (shown == 0)
                cv_buf_addc(v->b, '\n');
            row(v, shown++ == 0 ? "Also" : "",
                cv_arena_fmt(v->a, "line %llu%s: " CV_FMT, (unsigned long long)e->seen->line,
                             cv_str_eqz(e->topic, "noise") ? " (harmless)" : "",
                             CV_ARG(e->meaning)));
        }
    }
    if (left)
        row(v, "", cv_arena_fmt(v->a, "and %u more (-v tells each)", left));
}

void cv_text_explain(struct cv_buf *b, const struct cv_text_style *st,
                     const struct cv_explain_report *r)
{
    struct view v = {.b = b, .st = st, .r = r, .a = b->arena};
    const struct cv_explanation *x = r->x;
    if (x->n_matches == 0) {
        not_recognised(&v);
        return;
    }
    told(&v, &x->matches[0]);
    if (x->foreign.len)
        row(&v, "Note",
            cv_arena_fmt(
                v.a,
                "The log speaks of another machine, or of this one before it was changed (" CV_FMT
                "), so nothing here confirms a cause. With --elsewhere only the log counts.",
                CV_ARG(x->foreign)));
    others(&v);
}
