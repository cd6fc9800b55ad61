/* fatbin.h: the CUDA fat binary container: which targets, in which containers, from the headers alone. The layout is not published; it was measured on
 * files of CUDA 10.2 to 13.2 and holds for all of them (design fatbin.md sections 2 to 4 and 7; cuobjdump agrees, tests/real/archs.tsv).
 *
 * A container is 16 bytes of header and entries back to back; an entry is a header of at least 64 bytes and a payload (compressed or not: never looked
 * at). Containers stand back to back in a section, 8-aligned; zeros between them are padding. In a static archive that holds for each member by itself: a
 * member starts at any even offset. */
#ifndef CV_FORMAT_FATBIN_H
#define CV_FORMAT_FATBIN_H

#include "base/bytes.h"
#include "core/gpucode.h"

#define CV_FATBIN_MAGIC   0xba55ed50u
#define CV_ELF_MAGIC      0x464c457fu
#define CV_FATBIN_WRAPPER 0x466243b1u
#define CV_FATBIN_HEADER  16u /* bytes of a container's header */
#define CV_FATBIN_ENTRY   64u /* bytes of an entry's header that are always there */

struct cv_fatbin_range {
    uint64_t offset, size;
};
struct cv_fatbin_ranges {
    CV_LIST(struct cv_fatbin_range, v);
};
/* Adds a range, cut at the end of the file; false if it was cut. */
bool cv_fatbin_add_range(struct cv_arena *a, struct cv_fatbin_ranges *to, const struct cv_reader *r,
                         uint64_t offset, uint64_t size);
/* Sorted and disjoint, as the readers below want them. */
void cv_fatbin_tidy_ranges(struct cv_fatbin_ranges *ranges);

/* Decoded container header of CV_FATBIN_HEADER bytes. False if it is none, or not of the one known version. */
bool cv_fatbin_header(const unsigned char *bytes, uint64_t *ret_size);

enum cv_fatbin_kind { CV_FATBIN_PTX = 1, CV_FATBIN_CUBIN = 2, CV_FATBIN_LTO = 8 };
struct cv_fatbin_entry {
    unsigned kind;           /* enum cv_fatbin_kind, or another number */
    struct cv_target target; /* cc 0.0 if the architecture number is none */
    uint64_t size;           /* header and payload: distance to the next entry */
};
/* One entry from the first CV_FATBIN_ENTRY bytes of its header, at the start of `room` bytes. False if its sizes do not fit there. */
bool cv_fatbin_entry(const unsigned char *bytes, uint64_t room, struct cv_fatbin_entry *ret);

/* Reads every container in the ranges (tidied) of a file into *to. `seeds`: offsets where containers are said to start, sorted and unique, or none: they
 * let far-away bytes be asked for together; what they miss is found from container to container. Damage ends a container or a range, marks *to partial
 * and names the place. */
void cv_fatbin_read(const struct cv_reader *r, const struct cv_fatbin_ranges *ranges,
                    const uint64_t *seeds, uint32_t n_seeds, struct cv_arena *a,
                    struct cv_gpucode *to);
/* How to search. */
struct cv_fatbin_search {
    const struct cv_fatbin_ranges *found; /* where containers are (sorted), for a reader that keeps nothing else; NULL = look at every byte */
    uint64_t (*elf)(void *ctx, uint64_t at); /* called for each ELF magic number outside containers: bytes to pass over, 0 = go on; or NULL */
    void *ctx;
    uint64_t left;                        /* bytes that may still be looked at; counted down */
    unsigned char *buffer;                /* made by the first search, for all of them */
};
/* The same where only wider ranges are known (stripped section headers, data): searches them for containers. `how` NULL: every byte, CV_MAX_CODE_SCAN. */
void cv_fatbin_scan(const struct cv_reader *r, const struct cv_fatbin_ranges *ranges, struct cv_fatbin_search *how,
                    struct cv_arena *a, struct cv_gpucode *to);

#endif
