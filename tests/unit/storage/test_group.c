/*
 * Group commit with the real executor, writer and files: innocent requests beside hostile ones. The innocent
 * succeed, the guilty fail with their own error and leave nothing, and nobody hears of success before what
 * he wrote can be seen by another process.
 *
 * GANTRY_TEST_BATCHES=10000 makes it long.
 */
#include <pthread.h>

#include "base/status.h"
#include "pool/executor.h"
#include "storage/slot.h"
#include "tests/unit/storage/fixture.h"

#define BATCH_MAX 64

static const char script[] = "CREATE TABLE log(id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
                             "CREATE TABLE taken(id INTEGER PRIMARY KEY);"
                             "INSERT INTO taken VALUES (1);"
                             "CREATE TABLE child(id INTEGER PRIMARY KEY,"
                             " t INTEGER REFERENCES taken(id) DEFERRABLE INITIALLY DEFERRED);"
                             "CREATE TABLE trap(x);"
                             "CREATE TRIGGER trap_rollback BEFORE INSERT ON trap"
                             " BEGIN SELECT RAISE(ROLLBACK, 'trapped'); END;";

/* Two statements at most; :id is the request's. The first writes what must not be there afterwards. */
struct crime {
    const char *first, *second;
    uint64_t rows_max;
    bool is_late; /* its deadline passes while it runs */
    enum status status;
    const char *words;
};

#define SPIN                                                                                       \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "                             \
    "INSERT INTO log SELECT -:id, i FROM n WHERE i < 0"

static const struct crime crimes[] = {
    {"INSERT INTO log VALUES (-:id, NULL)", NULL, 0, false, STATUS_CONSTRAINT, "NOT NULL"},
    {"INSERT OR FAIL INTO log VALUES (-:id, 'x'), (-:id, 'y')", NULL, 0, false, STATUS_CONSTRAINT,
     "UNIQUE"},
    {"INSERT OR ROLLBACK INTO log VALUES (-:id, 'x'), (-:id, 'y')", NULL, 0, false,
     STATUS_CONSTRAINT, "UNIQUE"},
    {"INSERT INTO log VALUES (-:id, 'x')", "INSERT INTO trap VALUES (:id)", 0, false,
     STATUS_CONSTRAINT, "trapped"},
    {"INSERT INTO log VALUES (-:id, 'x')", "INSERT INTO child(t) VALUES (:id + 1000000)", 0, false,
     STATUS_CONSTRAINT, "FOREIGN KEY"},
    {"INSERT INTO log VALUES (-:id, 'x'), (-:id - 100000000, 'y') RETURNING id", NULL, 1, false,
     STATUS_TOO_BIG, "more than"},
    {"INSERT INTO log VALUES (-:id, zeroblob(70000000))", NULL, 0, false, STATUS_TOO_BIG, ""},
    {"INSERT INTO log VALUES (-:id, 'x')", "INSERT INTO taken VALUES (1 + 0 * :id)", 0, false,
     STATUS_CONSTRAINT, "UNIQUE"},
    {SPIN, NULL, 0, true, STATUS_DEADLINE, ""},
    {"INSERT INTO log VALUES (-:id, 'x') RETURNING nothing", NULL, 0, false, STATUS_SCHEMA, ""},
};

struct request {
    struct task task;
    struct all *all;
    int64_t id;
    const struct crime *crime; /* NULL: innocent */
    unsigned runs;
    enum status status; /* of its last run */
    struct error err;
};

/* Guarded by mu, but for what is not written meanwhile. */
struct all {
    struct fixture *f;
    struct executor *executor;
    sqlite3 *witness; /* another process: sees what is committed */
    sqlite3_stmt *look;
    pthread_mutex_t mu;
    pthread_cond_t is_over;
    unsigned left;
    unsigned early; /* told of success before it could be seen */
};

/* --- the writer's thread ------------------------------------------------------------------------ */

static enum status run_one(struct request *r, struct connection *c, const char *sql,
                           struct error *err) ON_WORKER MAY_BLOCK
{
    struct value id = {.type = VALUE_INTEGER, .integer = r->id};
    struct query q = {.sql = sql,
                      .values = &id,
                      .values_count = 1,
                      .rows_max = r->crime == NULL ? 0 : r->crime->rows_max};
    struct query_result result;
    struct buf out;
    enum status status;

