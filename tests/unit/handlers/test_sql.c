#include "handlers/sql/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/mem.h"
#include "storage/database.h"
#include "tests/unit/unit.h"

/* What making a route says. */
struct fixture {
    char folder[32];
    char path[64];
    struct database *db;
    struct connection *inspector;
    char faults[2000]; /* "1: text\n" for a step's SQL, "name: text\n" for a parameter */
    struct sql_route *route;
    bool writes;
};

static struct fixture f;

static const char script[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, \"Name\" TEXT, b);";

static const struct param params[] = {
    {.name = "name", .type = PARAM_STRING, .in = PARAM_IN_BODY, .max_length = UINT64_MAX},
    {.name = "text",
     .type = PARAM_STRING,
     .in = PARAM_IN_BODY,
     .max_length = UINT64_MAX,
     .has_default = PARAM_DEFAULT_VALUE,
     .fallback = {.type = VALUE_TEXT, .bytes = {"none", 4}}},
};

static int set_up(void **state)
{
    (void)state;
    f = (struct fixture){.folder = "/tmp/gantry-sql-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
    (void)snprintf(f.path, sizeof(f.path), "%s/t.db", f.folder);
    assert_int_equal(database_create(f.path, script, NULL), STATUS_OK);
    assert_int_equal(
        database_open(&(struct database_conf){.path = f.path, .is_writable = true}, &f.db, NULL),
        STATUS_OK);
    assert_int_equal(connection_open(f.db, CONNECTION_READER, NULL, &f.inspector, NULL), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    (void)state;
    sql_route_destroy(f.route);
    connection_close(f.inspector);
    database_close(f.db);
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
        char path[80];

        (void)snprintf(path, sizeof(path), "%s%s", f.path, ends[i]);
        (void)unlink(path); /* it may not be there */
    }
    assert_int_equal(rmdir(f.folder), 0);
    return 0;
}

static void note_fault(void *user, size_t step, const char *param, const char *text)
{
    size_t size = strlen(f.faults);

    assert_ptr_equal(user, &f);
    if (param != NULL) {
        (void)snprintf(f.faults + size, sizeof(f.faults) - size, "%s: %s\n", param, text);
    } else {
        (void)snprintf(f.faults + size, sizeof(f.faults) - size, "%zu: %s\n", step, text);
    }
}

static enum status make(const struct sql_step *steps, size_t count)
{
    const struct sql_conf conf = {.db = f.db,
                                  .method = METHOD_POST,
                                  .steps = steps,
                                  .steps_count = count,
                                  .params = params,
                                  .params_count = ARRAY_LENGTH(params)};

    sql_route_destroy(f.route);
    f.route = NULL;
    f.faults[0] = '\0';
    return sql_route_create(&conf, f.inspector, note_fault, &f, &f.route, &f.writes);
}

static const struct sql_step good[] = {
    {.sql = "INSERT INTO t(name, b) VALUES (:name, :text) RETURNING id, name"},
    {.sql = "UPDATE t SET b = :step1.id || :step1.name WHERE id = :step1.id RETURNING b",
     .no_rows = SQL_NO_ROWS_CONFLICT},
    {.sql = "SELECT :step1.NAME AS name, :step2.b AS b"},
};

static void a_route_shows_its_steps_as_they_are_configured(void **state)
{
    (void)state;
    assert_int_equal(make(good, ARRAY_LENGTH(good)), STATUS_OK);
    assert_string_equal(f.faults, "");
    assert_true(f.writes);
    assert_string_equal(
        sql_route_handler(f.route)->detail,
        "INSERT INTO t(name, b) VALUES (:name, :text) RETURNING id, name; "
        "UPDATE t SET b = :step1.id || :step1.name WHERE id = :step1.id RETURNING b; "
        "SELECT :step1.NAME AS name, :step2.b AS b");
}

static void only_steps_that_all_read_read(void **state)
{
    static const struct sql_step steps[] = {{.sql = "SELECT :name AS a"},
                                            {.sql = "SELECT :step1.a || :text AS b"}};

    (void)state;
    assert_int_equal(make(steps, 2), STATUS_OK);
    assert_false(f.writes);
    assert_true(sql_route_handler(f.route)->is_short);
    assert_int_equal(make(good, ARRAY_LENGTH(good)), STATUS_OK);
    assert_false(sql_route_handler(f.route)->is_short);
}

static void every_step_is_looked_at(void **state)
{
    static const struct sql_step steps[] = {
        {.sql = "SELECT missing"},
        {.sql = "SELECT :step1.a, :step2.b, :step3.c, :step4.d, :nme"},
        {.sql = "SELECT 1 AS c"},
        {.sql = "SELECT :step3.d"},
    };

    (void)state;
    assert_int_equal(make(steps, ARRAY_LENGTH(steps)), STATUS_INVALID);
    assert_null(f.route);
    assert_string_equal(
        f.faults, "0: no such column: missing\n"
                  "1: the SQL uses :step2.b, but this is step2: only earlier steps have rows\n"
                  "1: the SQL uses :step3.c, but this is step2: only earlier steps have rows\n"
                  "1: the SQL uses :step4.d, but this is step2: only earlier steps have rows\n"
                  "1: the SQL uses :nme, which is not in params; did you mean :name?\n"
                  "3: the SQL uses :step3.d, but that step returns no such column; did you mean "
                  "\"c\"?\n");
}

static void what_is_known_to_be_wrong_hides_nothing_else(void **state)
{
    static const struct sql_step steps[] = {{.sql = NULL}, {.sql = "SELECT :step1.a, :nme"}};
    static const struct sql_step fine[] = {{.sql = NULL}, {.sql = "SELECT :step1.a, :name"}};

    (void)state;
    assert_int_equal(make(steps, 2), STATUS_INVALID);
    assert_string_equal(f.faults,
                        "1: the SQL uses :nme, which is not in params; did you mean :name?\n");
    assert_int_equal(make(fine, 2), STATUS_INVALID);
    assert_string_equal(f.faults, "");
}

static void without_memory_there_is_no_route(void **state)
{
    enum status status = STATUS_NOMEM;
    long n = 0;

    (void)state;
    while (status != STATUS_OK && n < 10000) {
        mem_fail_after(++n);
        status = make(good, ARRAY_LENGTH(good));
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || status == STATUS_NOMEM);
        assert_true((f.route != NULL) == (status == STATUS_OK));
    }
    assert_int_equal(status, STATUS_OK);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_route_shows_its_steps_as_they_are_configured, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_steps_that_all_read_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_step_is_looked_at, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_known_to_be_wrong_hides_nothing_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_memory_there_is_no_route, set_up, tear_down),
    };

    return database_library_init(NULL) == STATUS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
