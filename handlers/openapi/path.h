/* Paths of configured routes, in OpenAPI's way of writing. Private to handlers/openapi/. */
#ifndef GANTRY_HANDLERS_OPENAPI_PATH_H
#define GANTRY_HANDLERS_OPENAPI_PATH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* The path with its literal segments escaped. is_shape: with "{}" for every parameter. */
void path_put(struct buf *b, const char *path, bool is_shape);

/*
 * Two routes of one shape are one path to OpenAPI, which is written as one of them says. What that
 * one (written) calls the parameter that path calls name. Return: name, if path has none such.
 */
struct str path_param(const char *path, const char *written, struct str name);

/* For an operationId: "books.~id" of "/books/{id}". */
void path_put_id(struct buf *b, const char *path);

#endif
