#include "base/list.h"

#include <string.h>

#include "base/attributes.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

struct item {
    int number;
    struct list node;
};

static int number_of(struct list *node)
{
    return container_of(node, struct item, node)->number;
}

static void first_in_first_out(void **state)
{
    struct item items[5];
    struct list head;

    (void)state;
    list_init(&head);
    assert_true(list_is_empty(&head));
    assert_null(list_first(&head));
    assert_null(list_take_first(&head));
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
        list_init(&items[i].node);
        assert_false(list_is_linked(&items[i].node));
        list_append(&head, &items[i].node);
        assert_true(list_is_linked(&items[i].node));
    }
    assert_int_equal(number_of(list_first(&head)), 0);
    for (int i = 0; i < 5; i++) {
        struct list *node = list_take_first(&head);

        assert_int_equal(number_of(node), i);
        assert_false(list_is_linked(node));
    }
    assert_true(list_is_empty(&head));
}

static void leaving_from_anywhere(void **state)
{
    struct random random = {15};
    struct item items[20];
    int model[20];
    size_t count = 0;
    struct list head;

    (void)state;
    list_init(&head);
    for (int i = 0; i < 20; i++) {
        items[i].number = i;
        list_init(&items[i].node);
    }
    for (size_t round = 0; round < 20000; round++) {
        struct item *item = &items[random_below(&random, 20)];
        struct list *node = head.next;

        if (list_is_linked(&item->node)) {
            size_t at = 0;
            while (model[at] != item->number) {
                at++;
            }
            memmove(&model[at], &model[at + 1], (--count - at) * sizeof(model[0]));
            list_remove(&item->node);
            list_remove(&item->node); /* out already: harmless */
            node = head.next;
        } else {
            model[count++] = item->number;
            list_append(&head, &item->node);
            node = head.next;
        }
        for (size_t i = 0; i < count; i++, node = node->next) {
            assert_int_equal(number_of(node), model[i]);
            assert_ptr_equal(node->next->prev, node);
        }
        assert_ptr_equal(node, &head);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(leaving_from_anywhere),
    };

    return cmocka_run_group_tests_name("base/list", tests, NULL, NULL);
}
