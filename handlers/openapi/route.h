/* Configured routes and named queries in the document. Private to handlers/openapi/. */
#ifndef GANTRY_HANDLERS_OPENAPI_ROUTE_H
#define GANTRY_HANDLERS_OPENAPI_ROUTE_H

#include "handlers/openapi/openapi.h"
#include "handlers/openapi/outline.h"
#include "storage/schema.h"

/* The operation. written: the path of the item it is in, of the same shape as the route's. */
void route_put_operation(struct outline *o, const struct openapi_route *route, const char *written);

/* Does it write, and give a list? Then it takes the component preferCall. */
bool route_writes_list(const struct openapi_query *query);

/* The operation of a named query; method is GET or POST. table: whose rows it gives, or NULL. */
void route_put_query(struct outline *o, const struct openapi_query *query, enum method method,
                     const struct schema_table *table);

#endif
