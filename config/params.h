/* The parameters of a SQL route or a named query: "params": {NAME: {"type": "integer", "minimum": 1}}. */
#ifndef GANTRY_CONFIG_PARAMS_H
#define GANTRY_CONFIG_PARAMS_H

#include "config/config.h"
#include "config/reader.h"

/*
 * Read the parameters. prefix: of their options in the table, "routes[].params.*.".
 * Gives *ret, also if there are problems: config_params_fini.
 */
void config_params_read(struct config_reader *r, const struct config_place *at,
                        struct json_t *value, const char *prefix, struct config_param **ret,
                        size_t *ret_count);
void config_params_fini(struct config_param *params, size_t count);

/*
 * Do they fit the route's method and path? at is the route's place. To be called once both are
 * known; a method or path that is NULL is passed over.
 */
void config_params_check(struct config_reader *r, const struct config_place *at,
                         const struct config_route *route);

#endif
