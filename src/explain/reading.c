/* reading.c: the catalogue's expressions over a log: the first occurrence of each message, how often it comes, and the line that looks most like an error. */
#include "explain/explain.h"

uint32_t cv_explain_entry(const struct cv_facts *f, cv_str id)
{
    return cv_facts_find1(f, CV_T_ERRORS, id);
}

uint32_t cv_explain_causes(const struct cv_facts *f, cv_str id, uint32_t *ret_first)
{
    uint32_t first = cv_facts_find1(f, CV_T_ERROR_CAUSES, id), n = 0;
    if (first == CV_NO_ROW)
        return 0;
    while (first + n < cv_facts_rows(f, CV_T_ERROR_CAUSES) &&
           cv_str_eq(cv_facts_at(f, CV_T_ERROR_CAUSES, first + n, 0), id))
        n++;
    *ret_first = first;
    return n;
}

/* ---- what is looked for ---- */

/* The expressions of `log:` terms, each once, in the order of the table. */
static int add_logs(struct cv_reading *r, struct cv_error *e)
{
    int col = cv_facts_column(r->f, CV_T_ERROR_CAUSES, "probe");
    for (uint32_t row = 0; row < cv_facts_rows(r->f, CV_T_ERROR_CAUSES); row++) {
        int rc = cv_terms_add_logs(
            r->arena, cv_facts_at(r->f, CV_T_ERROR_CAUSES, row, (unsigned)col), &r->logs, e);
        if (rc != CV_OK)
            return rc;
    }
    return CV_OK;
}

/* ---- what was found ---- */

static void take_fields(struct cv_reading *r, const struct cv_set_match *m, struct cv_seen *to)
{
    bool other = m->pattern >= r->n_entries;
    cv_str rest = other ? cv_facts_at(r->f, CV_T_LOG_VALUES, m->pattern - r->n_entries, 2)
                        : cv_facts_at(r->f, CV_T_ERRORS, m->pattern, 2),
           word;
    while (cv_str_word(&rest, &word) && to->n_fields < CV_MAX_EXPLAIN_FIELDS) {
        size_t eq = cv_str_findc(word, '=');
        if (eq == SIZE_MAX)
            continue;
        cv_str groups = cv_str_sub(word, 0, eq), one, value = CV_S("");
        while (value.len == 0 && cv_str_next(&groups, ',', &one)) {
            uint32_t g;
            if (cv_str_u32(one, &g) && g < CV_RE_GROUPS && m->groups[g].len)
                value = cv_str_trim(m->groups[g]);
        }
        /* "version 12.4." at the end of a sentence */
        while (value.len && (value.ptr[value.len - 1] == '.' || value.ptr[value.len - 1] == ','))
            value.len--;
        to->fields[to->n_fields++] =
            (struct cv_explain_field){cv_str_from(word, eq + 1), cv_arena_str(r->arena, value)};
    }
}

static unsigned error_score(const struct cv_set_match *m)
{
    cv_str hit = m->groups[0];
    size_t at = cv_str_find(m->lines, hit);
    char next = at != SIZE_MAX && at + hit.len < m->lines.len ? m->lines.ptr[at + hit.len] : ' ';
    if (cv_is_digit(next)) /* "error: 0.25" of a training */
        return 0;
    if (cv_str_starts(hit, "Err") || cv_str_starts(hit, "Exc") || cv_str_has(hit, "ump") ||
        cv_str_has(hit, "atal") || cv_str_has(hit, "open"))
        return 3;
    return cv_str_has(hit, "rror") || cv_str_starts(hit, "ERR") ? 2 : 1;
}

static void found(void *ctx, const struct cv_set_match *m)
{
    struct cv_reading *r = ctx;
    bool looks = m->pattern >= r->first_error;
    struct cv_seen *to = looks ? &r->likely : &r->seen[m->pattern];
    unsigned score = looks ? error_score(m) : 0;
    if (looks ? score < r->likely_score || score == 0 : to->count > 0) {
        to->count += !looks;
        return;
    }
    if (looks && m->count > 200 &&
        score == r->likely_score) /* the last one is the best, but not at any price */
        return;
    *to = (struct cv_seen){.count = 1,
                           .line = m->line,
                           .at = m->at,
                           .len = m->len,
                           .text = cv_arena_str(r->arena, m->lines)};
    r->likely_score = looks ? score : r->likely_score;
    if (m->pattern < r->first_log)
        take_fields(r, m, to);
}

/* The tables of the built-in catalogue are made when cuvet is built; with --facts they are made here. */
static int find_tables(struct cv_reading *r, struct cv_set_tables *ret, const cv_str **ret_exprs,
                       struct cv_error *e)
{
    bool built_in = r->f->overlay.len == 0;
    if (built_in) {
        for (uint32_t i = 0; i < cv_explain_builtin_logs_n; i++) {
            cv_str *to = CV_PUSH(r->arena, &r->logs, v);
            if (to)
                *to = cv_str_z(cv_explain_builtin_logs + cv_explain_builtin_log_at[i]);
        }
    } else {
        int rc = add_logs(r, e);
        if (rc != CV_OK)
            return rc;
    }
    uint32_t n_values = cv_facts_rows(r->f, CV_T_LOG_VALUES);
    r->first_log = r->n_entries + n_values;
    r->first_error = r->first_log + r->logs.n_v;
    cv_str *exprs = cv_arena_alloc(r->arena, ((size_t)r->first_error + 1) * sizeof *exprs);
    if (!exprs)
        return cv_fail(e, CV_E_NOMEM, CV_S(""), 0, CV_S("out of memory"));
    for (uint32_t i = 0; i < r->n_entries; i++)
        exprs[i] = cv_facts_at(r->f, CV_T_ERRORS, i, 1);
    for (uint32_t i = 0; i < n_values; i++)
        exprs[r->n_entries + i] = cv_facts_at(r->f, CV_T_LOG_VALUES, i, 1);
    for (uint32_t i = 0; i < r->logs.n_v; i++)
        exprs[r->first_log + i] = r->logs.v[i];
    exprs[r->first_error] = cv_str_z(CV_EXPLAIN_ERROR_LINE);
    *ret_exprs = exprs;
    if (!built_in)
        return cv_set_tables_make(r->arena, exprs, r->first_error + 1, ret, e);
    *ret = cv_explain_builtin;
    return CV_OK;
}

int cv_reading_begin(struct cv_reading *r, const struct cv_facts *f, struct cv_arena *a,
                     struct cv_error *e)
{
    struct cv_set_tables tables;
    const cv_str *exprs = NULL;
    *r = (struct cv_reading){.f = f, .arena = a, .n_entries = cv_facts_rows(f, CV_T_ERRORS)};
    int rc = find_tables(r, &tables, &exprs, e);
    if (rc != CV_OK)
        return rc;
    r->seen = cv_arena_alloc(a, ((size_t)r->first_error + 1) * sizeof *r->seen);
    if (!r->seen || !cv_set_init(a, &tables, exprs, &r->set))
        return cv_fail(e, CV_E_NOMEM, CV_S(""), 0, CV_S("out of memory"));
    r->scan = cv_scan_new(a, &r->set, found, r);
    return r->scan ? CV_OK : cv_fail(e, CV_E_NOMEM, CV_S(""), 0, CV_S("out of memory"));
}

void cv_reading_feed(struct cv_reading *r, cv_str bytes)
{
    if (!r->ended)
        cv_scan_feed(r->scan, bytes);
}

void cv_reading_end(struct cv_reading *r)
{
    if (!r->ended)
        cv_scan_end(r->scan, &r->counts);
    r->ended = true;
}
