/* json.c: see json.h. */
#include "format/json.h"

#include <yyjson.h>

static void *alc_malloc(void *ctx, size_t size)
{
    return cv_arena_alloc(ctx, size);
}

static void *alc_realloc(void *ctx, void *ptr, size_t old_size, size_t size)
{
    void *p = cv_arena_alloc(ctx, size);
    if (p && ptr)
        memcpy(p, ptr, old_size < size ? old_size : size);
    return p;
}

static void alc_free(void *ctx, void *ptr)
{
    (void)ctx;
    (void)ptr;
}

bool cv_json_open(struct cv_json *ret, struct cv_arena *a, cv_str text, size_t *ret_where)
{
    const yyjson_alc alc = {alc_malloc, alc_realloc, alc_free, a};
    yyjson_read_err err = {0};
    char *copy = cv_arena_alloc(a, text.len + 1); /* yyjson's signature is not const */
    if (!copy)
        return false;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    yyjson_doc *doc = yyjson_read_opts(copy, text.len, YYJSON_READ_NOFLAG, &alc, &err);
    if (!doc && ret_where)
        *ret_where = err.pos;
    ret->doc = doc;
    return doc != NULL;
}

struct cv_jval cv_json_root(const struct cv_json *j)
{
    return (struct cv_jval){yyjson_doc_get_root(j->doc)};
}

enum cv_jkind cv_json_kind(struct cv_jval v)
{
    switch (yyjson_get_type(v.v)) {
    case YYJSON_TYPE_NULL:
        return CV_J_NULL;
    case YYJSON_TYPE_BOOL:
        return CV_J_BOOL;
    case YYJSON_TYPE_NUM:
        return CV_J_NUMBER;
    case YYJSON_TYPE_STR:
        return CV_J_TEXT;
    case YYJSON_TYPE_ARR:
        return CV_J_LIST;
    case YYJSON_TYPE_OBJ:
        return CV_J_OBJECT;
    default:
        return CV_J_NONE;
    }
}

struct cv_jval cv_json_get(struct cv_jval object, const char *key)
{
    return (struct cv_jval){yyjson_obj_get(object.v, key)};
}

size_t cv_json_count(struct cv_jval v)
{
    return yyjson_is_arr(v.v) ? yyjson_arr_size(v.v) : yyjson_obj_size(v.v);
}

struct cv_jval cv_json_at(struct cv_jval list, size_t i)
{
    return (struct cv_jval){yyjson_arr_get(list.v, i)};
}

struct cv_jval cv_json_member(struct cv_jval object, size_t i, cv_str *ret_key)
{
    yyjson_obj_iter it = yyjson_obj_iter_with(object.v);
    yyjson_val *key;
    while ((key = yyjson_obj_iter_next(&it))) {
        if (i-- > 0)
            continue;
        *ret_key = (cv_str){yyjson_get_str(key), yyjson_get_len(key)};
        return (struct cv_jval){yyjson_obj_iter_get_val(key)};
    }
    return (struct cv_jval){NULL};
}

bool cv_json_text(struct cv_arena *a, struct cv_jval v, cv_str *ret)
{
    if (!yyjson_is_str(v.v))
        return false;
    *ret = cv_arena_str(a, (cv_str){yyjson_get_str(v.v), yyjson_get_len(v.v)});
    return true;
}

bool cv_json_bool(struct cv_jval v, bool *ret)
{
    if (!yyjson_is_bool(v.v))
        return false;
    *ret = yyjson_get_bool(v.v);
    return true;
}

bool cv_json_int(struct cv_jval v, int *ret)
{
    if (!yyjson_is_int(v.v) || yyjson_get_sint(v.v) < 0 || yyjson_get_sint(v.v) > 1000000)
        return false;
    *ret = (int)yyjson_get_sint(v.v);
    return true;
}
