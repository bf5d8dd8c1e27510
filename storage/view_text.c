/*
 * A walk over the tokens that knows, for each level of parentheses, whether it is between SELECT and
 * what ends the result (FROM, or its end), and whether an item of it begins here. A subquery is in the
 * place of a column if it begins an item: `(SELECT a FROM t)`. Inside an expression it does no harm,
 * because SQLite names no origin for those. One that is not in the outermost SELECT cannot be
 * followed to its column: then the whole view is opaque.
 */
#include "storage/view_text.h"

#include "base/attributes.h"
#include "storage/sql_token.h"

#define LEVELS_MAX 128

struct level {
    bool is_result;   /* between SELECT and FROM */
    bool is_start;    /* of an item */
    bool is_of_items; /* parentheses around an item, or around such: ((SELECT ...)) */
};

struct walk {
    struct view_text *text;
    struct level levels[LEVELS_MAX];
    size_t depth;
    struct sql_token before; /* the token before */
};

static void add_subquery(struct walk *w, size_t depth)
{
    struct view_text *text = w->text;

    if (depth > 0 || text->subqueries == ARRAY_LENGTH(text->subquery_items)) {
        text->is_opaque = true;
        return;
    }
    text->subquery_items[text->subqueries++] = text->items - 1;
}

/* SELECT or WITH, the first word in parentheses that begin an item. */
static void look_for_subquery(struct walk *w)
{
    size_t depth = w->depth;

    if (!w->levels[depth].is_of_items || !w->levels[depth].is_start) {
        return;
    }
    while (w->levels[depth].is_of_items) {
        depth--;
    }
    add_subquery(w, depth);
}

static void open_group(struct walk *w)
{
    struct level *at = &w->levels[w->depth];
    bool is_of_items = at->is_start && (at->is_result || at->is_of_items);

    at->is_start = false;
    if (w->depth + 1 == LEVELS_MAX) {
        w->text->is_opaque = true; /* and no level is right from here on */
        return;
    }
    w->levels[++w->depth] = (struct level){.is_start = true, .is_of_items = is_of_items};
}

static void read_word(struct walk *w, struct sql_token token)
{
    struct level *at = &w->levels[w->depth];

    if (sql_token_is_word(token, "UNION") || sql_token_is_word(token, "INTERSECT") ||
        sql_token_is_word(token, "EXCEPT")) {
        w->text->is_opaque = true;
    } else if (sql_token_is_word(token, "WITH")) {
        look_for_subquery(w);
    } else if (sql_token_is_word(token, "SELECT")) {
        look_for_subquery(w);
        *at = (struct level){.is_result = true, .is_start = true};
        w->text->items += w->depth == 0;
        return;
    } else if (sql_token_is_word(token, "FROM")) {
        /* a IS DISTINCT FROM b */
        at->is_result = at->is_result && sql_token_is_word(w->before, "DISTINCT");
    } else if (sql_token_is_word(token, "DISTINCT") || sql_token_is_word(token, "ALL")) {
        return; /* the item begins behind it */
    }
    at->is_start = false;
}

static void read_sign(struct walk *w, struct sql_token token)
{
    struct level *at = &w->levels[w->depth];

    if (sql_token_is_sign(token, '(')) {
        open_group(w);
        return;
    }
    if (sql_token_is_sign(token, ')')) {
        w->depth -= w->depth > 0;
        return;
    }
    if (w->depth == 0 && at->is_result && sql_token_is_sign(token, '*') &&
        (at->is_start || sql_token_is_sign(w->before, '.'))) {
        w->text->stars++;
        w->text->star_item = w->text->items - 1;
    }
    at->is_start = sql_token_is_sign(token, ',') && at->is_result;
    w->text->items += at->is_start && w->depth == 0;
}

void view_text_read(struct str sql, struct view_text *ret)
{
    struct walk w = {.text = ret};
    struct sql_token token = sql_token_next(&sql);

    *ret = (struct view_text){.is_opaque = false};
    while (token.kind != SQL_END && !ret->is_opaque) {
        if (token.kind == SQL_WORD) {
            read_word(&w, token);
        } else if (token.kind == SQL_SIGN) {
            read_sign(&w, token);
        } else {
            w.levels[w.depth].is_start = false;
        }
        w.before = token;
        token = sql_token_next(&sql);
    }
    ret->is_opaque = ret->is_opaque || (ret->stars > 1 && ret->subqueries > 0);
}

bool view_text_is_subquery(const struct view_text *text, size_t i, size_t columns_count)
{
    for (size_t n = 0; n < text->subqueries; n++) {
        size_t item = text->subquery_items[n];
        bool is_behind_star = text->stars == 1 && item > text->star_item;

        if (i == (is_behind_star ? columns_count - (text->items - item) : item)) {
            return true;
        }
    }
    return text->is_opaque;
}
