/* matrix_words.h: what a cell of the matrix says, the same in text, HTML and SVG: a symbol and a word. */
#ifndef CV_REPORT_MATRIX_WORDS_H
#define CV_REPORT_MATRIX_WORDS_H

#include "report/out.h"

enum cv_word { CV_W_NONE, CV_W_PUB, CV_W_YES, CV_W_JIT, CV_W_IF, CV_W_CPU, CV_W_UNKNOWN,
               CV_W_DRIVER, CV_W_GPU, CV_W_PYTHON, CV_W_GLIBC, CV_W_OTHER, CV_N_WORDS };

struct cv_word_row {
    const char *symbol, *ascii, *word, *means;
    const char *kind;          /* class in HTML and SVG: none, pub, yes, if, cpu, unk, no */
    enum cv_color color;
};
extern const struct cv_word_row cv_words[CV_N_WORDS];

enum cv_word cv_matrix_word(const struct cv_matrix *x, const struct cv_cell *c);
/* The mark in front of a row. */
enum cv_word cv_matrix_mark(const struct cv_matrix_row *r);
/* Its cuDNN no longer runs on a GPU here; that matters only where the build runs. */
bool cv_matrix_warns(const struct cv_cell *c);
/* "3.10-3.15", "2.7-3.7"; free-threaded ones are not told apart here. */
cv_str cv_matrix_pythons(struct cv_arena *a, uint64_t bits);
/* What the table is of, in a sentence: "Driver 525.60.13; GeForce RTX 3090 (8.6); Python 3.11; linux x86_64; glibc 2.36". */
cv_str cv_matrix_subject(struct cv_arena *a, const struct cv_matrix *x);

#endif
