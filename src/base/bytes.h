/* bytes.h: bounded reading of binary data. A cv_reader is a size and a read function; getters never run past the end. */
#ifndef CV_BASE_BYTES_H
#define CV_BASE_BYTES_H

#include "base/str.h"

struct cv_reader {
    uint64_t size;
    /* Copies exactly len bytes at off; false if that is not possible. */
    bool (*read_at)(void *ctx, uint64_t off, void *ret, size_t len);
    void *ctx;
    /* Optional (NULL = none), for readers whose bytes may be far away. read_now: as read_at, but false where that would wait. hint: these bytes will be
     * asked for soon. */
    bool (*read_now)(void *ctx, uint64_t off, void *ret, size_t len);
    void (*hint)(void *ctx, uint64_t off, size_t len);
};

/* False if [off, off+len) is not inside the reader, or reading fails. */
bool cv_read(const struct cv_reader *r, uint64_t off, void *ret, size_t len);

/* The same if the bytes are at hand; readers that know no waiting always have them. */
bool cv_read_now(const struct cv_reader *r, uint64_t off, void *ret, size_t len);
void cv_read_hint(const struct cv_reader *r, uint64_t off, size_t len);

/* A reader over memory: fill `ret` and keep `mem` alive. */
void cv_reader_mem(struct cv_reader *ret, const cv_str *mem);

/* A part of another reader: fill `ret` and keep `part` alive. */
struct cv_reader_part {
    const struct cv_reader *whole;
    uint64_t offset;
};
/* False if [offset, offset+size) is not inside `whole`. */
bool cv_reader_part(struct cv_reader *ret, struct cv_reader_part *part, const struct cv_reader *whole, uint64_t offset, uint64_t size);

static inline uint16_t cv_le16(const unsigned char *p) { return (uint16_t)(p[0] | (uint16_t)p[1] << 8); }
static inline uint32_t cv_le32(const unsigned char *p) { return (uint32_t)cv_le16(p) | (uint32_t)cv_le16(p + 2) << 16; }
static inline uint64_t cv_le64(const unsigned char *p) { return (uint64_t)cv_le32(p) | (uint64_t)cv_le32(p + 4) << 32; }

/* a + b or a * b without overflow: false if it does not fit. */
static inline bool cv_add64(uint64_t a, uint64_t b, uint64_t *ret) { return !__builtin_add_overflow(a, b, ret); }
static inline bool cv_mul64(uint64_t a, uint64_t b, uint64_t *ret) { return !__builtin_mul_overflow(a, b, ret); }

#endif
