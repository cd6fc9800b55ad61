/* matrix_text.c: `cuvet matrix` for people. Half a hundred releases have a few variants each, never the same ones for long: the table is cut into blocks, each
 * with the variants of its releases, so that it fits the terminal. A cell is a symbol and a word. */
#include "report/matrix_words.h"

#define CV_CELL   8u  /* columns of a cell with the blank behind it */
#define CV_MARGIN 20u /* mark, release, Pythons */

static const char *symbol(const struct cv_text_style *st, enum cv_word w)
{
    return st->utf8 ? cv_words[w].symbol : cv_words[w].ascii;
}

static bool used(const struct cv_matrix *x, uint32_t from, uint32_t to, uint32_t variant)
{
    for (uint32_t r = from; r < to; r++)
        if (x->rows[r].cells[variant].b)
            return true;
    return false;
}

/* One past the last row whose variants still fit beside those of the rows before it. */
static uint32_t block_end(const struct cv_matrix *x, const struct cv_text_style *st, uint32_t from)
{
    uint32_t most = st->width > CV_MARGIN + CV_CELL ? (st->width - CV_MARGIN) / CV_CELL : 1;
    for (uint32_t to = from + 1; to < x->n_rows; to++) {
        uint32_t n = 0;
        for (uint32_t k = 0; k < x->n_variants; k++)
            n += used(x, from, to + 1, k);
        if (n > most)
            return to;
    }
    return x->n_rows;
}

static void end_line(struct cv_buf *b)
{
    while (b->len && b->ptr[b->len - 1] == ' ')
        b->len--;
    cv_buf_addc(b, '\n');
}

static void head(struct cv_out *o, const struct cv_matrix *x, uint32_t from, uint32_t to)
{
    struct cv_buf *b = o->t.b;
    cv_lay_put(b, o->t.st, CV_BOLD, cv_arena_fmt(o->t.a, "%-9s%-10s", "  torch", " Python"));
    for (uint32_t k = 0; k < x->n_variants; k++)
        if (used(x, from, to, k))
            cv_lay_put(b, o->t.st, CV_BOLD,
                       cv_arena_fmt(o->t.a, " %-7.*s", CV_ARG(x->variants[k])));
    end_line(b);
    cv_lay_put(b, o->t.st, CV_DIM,
               cv_arena_fmt(o->t.a, "%-19s", x->windows ? "  Windows driver" : "  driver from"));
    for (uint32_t k = 0; k < x->n_variants; k++) {
        cv_str v = cv_matrix_driver(x, k);
        size_t dot = cv_str_findc(v, '.');
        if (used(x, from, to, k))
            cv_lay_put(b, o->t.st, CV_DIM,
                       cv_arena_fmt(o->t.a, " %-7.*s",
                                    CV_ARG(cv_str_sub(v, 0, dot == SIZE_MAX ? v.len : dot))));
    }
    end_line(b);
}

static void row(struct cv_out *o, const struct cv_matrix *x, uint32_t r, uint32_t from, uint32_t to,
                bool *seen, bool *ret_warned)
{
    const struct cv_matrix_row *m = &x->rows[r];
    struct cv_buf *b = o->t.b;
    bool mark = !x->nothing_known;
    enum cv_word w = cv_matrix_mark(m);
    cv_lay_put(
        b, o->t.st, mark ? cv_words[w].color : CV_PLAIN,
        cv_arena_fmt(o->t.a, "%s %-7.*s", mark ? symbol(o->t.st, w) : " ", CV_ARG(m->torch)));
    cv_buf_fmt(b, "%-10s",
               cv_arena_z(o->t.a, cv_arena_fmt(o->t.a, " " CV_FMT,
                                               CV_ARG(cv_matrix_pythons(o->t.a, m->pythons)))));
    for (uint32_t k = 0; k < x->n_variants; k++) {
        const struct cv_cell *c = &m->cells[k];
        enum cv_word cell = cv_matrix_word(x, c);
        if (!used(x, from, to, k))
            continue;
        seen[cell] = true;
        *ret_warned = *ret_warned || cv_matrix_warns(c);
        cv_buf_addc(b, ' ');
        cv_lay_put(
            b, o->t.st, cv_words[cell].color,
            cv_arena_fmt(o->t.a, "%s %-5s", symbol(o->t.st, cell),
                         cv_arena_z(o->t.a, cv_arena_fmt(o->t.a, "%s%s%s", cv_words[cell].word,
                                                         cv_matrix_warns(c) ? "!" : "",
                                                         c->b && c->pypi ? "*" : ""))));
    }
    end_line(b);
}

static void legend(struct cv_out *o, const struct cv_matrix *x, const bool *seen, bool warned)
{
    struct cv_buf *b = o->t.b;
    for (int w = 0; w < CV_N_WORDS; w++) {
        if (!seen[w])
            continue;
        cv_lay_put(
            b, o->t.st, cv_words[w].color,
            cv_arena_fmt(o->t.a, "%s %-6s", symbol(o->t.st, (enum cv_word)w), cv_words[w].word));
        cv_lay_wrap(b, o->t.st, CV_AT, CV_AT, cv_str_z(cv_words[w].means));
    }
    if (warned)
        cv_out_labelled(o, "!", CV_PLAIN,
                        CV_S("its cuDNN no longer runs on a GPU here: convolutions may fail"));
    cv_out_labelled(o, "*", CV_PLAIN, CV_S("what a plain pip install gets"));
    if (x->best_torch.len && !x->nothing_known)
        cv_out_labelled(o, "Best", CV_BOLD,
                        cv_arena_fmt(o->t.a,
                                     "torch " CV_FMT " (" CV_FMT
                                     "): `cuvet resolve` says why and how to get it.",
                                     CV_ARG(x->best_torch), CV_ARG(x->best_variant)));
    if (!x->ask.all)
        cv_out_labelled(o, "", CV_DIM,
                        CV_S("The last patch of each release is shown; --all shows every one."));
}

void cv_text_matrix(struct cv_buf *b, const struct cv_text_style *st, const struct cv_matrix *x)
{
    struct cv_out o = {.t = {.b = b, .st = st, .f = x->ask.f, .m = x->ask.m, .a = b->arena}};
    bool seen[CV_N_WORDS] = {false}, warned = false;
    if (x->n_rows == 0) {
        cv_out_labelled(&o, "NONE", CV_RED, CV_S("No known build meets the request here."));
        return;
    }
    if (!x->nothing_known && !st->quiet) {
        cv_text_machine(&o.t);
        cv_buf_addc(b, '\n');
    }
    for (uint32_t from = 0, to; from < x->n_rows; from = to) {
        to = block_end(x, st, from);
        if (from)
            cv_buf_addc(b, '\n');
        head(&o, x, from, to);
        for (uint32_t r = from; r < to; r++)
            row(&o, x, r, from, to, seen, &warned);
    }
    if (st->quiet)
        return;
    cv_buf_addc(b, '\n');
    legend(&o, x, seen, warned);
}
