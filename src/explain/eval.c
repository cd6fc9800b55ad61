/* eval.c: a probe asked of the machine. Three-valued: what is not known neither confirms nor rules out. */
#include "explain/explain.h"

static enum cv_tri negate(enum cv_tri t)
{
    return t == CV_YES ? CV_NO : t == CV_NO ? CV_YES : CV_UNKNOWN;
}

static enum cv_tri yes_no(bool b)
{
    return b ? CV_YES : CV_NO;
}

static enum cv_tri fact_there(const struct cv_fact *f)
{
    return cv_known(f) ? CV_YES : cv_absent(f) ? CV_NO : CV_UNKNOWN;
}

static void evidence(struct cv_asking *q, struct cv_explained *to, cv_str source, cv_str text)
{
    if (!to || (source.len == 0 && text.len == 0))
        return;
    for (uint32_t i = 0; i < to->n_evidence; i++)
        if (cv_str_eq(to->evidence[i].source, source) && cv_str_eq(to->evidence[i].text, text))
            return;
    struct cv_evidence *e = CV_PUSH(q->a, to, evidence);
    if (e)
        *e = (struct cv_evidence){source, text};
}

static void evidence_src(struct cv_asking *q, struct cv_explained *to, struct cv_src src,
                         cv_str value)
{
    evidence(q, to, src.path, src.text.len ? src.text : value);
}

/* ---- values ---- */

const struct cv_env *cv_explain_env(const struct cv_asking *q)
{
    const struct cv_machine *m = q->ask->m;
    const struct cv_diagnosis *d = q->ask->d;
    if (d->verdict_env >= 0)
        return &m->environments[d->envs[d->verdict_env].env];
    for (uint32_t i = 0; i < m->n_environments; i++)
        if (m->environments[i].active)
            return &m->environments[i];
    return m->n_environments == 1 ? &m->environments[0] : NULL;
}

static enum cv_tri from_fact(const struct cv_fact *f, cv_str *ret, struct cv_src *ret_src)
{
    if (cv_known(f))
        *ret = f->v;
    if (ret_src)
        *ret_src = f->src;
    return fact_there(f);
}

/* The toolkit that a build takes: $CUDA_HOME, the nvcc in PATH, /usr/local/cuda, else the only one. */
static const struct cv_toolkit *toolkit_of(const struct cv_machine *m)
{
    const struct cv_toolkit *found = m->n_toolkits == 1 ? &m->toolkits[0] : NULL;
    for (uint32_t i = m->n_toolkits; i-- > 0;)
        if (m->toolkits[i].is_default)
            found = &m->toolkits[i];
    for (uint32_t i = m->n_toolkits; i-- > 0;)
        if (m->toolkits[i].in_path)
            found = &m->toolkits[i];
    for (uint32_t i = m->n_toolkits; i-- > 0;)
        if (m->toolkits[i].is_cuda_home)
            found = &m->toolkits[i];
    return found;
}

static enum cv_tri torch_value(const struct cv_asking *q, cv_str name, cv_str *ret,
                               struct cv_src *ret_src)
{
    const struct cv_env *e = cv_explain_env(q);
    if (!e)
        return q->ask->m->environments_known && q->ask->m->n_environments == 0 ? CV_NO : CV_UNKNOWN;
    if (!e->has_torch)
        return q->ask->m->environments_known ? CV_NO : CV_UNKNOWN;
    if (ret_src)
        *ret_src = e->torch.src;
    if (cv_str_eqz(name, "torch_cuda"))
        return from_fact(&e->torch.cuda, ret, ret_src);
    if (cv_str_eqz(name, "cudnn"))
        return from_fact(&e->torch.cudnn, ret, ret_src);
    if (cv_str_eqz(name, "nccl"))
        return from_fact(&e->torch.nccl, ret, ret_src);
    *ret = e->torch.release.len ? e->torch.release : e->torch.version;
    return ret->len ? CV_YES : CV_UNKNOWN;
}

