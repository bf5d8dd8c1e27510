/* From the configuration's routes to the router's. Private to service.c. */
#ifndef GANTRY_CLI_ROUTES_H
#define GANTRY_CLI_ROUTES_H

#include "cli/service_parts.h"

/* The system's routes, the tables', then the configured ones; what is wrong goes to problems. */
NODISCARD enum status routes_add(struct service *s, struct problems *problems,
                                 struct error *err) MAY_BLOCK;

/* The named queries' routes. */
NODISCARD enum status rpc_routes_add(struct service *s, struct problems *problems,
                                     struct error *err) MAY_BLOCK;

/* Return: is there a pool of that name? *ret is NULL when dry. */
bool routes_find_pool(const struct service *s, const char *name, struct executor **ret);

/* A parameter as handlers take it; its texts are lent by the configuration. To be called once for each:
 * the default of a blob is decoded in place. */
struct param routes_param_of(const struct config_param *p, enum param_in in);

/* Where a parameter is taken from: what the configuration says, or what its route makes of it. */
enum param_in routes_place_of(const struct config_route *route, const struct config_param *param);

#endif
