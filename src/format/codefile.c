/* codefile.c: see codefile.h. What a file is, and the two forms that need no containers: fat binary files are containers alone, PTX is text. */
#include "format/codefile.h"

#include "base/limits.h"

/* Blanks and comments at the start of PTX: // and C comments. SIZE_MAX: a comment has no end. */
static size_t skip_blank(cv_str s, size_t i)
{
    while (i < s.len) {
        if (cv_is_space(s.ptr[i])) {
            i++;
        } else if (i + 1 < s.len && s.ptr[i] == '/' && s.ptr[i + 1] == '/') {
            while (i < s.len && s.ptr[i] != '\n')
                i++;
        } else if (i + 1 < s.len && s.ptr[i] == '/' && s.ptr[i + 1] == '*') {
            size_t end = cv_str_find(cv_str_from(s, i + 2), CV_S("*/"));
            if (end == SIZE_MAX)
                return SIZE_MAX;
            i += 2 + end + 2;
        } else {
            return i;
        }
    }
    return i;
}

/* The word `.name` at i, followed by a blank: position behind it, or SIZE_MAX. */
static size_t directive(cv_str s, size_t i, const char *name)
{
    size_t n = strlen(name);
    if (i == SIZE_MAX || s.len - i <= n || memcmp(s.ptr + i, name, n) != 0 ||
        !cv_is_space(s.ptr[i + n]))
        return SIZE_MAX;
    return skip_blank(s, i + n);
}

static cv_str head(const struct cv_reader *r, struct cv_arena *a, size_t max)
{
    size_t n = r->size < max ? (size_t)r->size : max;
    char *p = cv_arena_raw(a, n + 1);
    if (!p || !cv_read(r, 0, p, n))
        return CV_S("");
    p[n] = 0;
    return (cv_str){p, n};
}

/* .version 9.0 / .target sm_90a, debug */
void cv_code_ptx(const struct cv_reader *r, struct cv_arena *a, struct cv_gpucode *ret)
{
    cv_str s = head(r, a, CV_MAX_PTX_HEAD);
    size_t at = directive(s, skip_blank(s, 0), ".version"), end;
    struct cv_target t;
    struct cv_code_mask m = {{0}};
    ret->form = CV_FORM_PTX;
    while (at < s.len && !cv_is_space(s.ptr[at])) /* the number */
        at++;
    at = directive(s, at < s.len ? skip_blank(s, at) : SIZE_MAX, ".target");
    if (at == SIZE_MAX) {
        cv_gpucode_cut(ret, CV_S("PTX without a .target line at its start"));
        return;
    }
    for (end = at; end < s.len && !cv_is_space(s.ptr[end]) && s.ptr[end] != ','; end++) {
    }
    if (!cv_target_parse(cv_str_sub(s, at, end - at), &t) || t.ptx || t.unsure) {
        cv_gpucode_cut(ret, CV_S("PTX with a .target that is no sm_XY"));
        return;
    }
    t.ptx = true;
    cv_gpucode_image(ret, t, &m);
    cv_gpucode_container(ret, a, m);
}

static void read_fatbin(const struct cv_reader *r, struct cv_arena *a, struct cv_gpucode *ret)
{
    struct cv_fatbin_ranges all = {0};
    ret->form = CV_FORM_FATBIN;
    (void)cv_fatbin_add_range(a, &all, r, 0, r->size);
    cv_fatbin_read(r, &all, NULL, 0, a, ret);
    if (ret->containers == 0)
        cv_gpucode_cut(ret, CV_S("a fat binary that ends in its header"));
}

#define CV_SNIFF 512u

static bool looks_ptx(const struct cv_reader *r)
{
    char buf[CV_SNIFF];
    size_t n = r->size < sizeof buf ? (size_t)r->size : sizeof buf;
    if (!cv_read(r, 0, buf, n) || memchr(buf, 0, n))
        return false;
    cv_str s = {buf, n};
    size_t at = skip_blank(s, 0);
    if (at == SIZE_MAX ||
        at == s.len) /* a long comment: NVVM's is short, but a licence may stand here */
        return at == SIZE_MAX && n == sizeof buf;
    return directive(s, at, ".version") != SIZE_MAX;
}

enum cv_code_format cv_code_format(const struct cv_reader *r)
{
    unsigned char h[8] = {0};
    size_t n = r->size < sizeof h ? (size_t)r->size : sizeof h;
    if (n == 0)
        return CV_FILE_EMPTY;
    if (!cv_read(r, 0, h, n))
        return CV_FILE_UNKNOWN;
    if (memcmp(h, "\177ELF", 4) == 0)
        return CV_FILE_ELF;
    if (memcmp(h, "MZ", 2) == 0)
        return CV_FILE_PE;
    if (memcmp(h, "!<arch>\n", 8) == 0 || memcmp(h, "!<thin>\n", 8) == 0)
        return CV_FILE_AR;
    if (memcmp(h, "PK\3\4", 4) == 0 || memcmp(h, "PK\5\6", 4) == 0)
        return CV_FILE_ZIP;
    if (cv_le32(h) == CV_FATBIN_MAGIC)
        return CV_FILE_FATBIN;
    return looks_ptx(r) ? CV_FILE_PTX : CV_FILE_UNKNOWN;
}

static void read_any(const struct cv_reader *r, const struct cv_code_ask *ask, struct cv_arena *a,
                     struct cv_gpucode *ret)
{
    switch (cv_code_format(r)) {
    case CV_FILE_ELF:
        cv_code_elf(r, ask, a, ret);
        return;
    case CV_FILE_PE:
        cv_code_pe(r, ask, a, ret);
        return;
    case CV_FILE_FATBIN:
        read_fatbin(r, a, ret);
        return;
    case CV_FILE_PTX:
        cv_code_ptx(r, a, ret);
        return;
    case CV_FILE_EMPTY:
        ret->error = CV_S("the file is empty");
        return;
    case CV_FILE_AR:
    case CV_FILE_ZIP:
        ret->error = CV_S("an archive inside an archive is not read");
        return;
    case CV_FILE_UNKNOWN:
        break;
    }
    ret->error = CV_S("no ELF, PE, archive, wheel, cubin, fatbin or PTX file");
}

/* The cause of whatever a reader said. */
static void because(struct cv_gpucode *c, const char *why)
{
    c->error = cv_str_z(why);
    c->partial = true;
}

/* What reading needs on the way is given back: a file costs what its answer holds, and one that was made to cost more ends here, not with the whole program. */
void cv_code_read(const struct cv_reader *r, const struct cv_code_ask *ask, struct cv_arena *a,
                  struct cv_gpucode *ret)
{
    struct cv_arena scratch;
    struct cv_gpucode found;
    unsigned char first;
    cv_arena_init(&scratch, a->ops, CV_MAX_CODE_MEMORY);
    cv_gpucode_init(&found);
    read_any(r, ask, &scratch, &found);
    if (r->size > 0 && !cv_read(r, 0, &first, 1))
        because(&found, "it cannot be read");
    if (scratch.oom)
        because(&found, "more in it than is kept in memory for one file");
    cv_gpucode_move(ret, a, &found);
    cv_arena_done(&scratch);
}
