/*
 * The bookkeeping with times as arguments; then a real server whose one loop is held up by a handler
 * that waits on a latch, until the log has said so. The clock is the test's, so nobody waits for 50
 * ms to pass, and a machine that is slow cannot stall a loop by itself.
 */
#include "server/watchdog.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "server/call.h"
#include "server/server.h"
#include "tests/unit/unit.h"

#define ARRIVE_MS 10000
#define NOON_NS   (1000 * NS_PER_S)

static const struct route slow = {.method = METHOD_GET, .pattern = "/slow/{id}"};
static const struct route other = {.method = METHOD_POST, .pattern = "/other"};

/* --- one look --------------------------------------------------------------------------------- */

static void a_pulse_knows_how_long(void **state)
{
    struct pulse pulse = {0};

    (void)state;
    assert_int_equal(pulse_rest(&pulse, NOON_NS), 0);
    pulse_wake(&pulse, NOON_NS);
    assert_int_equal(pulse_rest(&pulse, NOON_NS + 7), 7);
    assert_int_equal(pulse_rest(&pulse, NOON_NS + 9), 0);
}

static void only_what_is_busy_for_long_is_a_stall(void **state)
{
    struct pulse pulse = {0};
    struct watchdog_loop loop = {.pulse = &pulse};
    struct stall stall;

    (void)state;
    assert_false(watchdog_look(&loop, NOON_NS, &stall)); /* asleep */
    pulse_wake(&pulse, NOON_NS);
    pulse_serve(&pulse, &slow);
    assert_false(watchdog_look(&loop, NOON_NS - 1, &stall)); /* it woke behind the look's back */
    assert_false(watchdog_look(&loop, NOON_NS, &stall));
    assert_false(watchdog_look(&loop, NOON_NS + WATCHDOG_STALL_NS - 1, &stall));
    assert_true(watchdog_look(&loop, NOON_NS + WATCHDOG_STALL_NS, &stall));
    assert_ptr_equal(stall.route, &slow);
    assert_int_equal(stall.busy_ns, WATCHDOG_STALL_NS);
    (void)pulse_rest(&pulse, NOON_NS + NS_PER_S);
    assert_false(watchdog_look(&loop, NOON_NS + 2 * NS_PER_S, &stall));
}

static void a_stall_is_said_once(void **state)
{
    struct pulse pulse = {0};
    struct watchdog_loop loop = {.pulse = &pulse};
    struct stall stall;

    (void)state;
    pulse_wake(&pulse, NOON_NS);
    assert_true(watchdog_look(&loop, NOON_NS + WATCHDOG_STALL_NS, &stall));
    assert_null(stall.route); /* the loop itself */
    pulse_serve(&pulse, &slow);
    for (int64_t s = 1; s < 100; s++) {
        assert_false(watchdog_look(&loop, NOON_NS + s * NS_PER_S, &stall));
    }
}

/* Return: is the stall of a new turn, in that handler, said? */
static bool stalls(struct watchdog_loop *loop, struct pulse *pulse, const struct route *route,
                   int64_t at_ns)
{
    struct stall stall = {0};
    bool is_said;

    pulse_wake(pulse, at_ns);
    pulse_serve(pulse, route);
    is_said = watchdog_look(loop, at_ns + WATCHDOG_STALL_NS, &stall);
    assert_true(!is_said || stall.route == route);
    pulse_serve(pulse, NULL);
    (void)pulse_rest(pulse, at_ns + WATCHDOG_STALL_NS);
    return is_said;
}

static void one_handler_is_named_once_a_second(void **state)
{
    struct pulse pulse = {0};
    struct watchdog_loop loop = {.pulse = &pulse};

    (void)state;
    assert_true(stalls(&loop, &pulse, &slow, NOON_NS));
    assert_false(stalls(&loop, &pulse, &slow, NOON_NS + NS_PER_S / 2));
    assert_true(stalls(&loop, &pulse, &slow, NOON_NS + NS_PER_S));
    assert_true(stalls(&loop, &pulse, &other, NOON_NS + NS_PER_S + 1));
    assert_true(stalls(&loop, &pulse, NULL, NOON_NS + NS_PER_S + 2));
    assert_false(stalls(&loop, &pulse, NULL, NOON_NS + NS_PER_S + 3));
}

