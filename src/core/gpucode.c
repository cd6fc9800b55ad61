/* gpucode.c: see gpucode.h. */
#include "core/gpucode.h"

#include "base/buf.h"
#include "core/machine.h"

#define CV_SET_SLOTS   ((size_t)CV_CODE_MAX_SETS * 2)
#define CV_SETS_LINEAR 32u

void cv_gpucode_init(struct cv_gpucode *c)
{
    c->form = CV_FORM_NONE;
    c->n_targets = 0;
    c->sets = NULL;
    c->n_sets = c->cap_sets = 0;
    c->set_index = NULL;
    c->images = c->containers = c->lto_images = c->other_images = 0;
    c->lto.n = 0;
    c->elsewhere = NULL;
    c->searched_all = false;
    c->partial = false;
    c->error = CV_S("");
}

unsigned cv_gpucode_bit(struct cv_gpucode *c, struct cv_target t)
{
    for (unsigned i = 0; i < c->n_targets; i++)
        if (cv_target_cmp(c->targets[i].t, t) == 0)
            return i;
    if (c->n_targets == CV_CODE_MAX_TARGETS) {
        cv_gpucode_cut(c, CV_S("more different GPU targets than any toolkit has"));
        return CV_CODE_MAX_TARGETS;
    }
    c->targets[c->n_targets] = (struct cv_code_target){.t = t};
    return c->n_targets++;
}

