/*
 * select: what of each row is wanted.
 *
 *     select = [ item { "," item } ]
 *     item   = "..." name params "(" select ")"
 *            | [alias ":"] name params "(" select ")"          (name "count" is never an embed)
 *            | "*"
 *            | [alias ":"] "count()" ["::" type]
 *            | [alias ":"] name {jsonstep} ["::" type] ["." aggregate "()" ["::" type]]
 *
 * No item is read twice: after a name the next mark tells which of them it is.
 */
#include "handlers/table/parse.h"
#include "handlers/table/parse_internal.h"

static bool parse_items(struct lexer *l, size_t depth, struct sequence *ret);

/* --- embeds ------------------------------------------------------------------------------------- */

/* up to two of "!inner", "!left", "!" hint; of the same kind the first counts */
static bool parse_params(struct lexer *l, struct tree_item *item)
{
    for (size_t i = 0; i < 2 && lexer_take(l, "!"); i++) {
        enum tree_join join = TREE_JOIN_DEFAULT;
        struct str name;
        bool is_quoted;

        if (!lexer_name(l, &name, &is_quoted)) {
            return false;
        }
        if (!is_quoted && str_equal(name, STR("inner"))) {
            join = TREE_JOIN_INNER;
        } else if (!is_quoted && str_equal(name, STR("left"))) {
            join = TREE_JOIN_LEFT;
        }
        if (join == TREE_JOIN_DEFAULT) {
            item->hint = item->hint.at == NULL ? name : item->hint;
        } else {
            item->join = item->join == TREE_JOIN_DEFAULT ? join : item->join;
        }
    }
    return true;
}

/* params "(" select ")" */
static bool parse_embed(struct lexer *l, size_t depth, struct tree_item *item)
{
    struct sequence items = {0};

    if (!parse_params(l, item)) {
        return false;
    }
    if (!lexer_is_next(l, "(")) {
        return lexer_fail(l, "\"(\"");
    }
    if (depth == PARSE_DEPTH_MAX) {
        return lexer_fail_as(l, COMPLAINT_TOO_DEEP);
    }
    l->at++;
    if (!parse_items(l, depth + 1, &items) || !lexer_need(l, ")", "\",\" or \")\"")) {
        return false;
    }
    item->items = items.items;
    item->items_count = items.count;
    return true;
}

static bool parse_spread(struct lexer *l, size_t depth, struct tree_item *item)
{
    item->kind = TREE_SPREAD;
    return lexer_name(l, &item->target, NULL) && parse_embed(l, depth, item);
}

/* --- fields ------------------------------------------------------------------------------------- */

/* ["::" type] */
static bool parse_cast(struct lexer *l, struct str *ret)
{
    return lexer_take(l, "::") ? lexer_identifier(l, ret) : true;
}

/* ["." aggregate "()" ["::" type]] */
static bool parse_aggregate(struct lexer *l, struct tree_item *item)
{
    static const struct {
        const char *text;
        enum tree_aggregate aggregate;
    } aggregates[] = {
        {"sum()", TREE_SUM}, {"avg()", TREE_AVG}, {"count()", TREE_COUNT},
        {"max()", TREE_MAX}, {"min()", TREE_MIN},
    };

    if (!lexer_take(l, ".")) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(aggregates); i++) {
        if (lexer_take(l, aggregates[i].text)) {
            item->aggregate = aggregates[i].aggregate;
            return parse_cast(l, &item->aggregate_cast);
        }
    }
    return lexer_fail(l, "\"sum()\", \"avg()\", \"count()\", \"max()\" or \"min()\"");
}

/* What follows the name of a field. */
static bool parse_column(struct lexer *l, struct tree_item *item)
{
    item->kind = TREE_FIELD;
    if (!parse_steps(l, &item->field)) {
        return false;
    }
    lexer_skip_blanks(l);
    return parse_cast(l, &item->cast) && parse_aggregate(l, item);
}

/* --- items -------------------------------------------------------------------------------------- */

/* [alias ":"] name: what it is the name of is not known yet. */
static bool parse_name(struct lexer *l, struct tree_item *item, bool *ret_is_quoted)
{
    struct str name;

    if (!lexer_name(l, &name, ret_is_quoted)) {
        return false;
    }
    if (lexer_peek(l, 0) == ':' && lexer_peek(l, 1) != ':') {
        l->at++;
        item->alias = name;
        lexer_skip_blanks(l);
        if (!lexer_name(l, &name, ret_is_quoted)) {
            return false;
        }
    }
    item->field.name = name;
    return true;
}

static bool parse_item(struct lexer *l, size_t depth, struct tree_item *item)
{
    bool is_quoted;
    bool is_count;

    if (lexer_take(l, "*")) {
        item->kind = TREE_STAR;
        return true;
    }
    if (lexer_take(l, "...")) {
        return parse_spread(l, depth, item);
    }
    if (!parse_name(l, item, &is_quoted)) {
        return false;
    }
    is_count = str_equal(item->field.name, STR("count"));
    if (is_count && !is_quoted && lexer_take(l, "()")) {
        item->kind = TREE_COUNT_ALL;
        item->field.name = (struct str){0};
        return parse_cast(l, &item->aggregate_cast);
    }
    if (!is_count && (lexer_peek(l, 0) == '(' || lexer_peek(l, 0) == '!')) {
        item->kind = TREE_EMBED;
        item->target = item->field.name;
        item->field.name = (struct str){0};
        return parse_embed(l, depth, item);
    }
    return parse_column(l, item);
}

static bool parse_items(struct lexer *l, size_t depth, struct sequence *ret)
{
    lexer_skip_blanks(l);
    if (lexer_is_at_end(l) || lexer_is_next(l, ")")) {
        return true;
    }
    for (;;) {
        struct tree_item item = {0};

        if (!parse_item(l, depth, &item) || !parse_add(l, ret, &item, sizeof(item))) {
            return false;
        }
        lexer_skip_blanks(l);
        if (!lexer_take(l, ",")) {
            return true;
        }
        lexer_skip_blanks(l);
    }
}

bool parse_select(struct lexer *l, struct sequence *ret)
{
    struct sequence items = {0};

    if (!parse_items(l, 0, &items) || !lexer_need_end(l, "\",\" or end of input")) {
        return false;
    }
    *ret = items;
    return true;
}
