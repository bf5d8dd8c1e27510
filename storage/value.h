/* A value on its way into a statement: SQLite's five storage classes, without SQLite,
 * and two pointers of ours. */
#ifndef GANTRY_STORAGE_VALUE_H
#define GANTRY_STORAGE_VALUE_H

#include <stdint.h>

#include "base/str.h"

enum value_type {
    VALUE_NULL,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_BLOB,
    VALUE_SHAPE,
    VALUE_ROWS
};

struct row_set;
struct row_shape;

struct value {
    enum value_type type;
    union {
        int64_t integer;
        double real;
        struct str bytes; /* text (UTF-8) or blob; borrowed until the statement has run */
        const struct row_shape
            *shape;                 /* for our own SQL functions: row_shape.h; borrowed likewise */
        const struct row_set *rows; /* likewise, for gantry_value(): row_set.h */
    };
};

#endif
