/* ar.c: see ar.h. A member header is 60 bytes of text:
 * "k.o/            1700000000  0     0     100644  1234      `\n"; "/123" is a name in the "//" table, "/" and "/SYM64/" are symbol tables. */
#include "format/ar.h"

#include "base/limits.h"

#define CV_AR_NAMES ((uint64_t)16 << 20)

bool cv_ar_open(struct cv_ar *ret, struct cv_arena *a, const struct cv_reader *r)
{
    char magic[8];
    if (!cv_read(r, 0, magic, sizeof magic))
        return false;
    bool thin = memcmp(magic, "!<thin>\n", 8) == 0;
    if (!thin && memcmp(magic, "!<arch>\n", 8) != 0)
        return false;
    *ret = (struct cv_ar){.r = r,
                          .a = a,
                          .thin = thin,
                          .at = sizeof magic,
                          .left = CV_MAX_ARCHIVE_MEMBERS,
                          .names = {0},
                          .error = CV_S("")};
    return true;
}

static bool fail(struct cv_ar *ar, const char *what)
{
    ar->error = cv_arena_fmt(ar->a, "%s at offset 0x%llx", what, (unsigned long long)ar->at);
    return false;
}

/* Name of a "/123" member: up to "/\n" or "\n" in the table. No further than a path is long: a table without line ends would be read to its end for each. */
static bool long_name(const struct cv_ar *ar, cv_str digits, cv_str *ret)
{
    uint64_t off;
    if (!cv_str_u64(digits, &off) || off >= ar->names.len)
        return false;
    cv_str s = cv_str_sub(ar->names, (size_t)off, CV_MAX_PATH);
    size_t end = cv_str_findc(s, '\n'), nul = cv_str_findc(s, 0); /* NUL: Windows */
    end = nul < end ? nul : end;
    if (end == SIZE_MAX && s.len == CV_MAX_PATH)
        return false;
    s = end == SIZE_MAX ? s : cv_str_sub(s, 0, end);
    if (s.len && s.ptr[s.len - 1] == '/')
        s.len--;
    *ret = s;
    return s.len > 0;
}

static bool read_names(struct cv_ar *ar, uint64_t offset, uint64_t size)
{
    bool first = ar->names.ptr == NULL; /* one table an archive */
    char *p = first && size <= CV_AR_NAMES ? cv_arena_raw(ar->a, (size_t)size + 1) : NULL;
    if (!p || !cv_read(ar->r, offset, p, (size_t)size))
        return fail(ar, "a table of names that cannot be read");
    ar->names = (cv_str){p, (size_t)size};
    return true;
}

/* "#1/20": the first 20 bytes of the member are its name. */
static bool bsd_name(struct cv_ar *ar, cv_str digits, uint64_t *offset, uint64_t *size, cv_str *ret)
{
    uint64_t n;
    if (!cv_str_u64(digits, &n) || n > *size || n > CV_MAX_PATH)
        return fail(ar, "a damaged name");
    char p[CV_MAX_PATH] CV_UNINIT;
    if (!cv_read(ar->r, *offset, p, (size_t)n))
        return fail(ar, "a damaged name");
    size_t nul = cv_str_findc((cv_str){p, (size_t)n}, 0);
    *ret = cv_arena_str(ar->a, (cv_str){p, nul < n ? nul : (size_t)n});
    *offset += n;
    *size -= n;
    return true;
}

static bool is_table(cv_str name)
{
    return cv_str_eqz(name, "/") || cv_str_eqz(name, "/SYM64/") || cv_str_eqz(name, "__.SYMDEF") ||
           cv_str_eqz(name, "__.SYMDEF SORTED") || cv_str_eqz(name, "/<ECSYMBOLS>/") ||
           cv_str_eqz(name, "/<XFGHASHMAP>/") || cv_str_eqz(name, "/<HYBRIDMAP>/");
}

/* One header at ar->at; *ret_table: it is no member but a table of names or symbols. */
static bool read_header(struct cv_ar *ar, struct cv_ar_member *m, bool *ret_table)
{
    char h[CV_AR_HEADER];
    if (!cv_read(ar->r, ar->at, h, sizeof h))
        return fail(ar, "a member header that is cut short");
    if (memcmp(h + 58, "`\n", 2) != 0)
        return fail(ar, "something that is no member header");
    cv_str name = cv_str_trim((cv_str){h, 16}), size = cv_str_trim((cv_str){h + 48, 10});
    *m = (struct cv_ar_member){.offset = ar->at + sizeof h};
    if (!cv_str_u64(size, &m->size))
        return fail(ar, "a member header without a size");
    *ret_table = is_table(name) || cv_str_eqz(name, "//");
    m->outside = ar->thin && !*ret_table;
    if (!m->outside && (m->offset > ar->r->size || m->size > ar->r->size - m->offset))
        return fail(ar, "a member that is cut short");
    uint64_t body = m->outside ? 0 : m->size;
    uint64_t next = m->offset + body + body % 2;
    if (cv_str_eqz(name, "//")) {
        if (!read_names(ar, m->offset, m->size))
            return false;
    } else if (cv_str_starts(name, "#1/")) {
        if (!bsd_name(ar, cv_str_from(name, 3), &m->offset, &m->size, &m->name))
            return false;
        *ret_table = is_table(m->name);
    } else if (name.len > 1 && name.ptr[0] == '/' && cv_is_digit(name.ptr[1])) {
        if (!long_name(ar, cv_str_from(name, 1), &m->name))
            return fail(ar, "a damaged name");
    } else {
        if (name.len > 1 && name.ptr[name.len - 1] == '/')
            name.len--;
        m->name = cv_arena_str(ar->a, name);
    }
    if (m->outside)
        m->offset = 0;
    ar->at = next;
    return true;
}

bool cv_ar_next(struct cv_ar *ar, struct cv_ar_member *ret)
{
    bool table = true;
    while (ar->at < ar->r->size) {
        if (ar->left-- == 0) {
            ar->left = 0;
            return fail(ar, "more members than are looked at");
        }
        if (!read_header(ar, ret, &table))
            return false;
        if (!table)
            return true;
    }
    return false;
}
