/*
 * Parameters of configured routes and of named queries, in the document. Private to
 * handlers/openapi/.
 */
#ifndef GANTRY_HANDLERS_OPENAPI_PARAMETER_H
#define GANTRY_HANDLERS_OPENAPI_PARAMETER_H

#include "handlers/openapi/openapi.h"
#include "handlers/openapi/outline.h"

/* An item of "parameters", called as in the path, which may differ from what the route calls it. */
void parameter_put(struct outline *o, const struct param *param, struct str name, enum param_in in);

/* "requestBody": an object of those of them that are in the body, or of all. */
void parameter_put_body(struct outline *o, const struct param *params, size_t count, bool has_all);

#endif