/* --- the log, as its reader sees it ----------------------------------------------------------- */

static int log_pipe[2];

static void open_log(void)
{
    struct log_conf conf = {.level = LOG_INFO};

    assert_int_equal(pipe(log_pipe), 0);
    conf.fd = log_pipe[1];
    assert_int_equal(log_start(&conf, NULL), STATUS_OK);
}

/* The next line. */
static void read_line(char *to, size_t size)
{
    size_t n = 0;

    do {
        struct pollfd p = {.fd = log_pipe[0], .events = POLLIN};
        assert_int_equal(poll(&p, 1, ARRIVE_MS), 1);
        assert_true(n < size - 1);
        assert_int_equal(read(log_pipe[0], to + n, 1), 1);
    } while (to[n++] != '\n');
    to[n] = '\0';
}

/* Return: bytes of what has been logged beyond what was read. */
static size_t close_log(void)
{
    char rest[4096];
    ssize_t n;

    log_stop();
    close(log_pipe[1]);
    n = read(log_pipe[0], rest, sizeof(rest));
    close(log_pipe[0]);
    assert_true(n >= 0);
    return (size_t)n;
}

/* --- the thread ------------------------------------------------------------------------------- */

static void the_thread_names_loop_and_handler(void **state)
{
    struct pulse first = {.name = "gy-loop-0"};
    struct pulse second = {.name = "gy-loop-1"};
    struct watchdog watchdog = {0};
    char line[1000];

    (void)state;
    open_log();
    watchdog_stop(&watchdog); /* harmless */
    watchdog_add(&watchdog, &first);
    watchdog_add(&watchdog, &second);
    clock_set_for_tests(NOON_NS);
    pulse_wake(&first, NOON_NS - WATCHDOG_STALL_NS + 1); /* it has a nanosecond left */
    pulse_serve(&second, &slow);
    pulse_wake(&second, NOON_NS - 70 * NS_PER_MS);
    assert_int_equal(watchdog_start(&watchdog, NULL), STATUS_OK);
    read_line(line, sizeof(line));
    assert_non_null(strstr(line, "\"level\":\"warn\",\"message\":\"a loop is stalled"));
    assert_non_null(strstr(line, "\"loop\":\"gy-loop-1\""));
    assert_non_null(strstr(line, "\"handler\":\"GET /slow/{id}\""));
    assert_non_null(strstr(line, "\"busy_ms\":70}"));
    clock_set_for_tests(NOON_NS + 1);
    read_line(line, sizeof(line));
    assert_non_null(strstr(line, "\"loop\":\"gy-loop-0\""));
    assert_non_null(strstr(line, "\"handler\":\"none: libmicrohttpd, or the loop itself\""));
    assert_non_null(strstr(line, "\"busy_ms\":50}"));
    watchdog_stop(&watchdog);
    watchdog_stop(&watchdog); /* harmless */
    clock_set_for_tests(0);
    assert_int_equal(close_log(), 0);
}

/* --- a server whose loop is held up ----------------------------------------------------------- */

static sem_t is_held;
static sem_t let_go;

static void hold_up(const struct handler *handler, struct call *call)
{
    (void)handler;
    assert_on_loop();
    sem_post(&is_held);
    while (sem_wait(&let_go) != 0) {
    }
    call_answer_empty(call, 204);
}

static void answer_at_once(const struct handler *handler, struct call *call)
{
    (void)handler;
    assert_on_loop();
    call_answer_empty(call, 204);
}

static const struct handler holding = {.kind = HANDLER_INLINE, .serve = hold_up};
static const struct handler quick = {.kind = HANDLER_INLINE, .serve = answer_at_once};

