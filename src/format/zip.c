/* zip.c: see zip.h. The directory is read into the arena with one read and parsed in place: names point into it. */
#include "format/zip.h"

#include "base/limits.h"

#define CV_ZIP_EOCD            22u    /* end of central directory, without its comment */
#define CV_ZIP_LOCATOR         20u    /* zip64 locator, right before it */
#define CV_ZIP_EOCD64          56u    /* zip64 end record, at least */
#define CV_ZIP_CENTRAL         46u    /* a directory entry, without name, extra field and comment */
#define CV_ZIP_LOCAL           30u    /* a member's local header, the same */
#define CV_ZIP_TAIL            1024u  /* read first: archives have a short comment or none */
#define CV_ZIP_COMMENT         65535u /* bytes at most */
#define CV_ZIP_SLACK           4096u  /* bytes of output that the ratio does not count */

#define CV_ZIP_FLAG_ENCRYPTED  0x2041u /* bits 0, 6 and 13 */
#define CV_ZIP_FLAG_DESCRIPTOR 0x0008u /* sizes stand behind the data; zeros in the local header */

struct opening {
    struct cv_zip *zip;
    cv_str *what;
    uint64_t end; /* where the directory must end */
    uint64_t n_members;
    unsigned char *directory;
};

static int refuse(cv_str *ret_what, int code, cv_str what)
{
    *ret_what = what;
    return code;
}

static int no_memory(cv_str *ret_what)
{
    return refuse(ret_what, CV_E_NOMEM, CV_S("out of memory"));
}

static int unreadable(struct cv_arena *a, cv_str *ret_what, uint64_t at, uint64_t len)
{
    return refuse(ret_what, CV_E_IO,
                  cv_arena_fmt(a, "%llu bytes at offset %llu cannot be read",
                               (unsigned long long)len, (unsigned long long)at));
}

/* Position of the end record in the file's last `n` bytes: its comment must reach exactly to the file's end. */
static bool find_end(const unsigned char *tail, size_t n, size_t *ret)
{
    for (size_t back = CV_ZIP_EOCD; back <= n; back++) {
        const unsigned char *p = tail + (n - back);
        if (p[0] == 'P' && cv_le32(p) == 0x06054b50u && cv_le16(p + 20) == back - CV_ZIP_EOCD) {
            *ret = n - back;
            return true;
        }
    }
    return false;
}

/* A 16- or 32-bit field of the old end record and its zip64 value: equal, unless the old one says "look there". */
static bool agrees(uint64_t old, uint64_t all_ones, uint64_t new)
{
    return old == all_ones || old == new;
}

static int read_end64(struct opening *o, uint64_t at, const unsigned char *old)
{
    struct cv_arena *a = o->zip->arena;
    const struct cv_reader *r = o->zip->reader;
    unsigned char l[CV_ZIP_LOCATOR], e[CV_ZIP_EOCD64];
    if (at < CV_ZIP_LOCATOR)
        return refuse(o->what, CV_E_INPUT, CV_S("its zip64 locator is missing"));
    uint64_t locator = at - CV_ZIP_LOCATOR, len;
    if (!cv_read(r, locator, l, sizeof l))
        return unreadable(a, o->what, locator, sizeof l);
    if (cv_le32(l) != 0x07064b50u)
        return refuse(o->what, CV_E_INPUT, CV_S("its zip64 locator is missing"));
    uint64_t record = cv_le64(l + 8);
    if (cv_le32(l + 4) != 0 || cv_le32(l + 16) > 1)
        return refuse(o->what, CV_E_INPUT, CV_S("it is split over several files"));
    if (record > locator || locator - record < CV_ZIP_EOCD64)
        return refuse(o->what, CV_E_INPUT, CV_S("its zip64 end record lies outside the file"));
    if (!cv_read(r, record, e, sizeof e))
        return unreadable(a, o->what, record, sizeof e);
    if (cv_le32(e) != 0x06064b50u || !cv_add64(cv_le64(e + 4), 12, &len) || len != locator - record)
        return refuse(o->what, CV_E_INPUT, CV_S("its zip64 end record is malformed"));
    if (cv_le32(e + 16) != 0 || cv_le32(e + 20) != 0 || cv_le64(e + 24) != cv_le64(e + 32))
        return refuse(o->what, CV_E_INPUT, CV_S("it is split over several files"));
    o->end = record;
    o->n_members = cv_le64(e + 32);
    o->zip->directory_size = cv_le64(e + 40);
    o->zip->directory_offset = cv_le64(e + 48);
    if (!agrees(cv_le16(old + 10), 0xffff, o->n_members) ||
        !agrees(cv_le32(old + 12), 0xffffffffu, o->zip->directory_size) ||
        !agrees(cv_le32(old + 16), 0xffffffffu, o->zip->directory_offset))
        return refuse(o->what, CV_E_INPUT, CV_S("its two end records contradict each other"));
    return 0;
}

