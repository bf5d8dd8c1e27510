/* A value on its way into a statement: SQLite's five storage classes, without SQLite. */
#ifndef GANTRY_STORAGE_VALUE_H
#define GANTRY_STORAGE_VALUE_H

#include <stdint.h>

#include "base/str.h"

enum value_type { VALUE_NULL, VALUE_INTEGER, VALUE_REAL, VALUE_TEXT, VALUE_BLOB };

struct value {
    enum value_type type;
    union {
        int64_t integer;
        double real;
        struct str bytes; /* text (UTF-8) or blob; borrowed until the statement has run */
    };
};

#endif