enum cv_tri cv_explain_machine(const struct cv_asking *q, cv_str name, cv_str *ret,
                               struct cv_src *ret_src)
{
    const struct cv_machine *m = q->ask->m;
    *ret = CV_S("");
    if (cv_str_eqz(name, "driver"))
        return m->driver.windows_number ? CV_UNKNOWN : from_fact(&m->driver.version, ret, ret_src);
    if (cv_str_eqz(name, "driver_cuda"))
        return cv_absent(&m->driver.version) ? CV_NO : from_fact(&m->driver.cuda, ret, ret_src);
    if (cv_str_eqz(name, "python"))
        return from_fact(&m->python, ret, ret_src);
    if (cv_str_eqz(name, "glibc"))
        return from_fact(&m->place.glibc, ret, ret_src);
    if (cv_str_eqz(name, "toolkit")) {
        const struct cv_toolkit *t = toolkit_of(m);
        if (!t)
            return m->toolkits_known && m->n_toolkits == 0 ? CV_NO : CV_UNKNOWN;
        *ret = t->version;
        if (ret_src)
            *ret_src = t->src.path.len ? t->src : (struct cv_src){t->path, t->version};
        return t->version.len ? CV_YES : CV_UNKNOWN;
    }
    return torch_value(q, name, ret, ret_src);
}

cv_str cv_explain_cuda(struct cv_arena *a, cv_str code)
{
    uint32_t n;
    struct cv_xy xy;
    if (cv_str_u32(code, &n) && n >= 1000) {
        xy = cv_xy_from_cuda(n);
        return cv_arena_fmt(a, "%u.%u", xy.major, xy.minor);
    }
    return cv_dotted_ok(code) ? code : CV_S("");
}

cv_str cv_explain_field(const struct cv_explained *of, cv_str name)
{
    for (uint32_t i = 0; i < of->seen->n_fields; i++)
        if (cv_str_eq(of->seen->fields[i].name, name))
            return of->seen->fields[i].value;
    return CV_S("");
}

/* "$need_major.$need_minor", "cu$cuda": every $field must be there. */
static bool expand(struct cv_asking *q, const struct cv_explained *of, cv_str s, cv_str *ret,
                   bool *ret_from_log)
{
    struct cv_buf b;
    cv_buf_init(&b, q->a);
    for (size_t i = 0; i < s.len;) {
        size_t n = cv_term_field(cv_str_from(s, i));
        if (n == 0) {
            cv_buf_addc(&b, s.ptr[i++]);
            continue;
        }
        cv_str v = cv_explain_field(of, cv_str_sub(s, i + 1, n));
        if (v.len == 0)
            return false;
        *ret_from_log = true;
        cv_buf_add(&b, v);
        i += n + 1;
    }
    *ret = cv_buf_str(&b);
    return true;
}

struct side {
    enum cv_tri there;
    cv_str v;
    bool log, machine;
    struct cv_src src;
};

static struct side side_of(struct cv_asking *q, const struct cv_explained *of, cv_str s)
{
    struct side r = {.there = CV_YES, .v = CV_S("")};
    if (cv_term_is_machine(s)) {
        r.machine = true;
        r.there = q->x->foreign.len ? CV_UNKNOWN : cv_explain_machine(q, s, &r.v, &r.src);
        return r;
    }
    bool code = cv_str_starts(s, "cuda(");
    if (!expand(q, of, code ? cv_str_sub(s, 5, s.len - 6) : s, &r.v, &r.log))
        r.there = CV_UNKNOWN;
    else if (code) {
        r.v = cv_explain_cuda(q->a, r.v);
        r.there = r.v.len ? CV_YES : CV_UNKNOWN;
    }
    return r;
}

/* "2.4.1+cu121" -> "2.4.1"; "3.13t" -> "3.13"; "sm_120" stays. */
static cv_str number_part(cv_str s)
{
    size_t i = 0;
    while (i < s.len && (cv_is_digit(s.ptr[i]) ||
                         (s.ptr[i] == '.' && i > 0 && i + 1 < s.len && cv_is_digit(s.ptr[i + 1]))))
        i++;
    bool suffix = i == s.len || s.ptr[i] == '+' || s.ptr[i] == 't' || s.ptr[i] == 'a' ||
                  s.ptr[i] == '-' || s.ptr[i] == '.';
    return i && suffix ? cv_str_sub(s, 0, i) : CV_S("");
}

/* Number by number. Where one ends and all before are equal the order is open, except that a longer left side is at least the shorter right one. */
static enum cv_tri compare(cv_str left, cv_str op, cv_str right)
{
    cv_str l = number_part(left), r = number_part(right);
    char o = op.ptr[0];
    bool wide = op.len == 2;
    if (!cv_dotted_ok(l) || !cv_dotted_ok(r)) {
        if (o != '=' && o != '!')
            return CV_UNKNOWN;
        return yes_no(cv_str_ieq(left, right) == (o == '='));
    }
    int c = 0;
    bool open = false;
    for (unsigned i = 0; i < 8 && c == 0; i++) {
        uint32_t x, y;
        bool has_x = cv_dotted_num(l, i, &x), has_y = cv_dotted_num(r, i, &y);
        if (!has_x || !has_y) {
            open = has_y;
            break;
        }
        c = x < y ? -1 : x > y;
    }
    if (open)
        return CV_UNKNOWN;
    switch (o) {
    case '<':
        return yes_no(wide ? c <= 0 : c < 0);
    case '>':
        return yes_no(wide ? c >= 0 : c > 0);
    default:
        return yes_no((c == 0) == (o == '='));
    }
}

