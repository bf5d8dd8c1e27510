/*
 * A declared parameter of a route or of a named query: its type, where it comes from, and its bounds.
 * Plain data, which the features share: each has its own way of reading values and saying what is
 * wrong with them.
 */
#ifndef GANTRY_HANDLERS_PARAM_H
#define GANTRY_HANDLERS_PARAM_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/value.h"

enum param_type {
    PARAM_INTEGER,
    PARAM_NUMBER,
    PARAM_STRING,
    PARAM_BOOLEAN,
    PARAM_BLOB,
    PARAM_JSON
};

enum param_in { PARAM_IN_PATH, PARAM_IN_QUERY, PARAM_IN_BODY };

enum param_default { PARAM_REQUIRED, PARAM_DEFAULT_NULL, PARAM_DEFAULT_VALUE };

struct param {
    const char *name;
    const char *description; /* CommonMark; NULL: none */
    enum param_type type;
    enum param_in in;
    enum param_default has_default; /* with DEFAULT_NULL an explicit null is taken, too */
    struct value fallback;          /* DEFAULT_VALUE; its bytes are copied */
    bool has_minimum;               /* INTEGER, NUMBER */
    bool has_maximum;
    int64_t minimum_integer;
    int64_t maximum_integer;
    double minimum_number;
    double maximum_number;
    uint64_t min_length; /* STRING: characters, BLOB: bytes */
    uint64_t max_length;
};

#endif
