/*
 * The tree becomes a program for a machine that is in many places of it at once (Thompson's): each
 * character of the text moves all of them on. A place counts once, however it was reached, so there are
 * never more of them than instructions.
 */
#include "storage/regex.h"

#include "base/arena.h"
#include "base/invariant.h"
#include "base/mem.h"
#include "storage/regex_tree.h"

#define ARENA_MAX ((size_t)2 * 1024 * 1024)
#define END_OF_TEXT                                                                                \
    UINT32_MAX /* stands for the character there, and for the one before the first */

enum operation { OP_CHAR, OP_ANY, OP_SET, OP_PLACE, OP_SPLIT, OP_JUMP, OP_MATCH };

struct instruction {
    enum operation op;
    uint32_t c;
    const struct regex_set *set;
    enum regex_place place;
    uint32_t to, or_to; /* SPLIT goes to both, JUMP to the first */
};

/* A set of instructions that can be walked, filled and emptied quickly. */
struct places {
    uint32_t *list;
    uint32_t *at; /* where in list; valid if that says the same */
    uint32_t count;
};

struct regex {
    struct arena arena;
    bool ignores_case;
    struct instruction *program;
    uint32_t size;
    struct places now;  /* reached without a further character */
    struct places next; /* reached by the character just read, to be followed */
    uint32_t *stack;
    long steps;
};

/* --- from the tree to the program ---------------------------------------------------------- */

/* How many instructions; above REGEX_SIZE_MAX: any number that is. */
static long size_of(const struct regex_node *node)
{
    long size = 0;

    switch (node->kind) {
    case REGEX_SEQUENCE:
    case REGEX_ALTERNATIVE:
        for (const struct regex_node *child = node->child; child != NULL; child = child->next) {
            size += size_of(child) + (node->kind == REGEX_ALTERNATIVE ? 2 : 0);
            if (size > REGEX_SIZE_MAX) {
                return size;
            }
        }
        return size + 1; /* so that nothing is for free */
    case REGEX_REPEAT:
        size = size_of(node->child) + 1;
        if (size > REGEX_SIZE_MAX) {
            return size;
        }
        if (node->max == REGEX_UNBOUNDED) {
            return size * (node->min + 1) + 1;
        }
        return size * node->max + 1;
    default:
        return 1;
    }
}

static uint32_t put(struct regex *r, struct instruction instruction)
{
    r->program[r->size] = instruction;
    return r->size++;
}

static void emit(struct regex *r, const struct regex_node *node);

static void emit_repeat(struct regex *r, const struct regex_node *node)
{
    uint32_t first;
    uint32_t split;

    for (int i = 0; i < node->min; i++) {
        emit(r, node->child);
    }
    if (node->max == REGEX_UNBOUNDED) {
        split = put(r, (struct instruction){.op = OP_SPLIT, .to = r->size + 1});
        emit(r, node->child);
        (void)put(r, (struct instruction){.op = OP_JUMP, .to = split});
        r->program[split].or_to = r->size;
        return;
    }
    first = r->size;
    for (int i = node->min; i < node->max;
         i++) { /* the splits are chained until the end is known */
        split = put(r, (struct instruction){.op = OP_SPLIT, .to = r->size + 1, .or_to = first});
        first = split;
        emit(r, node->child);
    }
    for (int i = node->min; i < node->max; i++) {
        uint32_t earlier = r->program[first].or_to;

        r->program[first].or_to = r->size;
        first = earlier;
    }
}

static void emit_alternatives(struct regex *r, const struct regex_node *node)
{
    uint32_t jump = UINT32_MAX; /* the last of the chain of jumps to the end */

    for (const struct regex_node *child = node->child; child != NULL; child = child->next) {
        if (child->next == NULL) {
            emit(r, child);
        } else {
            uint32_t split = put(r, (struct instruction){.op = OP_SPLIT, .to = r->size + 1});

            emit(r, child);
            jump = put(r, (struct instruction){.op = OP_JUMP, .to = jump});
            r->program[split].or_to = r->size;
        }
    }
    while (jump != UINT32_MAX) {
        uint32_t earlier = r->program[jump].to;

        r->program[jump].to = r->size;
        jump = earlier;
    }
}

