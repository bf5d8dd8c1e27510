#include "server/watch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define MS(n) ((int64_t)(n)*NS_PER_MS)

static const struct watch_conf conf = {
    .in_flight_max = 50, .header_ms = 1000, .body_ms = 3000, .send_ms = 4000};

static int set_up(void **state)
{
    static struct watch w;

    *state = &w;
    return watch_init(&w, &conf) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    watch_fini(*state);
    return 0;
}

static void request_init(struct watched *r)
{
    *r = (struct watched){0};
}

static void client_init(struct client *c)
{
    *c = (struct client){.fd = -1};
    list_init(&c->phase_link);
    list_init(&c->all_link);
}

/* --- requests ----------------------------------------------------------------------------- */

static void nothing_to_do(void **state)
{
    struct watch *w = *state;

    assert_true(watch_next_ns(w) == INT64_MAX);
    assert_null(watch_next_due(w, INT64_MAX));
    assert_null(watch_next_late(w, INT64_MAX));
}

static void a_deadline_is_due_once(void **state)
{
    struct watch *w = *state;
    struct watched r;

    request_init(&r);
    watch_begin(w, &r, MS(200));
    assert_true(watch_next_ns(w) == MS(200));
    assert_null(watch_next_due(w, MS(200) - 1));
    assert_ptr_equal(watch_next_due(w, MS(200)), &r);
    assert_null(watch_next_due(w, MS(200)));
    assert_true(watch_next_ns(w) == INT64_MAX); /* no longer watched at all */
    watch_end(w, &r);                           /* harmless */
}

static void without_a_deadline_nothing_is_watched(void **state)
{
    struct watch *w = *state;
    struct watched r;

    request_init(&r);
    watch_begin(w, &r, 0);
    assert_true(watch_next_ns(w) == INT64_MAX);
    assert_null(watch_next_due(w, INT64_MAX));
    watch_end(w, &r);
    watch_end(w, &r); /* harmless */
}

static void what_has_ended_is_not_due(void **state)
{
    struct watch *w = *state;
    struct watched r[3];

    for (int i = 0; i < 3; i++) {
        request_init(&r[i]);
        watch_begin(w, &r[i], MS(100 + i));
    }
    watch_end(w, &r[0]);
    assert_true(watch_next_ns(w) == MS(101));
    watch_end(w, &r[2]);
    assert_ptr_equal(watch_next_due(w, MS(500)), &r[1]);
    assert_null(watch_next_due(w, MS(500)));
    watch_begin(w, &r[0], MS(600)); /* the next request in the same memory */
    assert_ptr_equal(watch_next_due(w, MS(600)), &r[0]);
}

static void deadlines_come_in_their_own_order(void **state)
{
    struct watch *w = *state;
    struct watched r[50];

    for (int i = 0; i < 50; i++) {
        request_init(&r[i]);
        watch_begin(w, &r[i], MS(1000 - i));
    }
    for (int i = 49; i >= 0; i--) {
        assert_true(watch_next_ns(w) == MS(1000 - i));
        assert_ptr_equal(watch_next_due(w, MS(2000)), &r[i]);
    }
}

/* --- clients ------------------------------------------------------------------------------ */

static void phases_have_limits(void **state)
{
    static const int64_t limits_ms[] = {[CLIENT_NEW] = 1000,
                                        [CLIENT_HEAD] = 1000,
                                        [CLIENT_BODY] = 3000,
                                        [CLIENT_IDLE] = 1000,
                                        [CLIENT_SEND] = 4000};
    struct watch *w = *state;
    struct client c;

    client_init(&c);
    for (enum client_phase phase = CLIENT_NEW; phase < CLIENT_PHASES_LIMITED; phase++) {
        int64_t late_ns = MS(50 + limits_ms[phase]);
        watch_client(w, &c, phase, MS(50));
        assert_int_equal(c.phase, phase);
        assert_true(watch_next_ns(w) == late_ns);
        assert_null(watch_next_late(w, late_ns - 1));
        assert_ptr_equal(watch_next_late(w, late_ns), &c);
        assert_null(watch_next_late(w, late_ns)); /* told once */
        assert_int_equal(c.phase, phase);         /* what it was doing is still known */
    }
    watch_client(w, &c, CLIENT_ANSWER, MS(50));
    assert_true(watch_next_ns(w) == INT64_MAX);
    assert_null(watch_next_late(w, INT64_MAX));
    watch_client_end(&c);
}

static void a_new_phase_begins_anew(void **state)
{
    struct watch *w = *state;
    struct client c;

    client_init(&c);
    watch_client(w, &c, CLIENT_NEW, MS(0));
    watch_client(w, &c, CLIENT_HEAD, MS(900));
    assert_null(watch_next_late(w, MS(1000)));
    watch_client(w, &c, CLIENT_HEAD, MS(1800)); /* the next request on the connection */
    assert_true(watch_next_ns(w) == MS(2800));
    assert_ptr_equal(watch_next_late(w, MS(2800)), &c);
    watch_client(w, &c, CLIENT_BODY, MS(2900)); /* came back to life: watched again */
    assert_true(watch_next_ns(w) == MS(5900));
    watch_client_end(&c);
    assert_true(watch_next_ns(w) == INT64_MAX);
    watch_client_end(&c); /* harmless */
}

