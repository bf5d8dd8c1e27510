/*
 * Is it alive, is it ready, has it started: answered on the loop, from a handful of atomics. No
 * pool, no database, no lock that a worker could hold.
 *
 *     /health, /livez   200 as long as a loop turns
 *     /readyz           200, or 503 with the reasons: starting, draining, a pool full for a second,
 *                       writing has stopped for good
 *     /startupz         200 once start-up is over, 503 before
 */
#ifndef GANTRY_HANDLERS_HEALTH_HEALTH_H
#define GANTRY_HANDLERS_HEALTH_HEALTH_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/role.h"
#include "base/status.h"
#include "server/handler.h"

struct database;
struct executor;
struct health; /* opaque */

enum health_phase { HEALTH_STARTING, HEALTH_READY, HEALTH_DRAINING };

/*
 * Gives: *ret, in phase STARTING. Borrows the executors and db, which may be NULL, for its life.
 * Return: OK, NOMEM.
 */
NODISCARD enum status health_create(struct executor *const *executors, size_t count,
                                    const struct database *db, struct health **ret);
void health_destroy(struct health *health); /* NULL is fine */

void health_set_phase(struct health *health, enum health_phase phase) ANY_THREAD;

/* Lend the handlers, until health_destroy. */
const struct handler *health_live_handler(const struct health *health);
const struct handler *health_ready_handler(const struct health *health);
const struct handler *health_startup_handler(const struct health *health);

#endif
