/* matrix_page.c: `cuvet matrix --html` and `--svg`: one file each, without scripts, fonts or anything from elsewhere, readable in light and dark. A cell has a
 * colour, a symbol and a word. All text is escaped. */
#include "report/matrix_words.h"

static const char colours[] =
    ":root{--back:#fff;--text:#1b1f24;--dim:#6b7280;--line:#d0d7de;--yes:#0a5f2a;--yesb:#d9f2e0;"
    "--no:#8e1220;--nob:#fbe3e4;--if:#6b4a00;--ifb:#fff2cc}\n"
    "@media(prefers-color-scheme:dark){:root{--back:#12161c;--text:#e6e9ed;--dim:#9aa4b2;"
    "--line:#39424e;--yes:#9be7b4;--yesb:#123a22;--no:#ffb3b8;--nob:#45161b;--if:#ffdf8a;"
    "--ifb:#3d3208}}\n";

/* Many viewers of pictures know no variables. */
static const char svg_colours[] =
    "text{font:13px system-ui,sans-serif;fill:#1b1f24}.back{fill:#fff}.none,.dim{fill:#6b7280}\n"
    ".yes{fill:#0a5f2a}.no{fill:#8e1220}.if,.unk{fill:#6b4a00}.head{font-weight:bold}\n"
    "rect.yes{fill:#d9f2e0}rect.no{fill:#fbe3e4}rect.if,rect.unk{fill:#fff2cc}"
    "rect.pub,rect.cpu{fill:none;stroke:#d0d7de}\n"
    "@media(prefers-color-scheme:dark){text{fill:#e6e9ed}.back{fill:#12161c}.none,.dim{fill:#"
    "9aa4b2}"
    ".yes{fill:#9be7b4}.no{fill:#ffb3b8}.if,.unk{fill:#ffdf8a}rect.yes{fill:#123a22}"
    "rect.no{fill:#45161b}rect.if,rect.unk{fill:#3d3208}rect.pub,rect.cpu{fill:none;stroke:#39424e}"
    "}\n";

static void escaped(struct cv_buf *b, cv_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '&')
            cv_buf_addz(b, "&amp;");
        else if (c == '<')
            cv_buf_addz(b, "&lt;");
        else if (c == '>')
            cv_buf_addz(b, "&gt;");
        else if (c == '"')
            cv_buf_addz(b, "&quot;");
        else if (c == '\'')
            cv_buf_addz(b, "&#39;");
        else
            cv_buf_addc(b, c < 0x20 || c == 0x7f ? '?' : (char)c);
    }
}

static cv_str said(struct cv_arena *a, const struct cv_matrix *x, const struct cv_cell *c)
{
    return cv_arena_fmt(a, "%s%s%s", cv_words[cv_matrix_word(x, c)].word,
                        cv_matrix_warns(c) ? "!" : "", c->b && c->pypi ? "*" : "");
}

/* What stands behind the words: those that occur, and the two signs. How many lines; one NULL: only that. */
static unsigned each_legend(struct cv_buf *b, const struct cv_matrix *x,
                            void (*one)(struct cv_buf *b, const char *kind, const char *sign,
                                        const char *word, const char *means))
{
    bool seen[CV_N_WORDS] = {false}, warned = false;
    unsigned n = 1;
    for (uint32_t r = 0; r < x->n_rows; r++)
        for (uint32_t k = 0; k < x->n_variants; k++) {
            seen[cv_matrix_word(x, &x->rows[r].cells[k])] = true;
            warned = warned || cv_matrix_warns(&x->rows[r].cells[k]);
        }
    for (int w = 0; w < CV_N_WORDS; w++) {
        n += seen[w];
        if (seen[w] && one)
            one(b, cv_words[w].kind, cv_words[w].symbol, cv_words[w].word, cv_words[w].means);
    }
    n += warned;
    if (!one)
        return n;
    if (warned)
        one(b, "none", "!", "", "its cuDNN no longer runs on a GPU here: convolutions may fail");
    one(b, "none", "*", "", "what a plain pip install gets");
    return n;
}

/* ---- HTML ---- */

