/* The parameters of a SQL route: "params": {NAME: {"type": "integer", "minimum": 1}}. */
#ifndef GANTRY_CONFIG_PARAMS_H
#define GANTRY_CONFIG_PARAMS_H

#include "config/config.h"
#include "config/reader.h"

/* Add the parameters; into is the struct config_route. */
void config_params_read(struct config_reader *r, const struct config_place *at,
                        struct json_t *value, void *into);
void config_params_fini(struct config_route *route);

/*
 * Do they fit the route's method and path? at is the route's place. To be called once both are
 * known; a method or path that is NULL is passed over.
 */
void config_params_check(struct config_reader *r, const struct config_place *at,
                         const struct config_route *route);

#endif
