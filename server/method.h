/* HTTP methods that Gantry knows. */
#ifndef GANTRY_SERVER_METHOD_H
#define GANTRY_SERVER_METHOD_H

#include "base/str.h"

enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_TRACE,
    METHOD_CONNECT,
    METHOD_UNKNOWN,
};

#define METHODS_COUNT METHOD_UNKNOWN

/* Methods are case-sensitive (RFC 9110, 9.1). */
enum method method_of(struct str name);

/* Lends a static text; "" for METHOD_UNKNOWN. */
const char *method_name(enum method method);

#endif
