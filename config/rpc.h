/* The named queries of the configuration: "rpc": [{"name": ..., "sql": ..., "returns": ...}]. */
#ifndef GANTRY_CONFIG_RPC_H
#define GANTRY_CONFIG_RPC_H

#include "config/config.h"
#include "config/reader.h"

/* Add the queries of the file, checked against the pools that config holds by now. */
void config_rpc_read(struct config_reader *r, const struct config_place *at, struct json_t *value,
                     struct config *config);
void config_rpc_fini(struct config *config);

#endif
