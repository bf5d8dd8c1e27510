/* Copies of databases: whole, of one moment, or not there at all. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "pool/cancel.h"
#include "storage/backup.h"
#include "storage/partial_file.h"
#include "tests/unit/storage/fixture.h"

#define ROWS 4000 /* of a kilobyte: several steps */

static char copy[128];
static uint64_t copy_bytes;

/* It changes something, and nobody asks what. */
static void change(struct fixture *f, struct connection *c, const char *sql)
{
    enum status status = run_sql(f, c, sql);

    if (status != STATUS_OK) {
        fail_msg("%s: %s: %s", sql, status_name(status), f->err.text);
    }
}

static enum status back_up(struct fixture *f, struct backup backup)
{
    backup.target = copy;
    copy_bytes = 0;
    f->err = (struct error){.status = STATUS_OK};
    return database_backup(f->db, &backup, &copy_bytes, &f->err);
}

static void expect_backup(struct fixture *f, struct backup backup)
{
    enum status status = back_up(f, backup);

    if (status != STATUS_OK) {
        fail_msg("%s: %s", status_name(status), f->err.text);
    }
}

static void expect_refusal(struct fixture *f, struct backup backup, enum status expected,
                           const char *text)
{
    assert_int_equal(back_up(f, backup), expected);
    if (strstr(f->err.text, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", f->err.text, text);
    }
    assert_int_equal(copy_bytes, 0);
}

/* The first value of sql's first row, in the copy. */
static int64_t number_in(const char *path, const char *sql)
{
    sqlite3_stmt *s = NULL;
    sqlite3 *raw = NULL;
    int64_t number;

    assert_int_equal(sqlite3_open_v2(path, &raw, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    number = sqlite3_column_int64(s, 0);
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
    return number;
}

static void expect_intact(const char *path)
{
    assert_int_equal(
        number_in(path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
        1);
}

/* Files in the folder that are called like that. */
static unsigned files_like(const struct fixture *f, const char *part)
{
    DIR *folder = opendir(f->folder);
    unsigned count = 0;

    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += strstr(entry->d_name, part) != NULL;
    }
    closedir(folder);
    return count;
}

static void expect_nothing_left(const struct fixture *f)
{
    assert_int_equal(files_like(f, "copy"), 0);
}

/* --- what a copy is ------------------------------------------------------------------------------- */

static void test_a_copy(void **state)
{
    struct fixture *f = *state;
    struct stat about;
    struct stat source;

    assert_int_equal(chmod(f->path, 0640), 0);
    expect_backup(f, (struct backup){.cancel = NULL});
    expect_intact(copy);
    assert_int_equal(number_in(copy, "SELECT count(*) FROM t"), ROWS);
    assert_int_equal(number_in(copy, "SELECT sum(id) FROM t"), (int64_t)ROWS * (ROWS + 1) / 2);
    assert_int_equal(number_in(copy, "SELECT id FROM t WHERE x LIKE 'row 77 %'"), 77);
    assert_int_equal(stat(copy, &about), 0);
    assert_int_equal(stat(f->path, &source), 0);
    assert_int_equal(about.st_size, copy_bytes);
    assert_int_equal(copy_bytes % 4096, 0);
    assert_int_equal(about.st_mode & 07777, 0640);
    assert_int_equal(files_like(f, "copy"), 1);
}

/* The database is in WAL mode, with all of its rows still in the -wal file; the copy is one file. */
static void test_a_copy_is_not_in_wal_mode(void **state)
{
    struct fixture *f = *state;
    char mode[2];
    int fd;

    expect_rows(f, f->writer, "INSERT INTO t VALUES (5000, 'fresh') RETURNING id",
                "[{\"id\":5000}]");
    assert_int_equal(files_like(f, "test.db-wal"), 1);
    expect_backup(f, (struct backup){.cancel = NULL});
    fd = open(copy, O_RDONLY);
    assert_int_equal(pread(fd, mode, 2, 18), 2);
    close(fd);
    assert_memory_equal(mode, "\x01\x01", 2);
    assert_int_equal(number_in(copy, "SELECT count(*) FROM t"), ROWS + 1);
    assert_int_equal(files_like(f, "copy"), 1);
}

/* A copy is a database like any other: it can be served, written, and copied. */
static void test_a_copy_of_a_copy(void **state)
{
    struct fixture *f = *state;
    struct fixture other = {.db = NULL};

    expect_backup(f, (struct backup){.cancel = NULL});
    (void)snprintf(other.folder, sizeof(other.folder), "%s", f->folder);
    (void)snprintf(other.path, sizeof(other.path), "%.90s", copy);
    buf_init(&other.out, 1000);
    fixture_open(&other, true);
    change(&other, other.writer, "DELETE FROM t WHERE id > 1");
    connection_close(other.reader);
    (void)snprintf(copy, sizeof(copy), "%s/copy2.db", f->folder);
    expect_backup(&other, (struct backup){.cancel = NULL});
    assert_int_equal(number_in(copy, "SELECT count(*) FROM t"), 1);
    connection_close(other.writer);
    database_close(other.db);
    buf_fini(&other.out);
}

static void test_page_sizes(void **state)
{
    static const int sizes[] = {512, 65536};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        char path[128];
        char sql[200];
        struct database_conf conf = {.path = path};
        struct database *db = NULL;
        struct backup backup = {.target = copy, .replaces = true};

        (void)snprintf(path, sizeof(path), "%s/pages-copy", f->folder);
        (void)unlink(path);
        (void)snprintf(sql, sizeof(sql),
                       "PRAGMA page_size = %d; CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)",
                       sizes[i]);
        raw_run(path, sql);
        assert_int_equal(database_open(&conf, &db, &f->err), STATUS_OK);
        assert_int_equal(database_backup(db, &backup, &copy_bytes, &f->err), STATUS_OK);
        database_close(db);
        assert_int_equal(copy_bytes, 2 * sizes[i]);
        assert_int_equal(number_in(copy, "SELECT count(*) FROM t"), 2);
        expect_intact(copy);
    }
}

/* A file of no bytes is a database of no tables. */
static void test_an_empty_database(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct database_conf conf = {.path = path};
    struct database *db = NULL;
    struct backup backup = {.target = copy};

    (void)snprintf(path, sizeof(path), "%s/empty-copy", f->folder);
    close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
    assert_int_equal(database_open(&conf, &db, &f->err), STATUS_OK);
    assert_int_equal(database_backup(db, &backup, &copy_bytes, &f->err), STATUS_OK);
    database_close(db);
    expect_intact(copy);
    assert_int_equal(number_in(copy, "SELECT count(*) FROM sqlite_schema"), 0);
}

/* --- while others write --------------------------------------------------------------------------- */

struct watcher {
    struct fixture *f;
    unsigned calls;
    uint64_t done;
    unsigned writes; /* one at each call */
};

static void watch(void *user, const struct backup_progress *progress)
{
    struct watcher *w = user;

    assert_true(progress->pages_done >= w->done); /* it never starts again */
    assert_true(progress->pages_done <= progress->pages);
    assert_int_equal(progress->page_bytes, 4096);
    w->done = progress->pages_done;
    w->calls++;
    if (w->f != NULL) {
        change(w->f, w->f->writer, "UPDATE t SET x = x || '!'");
        change(w->f, w->f->writer, "DELETE FROM t WHERE id % 7 = 3");
        change(w->f, w->f->writer, "INSERT INTO t(x) SELECT 'new' FROM t LIMIT 1000");
        w->writes++;
    }
}

/* All of it is changed after each step, by the writer: the copy is of the moment when it began. */
static void test_the_copy_is_of_one_moment(void **state)
{
    struct fixture *f = *state;
    struct watcher w = {.f = f};

    expect_backup(f, (struct backup){.progress = watch, .progress_user = &w});
    assert_true(w.writes >= 4);
    assert_int_equal(w.done * 4096, copy_bytes);
    expect_intact(copy);
    assert_int_equal(number_in(copy, "SELECT count(*) FROM t"), ROWS);
    assert_int_equal(number_in(copy, "SELECT max(id) FROM t"), ROWS);
    assert_int_equal(number_in(copy, "SELECT count(*) FROM t WHERE x LIKE '%!%'"), 0);
    assert_int_equal(number_in(copy, "SELECT count(*) FROM t WHERE x LIKE 'row ' || id || ' %'"),
                     ROWS);
}

/* As above, by another process; and it checkpoints, which moves pages under the copy's feet. */
static void change_elsewhere(void *user, const struct backup_progress *progress)
{
    struct watcher *w = user;

    (void)progress;
    raw_run(w->f->path, "UPDATE t SET x = x || '!'; PRAGMA wal_checkpoint(PASSIVE)");
    w->writes++;
}

static void test_another_process_writes(void **state)
{
    struct fixture *f = *state;
    struct watcher w = {.f = f};

    expect_backup(f, (struct backup){.progress = change_elsewhere, .progress_user = &w});
    assert_true(w.writes >= 4);
    expect_intact(copy);
    assert_int_equal(number_in(copy, "SELECT count(*) FROM t WHERE x LIKE '%!%'"), 0);
}

/* --- ending early --------------------------------------------------------------------------------- */

static void end_it(void *user, const struct backup_progress *progress)
{
    (void)progress;
    cancel_set(user);
}

static void test_cancelled(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel;

    cancel_init(&cancel, 0);
    expect_refusal(f,
                   (struct backup){.cancel = &cancel, .progress = end_it, .progress_user = &cancel},
                   STATUS_CANCELLED, "cancelled");
    expect_nothing_left(f);
    cancel_init(&cancel, 1);
    expect_refusal(f, (struct backup){.cancel = &cancel}, STATUS_DEADLINE, "deadline");
    expect_nothing_left(f);
}

static void test_a_disk_that_is_full(void **state)
{
    struct fixture *f = *state;
    struct rlimit before;
    struct rlimit less = {.rlim_cur = (rlim_t)2 * 1024 * 1024};

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    less.rlim_max = before.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
    assert_true(back_up(f, (struct backup){.cancel = NULL}) != STATUS_OK); /* EFBIG: IO */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(copy_bytes, 0);
    expect_nothing_left(f);
}

static void test_without_memory(void **state)
{
    struct fixture *f = *state;
    enum status status = STATUS_NOMEM;

    for (long n = 1; status != STATUS_OK; n++) {
        mem_fail_after(n);
        status = back_up(f, (struct backup){.cancel = NULL});
        mem_fail_after(-1);
        if (status != STATUS_OK) {
            assert_int_equal(copy_bytes, 0);
            assert_int_equal(files_like(f, ".partial"), 0);
            /* the very last allocation is for the directory's name, when the copy is in its place */
            (void)unlink(copy);
        }
    }
    expect_intact(copy);
}

/* --- where it may not go -------------------------------------------------------------------------- */

static void put_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void test_a_file_that_is_there(void **state)
{
    struct fixture *f = *state;
    struct stat about;

    put_file(copy, "precious");
    expect_refusal(f, (struct backup){.replaces = false}, STATUS_CONFLICT, "exists already");
    assert_int_equal(stat(copy, &about), 0);
    assert_int_equal(about.st_size, 8);
    expect_backup(f, (struct backup){.replaces = true});
    expect_intact(copy);
    assert_int_equal(files_like(f, "copy"), 1);
}

/* It comes into being while the copy is made. */
static void make_target(void *user, const struct backup_progress *progress)
{
    (void)user;
    (void)progress;
    put_file(copy, "precious");
}

static void test_a_file_that_comes_between(void **state)
{
    struct fixture *f = *state;
    struct stat about;

    expect_refusal(f, (struct backup){.progress = make_target}, STATUS_CONFLICT, "exists already");
    assert_int_equal(stat(copy, &about), 0);
    assert_int_equal(about.st_size, 8);
    assert_int_equal(files_like(f, "copy"), 1);
}

static void test_names_that_are_refused(void **state)
{
    struct fixture *f = *state;
    struct backup replacing = {.replaces = true};
    char good[128];
    char name[128];

    (void)snprintf(good, sizeof(good), "%s", copy);
    (void)snprintf(copy, sizeof(copy), "%s", f->folder);
    expect_refusal(f, replacing, STATUS_CONFLICT, "is a directory");
    (void)snprintf(copy, sizeof(copy), "%s", f->path);
    expect_refusal(f, replacing, STATUS_CONFLICT, "is the database itself");
    (void)snprintf(copy, sizeof(copy), "/dev/null");
    expect_refusal(f, replacing, STATUS_CONFLICT, "not a regular file");
    (void)snprintf(copy, sizeof(copy), "%s/none/copy.db", f->folder);
    expect_refusal(f, replacing, STATUS_NO_SUCH_FILE, "No such file or directory");
    assert_int_equal(symlink(f->path, good), 0);
    (void)snprintf(copy, sizeof(copy), "%s", good);
    expect_refusal(f, replacing, STATUS_CONFLICT, "not a regular file");
    assert_int_equal(unlink(good), 0);
    assert_int_equal(link(f->path, good), 0);
    expect_refusal(f, replacing, STATUS_CONFLICT, "is the database itself");
    assert_int_equal(unlink(good), 0);
    (void)snprintf(name, sizeof(name), "%.100s-wal", good);
    put_file(name, "old");
    expect_refusal(f, (struct backup){.replaces = false}, STATUS_CONFLICT, "beside that name");
    put_file(copy, "");
    expect_refusal(f, replacing, STATUS_CONFLICT, "beside that name");
    expect_rows(f, f->reader, "SELECT count(*) > 0 AS alive FROM t", "[{\"alive\":1}]");
}

/* --- partial files -------------------------------------------------------------------------------- */

/* What a -wal file says counts as the database's own: it is not to be replaced, least of all by force. */
static void test_names_of_sqlites_own_files(void **state)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    struct fixture *f = *state;

    expect_rows(f, f->writer, "INSERT INTO t VALUES (5000, 'fresh') RETURNING id",
                "[{\"id\":5000}]");
    for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
        (void)snprintf(copy, sizeof(copy), "%s%s", f->path, suffixes[i]);
        expect_refusal(f, (struct backup){.replaces = true}, STATUS_CONFLICT, "SQLite");
        expect_refusal(f, (struct backup){.replaces = false}, STATUS_CONFLICT, "SQLite");
    }
    assert_int_equal(number_in(f->path, "SELECT count(*) FROM t WHERE id = 5000"), 1);
}

