/* Comparing a struct str with a literal, and making one of a literal. */
#ifndef GANTRY_TESTS_UNIT_TEXT_H
#define GANTRY_TESTS_UNIT_TEXT_H

#include "base/str.h"
#include "tests/unit/unit.h"

static inline void assert_text_at(struct str actual, struct str expected, const char *file,
                                  int line)
{
    if (!str_equal(actual, expected)) {
        print_error("\"%.*s\" is not \"%.*s\"\n", (int)actual.size, actual.at, (int)expected.size,
                    expected.at);
        _fail(file, line);
    }
}

#define assert_text(actual, expected) assert_text_at((actual), str_of(expected), __FILE__, __LINE__)

#endif
