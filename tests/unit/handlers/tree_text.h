/*
 * A syntax tree as lines of text, for comparing with what a golden case expects. Texts are quoted,
 * with \" and \\ in them; what is not given is not written. README.md of tests/golden has the form.
 */
#ifndef GANTRY_TESTS_UNIT_HANDLERS_TREE_TEXT_H
#define GANTRY_TESTS_UNIT_HANDLERS_TREE_TEXT_H

#include <inttypes.h>

#include "base/buf.h"
#include "handlers/table/tree.h"

static inline void text_indent(struct buf *b, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        buf_append_literal(b, "  ");
    }
}

static inline void text_quoted(struct buf *b, struct str s)
{
    buf_append_char(b, '"');
    for (size_t i = 0; i < s.size; i++) {
        if (s.at[i] == '"' || s.at[i] == '\\') {
            buf_append_char(b, '\\');
        }
        if (s.at[i] == '\n') {
            buf_append_literal(b, "\\n");
        } else {
            buf_append_char(b, s.at[i]);
        }
    }
    buf_append_char(b, '"');
}

/* " alias "x"", if there is one. */
static inline void text_given(struct buf *b, const char *what, struct str s)
{
    if (s.at != NULL) {
        buf_printf(b, " %s ", what);
        text_quoted(b, s);
    }
}

static inline void text_field(struct buf *b, const struct tree_field *field)
{
    text_quoted(b, field->name);
    for (size_t i = 0; i < field->steps_count; i++) {
        const struct tree_step *step = &field->steps[i];

        buf_printf(b, " %s ", step->is_text ? "->>" : "->");
        if (step->is_index) {
            buf_printf(b, "%" PRId64, step->index);
        } else {
            text_quoted(b, step->key);
        }
    }
}

static inline void text_items(struct buf *b, const struct tree_item *items, size_t count,
                              unsigned depth)
{
    static const char *const aggregates[] = {"", "sum", "avg", "count", "max", "min"};
    static const char *const joins[] = {"", " left", " inner"};

    for (size_t i = 0; i < count; i++) {
        const struct tree_item *item = &items[i];

        text_indent(b, depth);
        switch (item->kind) {
        case TREE_STAR:
            buf_append_literal(b, "*");
            break;
        case TREE_FIELD:
            buf_append_literal(b, "field ");
            text_field(b, &item->field);
            break;
        case TREE_COUNT_ALL:
            buf_append_literal(b, "count()");
            break;
        default:
            buf_append_str(b, item->kind == TREE_EMBED ? STR("embed ") : STR("spread "));
            text_quoted(b, item->target);
            break;
        }
        text_given(b, "alias", item->alias);
        text_given(b, "cast", item->cast);
        if (item->aggregate != TREE_NO_AGGREGATE) {
            buf_printf(b, " %s()", aggregates[item->aggregate]);
        }
        text_given(b, "then", item->aggregate_cast);
        text_given(b, "hint", item->hint);
        buf_printf(b, "%s\n", joins[item->join]);
        text_items(b, item->items, item->items_count, depth + 1);
    }
}

static inline void text_comparison(struct buf *b, const struct tree_condition *c)
{
    static const char *const operators[] = {
#define TEXT_OPERATOR(name, text) text,
        TREE_OPERATOR_LIST(TEXT_OPERATOR)
#undef TEXT_OPERATOR
    };
    static const char *const truths[] = {"null", "not_null", "true", "false", "unknown"};
    static const char *const quantifiers[] = {"", "(any)", "(all)"};

    text_field(b, &c->field);
    buf_printf(b, "%s %s%s", c->is_negated ? " not" : "", operators[c->op],
               quantifiers[c->quantifier]);
    text_given(b, "in", c->language);
    if (c->op == TREE_IS) {
        buf_printf(b, " %s", truths[c->is]);
    } else if (c->op == TREE_IN) {
        buf_append_literal(b, " (");
        for (size_t i = 0; i < c->list_count; i++) {
            buf_append_str(b, i == 0 ? STR("") : STR(" "));
            text_quoted(b, c->list[i]);
        }
        buf_append_literal(b, ")");
    } else {
        buf_append_char(b, ' ');
        text_quoted(b, c->value);
    }
    buf_append_char(b, '\n');
}

static inline void text_conditions(struct buf *b, const struct tree_condition *conditions,
                                   size_t count, unsigned depth)
{
    for (size_t i = 0; i < count; i++) {
        const struct tree_condition *c = &conditions[i];

        text_indent(b, depth);
        if (c->kind == TREE_COMPARE) {
            text_comparison(b, c);
        } else {
            buf_printf(b, "%s%s\n", c->is_negated ? "not " : "",
                       c->kind == TREE_AND ? "and" : "or");
            text_conditions(b, c->children, c->children_count, depth + 1);
        }
    }
}

static inline void text_order(struct buf *b, const struct tree_order *order, size_t count)
{
    static const char *const nulls[] = {"", " nullsfirst", " nullslast"};

    for (size_t i = 0; i < count; i++) {
        buf_append_literal(b, "  order ");
        text_field(b, &order[i].field);
        text_given(b, "of", order[i].embed);
        buf_printf(b, "%s%s\n", order[i].is_descending ? " desc" : "", nulls[order[i].nulls]);
    }
}

static inline void text_level(struct buf *b, const struct tree_level *level)
{
    buf_append_literal(b, "level");
    for (size_t i = 0; i < level->path_count; i++) {
        buf_append_char(b, ' ');
        text_quoted(b, level->path[i]);
    }
    buf_append_char(b, '\n');
    text_conditions(b, level->conditions, level->conditions_count, 1);
    text_order(b, level->order, level->order_count);
    if (level->has_limit) {
        buf_printf(b, "  limit %" PRId64 "\n", level->limit);
    }
    if (level->offset != 0) {
        buf_printf(b, "  offset %" PRId64 "\n", level->offset);
    }
}

static inline void text_names(struct buf *b, const char *what, const struct str *names,
                              size_t count)
{
    buf_printf(b, "%s", what);
    for (size_t i = 0; i < count; i++) {
        buf_append_char(b, ' ');
        text_quoted(b, names[i]);
    }
    buf_append_char(b, '\n');
}

/* A level of which nothing is asked is not written. */
static inline void text_tree(struct buf *b, const struct tree *tree)
{
    buf_append_literal(b, "select\n");
    text_items(b, tree->items, tree->items_count, 1);
    for (size_t i = 0; i < tree->levels_count; i++) {
        const struct tree_level *level = &tree->levels[i];

        if (i > 0 || level->conditions_count > 0 || level->order_count > 0 || level->has_limit ||
            level->offset != 0) {
            text_level(b, level);
        }
    }
    if (tree->has_columns) {
        text_names(b, "columns", tree->columns, tree->columns_count);
    }
    if (tree->on_conflict_count > 0) {
        text_names(b, "on_conflict", tree->on_conflict, tree->on_conflict_count);
    }
    for (size_t i = 0; i < tree->arguments_count; i++) {
        buf_append_literal(b, "argument ");
        text_quoted(b, tree->arguments[i].name);
        buf_append_char(b, ' ');
        text_quoted(b, tree->arguments[i].value);
        buf_append_char(b, '\n');
    }
}

#endif
