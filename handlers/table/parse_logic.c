/*
 * Conditions joined with and, or:
 *
 *     logic = "(" node { "," node } ")"
 *     node  = name {jsonstep} "." opexpr  |  ["not."] ("and" | "or") logic
 *
 * A column may be called "and", "or" or "not": what follows the name tells. No node is read twice.
 */
#include "handlers/table/parse.h"
#include "handlers/table/parse_internal.h"

static bool parse_group(struct lexer *l, size_t depth, struct tree_condition *ret);

/* Is name "and" or "or"? */
static bool is_joint(struct str name, enum tree_condition_kind *ret)
{
    if (str_equal(name, STR("and"))) {
        *ret = TREE_AND;
        return true;
    }
    if (str_equal(name, STR("or"))) {
        *ret = TREE_OR;
        return true;
    }
    return false;
}

/* Over blanks, if a "(" follows: then what stood before them is a word. */
static bool is_before_group(struct lexer *l)
{
    struct lexer ahead = *l;

    lexer_skip_blanks(&ahead);
    if (!lexer_is_next(&ahead, "(")) {
        return false;
    }
    *l = ahead;
    return true;
}

/* Over "." ("and" | "or"), if that and a "(" follow. */
static bool take_negated_joint(struct lexer *l, enum tree_condition_kind *ret)
{
    struct lexer ahead = *l;

    if (!lexer_take(&ahead, ".") || !is_joint(lexer_word(&ahead), ret) ||
        !is_before_group(&ahead)) {
        return false;
    }
    *l = ahead;
    return true;
}

/* What follows the name of a field. */
static bool parse_comparison(struct lexer *l, struct tree_condition *ret)
{
    ret->kind = TREE_COMPARE;
    if (!parse_steps(l, &ret->field)) {
        return false;
    }
    lexer_skip_blanks(l);
    return lexer_need(l, ".", "delimiter (.)") && parse_operation(l, true, ret);
}

static bool parse_node(struct lexer *l, size_t depth, struct tree_condition *ret)
{
    struct str name;
    bool is_quoted;
    bool is_group;

    if (!lexer_name(l, &name, &is_quoted)) {
        if (l->parse->complaint.kind == COMPLAINT_SYNTAX && !is_quoted) {
            l->parse->complaint.expecting =
                LEXER_NAME ", negation operator (not) or logic operator (and, or)";
        }
        return false;
    }
    is_group = !is_quoted && is_joint(name, &ret->kind) && is_before_group(l);
    if (!is_group && !is_quoted && str_equal(name, STR("not"))) {
        ret->is_negated = is_group = take_negated_joint(l, &ret->kind);
    }
    if (is_group) {
        return parse_group(l, depth + 1, ret);
    }
    ret->field.name = name;
    return parse_comparison(l, ret);
}

/* "(" node { "," node } ")" */
static bool parse_group(struct lexer *l, size_t depth, struct tree_condition *ret)
{
    struct sequence children = {0};

    if (!lexer_is_next(l, "(")) {
        return lexer_fail(l, "\"(\"");
    }
    if (depth > PARSE_DEPTH_MAX) {
        return lexer_fail_as(l, COMPLAINT_TOO_DEEP);
    }
    l->at++;
    do {
        struct tree_condition child = {0};

        lexer_skip_blanks(l);
        if (!parse_node(l, depth, &child) || !parse_add(l, &children, &child, sizeof(child))) {
            return false;
        }
        lexer_skip_blanks(l);
    } while (lexer_take(l, ","));
    ret->children = children.items;
    ret->children_count = children.count;
    return lexer_need(l, ")", "\",\" or \")\"");
}

bool parse_logic(struct lexer *l, struct tree_condition *ret)
{
    lexer_skip_blanks(l);
    return parse_group(l, 1, ret) && lexer_need_end(l, "end of input");
}
