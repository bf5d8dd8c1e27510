/* A named query, and its check at the start. Private to handlers/table/rpc*.c. */
#ifndef GANTRY_HANDLERS_TABLE_RPC_INTERNAL_H
#define GANTRY_HANDLERS_TABLE_RPC_INTERNAL_H

#include "handlers/table/table_internal.h"

struct rpc {
    struct handler get;
    struct handler post;
    const struct table_api *api;
    struct rpc_conf conf;
    struct param *params;
    size_t *binding; /* parameter i of the statement is params[binding[i]] */
    size_t binding_count;
    bool has_volatile; /* the SQL may ask for the time or for random numbers: by the schema ... */
    uint32_t schema_version; /* ... of that version; another one may have changed a view */
};

/*
 * Look at conf.sql: what it is, whether it fits the rest of conf; and fill in what follows conf and
 * params. on_fault is called for each thing that is wrong.
 * Return: OK; INVALID (on_fault was called), NOMEM.
 */
NODISCARD enum status rpc_check(struct rpc *rpc, struct connection *inspector,
                                rpc_fault_fn on_fault, void *user) MAY_BLOCK;

#endif
