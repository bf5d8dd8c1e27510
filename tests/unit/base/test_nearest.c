#include "base/nearest.h"

#include <string.h>

#include "base/attributes.h"
#include "tests/unit/unit.h"

static const char *const keys[] = {"listen", "database", "tables",  "pools",
                                   "limits", "routes",   "threads", "deadline_ms"};

static const char *near(const char *wanted)
{
    return nearest_name(wanted, keys, ARRAY_LENGTH(keys));
}

static void slips_of_the_finger(void **state)
{
    (void)state;
    assert_string_equal(near("listn"), "listen");     /* one missing */
    assert_string_equal(near("datbase"), "database"); /* likewise */
    assert_string_equal(near("tabless"), "tables");   /* one too many */
    assert_string_equal(near("poolz"), "pools");      /* one wrong */
    assert_string_equal(near("rotues"), "routes");    /* two swapped */
    assert_string_equal(near("deadlinems"), "deadline_ms");
    assert_string_equal(near("DATABASE"), "database"); /* case is no edit */
    assert_string_equal(near("limits"), "limits");
}

static void a_beginning_counts(void **state)
{
    (void)state;
    assert_string_equal(near("dead"), "deadline_ms");
    assert_string_equal(near("DATA"), "database");
    assert_null(near("de")); /* two letters begin too much */
}

static void what_is_too_far(void **state)
{
    (void)state;
    assert_null(near(""));
    assert_null(near("x"));
    assert_null(near("colour"));
    assert_null(near("pxxls"));
    assert_null(nearest_name("listen", keys, 0));
}

static void the_nearest_of_several(void **state)
{
    static const char *const names[] = {"read_pools", "read_pool", "red_pool"};
    static const char *const twins[] = {"cat", "bat"};

    (void)state;
    assert_string_equal(nearest_name("read_pol", names, 3), "read_pool");
    assert_string_equal(nearest_name("rat", twins, 2), "cat"); /* the first of equals */
    assert_string_equal(nearest_name("ib", (const char *const[]){"id"}, 1), "id");
}

static void long_names_are_never_near(void **state)
{
    char at_bound[64];
    char beyond[65];
    const char *const names[] = {beyond, at_bound};

    (void)state;
    memset(at_bound, 'n', 63);
    at_bound[63] = '\0';
    memset(beyond, 'n', 64);
    beyond[64] = '\0';
    assert_null(nearest_name(beyond, names, 2));
    assert_ptr_equal(nearest_name(at_bound, names, 2), at_bound);
    assert_null(nearest_name("nnnn", names, 1)); /* not by its beginning either */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_of_the_finger),       cmocka_unit_test(a_beginning_counts),
        cmocka_unit_test(what_is_too_far),           cmocka_unit_test(the_nearest_of_several),
        cmocka_unit_test(long_names_are_never_near),
    };

    return cmocka_run_group_tests_name("base/nearest", tests, NULL, NULL);
}
