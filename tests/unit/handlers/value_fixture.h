/*
 * Text that becomes a value: what the tests of literals and of assignments share. The value is a shape, which
 * nothing becomes, before each reading: so it shows whether it was touched.
 */
#ifndef GANTRY_TESTS_UNIT_HANDLERS_VALUE_FIXTURE_H
#define GANTRY_TESTS_UNIT_HANDLERS_VALUE_FIXTURE_H

#include "handlers/table/fault.h"
#include "storage/value.h"
#include "tests/unit/text.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct fault fault;
static struct value v;

static inline int set_up(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 0, 1 << 20);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* Before each reading. */
static inline void forget(void)
{
    v = (struct value){.type = VALUE_SHAPE};
    fault = (struct fault){0};
}

#define assert_gives_integer(is_read, expected)                                                    \
    do {                                                                                           \
        assert_true(is_read);                                                                      \
        assert_int_equal(v.type, VALUE_INTEGER);                                                   \
        assert_true(v.integer == (expected));                                                      \
    } while (0)

#define assert_gives_real(is_read, expected)                                                       \
    do {                                                                                           \
        assert_true(is_read);                                                                      \
        assert_int_equal(v.type, VALUE_REAL);                                                      \
        assert_true(v.real == (expected));                                                         \
    } while (0)

#define assert_gives_bytes(is_read, value_type, expected)                                          \
    do {                                                                                           \
        if (!(is_read)) {                                                                          \
            fail_msg("%s", fault.message);                                                         \
        }                                                                                          \
        assert_int_equal(v.type, value_type);                                                      \
        assert_text(v.bytes, expected);                                                            \
    } while (0)

#endif
