/* explain_tree.c: an explained log as JSON (cuvet/explain/1), and the catalogue as text and JSON. */
#include "report/candidate.h"
#include "report/explain.h"

#include "report/layout.h"

static struct cv_node *fix_node(struct cv_arena *a, const struct cv_fix *x)
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "text", cv_node_text(a, x->text));
    (void)cv_node_put(o, "command", cv_node_text_or_null(a, x->command));
    (void)cv_node_put(o, "root", cv_node_bool(a, x->needs_root));
    return o;
}

static struct cv_node *tri_node(struct cv_arena *a, enum cv_tri t)
{
    return t == CV_UNKNOWN ? cv_node_null(a) : cv_node_bool(a, t == CV_YES);
}

static struct cv_node *evidence_node(struct cv_arena *a, const struct cv_explained *e)
{
    struct cv_node *list = cv_node_list(a);
    for (uint32_t i = 0; i < e->n_evidence && e->confirmed == CV_YES; i++) {
        struct cv_node *o = cv_node_add(list, cv_node_object(a));
        (void)cv_node_put(o, "source", cv_node_text(a, e->evidence[i].source));
        (void)cv_node_put(o, "text", cv_node_text(a, e->evidence[i].text));
    }
    return list;
}

static struct cv_node *match_node(struct cv_arena *a, const struct cv_explained *e)
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "id", cv_node_text(a, e->id));
    (void)cv_node_put(o, "topic", cv_node_text(a, e->topic));
    (void)cv_node_put(o, "line", cv_node_int(a, (int64_t)e->seen->line));
    (void)cv_node_put(o, "count", cv_node_int(a, e->seen->count));
    (void)cv_node_put(o, "text", cv_node_text(a, e->seen->text));
    (void)cv_node_put(o, "meaning", cv_node_text(a, e->meaning));
    (void)cv_node_put(o, "cause",
                      e->cause < 0 ? cv_node_null(a) : cv_node_text(a, e->causes[e->cause].text));
    (void)cv_node_put(o, "confirmed", tri_node(a, e->confirmed));
    (void)cv_node_put(o, "evidence", evidence_node(a, e));
    (void)cv_node_put(o, "fix", e->n_fixes ? fix_node(a, &e->fixes[0]) : cv_node_null(a));
    struct cv_node *fixes = cv_node_put(o, "fixes", cv_node_list(a)),
                   *causes = cv_node_put(o, "causes", cv_node_list(a)), *fields;
    for (uint32_t i = 0; i < e->n_fixes; i++)
        (void)cv_node_add(fixes, fix_node(a, &e->fixes[i]));
    for (uint32_t i = 0; i < e->n_causes; i++) {
        struct cv_node *c = cv_node_add(causes, cv_node_object(a));
        (void)cv_node_put(c, "text", cv_node_text(a, e->causes[i].text));
        (void)cv_node_put(c, "confirmed", tri_node(a, e->causes[i].holds));
    }
    fields = cv_node_put(o, "fields", cv_node_object(a));
    for (uint32_t i = 0; i < e->seen->n_fields; i++)
        if (e->seen->fields[i].value.len)
            (void)cv_node_put(fields, cv_arena_z(a, e->seen->fields[i].name),
                              cv_node_text(a, e->seen->fields[i].value));
    (void)cv_node_put(o, "source", cv_node_text(a, e->source));
    return o;
}

struct cv_node *cv_tree_explain(struct cv_arena *a, const struct cv_explain_report *r)
{
    struct cv_node *o = cv_node_object(a);
    const struct cv_explanation *x = r->x;
    const struct cv_reading *read = x->r;
    (void)cv_node_put(o, "schema", cv_node_text(a, CV_S("cuvet/explain/1")));
    struct cv_node *list = cv_node_put(o, "matches", cv_node_list(a));
    for (uint32_t i = 0; i < x->n_matches; i++)
        (void)cv_node_add(list, match_node(a, &x->matches[i]));
    struct cv_node *n = cv_node_put(o, "read", cv_node_object(a));
    (void)cv_node_put(n, "bytes", cv_node_int(a, (int64_t)read->counts.bytes));
    (void)cv_node_put(n, "lines", cv_node_int(a, (int64_t)read->counts.lines));
    (void)cv_node_put(o, "elsewhere", cv_node_bool(a, x->elsewhere));
    (void)cv_node_put(o, "contradicts", cv_node_text_or_null(a, x->foreign));
    n = cv_node_put(o, "likely", read->likely.count ? cv_node_object(a) : cv_node_null(a));
    if (read->likely.count) {
        (void)cv_node_put(n, "line", cv_node_int(a, (int64_t)read->likely.line));
        (void)cv_node_put(n, "text", cv_node_text(a, read->likely.text));
    }
    list = cv_node_put(o, "doctor", cv_node_list(a));
    for (uint32_t i = 0; r->machine_known && i < r->d->n_findings; i++)
        if (r->d->findings[i].severity == CV_ERROR) {
            n = cv_node_add(list, cv_node_object(a));
            (void)cv_node_put(n, "id", cv_node_text(a, r->d->findings[i].id));
            (void)cv_node_put(n, "title", cv_node_text(a, r->d->findings[i].title));
        }
    return o;
}