static void html_legend(struct cv_buf *b, const char *kind, const char *sign, const char *word,
                        const char *means)
{
    cv_buf_fmt(b, "<li><span class=\"%s\">%s%s%s</span> %s</li>\n", kind, sign, *word ? " " : "",
               word, means);
}

static void html_head(struct cv_buf *b, const struct cv_matrix *x)
{
    cv_buf_addz(b, "<thead><tr><th scope=\"col\">torch</th><th scope=\"col\">Python</th>");
    for (uint32_t k = 0; k < x->n_variants; k++) {
        cv_buf_addz(b, "<th scope=\"col\">");
        escaped(b, x->variants[k]);
        cv_str v = cv_matrix_driver(x, k);
        if (v.len) {
            cv_buf_addz(b, "<br><small>");
            escaped(b, v);
            cv_buf_addz(b, "</small>");
        }
        cv_buf_addz(b, "</th>");
    }
    cv_buf_addz(b, "</tr></thead>\n<tbody>\n");
}

static void html_row(struct cv_buf *b, const struct cv_matrix *x, const struct cv_matrix_row *r)
{
    const struct cv_word_row *mark = &cv_words[cv_matrix_mark(r)];
    cv_buf_fmt(b, "<tr><th scope=\"row\" class=\"%s\">%s%s", x->nothing_known ? "pub" : mark->kind,
               x->nothing_known ? "" : mark->symbol, x->nothing_known ? "" : " ");
    escaped(b, r->torch);
    cv_buf_addz(b, "</th><td>");
    escaped(b, cv_matrix_pythons(b->arena, r->pythons));
    cv_buf_addz(b, "</td>");
    for (uint32_t k = 0; k < x->n_variants; k++) {
        const struct cv_cell *c = &r->cells[k];
        const struct cv_word_row *w = &cv_words[cv_matrix_word(x, c)];
        cv_buf_fmt(b, "<td class=\"%s\" title=\"%s\">%s ", w->kind, w->means, w->symbol);
        escaped(b, said(b->arena, x, c));
        cv_buf_addz(b, "</td>");
    }
    cv_buf_addz(b, "</tr>\n");
}

void cv_html_matrix(struct cv_buf *b, const struct cv_matrix *x)
{
    cv_buf_addz(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n"
                   "<title>PyTorch by CUDA variant</title>\n<style>\n");
    cv_buf_addz(b, colours);
    cv_buf_addz(b, "body{background:var(--back);color:var(--text);font:15px/1.4 "
                   "system-ui,sans-serif;margin:1.5rem}\n"
                   ".wide{overflow-x:auto}table{border-collapse:collapse}\n"
                   "th,td{border:1px solid var(--line);padding:.2rem .5rem;text-align:left;"
                   "white-space:nowrap}\n"
                   "thead th{position:sticky;top:0;background:var(--back)}small{color:var(--dim)}\n"
                   ".none{color:var(--dim)}.yes{color:var(--yes);background:var(--yesb)}"
                   ".no{color:var(--no);background:var(--nob)}\n"
                   ".if,.unk{color:var(--if);background:var(--ifb)}ul{list-style:none;padding:0}"
                   "li span{padding:0 .4rem}\n</style></head>\n<body>\n"
                   "<h1>PyTorch by CUDA variant</h1>\n<p>");
    escaped(b, cv_matrix_subject(b->arena, x));
    cv_buf_fmt(b, ". Under a variant: the oldest%s driver for its CUDA.</p>\n",
               x->windows ? " Windows" : "");
    if (x->best_torch.len && !x->nothing_known) {
        cv_buf_addz(b, "<p>Best: torch ");
        escaped(b, x->best_torch);
        cv_buf_addz(b, " (");
        escaped(b, x->best_variant);
        cv_buf_addz(b, ")</p>\n");
    }
    cv_buf_addz(b, "<div class=\"wide\"><table>\n");
    html_head(b, x);
    for (uint32_t r = 0; r < x->n_rows; r++)
        html_row(b, x, &x->rows[r]);
    cv_buf_addz(b, "</tbody></table></div>\n<ul>\n");
    (void)each_legend(b, x, html_legend);
    cv_buf_addz(b, "</ul>\n</body></html>\n");
}