static void emit(struct regex *r, const struct regex_node *node)
{
    switch (node->kind) {
    case REGEX_CHAR:
        (void)put(r, (struct instruction){.op = OP_CHAR,
                                          .c = r->ignores_case ? letters_lower(node->c) : node->c});
        break;
    case REGEX_ANY:
        (void)put(r, (struct instruction){.op = OP_ANY});
        break;
    case REGEX_SET:
        (void)put(r, (struct instruction){.op = OP_SET, .set = node->set});
        break;
    case REGEX_PLACE:
        (void)put(r, (struct instruction){.op = OP_PLACE, .place = node->place});
        break;
    case REGEX_SEQUENCE:
        for (const struct regex_node *child = node->child; child != NULL; child = child->next) {
            emit(r, child);
        }
        break;
    case REGEX_ALTERNATIVE:
        emit_alternatives(r, node);
        break;
    case REGEX_REPEAT:
        emit_repeat(r, node);
        break;
    }
}

static bool take_memory(struct regex *r, size_t size)
{
    r->program = arena_alloc(&r->arena, size * sizeof(*r->program));
    r->now.list = arena_alloc(&r->arena, size * sizeof(uint32_t));
    r->now.at = arena_alloc(&r->arena, size * sizeof(uint32_t));
    r->next.list = arena_alloc(&r->arena, size * sizeof(uint32_t));
    r->next.at = arena_alloc(&r->arena, size * sizeof(uint32_t));
    r->stack = arena_alloc(&r->arena, 2 * size * sizeof(uint32_t));
    if (r->program == NULL || r->now.list == NULL || r->now.at == NULL || r->next.list == NULL ||
        r->next.at == NULL || r->stack == NULL) {
        return false;
    }
    memset(r->now.at, 0, size * sizeof(uint32_t));
    memset(r->next.at, 0, size * sizeof(uint32_t));
    return true;
}

static enum status compile(struct regex *r, struct str pattern, const char **ret_reason)
{
    struct regex_node *tree;
    enum status status = STATUS_INVALID;
    long size;

    *ret_reason = "regular expression is too complex";
    if (pattern.size <= REGEX_PATTERN_MAX) {
        status = regex_parse(&r->arena, pattern, &r->ignores_case, &tree, ret_reason);
    }
    if (status != STATUS_OK) {
        return status;
    }
    size = size_of(tree) + 1;
    if (size > REGEX_SIZE_MAX) {
        return STATUS_INVALID;
    }
    if (!take_memory(r, (size_t)size)) {
        return STATUS_NOMEM;
    }
    emit(r, tree);
    (void)put(r, (struct instruction){.op = OP_MATCH});
    invariant(r->size <= size);
    return STATUS_OK;
}

enum status regex_create(struct str pattern, bool ignores_case, struct regex **ret,
                         const char **ret_reason)
{
    struct regex *r = mem_zalloc(sizeof(*r));
    enum status status = STATUS_NOMEM;

    if (r != NULL) {
        arena_init(&r->arena, NULL, 0, ARENA_MAX);
        r->ignores_case = ignores_case;
        status = compile(r, pattern, ret_reason);
    }
    if (status != STATUS_OK) {
        regex_destroy(r);
        return status;
    }
    *ret = r;
    return STATUS_OK;
}

void regex_destroy(struct regex *r)
{
    if (r != NULL) {
        arena_fini(&r->arena);
        mem_free(r);
    }
}

/* --- the machine --------------------------------------------------------------------------- */

static bool places_add(struct places *p, uint32_t place)
{
    uint32_t at = p->at[place];

    if (at < p->count && p->list[at] == place) {
        return false;
    }
    p->at[place] = p->count;
    p->list[p->count++] = place;
    return true;
}

static bool item_has(const struct regex_item *item, uint32_t c)
{
    if (item->is_class) {
        return letters_is(c, item->class) != item->is_negated;
    }
    return c >= item->first && c <= item->last;
}

