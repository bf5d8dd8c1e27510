/* Names, paths of embeds, and paths into JSON: what all other productions are made of. */
#include "handlers/table/parse.h"
#include "handlers/table/parse_internal.h"

bool parse_add(struct lexer *l, struct sequence *s, const void *item, size_t size)
{
    if (!lexer_count_node(l)) {
        return false;
    }
    return sequence_add(s, l->parse->arena, item, size) ? true : parse_no_memory(l->parse);
}

/* --- steps -------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits are an index only if the step ends after them: "->0abc" is a key. */
static bool is_index(const struct lexer *l, size_t size)
{
    struct lexer after = *l;

    after.at += size;
    return lexer_is_at_end(&after) || lexer_is_next(&after, "->") || lexer_is_next(&after, "::") ||
           lexer_is_next(&after, ".") || lexer_is_next(&after, ",") || lexer_is_next(&after, ")");
}

static int64_t index_of(struct str digits, bool is_negative)
{
    int64_t n = 0;

    for (size_t i = 0; i < digits.size; i++) {
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, digits.at[i] - '0', &n)) {
            n = INT64_MAX;
            break;
        }
    }
    return is_negative ? -n : n;
}

static bool parse_operand(struct lexer *l, struct tree_step *step)
{
    size_t sign = lexer_peek(l, 0) == '-' ? 1 : 0;
    size_t size = sign;

    while (is_digit(lexer_peek(l, size))) {
        size++;
    }
    if (size > sign && is_index(l, size)) {
        struct str digits = lexer_slice(l, size);

        step->is_index = true;
        step->index = index_of((struct str){digits.at + sign, size - sign}, sign == 1);
        return true;
    }
    if (sign == 1) { /* a key does not begin with a dash */
        l->at += size;
        return lexer_fail(
            l, size == 1 ? "digit" : "digit, \"->\", \"::\", \".\", \",\", \")\" or end of input");
    }
    return lexer_key(l, &step->key);
}

bool parse_steps(struct lexer *l, struct tree_field *field)
{
    struct sequence steps = {0};

    while (lexer_is_next(l, "->")) {
        struct tree_step step = {0};

        l->at += 2;
        step.is_text = lexer_take(l, ">");
        if (!parse_operand(l, &step) || !parse_add(l, &steps, &step, sizeof(step))) {
            return false;
        }
    }
    field->steps = steps.items;
    field->steps_count = steps.count;
    return true;
}

/* --- names -------------------------------------------------------------------------------------- */

bool parse_field(struct lexer *l, struct tree_field *ret)
{
    struct tree_field field = {0};

    lexer_skip_blanks(l);
    if (!lexer_name(l, &field.name, NULL) || !parse_steps(l, &field)) {
        return false;
    }
    lexer_skip_blanks(l);
    *ret = field;
    return true;
}

bool parse_names(struct lexer *l, struct sequence *ret)
{
    struct sequence names = {0};
    struct str name;

    do {
        lexer_skip_blanks(l);
        if (!lexer_name(l, &name, NULL) || !parse_add(l, &names, &name, sizeof(name))) {
            return false;
        }
        lexer_skip_blanks(l);
    } while (lexer_take(l, ","));
    if (!lexer_need_end(l, "\",\" or end of input")) {
        return false;
    }
    *ret = names;
    return true;
}

bool parse_path(struct lexer *l, struct sequence *ret, bool *ret_is_quoted)
{
    struct sequence names = {0};
    struct str name;

    do {
        if (names.count > PARSE_DEPTH_MAX) {
            return lexer_fail_as(l, COMPLAINT_TOO_DEEP);
        }
        if (!lexer_name(l, &name, ret_is_quoted) || !parse_add(l, &names, &name, sizeof(name))) {
            return false;
        }
    } while (lexer_take(l, "."));
    *ret = names;
    return true;
}
