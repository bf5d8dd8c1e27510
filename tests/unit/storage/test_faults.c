/*
 * Each read, write and sync of a short history fails, one at a time, once or for ever: nothing that was
 * acknowledged is missing afterwards, whether the process was killed or the power went; nothing that was
 * not is there in part; and the writer goes on, or stops for good where it must.
 */
#include "tests/faults/history.h"

#define ROUNDS           3
#define ROUNDS_SYNC      12 /* there are few syncs in one */
#define GROUP            4
#define CHECKPOINT_AFTER 2

/* One run of the history. */
static struct run {
    struct history h;
    struct fault fault;
    unsigned failures; /* changes that failed because of the fault, not for want of trust */
    bool is_sync_lost; /* a change failed, and a sync with it: none may succeed any more */
} run;

static const char *const calls[] = {"read", "write", "sync", "truncate"};

/* In words, for a failing test. */
#define expect(claim)                                                                              \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fail_msg("%s %u%s, code %d, at change %d: %s", calls[run.fault.call], run.fault.nth,   \
                     run.fault.is_for_ever ? " and all after it" : "", run.fault.code,             \
                     run.h.next - 1, #claim);                                                      \
        }                                                                                          \
    } while (0)

static enum status expected_status(const struct fault *fault)
{
    return (fault->code & 0xff) == SQLITE_FULL ? STATUS_FULL : STATUS_IO;
}

/* What became of a change: what should have? */
static void check(int n, enum status status, bool has_struck)
{
    if (run.is_sync_lost) { /* what the disk holds is not known: never again */
        expect(status == STATUS_IO);
    } else if (history_is_guilty(n) && !has_struck) {
        expect(status == STATUS_CONSTRAINT);
    } else if (status != STATUS_OK && status != STATUS_CONSTRAINT) {
        expect(has_struck);
        expect(status == expected_status(&run.fault));
        run.failures++;
    } else {
        expect(status == STATUS_OK || history_is_guilty(n));
    }
}

static void note_lost_sync(unsigned struck_before)
{
    if (run.fault.call == FAULT_SYNC && fault_struck() > struck_before) {
        run.is_sync_lost = true;
    }
}

static void change_once(void)
{
    unsigned struck = fault_struck();
    int n = run.h.next;
    enum status status = history_change(&run.h);

    check(n, status, fault_struck() > struck);
    note_lost_sync(struck);
}

static void change_group(void)
{
    unsigned struck = fault_struck();
    enum status statuses[GROUP];
    int first = run.h.next;
    int made;

    made = history_group(&run.h, GROUP, statuses);
    for (int i = 0; i < made; i++) {
        check(first + i, statuses[i], fault_struck() > struck);
    }
    note_lost_sync(struck);
}

static void checkpoint(bool is_idle)
{
    unsigned struck = fault_struck();

    history_checkpoint(&run.h, is_idle);
    note_lost_sync(struck); /* here, too: what was written back may not be there */
}

/* What a kill and a power cut leave behind now is what was acknowledged. */
static void expect_nothing_lost(void)
{
    enum fault_cut cuts[] = {FAULT_CUT_KEPT, FAULT_CUT_DROPPED, FAULT_CUT_TORN};

    cuts[2] = run.fault.nth % 2 == 0 ? FAULT_CUT_TORN : FAULT_CUT_REORDERED;
    for (size_t i = 0; i < ARRAY_LENGTH(cuts); i++) {
        uint64_t digest = history_cut(&run.h, cuts[i], run.fault.nth);
        if (!history_may_be(&run.h, digest)) {
            print_error("%s:\n", fault_cut_name(cuts[i]));
            expect(!"something is lost");
        }
    }
}

/* With the disk as it should be again: readers read on, and the writer writes, unless it must not. */
static void expect_recovery(void)
{
    expect(history_read(&run.h) == STATUS_OK);
    change_once();
    change_group();
    change_once();
    expect(history_read(&run.h) == STATUS_OK);
}

/* Some changes alone, some in a group, a checkpoint. */
static void make_history(void)
{
    int rounds =
        run.fault.call == FAULT_SYNC || run.fault.call == FAULT_TRUNCATE ? ROUNDS_SYNC : ROUNDS;

    for (int i = 0; i < rounds; i++) {
        change_once();
        change_group();
        if (i % CHECKPOINT_AFTER == CHECKPOINT_AFTER - 1) {
            checkpoint(i % (2 * CHECKPOINT_AFTER) == CHECKPOINT_AFTER - 1);
        }
        if (run.fault.call != FAULT_READ) {
            expect(history_read(&run.h) == STATUS_OK);
        }
    }
}