void cv_gpucode_image(struct cv_gpucode *c, struct cv_target t, struct cv_code_mask *mask)
{
    unsigned bit = cv_gpucode_bit(c, t);
    c->images++;
    if (bit == CV_CODE_MAX_TARGETS)
        return;
    c->targets[bit].images++;
    mask->w[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static unsigned slot_of(struct cv_code_mask m)
{
    uint64_t h = (m.w[0] ^ (m.w[1] * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu;
    return (unsigned)((h >> 40) % CV_SET_SLOTS);
}

static void index_set(struct cv_gpucode *c, uint32_t place)
{
    unsigned slot = slot_of(c->sets[place].mask);
    while (c->set_index[slot])
        slot = (unsigned)((slot + 1) % CV_SET_SLOTS);
    c->set_index[slot] = (uint16_t)(place + 1);
}

static struct cv_code_set *known_set(struct cv_gpucode *c, const struct cv_code_mask *mask)
{
    if (!c->set_index) {
        for (uint32_t i = 0; i < c->n_sets; i++)
            if (memcmp(&c->sets[i].mask, mask, sizeof *mask) == 0)
                return &c->sets[i];
        return NULL;
    }
    for (unsigned slot = slot_of(*mask); c->set_index[slot];
         slot = (unsigned)((slot + 1) % CV_SET_SLOTS)) {
        struct cv_code_set *s = &c->sets[c->set_index[slot] - 1];
        if (memcmp(&s->mask, mask, sizeof *mask) == 0)
            return s;
    }
    return NULL;
}

/* The place of a combination, made if need be; NULL when there is no room. Few are searched one by one, many by a hash: an archive of small objects
 * needs no table each, and a hostile file with thousands costs no square of them. */
static struct cv_code_set *find_set(struct cv_gpucode *c, struct cv_arena *a,
                                    struct cv_code_mask mask)
{
    struct cv_code_set *s = known_set(c, &mask);
    if (s)
        return s;
    if (c->n_sets == CV_CODE_MAX_SETS) {
        cv_gpucode_cut(c, CV_S("more different combinations of GPU targets than fit"));
        return NULL;
    }
    s = CV_PUSH(a, c, sets);
    if (!s)
        return NULL;
    s->mask = mask;
    if (c->set_index) {
        index_set(c, c->n_sets - 1);
    } else if (c->n_sets == CV_SETS_LINEAR) {
        c->set_index = cv_arena_alloc(a, CV_SET_SLOTS * sizeof *c->set_index);
        for (uint32_t i = 0; c->set_index && i < c->n_sets; i++)
            index_set(c, i);
    }
    return s;
}

void cv_gpucode_containers(struct cv_gpucode *c, struct cv_arena *a, struct cv_code_mask mask,
                           uint32_t n)
{
    struct cv_code_set *s = find_set(c, a, mask);
    c->containers += n;
    for (unsigned i = 0; i < c->n_targets; i++)
        if (cv_code_mask_has(&mask, i))
            c->targets[i].containers += n;
    if (s)
        s->containers += n;
}

void cv_gpucode_cut(struct cv_gpucode *c, cv_str why)
{
    c->partial = true;
    if (!c->error.len)
        c->error = why;
}

void cv_gpucode_merge(struct cv_gpucode *to, struct cv_arena *a, const struct cv_gpucode *from)
{
    unsigned bit[CV_CODE_MAX_TARGETS];
    for (unsigned i = 0; i < from->n_targets; i++) {
        bit[i] = cv_gpucode_bit(to, from->targets[i].t);
        if (bit[i] < CV_CODE_MAX_TARGETS)
            to->targets[bit[i]].images += from->targets[i].images;
    }
    for (uint32_t s = 0; s < from->n_sets; s++) {
        struct cv_code_mask m = {{0}};
        for (unsigned i = 0; i < from->n_targets; i++)
            if (cv_code_mask_has(&from->sets[s].mask, i) && bit[i] < CV_CODE_MAX_TARGETS)
                m.w[bit[i] / 64] |= (uint64_t)1 << (bit[i] % 64);
        cv_gpucode_containers(to, a, m, from->sets[s].containers);
    }
    for (unsigned i = 0; i < from->lto.n; i++)
        cv_targets_add(&to->lto, from->lto.t[i]);
    to->images += from->images;
    to->lto_images += from->lto_images;
    to->other_images += from->other_images;
    if (from->partial)
        cv_gpucode_cut(to, from->error);
}

struct cv_elsewhere *cv_elsewhere_copy(struct cv_arena *a, const struct cv_elsewhere *from)
{
    struct cv_elsewhere *to = from ? cv_arena_alloc(a, sizeof *to) : NULL;
    if (!to)
        return NULL;
    cv_gpucode_init(&to->code);
    cv_gpucode_merge(&to->code, a, &from->code);
    to->code.error = cv_arena_str(a, to->code.error);
    for (uint32_t i = 0; i < from->n_sections; i++) {
        struct cv_code_section *p = CV_PUSH(a, to, sections);
        if (p)
            *p = from->sections[i];
    }
    return to;
}

void cv_gpucode_move(struct cv_gpucode *to, struct cv_arena *a, const struct cv_gpucode *from)
{
    cv_gpucode_init(to);
    to->form = from->form;
    cv_gpucode_merge(to, a, from);
    to->searched_all = from->searched_all;
    to->elsewhere = cv_elsewhere_copy(a, from->elsewhere);
    to->error = from->error.len ? cv_arena_str(a, from->error) : CV_S("");
}

void cv_gpucode_order(const struct cv_gpucode *c, uint8_t *order)
{
    for (unsigned i = 0; i < c->n_targets; i++) {
        unsigned k = i;
        for (; k > 0 && cv_target_cmp(c->targets[order[k - 1]].t, c->targets[i].t) > 0; k--)
            order[k] = order[k - 1];
        order[k] = (uint8_t)i;
    }
}

void cv_gpucode_common(const struct cv_gpucode *c, struct cv_targets *ret)
{
    ret->n = 0;
    for (unsigned i = 0; i < c->n_targets; i++)
        if ((uint64_t)c->targets[i].containers * 2 >= c->containers && c->targets[i].containers)
            cv_targets_add(ret, c->targets[i].t);
}

void cv_torch_merge_code(struct cv_arena *a, struct cv_torch *t)
{
    t->main_code = NULL;
    struct cv_gpucode *sum = NULL;
    for (uint32_t i = 0; i < t->n_code; i++) {
        if (cv_str_has(cv_str_base(t->code[i].name), "linalg"))
            continue;
        if (!sum) {
            sum = cv_arena_raw(a, sizeof *sum);
            if (!sum)
                return;
            cv_gpucode_init(sum);
        }
        cv_gpucode_merge(sum, a, &t->code[i].code);
    }
    if (sum && sum->images)
        t->main_code = sum;
}

/* ---- as one line ---- */

cv_str cv_gpucode_text(struct cv_arena *a, const struct cv_gpucode *c)
{
    struct cv_buf b;
    cv_buf_init(&b, a);
    cv_buf_fmt(&b, "%u %u %u %u", c->images, c->containers, c->lto_images, c->other_images);
    for (unsigned i = 0; i < c->n_targets; i++) {
        cv_str t = cv_target_str(a, c->targets[i].t);
        cv_buf_fmt(&b, " " CV_FMT ":%u", CV_ARG(t), c->targets[i].images);
    }
    for (unsigned i = 0; i < c->lto.n; i++) {
        cv_str t = cv_target_str(a, c->lto.t[i]);
        cv_buf_fmt(&b, " lto:" CV_FMT, CV_ARG(t));
    }
    cv_buf_addz(&b, " =");
    for (uint32_t s = 0; s < c->n_sets; s++) {
        cv_buf_fmt(&b, " %u*", c->sets[s].containers);
        const char *comma = "";
        for (unsigned i = 0; i < c->n_targets; i++) {
            if (!cv_code_mask_has(&c->sets[s].mask, i))
                continue;
            cv_buf_fmt(&b, "%s%u", comma, i);
            comma = ",";
        }
    }
    return cv_buf_str(&b);
}

static bool take_number(cv_str *rest, uint32_t *ret)
{
    cv_str word;
    return cv_str_word(rest, &word) && cv_str_u32(word, ret);
}

/* "sm_75:449" or "lto:sm_80" */
static bool take_target(struct cv_gpucode *c, cv_str word)
{
    struct cv_target t;
    uint32_t images;
    if (cv_str_starts(word, "lto:")) {
        if (!cv_target_parse(cv_str_from(word, 4), &t))
            return false;
        cv_targets_add(&c->lto, t);
        return true;
    }
    size_t colon = cv_str_findc(word, ':');
    if (colon == SIZE_MAX || !cv_target_parse(cv_str_sub(word, 0, colon), &t) ||
        !cv_str_u32(cv_str_from(word, colon + 1), &images))
        return false;
    unsigned before = c->n_targets, bit = cv_gpucode_bit(c, t);
    if (bit != before || bit == CV_CODE_MAX_TARGETS) /* twice, or too many */
        return false;
    c->targets[bit].images = images;
    return true;
}

/* "400*0,1,5" */
static bool take_set(struct cv_gpucode *c, struct cv_arena *a, cv_str word)
{
    struct cv_code_mask m = {{0}};
    uint32_t n, bit;
    cv_str part;
    size_t star = cv_str_findc(word, '*');
    if (star == SIZE_MAX || !cv_str_u32(cv_str_sub(word, 0, star), &n) || n == 0 ||
        n > UINT32_MAX - c->containers)
        return false;
    cv_str rest = cv_str_from(word, star + 1); /* empty: containers without any image */
    if (rest.len == 0)
        rest.ptr = NULL;
    while (cv_str_next(&rest, ',', &part)) {
        if (!cv_str_u32(part, &bit) || bit >= c->n_targets)
            return false;
        m.w[bit / 64] |= (uint64_t)1 << (bit % 64);
    }
    cv_gpucode_containers(c, a, m, n);
    return true;
}

bool cv_gpucode_parse(struct cv_arena *a, cv_str text, struct cv_gpucode *ret)
{
    uint32_t containers;
    cv_str word;
    bool sets = false;
    cv_gpucode_init(ret);
    if (!take_number(&text, &ret->images) || !take_number(&text, &containers) ||
        !take_number(&text, &ret->lto_images) || !take_number(&text, &ret->other_images))
        return false;
    while (cv_str_word(&text, &word)) {
        if (cv_str_eqz(word, "=") && !sets)
            sets = true;
        else if (!(sets ? take_set(ret, a, word) : take_target(ret, word)))
            return false;
    }
    return sets && ret->containers == containers && !ret->partial;
}
