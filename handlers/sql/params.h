/* From a request to the values of a statement. Private to handlers/sql/. */
#ifndef GANTRY_HANDLERS_SQL_PARAMS_H
#define GANTRY_HANDLERS_SQL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "handlers/sql/sql.h"
#include "server/call.h"

/*
 * Fill values[i] for params[i] from path, query and body, in the request's arena.
 * Return: true, or false with the answer given (400, 415 or 503).
 */
bool params_read(struct call *call, const struct param *params, size_t count,
                 struct value *values) ON_WORKER;

#endif
