/* json.h: reading JSON (yyjson behind it): bounded, strict, memory from the arena. The document lives as long as the arena. */
#ifndef CV_FORMAT_JSON_H
#define CV_FORMAT_JSON_H

#include "base/arena.h"

struct cv_json {
    void *doc;
};

struct cv_jval {
    void *v; /* NULL = not there */
};

/* False if the text is no JSON; *ret_where (may be NULL): byte position of the trouble. One document, nothing behind it but blanks. */
bool cv_json_open(struct cv_json *ret, struct cv_arena *a, cv_str text, size_t *ret_where);
struct cv_jval cv_json_root(const struct cv_json *j);

enum cv_jkind { CV_J_NONE, CV_J_NULL, CV_J_BOOL, CV_J_NUMBER, CV_J_TEXT, CV_J_LIST, CV_J_OBJECT };
enum cv_jkind cv_json_kind(struct cv_jval v);
struct cv_jval cv_json_get(struct cv_jval object, const char *key);
size_t cv_json_count(struct cv_jval list_or_object);
struct cv_jval cv_json_at(struct cv_jval list, size_t i);          /* linear: use for short lists */
struct cv_jval cv_json_member(struct cv_jval object, size_t i, cv_str *ret_key);
bool cv_json_text(struct cv_arena *a, struct cv_jval v, cv_str *ret); /* copy; false if it is no text */
bool cv_json_bool(struct cv_jval v, bool *ret);
bool cv_json_int(struct cv_jval v, int *ret);

#endif
