/* answer.h: what `cuvet resolve` says: the pick, what else was looked at, why the expected ones lost, what would unlock a newer one, what an installation would
 * break, and, where nothing satisfies the request, the smallest conflict and the nearest request that works. */
#ifndef CV_RESOLVE_ANSWER_H
#define CV_RESOLVE_ANSWER_H

#include "resolve/commands.h"

struct cv_ask {
    const struct cv_facts *f;
    const struct cv_machine *m; /* n_machines in a row */
    uint32_t n_machines;
    const struct cv_request *req;
    bool all;                  /* every known build */
    enum cv_tool tool;
    bool tool_given;
    struct cv_mirror mirror;
};

/* A build as it is shown. */
struct cv_shown {
    struct cv_choice *on;      /* one a machine */
    enum cv_verdict verdict;
    uint32_t worst;            /* the machine that decides it */
    bool offered, g2_warning;
    cv_str commands[CV_N_TOOLS]; /* "" = not made */
    cv_str note;               /* a runner-up: in what it differs */
};

struct cv_break {              /* an installed package that the pick does not fit */
    cv_str env, package, version, wants;
    cv_str instead;            /* its release for the new torch, "" = none known */
};

struct cv_unlock {             /* one change that brings a newer release */
    cv_str torch, variant;
    cv_str axis, must;         /* "driver", ">=580.65.06" */
    cv_str last;               /* of a driver: the last branch that drives all GPUs here, "" = no limit */
    cv_str command;            /* then this installs it */
    struct cv_fix fix;         /* of a driver: what to do, in words and as a command; text "" = not said */
};

struct cv_plan {               /* machines that one build serves */
    CV_LIST(uint32_t, machines);
    struct cv_shown best;
};

struct cv_answer {
    struct cv_ask ask;
    CV_LIST(struct cv_shown, candidates); /* best first */
    CV_LIST(struct cv_shown, rejected);
    bool has_best;
    int exit_code;
    CV_LIST(struct cv_package_pin, pins); /* companions that go with the pick */
    CV_LIST(struct cv_break, breaks);
    CV_LIST(struct cv_unlock, unlocks);
    CV_LIST(cv_str, conflict); /* the fewest requirements that no known build meets together */
    cv_str conflict_text;
    cv_str nearest;            /* a request that works, "" = none found */
    bool has_nearest;
    struct cv_shown nearest_best;
    CV_LIST(struct cv_plan, plan); /* several machines and no build for all */
    CV_LIST(uint32_t, plan_left); /* machines that no build serves */
    uint64_t python_instead;   /* no build meant here has a wheel for this Python: the Pythons that have one (cv_python_bit); 0 = not so */
    struct cv_fix python_fix;  /* how to get one of them without root; text "" = not said */
    struct cv_shown python_best; /* what would be the pick then, where has_python_best */
    int python_beside;         /* it is newer (1) or older (-1) than all of python_instead */
    bool has_python_best;
    bool plan_fewest;          /* the plan is proven to have the fewest builds */
    bool installed;            /* the pick is in the active environment already */
};

void cv_answer_make(const struct cv_ask *ask, struct cv_arena *a, struct cv_answer *ret);
/* The same for one build: `cuvet why`. One entry, in candidates. */
void cv_answer_why(const struct cv_ask *ask, struct cv_arena *a, struct cv_answer *ret);

/* answer_extra.c */
void cv_answer_unlocks(struct cv_answer *w, struct cv_query *q, struct cv_arena *a);
void cv_answer_breaks(struct cv_answer *w, struct cv_arena *a);
void cv_answer_conflict(struct cv_answer *w, struct cv_arena *a);
/* answer_python.c */
void cv_answer_python(struct cv_answer *w, const struct cv_query *q, const struct cv_survey *s, struct cv_arena *a);
/* How to get one of these Pythons without root. */
void cv_fix_python(struct cv_arena *a, const struct cv_machine *m, uint64_t bits, struct cv_fix *ret);
/* answer_plan.c */
void cv_answer_plan(struct cv_answer *w, struct cv_query *q, struct cv_arena *a);
/* One build with words for all machines of the query, and its commands where it is offered. */
void cv_shown_make(const struct cv_answer *w, const struct cv_query *q, struct cv_arena *a, const struct cv_build *b, bool offered, struct cv_shown *ret);
/* The active environment, NULL = none known. */
const struct cv_env *cv_active_env(const struct cv_machine *m);

#endif