static void test_a_partial_file(void **state)
{
    struct fixture *f = *state;
    struct partial_file file;
    struct stat about;

    assert_int_equal(partial_file_open(&file, copy, 0644, &f->err), STATUS_OK);
    assert_int_equal(files_like(f, "copy.db.partial-"), 1);
    partial_file_close(&file);
    partial_file_close(&file);
    expect_nothing_left(f);
    assert_int_equal(partial_file_open(&file, copy, 0644, &f->err), STATUS_OK);
    assert_int_equal(write(file.fd, "all", 3), 3);
    assert_int_equal(stat(copy, &about), -1);
    assert_int_equal(partial_file_finish(&file, false, &f->err), STATUS_OK);
    partial_file_close(&file);
    assert_int_equal(stat(copy, &about), 0);
    assert_int_equal(about.st_size, 3);
    assert_int_equal(about.st_mode & 07777, 0644);
    assert_int_equal(partial_file_open(&file, copy, 0644, &f->err), STATUS_OK);
    assert_int_equal(partial_file_finish(&file, false, &f->err), STATUS_CONFLICT);
    partial_file_close(&file);
    assert_int_equal(files_like(f, "copy"), 1);
}

/* In the working directory, whose name is not in the target's. */
static void test_a_partial_file_here(void **state)
{
    struct fixture *f = *state;
    struct partial_file file;
    char before[4096];

    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(f->folder), 0);
    assert_int_equal(partial_file_open(&file, "copy.db", 0600, &f->err), STATUS_OK);
    assert_int_equal(partial_file_finish(&file, true, &f->err), STATUS_OK);
    partial_file_close(&file);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(files_like(f, "copy.db"), 1);
}

