/* Opening and creating database files: what is refused, in which words, and what is left behind. */
#include <sys/stat.h>

#include "base/str.h"
#include "tests/unit/storage/fixture.h"

static enum status open_path(struct fixture *f, const char *path, bool is_writable)
{
    struct database_conf conf = {.path = path, .is_writable = is_writable};
    enum status status;

    f->err = (struct error){.status = STATUS_OK};
    status = database_open(&conf, &f->db, &f->err);
    assert_int_equal(f->err.status, status);
    return status;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

/* The whole file. Gives: free. */
static char *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "r");
    char *bytes = malloc(1024 * 1024);

    assert_non_null(file);
    assert_non_null(bytes);
    *ret_size = fread(bytes, 1, 1024 * 1024, file);
    (void)fclose(file);
    return bytes;
}

static void test_a_missing_file(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(open_path(f, f->path, false), STATUS_NO_SUCH_FILE);
    assert_non_null(strstr(f->err.text, f->path));
    assert_non_null(strstr(f->err.hint, "gantry demo "));
    assert_non_null(strstr(f->err.hint, f->path));
    assert_int_equal(open_path(f, f->path, true), STATUS_NO_SUCH_FILE);
    assert_int_not_equal(access(f->path, F_OK), 0);
    assert_int_equal(open_path(f, ":memory:", false), STATUS_NO_SUCH_FILE);
    assert_int_equal(open_path(f, "", false), STATUS_NOT_A_DATABASE); /* "./" */
    assert_null(f->db);
}

