#include "server/watch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define MS(n)    ((int64_t)(n)*NS_PER_MS)
#define YOUNG_NS MS(WATCH_YOUNG_MS)

static const struct watch_conf conf = {
    .in_flight_max = 50, .header_ms = 1000, .body_ms = 3000, .idle_ms = 5000};

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
    list_init(&r->young);
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
    assert_null(watch_next_grown(w, INT64_MAX));
    assert_null(watch_next_due(w, INT64_MAX));
    assert_null(watch_next_late(w, INT64_MAX));
}

static void young_ones_grow_in_order(void **state)
{
    struct watch *w = *state;
    struct watched r[3];

    for (int i = 0; i < 3; i++) {
        request_init(&r[i]);
        watch_begin(w, &r[i], 0, MS(100 + i));
    }
    assert_true(watch_next_ns(w) == MS(100) + YOUNG_NS);
    assert_null(watch_next_grown(w, MS(100) + YOUNG_NS - 1));
    assert_ptr_equal(watch_next_grown(w, MS(100) + YOUNG_NS), &r[0]);
    assert_null(watch_next_grown(w, MS(100) + YOUNG_NS));
    assert_true(watch_next_ns(w) == MS(101) + YOUNG_NS);
    watch_end(w, &r[1]);
    assert_true(watch_next_ns(w) == MS(102) + YOUNG_NS);
    assert_ptr_equal(watch_next_grown(w, MS(500)), &r[2]);
    assert_true(watch_next_ns(w) == INT64_MAX); /* grown, without a deadline: nothing to wait for */
    assert_null(watch_next_due(w, INT64_MAX));
    watch_end(w, &r[0]);
    watch_end(w, &r[1]);
    watch_end(w, &r[1]); /* harmless */
}

static void a_far_deadline_is_looked_at_when_grown(void **state)
{
    struct watch *w = *state;
    struct watched r;

    request_init(&r);
    watch_begin(w, &r, MS(200), MS(100));
    assert_null(watch_next_due(w, MS(300))); /* not before it has grown: that comes first */
    assert_ptr_equal(watch_next_grown(w, MS(105)), &r);
    assert_true(watch_next_ns(w) == MS(200));
    assert_null(watch_next_due(w, MS(200) - 1));
    assert_ptr_equal(watch_next_due(w, MS(200)), &r);
    assert_null(watch_next_due(w, MS(200)));
    assert_true(watch_next_ns(w) == INT64_MAX); /* no longer watched at all */
    watch_end(w, &r);
}

static void a_near_deadline_does_not_wait_for_growing(void **state)
{
    struct watch *w = *state;
    struct watched near;
    struct watched exact;
    struct watched past;

    request_init(&near);
    request_init(&exact);
    request_init(&past);
    watch_begin(w, &near, MS(101), MS(100));
    assert_true(watch_next_ns(w) == MS(101));
    watch_begin(w, &exact, MS(105), MS(100)); /* due as it grows */
    watch_begin(w, &past, MS(99), MS(100));   /* passed before it began */
    assert_true(watch_next_ns(w) == MS(99));
    assert_ptr_equal(watch_next_due(w, MS(100)), &past);
    assert_null(watch_next_due(w, MS(100)));
    assert_ptr_equal(watch_next_due(w, MS(102)), &near);
    assert_true(watch_next_ns(w) == MS(105));
    assert_ptr_equal(watch_next_grown(w, MS(105)), &exact); /* the two ended do not grow */
    assert_null(watch_next_grown(w, MS(105)));
    assert_ptr_equal(watch_next_due(w, MS(105)), &exact);
    assert_true(watch_next_ns(w) == INT64_MAX);
}

static void near_ones_grow_too(void **state)
{
    struct watch *w = *state;
    struct watched r;

    request_init(&r);
    watch_begin(w, &r, MS(104), MS(100));
    assert_ptr_equal(watch_next_grown(w, MS(105)), &r); /* a late turn: both at once */
    assert_ptr_equal(watch_next_due(w, MS(105)), &r);
    request_init(&r);
    watch_begin(w, &r, MS(104), MS(100));
    watch_end(w, &r);
    assert_true(watch_next_ns(w) == INT64_MAX);
}

