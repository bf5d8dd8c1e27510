/*
 * The paths of routes: "/books/{id}". A segment is literal or exactly "{name}".
 */
#ifndef GANTRY_CONFIG_PATTERN_H
#define GANTRY_CONFIG_PATTERN_H

#include "base/str.h"
#include "config/reader.h"

/* Is it well-formed, each {name} a name and there once? Reports what is wrong. */
bool config_pattern_check(struct config_reader *r, const struct config_place *at, const char *text);

/* As a pattern, but with literal segments only and at least one. */
bool config_prefix_check(struct config_reader *r, const struct config_place *at, const char *text);

/*
 * The next {name} of a well-formed pattern. Start with *at = pattern.
 * Return: false when there is none left.
 */
bool config_pattern_next(const char **at, struct str *ret_name);

/* Does the pattern have this {name}? */
bool config_pattern_has(const char *pattern, const char *name);

/* Is path the same as above, or below it? "/api/x" is below "/api", "/apix" is not. */
bool config_path_is_below(const char *path, const char *above);

/* The path of the service's own (such as "/health") at or above this one, or NULL. */
const char *config_path_reserved(const char *path);

#endif