    buf_init(&out, 4096);
    status = connection_run(c, &q, &r->task.cancel, &out, &result, err);
    buf_fini(&out);
    return status;
}

/* One change; what has one statement is one by itself. */
static enum status run_change(struct request *r, struct connection *c,
                              struct error *err) ON_WORKER MAY_BLOCK
{
    const struct crime *crime = r->crime;
    struct reading reading;
    struct error ignored;
    enum status status;

    if (crime == NULL || crime->second == NULL) {
        return run_one(r, c, crime == NULL ? "INSERT INTO log VALUES (:id, 'fine')" : crime->first,
                       err);
    }
    status = connection_change_begin(c, &r->task.cancel, &reading, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = run_one(r, c, crime->first, err);
    if (status == STATUS_OK) {
        status = run_one(r, c, crime->second, err);
    }
    if (status == STATUS_OK) {
        return connection_change_end(c, true, err);
    }
    assert_int_equal(connection_change_end(c, false, &ignored), STATUS_OK);
    return status;
}

static void work(struct task *task, struct worker *worker)
{
    struct request *r = container_of(task, struct request, task);
    struct connection *c;

    assert_on_worker();
    r->runs++;
    r->err = (struct error){.status = STATUS_OK};
    r->status = slot_connection(worker_local(worker), &task->cancel, &c, &r->err);
    if (r->status == STATUS_OK) {
        r->status = run_change(r, c, &r->err);
    }
}

static bool can_be_seen(struct all *all, int64_t id)
{
    bool is_there;

    sqlite3_bind_int64(all->look, 1, id);
    is_there = sqlite3_step(all->look) == SQLITE_ROW;
    sqlite3_reset(all->look);
    return is_there;
}

static void finish(struct list *tasks)
{
    struct list *link;

    while ((link = list_take_first(tasks)) != NULL) {
        struct request *r = container_of(link, struct request, task.link);
        struct all *all = r->all;

        pthread_mutex_lock(&all->mu);
        if (r->task.end == TASK_DONE && r->status == STATUS_OK && !can_be_seen(all, r->id)) {
            all->early++;
        }
        all->left--;
        pthread_cond_signal(&all->is_over);
        pthread_mutex_unlock(&all->mu);
    }
}

/* --- the test's thread -------------------------------------------------------------------------- */

static unsigned draw(unsigned *seed, unsigned below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

static void submit(struct all *all, struct request *r, int64_t id, const struct crime *crime)
{
    int64_t now_ns = clock_now_ns();
    int64_t patience_ns = crime != NULL && crime->is_late ? 30 * NS_PER_MS : 60 * NS_PER_S;

    *r = (struct request){.all = all, .id = id, .crime = crime};
    task_init(&r->task, work, finish, now_ns + patience_ns);
    if (executor_submit(all->executor, &r->task, now_ns) != STATUS_OK) {
        assert_true(crime != NULL && crime->is_late); /* it would wait for too long */
        r->task.end = TASK_DEADLINE;
        pthread_mutex_lock(&all->mu);
        all->left--;
        pthread_mutex_unlock(&all->mu);
    }
}

static void check(struct all *all, const struct request *r)
{
    const struct crime *crime = r->crime;

    if (crime == NULL) {
        if (r->status != STATUS_OK || r->task.end != TASK_DONE) {
            fail_msg("innocent %lld: %s: %s", (long long)r->id, status_name(r->status),
                     r->err.text);
        }
        assert_true(can_be_seen(all, r->id));
        return;
    }
    assert_false(can_be_seen(all, -r->id));
    if (crime->is_late && r->task.end == TASK_DEADLINE) {
        return; /* while it waited for its turn */
    }
    if (r->status != crime->status || strstr(r->err.text, crime->words) == NULL) {
        fail_msg("%s: %s: %s", crime->first, status_name(r->status), r->err.text);
    }
}

static void run_batch(struct all *all, unsigned size, unsigned hostile_in, unsigned *seed,
                      int64_t *id)
{
    struct request *requests = mem_alloc(size * sizeof(*requests));

    assert_non_null(requests);
    all->left = size;
    for (unsigned i = 0; i < size; i++) {
        const struct crime *crime =
            draw(seed, hostile_in) == 0 ? &crimes[draw(seed, ARRAY_LENGTH(crimes))] : NULL;
        submit(all, &requests[i], ++*id, crime);
    }
    executor_kick(all->executor);
    pthread_mutex_lock(&all->mu);
    while (all->left > 0) {
        pthread_cond_wait(&all->is_over, &all->mu);
    }
    pthread_mutex_unlock(&all->mu);
    for (unsigned i = 0; i < size; i++) {
        check(all, &requests[i]);
    }
    assert_int_equal(all->early, 0);
    mem_free(requests);
}

static void test_the_guilty_alone_fail(void **state)
{
    struct all *all = *state;
    const char *wanted = getenv("GANTRY_TEST_BATCHES");
    long batches = wanted == NULL ? 120 : atol(wanted);
    unsigned seed = 1;
    int64_t id = 0;
    struct writes writes;
    uint64_t commits = 0;

    for (long i = 0; i < batches; i++) {
        run_batch(all, 1 + draw(&seed, BATCH_MAX), 8, &seed, &id);
    }
    database_writes(all->f->db, &writes);
    for (size_t i = 0; i < WRITES_SIZES; i++) {
        commits += writes.sizes[i];
    }
    assert_true(writes.lost_groups > 0); /* else the hostile ones were not hostile enough */
    assert_true(writes.changes < (uint64_t)id);
    print_message("%lld requests, %llu changes in %llu commits, %llu groups lost\n", (long long)id,
                  (unsigned long long)writes.changes, (unsigned long long)commits,
                  (unsigned long long)writes.lost_groups);
}

static void test_innocents_share_commits(void **state)
{
    struct all *all = *state;
    unsigned seed = 7;
    int64_t id = 1000000;
    struct writes before;
    struct writes after;

    database_writes(all->f->db, &before);
    run_batch(all, BATCH_MAX, UINT32_MAX >> 8, &seed, &id);
    database_writes(all->f->db, &after);
    assert_int_equal(after.changes - before.changes, BATCH_MAX);
    assert_true(histogram_count(&after.commit) - histogram_count(&before.commit) <= BATCH_MAX / 2);
    assert_int_equal(after.lost_groups, before.lost_groups);
}

/* --- life ----------------------------------------------------------------------------------------- */

static const struct executor_group group = {.begin = slot_group_begin,
                                            .is_full = slot_group_is_full,
                                            .end = slot_group_end,
                                            .rest = slot_rest};
static struct slot_conf slot_conf;

static int setup(void **state)
{
    static struct fixture f;
    static struct all all;
    struct executor_conf conf = {.name = "write",
                                 .threads = 1,
                                 .queue_max = BATCH_MAX,
                                 .local_user = &slot_conf,
                                 .local_create = slot_create,
                                 .local_destroy = slot_destroy,
                                 .group = &group};

    fixture_init(&f, script, true);
    connection_close(f.writer); /* the executor's is the one */
    f.writer = NULL;
    slot_conf = (struct slot_conf){.db = f.db, .kind = CONNECTION_WRITER};
    all = (struct all){.f = &f};
    pthread_mutex_init(&all.mu, NULL);
    pthread_cond_init(&all.is_over, NULL);
    all.witness = raw_open(f.path);
    assert_int_equal(
        sqlite3_prepare_v2(all.witness, "SELECT 1 FROM log WHERE id = ?1", -1, &all.look, NULL),
        SQLITE_OK);
    assert_int_equal(executor_create(&conf, &all.executor, &f.err), STATUS_OK);
    *state = &all;
    return 0;
}

static int teardown(void **state)
{
    struct all *all = *state;

    (void)sqlite3_finalize(all->look);
    assert_int_equal(sqlite3_close(all->witness), SQLITE_OK);
    connection_close(all->f->reader);
    all->f->reader = NULL;
    executor_destroy(all->executor);
    fixture_fini(all->f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_guilty_alone_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_innocents_share_commits, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
