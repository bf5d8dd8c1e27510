/* From the configuration's routes to the router's. Private to service.c. */
#ifndef GANTRY_CLI_ROUTES_H
#define GANTRY_CLI_ROUTES_H

#include "cli/service_parts.h"

/* The system's routes, the tables', then the configured ones; what is wrong goes to problems. */
NODISCARD enum status routes_add(struct service *s, struct problems *problems,
                                 struct error *err) MAY_BLOCK;

/* Where a parameter is taken from: what the configuration says, or what its route makes of it. */
enum param_in routes_place_of(const struct config_route *route, const struct config_param *param);

#endif