static enum cv_tri eval_compare(struct cv_asking *q, const struct cv_explained *of,
                                const struct cv_term *t, struct cv_explained *to)
{
    struct side l = side_of(q, of, t->arg), r = side_of(q, of, t->right);
    if (l.there != CV_YES || r.there != CV_YES)
        return (l.machine && l.there == CV_NO && !r.machine) ? CV_NO : CV_UNKNOWN;
    enum cv_tri result = compare(l.v, t->op, r.v);
    if (result == (t->negated ? CV_NO : CV_YES)) {
        if (l.machine)
            evidence_src(q, to, l.src, l.v);
        if (r.machine)
            evidence_src(q, to, r.src, r.v);
        if (l.log || r.log)
            evidence(q, to,
                     cv_arena_fmt(q->a, "line %llu of the log", (unsigned long long)of->seen->line),
                     l.log ? l.v : r.v);
    }
    return result;
}

/* ---- other terms ---- */

static bool all_looked_at(const struct cv_asking *q)
{
    const struct cv_machine *m = q->ask->m;
    return !q->ask->nothing_known && m->gpus_known && m->environments_known &&
           m->driver.version.state != CV_NOT_ASKED;
}

static enum cv_tri eval_finding(struct cv_asking *q, const struct cv_term *t,
                                struct cv_explained *to)
{
    const struct cv_env *e = cv_explain_env(q);
    for (uint32_t i = 0; i < q->ask->d->n_findings; i++) {
        const struct cv_finding *f = &q->ask->d->findings[i];
        if (!cv_str_eq(f->id, t->arg) || (f->env.len && !(e && cv_str_eq(f->env, e->path))))
            continue;
        for (uint32_t k = 0; k < f->n_evidence && !t->negated; k++)
            if (!cv_str_starts(f->evidence[k].source, "facts:"))
                evidence(q, to, f->evidence[k].source, f->evidence[k].text);
        if (f->n_evidence == 0 && !t->negated)
            evidence(q, to, CV_S("doctor"), f->title);
        return CV_YES;
    }
    return all_looked_at(q) ? CV_NO : CV_UNKNOWN;
}

static enum cv_tri eval_verdict(struct cv_asking *q, const struct cv_term *t,
                                struct cv_explained *to)
{
    const struct cv_diagnosis *d = q->ask->d;
    const struct cv_env *e = cv_explain_env(q);
    if (!d->has_verdict)
        return all_looked_at(q) ? CV_NO : CV_UNKNOWN;
    if (cv_str_eqz(t->arg, cv_verdict_name(d->verdict))) {
        if (e && e->has_torch)
            evidence_src(q, to, e->torch.src, e->torch.version);
        else
            evidence(q, to, CV_S("doctor"), cv_arena_fmt(q->a, "verdict " CV_FMT, CV_ARG(t->arg)));
        return CV_YES;
    }
    return d->verdict == CV_V_UNKNOWN || d->verdict == CV_V_WORKS_IF ? CV_UNKNOWN : CV_NO;
}

static enum cv_tri eval_variable(struct cv_asking *q, const struct cv_term *t,
                                 struct cv_explained *to)
{
    const struct cv_machine *m = q->ask->m;
    for (uint32_t i = 0; i < m->n_variables; i++)
        if (cv_str_eq(m->variables[i].name, t->arg)) {
            evidence(q, to, cv_arena_fmt(q->a, "$" CV_FMT, CV_ARG(t->arg)), m->variables[i].value);
            return CV_YES;
        }
    return all_looked_at(q) && cv_str_eqz(t->arg, "LD_LIBRARY_PATH") ? CV_NO : CV_UNKNOWN;
}

static enum cv_tri eval_place(struct cv_asking *q, const struct cv_term *t, struct cv_explained *to)
{
    const struct cv_place *p = &q->ask->m->place;
    const struct cv_fact *f = cv_str_eqz(t->arg, "wsl")         ? &p->wsl
                              : cv_str_eqz(t->arg, "container") ? &p->container
                                                                : &p->jetson;
    if (cv_known(f))
        evidence_src(q, to, f->src, f->v);
    return fact_there(f);
}

