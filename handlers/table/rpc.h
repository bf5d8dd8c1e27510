/*
 * A named query: one SQL statement of the configuration with parameters, called as PostgreSQL's
 * functions are by PostgREST's clients: GET PREFIX/rpc/NAME?a=1, or POST with a JSON object.
 *
 * What gives rows of a table is treated like that table: select, filters, order, embeds, counts. One
 * that writes runs on the database's writer, as one change with the reads that shape its answer; its
 * rows are those that it returns (RETURNING).
 */
#ifndef GANTRY_HANDLERS_TABLE_RPC_H
#define GANTRY_HANDLERS_TABLE_RPC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/role.h"
#include "handlers/param.h"
#include "server/handler.h"

struct connection;
struct rpc; /* opaque */
struct table_api;

enum rpc_returns {
    RPC_SCALAR, /* one value, bare */
    RPC_VALUES, /* an array of bare values */
    RPC_ROWS,   /* rows of a table */
    RPC_ROW,    /* one row of a table, or null */
    RPC_VOID,   /* nothing: 204 */
};

/* All borrowed until rpc_destroy, but for params, which are copied (their texts are borrowed). */
struct rpc_conf {
    const char *name;
    const char *sql;
    enum rpc_returns returns;
    enum param_type type; /* of SCALAR and VALUES */
    const char *table;    /* of ROWS and ROW */
    bool is_volatile;     /* POST only */
    const struct param *params;
    size_t params_count;
};

/* One thing that is wrong: with a parameter (param is its name), with "returns" or with the SQL. */
enum rpc_fault { RPC_FAULT_SQL, RPC_FAULT_RETURNS, RPC_FAULT_PARAM };
typedef void (*rpc_fault_fn)(void *user, enum rpc_fault what, const char *param, const char *text);

/*
 * Check it whole and make it. api and inspector, a connection to its database, are borrowed: api until
 * rpc_destroy. on_fault is called for each thing that is wrong.
 * Gives: *ret. Return: OK; INVALID (on_fault was called), NOMEM.
 */
NODISCARD enum status rpc_create(const struct rpc_conf *conf, const struct table_api *api,
                                 struct connection *inspector, rpc_fault_fn on_fault, void *user,
                                 struct rpc **ret) MAY_BLOCK;
void rpc_destroy(struct rpc *rpc); /* NULL is fine */

/* Lend, until rpc_destroy. BLOCKING; their workers' local thing is a slot; the writer's for the POST of a
 * query that writes. */
const struct handler *rpc_get_handler(const struct rpc *rpc);
const struct handler *rpc_post_handler(const struct rpc *rpc);

const char *rpc_name(const struct rpc *rpc);
bool rpc_is_volatile(const struct rpc *rpc);
bool rpc_writes(const struct rpc *rpc);

#endif
