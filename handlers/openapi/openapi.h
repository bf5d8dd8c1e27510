/*
 * GET /openapi.json: what can be asked of this service, as an OpenAPI 3.1 document.
 *
 * It is generated from the database's schema and from the configured routes and named queries, once
 * per schema: the text is immutable and counted, so that answering is copying it. No value of the
 * database is ever in it; its examples come from the columns' types.
 *
 * Failure modes: a schema so large that the document exceeds bytes_max is answered as any result
 * that is too large. Threads: workers generate (two may do so at once after a change of the schema;
 * the last one's stays) and answer.
 */
#ifndef GANTRY_HANDLERS_OPENAPI_OPENAPI_H
#define GANTRY_HANDLERS_OPENAPI_OPENAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/role.h"
#include "base/status.h"
#include "handlers/cors.h"
#include "handlers/param.h"
#include "server/handler.h"
#include "server/method.h"

struct call;
struct database;
struct openapi; /* opaque */
struct worker;

/* --- what is beside the tables ------------------------------------------------------------ */

enum openapi_result { OPENAPI_ROWS, OPENAPI_ROW, OPENAPI_NONE, OPENAPI_ANYTHING };

/* A configured route. */
struct openapi_route {
    enum method method;
    const char *path;        /* as configured: "/books/{id}" */
    const char *description; /* CommonMark; NULL: none */
    enum openapi_result result;
    bool is_created; /* is success 201, not 200? (of NONE it is 204) */
    bool is_write;   /* does it write? Only where conf.is_writable */
    const struct param *params;
    size_t params_count;
};

enum openapi_returns {
    OPENAPI_RETURNS_SCALAR,
    OPENAPI_RETURNS_SCALARS,
    OPENAPI_RETURNS_TABLE_ROW,
    OPENAPI_RETURNS_TABLE_ROWS,
    OPENAPI_RETURNS_NOTHING,
};

/* A named query: PREFIX/rpc/NAME. */
struct openapi_query {
    const char *name;
    const char *description; /* CommonMark; NULL: none */
    enum openapi_returns returns;
    const char *of;             /* the type, as a column's would be declared; or the table's name */
    bool is_volatile;           /* answers POST alone */
    bool is_write;              /* does its POST write? Only where conf.is_writable */
    const struct param *params; /* their `in` does not matter */
    size_t params_count;
};

struct openapi_conf {
    const char *title;          /* of the service */
    const char *version;        /* likewise */
    struct database *db;        /* NULL: none */
    bool has_tables;            /* are the tables served? */
    bool is_writable;           /* do they answer POST, PUT, PATCH and DELETE? */
    const char *prefix;         /* of the tables: "/api" */
    uint64_t rows_max;          /* of one answer about a table; 0: no bound */
    const char *const *include; /* tables: only these; NULL: all */
    size_t include_count;
    const char *const *exclude; /* tables: all but these */
    size_t exclude_count;
    const struct openapi_route *routes;
    size_t routes_count;
    const struct openapi_query *queries;
    size_t queries_count;
    bool has_metrics; /* does this listener answer /metrics, */
    bool has_admin;   /* /admin/queries, */
    bool has_docs;    /* /docs? */
    struct cors cors; /* which web pages may read the document */
    size_t bytes_max; /* of the document */
};

/* --- the handler -------------------------------------------------------------------------- */

/* Borrows all that conf points to, for its life. Gives: *ret. Return: OK, NOMEM. */
NODISCARD enum status openapi_create(const struct openapi_conf *conf, struct openapi **ret);
void openapi_destroy(struct openapi *openapi); /* NULL is fine */

/* Lends, until openapi_destroy. BLOCKING; its workers' local thing is a slot. */
const struct handler *openapi_handler(const struct openapi *openapi);

/*
 * Answer call with the document, as content_type (static), or with 304. For whoever serves it under
 * another path, too: the server that the document names is relative to the path that was asked for.
 */
void openapi_answer(const struct openapi *openapi, struct call *call, struct worker *worker,
                    const char *content_type) ON_WORKER MAY_BLOCK;

#endif
