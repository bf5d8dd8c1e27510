#include "server/mhd_loop.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/invariant.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "server/mhd_accept.h"
#include "server/mhd_access.h"
#include "server/mhd_clients.h"
#include "server/mhd_drain.h"
#include "server/mhd_flight.h"
#include "server/mhd_stream.h"
#include "server/stream.h"
#include "server/tally.h"

#define EVENTS_MAX 64
#define POOL_BYTES                                                                                 \
    ((size_t)32 * 1024) /* of libmicrohttpd per connection; it is memset per request */
#define AWAIT_NS       (30 * NS_PER_MS / 1000)
#define SLEEP_MS_MAX   (3600 * 1000)
#define AGAIN_LOG2_MAX 4 /* for 16 ms at most */

/* --- accounts --------------------------------------------------------------------------------- */

static void set_buffered(struct loop *loop, uint64_t bytes) ON_LOOP
{
    loop->buffered = bytes;
    atomic_store_explicit(&loop->counters.buffered, bytes, memory_order_relaxed);
}

bool loop_charge(struct loop *loop, struct exchange *ex, size_t bytes)
{
    if (!loop_has_room(loop, bytes)) {
        return false;
    }
    set_buffered(loop, loop->buffered + bytes);
    ex->charged += bytes;
    return true;
}

void loop_discharge(struct loop *loop, struct exchange *ex)
{
    set_buffered(loop, loop->buffered - ex->charged);
    ex->charged = 0;
}

void loop_release(struct loop *loop, struct exchange *ex)
{
    if (ex->connection == NULL && !exchange_is_busy(ex)) {
        exchange_destroy(ex);
        loop->exchanges_count--;
    }
}

/* --- one turn ----------------------------------------------------------------------------- */

static struct exchange *exchange_of(struct watched *watched)
{
    return container_of(watched, struct exchange, watched);
}

static void look_at_time(struct loop *loop) ON_LOOP
{
    struct watched *watched;

    while ((watched = watch_next_due(&loop->watch, loop->now_ns)) != NULL) {
        flight_end(loop, exchange_of(watched), FLIGHT_DEADLINE);
    }
    clients_look_at_late(loop, loop->now_ns);
}

static void take(struct loop *loop, struct completion *completion) ON_LOOP
{
    switch (completion->kind) {
    case COMPLETION_TASK:
        flight_complete(loop, container_of(completion, struct exchange, completion));
        break;
    case COMPLETION_NEWS:
        stream_on_news(loop, container_of(completion, struct stream, news)->exchange);
        break;
    case COMPLETION_REFILL:
        stream_on_refilled(loop, container_of(completion, struct stream, refilled)->exchange);
        break;
    }
}

static void take_completions(struct loop *loop) ON_LOOP
{
    struct completion *completion = completions_take(&loop->completions);

    while (completion != NULL) {
        struct completion *next = completion->next;
        take(loop, completion);
        completion = next;
    }
}

/*
 * libmicrohttpd asks to be run again at once for as long as a client's buffer is full of what is no
 * whole line yet. That may be in order, for it enlarges the buffer by little at a time; but of a
 * chunk's size with an endless extension nothing comes until the client's time is up. So what has
 * been in vain many times is tried less often. Whatever happens on a socket still ends the sleep.
 */
static int again_ms(const struct loop *loop) ON_LOOP
{
    unsigned in_vain = loop->barren < LOOP_BARREN_TURNS ? 0 : loop->barren - LOOP_BARREN_TURNS + 1;

    return in_vain == 0 ? 0 : 1 << (in_vain < AGAIN_LOG2_MAX ? in_vain : AGAIN_LOG2_MAX);
}

/* How long may the loop sleep? Milliseconds, rounded up. */
static int sleep_ms(struct loop *loop, int64_t now_ns, int64_t until_ns) ON_LOOP
{
    int64_t next_ns = watch_next_ns(&loop->watch);
    MHD_UNSIGNED_LONG_LONG mhd_ms = SLEEP_MS_MAX;
    int64_t ms = SLEEP_MS_MAX;

    next_ns = until_ns < next_ns ? until_ns : next_ns;
    next_ns = loop->acceptor.due_ns < next_ns ? loop->acceptor.due_ns : next_ns;
    if (next_ns != INT64_MAX) {
        int64_t left_ns = next_ns - now_ns;
        ms = left_ns <= 0 ? 0 : (left_ns + NS_PER_MS - 1) / NS_PER_MS;
    }
    (void)MHD_get_timeout(loop->daemon, &mhd_ms); /* says NO when it has none */
    loop->is_asked_again = mhd_ms == 0;
    if (!loop->is_asked_again) {
        loop->barren = 0;
    } else if (loop->more > 0) {
        mhd_ms = 0; /* whoever else is stuck or lingers: something goes on */
    } else if (loop->lingering > 0) {
        mhd_ms =
            LOOP_LINGER_NS / NS_PER_MS; /* it asks for those in flight: they will be heard of */
    } else {
        mhd_ms = (unsigned)again_ms(loop);
    }
    ms = mhd_ms < (uint64_t)ms ? (int64_t)mhd_ms : ms;
    return ms < SLEEP_MS_MAX ? (int)ms : SLEEP_MS_MAX;
}

