/* request.h: what is asked for: names with PEP 440 specifiers (cli.md: no extras, markers, URLs; never a pre-release). Several must all hold; none means
 * `torch`. Which torch a companion package belongs to is read from torch-companions (rules.md, B2). */
#ifndef CV_RESOLVE_REQUEST_H
#define CV_RESOLVE_REQUEST_H

#include "rules/companion.h"

enum cv_subject { CV_REQ_TORCH, CV_REQ_CUDA, CV_REQ_CUDNN, CV_REQ_PYTHON, CV_REQ_COMPANION };

struct cv_req {
    enum cv_subject subject;
    cv_str text;               /* as given, trimmed */
    cv_str name;               /* normalised: "torchvision" */
    cv_str spec;               /* "==2.8.0,!=2.7", "" = any; of a companion without its local part */
    cv_str variant;            /* named by "+cu121", "" = none */
    bool exact;                /* one "==" without a wildcard */
    bool masked;               /* the masks below hold: found once, asked for every build of every machine */
    uint64_t releases[2];      /* rows of torch-releases that are allowed */
    uint64_t unknown[2];       /* ... of a companion: allowed, but nobody knows whether it belongs there */
    uint64_t cudas[4];         /* 10 * major + minor that are allowed */
};

#define CV_MAX_REQS 32

struct cv_request {
    struct cv_req reqs[CV_MAX_REQS];
    uint32_t n;
    cv_str python;             /* "3.11" from python==3.11, "" = not said */
    bool cpu;                  /* a cpu build is asked for by name */
};

/* Adds one requirement; CV_E_USAGE with a sentence for what cannot be read, contradicts or is not known to these tables. */
int cv_request_add(const struct cv_facts *f, struct cv_arena *a, struct cv_request *r, cv_str text, struct cv_error *e) CV_MUST_USE;

/* Does the requirement allow this release of torch (by its public version; "+cu121" is asked of the build)? row: of torch-releases, or CV_NO_ROW. */
bool cv_req_allows_release(const struct cv_facts *f, const struct cv_req *q, cv_str torch, uint32_t row);
/* ... of a companion: allowed, but to which torch it belongs is not in the tables? */
bool cv_req_tie_unknown(const struct cv_facts *f, const struct cv_req *q, cv_str torch, uint32_t row);
/* ... and this build of a release that was allowed? */
bool cv_req_allows_build(const struct cv_req *q, const struct cv_build *b);
/* The release that is asked for by an exact torch requirement, "" = none. */
cv_str cv_request_release(const struct cv_request *r);
cv_str cv_request_variant(const struct cv_request *r);

#endif
