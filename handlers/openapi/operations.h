/*
 * All operations of tables, named queries and configured routes, brought together by path: OpenAPI
 * has one item for a path, whatever is behind its methods. Private to handlers/openapi/.
 */
#ifndef GANTRY_HANDLERS_OPENAPI_OPERATIONS_H
#define GANTRY_HANDLERS_OPENAPI_OPERATIONS_H

#include "handlers/openapi/openapi.h"
#include "handlers/openapi/outline.h"
#include "storage/schema.h"

/* Is the table served, and can a client name it? */
bool operations_have(const struct openapi_conf *conf, const struct schema_table *table);

/* Add the members of "paths". schema may be NULL. Return: OK, NOMEM. */
NODISCARD enum status operations_put(struct outline *o, const struct openapi_conf *conf,
                                     const struct schema *schema);

#endif
