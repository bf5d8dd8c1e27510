/*
 * The body of a write: rows, as JSON (an object, or an array of objects), CSV, or a form. Pure.
 *
 * payload_open checks the whole of it, so that nothing is written of a body that is wrong further
 * down; payload_next then gives row after row. Neither builds a tree of it all: a body of 50 MB
 * needs little more memory than its bytes.
 */
#ifndef GANTRY_HANDLERS_TABLE_PAYLOAD_H
#define GANTRY_HANDLERS_TABLE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "handlers/table/fault.h"
#include "handlers/table/tree.h"
#include "server/request.h"

enum payload_kind { PAYLOAD_JSON, PAYLOAD_CSV, PAYLOAD_FORM };

struct payload_name;

enum payload_cell_kind {
    PAYLOAD_MISSING, /* the row has no such key */
    PAYLOAD_NULL,
    PAYLOAD_TRUE,
    PAYLOAD_FALSE,
    PAYLOAD_NUMBER,     /* of JSON: text is as it was written */
    PAYLOAD_TEXT,       /* of JSON a string, decoded; of CSV and forms, the field */
    PAYLOAD_JSON_VALUE, /* an object or an array: text is minified JSON, numbers as they were written */
};

struct payload_cell {
    enum payload_cell_kind kind;
    struct str text; /* valid UTF-8; lent by the body or the row's arena */
};

struct payload {
    enum payload_kind kind;
    bool is_array; /* was it one? (PUT wants one row; [] is no row.) CSV is one, a form is none */
    uint64_t rows;
    const struct str *names; /* the columns, each once: tree->columns if it has any, else the first
                              * row's keys in their order. In the arena */
    size_t names_count;

    /* Private */
    struct str body;
    size_t start; /* of the first row */
    size_t at;
    bool takes_uneven;                 /* ?columns=: rows need not have the same keys */
    const struct payload_name *sorted; /* names, to be searched */
    const size_t *places;              /* of CSV: which of the names each field of a line is */
    size_t fields_count;               /* of CSV: on each line */
};

/*
 * Read what the request holds, which is borrowed for as long as *ret is used. Of tree only columns
 * and has_columns count. Content-Type: none or application/json, text/csv,
 * application/x-www-form-urlencoded. A JSON scalar counts as an empty array, an empty form as a row
 * without names. Of keys that repeat in a row the last one counts. An empty body of DELETE is not
 * for here.
 * Return: true; or false with *fault: 400 PGRST102 ("Content-Type not acceptable: text/plain",
 * "Empty or invalid json", "All object keys must match", "Empty or invalid csv", "All lines must
 * have same number of fields", "The form cannot be decoded"), 400 22P05 (\u0000 in a string), 400
 * 54011 (tens of thousands of keys), no memory.
 */
bool payload_open(const struct request *request, const struct tree *tree, struct arena *arena,
                  struct payload *ret, struct fault *fault);

/*
 * The next row: one cell per name, in the order of payload->names. Cells are the caller's,
 * names_count of them. arena: for what has to be decoded: never more than the row's bytes, but for
 * rounding. It may be another one for each row.
 * Return: true; false with *fault: no memory. Not to be called more often than payload->rows times.
 */
bool payload_next(struct payload *payload, struct arena *arena, struct payload_cell *cells,
                  struct fault *fault);

/* Begin again with the first row: a change may have to be made twice. */
void payload_rewind(struct payload *payload);

#endif
