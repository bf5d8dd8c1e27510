/*
 * What the storage tests share: a database file in a directory of its own, raw SQLite connections
 * that play "another process", and one-line queries.
 */
#ifndef GANTRY_TESTS_UNIT_STORAGE_FIXTURE_H
#define GANTRY_TESTS_UNIT_STORAGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "storage/sqlite_internal.h"

struct fixture {
    char folder[64];
    char path[96];
    struct database *db;
    struct connection *reader;
    struct connection *writer; /* NULL if the database is read-only */
    struct buf out;
    struct query_result result;
    struct error err;
};

/* A raw connection, as another program would open one. */
static inline sqlite3 *raw_open(const char *path)
{
    sqlite3 *raw = NULL;

    assert_int_equal(sqlite3_open_v2(path, &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    return raw;
}

static inline void raw_exec(sqlite3 *raw, const char *sql)
{
    char *text = NULL;

    if (sqlite3_exec(raw, sql, NULL, NULL, &text) != SQLITE_OK) {
        fail_msg("%s: %s", sql, text);
    }
}

/* One script, run by another program that then ends. */
static inline void raw_run(const char *path, const char *sql)
{
    sqlite3 *raw = raw_open(path);

    raw_exec(raw, sql);
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

static inline void fixture_folder(struct fixture *f)
{
    *f = (struct fixture){.db = NULL};
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/gantry-storage-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof(f->path), "%s/test.db", f->folder);
    buf_init(&f->out, 16 * 1024 * 1024);
}

static inline void fixture_open(struct fixture *f, bool is_writable)
{
    struct database_conf conf = {.path = f->path, .is_writable = is_writable};

    if (database_open(&conf, &f->db, &f->err) != STATUS_OK) {
        fail_msg("%s (%s)", f->err.text, f->err.hint);
    }
    assert_int_equal(connection_open(f->db, CONNECTION_READER, NULL, &f->reader, &f->err),
                     STATUS_OK);
    if (is_writable) {
        assert_int_equal(connection_open(f->db, CONNECTION_WRITER, NULL, &f->writer, &f->err),
                         STATUS_OK);
    }
}

/* A database made by script, opened. */
static inline void fixture_init(struct fixture *f, const char *script, bool is_writable)
{
    fixture_folder(f);
    if (database_create(f->path, script, &f->err) != STATUS_OK) {
        fail_msg("%s", f->err.text);
    }
    fixture_open(f, is_writable);
}

static inline void fixture_fini(struct fixture *f)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    char name[128];

    connection_close(f->reader);
    connection_close(f->writer);
    database_close(f->db);
    buf_fini(&f->out);
    for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", f->path, suffixes[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(f->folder), 0);
}

/* Run q on c; f->out holds its result alone. */
static inline enum status run_query(struct fixture *f, struct connection *c, const struct query *q)
{
    struct cancel cancel;

    assert_on_worker();
    cancel_init(&cancel, clock_now_ns() + 60 * NS_PER_S);
    buf_clear(&f->out);
    f->err = (struct error){.status = STATUS_OK};
    return connection_run(c, q, &cancel, &f->out, &f->result, &f->err);
}

static inline enum status run_sql(struct fixture *f, struct connection *c, const char *sql)
{
    struct query q = {.sql = sql, .shape = QUERY_ROWS};

    return run_query(f, c, &q);
}

static inline void expect_out(const struct fixture *f, const char *json)
{
    if (f->out.size != strlen(json) || memcmp(f->out.at, json, f->out.size) != 0) {
        fail_msg("got %.*s, expected %s", (int)f->out.size, f->out.at, json);
    }
}

/* The statement runs and its rows are json. */
static inline void expect_rows(struct fixture *f, struct connection *c, const char *sql,
                               const char *json)
{
    enum status status = run_sql(f, c, sql);

    if (status != STATUS_OK) {
        fail_msg("%s: %s: %s", sql, status_name(status), f->err.text);
    }
    expect_out(f, json);
}

/* The statement fails so, leaves no output, and says something. */
static inline void expect_failure(struct fixture *f, struct connection *c, const char *sql,
                                  enum status expected)
{
    enum status status = run_sql(f, c, sql);

    if (status != expected || f->err.status != expected || f->err.text[0] == '\0') {
        fail_msg("%s: %s (%s), expected %s", sql, status_name(status), f->err.text,
                 status_name(expected));
    }
    assert_int_equal(f->out.size, 0);
}

/* For main(): what every group of tests starts with. */
static inline int library_setup(void **state)
{
    struct error err;

    (void)state;
    role_set_worker("test");
    return database_library_init(&err) == STATUS_OK ? 0 : -1;
}

#endif