/* ---- SVG ---- */

#define CV_W 66u /* of a column */
#define CV_H 20u /* of a row */
#define CV_X 150u
#define CV_Y 84u

static void svg_text(struct cv_buf *b, unsigned x, unsigned y, const char *kind, cv_str text)
{
    cv_buf_fmt(b, "<text x=\"%u\" y=\"%u\" class=\"%s\">", x, y, kind);
    escaped(b, text);
    cv_buf_addz(b, "</text>\n");
}

static void svg_row(struct cv_buf *b, const struct cv_matrix *x, uint32_t r)
{
    const struct cv_matrix_row *m = &x->rows[r];
    const struct cv_word_row *mark = &cv_words[cv_matrix_mark(m)];
    unsigned y = CV_Y + r * CV_H;
    svg_text(b, 10, y, x->nothing_known ? "pub" : mark->kind,
             cv_arena_fmt(b->arena, "%s%s" CV_FMT, x->nothing_known ? "" : mark->symbol,
                          x->nothing_known ? "" : " ", CV_ARG(m->torch)));
    svg_text(b, 80, y, "pub", cv_matrix_pythons(b->arena, m->pythons));
    for (uint32_t k = 0; k < x->n_variants; k++) {
        const struct cv_cell *c = &m->cells[k];
        const struct cv_word_row *w = &cv_words[cv_matrix_word(x, c)];
        if (c->b)
            cv_buf_fmt(b, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" class=\"%s\"/>\n",
                       CV_X + k * CV_W, y - 15, CV_W - 2, CV_H - 2, w->kind);
        svg_text(b, CV_X + 6 + k * CV_W, y, w->kind,
                 cv_arena_fmt(b->arena, "%s " CV_FMT, w->symbol, CV_ARG(said(b->arena, x, c))));
    }
}

/* "y" of the legend's next line is counted by the lines that are written. */
static void svg_legend(struct cv_buf *b, const char *kind, const char *sign, const char *word,
                       const char *means)
{
    cv_buf_fmt(b, "<tspan x=\"10\" dy=\"%u\"><tspan class=\"%s\">%s%s%s</tspan> %s</tspan>\n", CV_H,
               kind, sign, *word ? " " : "", word, means);
}

void cv_svg_matrix(struct cv_buf *b, const struct cv_matrix *x)
{
    unsigned width = CV_X
    +x->n_variants *CV_W + 10, height = CV_Y + (x->n_rows + 1 + each_legend(b, x, NULL)) * CV_H;
    width = width < 640 ? 640 : width;
    cv_buf_fmt(b,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 "
               "%u %u\" role=\"img\">\n<title>PyTorch by CUDA variant</title>\n<style>\n",
               width, height, width, height);
    cv_buf_addz(b, svg_colours);
    cv_buf_addz(b, "</style>\n<rect class=\"back\" width=\"100%\" height=\"100%\"/>\n");
    svg_text(b, 10, 22, "head", CV_S("PyTorch by CUDA variant"));
    svg_text(b, 220, 22, "dim", cv_matrix_subject(b->arena, x));
    svg_text(b, 10, 44, "head", CV_S("torch"));
    svg_text(b, 80, 44, "head", CV_S("Python"));
    svg_text(b, 10, 62, "dim", x->windows ? CV_S("Windows driver") : CV_S("driver from"));
    for (uint32_t k = 0; k < x->n_variants; k++) {
        cv_str v = cv_matrix_driver(x, k);
        size_t dot = cv_str_findc(v, '.');
        svg_text(b, CV_X + 6 + k * CV_W, 44, "head", x->variants[k]);
        svg_text(b, CV_X + 6 + k * CV_W, 62, "dim",
                 cv_str_sub(v, 0, dot == SIZE_MAX ? v.len : dot));
    }
    for (uint32_t r = 0; r < x->n_rows; r++)
        svg_row(b, x, r);
    cv_buf_fmt(b, "<text y=\"%u\">\n", CV_Y + x->n_rows * CV_H);
    (void)each_legend(b, x, svg_legend);
    cv_buf_addz(b, "</text>\n</svg>\n");
}
