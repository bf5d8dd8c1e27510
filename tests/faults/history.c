/* See history.h. */
#include <sys/stat.h>

#include "tests/faults/history.h"

#define SUM "10000"

const char history_script[] =
    "PRAGMA page_size = 1024;" /* so that little content is many pages */
    "CREATE TABLE account(id INTEGER PRIMARY KEY, sum INTEGER NOT NULL CHECK (sum >= 0));"
    "CREATE TABLE entry(change INTEGER, part INTEGER, text TEXT NOT NULL,"
    " PRIMARY KEY (change, part)) WITHOUT ROWID;"
    "CREATE INDEX entry_text ON entry(text);"
    "CREATE TABLE transfer(id INTEGER PRIMARY KEY, sender INTEGER NOT NULL REFERENCES account(id),"
    " receiver INTEGER NOT NULL REFERENCES account(id), amount INTEGER NOT NULL);"
    "CREATE TRIGGER make_transfer AFTER INSERT ON transfer BEGIN"
    " UPDATE account SET sum = sum - new.amount WHERE id = new.sender;"
    " UPDATE account SET sum = sum + new.amount WHERE id = new.receiver;"
    "END;"
    "CREATE TABLE promise(id INTEGER PRIMARY KEY,"
    " account INTEGER REFERENCES account(id) DEFERRABLE INITIALLY DEFERRED);"
    "CREATE TABLE register(id INTEGER PRIMARY KEY, change INTEGER, text TEXT);"
    "INSERT INTO register VALUES (1, 0, '');"
    "INSERT INTO account VALUES (0, 2000), (1, 2000), (2, 2000), (3, 2000), (4, 2000);";

#define STATEMENTS 3

/* The n-th change is the one at n modulo their number. */
static const struct change_kind {
    const char *sql[STATEMENTS]; /* one: run as a change by itself */
    bool is_guilty;              /* violates something: CONSTRAINT, and nothing is left of it */
} kinds[] = {
    {{"INSERT INTO entry VALUES (:n, 0, 'entry ' || :n)"}, false},
    {{"INSERT INTO entry VALUES (:n, 0, 'a' || :n), (:n, 1, 'b' || :n), (:n, 2, 'c' || :n)"},
     false},
    {{"INSERT INTO transfer VALUES (:n, :n / 16 % 5, (:n / 16 + 1) % 5, 1 + :n % 100)"}, false},
    {{"UPDATE register SET change = :n, text = printf('%0*d', :n % 50, :n)"}, false},
    {{"INSERT INTO entry VALUES (:n, 0, 'half'), (:n, 1, 'a'), (:n, 1, 'b')"}, true},
    {{"INSERT INTO entry VALUES (:n, 0, hex(zeroblob(1000 + :n)))"}, false},
    {{"DELETE FROM entry WHERE change = :n - 6 OR change = :n - 33"}, false},
    {{"INSERT INTO entry VALUES (:n, 0, 'half')", "INSERT INTO account VALUES (:n % 1, 1)"}, true},
    {{"UPDATE account SET sum = sum - :n % 10 WHERE id = :n % 5",
      "UPDATE account SET sum = sum + :n % 10 WHERE id = (:n + 2) % 5",
      "INSERT INTO entry VALUES (:n, 0, 'moved ' || :n % 10)"},
     false},
    {{"INSERT OR FAIL INTO entry VALUES (:n, 0, 'half'), (:n, 1, 'a'), (:n, 1, 'b')"}, true},
    {{"INSERT INTO entry VALUES (:n, 0, 'first ' || :n)",
      "INSERT INTO entry VALUES (:n, 1, hex(zeroblob(2000)))"},
     false},
    {{"INSERT INTO entry VALUES (:n, 0, 'half')",
      "INSERT OR ROLLBACK INTO entry VALUES (:n, 1, 'a'), (:n, 1, 'b')"},
     true},
    {{"INSERT INTO entry SELECT :n, value, hex(zeroblob(450)) FROM "
      "json_each('[0,1,2,3,4,5,6,7,8,9]')",
      "UPDATE entry SET text = 'half' WHERE change = :n AND part = 5", /* more than the cache holds */
      "INSERT INTO entry SELECT :n, value, hex(zeroblob(450)) FROM "
      "json_each('[15,14,13,12,11,0]')"},
     true},
    {{"INSERT INTO entry VALUES (:n / 16, 0, 'new') ON CONFLICT DO UPDATE SET text = text || :n"},
     false},
    {{"INSERT INTO entry VALUES (:n, 0, 'half')", "INSERT INTO promise VALUES (:n, 99)"}, true},
    {{"INSERT INTO promise VALUES (:n, 1000 + :n)", "INSERT INTO account VALUES (1000 + :n, 0)"},
     false},
    {{"INSERT INTO entry VALUES (:n, 0, 'another ' || :n)"}, false},
};

