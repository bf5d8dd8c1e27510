#include "pool/spool.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/unit.h"

static char directory[] = "/tmp/gantry-test-spool-XXXXXX";
static struct spool_store store;

static int set_up_all(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    return rmdir(directory); /* fails if anything was left in it */
}

static int set_up(void **state)
{
    (void)state;
    return spool_store_init(&store, directory, 1000) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(spool_store_bytes(&store), 0);
    spool_store_fini(&store);
    return 0;
}

static struct spool *make(void)
{
    struct spool *spool = NULL;
    struct error err;

    assert_int_equal(spool_create(&store, &spool, &err), STATUS_OK);
    return spool;
}

static void assert_reads(const struct spool *spool, uint64_t offset, const char *expected)
{
    char to[100];

    assert_int_equal(spool_read(spool, offset, to, strlen(expected), NULL), STATUS_OK);
    assert_memory_equal(to, expected, strlen(expected));
}

static void what_was_appended_is_read(void **state)
{
    struct spool *spool = make();
    char to[10];
    struct error err;

    (void)state;
    assert_int_equal(spool_size(spool), 0);
    assert_int_equal(spool_append(spool, "hello ", 6, NULL), STATUS_OK);
    assert_int_equal(spool_append(spool, "", 0, NULL), STATUS_OK);
    assert_int_equal(spool_append(spool, "world", 5, NULL), STATUS_OK);
    assert_int_equal(spool_size(spool), 11);
    assert_int_equal(spool_store_bytes(&store), 11);
    assert_reads(spool, 0, "hello world");
    assert_reads(spool, 4, "o wo");
    assert_int_equal(spool_read(spool, 8, to, 10, &err), STATUS_IO);
    spool_destroy(spool);
    spool_destroy(NULL);
}

static void it_has_no_name(void **state)
{
    struct spool *spool = make();
    DIR *dir = opendir(directory);
    const struct dirent *entry;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        assert_int_equal(entry->d_name[0], '.');
    }
    closedir(dir);
    spool_destroy(spool);
}

static void one_budget_for_all(void **state)
{
    struct spool *a = make();
    struct spool *b = make();
    char bytes[1001] = {0};
    struct error err;

    (void)state;
    assert_int_equal(spool_append(a, bytes, 1001, &err), STATUS_FULL);
    assert_non_null(strstr(err.hint, "spool.bytes"));
    assert_int_equal(spool_append(a, bytes, 600, &err), STATUS_OK);
    assert_int_equal(spool_append(b, bytes, 401, &err), STATUS_FULL);
    assert_int_equal(spool_size(b), 0);
    assert_int_equal(spool_append(b, bytes, 400, &err), STATUS_OK);
    assert_int_equal(spool_append(a, bytes, 1, &err), STATUS_FULL);
    assert_int_equal(spool_store_bytes(&store), 1000);
    spool_destroy(a);
    assert_int_equal(spool_append(b, bytes, 600, &err), STATUS_OK);
    spool_destroy(b);
}

static void where_nothing_can_be_made(void **state)
{
    struct spool_store other;
    struct spool *spool = NULL;
    struct error err;

    (void)state;
    assert_int_equal(spool_store_init(&other, "/nowhere/at/all", 10), STATUS_OK);
    assert_int_equal(spool_create(&other, &spool, &err), STATUS_IO);
    assert_null(spool);
    assert_non_null(strstr(err.text, "/nowhere/at/all"));
    assert_non_null(strstr(err.hint, "spool.directory"));
    spool_store_fini(&other);
}

static void the_default_directory(void **state)
{
    struct spool_store other;

    (void)state;
    setenv("TMPDIR", directory, 1);
    assert_int_equal(spool_store_init(&other, NULL, 10), STATUS_OK);
    assert_string_equal(other.directory, directory);
    spool_store_fini(&other);
    unsetenv("TMPDIR");
    assert_int_equal(spool_store_init(&other, NULL, 10), STATUS_OK);
    assert_string_equal(other.directory, "/var/tmp");
    spool_store_fini(&other);
}

/* As a disk that is full: the file may not grow. */
static void no_room_on_the_disk(void **state)
{
    struct rlimit before;
    struct rlimit small;
    struct spool *spool = make();
    struct error err;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 8;
    assert_int_equal(spool_append(spool, "abcd", 4, &err), STATUS_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(spool_append(spool, "efghijkl", 8, &err), STATUS_FULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(spool_size(spool), 4);
    assert_int_equal(spool_store_bytes(&store), 4);
    assert_int_equal(spool_append(spool, "EF", 2, &err), STATUS_OK); /* in its place */
    assert_reads(spool, 0, "abcdEF");
    spool_destroy(spool);
}

static void no_memory(void **state)
{
    struct spool_store other = {0};
    struct spool *spool = NULL;

    (void)state;
    mem_fail_after(1);
    assert_int_equal(spool_store_init(&other, directory, 1), STATUS_NOMEM);
    spool_store_fini(&other);
    mem_fail_after(1);
    assert_int_equal(spool_create(&store, &spool, NULL), STATUS_NOMEM);
    mem_fail_after(-1);
    assert_null(spool);
}

/* --- two threads -------------------------------------------------------------------------- */

#define PIECES 500

static void *append_all(void *spool)
{
    char piece[1000];

    for (int i = 0; i < PIECES; i++) {
        memset(piece, 'a' + i % 26, sizeof(piece));
        if (spool_append(spool, piece, sizeof(piece), NULL) != STATUS_OK) {
            return spool;
        }
    }
    return NULL;
}

static void read_while_it_is_written(void **state)
{
    struct spool_store large;
    struct spool *spool = NULL;
    uint64_t offset = 0;
    pthread_t thread;
    void *failed;
    char to[1000];

    (void)state;
    assert_int_equal(spool_store_init(&large, directory, PIECES * 1000), STATUS_OK);
    assert_int_equal(spool_create(&large, &spool, NULL), STATUS_OK);
    assert_int_equal(pthread_create(&thread, NULL, append_all, spool), 0);
    while (offset < PIECES * 1000) {
        if (spool_size(spool) >= offset + sizeof(to)) {
            assert_int_equal(spool_read(spool, offset, to, sizeof(to), NULL), STATUS_OK);
            assert_int_equal(to[0], 'a' + (int)(offset / 1000) % 26);
            assert_memory_equal(to, to + 1, sizeof(to) - 1);
            offset += sizeof(to);
        }
    }
    pthread_join(thread, &failed);
    assert_null(failed);
    spool_destroy(spool);
    spool_store_fini(&large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_appended_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_has_no_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_budget_for_all, set_up, tear_down),
        cmocka_unit_test(where_nothing_can_be_made),
        cmocka_unit_test(the_default_directory),
        cmocka_unit_test_setup_teardown(no_room_on_the_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_memory, set_up, tear_down),
        cmocka_unit_test(read_while_it_is_written),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
