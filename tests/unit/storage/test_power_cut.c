/*
 * The power goes at every sync of a history, and between them: what was acknowledged is there
 * afterwards, what was not is there whole or not at all. And the proof of the proof: with weaker syncs the
 * same test finds the losses. A process that is killed after one of its writes loses nothing either.
 *
 * GANTRY_FAULTS_SEED makes other histories, and other choices of what is lost.
 */
#include "tests/faults/history.h"
#include "tests/unit/random.h"

#define CHANGES   320 /* with those that are guilty: 220 that are not */
#define GROUP_MAX 12

static struct history history;

/* What the cuts of one history found. */
static struct {
    unsigned images;
    unsigned lost;        /* a sound database, but an earlier state than the acknowledged one */
    unsigned broken;      /* anything else */
    struct random random; /* for what is lost */
} cuts;

static uint64_t seed = 1;

static void cut(enum fault_cut how)
{
    uint64_t digest = history_cut(&history, how, random_u64(&cuts.random));

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

static void watch_syncs(void *user, enum fault_moment moment)
{
    (void)user;
    if (moment != FAULT_AFTER_WRITE) {
        cut_in_each_way();
    }
}

static void watch_writes(void *user, enum fault_moment moment)
{
    (void)user;
    if (moment == FAULT_AFTER_WRITE && random_below(&cuts.random, 3) == 0) {
        cut(FAULT_CUT_KEPT);
    }
}

/* One change, or a group of them. Guilty ones fail, the others do not. */
static void make_some(struct random *random)
{
    enum status statuses[GROUP_MAX];
    int first = history.next;
    int made = 1;

    if (random_below(random, 8) == 0) {
        made = history_group(&history, 2 + (int)random_below(random, GROUP_MAX - 1), statuses);
    } else {
        statuses[0] = history_change(&history);
    }
    for (int i = 0; i < made; i++) {
        assert_int_equal(statuses[i], history_is_guilty(first + i) ? STATUS_CONSTRAINT : STATUS_OK);
    }
    if (random_below(random, 10) == 0) {
        history_hold(&history);
    }
    if (random_below(random, 20) == 0) {
        history_checkpoint(&history, random_below(random, 2) == 0);
    }
}

static void run_history(const char *pragma, fault_watch_fn watch)
{
    struct random random = {.state = seed};

    memset(&cuts, 0, sizeof(cuts));
    cuts.random.state = seed + 1;
    history_make(&history);
    history.expects_breaks = strstr(pragma, "OFF") != NULL;
    fault_watch(watch, NULL); /* opening turns the file to WAL: that may be cut, too */
    history_open(&history);
    history_pragma(&history, pragma);
    while (history.next < CHANGES) {
        make_some(&random);
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
    run_history("PRAGMA synchronous = FULL", watch_syncs);
    assert_int_equal(cuts.lost, 0);
    assert_int_equal(cuts.broken, 0);
    assert_true(cuts.images >= 9 * 200); /* before and after each sync, and after each answer */
}

static void test_a_kill_loses_nothing(void **state)
{
    (void)state;
    run_history("PRAGMA synchronous = FULL", watch_writes);
    assert_int_equal(cuts.lost, 0);
    assert_int_equal(cuts.broken, 0);
    assert_true(cuts.images >= 1000);
}

/* Answers may be lost, but only the newest, and nothing is torn. */
static void test_normal_loses_only_the_end(void **state)
{
    (void)state;
    run_history("PRAGMA synchronous = NORMAL", watch_syncs);
    assert_true(cuts.lost > 0);
    assert_int_equal(cuts.broken, 0);
}

/* The control: without syncs something must get lost. If not, this test would find nothing. */
static void test_off_loses_some(void **state)
{
    (void)state;
    run_history("PRAGMA synchronous = OFF", watch_syncs);
    assert_true(cuts.lost > 0);
    assert_true(cuts.broken > 0);
}

static int setup(void **state)
{
    if (library_setup(state) != 0) {
        return -1;
    }
    fault_vfs_install();
    if (getenv("GANTRY_FAULTS_SEED") != NULL) {
        seed = strtoull(getenv("GANTRY_FAULTS_SEED"), NULL, 10);
    }
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
        cmocka_unit_test_teardown(test_a_kill_loses_nothing, teardown),
        cmocka_unit_test_teardown(test_normal_loses_only_the_end, teardown),
        cmocka_unit_test_teardown(test_off_loses_some, teardown),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
