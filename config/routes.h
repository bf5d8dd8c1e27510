/* The routes of the configuration: SQL, or a built-in handler, at a method and a path. */
#ifndef GANTRY_CONFIG_ROUTES_H
#define GANTRY_CONFIG_ROUTES_H

#include "config/config.h"
#include "config/reader.h"

/* Add the routes of the file, checked against the pools and tables that config holds by now. */
void config_routes_read(struct config_reader *r, const struct config_place *at,
                        struct json_t *value, struct config *config);
void config_routes_fini(struct config *config);

#endif
