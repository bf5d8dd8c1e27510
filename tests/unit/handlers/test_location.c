/* Where a new row is to be found: the filters that name it, encoded for a URL. */
#include "handlers/table/location.h"

#include <stdio.h>

#include "tests/unit/unit.h"

#define SIZE 200

struct fixture {
    struct schema_column columns[3];
    struct schema_table table;
    struct row_set rows;
    struct arena arena;
};

static void init(struct fixture *f, struct value key, enum schema_kind kind)
{
    const struct value row[] = {
        {.type = VALUE_INTEGER, .integer = 7}, {.type = VALUE_TEXT, .bytes = STR("no key")}, key};

    *f = (struct fixture){
        .columns = {{.name = "id", .kind = SCHEMA_INTEGER, .key_place = 2},
                    {.name = "x"},
                    {.name = "the key", .kind = kind, .key_place = 1}},
        .table = {.name = "t", .columns_count = 3},
    };
    f->table.columns = f->columns;
    arena_init(&f->arena, NULL, 0, SIZE_MAX);
    row_set_init(&f->rows, 1000);
    assert_int_equal(row_set_add(&f->rows, row, 3), STATUS_OK);
}

static void fini(struct fixture *f)
{
    row_set_fini(&f->rows);
    arena_fini(&f->arena);
}

static void assert_key(struct value key, enum schema_kind kind, const char *expected)
{
    struct fixture f;
    char whole[SIZE];

    init(&f, key, kind);
    (void)snprintf(whole, sizeof(whole), "/api/t?id=eq.7&the%%20key=%s", expected); /* fits */
    assert_string_equal(location_of_row(STR("/api/t"), &f.table, &f.rows, 0, SIZE, &f.arena),
                        whole);
    fini(&f);
}

static void each_type_as_a_filter(void **state)
{
    (void)state;
    assert_key((struct value){.type = VALUE_INTEGER, .integer = INT64_MIN}, SCHEMA_INTEGER,
               "eq.-9223372036854775808");
    assert_key((struct value){.type = VALUE_INTEGER, .integer = 1}, SCHEMA_BOOLEAN, "eq.true");
    assert_key((struct value){.type = VALUE_INTEGER, .integer = 2}, SCHEMA_BOOLEAN, "eq.2");
    assert_key((struct value){.type = VALUE_REAL, .real = 1e300}, SCHEMA_REAL, "eq.1e%2B300");
    assert_key((struct value){.type = VALUE_TEXT, .bytes = STR("a-b_c.d~")}, SCHEMA_TEXT,
               "eq.a-b_c.d~");
    assert_key((struct value){.type = VALUE_TEXT, .bytes = STR("ü &=+%")}, SCHEMA_TEXT,
               "eq.%C3%BC%20%26%3D%2B%25");
    assert_key((struct value){.type = VALUE_TEXT, .bytes = STR("")}, SCHEMA_TEXT, "eq.");
    assert_key((struct value){.type = VALUE_BLOB, .bytes = {"\0\xff", 2}}, SCHEMA_BLOB,
               "eq.%5Cx00ff");
    assert_key((struct value){.type = VALUE_NULL}, SCHEMA_TEXT, "is.null");
}

static void one_that_is_too_long(void **state)
{
    struct fixture f;
    size_t size = sizeof("/api/t?id=eq.7&the%20key=eq.abc") - 1;

    (void)state;
    init(&f, (struct value){.type = VALUE_TEXT, .bytes = STR("abc")}, SCHEMA_TEXT);
    assert_non_null(location_of_row(STR("/api/t"), &f.table, &f.rows, 0, size, &f.arena));
    assert_null(location_of_row(STR("/api/t"), &f.table, &f.rows, 0, size - 1, &f.arena));
    fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_as_a_filter),
        cmocka_unit_test(one_that_is_too_long),
    };

    return cmocka_run_group_tests_name("handlers/location", tests, NULL, NULL);
}
