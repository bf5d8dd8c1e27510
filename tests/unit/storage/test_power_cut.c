/*
 * The power goes at every sync of a history, and between them: what was acknowledged is there
 * afterwards, what was not is there whole or not at all. And the proof of the proof: with weaker syncs the
 * same test finds the losses.
 */
#include "tests/faults/history.h"

#define CHANGES          320 /* with those that are guilty: 220 that are not */
#define CHECKPOINT_EVERY 32
#define GROUP            6

static struct history history;

/* What the cuts of one history found. */
static struct {
    unsigned images;
    unsigned lost;   /* a sound database, but an earlier state than the acknowledged one */
    unsigned broken; /* anything else */
    uint64_t seed;
} cuts;

static void cut(enum fault_cut how)
{
    uint64_t digest = history_cut(&history, how, cuts.seed++);

    cuts.images++;
    if (digest == history.settled || digest == history.unsettled) {
        return;
    }
    if (history_was(&history, digest)) {
        cuts.lost++;
    } else {
        cuts.broken++;
    }
}

static void cut_in_each_way(void)
{
    cut(FAULT_CUT_DROPPED);
    cut(FAULT_CUT_TORN);
    cut(FAULT_CUT_REORDERED);
}

static void watch(void *user, enum fault_moment moment)
{
    (void)user;
    (void)moment; /* before and after */
    cut_in_each_way();
}

/* One change, or a group of them. Guilty ones fail, the others do not. */
static void make_some(void)
{
    enum status statuses[GROUP];
    int first = history.next;
    int made = 1;

    if (first % (3 * GROUP) == 1) {
        made = history_group(&history, GROUP, statuses);
    } else {
        statuses[0] = history_change(&history);
    }
    for (int i = 0; i < made; i++) {
        assert_int_equal(statuses[i], history_is_guilty(first + i) ? STATUS_CONSTRAINT : STATUS_OK);
    }
    if (history.next / CHECKPOINT_EVERY > first / CHECKPOINT_EVERY) {
        history_checkpoint(&history, first / CHECKPOINT_EVERY % 2 == 0);
    }
}

static void run_history(const char *pragma, bool expects_breaks)
{
    memset(&cuts, 0, sizeof(cuts));
    history_make(&history);
    history.expects_breaks = expects_breaks;
    fault_watch(watch, NULL); /* opening turns the file to WAL: that may be cut, too */
    history_open(&history);
    history_pragma(&history, pragma);
    while (history.next < CHANGES) {
        make_some();
        cut_in_each_way();
    }
    history_close(&history); /* the last checkpoint, and the end of the WAL */
    cut_in_each_way();
    assert_true(history.acknowledged >= 200 && history.lost_groups > 0);
    print_message("%u images, %u lost, %u broken\n", cuts.images, cuts.lost, cuts.broken);
}

static void test_full_loses_nothing(void **state)
{
    (void)state;
    run_history("PRAGMA synchronous = FULL", false);
    assert_int_equal(cuts.lost, 0);
    assert_int_equal(cuts.broken, 0);
    assert_true(cuts.images >= 9 * 200); /* before and after each sync, and after each answer */
}

/* Answers may be lost, but only the newest, and nothing is torn. */
static void test_normal_loses_only_the_end(void **state)
{
    (void)state;
    run_history("PRAGMA synchronous = NORMAL", false);
    assert_true(cuts.lost > 0);
    assert_int_equal(cuts.broken, 0);
}

/* The control: without syncs something must get lost. If not, this test would find nothing. */
static void test_off_loses_some(void **state)
{
    (void)state;
    run_history("PRAGMA synchronous = OFF", true);
    assert_true(cuts.lost > 0);
    assert_true(cuts.broken > 0);
}

static int setup(void **state)
{
    if (library_setup(state) != 0) {
        return -1;
    }
    fault_vfs_install();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    history_fini(&history);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_full_loses_nothing, teardown),
        cmocka_unit_test_teardown(test_normal_loses_only_the_end, teardown),
        cmocka_unit_test_teardown(test_off_loses_some, teardown),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
