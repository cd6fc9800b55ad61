/* tree.c: the ordered tree that reports write. */
#include "report/report.h"

static struct cv_node *new_node(struct cv_arena *a, enum cv_node_kind kind)
{
    struct cv_node *n = cv_arena_alloc(a, sizeof *n);
    if (n)
        n->kind = kind;
    return n;
}

struct cv_node *cv_node_object(struct cv_arena *a)
{
    return new_node(a, CV_N_OBJECT);
}

struct cv_node *cv_node_list(struct cv_arena *a)
{
    return new_node(a, CV_N_LIST);
}

struct cv_node *cv_node_null(struct cv_arena *a)
{
    return new_node(a, CV_N_NULL);
}

struct cv_node *cv_node_text(struct cv_arena *a, cv_str s)
{
    struct cv_node *n = new_node(a, CV_N_TEXT);
    if (n)
        n->text = s;
    return n;
}

struct cv_node *cv_node_bool(struct cv_arena *a, bool v)
{
    struct cv_node *n = new_node(a, CV_N_BOOL);
    if (n)
        n->num = v;
    return n;
}

struct cv_node *cv_node_int(struct cv_arena *a, int64_t v)
{
    struct cv_node *n = new_node(a, CV_N_INT);
    if (n)
        n->num = v;
    return n;
}

struct cv_node *cv_node_add(struct cv_node *list, struct cv_node *child)
{
    if (!list || !child)
        return child;
    if (list->last)
        list->last->next = child;
    else
        list->first = child;
    list->last = child;
    return child;
}

struct cv_node *cv_node_put(struct cv_node *object, const char *key, struct cv_node *child)
{
    if (child)
        child->key = cv_str_z(key);
    return cv_node_add(object, child);
}

struct cv_node *cv_node_put_fact(struct cv_arena *a, struct cv_node *object, const char *key,
                                 const struct cv_fact *f)
{
    if (cv_known(f))
        return cv_node_put(object, key, cv_node_text(a, f->v));
    return cv_node_put(object, key, cv_absent(f) ? cv_node_text(a, CV_S("none")) : cv_node_null(a));
}