/* The end record: where the directory lies and how many members it has. */
static int read_end(struct opening *o)
{
    struct cv_zip *z = o->zip;
    uint64_t size = z->reader->size;
    unsigned char first[CV_ZIP_TAIL];
    size_t n = size < sizeof first ? (size_t)size : sizeof first, at = 0;
    unsigned char *tail = first;
    if (!cv_read(z->reader, size - n, tail, n))
        return unreadable(z->arena, o->what, size - n, n);
    bool found = find_end(tail, n, &at);
    if (!found && size > n) {
        n = size < CV_ZIP_COMMENT + CV_ZIP_EOCD ? (size_t)size : CV_ZIP_COMMENT + CV_ZIP_EOCD;
        tail = cv_arena_raw(z->arena, n);
        if (!tail)
            return no_memory(o->what);
        if (!cv_read(z->reader, size - n, tail, n))
            return unreadable(z->arena, o->what, size - n, n);
        found = find_end(tail, n, &at);
    }
    if (!found)
        return refuse(o->what, CV_E_INPUT,
                      CV_S("it is no zip archive, or cut short: there is no end record"));
    const unsigned char *e = tail + at;
    uint32_t disk = cv_le16(e + 4), start_disk = cv_le16(e + 6), here = cv_le16(e + 8);
    o->n_members = cv_le16(e + 10);
    z->directory_size = cv_le32(e + 12);
    z->directory_offset = cv_le32(e + 16);
    o->end = size - n + at;
    bool zip64 = o->n_members == 0xffff || z->directory_size == 0xffffffffu ||
                 z->directory_offset == 0xffffffffu || disk == 0xffff || start_disk == 0xffff;
    if (here != o->n_members || (disk != 0 && disk != 0xffff) ||
        (start_disk != 0 && start_disk != 0xffff))
        return refuse(o->what, CV_E_INPUT, CV_S("it is split over several files"));
    return zip64 ? read_end64(o, o->end, e) : 0;
}

static int read_directory(struct opening *o)
{
    struct cv_zip *z = o->zip;
    uint64_t end;
    if (z->directory_size > CV_MAX_ZIP_DIRECTORY || o->n_members > CV_MAX_ZIP_MEMBERS)
        return refuse(
            o->what, CV_E_LIMIT,
            cv_arena_fmt(z->arena, "its directory is too large: %llu members in %llu bytes",
                         (unsigned long long)o->n_members, (unsigned long long)z->directory_size));
    if (!cv_add64(z->directory_offset, z->directory_size, &end) || end != o->end)
        return refuse(o->what, CV_E_INPUT,
                      CV_S("its directory does not end where its end record starts"));
    if (o->n_members > z->directory_size / CV_ZIP_CENTRAL)
        return refuse(o->what, CV_E_INPUT, CV_S("its directory is too short for its members"));
    size_t size = (size_t)z->directory_size;
    o->directory = cv_arena_raw(z->arena, size + 1);
    if (!o->directory)
        return no_memory(o->what);
    if (!cv_read(z->reader, z->directory_offset, o->directory, size))
        return unreadable(z->arena, o->what, z->directory_offset, size);
    return 0;
}

/* Names are looked at 8 bytes at once: a torch wheel has 1 MB of them, which is most of the time of opening one. */
#define CV_EACH(byte) ((uint64_t)(byte)*0x0101010101010101u)

/* Bytes i to i + 7 of the name, the first one lowest, those behind its end 0. */
static uint64_t eight(cv_str name, size_t i)
{
    const unsigned char *p = (const unsigned char *)name.ptr;
    size_t n = name.len - i;
    if (n >= 8)
        return cv_le64(p + i);
    if (name.len >= 8)
        return cv_le64(p + name.len - 8) >> (8 * (8 - n));
    uint64_t w = 0;
    for (size_t k = n; k > 0; k--)
        w = w << 8 | p[i + k - 1];
    return w;
}