static void deadlines_come_in_their_own_order(void **state)
{
    struct watch *w = *state;
    struct watched r[50];

    for (int i = 0; i < 50; i++) {
        request_init(&r[i]);
        watch_begin(w, &r[i], MS(1000 - i), 0);
    }
    for (int i = 0; i < 50; i++) {
        assert_ptr_equal(watch_next_grown(w, MS(10)), &r[i]);
    }
    for (int i = 49; i >= 0; i--) {
        assert_true(watch_next_ns(w) == MS(1000 - i));
        assert_ptr_equal(watch_next_due(w, MS(2000)), &r[i]);
    }
}

/* --- clients ------------------------------------------------------------------------------ */

static void phases_have_limits(void **state)
{
    static const int64_t limits_ms[] = {
        [CLIENT_NEW] = 1000, [CLIENT_HEAD] = 1000, [CLIENT_BODY] = 3000, [CLIENT_IDLE] = 6000};
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
    bool is_young[REQUESTS];
    bool has_due[REQUESTS];
    struct client clients[CLIENTS];
    bool is_limited[CLIENTS];
    int64_t now_ns;
};

static int64_t limit_of(enum client_phase phase)
{
    switch (phase) {
    case CLIENT_NEW:
    case CLIENT_HEAD:
        return MS(1000);
    case CLIENT_BODY:
        return MS(3000);
    default:
        return MS(6000);
    }
}

static int64_t model_next_ns(const struct model *m)
{
    int64_t next_ns = INT64_MAX;

    for (size_t i = 0; i < REQUESTS; i++) {
        const struct watched *r = &m->requests[i];
        if (m->is_young[i] && r->begun_ns + YOUNG_NS < next_ns) {
            next_ns = r->begun_ns + YOUNG_NS;
        }
        if (m->has_due[i] && r->deadline_ns < next_ns) {
            next_ns = r->deadline_ns;
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
    int64_t deadline_ns = 0;

    if (m->is_young[i] || m->has_due[i]) {
        watch_end(m->w, &m->requests[i]);
        m->is_young[i] = false;
        m->has_due[i] = false;
        return;
    }
    if (random_below(random, 3) > 0) {
        deadline_ns = m->now_ns + MS(random_below(random, 20)) - MS(2);
    }
    watch_end(m->w, &m->requests[i]); /* it may have grown and be nowhere: harmless */
    watch_begin(m->w, &m->requests[i], deadline_ns, m->now_ns);
    m->is_young[i] = true;
    m->has_due[i] = deadline_ns != 0 && deadline_ns - m->now_ns < YOUNG_NS;
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

    while ((r = watch_next_grown(m->w, m->now_ns)) != NULL) {
        size_t i = (size_t)(r - m->requests);
        assert_true(m->is_young[i] && r->begun_ns + YOUNG_NS <= m->now_ns);
        m->is_young[i] = false;
        m->has_due[i] = r->deadline_ns != 0;
    }
    while ((r = watch_next_due(m->w, m->now_ns)) != NULL) {
        size_t i = (size_t)(r - m->requests);
        assert_true(m->has_due[i] && r->deadline_ns <= m->now_ns);
        m->is_young[i] = false;
        m->has_due[i] = false;
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
        TEST(young_ones_grow_in_order),
        TEST(a_far_deadline_is_looked_at_when_grown),
        TEST(a_near_deadline_does_not_wait_for_growing),
        TEST(near_ones_grow_too),
        TEST(deadlines_come_in_their_own_order),
        TEST(phases_have_limits),
        TEST(a_new_phase_begins_anew),
        cmocka_unit_test(no_memory),
        TEST(random_operations),
    };

    return cmocka_run_group_tests_name("server/watch", tests, NULL, NULL);
}