static void no_memory(void **state)
{
    struct watch w;

    (void)state;
    mem_fail_after(1);
    assert_int_equal(watch_init(&w, &conf), STATUS_NOMEM);
    mem_fail_after(-1);
}

/* --- against a naive model ---------------------------------------------------------------- */

#define REQUESTS 50
#define CLIENTS  30

struct model {
    struct watch *w;
    struct watched requests[REQUESTS];
    int64_t due_ns[REQUESTS]; /* 0: not watched */
    struct client clients[CLIENTS];
    bool is_limited[CLIENTS];
    int64_t now_ns;
};

static int64_t limit_of(enum client_phase phase)
{
    switch (phase) {
    case CLIENT_NEW:
    case CLIENT_HEAD:
    case CLIENT_IDLE:
        return MS(1000);
    case CLIENT_BODY:
        return MS(3000);
    case CLIENT_SEND:
        return MS(4000);
    default:
        return INT64_MAX / 2;
    }
}

static int64_t model_next_ns(const struct model *m)
{
    int64_t next_ns = INT64_MAX;

    for (size_t i = 0; i < REQUESTS; i++) {
        if (m->due_ns[i] != 0 && m->due_ns[i] < next_ns) {
            next_ns = m->due_ns[i];
        }
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        int64_t late_ns = m->clients[i].since_ns + limit_of(m->clients[i].phase);
        if (m->is_limited[i] && late_ns < next_ns) {
            next_ns = late_ns;
        }
    }
    return next_ns;
}

static void random_request(struct model *m, struct random *random)
{
    size_t i = random_below(random, REQUESTS);

    if (m->due_ns[i] != 0) {
        watch_end(m->w, &m->requests[i]);
        m->due_ns[i] = 0;
        return;
    }
    watch_end(m->w, &m->requests[i]); /* it is nowhere: harmless */
    if (random_below(random, 3) > 0) {
        m->due_ns[i] = m->now_ns + MS(random_below(random, 20)) - MS(2);
    }
    watch_begin(m->w, &m->requests[i], m->due_ns[i]);
}

static void random_client(struct model *m, struct random *random)
{
    size_t i = random_below(random, CLIENTS);

    if (random_below(random, 5) == 0) {
        watch_client_end(&m->clients[i]);
        m->is_limited[i] = false;
    } else {
        enum client_phase phase = (enum client_phase)random_below(random, CLIENT_ANSWER + 1);
        watch_client(m->w, &m->clients[i], phase, m->now_ns);
        m->is_limited[i] = phase != CLIENT_ANSWER;
    }
}

static void take_requests(struct model *m)
{
    struct watched *r;

    while ((r = watch_next_due(m->w, m->now_ns)) != NULL) {
        size_t i = (size_t)(r - m->requests);
        assert_true(m->due_ns[i] != 0 && m->due_ns[i] <= m->now_ns);
        m->due_ns[i] = 0;
    }
}

static void take_clients(struct model *m)
{
    struct client *c;

    while ((c = watch_next_late(m->w, m->now_ns)) != NULL) {
        size_t i = (size_t)(c - m->clients);
        assert_true(m->is_limited[i] && c->since_ns + limit_of(c->phase) <= m->now_ns);
        m->is_limited[i] = false;
    }
}

static void random_operations(void **state)
{
    struct random random = {8};
    static struct model m;

    m = (struct model){.w = *state, .now_ns = MS(1000)};
    for (size_t i = 0; i < REQUESTS; i++) {
        request_init(&m.requests[i]);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        client_init(&m.clients[i]);
    }
    for (size_t round = 0; round < 50000; round++) {
        switch (random_below(&random, 4)) {
        case 0:
        case 1:
            random_request(&m, &random);
            break;
        case 2:
            random_client(&m, &random);
            break;
        default:
            m.now_ns += (int64_t)random_below(&random, (size_t)MS(round % 1000 == 0 ? 2000 : 4));
            take_requests(&m);
            take_clients(&m);
            assert_true(watch_next_ns(m.w) > m.now_ns); /* nothing that was due is left */
        }
        assert_true(watch_next_ns(m.w) == model_next_ns(&m));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_to_do),
        TEST(a_deadline_is_due_once),
        TEST(without_a_deadline_nothing_is_watched),
        TEST(what_has_ended_is_not_due),
        TEST(deadlines_come_in_their_own_order),
        TEST(phases_have_limits),
        TEST(a_new_phase_begins_anew),
        cmocka_unit_test(no_memory),
        TEST(random_operations),
    };

    return cmocka_run_group_tests_name("server/watch", tests, NULL, NULL);
}
