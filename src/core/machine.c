/* machine.c: small helpers over struct cv_machine. */
#include "core/machine.h"

const char *cv_state_name(enum cv_state s)
{
    switch (s) {
    case CV_NOT_ASKED:
        return "not asked";
    case CV_KNOWN:
        return "known";
    case CV_ABSENT:
        return "absent";
    case CV_DENIED:
        return "denied";
    case CV_MALFORMED:
        return "malformed";
    }
    return "?";
}

const char *cv_flavour_name(enum cv_flavour f)
{
    switch (f) {
    case CV_FLAVOUR_UNKNOWN:
        return NULL;
    case CV_FLAVOUR_OPEN:
        return "open";
    case CV_FLAVOUR_CLOSED:
        return "closed";
    }
    return NULL;
}

cv_str cv_machine_var(const struct cv_machine *m, const char *name)
{
    for (uint32_t i = 0; i < m->n_variables; i++)
        if (cv_str_eqz(m->variables[i].name, name))
            return m->variables[i].value;
    return CV_S("");
}

void cv_fact_set(struct cv_fact *f, cv_str v, cv_str path, cv_str text)
{
    *f = (struct cv_fact){.state = CV_KNOWN, .v = v, .src = {path, text}};
}

void cv_fact_state(struct cv_fact *f, enum cv_state s, cv_str path)
{
    *f = (struct cv_fact){.state = s, .src = {path, CV_S("")}};
}

void cv_problem_add(struct cv_arena *a, struct cv_machine *m, cv_str where, cv_str what)
{
    for (uint32_t i = 0; i < m->n_problems; i++)
        if (cv_str_eq(m->problems[i].where, where))
            return;
    struct cv_problem *p = CV_PUSH(a, m, problems);
    if (p)
        *p = (struct cv_problem){cv_arena_str(a, where), cv_arena_str(a, what)};
}

int cv_machine_active_env(const struct cv_machine *m)
{
    for (uint32_t i = 0; i < m->n_environments; i++)
        if (m->environments[i].active && m->environments[i].has_torch)
            return (int)i;
    return -1;
}