static bool is_quiet; /* of the history that looks just now */

/* What is wrong with a file, to standard error. */
PRINTF_LIKE(1, 2) static void tell(const char *format, ...)
{
    va_list arguments;

    if (!is_quiet) {
        va_start(arguments, format);
        (void)vfprintf(stderr, format, arguments); /* then nobody reads it */
        va_end(arguments);
    }
}

/* --- digests ------------------------------------------------------------------------------------- */

static const char *const contents[] = {
    "SELECT * FROM account ORDER BY id",  "SELECT * FROM entry ORDER BY change, part",
    "SELECT * FROM transfer ORDER BY id", "SELECT * FROM promise ORDER BY id",
    "SELECT * FROM register ORDER BY id",
};

/* FNV-1a */
static uint64_t digest_bytes(uint64_t digest, const void *data, size_t size)
{
    const unsigned char *at = data;

    for (size_t i = 0; i < size; i++) {
        digest = (digest ^ at[i]) * UINT64_C(0x100000001B3);
    }
    return digest;
}

/* All of one query's rows; *digest is 0 if it fails. */
static void digest_rows(sqlite3 *raw, const char *sql, uint64_t *digest)
{
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(raw, sql, -1, &rows, NULL);

    while (code == SQLITE_OK && sqlite3_step(rows) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            int type = sqlite3_column_type(rows, i);
            const void *bytes = sqlite3_column_blob(rows, i);
            int size = sqlite3_column_bytes(rows, i);
            *digest = digest_bytes(*digest, &type, sizeof(type));
            *digest = digest_bytes(*digest, &size, sizeof(size));
            *digest = digest_bytes(*digest, bytes, (size_t)size);
        }
    }
    if (sqlite3_finalize(rows) != SQLITE_OK) {
        tell("%s: %s\n", sql, sqlite3_errmsg(raw));
        *digest = 0;
    }
}

static uint64_t digest_of(sqlite3 *raw)
{
    uint64_t digest = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < ARRAY_LENGTH(contents) && digest != 0; i++) {
        digest_rows(raw, contents[i], &digest);
    }
    return digest;
}

/* Does the query answer with this one text, or, if expected is NULL, with no row? */
static bool answers(sqlite3 *raw, const char *sql, const char *expected)
{
    sqlite3_stmt *rows = NULL;
    bool is_so = sqlite3_prepare_v2(raw, sql, -1, &rows, NULL) == SQLITE_OK;

    if (is_so && sqlite3_step(rows) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(rows, 0);
        is_so = expected != NULL && text != NULL && strcmp(text, expected) == 0;
        if (!is_so) {
            tell("%s: %s\n", sql, text == NULL ? "NULL" : text);
        }
    } else {
        is_so = is_so && expected == NULL;
    }
    if (sqlite3_finalize(rows) != SQLITE_OK) {
        tell("%s: %s\n", sql, sqlite3_errmsg(raw));
        is_so = false;
    }
    return is_so;
}

uint64_t history_digest(const char *path)
{
    sqlite3 *raw = NULL;
    uint64_t digest = 0;

    if (sqlite3_open_v2(path, &raw, SQLITE_OPEN_READWRITE, fault_vfs_plain()) == SQLITE_OK &&
        sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK &&
        sqlite3_exec(raw, "PRAGMA synchronous = OFF", NULL, NULL, NULL) == SQLITE_OK &&
        answers(raw, "PRAGMA integrity_check", "ok") &&
        answers(raw, "PRAGMA foreign_key_check", NULL) &&
        answers(raw, "SELECT sum(sum) FROM account", SUM)) {
        digest = digest_of(raw);
    } else {
        tell("%s: %s\n", path, sqlite3_errmsg(raw));
    }
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
    return digest;
}

