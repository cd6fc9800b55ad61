/* layout.h: writing text for people: wrapping, colours, symbols, and text from files made harmless for a terminal. */
#ifndef CV_REPORT_LAYOUT_H
#define CV_REPORT_LAYOUT_H

#include "report/report.h"

enum cv_color { CV_PLAIN, CV_RED, CV_GREEN, CV_YELLOW, CV_BOLD, CV_DIM };

/* Words wrapped at the style's width: the first line starts where the buffer stands, at column `at`; the others are indented by `indent`. Ends the line. */
void cv_lay_wrap(struct cv_buf *b, const struct cv_text_style *st, size_t at, size_t indent, cv_str text);
/* One piece of text, control characters replaced, in a colour. */
void cv_lay_put(struct cv_buf *b, const struct cv_text_style *st, enum cv_color color, cv_str text);
/* A line on its own that is never wrapped: commands. */
void cv_lay_line(struct cv_buf *b, const struct cv_text_style *st, enum cv_color color, size_t indent, cv_str text);

#endif
