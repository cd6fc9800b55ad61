/* values.c: what a log tells of the machine it was written on. Compared with the machine that is here: where they contradict each other nothing here is
 * evidence; or, for a log from elsewhere, put in its place. */
#include "explain/explain.h"

static const char *const names[] = {"driver", "driver_cuda",   "gpu",     "cc",   "sm",
                                    "torch",  "torch_cuda",    "toolkit", "nvcc", "python",
                                    "glibc",  "kernel_module", "os",      "arch"};

static cv_str machine_form(struct cv_arena *a, cv_str name, cv_str v)
{
    if (cv_str_eqz(name, "driver_cuda") || cv_str_eqz(name, "torch_cuda"))
        return cv_explain_cuda(a, v);
    if (cv_str_eqz(name, "os")) /* a system's name, or the beginning of a path */
        return cv_str_starts(v, "/") || cv_str_starts(v, "Linux") ? CV_S("linux") : CV_S("windows");
    if (cv_str_eqz(name, "arch"))
        return cv_str_eqz(v, "AMD64") ? CV_S("x86_64") : v;
    if (cv_str_eqz(name, "sm")) { /* "120", "sm_120", "sm_90a" */
        cv_str s = cv_str_starts(v, "sm_") ? cv_str_from(v, 3) : v;
        while (s.len && cv_is_alpha(s.ptr[s.len - 1]))
            s.len--;
        return s.len >= 2 && s.len <= 4
                   ? cv_arena_fmt(a, CV_FMT ".%c", CV_ARG(cv_str_sub(s, 0, s.len - 1)),
                                  s.ptr[s.len - 1])
                   : CV_S("");
    }
    return v;
}

void cv_explain_values(struct cv_reading *r, struct cv_arena *a, struct cv_explanation *ret)
{
    *ret = (struct cv_explanation){.r = r, .foreign = CV_S("")};
    for (uint32_t p = 0; p < r->first_log; p++)
        for (uint32_t i = 0; r->seen[p].count && i < r->seen[p].n_fields; i++) {
            const struct cv_explain_field *f = &r->seen[p].fields[i];
            for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
                cv_str v = cv_str_eqz(f->name, names[k]) && f->value.len
                               ? machine_form(a, f->name, f->value)
                               : CV_S("");
                struct cv_log_value *to = v.len ? CV_PUSH(a, ret, values) : NULL;
                if (to)
                    *to = (struct cv_log_value){f->name, v, r->seen[p].line, r->seen[p].text};
            }
        }
    for (uint32_t i = 1; i < ret->n_values; i++) { /* in the log's order */
        struct cv_log_value v = ret->values[i];
        uint32_t j = i;
        for (; j > 0 && ret->values[j - 1].line > v.line; j--)
            ret->values[j] = ret->values[j - 1];
        ret->values[j] = v;
    }
}

/* ---- in place of the machine ---- */

static void set(struct cv_arena *a, struct cv_fact *f, const struct cv_log_value *v)
{
    if (f->state == CV_NOT_ASKED)
        cv_fact_set(f, v->value,
                    cv_arena_fmt(a, "line %llu of the log", (unsigned long long)v->line), v->text);
}

static void set_gpu(const struct cv_facts *f, struct cv_arena *a, const struct cv_log_value *v,
                    struct cv_machine *m)
{
    struct cv_gpu_match match = {0};
    if (m->gpus_known || cv_facts_gpu_find(f, a, v->value, &match) != CV_OK || match.n_gpus != 1)
        return;
    struct cv_gpu *g = CV_PUSH(a, m, gpus);
    if (!g)
        return;
    *g = match.gpus[0];
    m->gpus_known = true;
    m->gpus_src = (struct cv_src){
        cv_arena_fmt(a, "line %llu of the log", (unsigned long long)v->line), v->text};
    g->name.src = g->cc_text.src = m->gpus_src;
}

static void set_torch(struct cv_arena *a, const struct cv_log_value *v,
                      const struct cv_log_value *cuda, struct cv_machine *m)
{
    if (m->environments_known || m->n_environments)
        return;
    struct cv_env *e = CV_PUSH(a, m, environments);
    struct cv_pep440 pep;
    if (!e || !cv_pep440_parse(v->value, &pep)) {
        m->n_environments = 0;
        return;
    }
    size_t plus = cv_str_findc(v->value, '+');
    struct cv_xy xy;
    e->active = e->has_torch = m->environments_known = true;
    e->path = e->kind = e->site = CV_S("");
    struct cv_torch *t = &e->torch;
    t->version = v->value;
    t->release = cv_str_sub(v->value, 0, plus == SIZE_MAX ? v->value.len : plus);
    t->variant = plus == SIZE_MAX ? CV_S("") : cv_str_from(v->value, plus + 1);
    t->path = t->installer = t->metadata_version = t->hip = t->xpu = t->conda_build = CV_S("");
    t->src = (struct cv_src){cv_arena_fmt(a, "line %llu of the log", (unsigned long long)v->line),
                             v->text};
    if (cuda && t->variant.len == 0 && cv_xy_parse(cuda->value, &xy))
        t->variant = cv_arena_fmt(a, "cu%u%u", xy.major, xy.minor);
    if (cv_xy_from_variant(t->variant, &xy))
        cv_fact_set(&t->cuda, cv_arena_fmt(a, "%u.%u", xy.major, xy.minor), t->src.path,
                    t->src.text);
    else if (cv_str_eqz(t->variant, "cpu"))
        cv_fact_state(&t->cuda, CV_ABSENT, t->src.path);
}