static bool history_with(const struct fault *fault)
{
    bool has_struck;

    run = (struct run){.fault = *fault};
    history_init(&run.h);
    fault_arm(fault);
    make_history();
    has_struck = fault_struck() > 0;
    expect_nothing_lost();
    fault_disarm();
    expect_recovery();
    history_close(&run.h);
    expect_nothing_lost();
    history_fini(&run.h);
    return has_struck;
}

/* The database is opened, and what is open is closed again. */
static bool opening_with(const struct fault *fault)
{
    struct database_conf conf = {.is_writable = true};
    struct connection *writer = NULL;
    struct database *db = NULL;
    struct error err;
    enum status status;
    bool has_struck;

    run = (struct run){.fault = *fault};
    history_make(&run.h);
    fault_arm(fault);
    conf.path = run.h.f.path;
    status = database_open(&conf, &db, &err);
    if (status == STATUS_OK) {
        status = connection_open(db, CONNECTION_WRITER, NULL, &writer, &err);
    }
    expect(status == STATUS_OK || status == expected_status(fault));
    connection_close(writer);
    database_close(db);
    has_struck = fault_struck() > 0;
    expect(has_struck || status == STATUS_OK);
    fault_disarm();
    expect_nothing_lost();
    history_open(&run.h);
    expect(history_change(&run.h) == STATUS_OK);
    expect_nothing_lost();
    history_fini(&run.h);
    return has_struck;
}

/* What is done with a fault armed. Return: whether it struck at all. */
typedef bool (*run_fn)(const struct fault *fault);

/* The fault at each place where it can be. */
static void run_each(run_fn run_with, struct fault fault)
{
    for (int is_for_ever = 0; is_for_ever < 2; is_for_ever++) {
        fault.is_for_ever = is_for_ever;
        fault.nth = 1;
        while (run_with(&fault)) {
            fault.nth++;
        }
        print_message("%u places\n", fault.nth - 1);
        assert_true(fault.nth > 1);
    }
}

static void test_writes_that_fail(void **state)
{
    (void)state;
    run_each(history_with, (struct fault){.call = FAULT_WRITE, .code = SQLITE_IOERR_WRITE});
}

static void test_writes_that_stop_half_way(void **state)
{
    (void)state;
    run_each(history_with,
             (struct fault){.call = FAULT_WRITE, .code = SQLITE_IOERR_WRITE, .is_short = true});
}

static void test_a_full_disk(void **state)
{
    (void)state;
    run_each(history_with,
             (struct fault){.call = FAULT_WRITE, .code = SQLITE_FULL, .is_short = true});
}

static void test_syncs_that_fail(void **state)
{
    (void)state;
    run_each(history_with, (struct fault){.call = FAULT_SYNC, .code = SQLITE_IOERR_FSYNC});
}

static void test_reads_that_fail(void **state)
{
    (void)state;
    run_each(history_with, (struct fault){.call = FAULT_READ, .code = SQLITE_IOERR_READ});
}

/* Of the WAL, when nothing comes any more. */
static void test_truncations_that_fail(void **state)
{
    (void)state;
    run_each(history_with, (struct fault){.call = FAULT_TRUNCATE, .code = SQLITE_IOERR_TRUNCATE});
}

static void test_opening(void **state)
{
    (void)state;
    run_each(opening_with, (struct fault){.call = FAULT_READ, .code = SQLITE_IOERR_READ});
    run_each(opening_with, (struct fault){.call = FAULT_WRITE, .code = SQLITE_IOERR_WRITE});
    run_each(opening_with,
             (struct fault){.call = FAULT_WRITE, .code = SQLITE_FULL, .is_short = true});
    run_each(opening_with, (struct fault){.call = FAULT_SYNC, .code = SQLITE_IOERR_FSYNC});
}

static int teardown(void **state)
{
    (void)state;
    history_fini(&run.h);
    return 0;
}

static int setup(void **state)
{
    if (library_setup(state) != 0) {
        return -1;
    }
    fault_vfs_install();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_writes_that_fail, teardown),
        cmocka_unit_test_teardown(test_writes_that_stop_half_way, teardown),
        cmocka_unit_test_teardown(test_a_full_disk, teardown),
        cmocka_unit_test_teardown(test_syncs_that_fail, teardown),
        cmocka_unit_test_teardown(test_reads_that_fail, teardown),
        cmocka_unit_test_teardown(test_truncations_that_fail, teardown),
        cmocka_unit_test_teardown(test_opening, teardown),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