static struct router *make_router(void)
{
    const struct route hold = {.pattern = "/hold/{id}", .handler = &holding};
    const struct route at_once = {.pattern = "/quick", .handler = &quick};
    struct router *router = NULL;

    assert_int_equal(router_create(&router), STATUS_OK);
    assert_int_equal(router_add(router, &hold, NULL), STATUS_OK);
    assert_int_equal(router_add(router, &at_once, NULL), STATUS_OK);
    return router;
}

static struct server *make_server(const struct router *router)
{
    const struct server_conf conf = {.listen = "127.0.0.1:0",
                                     .loops = 1,
                                     .connections = 10,
                                     .in_flight_max = 10,
                                     .response_max = 65536,
                                     .header_ms = 3600000,
                                     .body_ms = 3600000,
                                     .send_ms = 3600000,
                                     .idle_ms = 3600000,
                                     .buffered_max = 1048576};
    struct server *server = NULL;

    assert_int_equal(server_create(&conf, router, &server, NULL), STATUS_OK);
    assert_int_equal(server_start(server, NULL), STATUS_OK);
    return server;
}

static int connect_to(const struct server *server)
{
    const char *port = strrchr(server_address(server), ':') + 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void ask(int fd, const char *path)
{
    char request[200];
    int size = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);

    assert_int_equal(send(fd, request, (size_t)size, 0), size);
}

/* Read one answer, which has no body. */
static void await_answer(int fd)
{
    char answer[2000];
    size_t n = 0;

    do {
        assert_true(n < sizeof(answer) - 1);
        assert_int_equal(recv(fd, answer + n, 1, 0), 1);
        answer[++n] = '\0';
    } while (strstr(answer, "\r\n\r\n") == NULL);
    assert_memory_equal(answer, "HTTP/1.1 204 ", 13);
}

static void a_handler_that_blocks_is_found(void **state)
{
    struct router *router = make_router();
    struct server_stats stats;
    struct server *server;
    char line[1000];
    int fd;

    (void)state;
    open_log();
    clock_set_for_tests(NOON_NS);
    server = make_server(router);
    fd = connect_to(server);
    ask(fd, "/quick");
    await_answer(fd);
    ask(fd, "/hold/7?secret=1");
    sem_wait(&is_held);
    clock_set_for_tests(NOON_NS + 63 * NS_PER_MS);
    read_line(line, sizeof(line)); /* while the loop is held up: nobody else can have said it */
    assert_non_null(strstr(line, "\"loop\":\"gy-loop-0\",\"handler\":\"GET /hold/{id}\","
                                 "\"busy_ms\":63}"));
    server_stats(server, &stats);
    assert_int_equal(stats.stalls, 0); /* not over */
    clock_set_for_tests(NOON_NS + 80 * NS_PER_MS);
    sem_post(&let_go);
    await_answer(fd);
    ask(fd, "/quick"); /* in another turn: the one before is over */
    await_answer(fd);
    server_stats(server, &stats);
    assert_int_equal(stats.stalls, 1);
    assert_int_equal(stats.stall_max_ns, 80 * NS_PER_MS);
    close(fd);
    server_drain(server, clock_now_ns() + NS_PER_S); /* the client has gone: at once */
    server_destroy(server);
    router_destroy(router);
    clock_set_for_tests(0);
    assert_int_equal(close_log(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pulse_knows_how_long),
        cmocka_unit_test(only_what_is_busy_for_long_is_a_stall),
        cmocka_unit_test(a_stall_is_said_once),
        cmocka_unit_test(one_handler_is_named_once_a_second),
        cmocka_unit_test(the_thread_names_loop_and_handler),
        cmocka_unit_test(a_handler_that_blocks_is_found),
    };

    sem_init(&is_held, 0, 0);
    sem_init(&let_go, 0, 0);
    return cmocka_run_group_tests_name("server/watchdog", tests, NULL, NULL);
}