static uint64_t mix(uint64_t h, uint64_t w)
{
    h = (h ^ w) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

static uint32_t hash_of(cv_str name)
{
    uint64_t h = name.len;
    for (size_t i = 0; i < name.len; i += 8)
        h = mix(h, eight(name, i));
    return (uint32_t)h;
}

/* The top bit of each byte of w that is `byte`; no carry between bytes. */
static uint64_t equal(uint64_t w, unsigned byte)
{
    uint64_t t = w ^ CV_EACH(byte);
    return ~(((t & CV_EACH(0x7f)) + CV_EACH(0x7f)) | t | CV_EACH(0x7f));
}

/* The top bit of each byte below 0x20. */
static uint64_t control(uint64_t w)
{
    return ~((w & CV_EACH(0x7f)) + CV_EACH(0x60)) & ~w & CV_EACH(0x80);
}

/* A relative path of plain components; a '/' may stand at the end. */
static bool is_clean(cv_str name)
{
    uint64_t odd = 0, dotted = 0, before = 1; /* before: was the last byte a '/'? */
    for (size_t i = 0; i < name.len; i += 8) {
        uint64_t w = eight(name, i);
        if (name.len - i < 8)
            w |= CV_EACH('x') << (8 * (name.len - i));
        uint64_t slash = equal(w, '/'), after = slash << 8 | before << 7;
        odd |= control(w) | equal(w, 0x7f) | equal(w, '\\') | (after & slash);
        dotted |= after & equal(w, '.');
        before = slash >> 63;
    }
    if (odd || name.len == 0)
        return false;
    if (!dotted)
        return true;
    cv_str rest = name, part;
    while (cv_str_next(&rest, '/', &part))
        if (cv_str_eqz(part, ".") || cv_str_eqz(part, ".."))
            return false;
    return true;
}

/* The zip64 extra field holds, in this order, those of size, packed size and offset that are all ones in the entry. */
static bool take_zip64(struct cv_zip_member *m, const unsigned char *x, size_t n)
{
    const uint64_t ones = 0xffffffffu;
    if (m->size != ones && m->packed != ones && m->header_offset != ones)
        return true;
    while (n >= 4) {
        size_t len = cv_le16(x + 2), id = cv_le16(x);
        x += 4;
        n -= 4;
        if (len > n)
            return false;
        if (id == 1) {
            uint64_t *fields[] = {&m->size, &m->packed, &m->header_offset};
            for (unsigned i = 0; i < 3; i++) {
                if (*fields[i] != ones)
                    continue;
                if (len < 8)
                    return false;
                *fields[i] = cv_le64(x);
                x += 8;
                len -= 8;
            }
            return true;
        }
        x += len;
        n -= len;
    }
    return false;
}

/* Names in a sentence are cut and made printable: they are the archive's, not ours. */
static cv_str shown(struct cv_arena *a, cv_str name)
{
    char text[80];
    size_t n = 0;
    for (size_t i = 0; i < name.len && n < sizeof text - 4; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        text[n++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
    }
    if (n < name.len) {
        for (int i = 0; i < 3; i++)
            text[n++] = '.';
    }
    return cv_arena_str(a, (cv_str){text, n});
}

cv_str cv_zip_say(const struct cv_zip *z, const struct cv_zip_member *m, const char *what)
{
    cv_str name = shown(z->arena, m->name);
    return cv_arena_fmt(z->arena, "its member \"" CV_FMT "\" %s", CV_ARG(name), what);
}

static int refuse_member(const struct cv_zip *z, cv_str *ret_what, const struct cv_zip_member *m,
                         const char *what)
{
    return refuse(ret_what, CV_E_INPUT, cv_zip_say(z, m, what));
}

static int check_member(struct opening *o, const struct cv_zip_member *m)
{
    uint64_t need;
    if (m->flags & CV_ZIP_FLAG_ENCRYPTED)
        return refuse_member(o->zip, o->what, m, "is encrypted");
    if (m->name.len > CV_MAX_PATH || !is_clean(m->name))
        return refuse_member(
            o->zip, o->what, m,
            "has a name that is no plain relative path (empty, absolute, too long, "
            "with . or .. or a backslash or a control character)");
    if (!cv_add64(m->packed, CV_ZIP_LOCAL + m->name.len, &need) ||
        need > o->zip->directory_offset || m->header_offset > o->zip->directory_offset - need)
        return refuse_member(o->zip, o->what, m, "lies outside the file or in its directory");
    if (m->size > CV_MAX_ZIP_SIZE)
        return refuse_member(o->zip, o->what, m, "is too large unpacked");
    if (m->method == CV_ZIP_STORED && m->size != m->packed)
        return refuse_member(o->zip, o->what, m, "is stored and has two sizes");
    /* packed lies inside the file: no overflow for files under 16 PB. */
    if (m->method == CV_ZIP_DEFLATED && m->size > CV_ZIP_SLACK &&
        (m->size - CV_ZIP_SLACK) / CV_MAX_ZIP_RATIO > m->packed)
        return refuse_member(o->zip, o->what, m, "claims to unpack to more than deflate can hold");
    return 0;
}

static int parse_members(struct opening *o)
{
    struct cv_zip *z = o->zip;
    size_t room = (size_t)z->directory_size;
    const unsigned char *p = o->directory;
    z->members = cv_arena_raw(z->arena, (size_t)o->n_members * sizeof *z->members + 1);
    if (!z->members)
        return no_memory(o->what);
    for (uint32_t i = 0; i < o->n_members; i++) {
        if (room < CV_ZIP_CENTRAL || cv_le32(p) != 0x02014b50u)
            return refuse(o->what, CV_E_INPUT,
                          cv_arena_fmt(z->arena, "entry %u of its directory is malformed", i + 1));
        size_t name = cv_le16(p + 28), extra = cv_le16(p + 30), comment = cv_le16(p + 32);
        uint32_t disk = cv_le16(p + 34);
        size_t len = CV_ZIP_CENTRAL + name + extra + comment;
        struct cv_zip_member m = {.flags = cv_le16(p + 8),
                                  .method = cv_le16(p + 10),
                                  .crc = cv_le32(p + 16),
                                  .packed = cv_le32(p + 20),
                                  .size = cv_le32(p + 24),
                                  .header_offset = cv_le32(p + 42)};
        if (len > room)
            return refuse(o->what, CV_E_INPUT,
                          cv_arena_fmt(z->arena, "entry %u of its directory is cut short", i + 1));
        /* The directory is in the arena as bytes; a name is a view of it. */
        m.name = (cv_str){(const char *)p + CV_ZIP_CENTRAL, name};
        m.hash = hash_of(m.name);
        if (disk != 0 && disk != 0xffff)
            return refuse(o->what, CV_E_INPUT, CV_S("it is split over several files"));
        if (!take_zip64(&m, p + CV_ZIP_CENTRAL + name, extra))
            return refuse_member(z, o->what, &m, "has a malformed zip64 field");
        int rc = check_member(o, &m);
        if (rc < 0)
            return rc;
        z->members[i] = m;
        p += len;
        room -= len;
    }
    z->n_members = (uint32_t)o->n_members;
    if (room != 0)
        return refuse(o->what, CV_E_INPUT, CV_S("its directory holds more than its members"));
    return 0;
}

/* An open hash table, at most half full. Crafted names could all collide: the steps are counted, honest names need about n. */
static int index_names(struct opening *o)
{
    struct cv_zip *z = o->zip;
    uint32_t slots = 16;
    while (slots < z->n_members * 2)
        slots *= 2;
    z->mask = slots - 1;
    z->table = cv_arena_alloc(z->arena, (size_t)slots * sizeof *z->table);
    if (!z->table)
        return no_memory(o->what);
    uint64_t steps = 0, budget = (uint64_t)z->n_members * 16 + 4096;
    for (uint32_t i = 0; i < z->n_members; i++) {
        const struct cv_zip_member *m = &z->members[i];
        uint32_t s = m->hash & z->mask;
        for (; z->table[s]; s = (s + 1) & z->mask) {
            const struct cv_zip_member *other = &z->members[z->table[s] - 1];
            if (other->hash == m->hash && cv_str_eq(other->name, m->name))
                return refuse_member(z, o->what, m, "is there twice");
            if (++steps > budget)
                return refuse(o->what, CV_E_LIMIT,
                              CV_S("its names were made to be slow to look up"));
        }
        z->table[s] = i + 1;
    }
    return 0;
}

/* Indexes of the members by their offset: merge sort, so that no order of a hostile directory is slow. */
static uint32_t *by_offset(struct cv_zip *z)
{
    uint32_t n = z->n_members;
    uint32_t *from = cv_arena_raw(z->arena, ((size_t)n + 1) * sizeof *from);
    uint32_t *to = cv_arena_raw(z->arena, ((size_t)n + 1) * sizeof *to);
    if (!from || !to)
        return NULL;
    for (uint32_t i = 0; i < n; i++)
        from[i] = i;
    for (uint32_t width = 1; width < n; width *= 2) {
        for (uint32_t left = 0; left < n; left += 2 * width) {
            uint32_t mid = n - left < width ? n : left + width;
            uint32_t right = n - mid < width ? n : mid + width;
            uint32_t i = left, j = mid;
            for (uint32_t k = left; k < right; k++) {
                bool second = i == mid || (j < right && z->members[from[j]].header_offset <
                                                            z->members[from[i]].header_offset);
                to[k] = second ? from[j++] : from[i++];
            }
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

/* Each member gets the place where the next one starts, and must fit before it. */
static int check_overlap(struct opening *o)
{
    struct cv_zip *z = o->zip;
    bool sorted = true;
    for (uint32_t i = 1; i < z->n_members && sorted; i++)
        sorted = z->members[i].header_offset > z->members[i - 1].header_offset;
    uint32_t *order = sorted ? NULL : by_offset(z);
    if (!sorted && !order)
        return no_memory(o->what);
    for (uint32_t i = 0; i < z->n_members; i++) {
        struct cv_zip_member *m = &z->members[order ? order[i] : i];
        m->end = i + 1 == z->n_members ? z->directory_offset
                                       : z->members[order ? order[i + 1] : i + 1].header_offset;
        /* check_member bounded the sum by the file's size. */
        if (m->header_offset + CV_ZIP_LOCAL + m->name.len + m->packed > m->end)
            return refuse_member(z, o->what, m, "overlaps the next one");
    }
    return 0;
}

int cv_zip_open(struct cv_zip *ret, struct cv_arena *a, const struct cv_reader *r, cv_str *ret_what)
{
    struct cv_zip z = {.reader = r, .arena = a};
    struct opening o = {.zip = &z, .what = ret_what};
    int rc = read_end(&o);
    if (rc == 0)
        rc = read_directory(&o);
    if (rc == 0)
        rc = parse_members(&o);
    if (rc == 0)
        rc = index_names(&o);
    if (rc == 0)
        rc = check_overlap(&o);
    if (rc < 0)
        return a->oom ? no_memory(ret_what) : rc;
    *ret = z;
    return 0;
}

const struct cv_zip_member *cv_zip_find(const struct cv_zip *z, cv_str name)
{
    uint32_t hash = hash_of(name);
    for (uint32_t s = hash & z->mask; z->table[s]; s = (s + 1) & z->mask) {
        const struct cv_zip_member *m = &z->members[z->table[s] - 1];
        if (m->hash == hash && cv_str_eq(m->name, name))
            return m;
    }
    return NULL;
}

int cv_zip_data(const struct cv_zip *z, const struct cv_zip_member *m, uint64_t *ret_offset,
                cv_str *ret_what)
{
    unsigned char h[CV_ZIP_LOCAL + CV_MAX_PATH] CV_UNINIT;
    size_t n = CV_ZIP_LOCAL + m->name.len;
    if (n > sizeof h || !cv_read(z->reader, m->header_offset, h, n))
        return unreadable(z->arena, ret_what, m->header_offset, n);
    if (cv_le32(h) != 0x04034b50u || cv_le16(h + 26) != m->name.len ||
        memcmp(h + CV_ZIP_LOCAL, m->name.ptr, m->name.len) != 0 || cv_le16(h + 8) != m->method)
        return refuse_member(z, ret_what, m, "has a local header that is not the directory's");
    uint64_t packed = cv_le32(h + 18), size = cv_le32(h + 22);
    /* All ones: the sizes stand in a zip64 field of the local header, which is not read. */
    bool plain = !(cv_le16(h + 6) & CV_ZIP_FLAG_DESCRIPTOR);
    if (plain && ((packed != 0xffffffffu && packed != m->packed) ||
                  (size != 0xffffffffu && size != m->size)))
        return refuse_member(z, ret_what, m, "has two different sizes");
    uint64_t extra = cv_le16(h + 28), at = m->header_offset + n;
    if (m->packed > m->end - at || extra > m->end - at - m->packed)
        return refuse_member(z, ret_what, m, "overlaps the next one");
    *ret_offset = at + extra;
    return 0;
}
