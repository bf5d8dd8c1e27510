/*
 * One parameter's value: from the text of a URL or a JSON value to what is bound. Each returns
 * false after adding a problem. Private to handlers/sql/.
 */
#ifndef GANTRY_HANDLERS_SQL_CONVERT_H
#define GANTRY_HANDLERS_SQL_CONVERT_H

#include <stdbool.h>

#include "handlers/sql/sql.h"
#include "server/call.h"

struct json_t;

struct conversion {
    struct call *call;
    struct call_problems *problems;
    const struct param *param;
    const char *in; /* "path", "query", "body" */
};

#define CONVERT_DEPTH_MAX 64 /* of nested arrays and objects */

/*
 * Is JSON nested deeper than that? jansson recurses, up to 2048 deep: to be asked before it does.
 * Strings may hold brackets; what is not JSON at all gets any answer.
 */
bool convert_is_too_deep(struct str json);

bool convert_text(const struct conversion *c, struct str text, struct value *ret);
bool convert_json(const struct conversion *c, const struct json_t *json, struct value *ret);

#endif
