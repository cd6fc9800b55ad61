/* catalog.h: every known build as one array, newest release first, with what the rules ask again and again already found. */
#ifndef CV_RESOLVE_CATALOG_H
#define CV_RESOLVE_CATALOG_H

#include "resolve/request.h"

struct cv_catalog {
    const struct cv_facts *f;
    struct cv_arena *a;
    CV_LIST(struct cv_build, builds); /* newest release first */
    CV_LIST(cv_str, releases); /* all of torch-releases, newest first */
    uint32_t *release_rows;    /* their rows there */
    bool conda;                /* builds of conda's channels instead of wheels */
};

/* os, arch: only builds for that platform; "" = all. */
void cv_catalog_make(const struct cv_facts *f, struct cv_arena *a, cv_str os, cv_str arch, bool conda, struct cv_catalog *ret);
/* Where a command takes this build from on a machine with this Python: "pypi", "pytorch", "conda-forge", "conda-pytorch". */
cv_str cv_build_channel(const struct cv_build *b, const struct cv_machine *m);

#endif