/* Run libmicrohttpd, and then what it has given us to do. */
static void loop_run(struct loop *loop) ON_LOOP
{
    (void)MHD_run(loop->daemon); /* says NO only when stopped */
    flight_kick(loop);
}

/* The turn before is over: was it too long? The watchdog has named its handler meanwhile. */
static void rest(struct loop *loop, int64_t now_ns) ON_LOOP
{
    struct loop_counters *c = &loop->counters;
    int64_t busy_ns = pulse_rest(&loop->pulse, now_ns);

    if (__builtin_expect(busy_ns >= WATCHDOG_STALL_NS, 0)) {
        loop_count(&c->stalls);
        if (busy_ns > atomic_load_explicit(&c->stall_max_ns, memory_order_relaxed)) {
            atomic_store_explicit(&c->stall_max_ns, busy_ns, memory_order_relaxed);
        }
    }
}

/* One request is in flight, and nothing else is to do: is it done in a moment? */
static bool await_soon(struct loop *loop, int64_t now_ns) ON_LOOP
{
    if (loop->lingering != 1 || !lookout_begin(&loop->lookout, now_ns, AWAIT_NS)) {
        return false;
    }
    while (completions_is_empty(&loop->completions)) {
        if (!lookout_yield(&loop->lookout)) {
            return false;
        }
    }
    return true;
}

void loop_turn(struct loop *loop, int64_t until_ns)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t now_ns = clock_now_ns();
    int ms = sleep_ms(loop, now_ns, until_ns);
    bool is_awaited = false;
    int n;

    rest(loop, now_ns);
    if (ms > 0 && await_soon(loop, now_ns)) {
        ms = 0;
    }
    n = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, ms);
    loop->now_ns = clock_now_ns();
    pulse_wake(&loop->pulse, loop->now_ns);
    loop->has_moved = n > 0;
    loop->pieces_before = loop->pieces;
    loop->pieces = 0;
    loop->more -= loop->more > 0 ? 1 : 0;
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &loop->acceptor) {
            is_awaited = true;
        } else if (events[i].data.ptr != NULL) { /* NULL: libmicrohttpd or a wake, both looked at */
            clients_begin_leaving(loop, events[i].data.ptr);
        }
    }
    if (is_awaited) {
        (void)accept_clients(loop); /* the others in the next turn */
    }
    take_completions(loop);
    look_at_time(loop);
    loop_run(loop);
    clients_see_off(loop);
    clients_drop_stuck(loop);
    accept_look(loop);
    if (!loop->has_moved) {
        loop->barren++;
    } else { /* whether it was what libmicrohttpd waits for is seen when it asks no more */
        loop->barren = loop->barren < LOOP_BARREN_TURNS ? 0 : LOOP_BARREN_TURNS;
    }
}

/* --- the thread ------------------------------------------------------------------------------ */

/* The executors have stopped: what they still had has been pushed. */
static void finish(struct loop *loop) ON_LOOP
{
    take_completions(loop);
    loop_run(loop);
    MHD_stop_daemon(loop->daemon);
    loop->daemon = NULL;
    invariant(loop->exchanges_count == 0);
}

static void *loop_main(void *argument)
{
    struct loop *loop = argument;

    role_set_loop(loop->pulse.name);
    assert_on_loop();
    while (atomic_load_explicit(&loop->command, memory_order_acquire) == LOOP_RUN) {
        loop_turn(loop, INT64_MAX);
    }
    drain_run(loop);
    sem_post(&loop->drained);
    while (atomic_load_explicit(&loop->command, memory_order_acquire) != LOOP_FINISH) {
        loop_turn(loop, INT64_MAX);
    }
    finish(loop);
    return NULL;
}

const char *server_library_version(void)
{
    return MHD_get_version();
}

/* --- life --------------------------------------------------------------------------------- */

static void on_log(void *cls, const char *format, va_list args) PRINTF_LIKE(2, 0);

static void on_log(void *cls, const char *format, va_list args)
{
    char text[300];

    (void)cls;
    (void)vsnprintf(text, sizeof(text), format, args); /* cut is fine */
    text[strcspn(text, "\n")] = '\0';
    log_event(LOG_DEBUG, "libmicrohttpd", LOG_STR("text", text));
}

/* The decoded path and arguments are never used: leave them as they are. */
static size_t leave_escaped(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct loop *loop)
{
    unsigned flags =
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    unsigned idle_s = (unsigned)((loop->conf.idle_ms + 999) / 1000);

    return MHD_start_daemon(
        flags, 0, NULL, NULL, access_on_request, loop, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_CONNECTION_LIMIT, UINT_MAX /* ours counts: mhd_accept */,
        MHD_OPTION_CONNECTION_TIMEOUT, idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, access_on_request_line, loop,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        access_on_completed, loop, MHD_OPTION_NOTIFY_CONNECTION, clients_on_connection, loop,
        MHD_OPTION_END);
}

