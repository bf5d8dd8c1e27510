/*
 * What the text of CREATE VIEW says about the origins of its columns that SQLite does not: it names
 * an origin for a compound SELECT and for a subquery in the place of a column, too. Pure.
 */
#ifndef GANTRY_STORAGE_VIEW_TEXT_H
#define GANTRY_STORAGE_VIEW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Columns of the result, as written: `a, t.*, (SELECT ...)` are three items, of which one is a star. */
struct view_text {
    bool is_opaque; /* UNION, INTERSECT or EXCEPT somewhere, or more subqueries than can be told */
    size_t items;
    size_t stars;     /* of them */
    size_t star_item; /* the last star's place */
    size_t subqueries;
    size_t subquery_items[16]; /* their places */
};

/* sql is a CREATE VIEW that SQLite has accepted. */
void view_text_read(struct str sql, struct view_text *ret);

/* Is column i of a result with so many columns a subquery? Not known is yes. */
bool view_text_is_subquery(const struct view_text *text, size_t i, size_t columns_count);

#endif
