/* archurl.c: wheels that lie on a web server (io/http.h): what they declare costs the end of the file and two small members; the exact list lets the libraries
 * pass by once. */
#include "format/codefile.h"
#include "io/http.h"
#include "probe/archs.h"

static void expect(void *ctx, uint64_t off, uint64_t len)
{
    cv_http_expect(ctx, off, len);
}

static void add_error(struct cv_archs *c, cv_str url, cv_str what)
{
    struct cv_code_file *f = cv_archs_add(c, url, url);
    if (f)
        f->code.error = what;
}

void cv_archs_url(struct cv_archs *c, cv_str url)
{
    struct cv_http h = {0};
    struct cv_http_options o = {.ca_file = c->ca_file};
    bool only = c->declared_only;
    if (c->offline) {
        add_error(c, url, CV_S("not read: --offline opens no connection"));
        return;
    }
    int rc = cv_http_open(&h, c->arena, url, &o);
    uint32_t from = c->to->n_v;
    if (rc == 0) {
        c->declared_only = only || (c->declared && !c->exact);
        c->expect = expect;
        c->expect_ctx = &h;
        cv_archs_reader(c, &h.reader, CV_S(""), h.shown);
        c->declared_only = only;
        c->expect = NULL;
    }
    if (h.shown.len && h.what.len > h.shown.len + 2 &&
        cv_str_eq(cv_str_sub(h.what, 0, h.shown.len), h.shown))
        h.what = cv_str_from(h.what, h.shown.len + 2); /* the name stands before it anyway */
    if (rc != 0 ||
        h.what.len) { /* what the connection says is the cause of what a reader then says */
        c->to->n_v = rc != 0 ? from : c->to->n_v;
        if (c->to->n_v == from)
            add_error(c, rc != 0 ? url : h.shown, h.what);
        else
            c->to->v[c->to->n_v - 1].code.error = h.what;
    }
    cv_http_close(&h);
}