/* ---- the catalogue ---- */

static cv_str cell(const struct cv_facts *f, uint32_t row, const char *column)
{
    return cv_facts_get(f, CV_T_ERRORS, row, column);
}

static struct cv_node *entry_node(struct cv_arena *a, const struct cv_facts *f, uint32_t row,
                                  bool whole)
{
    struct cv_node *o = cv_node_object(a);
    static const char *const columns[] = {"id", "topic", "meaning", "regex", "source"};
    static const char *const cause_columns[] = {"cause",    "probe",        "fix",   "command",
                                                "root_fix", "root_command", "source"};
    for (size_t i = 0; i < (whole ? 5u : 3u); i++)
        (void)cv_node_put(o, columns[i], cv_node_text(a, cell(f, row, columns[i])));
    uint32_t first = 0, n = cv_explain_causes(f, cell(f, row, "id"), &first);
    struct cv_node *causes = whole ? cv_node_put(o, "causes", cv_node_list(a)) : NULL;
    for (uint32_t i = 0; i < n && causes; i++) {
        struct cv_node *c = cv_node_add(causes, cv_node_object(a));
        for (size_t k = 0; k < sizeof cause_columns / sizeof cause_columns[0]; k++) {
            cv_str v = cv_facts_get(f, CV_T_ERROR_CAUSES, first + i, cause_columns[k]);
            (void)cv_node_put(c, cause_columns[k],
                              cv_cell_none(v) ? cv_node_null(a) : cv_node_text(a, v));
        }
    }
    return o;
}

struct cv_node *cv_tree_explain_list(struct cv_arena *a, const struct cv_facts *f)
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "schema", cv_node_text(a, CV_S("cuvet/explain-list/1")));
    struct cv_node *list = cv_node_put(o, "entries", cv_node_list(a));
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_ERRORS); r++)
        (void)cv_node_add(list, entry_node(a, f, r, false));
    return o;
}

struct cv_node *cv_tree_explain_entry(struct cv_arena *a, const struct cv_facts *f, uint32_t row)
{
    struct cv_node *o = cv_node_object(a);
    (void)cv_node_put(o, "schema", cv_node_text(a, CV_S("cuvet/explain-entry/1")));
    (void)cv_node_put(o, "entry", entry_node(a, f, row, true));
    return o;
}

void cv_text_explain_list(struct cv_buf *b, const struct cv_text_style *st,
                          const struct cv_facts *f)
{
    size_t widest = 0;
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_ERRORS); r++)
        widest = cell(f, r, "id").len > widest ? cell(f, r, "id").len : widest;
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_ERRORS); r++) {
        cv_lay_put(b, st, CV_BOLD,
                   cv_arena_fmt(b->arena, "%-*.*s  ", (int)widest, CV_ARG(cell(f, r, "id"))));
        cv_lay_wrap(b, st, widest + 2, widest + 2, cell(f, r, "meaning"));
    }
}

static void line(struct cv_buf *b, const struct cv_text_style *st, const char *label, cv_str text)
{
    if (cv_cell_none(text))
        return;
    cv_lay_put(b, st, CV_BOLD, cv_arena_fmt(b->arena, "%-12s", label));
    cv_lay_wrap(b, st, 12, 12, text);
}

void cv_text_explain_entry(struct cv_buf *b, const struct cv_text_style *st,
                           const struct cv_facts *f, uint32_t row)
{
    cv_str id = cell(f, row, "id");
    uint32_t first = 0, n = cv_explain_causes(f, id, &first);
    line(b, st, "Message", id);
    line(b, st, "Means", cell(f, row, "meaning"));
    line(b, st, "Topic", cell(f, row, "topic"));
    line(b, st, "Found by", cell(f, row, "regex"));
    line(b, st, "Source", cell(f, row, "source"));
    for (uint32_t i = 0; i < n; i++) {
        cv_buf_addc(b, '\n');
        line(b, st, cv_arena_fmt(b->arena, "Cause %u", i + 1).ptr,
             cv_facts_get(f, CV_T_ERROR_CAUSES, first + i, "cause"));
        line(b, st, "  shown by", cv_facts_get(f, CV_T_ERROR_CAUSES, first + i, "probe"));
        line(b, st, "  fix", cv_facts_get(f, CV_T_ERROR_CAUSES, first + i, "fix"));
        line(b, st, "", cv_facts_get(f, CV_T_ERROR_CAUSES, first + i, "command"));
        line(b, st, "  admin", cv_facts_get(f, CV_T_ERROR_CAUSES, first + i, "root_fix"));
        line(b, st, "", cv_facts_get(f, CV_T_ERROR_CAUSES, first + i, "root_command"));
        line(b, st, "  source", cv_facts_get(f, CV_T_ERROR_CAUSES, first + i, "source"));
    }
}