static enum cv_tri eval_package(struct cv_asking *q, const struct cv_explained *of,
                                const struct cv_term *t, struct cv_explained *to)
{
    const struct cv_env *e = cv_explain_env(q);
    cv_str name, want = CV_S("");
    bool log = false;
    if (!e || !expand(q, of, t->arg, &name, &log) ||
        (t->op.len && !expand(q, of, t->right, &want, &log)))
        return CV_UNKNOWN;
    for (uint32_t i = 0; i < e->n_packages; i++) {
        const struct cv_package *p = &e->packages[i];
        if (!cv_str_eq(p->name, name) || p->broken)
            continue;
        evidence(q, to, p->path,
                 cv_arena_fmt(q->a, CV_FMT " " CV_FMT, CV_ARG(p->name), CV_ARG(p->version)));
        return t->op.len ? compare(p->version, t->op, want) : CV_YES;
    }
    /* only the packages of a GPU stack are listed */
    bool listed = cv_str_starts(name, "nvidia-") || cv_str_starts(name, "torch") ||
                  cv_str_eqz(name, "triton") || cv_str_eqz(name, "bitsandbytes") ||
                  cv_str_eqz(name, "flash-attn") || cv_str_eqz(name, "vllm") ||
                  cv_str_eqz(name, "xformers") || cv_str_eqz(name, "deepspeed");
    return listed && all_looked_at(q) ? CV_NO : CV_UNKNOWN;
}

static enum cv_tri eval_torch(struct cv_asking *q, const struct cv_explained *of,
                              const struct cv_term *t, struct cv_explained *to)
{
    const struct cv_env *e = cv_explain_env(q);
    struct cv_src src = {CV_S(""), CV_S("")};
    cv_str v, want;
    bool log = false;
    enum cv_tri there = torch_value(q, CV_S("torch"), &v, &src);
    if (t->kind == CV_TERM_NO_TORCH) {
        if (there == CV_NO)
            evidence(q, to, e ? e->site : CV_S("doctor"), CV_S("no torch"));
        return negate(there);
    }
    if (there != CV_YES || !e)
        return there == CV_NO ? CV_NO : CV_UNKNOWN;
    if (t->kind == CV_TERM_CPU_TORCH) {
        if (e->torch.hip.len || e->torch.xpu.len)
            return CV_NO;
        evidence_src(q, to, e->torch.src, e->torch.version);
        return cv_str_eqz(e->torch.variant, "cpu") ? CV_YES : negate(fact_there(&e->torch.cuda));
    }
    if (e->torch.variant.len == 0 || !expand(q, of, t->arg, &want, &log))
        return CV_UNKNOWN;
    evidence_src(q, to, e->torch.src, e->torch.version);
    return yes_no(cv_str_starts(e->torch.variant, cv_arena_z(q->a, want)));
}

static enum cv_tri eval_gpus(struct cv_asking *q, const struct cv_explained *of,
                             const struct cv_term *t, struct cv_explained *to)
{
    const struct cv_machine *m = q->ask->m;
    bool any = false, open = !m->gpus_known;
    struct side want = {.there = CV_YES};
    if (t->kind == CV_TERM_CC)
        want = side_of(q, of, t->right);
    if (want.there != CV_YES)
        return CV_UNKNOWN;
    for (uint32_t i = 0; i < m->n_gpus; i++) {
        const struct cv_gpu *g = &m->gpus[i];
        if (!cv_str_eqz(g->vendor, "nvidia") && g->vendor.len)
            continue;
        any = true;
        if (t->kind != CV_TERM_CC || g->hidden)
            continue;
        enum cv_tri r = cv_known(&g->cc_text) ? compare(g->cc_text.v, t->op, want.v) : CV_UNKNOWN;
        if (r == CV_YES) {
            evidence(q, to, g->cc_text.src.path,
                     cv_arena_fmt(q->a, CV_FMT ", compute capability " CV_FMT,
                                  CV_ARG(cv_known(&g->name) ? g->name.v : CV_S("a GPU")),
                                  CV_ARG(g->cc_text.v)));
            return CV_YES;
        }
        open = open || r == CV_UNKNOWN;
    }
    if (t->kind == CV_TERM_NO_GPU && !any && m->gpus_known)
        evidence(q, to, m->gpus_src.path.len ? m->gpus_src.path : CV_S("/sys/bus/pci/devices"),
                 CV_S("no NVIDIA GPU"));
    if (t->kind == CV_TERM_NO_GPU)
        return any ? CV_NO : m->gpus_known ? CV_YES : CV_UNKNOWN;
    return open ? CV_UNKNOWN : CV_NO;
}

