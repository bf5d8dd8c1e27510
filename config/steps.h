/* The statements of a route that has several: "steps": [{"sql": ...}, {"sql": ..., "no_rows": ...}]. */
#ifndef GANTRY_CONFIG_STEPS_H
#define GANTRY_CONFIG_STEPS_H

#include "config/config.h"
#include "config/reader.h"

/* Fill route->steps; one with problems is there without its SQL, so that the others keep their numbers. */
void config_steps_read(struct config_reader *r, const struct config_place *at, struct json_t *value,
                       struct config_route *route);
void config_steps_fini(struct config_route *route);

#endif
