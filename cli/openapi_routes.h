/* The configured routes and named queries as /openapi.json tells them. Private to service.c and routes.c. */
#ifndef GANTRY_CLI_OPENAPI_ROUTES_H
#define GANTRY_CLI_OPENAPI_ROUTES_H

#include "config/config.h"
#include "handlers/openapi/openapi.h"

struct openapi_routes; /* opaque */

/* Borrows config for the life of *ret, which openapi_routes_destroy frees. Return: OK, NOMEM. */
NODISCARD enum status openapi_routes_create(const struct config *config,
                                            struct openapi_routes **ret);
void openapi_routes_destroy(struct openapi_routes *routes); /* NULL is fine */

/* Lends, until openapi_routes_destroy: as many as config has. */
const struct openapi_route *openapi_routes_list(const struct openapi_routes *routes);

/* Likewise: as many named queries as config has. */
const struct openapi_query *openapi_routes_queries(const struct openapi_routes *routes);

/* What is known once its statement was looked at: route is one of config's. */
void openapi_routes_note(struct openapi_routes *routes, const struct config *config,
                         const struct config_route *route, bool writes);

/* Likewise of a named query. */
void openapi_routes_note_query(struct openapi_routes *routes, const struct config *config,
                               const struct config_rpc *query, bool writes);

#endif
