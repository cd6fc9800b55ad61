/* codestream.h: a file that can only be read once from start to end (a deflated member of a wheel), as a reader for codefile.h: what the readers of
 * GPU code will
 * ask for is kept while the bytes go by: the start and the end of the file, and the headers of everything that looks like a container. Half a
 * gigabyte passes through; a few hundred kilobytes stay. */
#ifndef CV_FORMAT_CODESTREAM_H
#define CV_FORMAT_CODESTREAM_H

#include "format/codefile.h"

struct cv_stream_piece {
    uint64_t offset;
    uint32_t len;
    const unsigned char *bytes; /* NULL: zeros */
};

/* Stretches that are kept whole: the start, the section headers of an ELF file with what stands before them (mostly their names), the end; and the
 * names, where they stand elsewhere. */
struct cv_stream_window {
    uint64_t from;
    size_t cap, n;
    unsigned char *bytes;
};
enum { CV_STREAM_HEAD, CV_STREAM_HEADERS, CV_STREAM_TAIL, CV_STREAM_NAMES, CV_STREAM_WINDOWS };

#define CV_STREAM_LOOK (CV_FATBIN_HEADER + CV_FATBIN_ENTRY)

enum cv_stream_state {
    CV_STREAM_SEARCH,          /* nothing known: for a container */
    CV_STREAM_GAP,             /* right behind a container: zeros belong to the chain */
    CV_STREAM_LOOKING,         /* gathering what may be a container's header and first entry */
    CV_STREAM_NEXT,            /* gathering the next entry's header */
};

struct cv_codestream {
    struct cv_arena *a;
    uint64_t size;             /* announced */
    uint64_t pos;              /* bytes taken */
    bool second;               /* they come for the second time: only the windows are filled */
    struct cv_stream_window windows[CV_STREAM_WINDOWS];
    enum cv_stream_state state;
    uint64_t skip;             /* bytes to pass over */
    uint64_t end;              /* of the container that is being walked */
    unsigned char look[CV_STREAM_LOOK]; /* bytes gathered for the next header */
    size_t n_look, want;
    uint64_t look_at;          /* offset of look[0] */
    CV_LIST(struct cv_stream_piece, pieces);
    struct cv_fatbin_ranges found; /* containers seen, sound or not: for files without section headers */
};

void cv_codestream_init(struct cv_codestream *s, struct cv_arena *a, uint64_t size);
/* The next bytes. */
void cv_codestream_take(struct cv_codestream *s, const unsigned char *bytes, size_t len);
/* After the last bytes: true if all of them must be given once more, from the first: the names of the sections went by and were not kept, since they
 * stand far from the section headers (patchelf may leave megabytes of padding between them). True at most once. */
bool cv_codestream_again(struct cv_codestream *s);
/* After the last bytes: the GPU code. `whole`: all of the file came. Outside the usual sections only containers are found, no bare cubins. */
void cv_codestream_read(struct cv_codestream *s, bool whole, enum cv_code_where where, struct cv_gpucode *ret);

#endif