static int small_setup(void **state)
{
    static struct fixture f;

    fixture_init(
        &f, "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT); INSERT INTO t VALUES (1, 'x')", true);
    (void)snprintf(copy, sizeof(copy), "%s/copy.db", f.folder);
    *state = &f;
    return 0;
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_init(&f,
                 "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT); CREATE INDEX i ON t(x);"
                 "INSERT INTO t(x) WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s "
                 "WHERE i < 4000) SELECT 'row ' || i || ' ' || hex(zeroblob(512)) FROM s",
                 true);
    (void)snprintf(copy, sizeof(copy), "%s/copy.db", f.folder);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    DIR *folder = opendir(f->folder);

    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char name[400];

        if (strstr(entry->d_name, "copy") != NULL) {
            (void)snprintf(name, sizeof(name), "%s/%s", f->folder, entry->d_name);
            (void)unlink(name);
        }
    }
    closedir(folder);
    fixture_fini(f);
    return 0;
}

#define TEST(name)       cmocka_unit_test_setup_teardown(name, setup, teardown)
#define SMALL_TEST(name) cmocka_unit_test_setup_teardown(name, small_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_copy),
        TEST(test_a_copy_is_not_in_wal_mode),
        TEST(test_a_copy_of_a_copy),
        SMALL_TEST(test_page_sizes),
        SMALL_TEST(test_an_empty_database),
        TEST(test_the_copy_is_of_one_moment),
        TEST(test_another_process_writes),
        TEST(test_cancelled),
        TEST(test_a_disk_that_is_full),
        SMALL_TEST(test_without_memory),
        TEST(test_a_file_that_is_there),
        TEST(test_a_file_that_comes_between),
        SMALL_TEST(test_names_that_are_refused),
        SMALL_TEST(test_names_of_sqlites_own_files),
        SMALL_TEST(test_a_partial_file),
        SMALL_TEST(test_a_partial_file_here),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
