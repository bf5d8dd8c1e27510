#include "base/heap.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/unit/death.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define NODES 200

/* The model: which nodes are in, and so what the least key is. */
struct model {
    bool is_in[NODES];
    size_t count;
};

static int64_t least_key(const struct model *m, const struct heap_node *nodes)
{
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < NODES; i++) {
        if (m->is_in[i] && nodes[i].key < least) {
            least = nodes[i].key;
        }
    }
    return least;
}

static void random_operations(void **state)
{
    struct random random = {13};
    struct heap_node nodes[NODES] = {{0}};
    struct model m = {{false}, 0};
    struct heap h;

    (void)state;
    assert_int_equal(heap_init(&h, NODES), STATUS_OK);
    for (size_t i = 0; i < 60000; i++) {
        size_t at = random_below(&random, NODES);
        bool is_growing = i / 2000 % 2 == 0; /* fill it, empty it, and so on */

        if (m.is_in[at] && (!is_growing || random_below(&random, 3) == 0)) {
            heap_remove(&h, &nodes[at]);
            m.is_in[at] = false;
            m.count--;
        } else if (!m.is_in[at] && (is_growing || random_below(&random, 3) == 0)) {
            heap_put(&h, &nodes[at], (int64_t)random_below(&random, 50) - 25);
            m.is_in[at] = true;
            m.count++;
        } else if (!m.is_in[at]) {
            heap_remove(&h, &nodes[at]); /* harmless */
        }
        assert_int_equal(h.size, m.count);
        assert_true((heap_first(&h) == NULL) == (m.count == 0));
        if (m.count > 0) {
            assert_true(heap_first(&h)->key == least_key(&m, nodes));
        }
    }
    heap_fini(&h);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void taken_out_in_order(void **state)
{
    struct random random = {14};

    (void)state;
    for (size_t n = 0; n <= NODES; n += 7) {
        struct heap_node nodes[NODES] = {{0}};
        int64_t keys[NODES];
        struct heap h;

        assert_int_equal(heap_init(&h, n), STATUS_OK);
        for (size_t i = 0; i < n; i++) {
            keys[i] = (int64_t)random_u64(&random);
            heap_put(&h, &nodes[i], keys[i]);
        }
        qsort(keys, n, sizeof(keys[0]), compare);
        for (size_t i = 0; i < n; i++) {
            struct heap_node *first = heap_first(&h);

            assert_true(first->key == keys[i]);
            heap_remove(&h, first);
            heap_remove(&h, first); /* out already: harmless */
        }
        assert_null(heap_first(&h));
        heap_fini(&h);
    }
}

static void extreme_keys(void **state)
{
    struct heap_node nodes[3] = {{0}};
    struct heap h;

    (void)state;
    assert_int_equal(heap_init(&h, 3), STATUS_OK);
    heap_put(&h, &nodes[0], INT64_MAX);
    heap_put(&h, &nodes[1], INT64_MIN);
    heap_put(&h, &nodes[2], 0);
    assert_ptr_equal(heap_first(&h), &nodes[1]);
    heap_remove(&h, &nodes[1]);
    assert_ptr_equal(heap_first(&h), &nodes[2]);
    heap_fini(&h);
}

static void without_memory(void **state)
{
    struct heap untouched = {NULL, 7, 8};

    (void)state;
    mem_fail_after(1);
    assert_int_equal(heap_init(&untouched, 10), STATUS_NOMEM);
    mem_fail_after(-1);
    assert_true(untouched.nodes == NULL && untouched.size == 7 && untouched.capacity == 8);
}

static void put_twice(void)
{
    struct heap_node node = {0};
    struct heap h;

    if (heap_init(&h, 2) == STATUS_OK) {
        heap_put(&h, &node, 1);
        heap_put(&h, &node, 2);
    }
}

static void put_too_many(void)
{
    struct heap_node nodes[2] = {{0}};
    struct heap h;

    if (heap_init(&h, 1) == STATUS_OK) {
        heap_put(&h, &nodes[0], 1);
        heap_put(&h, &nodes[1], 2);
    }
}

static void misuse_is_a_bug(void **state)
{
    (void)state;
    assert_true(death_by_abort(put_twice));
    assert_true(death_by_abort(put_too_many));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations), cmocka_unit_test(taken_out_in_order),
        cmocka_unit_test(extreme_keys),      cmocka_unit_test(without_memory),
        cmocka_unit_test(misuse_is_a_bug),
    };

    return cmocka_run_group_tests_name("base/heap", tests, NULL, NULL);
}
