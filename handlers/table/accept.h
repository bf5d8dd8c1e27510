/*
 * Which representation a client wants: the Accept header of a table request, negotiated. Pure.
 *
 * Types are taken by their weight, equal ones in the order of their writing; several headers are one
 * list. No header, or an empty one, is "anything": JSON.
 */
#ifndef GANTRY_HANDLERS_TABLE_ACCEPT_H
#define GANTRY_HANDLERS_TABLE_ACCEPT_H

#include <stdbool.h>

#include "base/arena.h"
#include "handlers/table/fault.h"
#include "server/request.h"

enum accept_media { ACCEPT_JSON, ACCEPT_NDJSON, ACCEPT_CSV, ACCEPT_OPENAPI };

struct accept {
    enum accept_media media;
    bool is_singular;         /* JSON: one object; any other number of rows is 406 PGRST116 */
    bool strips_nulls;        /* JSON: members that are null are left out */
    const char *content_type; /* of the answer; static */
};

/*
 * ROWS: of a table, a view or a named query: JSON in its variants, NDJSON, CSV.
 * ROOT: of the API itself: the list of tables as JSON, or the OpenAPI document by its own type.
 */
enum accept_scope { ACCEPT_ROWS, ACCEPT_ROOT };

/*
 * Return: true; or false with *fault: 406 PGRST107 (nothing that is accepted is available; the message
 * lists it), or no memory.
 */
bool accept_read(const struct request *request, enum accept_scope scope, struct arena *arena,
                 struct accept *ret, struct fault *fault);

#endif
