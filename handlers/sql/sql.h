/*
 * SQL from the configuration as a route: typed, validated parameters in, JSON rows out.
 *
 * A route is checked whole when it is made: the SQL prepares, its :names are exactly the declared
 * parameters, a GET does not write. At run time every parameter problem is reported together.
 */
#ifndef GANTRY_HANDLERS_SQL_SQL_H
#define GANTRY_HANDLERS_SQL_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/role.h"
#include "server/handler.h"
#include "server/method.h"
#include "storage/connection.h"

enum sql_type { SQL_INTEGER, SQL_NUMBER, SQL_STRING, SQL_BOOLEAN, SQL_BLOB, SQL_JSON };

enum sql_in { SQL_IN_PATH, SQL_IN_QUERY, SQL_IN_BODY };

enum sql_default { SQL_REQUIRED, SQL_DEFAULT_NULL, SQL_DEFAULT_VALUE };

struct sql_param {
    const char *name;
    enum sql_type type;
    enum sql_in in;
    enum sql_default has_default; /* with DEFAULT_NULL an explicit null is taken, too */
    struct value fallback;        /* DEFAULT_VALUE; its bytes are copied */
    bool has_minimum;             /* INTEGER, NUMBER */
    bool has_maximum;
    int64_t minimum_integer;
    int64_t maximum_integer;
    double minimum_number;
    double maximum_number;
    uint64_t min_length; /* STRING: characters, BLOB: bytes */
    uint64_t max_length;
};

struct sql_conf {
    enum method method;
    const char *sql;
    enum query_shape shape;
    const struct sql_param *params;
    size_t params_count;
    bool stream;          /* rows leave as they are found: ROWS of a statement that reads */
    uint64_t stream_size; /* bytes of rows that leave together */
};

struct sql_route; /* opaque */

/* One thing that is wrong with a route: with a parameter, or (param is NULL) with its SQL. */
typedef void (*sql_fault_fn)(void *user, const char *param, const char *text);

/*
 * Copies everything in conf. inspector is a connection to the database, borrowed. on_fault is
 * called for each thing that is wrong.
 *
 * Gives: *ret. *ret_writes tells whether it must run on the writer's pool.
 * Return: OK; INVALID (on_fault was called), NOMEM.
 */
NODISCARD enum status sql_route_create(const struct sql_conf *conf, struct connection *inspector,
                                       sql_fault_fn on_fault, void *user, struct sql_route **ret,
                                       bool *ret_writes) MAY_BLOCK;
void sql_route_destroy(struct sql_route *route); /* NULL is fine */

/* Lends: until sql_route_destroy. BLOCKING; its workers' local thing is a slot (storage/slot.h). */
const struct handler *sql_route_handler(const struct sql_route *route);

#endif
