/* terms.c: a probe's text -> terms. See terms.h. */
#include "explain/terms.h"

static const struct {
    const char *head;
    enum cv_term_kind kind;
    bool whole; /* nothing follows */
} heads[] = {
    {"finding:", CV_TERM_FINDING, false},     {"verdict:", CV_TERM_VERDICT, false},
    {"env:", CV_TERM_VARIABLE, false},        {"os:", CV_TERM_OS, false},
    {"place:", CV_TERM_PLACE, false},         {"package:", CV_TERM_PACKAGE, false},
    {"variant:", CV_TERM_VARIANT, false},     {"log:", CV_TERM_LOG, false},
    {"driver:none", CV_TERM_NO_DRIVER, true}, {"driver:compat", CV_TERM_COMPAT, true},
    {"torch:none", CV_TERM_NO_TORCH, true},   {"torch:cpu", CV_TERM_CPU_TORCH, true},
    {"gpu:none", CV_TERM_NO_GPU, true},       {"toolkit:none", CV_TERM_NO_TOOLKIT, true},
};

bool cv_term_is_machine(cv_str name)
{
    static const char *const names[] = {"driver", "driver_cuda", "torch", "torch_cuda", "toolkit",
                                        "python", "glibc",       "cudnn", "nccl"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (cv_str_eqz(name, names[i]))
            return true;
    return false;
}

size_t cv_term_field(cv_str s)
{
    size_t i = 1;
    if (s.len < 2 || s.ptr[0] != '$')
        return 0;
    while (i < s.len &&
           (cv_is_alpha(s.ptr[i]) || s.ptr[i] == '_' || (i > 1 && cv_is_digit(s.ptr[i]))))
        i++;
    return i - 1;
}

/* Where the comparison stands; SIZE_MAX = none. */
static size_t find_op(cv_str s, cv_str *ret_op)
{
    for (size_t i = 1; i < s.len; i++) {
        char c = s.ptr[i];
        bool wide = i + 1 < s.len && s.ptr[i + 1] == '=';
        if (c == '<' || c == '>' || c == '=' || (c == '!' && wide)) {
            *ret_op = cv_str_sub(s, i, c != '=' && wide ? 2 : 1);
            return i;
        }
    }
    *ret_op = CV_S("");
    return SIZE_MAX;
}

static bool value_ok(cv_str s)
{
    if (s.len == 0)
        return false;
    if (cv_str_starts(s, "cuda("))
        return s.ptr[s.len - 1] == ')' && cv_term_field(cv_str_from(s, 5)) == s.len - 7;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '$' && cv_term_field(cv_str_from(s, i)) == 0)
            return false;
    return true;
}

static const char *take_comparison(cv_str s, struct cv_term *t)
{
    size_t at = find_op(s, &t->op);
    if (at == SIZE_MAX)
        return "neither a known term nor a comparison";
    t->arg = cv_str_sub(s, 0, at);
    t->right = cv_str_from(s, at + t->op.len);
    t->kind = cv_str_eqz(t->arg, "cc") ? CV_TERM_CC : CV_TERM_COMPARE;
    bool left = cv_str_eqz(t->arg, "cc") || cv_term_is_machine(t->arg) ||
                (t->arg.ptr[0] == '$' && cv_term_field(t->arg) == t->arg.len - 1) ||
                cv_str_starts(t->arg, "cuda(");
    return left && value_ok(t->arg) && value_ok(t->right) ? NULL
                                                          : "a side of the comparison is not known";
}

static const char *take_term(cv_str word, struct cv_term *t)
{
    cv_str s = word;
    t->text = word;
    t->op = t->right = CV_S("");
    while (s.len && (s.ptr[0] == '!' || s.ptr[0] == '?')) {
        t->negated = t->negated != (s.ptr[0] == '!');
        t->necessary = t->necessary || s.ptr[0] == '?';
        s = cv_str_from(s, 1);
    }
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (!cv_str_starts(s, heads[i].head))
            continue;
        t->kind = heads[i].kind;
        t->arg = cv_str_from(s, strlen(heads[i].head));
        if (heads[i].whole)
            return t->arg.len ? "something follows where nothing should" : NULL;
        if (t->kind == CV_TERM_PACKAGE) {
            cv_str rest = t->arg;
            size_t at = find_op(rest, &t->op);
            t->arg = cv_str_sub(rest, 0, at == SIZE_MAX ? rest.len : at);
            t->right = at == SIZE_MAX ? CV_S("") : cv_str_from(rest, at + t->op.len);
            if (at != SIZE_MAX && !value_ok(t->right))
                return "a version that cannot be read";
        }
        return value_ok(t->arg) || t->kind == CV_TERM_LOG ? t->arg.len ? NULL : "a name is missing"
                                                          : "a name is missing";
    }
    return s.len ? take_comparison(s, t) : "a sign without a term";
}

int cv_terms_parse(struct cv_arena *a, cv_str probe, struct cv_terms *ret, struct cv_error *e)
{
    struct cv_terms terms = {0};
    cv_str rest = probe, word;
    uint32_t alternative = 0, n = 0;
    if (cv_str_eqz(probe, "-")) {
        *ret = terms;
        return CV_OK;
    }
    while (cv_str_word(&rest, &word)) {
        if (cv_str_eqz(word, "|")) {
            if (n == 0)
                return cv_fail(e, CV_E_INPUT, probe, 0, CV_S("an empty alternative"));
            alternative++;
            n = 0;
            continue;
        }
        struct cv_term *t = CV_PUSH(a, &terms, v);
        if (!t)
            return cv_fail(e, CV_E_NOMEM, probe, 0, CV_S("out of memory"));
        const char *wrong = take_term(word, t);
        if (wrong)
            return cv_fail(e, CV_E_INPUT, word, 0, cv_str_z(wrong));
        t->alternative = alternative;
        n++;
    }
    if (n == 0)
        return cv_fail(e, CV_E_INPUT, probe, 0, CV_S("an empty probe or alternative"));
    *ret = terms;
    return CV_OK;
}

int cv_terms_add_logs(struct cv_arena *a, cv_str probe, struct cv_term_logs *to, struct cv_error *e)
{
    struct cv_terms terms = {0};
    if (!cv_str_has(probe, "log:"))
        return CV_OK;
    int rc = cv_terms_parse(a, probe, &terms, e);
    for (uint32_t i = 0; rc == CV_OK && i < terms.n_v; i++) {
        bool known = terms.v[i].kind != CV_TERM_LOG;
        for (uint32_t k = 0; k < to->n_v && !known; k++)
            known = cv_str_eq(to->v[k], terms.v[i].arg);
        cv_str *s = known ? NULL : CV_PUSH(a, to, v);
        if (s)
            *s = terms.v[i].arg;
    }
    return rc;
}
