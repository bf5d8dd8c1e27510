/*
 * SQL while it is written: text, and the values bound to its parameters. The one place where names
 * are quoted; a value can only become a parameter (?1, ?2, ... in the order of their binding).
 *
 * Nothing fails loudly in the middle: what did not fit or found no memory is remembered, later
 * calls are ignored, and sql_text_take() says so.
 */
#ifndef GANTRY_HANDLERS_TABLE_SQL_TEXT_H
#define GANTRY_HANDLERS_TABLE_SQL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "handlers/table/fault.h"
#include "handlers/table/plan.h"
#include "storage/value.h"

#define SQL_TEXT_BYTES_MAX  900000 /* SQLite is told a million */
#define SQL_TEXT_VALUES_MAX 32000  /* and 32766 of these */

/*
 * SQLite's parser has a stack of 100 symbols and refuses what is nested deeper. So that a client
 * is told in time, what nests says how many symbols wait on the stack meanwhile (sql_text_nest).
 */
#define SQL_TEXT_NESTING_MAX 94

struct sql_text {
    struct buf text;        /* Private */
    struct arena *arena;    /* Private */
    struct value *values;   /* Private: in arena */
    size_t values_count;    /* Private */
    size_t values_capacity; /* Private */
    const char *first_name; /* Private: of alias 0; NULL: t0 */
    unsigned nesting;       /* Private */
    bool is_too_much;       /* Private: too long, too deep or too many values */
    bool has_no_memory;     /* Private */
};

void sql_text_init(struct sql_text *t, struct arena *arena);
void sql_text_fini(struct sql_text *t);

/* Has it failed? Then more work on it is for nothing. */
bool sql_text_has_failed(const struct sql_text *t);

/* Text of ours as it is. Never what a client sent. */
void sql_text_put(struct sql_text *t, const char *sql);
void sql_text_put_number(struct sql_text *t, uint64_t number);

/* A name of the schema, quoted; the alias of a table: t0; a column of one: t0."name". */
void sql_text_name(struct sql_text *t, const char *name);
void sql_text_alias(struct sql_text *t, unsigned alias);
void sql_text_column(struct sql_text *t, unsigned alias, const char *name);

/* From here on alias 0 is the table of that name itself, where SQLite takes no alias. Borrowed. */
void sql_text_name_first(struct sql_text *t, const char *name);

/* A new parameter with that value. Borrows its bytes. Return: its number, for sql_text_again(). */
size_t sql_text_bind(struct sql_text *t, struct value value);
size_t sql_text_bind_text(struct sql_text *t, struct str text);
size_t sql_text_bind_integer(struct sql_text *t, int64_t integer);
size_t sql_text_bind_shape(struct sql_text *t, const struct row_shape *shape);

/* A value for a parameter that the text names itself. */
void sql_text_bind_named(struct sql_text *t, struct value value);

/* The same parameter once more. */
void sql_text_again(struct sql_text *t, size_t number);

/* What follows is nested so much deeper, until the second takes it back. */
void sql_text_nest(struct sql_text *t, unsigned symbols);
void sql_text_unnest(struct sql_text *t, unsigned symbols);

/* The piece of text that follows needs so much by itself. */
static inline void sql_text_peak(struct sql_text *t, unsigned symbols)
{
    sql_text_nest(t, symbols);
    sql_text_unnest(t, symbols);
}

#define SQL_TEXT_NEST_FUNCTION 4 /* name "(" distinct arguments "," */

/*
 * The finished statement, in the arena.
 * Return: true; or false with *fault: 54001 (too much for one statement), or no memory.
 */
bool sql_text_take(struct sql_text *t, struct plan_sql *ret, struct fault *fault);

#endif
