/*
 * The table API's failures, as answers: a fault becomes a problem with its code, and what the lower
 * layers report becomes a fault with PostgreSQL's code for it.
 */
#ifndef GANTRY_HANDLERS_TABLE_ANSWER_H
#define GANTRY_HANDLERS_TABLE_ANSWER_H

#include <stdbool.h>

#include "base/error.h"
#include "handlers/table/fault.h"
#include "server/call.h"

/* Answer with a fault. */
void table_fail(struct call *call, const struct fault *fault);

/*
 * Answer with what a lower layer reported. What is about the service (the deadline, a full queue, a
 * lock, cancelling) looks as it does on every other route; what is about the data has an SQLSTATE.
 */
void table_fail_error(struct call *call, const struct error *err);

/*
 * The fault that an error about the data is: its code, or one by its status, and the HTTP status that
 * PostgREST gives to that. A trigger's RAISE(ABORT, 'PT402: pay first') chooses its own HTTP status.
 * Texts are lent by err. Pure.
 * Return: false, and *ret untouched, if the error is about the service.
 */
bool fault_of_error(const struct error *err, struct fault *ret);

/*
 * Add what every answer of the API says: that it varies by Accept, Prefer and Range, and what CORS
 * needs. A handler_decorate_fn; cors is a const struct cors *.
 */
void table_decorate(const void *cors, const struct request *request, struct response *r);

#endif
