/* fix.c: what mends a cause: the catalogue's words, the doctor's fix of the finding that confirmed it, or the build that resolve picks. */
#include "explain/explain.h"

static void add(struct cv_asking *q, struct cv_explained *to, bool root, cv_str text,
                cv_str command)
{
    if (text.len == 0 && command.len == 0)
        return;
    for (uint32_t i = 0; i < to->n_fixes; i++)
        if (cv_str_eq(to->fixes[i].text, text) && cv_str_eq(to->fixes[i].command, command))
            return;
    struct cv_fix *f = CV_PUSH(q->a, to, fixes);
    if (f)
        *f = (struct cv_fix){.text = text, .command = command, .needs_root = root};
}

/* The finding of the machine that the probe of this cause names, NULL = none is there. */
static const struct cv_finding *finding_of(struct cv_asking *q, uint32_t cause_row)
{
    struct cv_terms terms;
    const struct cv_env *e = cv_explain_env(q);
    if (q->x->foreign.len ||
        cv_terms_parse(q->a, cv_facts_get(q->ask->f, CV_T_ERROR_CAUSES, cause_row, "probe"), &terms,
                       NULL) != CV_OK)
        return NULL;
    for (uint32_t t = 0; t < terms.n_v; t++)
        for (uint32_t i = 0;
             terms.v[t].kind == CV_TERM_FINDING && !terms.v[t].negated && i < q->ask->d->n_findings;
             i++) {
            const struct cv_finding *f = &q->ask->d->findings[i];
            if (cv_str_eq(f->id, terms.v[t].arg) &&
                (f->env.len == 0 || (e && cv_str_eq(f->env, e->path))))
                return f;
        }
    return NULL;
}

/* No finding of the probe: that of the verdict, which has builds too. */
static const struct cv_finding *worst_of(struct cv_asking *q)
{
    const struct cv_diagnosis *d = q->ask->d;
    return q->x->foreign.len == 0 && d->n_findings && d->findings[0].severity == CV_ERROR
               ? &d->findings[0]
               : NULL;
}

/* The branch whose drivers support this CUDA and no more, "" = none. */
static cv_str branch_of(const struct cv_facts *f, cv_str cuda)
{
    for (uint32_t r = 0; r < cv_facts_rows(f, CV_T_DRIVER_BRANCHES); r++)
        if (cv_str_eq(cv_facts_get(f, CV_T_DRIVER_BRANCHES, r, "max_cuda_low"), cuda))
            return cv_facts_at(f, CV_T_DRIVER_BRANCHES, r, 0);
    return CV_S("");
}

/* The question to cuvet that finds the build: for this machine, or for what the log says of another. */
static cv_str question(struct cv_asking *q)
{
    const struct cv_machine *m = q->ask->m;
    struct cv_buf b;
    if (!q->ask->elsewhere)
        return CV_S("cuvet resolve");
    cv_str driver = cv_known(&m->driver.version) ? m->driver.version.v
                    : cv_known(&m->driver.cuda)  ? branch_of(q->ask->f, m->driver.cuda.v)
                                                 : CV_S("");
    cv_buf_init(&b, q->a);
    cv_buf_addz(&b, "cuvet resolve --machine none");
    if (driver.len)
        cv_buf_fmt(&b, " --driver " CV_FMT, CV_ARG(driver));
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        cv_str name = cv_known(&m->gpus[i].name) ? m->gpus[i].name.v : m->gpus[i].cc_text.v;
        if (name.len)
            cv_buf_fmt(&b, " --gpu " CV_FMT, CV_ARG(cv_shell_word(q->a, name)));
    }
    if (cv_known(&m->python))
        cv_buf_fmt(&b, " --python " CV_FMT, CV_ARG(cv_shell_word(q->a, m->python.v)));
    return cv_buf_str(&b);
}

static void from_doctor(struct cv_asking *q, struct cv_explained *to, uint32_t row, bool root,
                        cv_str words)
{
    const struct cv_finding *f = finding_of(q, row);
    if (!f && to->confirmed == CV_YES)
        f = worst_of(q);
    bool any = false;
    for (uint32_t i = 0; f && i < f->n_fixes; i++)
        if (f->fixes[i].needs_root == root) {
            add(q, to, root, f->fixes[i].text, f->fixes[i].command);
            any = true;
        }
    if (any)
        return;
    bool open = !root && !words.len && (q->ask->elsewhere || q->x->foreign.len);
    add(q, to, root, open ? CV_S("Which build runs there, `cuvet resolve` says:") : words,
        open ? question(q) : CV_S(""));
}

static void from_resolve(struct cv_asking *q, struct cv_explained *to, bool root, cv_str words)
{
    struct cv_request r = {.python = CV_S("")};
    struct cv_machine m = *q->ask->m;
    struct cv_candidate best;
    struct cv_choice c;
    struct cv_query query;
    struct cv_view view;
    const struct cv_env *e = cv_explain_env(q);
    bool open = q->x->foreign.len || !m.gpus_known || !cv_known(&m.driver.version) ||
                cv_known(&m.place.jetson);
    if (open) {
        add(q, to, root, words, question(q));
        return;
    }
    if (e && cv_known(&e->python))
        m.python = e->python;
    if (!q->has_cat)
        cv_catalog_make(q->ask->f, q->a, cv_known(&m.place.os) ? m.place.os.v : CV_S(""),
                        cv_known(&m.place.arch) ? m.place.arch.v : CV_S(""), false, &q->cat);
    q->has_cat = true;
    cv_query_init(&query, &q->cat, &r, &m, 1, &view);
    if (query.no_gpu || !cv_query_best(&query, &best) || best.q.verdict == CV_V_WORKS_IF) {
        add(q, to, root, words, question(q));
        return;
    }
    cv_choice_make(&query, q->a, 0, best.b, &c);
    cv_str command = cv_install_command(q->ask->f, q->a, &c.build,
                                        e && cv_str_eqz(e->kind, "uv") ? CV_S("uv") : CV_S("pip"),
                                        e ? e->path : CV_S(""));
    add(q, to, root, words, command);
}

static void one_fix(struct cv_asking *q, struct cv_explained *to, uint32_t row, bool root)
{
    const struct cv_facts *f = q->ask->f;
    cv_str text = cv_facts_get(f, CV_T_ERROR_CAUSES, row, root ? "root_fix" : "fix");
    cv_str command = cv_facts_get(f, CV_T_ERROR_CAUSES, row, root ? "root_command" : "command"),
           words = CV_S(""), line = CV_S("");
    if (cv_str_eqz(text, "@doctor"))
        command = text;
    if (!cv_cell_none(text) && text.ptr[0] != '@')
        (void)cv_explain_words(q, to, text, false, &words);
    if (cv_str_eqz(command, "@doctor"))
        from_doctor(q, to, row, root, words);
    else if (cv_str_eqz(command, "@resolve"))
        from_resolve(q, to, root, words);
    else if (cv_cell_none(command) || !cv_explain_words(q, to, command, true, &line))
        add(q, to, root, words, CV_S(""));
    else
        add(q, to, root, words, line);
}

void cv_explain_fixes(struct cv_asking *q, struct cv_explained *to)
{
    if (to->cause < 0 || to->confirmed == CV_NO)
        return;
    uint32_t row = to->causes[to->cause].row;
    one_fix(q, to, row, false);
    one_fix(q, to, row, true);
}
