/*
 * order:
 *
 *     order = oterm { "," oterm }
 *     oterm = ( name {jsonstep} | embed "(" name {jsonstep} ")" )
 *             [".asc" | ".desc"] [".nullsfirst" | ".nullslast"]
 */
#include "handlers/table/parse_internal.h"

/* Return: was there one? Nothing is read if not: ".nullslast" may come. */
static bool take_direction(struct lexer *l, struct tree_order *order)
{
    order->is_descending = lexer_take(l, ".desc");
    return order->is_descending || lexer_take(l, ".asc");
}

/* After a direction or without one. */
static bool parse_nulls(struct lexer *l, bool has_direction, struct tree_order *order)
{
    if (!lexer_take(l, ".")) {
        return true;
    }
    if (lexer_take(l, "nullsfirst")) {
        order->nulls = TREE_NULLS_FIRST;
    } else if (lexer_take(l, "nullslast")) {
        order->nulls = TREE_NULLS_LAST;
    } else {
        return lexer_fail(l, has_direction ? "\"nullsfirst\" or \"nullslast\""
                                           : "\"asc\", \"desc\", \"nullsfirst\" or \"nullslast\"");
    }
    return true;
}

/* What is sorted by. */
static bool parse_key(struct lexer *l, struct tree_order *order)
{
    struct str name;

    lexer_skip_blanks(l);
    if (!lexer_name(l, &name, NULL)) {
        return false;
    }
    if (lexer_take(l, "(")) {
        order->embed = name;
        return parse_field(l, &order->field) && lexer_need(l, ")", "\"->\", \"->>\" or \")\"");
    }
    order->field.name = name;
    return parse_steps(l, &order->field);
}

static bool parse_term(struct lexer *l, struct tree_order *order)
{
    if (!parse_key(l, order)) {
        return false;
    }
    lexer_skip_blanks(l);
    return parse_nulls(l, take_direction(l, order), order);
}

bool parse_order(struct lexer *l, struct sequence *ret)
{
    struct sequence terms = {0};

    do {
        struct tree_order order = {0};

        if (!parse_term(l, &order) || !parse_add(l, &terms, &order, sizeof(order))) {
            return false;
        }
        lexer_skip_blanks(l);
    } while (lexer_take(l, ","));
    if (!lexer_need_end(l, "delimiter (.), \",\" or end of input")) {
        return false;
    }
    *ret = terms;
    return true;
}
