/* state.h: what is known of one fact. */
#ifndef CV_BASE_STATE_H
#define CV_BASE_STATE_H

enum cv_state {
    CV_NOT_ASKED = 0, /* nobody looked: a description that leaves it open */
    CV_KNOWN,
    CV_ABSENT,        /* looked, known not to be there */
    CV_DENIED,        /* there, but not readable */
    CV_MALFORMED,     /* read, but not understood */
};

#endif