static bool add_to_epoll(struct loop *loop, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = NULL};

    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Before the thread exists, the creating thread may touch what will be the loop's. */
static enum status init_owned(struct loop *loop) TSA(no_thread_safety_analysis)
{
    struct watch_conf conf = {.in_flight_max = loop->conf.in_flight_max,
                              .header_ms = loop->conf.header_ms,
                              .body_ms = loop->conf.body_ms,
                              .send_ms = loop->conf.send_ms};

    loop->acceptor = (struct acceptor){.listen_fd = -1, .due_ns = INT64_MAX};
    list_init(&loop->clients);
    list_init(&loop->leaving);
    list_init(&loop->in_flight);
    if (getrandom(&loop->id_state, sizeof(loop->id_state), 0) < 0) {
        loop->id_state = (uint64_t)clock_now_ns();
    }
    return watch_init(&loop->watch, &conf);
}

static void fini_owned(struct loop *loop) TSA(no_thread_safety_analysis)
{
    watch_fini(&loop->watch);
}

static enum status open_all(struct loop *loop, int listen_fd, struct error *err)
{
    const union MHD_DaemonInfo *info;

    if (loop->epoll_fd < 0 || loop->wake_fd < 0) {
        return error_set(err, STATUS_OS, "cannot make an epoll: %s", strerror(errno));
    }
    loop->daemon = start_daemon(loop);
    if (loop->daemon == NULL) {
        return error_set(err, STATUS_OS, "libmicrohttpd cannot start: %s", strerror(errno));
    }
    info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    /* Edge-triggered, so that the eventfd never has to be read. */
    if (info == NULL || !add_to_epoll(loop, info->epoll_fd, EPOLLIN) ||
        !add_to_epoll(loop, loop->wake_fd, EPOLLIN | EPOLLET)) {
        return error_set(err, STATUS_OS, "cannot set up an epoll: %s", strerror(errno));
    }
    return accept_open(loop, listen_fd, err);
}

enum status loop_create(const struct server_conf *conf, const struct router *router, unsigned index,
                        int listen_fd, struct loop **ret, struct error *err)
{
    struct loop *loop = mem_zalloc(sizeof(*loop));
    enum status status;

    if (loop == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for a loop");
    }
    loop->conf = *conf;
    loop->conf.listen = NULL;
    loop->router = router;
    loop->index = index;
    (void)snprintf(loop->pulse.name, sizeof(loop->pulse.name), "gy-loop-%u", index); /* it fits */
    if (conf->thread_name != NULL) {
        (void)snprintf(loop->pulse.name, sizeof(loop->pulse.name), "%s",
                       conf->thread_name); /* cut is fine */
    }
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    completions_init(&loop->completions, loop->wake_fd);
    (void)sem_init(&loop->drained, 0, 0); /* fails only for a value that is too large */
    status = init_owned(loop);
    if (status == STATUS_OK && conf->has_tally) {
        status = tally_create(router_count(router), &loop->tally);
    }
    if (status != STATUS_OK) {
        (void)error_set(err, status, "no memory for a loop");
    } else {
        status = open_all(loop, listen_fd, err);
    }
    if (status != STATUS_OK) {
        loop_destroy(loop);
        return status;
    }
    *ret = loop;
    return STATUS_OK;
}

enum status loop_start(struct loop *loop, struct error *err)
{
    int rc = thread_start(&loop->thread, loop_main, loop);

    if (rc != 0) {
        return error_set(err, STATUS_OS, "cannot start a loop's thread: %s", strerror(rc));
    }
    loop->is_started = true;
    return STATUS_OK;
}

static void tell(struct loop *loop, enum loop_command command)
{
    atomic_store_explicit(&loop->command, command, memory_order_release);
    completions_wake(&loop->completions);
}

void loop_drain(struct loop *loop, int64_t until_ns)
{
    atomic_store_explicit(&loop->drain_until_ns, until_ns, memory_order_relaxed);
    tell(loop, LOOP_DRAIN);
}

void loop_await_drained(struct loop *loop)
{
    while (loop->is_started && sem_wait(&loop->drained) != 0) {
        /* interrupted by a signal: wait on */
    }
}

void loop_stop(struct loop *loop)
{
    if (loop->is_started) {
        tell(loop, LOOP_FINISH);
        pthread_join(loop->thread, NULL);
        loop->is_started = false;
    }
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    loop_stop(loop);
    if (loop->daemon != NULL) { /* never started */
        MHD_stop_daemon(loop->daemon);
    }
    accept_close(loop);
    if (loop->epoll_fd >= 0) {
        (void)close(loop->epoll_fd); /* nothing to lose */
    }
    if (loop->wake_fd >= 0) {
        (void)close(loop->wake_fd); /* nothing to lose */
    }
    fini_owned(loop);
    tally_destroy(loop->tally);
    (void)sem_destroy(&loop->drained); /* nobody waits */
    mem_free(loop);
}