static enum cv_tri eval_log(struct cv_asking *q, const struct cv_term *t, struct cv_explained *to)
{
    const struct cv_reading *r = q->x->r;
    for (uint32_t i = 0; i < r->logs.n_v; i++) {
        if (!cv_str_eq(r->logs.v[i], t->arg))
            continue;
        const struct cv_seen *s = &r->seen[r->first_log + i];
        if (s->count && !t->negated)
            evidence(q, to, cv_arena_fmt(q->a, "line %llu of the log", (unsigned long long)s->line),
                     s->text);
        return yes_no(s->count > 0);
    }
    return CV_UNKNOWN;
}

static enum cv_tri eval_term(struct cv_asking *q, const struct cv_explained *of,
                             const struct cv_term *t, struct cv_explained *to)
{
    const struct cv_machine *m = q->ask->m;
    if (t->kind == CV_TERM_LOG)
        return eval_log(q, t, to);
    if (t->kind == CV_TERM_COMPARE)
        return eval_compare(q, of, t, to);
    if (q->x->foreign.len) /* nothing of this machine is evidence */
        return CV_UNKNOWN;
    switch (t->kind) {
    case CV_TERM_FINDING:
        return eval_finding(q, t, to);
    case CV_TERM_VERDICT:
        return eval_verdict(q, t, to);
    case CV_TERM_VARIABLE:
        return eval_variable(q, t, to);
    case CV_TERM_OS:
        if (!cv_known(&m->place.os))
            return CV_UNKNOWN;
        evidence_src(q, to, m->place.os.src, m->place.os.v);
        return yes_no(cv_str_eq(m->place.os.v, t->arg));
    case CV_TERM_PLACE:
        return eval_place(q, t, to);
    case CV_TERM_PACKAGE:
        return eval_package(q, of, t, to);
    case CV_TERM_NO_DRIVER:
        if (cv_absent(&m->driver.version))
            evidence_src(q, to, m->driver.version.src, CV_S("no NVIDIA driver"));
        return negate(fact_there(&m->driver.version));
    case CV_TERM_COMPAT:
        if (cv_known(&m->driver.compat))
            evidence_src(q, to, m->driver.compat.src, m->driver.compat.v);
        return fact_there(&m->driver.compat);
    case CV_TERM_NO_TOOLKIT:
        if (m->toolkits_known && m->n_toolkits == 0)
            evidence(q, to, CV_S("PATH, CUDA_HOME, /usr/local"), CV_S("no CUDA toolkit"));
        return m->n_toolkits ? CV_NO : m->toolkits_known ? CV_YES : CV_UNKNOWN;
    case CV_TERM_CC:
    case CV_TERM_NO_GPU:
        return eval_gpus(q, of, t, to);
    default:
        return eval_torch(q, of, t, to);
    }
}

/* One alternative: all its terms. */
static enum cv_tri eval_all(struct cv_asking *q, const struct cv_terms *t, uint32_t alternative,
                            const struct cv_explained *of, struct cv_explained *to)
{
    enum cv_tri all = CV_YES;
    for (uint32_t i = 0; i < t->n_v; i++) {
        const struct cv_term *term = &t->v[i];
        if (term->alternative != alternative)
            continue;
        enum cv_tri r = eval_term(q, of, term, to);
        if (term->negated)
            r = negate(r);
        if (term->necessary && r == CV_YES)
            r = CV_UNKNOWN;
        if (r == CV_NO)
            return CV_NO;
        if (r == CV_UNKNOWN)
            all = CV_UNKNOWN;
    }
    return all;
}

enum cv_tri cv_terms_eval(struct cv_asking *q, const struct cv_terms *t,
                          const struct cv_explained *of, struct cv_explained *evidence_to)
{
    enum cv_tri any = CV_NO;
    if (t->n_v == 0)
        return CV_UNKNOWN;
    for (uint32_t alt = 0; alt <= t->v[t->n_v - 1].alternative; alt++) {
        enum cv_tri r = eval_all(q, t, alt, of, NULL);
        if (r == CV_YES) {
            (void)eval_all(q, t, alt, of, evidence_to);
            return CV_YES;
        }
        if (r == CV_UNKNOWN)
            any = CV_UNKNOWN;
    }
    return any;
}