static void test_no_database(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(open_path(f, f->folder, false), STATUS_NOT_A_DATABASE);
    assert_int_equal(open_path(f, "/dev/null", false), STATUS_NOT_A_DATABASE);
    write_file(f->path, "Dear diary,\n");
    assert_int_equal(open_path(f, f->path, false), STATUS_NOT_A_DATABASE);
    assert_int_equal(open_path(f, f->path, true), STATUS_NOT_A_DATABASE);
    for (int i = 0; i < 3000; i++) {
        FILE *file = fopen(f->path, "a");
        assert_non_null(file);
        assert_true(fputs("It rained.\n", file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    assert_int_equal(open_path(f, f->path, false), STATUS_NOT_A_DATABASE);
    assert_null(f->db);
}

static void test_an_empty_file_is_an_empty_database(void **state)
{
    struct fixture *f = *state;
    const struct schema *schema;
    struct stat about;

    write_file(f->path, "");
    assert_int_equal(open_path(f, f->path, false), STATUS_OK);
    schema = schema_get(f->db);
    assert_int_equal(schema->tables_count, 0);
    assert_null(schema_find(schema, STR("t")));
    schema_unref(schema);
    assert_int_equal(connection_open(f->db, CONNECTION_READER, NULL, &f->reader, &f->err),
                     STATUS_OK);
    expect_rows(f, f->reader, "SELECT 1 AS one", "[{\"one\":1}]");
    assert_int_equal(stat(f->path, &about), 0);
    assert_int_equal(about.st_size, 0);
    connection_close(f->reader);
    f->reader = NULL;
    database_close(f->db);
    f->db = NULL;
    fixture_open(f, true);
    expect_rows(f, f->writer, "CREATE TABLE t(x)", "[]");
    expect_rows(f, f->reader, "SELECT * FROM t", "[]");
}

static void test_a_damaged_database(void **state)
{
    struct fixture *f = *state;
    FILE *file;

    assert_int_equal(database_create(f->path, "CREATE TABLE t(x)", &f->err), STATUS_OK);
    file = fopen(f->path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(fputc(0xA5, file), 0xA5);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(open_path(f, f->path, false), STATUS_CORRUPT);
}

static void expect_reading_changes_nothing(struct fixture *f)
{
    struct connection *writer = NULL;
    char *before;
    char *after;
    size_t size_before;
    size_t size_after;

    before = read_file(f->path, &size_before);
    fixture_open(f, false);
    assert_false(database_is_writable(f->db));
    assert_string_equal(database_path(f->db), f->path);
    assert_int_equal(connection_open(f->db, CONNECTION_WRITER, NULL, &writer, &f->err),
                     STATUS_READONLY);
    expect_rows(f, f->reader, "SELECT x FROM t", "[{\"x\":1}]");
    expect_failure(f, f->reader, "DELETE FROM t", STATUS_READONLY);
    expect_failure(f, f->reader, "PRAGMA journal_mode = WAL", STATUS_INVALID);
    connection_close(f->reader);
    f->reader = NULL;
    database_close(f->db);
    f->db = NULL;
    after = read_file(f->path, &size_after);
    assert_int_equal(size_before, size_after);
    assert_memory_equal(before, after, size_before);
    free(before);
    free(after);
}

static void test_reading_never_changes_the_file(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        database_create(f->path, "CREATE TABLE t(x); INSERT INTO t VALUES (1)", &f->err),
        STATUS_OK);
    expect_reading_changes_nothing(f);
    raw_run(f->path, "PRAGMA journal_mode = WAL");
    expect_reading_changes_nothing(f);
}

/* Without WAL another program's commit shuts readers out for a moment. */
static void test_readers_wait_for_a_lock_too(void **state)
{
    static const struct query warm = {.sql = "SELECT x FROM t"};
    static const struct query cold = {.sql = "SELECT x AS y FROM t"};
    struct fixture *f = *state;
    struct cancel cancel;
    sqlite3 *other;

    assert_on_worker();
    assert_int_equal(database_create(f->path, "CREATE TABLE t(x)", &f->err), STATUS_OK);
    fixture_open(f, false);
    assert_int_equal(run_query(f, f->reader, &warm), STATUS_OK);
    other = raw_open(f->path);
    raw_exec(other, "BEGIN EXCLUSIVE; CREATE TABLE u(x)");
    for (int i = 0; i < 2; i++) {
        cancel_init(&cancel, clock_now_ns() + 5 * NS_PER_MS);
        assert_int_equal(connection_run(f->reader, i == 0 ? &warm : &cold, &cancel, &f->out,
                                        &f->result, &f->err),
                         STATUS_LOCKED);
        assert_int_equal(f->err.status, STATUS_LOCKED);
    }
    raw_exec(other, "COMMIT");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(run_query(f, f->reader, &warm), STATUS_OK);
    assert_int_equal(run_query(f, f->reader, &cold), STATUS_OK);
}

static void test_a_writable_database_is_in_wal_mode(void **state)
{
    struct fixture *f = *state;
    char *bytes;
    size_t size;

    assert_int_equal(database_create(f->path, "CREATE TABLE t(x)", &f->err), STATUS_OK);
    fixture_open(f, true);
    bytes = read_file(f->path, &size);
    assert_int_equal(bytes[18], 2); /* the file format's "write version": WAL */
    free(bytes);
}

/* As nobody, since root may do everything. */
static void test_what_permissions_forbid(void **state)
{
    struct fixture *f = *state;
    bool is_root = geteuid() == 0;

    assert_int_equal(database_create(f->path, "PRAGMA foreign_keys; CREATE TABLE t(x)", &f->err),
                     STATUS_OK);
    raw_run(f->path, "PRAGMA journal_mode = WAL");
    assert_int_equal(chmod(f->path, 0444), 0);
    assert_int_equal(chmod(f->folder, 0555), 0);
    if (is_root && seteuid(65534) != 0) {
        skip();
    }
    assert_int_equal(open_path(f, f->path, false), STATUS_IO);
    assert_non_null(strstr(f->err.text, "-shm"));
    assert_non_null(strstr(f->err.hint, "journal_mode=DELETE"));
    assert_int_equal(open_path(f, f->path, true), STATUS_READONLY);
    assert_int_not_equal(f->err.hint[0], '\0');
    if (is_root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_int_equal(chmod(f->path, 0666), 0);
    if (is_root && seteuid(65534) != 0) {
        skip();
    }
    assert_int_equal(open_path(f, f->path, true), STATUS_READONLY); /* the directory forbids it */
    assert_non_null(strstr(f->err.hint, "directory"));
    if (is_root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_int_equal(chmod(f->path, 0000), 0);
    if (is_root && seteuid(65534) != 0) {
        skip();
    }
    assert_int_equal(open_path(f, f->path, false), STATUS_IO);
    if (is_root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_int_equal(chmod(f->folder, 0755), 0);
}

static void test_creating(void **state)
{
    struct fixture *f = *state;
    char *bytes;
    size_t size;

    assert_int_equal(database_create(f->path, "CREATE TABLE t(x); nonsense", &f->err),
                     STATUS_INTERNAL);
    assert_non_null(strstr(f->err.text, "nonsense"));
    assert_int_not_equal(access(f->path, F_OK), 0); /* nothing is left behind */
    assert_int_equal(database_create(f->path, "CREATE TABLE t(x); COMMIT", &f->err),
                     STATUS_INTERNAL);
    assert_int_not_equal(access(f->path, F_OK), 0);
    write_file(f->path, "precious");
    assert_int_equal(database_create(f->path, "CREATE TABLE t(x)", &f->err), STATUS_CONFLICT);
    bytes = read_file(f->path, &size);
    assert_int_equal(size, 8);
    free(bytes);
    assert_int_equal(database_create("/nowhere/at/all.db", "CREATE TABLE t(x)", &f->err),
                     STATUS_IO);
}

static void test_out_of_memory(void **state)
{
    struct fixture *f = *state;
    long fine = 0;

    assert_int_equal(database_create(f->path, "CREATE TABLE t(x)", &f->err), STATUS_OK);
    for (long n = 1; n < 2000 && fine < 20; n++) {
        enum status status;

        mem_fail_after(n);
        status = open_path(f, f->path, true);
        mem_fail_after(-1);
        if (status == STATUS_OK) {
            fine++;
            database_close(f->db);
            f->db = NULL;
        } else if (status == STATUS_NOMEM) {
            fine = 0;
            assert_null(f->db);
        } else {
            fail_msg("allocation %ld: %s: %s", n, status_name(status), f->err.text);
        }
    }
    assert_int_equal(fine, 20);
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_folder(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_missing_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_database, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_empty_file_is_an_empty_database, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_damaged_database, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reading_never_changes_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_writable_database_is_in_wal_mode, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readers_wait_for_a_lock_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_permissions_forbid, setup, teardown),
        cmocka_unit_test_setup_teardown(test_creating, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
