/* json.c: a tree as JSON (RFC 8259). Text from files may hold anything: control characters are escaped, invalid UTF-8 becomes U+FFFD. */
#include "report/report.h"

struct writer {
    struct cv_buf b;
    int indent;
};

/* Length of the well-formed UTF-8 sequence at p, 0 if there is none. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
    unsigned char c = p[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xc2 && c < 0xe0 ? 2
               : c >= 0xe0 && c < 0xf0 ? 3
               : c >= 0xf0 && c < 0xf5 ? 4
                                       : 0;
    if (n == 0 || n > left)
        return 0;
    for (size_t k = 1; k < n; k++)
        if ((p[k] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
        (c == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

static void put_text(struct writer *w, cv_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    cv_buf_addc(&w->b, '"');
    for (size_t i = 0; i < s.len;) {
        size_t n = utf8_len(p + i, s.len - i);
        if (n == 0) {
            cv_buf_addz(&w->b, "\xef\xbf\xbd");
            i++;
            continue;
        }
        if (p[i] == '"' || p[i] == '\\')
            cv_buf_addc(&w->b, '\\');
        if (p[i] < 0x20 || p[i] == 0x7f)
            cv_buf_fmt(&w->b, "\\u%04x", p[i]);
        else
            cv_buf_add(&w->b, (cv_str){s.ptr + i, n});
        i += n;
    }
    cv_buf_addc(&w->b, '"');
}

static void new_line(struct writer *w, int level)
{
    if (w->indent == 0)
        return;
    cv_buf_addc(&w->b, '\n');
    cv_buf_addn(&w->b, ' ', (size_t)level * (size_t)w->indent);
}

/* Trees are built by our own code and a few levels deep: recursion is bounded. */
static void put_node(struct writer *w, const struct cv_node *n, int level)
{
    switch (n->kind) {
    case CV_N_NULL:
        cv_buf_addz(&w->b, "null");
        return;
    case CV_N_BOOL:
        cv_buf_addz(&w->b, n->num ? "true" : "false");
        return;
    case CV_N_INT:
        cv_buf_fmt(&w->b, "%lld", (long long)n->num);
        return;
    case CV_N_TEXT:
        put_text(w, n->text);
        return;
    case CV_N_LIST:
    case CV_N_OBJECT:
        break;
    }
    cv_buf_addc(&w->b, n->kind == CV_N_LIST ? '[' : '{');
    for (const struct cv_node *c = n->first; c; c = c->next) {
        new_line(w, level + 1);
        if (n->kind == CV_N_OBJECT) {
            put_text(w, c->key);
            cv_buf_addz(&w->b, w->indent ? ": " : ":");
        }
        put_node(w, c, level + 1);
        if (c->next)
            cv_buf_addc(&w->b, ',');
    }
    if (n->first)
        new_line(w, level);
    cv_buf_addc(&w->b, n->kind == CV_N_LIST ? ']' : '}');
}

int cv_json_write(const struct cv_node *n, int indent, struct cv_arena *a, const struct cv_sink *to)
{
    struct writer w = {.indent = indent};
    cv_buf_init(&w.b, a);
    if (n)
        put_node(&w, n, 0);
    cv_buf_addc(&w.b, '\n');
    if (!n || a->oom)
        return CV_E_NOMEM;
    cv_str s = cv_buf_str(&w.b);
    return to->write(to->ctx, s.ptr, s.len);
}