static void remove_image(const struct history *h)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    char name[128];

    for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
        (void)snprintf(name, sizeof(name), "%s/test.db%s", h->image, suffixes[i]);
        (void)unlink(name); /* most are not there */
    }
}

uint64_t history_cut(struct history *h, enum fault_cut cut, uint64_t seed)
{
    char path[128];
    uint64_t digest;

    (void)snprintf(path, sizeof(path), "%s/test.db", h->image);
    assert_true(fault_image(h->image, cut, seed));
    is_quiet = h->expects_breaks;
    digest = history_digest(path);
    is_quiet = false;
    remove_image(h);
    return digest;
}

/* --- the model ----------------------------------------------------------------------------------- */

static const struct change_kind *kind_of(int n)
{
    return &kinds[(size_t)n % ARRAY_LENGTH(kinds)];
}

static void model_run(struct history *h, const char *sql, int n)
{
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_prepare_v2(h->model, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_bind_int(statement, 1, n), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

static void model_change(struct history *h, int n)
{
    const struct change_kind *kind = kind_of(n);

    if (!kind->is_guilty) {
        for (size_t i = 0; i < STATEMENTS && kind->sql[i] != NULL; i++) {
            model_run(h, kind->sql[i], n);
        }
        h->unsettled = digest_of(h->model);
    }
}

/* From here to model_end nothing is settled. */
static void model_begin(struct history *h)
{
    raw_exec(h->model, "SAVEPOINT attempt");
}

static void note_state(uint64_t *states, unsigned *count, uint64_t digest)
{
    assert_true(*count < HISTORY_STATES_MAX);
    states[(*count)++] = digest;
}

static void model_end(struct history *h, bool is_acknowledged)
{
    bool differs = h->unsettled != h->settled;

    raw_exec(h->model,
             is_acknowledged ? "RELEASE attempt" : "ROLLBACK TO attempt; RELEASE attempt");
    if (is_acknowledged && differs) {
        note_state(h->states, &h->states_count, h->settled);
        h->settled = h->unsettled;
        h->failed_count = 0; /* their place in the WAL is taken */
    } else if (differs) {
        note_state(h->failed, &h->failed_count, h->unsettled);
        h->unsettled = h->settled;
    }
}

static bool is_among(const uint64_t *states, unsigned count, uint64_t digest)
{
    for (unsigned i = 0; i < count; i++) {
        if (states[i] == digest) {
            return true;
        }
    }
    return false;
}

bool history_was(const struct history *h, uint64_t digest)
{
    return is_among(h->states, h->states_count, digest);
}

bool history_may_be(const struct history *h, uint64_t digest)
{
    return digest == h->settled || is_among(h->failed, h->failed_count, digest);
}

/* --- the history --------------------------------------------------------------------------------- */

static enum status run_statement(struct history *h, const char *sql, int n)
{
    struct value value = {.type = VALUE_INTEGER, .integer = n};
    struct query q = {.sql = sql, .values = &value, .values_count = 1, .shape = QUERY_NONE};

    return run_query(&h->f, h->f.writer, &q);
}

static enum status run_several(struct history *h, const struct change_kind *kind, int n)
{
    struct reading reading;
    struct error err;
    enum status status;
    enum status end;

    assert_on_worker();
    status = connection_change_begin(h->f.writer, NULL, &reading, &err);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < STATEMENTS && kind->sql[i] != NULL && status == STATUS_OK; i++) {
        status = run_statement(h, kind->sql[i], n);
    }
    end = connection_change_end(h->f.writer, status == STATUS_OK, &err);
    return status == STATUS_OK ? end : status;
}

static enum status run_change(struct history *h, int n)
{
    const struct change_kind *kind = kind_of(n);
    enum status status =
        kind->sql[1] == NULL ? run_statement(h, kind->sql[0], n) : run_several(h, kind, n);

    assert_false(kind->is_guilty && status == STATUS_OK);
    return status;
}

static void count(struct history *h, const enum status *statuses, int made)
{
    for (int i = 0; i < made; i++) {
        h->acknowledged += statuses[i] == STATUS_OK ? 1 : 0;
    }
    h->next += made;
}

enum status history_change(struct history *h)
{
    enum status status;

    model_begin(h);
    model_change(h, h->next);
    status = run_change(h, h->next);
    model_end(h, status == STATUS_OK);
    count(h, &status, 1);
    return status;
}

int history_group(struct history *h, int most, enum status *ret_statuses)
{
    int made = 0;
    bool is_kept;

    assert_on_worker();
    model_begin(h);
    connection_group_begin(h->f.writer);
    while (made < most && !connection_group_is_full(h->f.writer)) {
        ret_statuses[made] = run_change(h, h->next + made);
        if (ret_statuses[made] == STATUS_OK) {
            model_change(h, h->next + made);
        }
        made++;
    }
    is_kept = connection_group_end(h->f.writer);
    model_end(h, is_kept);
    if (is_kept) {
        count(h, ret_statuses, made);
        return made;
    }
    h->lost_groups++;
    for (int i = 0; i < made; i++) { /* as pool/executor.h does it */
        ret_statuses[i] = history_change(h);
    }
    return made;
}

bool history_is_guilty(int n)
{
    return kind_of(n)->is_guilty;
}

void history_pragma(struct history *h, const char *sql)
{
    h->f.writer->is_ours = true; /* the authorizer lets nobody else */
    raw_exec(h->f.writer->handle, sql);
    h->f.writer->is_ours = false;
}

void history_checkpoint(struct history *h, bool is_idle)
{
    assert_on_worker();
    h->f.writer->wal_pages = 100 * 1000; /* it is large */
    connection_rest(h->f.writer, is_idle, false);
}

enum status history_read(struct history *h)
{
    return run_sql(&h->f, h->f.reader, "SELECT count(*), max(length(text)) FROM entry");
}

/* In memory, if that is a place for files: there are thousands of them, and no disk is needed. */
static void make_folder(struct fixture *f)
{
    fixture_folder(f);
    if (access("/dev/shm", W_OK) == 0) {
        assert_int_equal(rmdir(f->folder), 0);
        (void)snprintf(f->folder, sizeof(f->folder), "/dev/shm/gantry-storage-XXXXXX");
        assert_non_null(mkdtemp(f->folder));
        (void)snprintf(f->path, sizeof(f->path), "%s/test.db", f->folder);
    }
}

void history_make(struct history *h)
{
    *h = (struct history){.next = 1};
    fault_reset();
    make_folder(&h->f);
    (void)snprintf(h->image, sizeof(h->image), "%s/image", h->f.folder);
    assert_int_equal(mkdir(h->image, 0700), 0);
    raw_run(h->f.path, history_script);
    assert_int_equal(sqlite3_open_v2(":memory:", &h->model, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    raw_exec(h->model, history_script);
    h->settled = h->unsettled = digest_of(h->model);
    assert_int_not_equal(h->settled, 0);
    fault_reset(); /* what the script made counts as durable */
}

void history_open(struct history *h)
{
    fixture_open(&h->f, true);
    history_pragma(h,
                   "PRAGMA cache_size = 4"); /* pages: there is something to read, and to spill */
}

void history_init(struct history *h)
{
    history_make(h);
    history_open(h);
}

void history_hold(struct history *h)
{
    struct reading reading;

    assert_on_worker();
    if (h->is_held) {
        connection_read_end(h->f.reader);
    } else {
        assert_int_equal(connection_read_begin(h->f.reader, NULL, &reading, &h->f.err), STATUS_OK);
    }
    h->is_held = !h->is_held;
}

void history_close(struct history *h)
{
    if (h->is_held) {
        history_hold(h);
    }
    connection_close(h->f.reader);
    connection_close(h->f.writer);
    database_close(h->f.db);
    h->f.reader = NULL;
    h->f.writer = NULL;
    h->f.db = NULL;
}

void history_fini(struct history *h)
{
    if (h->model == NULL) {
        return;
    }
    fault_watch(NULL, NULL);
    fault_disarm();
    history_close(h);
    assert_int_equal(sqlite3_close(h->model), SQLITE_OK);
    remove_image(h);
    assert_int_equal(rmdir(h->image), 0);
    fixture_fini(&h->f);
    fault_reset();
    *h = (struct history){.model = NULL};
}