static bool items_have(const struct regex_set *set, uint32_t c)
{
    for (const struct regex_item *item = set->items; item != NULL; item = item->next) {
        if (item_has(item, c)) {
            return true;
        }
    }
    return false;
}

static bool set_has(const struct regex_set *set, uint32_t c, bool ignores_case)
{
    bool has = items_have(set, c);

    if (!has && ignores_case) {
        has = items_have(set, letters_lower(c)) || items_have(set, letters_upper(c));
    }
    return has != set->is_negated;
}

static bool is_word(uint32_t c)
{
    return c != END_OF_TEXT && letters_is(c, LETTERS_WORD);
}

static bool is_at(enum regex_place place, uint32_t before, uint32_t after)
{
    switch (place) {
    case REGEX_PLACE_START:
        return before == END_OF_TEXT;
    case REGEX_PLACE_END:
        return after == END_OF_TEXT;
    case REGEX_PLACE_WORD_START:
        return !is_word(before) && is_word(after);
    case REGEX_PLACE_WORD_END:
        return is_word(before) && !is_word(after);
    case REGEX_PLACE_WORD_EDGE:
        return is_word(before) != is_word(after);
    case REGEX_PLACE_NO_EDGE:
        break;
    }
    return is_word(before) == is_word(after);
}

/* Follow whatever needs no character, from start on. Return: is the end of the program reached? */
static bool follow(struct regex *r, uint32_t start, uint32_t before, uint32_t after)
{
    uint32_t depth = 0;

    r->stack[depth++] = start;
    while (depth > 0) {
        uint32_t at = r->stack[--depth];
        const struct instruction *i = &r->program[at];

        if (!places_add(&r->now, at)) {
            continue;
        }
        r->steps++;
        switch (i->op) {
        case OP_MATCH:
            return true;
        case OP_SPLIT:
            r->stack[depth++] = i->or_to;
            r->stack[depth++] = i->to;
            break;
        case OP_JUMP:
            r->stack[depth++] = i->to;
            break;
        case OP_PLACE:
            if (is_at(i->place, before, after)) {
                r->stack[depth++] = at + 1;
            }
            break;
        default:
            break;
        }
    }
    return false;
}

static bool takes(const struct regex *r, const struct instruction *i, uint32_t c, uint32_t lower)
{
    switch (i->op) {
    case OP_CHAR:
        return i->c == (r->ignores_case ? lower : c);
    case OP_ANY:
        return true;
    case OP_SET:
        return set_has(i->set, c, r->ignores_case);
    default:
        return false;
    }
}

/* All places that c leads to. */
static void advance(struct regex *r, uint32_t c)
{
    uint32_t lower = r->ignores_case ? letters_lower(c) : c;

    r->next.count = 0;
    for (uint32_t i = 0; i < r->now.count; i++) {
        const struct instruction *instruction = &r->program[r->now.list[i]];

        r->steps += instruction->op == OP_SET ? instruction->set->items_count : 1;
        if (takes(r, instruction, c, lower)) {
            (void)places_add(&r->next, r->now.list[i] + 1); /* nothing else leads there */
        }
    }
}

enum regex_result regex_search(struct regex *r, struct str text)
{
    uint32_t before = END_OF_TEXT;

    r->steps = 0;
    r->next.count = 0;
    for (;;) {
        struct str rest = text;
        uint32_t after = text.size == 0 ? END_OF_TEXT : letters_next(&rest);

        r->now.count = 0;
        for (uint32_t i = 0; i < r->next.count; i++) {
            if (follow(r, r->next.list[i], before, after)) {
                return REGEX_YES;
            }
        }
        if (follow(r, 0, before, after)) { /* it may begin here, too */
            return REGEX_YES;
        }
        if (text.size == 0) {
            return REGEX_NO;
        }
        if (r->steps > REGEX_STEPS_MAX) {
            return REGEX_TOO_MUCH;
        }
        advance(r, after);
        before = after;
        text = rest;
    }
}
