/*
 * Readers on many threads while another connection commits as fast as it can: one number must never
 * come with two contents. Each commit writes the next number, so a content is known by max(n).
 */
#include "storage/schema_build.h"
#include "tests/unit/random.h"
#include "tests/unit/storage/fixture.h"

#define READERS 3
#define COMMITS 1500
#define BATCH   4

static const char script[] = "CREATE TABLE t(n INTEGER PRIMARY KEY); INSERT INTO t VALUES (0)";

struct seen {
    uint64_t version;
    int64_t content;
};

struct reader {
    struct fixture *f;
    pthread_t thread;
    uint64_t seed;
    struct schema_list seen; /* struct seen */
};

static _Atomic bool is_over;

/* [{"n":12}] */
static int64_t content_of(struct connection *c)
{
    struct query q = {.sql = "SELECT max(n) AS n FROM t", .shape = QUERY_ROWS};
    struct query_result result;
    struct error err;
    char text[32] = "";
    struct buf out;

    assert_on_worker();
    buf_init(&out, sizeof(text) - 1);
    assert_int_equal(connection_run(c, &q, NULL, &out, &result, &err), STATUS_OK);
    memcpy(text, out.at, out.size);
    buf_fini(&out);
    return strtoll(text + 6, NULL, 10);
}

static struct seen read_once(struct connection *c)
{
    struct reading reading;
    struct error err;
    struct seen seen;

    assert_on_worker();
    assert_int_equal(connection_read_begin(c, NULL, &reading, &err), STATUS_OK);
    seen = (struct seen){.version = reading.version, .content = content_of(c)};
    assert_int_equal(content_of(c), seen.content);
    connection_read_end(c);
    return seen;
}

static void record(struct reader *r, struct seen seen)
{
    struct seen *place = schema_list_add(&r->seen, sizeof(*place));

    assert_non_null(place);
    *place = seen;
}

/* A few readings, each by itself or in one batch, which may begin with a plain statement. */
static void read_some(struct reader *r, struct connection *c, size_t way)
{
    bool is_batch = way % 2 == 1;

    assert_on_worker();
    if (is_batch) {
        connection_batch_begin(c);
    }
    if (way >= 2) {
        (void)content_of(c);
    }
    for (int i = 0; i < BATCH; i++) {
        record(r, read_once(c));
    }
    if (is_batch) {
        connection_batch_end(c);
    }
}

static void *run_reader(void *context)
{
    struct reader *r = context;
    struct random random = {.state = r->seed};
    struct connection *c = NULL;
    struct error err;
    struct seen last;

    role_set_worker("reader");
    assert_int_equal(connection_open(r->f->db, CONNECTION_READER, NULL, &c, &err), STATUS_OK);
    while (!atomic_load(&is_over)) {
        read_some(r, c, random_below(&random, 4));
    }
    last = read_once(c);
    assert_int_equal(last.content, COMMITS);
    record(r, last);
    connection_close(c);
    return NULL;
}

static void *run_writer(void *context)
{
    struct fixture *f = context;
    sqlite3 *raw = raw_open(f->path);
    char sql[64];

    assert_int_equal(sqlite3_busy_timeout(raw, 10000), SQLITE_OK);
    raw_exec(raw, "PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 20");
    for (int i = 1; i <= COMMITS; i++) {
        (void)snprintf(sql, sizeof(sql), "INSERT INTO t VALUES (%d)", i);
        raw_exec(raw, sql);
    }
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
    atomic_store(&is_over, true);
    return NULL;
}

static int compare_seen(const void *a, const void *b)
{
    const struct seen *x = a;
    const struct seen *y = b;

    return x->version < y->version ? -1 : x->version > y->version;
}

static void check(const struct reader *readers)
{
    struct schema_list all = {0};
    struct seen *seen;

    for (size_t i = 0; i < READERS; i++) {
        for (size_t n = 0; n < readers[i].seen.count; n++) {
            seen = schema_list_add(&all, sizeof(*seen));
            assert_non_null(seen);
            *seen = ((const struct seen *)(const void *)readers[i].seen.at)[n];
        }
    }
    seen = (struct seen *)(void *)all.at;
    qsort(seen, all.count, sizeof(*seen), compare_seen);
    for (size_t i = 1; i < all.count; i++) {
        if (seen[i].version == seen[i - 1].version && seen[i].version != 0 &&
            seen[i].content != seen[i - 1].content) {
            fail_msg("two contents of one number: %lld and %lld", (long long)seen[i].content,
                     (long long)seen[i - 1].content);
        }
    }
    schema_list_fini(&all);
}

static void test_one_number_one_content(void **state)
{
    struct fixture *f = *state;
    struct reader readers[READERS];
    pthread_t writer;

    atomic_store(&is_over, false);
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.f = f, .seed = i};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, run_reader, &readers[i]), 0);
    }
    assert_int_equal(pthread_create(&writer, NULL, run_writer, f), 0);
    assert_int_equal(pthread_join(writer, NULL), 0);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
    }
    check(readers);
    for (size_t i = 0; i < READERS; i++) {
        schema_list_fini(&readers[i].seen);
    }
}

static int setup_wal(void **state)
{
    static struct fixture f;

    fixture_init(&f, script, true);
    *state = &f;
    return 0;
}

static int setup_rollback(void **state)
{
    static struct fixture f;

    fixture_init(&f, script, false);
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
        cmocka_unit_test_setup_teardown(test_one_number_one_content, setup_wal, teardown),
        cmocka_unit_test_setup_teardown(test_one_number_one_content, setup_rollback, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
