/* limits.h: every hard limit in one place. A limit that is hit is reported as "too large", never ignored. */
#ifndef CV_BASE_LIMITS_H
#define CV_BASE_LIMITS_H

#define CV_MAX_ARENA_BYTES ((size_t)256 << 20) /* one context's memory */
#define CV_MAX_SMALL_FILE ((size_t)64 << 10)   /* /proc, /sys and version files */
#define CV_MAX_TEXT_FILE ((size_t)4 << 20)     /* METADATA, headers, tables, snapshots of one machine */
#define CV_MAX_PATH 4096                       /* bytes in a path */
/* A path buffer that is written before it is read: zeroing 4 KiB at each lookup would cost more than the lookup. */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define CV_UNINIT __attribute__((uninitialized))
#endif
#endif
#ifndef CV_UNINIT
#define CV_UNINIT#define CV_MAX_COVER_STEPS 100000u               /* looked at for the fewest builds that serve several machines */

#endif
#define CV_MAX_SYMLINKS 40                     /* links followed in one lookup, as Linux does */
#define CV_MAX_DIR_ENTRIES 20000               /* names read from one folder */
#define CV_MAX_FIND_ENTRIES 4000000u /* names looked at below one folder */
#define CV_MAX_FIND_DEPTH 64u         /* folders in folders */
#define CV_MAX_GPUS 256
#define CV_MAX_ENVS 512
#define CV_MAX_TOOLKITS 64
#define CV_MAX_PACKAGES 8192     /* dist-info folders looked at in one environment */
#define CV_MAX_RECORD ((size_t)32 << 20)         /* a package's RECORD (torch's: under 2 MB) */
#define CV_MAX_CODE_ENTRIES 1000000u             /* GPU code entries read in one file (real libraries: up to 24,454) */
#define CV_MAX_CODE_SEEDS 200000u                /* containers that wrappers name */
#define CV_MAX_CODE_SCAN ((uint64_t)2 << 30)     /* bytes searched in one file where containers may stand anywhere */
#define CV_MAX_CODE_MEMORY ((size_t)32 << 20)    /* kept on the way through one file (real libraries: under 3 MiB) */
#define CV_MAX_CODE_ANSWERS 8192u                /* members of one static archive with an answer of their own */
#define CV_MAX_BARE_SECTIONS 2000000u            /* sections of all cubins that stand in a file's data (real libraries: under 100,000) */
#define CV_MAX_ELF_SECTIONS 1000000u             /* sections of one file; more are taken for damage */
#define CV_MAX_ARCHIVE_MEMBERS 200000u           /* members looked at in one static archive */
#define CV_MAX_PTX_HEAD ((size_t)256 << 10)      /* bytes of a text searched for .version and .target */
#define CV_MAX_ELF_SCAN ((uint64_t)8 << 20) /* bytes searched in one library for a version text */
#define CV_MAX_ZIP_DIRECTORY ((uint64_t)24 << 20) /* a torch wheel's is 1.3 MB */
#define CV_MAX_ZIP_MEMBERS 200000u                /* a torch wheel has 15,000 */
#define CV_MAX_ZIP_SIZE ((uint64_t)64 << 30)      /* one member unpacked */
#define CV_MAX_ZIP_RATIO 1100u                    /* deflate makes at most 1032 bytes out of one */
#define CV_MAX_COVER_STEPS 100000u               /* looked at for the fewest builds that serve several machines */
#define CV_MAX_ZIP_FREE ((uint64_t)4 << 30)       /* bytes unpacked out of any archive */
#define CV_MAX_ZIP_WHOLE_RATIO 16u                /* and beyond them: for each byte of the archive (a torch wheel: 3) */
#define CV_MAX_ZIP_KEPT ((size_t)24 << 20)        /* kept of one member that passes by (real libraries: under 8 MiB) */
#define CV_MAX_HTTP_REQUESTS 20000u               /* for one file: a wheel of 5 GB takes 700 */
#define CV_MAX_HTTP_HEADERS ((size_t)256 << 10)   /* bytes of headers of one answer, redirects and all */
#define CV_MIN_RE_FACTOR 6u         /* bytes of the text that every match of an expression holds */
#define CV_MAX_RE_TEXT 4096u        /* bytes of an expression */
#define CV_MAX_RE_PROGRAM 16000u    /* instructions of its program */
#define CV_MAX_RE_REPEAT 1000u      /* in an interval */
#define CV_MAX_EXPLAIN_SPAN 4096u   /* bytes of collapsed text that one match spans */
#define CV_MAX_EXPLAIN_COUNT 10000u /* occurrences of one message that are counted */
#define CV_MAX_EXPLAIN_LINE 600u    /* bytes of a log's line that are shown */

#endif
