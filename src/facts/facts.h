/* facts.h: the knowledge. Tables of text cells with a source for each row, from the folder facts; compiled into the binary as offsets into one
 * string pool (no relocations), or parsed at run time from --facts DIR with the same parser.
 * Cells: "?" unknown, "-" nothing to say, "none" known not to exist. */
#ifndef CV_FACTS_FACTS_H
#define CV_FACTS_FACTS_H

#include "base/err.h"
#include "core/machine.h"

/* id, file name. Which leading columns make the key stands in tools/lint.c; rows are sorted by them in the binary, by bytes, except those of errors. */
#define CV_FACT_TABLES(X)                              \
    X(CV_T_COMPAT_RULES, "compat-rules")               \
    X(CV_T_CONDA, "conda")                             \
    X(CV_T_CUDA_RELEASES, "cuda-releases")             \
    X(CV_T_CUDA_ERRORS, "cuda-errors")                 \
    X(CV_T_CUDNN, "cudnn")                             \
    X(CV_T_CUDNN_FLOOR, "cudnn-floor")                 \
    X(CV_T_DRIVER_BRANCHES, "driver-branches")         \
    X(CV_T_DRIVER_PACKAGES, "driver-packages")         \
    X(CV_T_DRIVER_VERSIONS, "driver-versions")         \
    X(CV_T_ERROR_CAUSES, "error-causes")               \
    X(CV_T_ERRORS, "errors")                           \
    X(CV_T_FORWARD_COMPAT, "forward-compat")           \
    X(CV_T_GPU_ALIASES, "gpu-aliases")                 \
    X(CV_T_GPU_ARCH, "gpu-arch")                       \
    X(CV_T_GPU_FIRST_DRIVER, "gpu-first-driver")       \
    X(CV_T_GPU_PCI, "gpu-pci")                         \
    X(CV_T_HOST_COMPILERS, "host-compilers")           \
    X(CV_T_INDEXES, "indexes")                         \
    X(CV_T_INSTALL_FORMS, "install-forms")             \
    X(CV_T_JETSON, "jetson")                           \
    X(CV_T_LIBS, "libs")                               \
    X(CV_T_LOG_VALUES, "log-values")                   \
    X(CV_T_MEASURED_WHEELS, "measured-wheels")         \
    X(CV_T_NCCL, "nccl")                               \
    X(CV_T_NVCC_TARGETS, "nvcc-targets")               \
    X(CV_T_PTX_ISA, "ptx-isa")                         \
    X(CV_T_TORCH_ARCHS, "torch-archs")                 \
    X(CV_T_TORCH_BUILDS, "torch-builds")               \
    X(CV_T_TORCH_COMPANIONS, "torch-companions")       \
    X(CV_T_TORCH_DEVICE_RULES, "torch-device-rules")   \
    X(CV_T_TORCH_INDEX_WHEELS, "torch-index-wheels")   \
    X(CV_T_TORCH_RELEASES, "torch-releases")           \
    X(CV_T_XID, "xid")

#define CV_X(id, name) id,
enum cv_table_id { CV_FACT_TABLES(CV_X) CV_N_TABLES };
#undef CV_X

/* All numbers are offsets or counts: the struct is position independent. */
struct cv_table {
    uint32_t name;    /* offset in the pool */
    uint16_t n_cols;
    uint16_t n_key;   /* leading key columns */
    uint32_t n_rows;
    uint32_t cols;    /* first index in offsets[] of the column names */
    uint32_t cells;   /* first index in offsets[]; row r, column c at cells + r * n_cols + c */
    uint32_t note;    /* offset in the pool of the '#' lines */
    uint32_t in_file_order; /* 1: rows stand as in the file, where the order says something; keys are found one by one */
};

struct cv_facts {
    const char *pool;            /* NUL-terminated strings */
    const uint32_t *offsets;
    const struct cv_table *tables; /* CV_N_TABLES */
    cv_str overlay;              /* folder of --facts, "" = built-in only */
};

extern const struct cv_facts cv_facts_builtin; /* generated */

/* A row is an index; CV_NO_ROW = none. */
#define CV_NO_ROW UINT32_MAX

