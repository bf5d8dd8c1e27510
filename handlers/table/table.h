/*
 * Tables and views as REST, in PostgREST's grammar: GET PREFIX/ lists them with their columns, GET
 * PREFIX/TABLE gives rows; POST, PATCH, PUT and DELETE of PREFIX/TABLE change them. What clients may
 * write is in docs/tables.md.
 */
#ifndef GANTRY_HANDLERS_TABLE_TABLE_H
#define GANTRY_HANDLERS_TABLE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "handlers/cors.h"
#include "server/handler.h"

struct database;
struct idempotency;
struct rpc;
struct table_api; /* opaque */
struct call;
struct worker;

/* Answers call with what describes the whole service, as content_type. On a worker; may block. */
typedef void (*table_describe_fn)(const void *user, struct call *call, struct worker *worker,
                                  const char *content_type);

struct table_conf {
    struct database *db;        /* borrowed for the API's life */
    uint64_t rows_max;          /* of one answer; a larger ?limit= is lowered to it; 0: no bound */
    bool has_aggregates;        /* may clients use aggregate functions? */
    bool is_writable;           /* may clients change rows? */
    bool has_tx_override;       /* may they ask that a write be undone? */
    bool has_unfiltered_writes; /* may one change or delete all rows of a table? */
    struct idempotency *keys;   /* of requests that write; borrowed for its life; NULL: none */
    size_t stream_bytes;        /* a larger answer leaves in pieces of about this size */
    const char *const *include; /* only these; NULL: all. Borrowed likewise */
    size_t include_count;
    const char *const *exclude; /* all but these; borrowed likewise */
    size_t exclude_count;
    struct cors cors; /* which web pages may use it; its origins are borrowed likewise */
};

/* Gives: *ret. Return: OK, NOMEM, OS (no random numbers). */
NODISCARD enum status table_api_create(const struct table_conf *conf, struct table_api **ret,
                                       struct error *err);
void table_api_destroy(struct table_api *api); /* NULL is fine */

/*
 * Who answers GET PREFIX/ for `Accept: application/openapi+json`; without one the list is the
 * answer. Borrows user for the API's life. Context: MAIN, before serving.
 */
void table_api_describe(struct table_api *api, table_describe_fn describe, const void *user);

/* Lend, until table_api_destroy. BLOCKING; their workers' local thing is a slot. */
const struct handler *table_list_handler(const struct table_api *api);
const struct handler *table_rows_handler(const struct table_api *api); /* of a path with {table} */

/*
 * Likewise, for POST, PATCH, PUT and DELETE of a path with {table}: BLOCKING, for the pool whose one
 * worker's slot is the database's writer; INLINE if the API is not writable: then it says so.
 */
const struct handler *table_write_handler(const struct table_api *api);

/*
 * Tell it which named queries there are: for OPTIONS, and for the 404 of others. Before serving; borrows
 * queries until table_api_destroy.
 */
void table_set_queries(struct table_api *api, struct rpc *const *queries, size_t count);

/* Likewise lent, INLINE: 404 for a query, {name} in the path, that there is none of. */
const struct handler *table_no_query_handler(const struct table_api *api);

/* Likewise, INLINE: 405 for a method that no query has; 404 for a path that nothing is at. */
const struct handler *table_no_method_handler(const struct table_api *api);
const struct handler *table_no_path_handler(const struct table_api *api);

/* Likewise, INLINE: OPTIONS of a path that ends in a query's name. */
const struct handler *table_query_options_handler(const struct table_api *api);

/* Likewise, INLINE: OPTIONS of the same two paths. */
const struct handler *table_list_options_handler(const struct table_api *api);
const struct handler *table_rows_options_handler(const struct table_api *api);

#endif