void cv_explain_apply(const struct cv_facts *f, struct cv_arena *a, const struct cv_explanation *x,
                      struct cv_machine *m)
{
    const struct cv_log_value *torch = NULL, *cuda = NULL;
    for (uint32_t i = 0; i < x->n_values; i++) {
        const struct cv_log_value *v = &x->values[i];
        if (cv_str_eqz(v->name, "driver") || cv_str_eqz(v->name, "kernel_module")) {
            if (cv_dotted_ok(v->value))
                set(a, &m->driver.version, v);
        } else if (cv_str_eqz(v->name, "driver_cuda")) {
            set(a, &m->driver.cuda, v);
        } else if (cv_str_eqz(v->name, "python")) {
            set(a, &m->python, v);
        } else if (cv_str_eqz(v->name, "os")) {
            set(a, &m->place.os, v);
        } else if (cv_str_eqz(v->name, "arch")) {
            set(a, &m->place.arch, v);
        } else if (cv_str_eqz(v->name, "glibc")) {
            set(a, &m->place.glibc, v);
        } else if (cv_str_eqz(v->name, "gpu") || cv_str_eqz(v->name, "cc") ||
                   cv_str_eqz(v->name, "sm")) {
            set_gpu(f, a, v, m);
        } else if (cv_str_eqz(v->name, "torch")) {
            torch = torch ? torch : v;
        } else if (cv_str_eqz(v->name, "torch_cuda")) {
            cuda = cuda ? cuda : v;
        }
    }
    if (torch)
        set_torch(a, torch, cuda, m);
    cv_facts_enrich(f, a, m);
}

/* ---- against the machine ---- */

static bool other_gpu(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m,
                      cv_str what)
{
    struct cv_gpu_match match = {0};
    if (!m->gpus_known || cv_facts_gpu_find(f, a, what, &match) != CV_OK || match.n_gpus == 0)
        return false;
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        const struct cv_gpu *g = &m->gpus[i];
        if (g->vendor.len && !cv_str_eqz(g->vendor, "nvidia"))
            continue;
        if (!cv_known(&g->cc_text) || !cv_known(&match.gpus[0].cc_text) ||
            cv_str_eq(g->cc_text.v, match.gpus[0].cc_text.v))
            return false;
    }
    return true;
}

static bool other_torch(const struct cv_machine *m, cv_str name, cv_str v)
{
    bool cuda = cv_str_eqz(name, "torch_cuda");
    size_t plus = cv_str_findc(v, '+');
    cv_str release = cv_str_sub(v, 0, plus == SIZE_MAX ? v.len : plus);
    if (!m->environments_known)
        return false;
    for (uint32_t i = 0; i < m->n_environments; i++) {
        const struct cv_torch *t = &m->environments[i].torch;
        if (m->environments[i].has_torch &&
            (cuda ? !cv_known(&t->cuda) || cv_dotted_prefix(t->cuda.v, v) ||
                        cv_dotted_prefix(v, t->cuda.v)
                  : cv_str_eq(t->release, release)))
            return false;
    }
    return true;
}

static bool other_fact(const struct cv_fact *f, cv_str v)
{
    return cv_absent(f) || (cv_known(f) && cv_dotted_ok(f->v) && cv_dotted_ok(v) &&
                            !cv_dotted_prefix(f->v, v) && !cv_dotted_prefix(v, f->v));
}

/* In what one value contradicts the machine; NULL = in nothing. *ret_here: the machine's value, "" = none to show. */
static const char *contradicts(const struct cv_facts *f, struct cv_arena *a,
                               const struct cv_machine *m, const struct cv_log_value *v,
                               cv_str *ret_here)
{
    const struct cv_fact *fact = &m->driver.version;
    *ret_here = CV_S("");
    if (cv_str_eqz(v->name, "driver") || cv_str_eqz(v->name, "kernel_module")) {
        *ret_here = fact->v;
        return other_fact(fact, v->value) ? "driver" : NULL;
    }
    if (cv_str_eqz(v->name, "driver_cuda")) {
        fact = cv_absent(fact) ? fact : &m->driver.cuda;
        *ret_here = cv_known(fact) ? fact->v : CV_S("");
        return !cv_known(&m->driver.compat) && other_fact(fact, v->value) ? "driver for CUDA"
                                                                          : NULL;
    }
    if (cv_str_eqz(v->name, "gpu") || cv_str_eqz(v->name, "cc") || cv_str_eqz(v->name, "sm"))
        return other_gpu(f, a, m, v->value) ? "GPU" : NULL;
    if (cv_str_eqz(v->name, "torch") || cv_str_eqz(v->name, "torch_cuda"))
        return !other_torch(m, v->name, v->value) ? NULL
               : cv_str_eqz(v->name, "torch")     ? "torch"
                                                  : "torch for CUDA";
    return NULL;
}

cv_str cv_explain_foreign(const struct cv_facts *f, struct cv_arena *a, const struct cv_machine *m,
                          const struct cv_explanation *x)
{
    for (uint32_t i = 0; i < x->n_values; i++) {
        const struct cv_log_value *v = &x->values[i];
        cv_str here;
        const char *what = contradicts(f, a, m, v, &here);
        if (what)
            return cv_arena_fmt(a, "%s " CV_FMT " in line %llu%s" CV_FMT, what, CV_ARG(v->value),
                                (unsigned long long)v->line, here.len ? ", here " : "",
                                CV_ARG(here));
    }
    return CV_S("");
}
