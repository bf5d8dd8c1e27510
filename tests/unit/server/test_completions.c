#include "server/completions.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/attributes.h"
#include "tests/unit/unit.h"

#define PUSHERS 4
#define EACH    20000

struct note {
    struct completion completion;
    unsigned pusher;
    unsigned number;
    unsigned payload; /* written before the push, without any lock */
};

struct fixture {
    struct completions c;
    int fd;
};

static int set_up(void **state)
{
    static struct fixture f;

    f.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    completions_init(&f.c, f.fd);
    *state = &f;
    return f.fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    return close(f->fd);
}

/* How many wakes since the last look? */
static uint64_t wakes(struct fixture *f)
{
    uint64_t n = 0;
    ssize_t size = read(f->fd, &n, sizeof(n));

    assert_true(size == sizeof(n) || (size < 0 && errno == EAGAIN));
    return n;
}

static struct note *note_of(struct completion *c)
{
    return container_of(c, struct note, completion);
}

static void oldest_first(void **state)
{
    struct fixture *f = *state;
    struct note notes[5] = {{.number = 0}};
    struct completion *c;

    assert_on_loop();
    assert_null(completions_take(&f->c));
    for (unsigned i = 0; i < 5; i++) {
        notes[i].number = i;
        completions_push(&f->c, &notes[i].completion);
    }
    c = completions_take(&f->c);
    for (unsigned i = 0; i < 5; i++) {
        assert_ptr_equal(c, &notes[i].completion);
        c = c->next;
    }
    assert_null(c);
    assert_null(completions_take(&f->c));
}

static void one_wake_for_a_batch(void **state)
{
    struct fixture *f = *state;
    struct note notes[3] = {{.number = 0}};

    assert_on_loop();
    assert_int_equal(wakes(f), 0);
    completions_push(&f->c, &notes[0].completion);
    assert_int_equal(wakes(f), 1);
    completions_push(&f->c, &notes[1].completion);
    assert_int_equal(wakes(f), 0); /* it has been woken and has not looked yet */
    assert_non_null(completions_take(&f->c));
    assert_int_equal(wakes(f), 0);
    completions_push(&f->c, &notes[2].completion);
    assert_int_equal(wakes(f), 1);
    assert_non_null(completions_take(&f->c));
    completions_wake(&f->c);
    completions_wake(&f->c);
    assert_int_equal(wakes(f), 2);
    assert_null(completions_take(&f->c)); /* woken for another reason */
}

static void a_chain_is_pushed_whole(void **state)
{
    struct fixture *f = *state;
    struct note notes[6] = {{.number = 0}};
    struct completion *c;

    assert_on_loop();
    for (unsigned i = 0; i < 3; i++) { /* 0 1 2 as a chain */
        notes[i].completion.next = i == 0 ? NULL : &notes[i - 1].completion;
    }
    completions_push_chain(&f->c, &notes[2].completion, &notes[0].completion);
    assert_int_equal(wakes(f), 1); /* one for all of it */
    completions_push(&f->c, &notes[3].completion);
    notes[4].completion.next = &notes[0].completion; /* the oldest one's link means nothing */
    notes[5].completion.next = &notes[4].completion;
    completions_push_chain(&f->c, &notes[5].completion, &notes[4].completion);
    assert_int_equal(wakes(f), 0);
    c = completions_take(&f->c);
    for (unsigned i = 0; i < 6; i++) {
        assert_ptr_equal(c, &notes[i].completion);
        c = c->next;
    }
    assert_null(c);
    assert_null(completions_take(&f->c));
}

static void what_is_pending_is_not_pushed_again(void **state)
{
    struct fixture *f = *state;
    struct note first = {.number = 0};
    struct note second = {.number = 1};
    struct completion *c;

    assert_on_loop();
    completions_push_once(&f->c, &first.completion);
    completions_push(&f->c, &second.completion);
    completions_push_once(&f->c, &first.completion);
    c = completions_take(&f->c);
    assert_ptr_equal(c, &first.completion);
    completions_push_once(&f->c, &first.completion); /* on its way: its link is still needed */
    assert_null(completions_take(&f->c));
    assert_ptr_equal(c->next, &second.completion);
    assert_null(c->next->next);
    completion_look(c);
    completions_push_once(&f->c, &first.completion);
    assert_ptr_equal(completions_take(&f->c), &first.completion);
    completion_look(c);
    assert_int_equal(wakes(f), 2);
}

/* --- many threads ------------------------------------------------------------------------- */

struct pusher {
    struct fixture *f;
    struct note *notes;
    unsigned number;
    pthread_t thread;
};

/* Each in chains of its own length, the first one by one. */
static void *push_many(void *data)
{
    struct pusher *p = data;
    struct completion *oldest = NULL;

    for (unsigned i = 0; i < EACH; i++) {
        struct note *note = &p->notes[i];
        *note = (struct note){.pusher = p->number, .number = i, .payload = i ^ p->number};
        note->completion.next = oldest == NULL ? NULL : &p->notes[i - 1].completion;
        oldest = oldest == NULL ? &note->completion : oldest;
        if (i % (p->number + 1) == p->number || i == EACH - 1) {
            completions_push_chain(&p->f->c, &note->completion, oldest);
            oldest = NULL;
        }
    }
    return NULL;
}

/*
 * The loop sleeps until it is woken, and only then takes: were one wake missing, it would never
 * see the end (the test's time limit tells).
 */
static void nothing_is_lost(void **state)
{
    struct fixture *f = *state;
    static struct note notes[PUSHERS][EACH];
    struct pusher pushers[PUSHERS];
    unsigned next[PUSHERS] = {0};
    unsigned seen = 0;
    uint64_t woken = 0;
    unsigned takes = 0;
    bool is_good = true;

    assert_on_loop();
    for (unsigned i = 0; i < PUSHERS; i++) {
        pushers[i] = (struct pusher){.f = f, .notes = notes[i], .number = i};
        assert_int_equal(pthread_create(&pushers[i].thread, NULL, push_many, &pushers[i]), 0);
    }
    while (seen < PUSHERS * EACH) {
        struct pollfd p = {.fd = f->fd, .events = POLLIN};
        struct completion *c;
        assert_int_equal(poll(&p, 1, -1), 1);
        woken += wakes(f);
        c = completions_take(&f->c);
        takes += c != NULL;
        for (; c != NULL; c = c->next) {
            struct note *note = note_of(c);
            is_good = is_good && note->number == next[note->pusher]; /* in its pusher's order */
            is_good = is_good && note->payload == (note->number ^ note->pusher);
            next[note->pusher]++;
            seen++;
        }
    }
    for (unsigned i = 0; i < PUSHERS; i++) {
        pthread_join(pushers[i].thread, NULL);
        assert_int_equal(next[i], EACH);
    }
    assert_true(is_good);
    woken += wakes(f);
    assert_int_equal(woken, takes); /* one for each time that it was empty, and no more */
    assert_null(completions_take(&f->c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(oldest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_wake_for_a_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_chain_is_pushed_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_pending_is_not_pushed_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_lost, set_up, tear_down),
    };

    role_set_loop("test");
    return cmocka_run_group_tests_name("server/completions", tests, NULL, NULL);
}
