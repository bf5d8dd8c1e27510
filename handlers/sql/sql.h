/*
 * SQL from the configuration as a route: typed, validated parameters in, JSON rows out.
 *
 * A route is one statement or several. Several are one change, or read one snapshot: the first that
 * fails ends the request, and nothing has happened.
 *
 * A route is checked whole when it is made: the SQL prepares, its :names are exactly the declared
 * parameters and columns of earlier steps, a GET does not write. At run time every parameter problem
 * is reported together.
 */
#ifndef GANTRY_HANDLERS_SQL_SQL_H
#define GANTRY_HANDLERS_SQL_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/role.h"
#include "handlers/param.h"
#include "server/handler.h"
#include "server/method.h"
#include "storage/connection.h"

/* What becomes of a request when a step has found (or, where it returns none, changed) no row. */
enum sql_no_rows {
    SQL_NO_ROWS_BY_USE,    /* NOT_FOUND if a later step uses its row, else CONTINUE */
    SQL_NO_ROWS_CONTINUE,  /* goes on; its values are NULL to later steps */
    SQL_NO_ROWS_NOT_FOUND, /* ends, 404 */
    SQL_NO_ROWS_CONFLICT,  /* ends, 409 */
};

/* One statement of a route. :stepN.COLUMN in it is of the first row of the N-th, from 1. */
struct sql_step {
    const char *sql; /* NULL: it is known to be wrong; what depends on it is not checked */
    enum sql_no_rows no_rows;
};

#define SQL_STEPS_MAX 32

struct idempotency;

struct sql_conf {
    struct database *db; /* borrowed for the route's life */
    enum method method;
    const struct sql_step *steps; /* what it does, one after the other; at least one */
    size_t steps_count;
    enum query_shape shape; /* of the last one's result, which is the answer */
    const struct param *params;
    size_t params_count;
    bool stream;              /* rows leave as they are found: ROWS, and every step reads */
    uint64_t stream_size;     /* bytes of rows that leave together */
    struct idempotency *keys; /* borrowed until sql_route_destroy; may be NULL */
};

struct sql_route; /* opaque */

/* One thing that is wrong with a route: with a parameter, or (param is NULL) with the SQL of a step. */
typedef void (*sql_fault_fn)(void *user, size_t step, const char *param, const char *text);

/*
 * Copies everything in conf. inspector is a connection to the database, borrowed. on_fault is
 * called for each thing that is wrong.
 *
 * Gives: *ret. *ret_writes tells whether it must run on the writer's pool.
 * Return: OK; INVALID (on_fault was called, or conf knew it), NOMEM.
 */
NODISCARD enum status sql_route_create(const struct sql_conf *conf, struct connection *inspector,
                                       sql_fault_fn on_fault, void *user, struct sql_route **ret,
                                       bool *ret_writes) MAY_BLOCK;
void sql_route_destroy(struct sql_route *route); /* NULL is fine */

/* Lends: until sql_route_destroy. BLOCKING; its workers' local thing is a slot (storage/slot.h). */
const struct handler *sql_route_handler(const struct sql_route *route);

#endif
