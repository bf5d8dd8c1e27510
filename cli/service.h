/*
 * The service as a whole: database, pools, handlers and routes, put together from a configuration.
 * The only place that knows all modules. Sockets are not its business: serve.c adds the server.
 */
#ifndef GANTRY_CLI_SERVICE_H
#define GANTRY_CLI_SERVICE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/role.h"
#include "config/config.h"
#include "handlers/health/health.h"
#include "handlers/metrics/metrics.h"
#include "server/router.h"

struct service; /* opaque */

/*
 * Put together what config describes. What only now turns out to be wrong with it (SQL that does
 * not prepare, colliding routes) is added to problems, all of it. is_dry: to check only; the
 * database is opened read-only and no thread is started.
 *
 * Borrows config for the service's life. Gives: *ret.
 * Return: OK (look at problems); otherwise with err: the database cannot be opened (NO_SUCH_FILE,
 * NOT_A_DATABASE, CORRUPT, READONLY, LOCKED, IO), or NOMEM, OS.
 */
NODISCARD enum status service_create(const struct config *config, bool is_dry,
                                     struct problems *problems, struct service **ret,
                                     struct error *err) MAY_BLOCK;

/* Stop every executor: queued work is handed back undone, running work is told and awaited. */
void service_stop(struct service *service) MAY_BLOCK;

/* NULL is fine. */
void service_destroy(struct service *service) MAY_BLOCK;

/* Lend, until service_destroy. */
const struct router *service_router(const struct service *service);
const struct router *service_admin_router(const struct service *service); /* NULL: there is none */
struct health *service_health(const struct service *service);

/* Lends likewise. NULL: switched off. */
struct metrics *service_metrics(const struct service *service);

/* Is the tables' API part of it? */
bool service_has_tables(const struct service *service);

/* Are /openapi.json and /docs answered? */
bool service_has_openapi(const struct service *service);
bool service_has_docs(const struct service *service);

#endif
