/* A named query, and its check at the start. Private to handlers/table/rpc*.c. */
#ifndef GANTRY_HANDLERS_TABLE_RPC_INTERNAL_H
#define GANTRY_HANDLERS_TABLE_RPC_INTERNAL_H

#include "handlers/table/read.h"
#include "handlers/table/table_internal.h"

struct rpc {
    struct handler get;
    struct handler post;
    const struct table_api *api;
    struct rpc_conf conf;
    struct param *params;
    size_t *binding; /* parameter i of the statement is params[binding[i]] */
    size_t binding_count;
    bool writes;    /* the statement does, so it runs on the database's writer */
    char **columns; /* of its result, by name */
    size_t columns_count;
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

/* --- rpc.c ------------------------------------------------------------------------------------- */

/* The beginning of a read of what the query gives. */
struct read rpc_read_init(const struct rpc *rpc, struct call *call);

/* The arguments of a request as the values of a source. Return: false with the fault. */
bool rpc_read_values(const struct rpc *rpc, struct read *r, bool is_get,
                     struct plan_source *source);

/* Plan what the source gives, and answer. Return: false with the fault. */
bool rpc_answer(const struct rpc *rpc, struct read *r,
                struct plan_source *source) ON_WORKER MAY_BLOCK;

/* May that preference be used here? Return: false with the fault: 400 PGRST128. */
bool rpc_check_preferences(const struct rpc *rpc, struct read *r);

/* --- rpc_write.c --------------------------------------------------------------------------------- */

/* Answer a POST of a query that writes, on the database's writer. */
void rpc_write(const struct rpc *rpc, struct call *call, struct worker *worker) ON_WORKER MAY_BLOCK;

#endif
