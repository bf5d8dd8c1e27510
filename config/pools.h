/* The pools of the configuration: "pools": {NAME: {"threads": 4, "queue": 1024}}. */
#ifndef GANTRY_CONFIG_POOLS_H
#define GANTRY_CONFIG_POOLS_H

#include "config/config.h"
#include "config/reader.h"

/* The pool "read" with its defaults, alone. Return: OK, NOMEM. */
NODISCARD enum status config_pools_init(struct config *config);
void config_pools_fini(struct config *config);

/* Add the pools of the file; into is the struct config. */
void config_pools_read(struct config_reader *r, const struct config_place *at, struct json_t *value,
                       void *into);

/* Is there a pool of this name? If not, or if it may not be chosen, reports that. */
bool config_pools_check(struct config_reader *r, const struct config_place *at,
                        const struct config *config, const char *name);

#endif