uint32_t cv_facts_rows(const struct cv_facts *f, enum cv_table_id t);
/* Cell by row and column number / name. Unknown column: "" (and an assert: names are checked by a test). */
cv_str cv_facts_at(const struct cv_facts *f, enum cv_table_id t, uint32_t row, unsigned col);
cv_str cv_facts_get(const struct cv_facts *f, enum cv_table_id t, uint32_t row, const char *column);
int cv_facts_column(const struct cv_facts *f, enum cv_table_id t, const char *column); /* -1 = none */
/* First row whose key columns equal key[0..n_key) (n given may be smaller: first row with that prefix). Binary search. */
uint32_t cv_facts_find(const struct cv_facts *f, enum cv_table_id t, const cv_str *key, unsigned n);
uint32_t cv_facts_find1(const struct cv_facts *f, enum cv_table_id t, cv_str key);
/* Row's key as "a/b/c" (for references and `cuvet facts show TABLE KEY`). */
cv_str cv_facts_key(const struct cv_facts *f, struct cv_arena *a, enum cv_table_id t, uint32_t row);
cv_str cv_facts_source(const struct cv_facts *f, enum cv_table_id t, uint32_t row);
cv_str cv_facts_name(const struct cv_facts *f, enum cv_table_id t);
bool cv_facts_table_by_name(const struct cv_facts *f, cv_str name, enum cv_table_id *ret);

static inline bool cv_cell_unknown(cv_str s) { return s.len == 0 || cv_str_eqz(s, "?") || s.ptr[s.len - 1] == '?'; }
static inline bool cv_cell_none(cv_str s) { return s.len == 0 || cv_str_eqz(s, "-") || cv_str_eqz(s, "none"); }

/* TSV text -> rows: the one parser, used by genfacts and by overlays. Checks UTF-8, tabs, column count, no control characters, source present.
 * Errors: CV_E_INPUT with file name and line. */
struct cv_tsv {
    CV_LIST(cv_str, cols);
    CV_LIST(cv_str, cells);   /* n_rows * n_cols, in file order */
    uint32_t n_rows;
    cv_str note;
};
int cv_tsv_parse(struct cv_arena *a, cv_str file, cv_str text, struct cv_tsv *ret, struct cv_error *e) CV_MUST_USE;

/* Built-in tables with those of `tsv[t]` (NULL = no overlay for that table) laid over: rows with an equal key are replaced, others added;
 * columns must be those of the built-in table. */
int cv_facts_overlay(struct cv_arena *a, const struct cv_tsv *const tsv[CV_N_TABLES], cv_str folder, struct cv_facts *ret, struct cv_error *e) CV_MUST_USE;

/* ---- domain lookups over the tables (lookup.c, gpu.c) ---- */

/* Newest CUDA a driver supports by its version alone ("13.0"); windows: a Windows number (newest branch not above it).
 * false = unknown. *ret_row: the driver-branches row. A bare branch is fine. */
bool cv_facts_driver_cuda(const struct cv_facts *f, cv_str driver, bool windows, struct cv_xy *ret, uint32_t *ret_row);
/* The Linux branch of a driver ("535"); for a Windows number the branch whose numbers it carries. false = unknown. */
bool cv_facts_driver_branch(const struct cv_facts *f, cv_str driver, bool windows, uint32_t *ret_branch, uint32_t *ret_row);
/* A bare branch -> its newest known version (Windows: its highest first number); anything else unchanged. */
cv_str cv_facts_driver_full(const struct cv_facts *f, cv_str driver, bool windows);
/* Row of gpu-arch for a compute capability. */
uint32_t cv_facts_gpu_arch(const struct cv_facts *f, struct cv_cc cc);

struct cv_gpu_match {
    CV_LIST(struct cv_gpu, gpus); /* one, or all GPUs of a cloud machine */
    CV_LIST(cv_str, candidates);  /* near matches when the name is unknown or ambiguous */
    bool unknown;                 /* no name begins like this: the candidates are only close to it */
};
/* A name, sm_XY, X.Y, PCI id or cloud machine (rules of cli.md) -> GPUs. CV_OK, or CV_E_INPUT with candidates (unknown or ambiguous). */
int cv_facts_gpu_find(const struct cv_facts *f, struct cv_arena *a, cv_str what, struct cv_gpu_match *ret);
/* Fills name, chip, cc, segment of a GPU from its PCI device id (or chip), and driver.cuda from driver.version where NVML did not tell. */
void cv_facts_enrich(const struct cv_facts *f, struct cv_arena *a, struct cv_machine *m);

#endif
