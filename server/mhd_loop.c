#include "server/mhd_loop.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
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
#include "server/mhd_access.h"

#define EVENTS_MAX 64
#define POOL_BYTES                                                                                 \
    ((size_t)32 * 1024) /* of libmicrohttpd per connection; it is memset per request */
#define BACKLOG_TURNS_MAX 1000
#define STUCK_MS          1000 /* without a piece of a body, while libmicrohttpd is busy in vain */
#define SLEEP_MS_MAX      (3600 * 1000)
#define BARREN_TURNS      256  /* in a row, before libmicrohttpd has to wait */
#define AGAIN_LOG2_MAX    4    /* for 16 ms at most */
#define FAREWELL_MS       1000 /* after the drain's deadline, for the last answers to leave */

/* --- clients ------------------------------------------------------------------------------ */

/*
 * Be told, once, when this client closes its side or is reset. Edge-triggered and without EPOLLIN,
 * so its bytes never wake us. The kernel forgets it when libmicrohttpd closes the descriptor.
 */
static void watch_leaving(struct loop *loop, struct client *client) ON_LOOP
{
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = client};

    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, client->fd, &event) != 0) {
        log_event(LOG_WARN, "a client cannot be watched", LOG_STR("error", strerror(errno)));
    }
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct loop *loop = cls;
    struct client *client = *socket_context;

    assert_on_loop();
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        client = mem_zalloc(sizeof(*client));
        if (client == NULL) {
            return; /* its first request is refused */
        }
        client->fd = info->connect_fd;
        client->connection = connection;
        list_init(&client->phase_link);
        list_init(&client->leaving_link);
        watch_leaving(loop, client);
        list_append(&loop->clients, &client->all_link);
        watch_client(&loop->watch, client, CLIENT_NEW, clock_now_ns());
        *socket_context = client;
        atomic_fetch_add_explicit(&loop->counters.connections, 1, memory_order_relaxed);
    } else if (client != NULL) {
        access_on_closed(loop, client);
        watch_client_end(client);
        list_remove(&client->all_link);
        list_remove(&client->leaving_link);
        mem_free(client);
        *socket_context = NULL;
        loop->has_closed = true;
        loop->has_moved = true;
        atomic_fetch_sub_explicit(&loop->counters.connections, 1, memory_order_relaxed);
    }
}

static unsigned connections(struct loop *loop)
{
    return atomic_load_explicit(&loop->counters.connections, memory_order_relaxed);
}

/* --- one turn ----------------------------------------------------------------------------- */

static struct exchange *exchange_of(struct watched *watched)
{
    return container_of(watched, struct exchange, watched);
}

/*
 * Hang up a client that took too long. libmicrohttpd would not hear of it by itself if the client is
 * not in its epoll: it takes a connection out while it is suspended, and puts it back only once it
 * has nothing left to read, which does not come if the buffer is full. So its own timeout, which it
 * looks at whenever it is run, is made to have passed.
 */
static void end_late(struct client *client) ON_LOOP
{
    client_time_out(client);
    (void)MHD_set_connection_option(client->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                    1U); /* fails only for options that it does not know */
}

/*
 * A client has been in its phase for as long as it may. One between two requests may stay, unless it
 * has been sending the next request's line ever since the last look: libmicrohttpd tells of that
 * line only when it is whole.
 */
static void look_at_client(struct loop *loop, struct client *client, int64_t now_ns) ON_LOOP
{
    uint64_t bytes = client->phase == CLIENT_IDLE ? client_bytes_received(client) : 0;
    bool is_at_rest =
        client->phase == CLIENT_IDLE && (client->bytes_seen == 0 || client->bytes_seen == bytes);

    if (is_at_rest) {
        watch_client(&loop->watch, client, CLIENT_IDLE, now_ns);
        client->bytes_seen = bytes;
    } else {
        end_late(client);
    }
}

static void look_at_time(struct loop *loop) ON_LOOP
{
    int64_t now_ns = clock_now_ns();
    struct watched *watched;
    struct client *client;

    while ((watched = watch_next_due(&loop->watch, now_ns)) != NULL) {
        access_end(loop, exchange_of(watched), ACCESS_DEADLINE);
    }
    while ((client = watch_next_late(&loop->watch, now_ns)) != NULL) {
        look_at_client(loop, client, now_ns);
    }
}

static void take_completions(struct loop *loop) ON_LOOP
{
    struct completion *completion = completions_take(&loop->completions);

    while (completion != NULL) {
        struct completion *next = completion->next;
        access_complete(loop, container_of(completion, struct exchange, completion));
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
    unsigned in_vain = loop->barren < BARREN_TURNS ? 0 : loop->barren - BARREN_TURNS + 1;

    return in_vain == 0 ? 0 : 1 << (in_vain < AGAIN_LOG2_MAX ? in_vain : AGAIN_LOG2_MAX);
}

/* How long may the loop sleep? Milliseconds, rounded up. */
static int sleep_ms(struct loop *loop, int64_t until_ns) ON_LOOP
{
    int64_t next_ns = watch_next_ns(&loop->watch);
    MHD_UNSIGNED_LONG_LONG mhd_ms = SLEEP_MS_MAX;
    int64_t ms = SLEEP_MS_MAX;

    next_ns = until_ns < next_ns ? until_ns : next_ns;
    if (next_ns != INT64_MAX) {
        int64_t left_ns = next_ns - clock_now_ns();
        ms = left_ns <= 0 ? 0 : (left_ns + NS_PER_MS - 1) / NS_PER_MS;
    }
    (void)MHD_get_timeout(loop->daemon, &mhd_ms); /* says NO when it has none */
    loop->is_asked_again = mhd_ms == 0;
    if (loop->is_asked_again) {
        mhd_ms = (unsigned)again_ms(loop);
    } else {
        loop->barren = 0;
    }
    ms = mhd_ms < (uint64_t)ms ? (int64_t)mhd_ms : ms;
    return ms < SLEEP_MS_MAX ? (int)ms : SLEEP_MS_MAX;
}

/* A client has closed its side: whatever runs for it has nobody to answer. */
static void begin_leaving(struct loop *loop, struct client *client) ON_LOOP
{
    if (!list_is_linked(&client->leaving_link)) {
        list_append(&loop->leaving, &client->leaving_link);
    }
    if (client->exchange != NULL) {
        access_end(loop, client->exchange, ACCESS_CLIENT_GONE); /* if it is in flight */
    }
}

/*
 * Hang up who has left, once libmicrohttpd has read what they had sent before and answered what it
 * could; it does not always notice by itself (client_is_gone).
 */
static void see_off(struct loop *loop) ON_LOOP
{
    struct list *l = loop->leaving.next;

    while (l != &loop->leaving) {
        struct client *client = container_of(l, struct client, leaving_link);
        l = l->next;
        bool is_busy = client->phase == CLIENT_ANSWER || client->phase == CLIENT_SEND;
        if (!is_busy && client_is_gone(client)) {
            list_remove(&client->leaving_link);
            client_hang_up(client);
        }
    }
}

/*
 * While libmicrohttpd asks to be run again and again, a client may be stuck: its buffer is full of a
 * chunk's line without end, which is read anew each time. Each second, hang up those of whose body
 * nothing has come since the last look, though there is more of it than is read (or though nothing
 * at all goes on here).
 */
static void drop_stuck(struct loop *loop) ON_LOOP
{
    int64_t now_ns = clock_now_ns();
    struct list *bodies = &loop->watch.phases[CLIENT_BODY];
    struct list *l = bodies->next;

    if (!loop->is_asked_again || now_ns < loop->next_look_ns) {
        return;
    }
    loop->next_look_ns = now_ns + STUCK_MS * NS_PER_MS;
    while (l != bodies) {
        struct client *client = container_of(l, struct client, phase_link);
        l = l->next;
        if (client->is_chunked && !client->has_moved &&
            (client_has_unread(client) || loop->barren >= BARREN_TURNS)) {
            list_remove(&client->phase_link);
            end_late(client);
        }
        client->has_moved = false;
    }
}

/* Wait, at most until until_ns, and do what there is to do. */
static void turn(struct loop *loop, int64_t until_ns) ON_LOOP
{
    struct epoll_event events[EVENTS_MAX];
    /*
     * At its connection limit libmicrohttpd stops listening, and it looks whether it may listen again
     * only when it is run: so after a connection has been closed, run it once more without waiting.
     */
    int ms = loop->has_closed ? 0 : sleep_ms(loop, until_ns);
    int n = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, ms);

    loop->has_closed = false;
    loop->has_moved = n > 0;
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr != NULL) { /* NULL: libmicrohttpd or a wake, both looked at anyway */
            begin_leaving(loop, events[i].data.ptr);
        }
    }
    take_completions(loop);
    look_at_time(loop);
    (void)MHD_run(loop->daemon); /* says NO only when stopped */
    see_off(loop);
    drop_stuck(loop);
    if (!loop->has_moved) {
        loop->barren++;
    } else { /* whether it was what libmicrohttpd waits for is seen when it asks no more */
        loop->barren = loop->barren < BARREN_TURNS ? 0 : BARREN_TURNS;
    }
}

/* --- draining ----------------------------------------------------------------------------- */

/* Whoever has connected before the listening socket closes is served: empty the backlog first. */
static void stop_listening(struct loop *loop) ON_LOOP
{
    struct pollfd p = {.fd = loop->listen_fd, .events = POLLIN};

    for (unsigned i = 0; i < BACKLOG_TURNS_MAX && poll(&p, 1, 0) > 0; i++) {
        unsigned before = connections(loop);
        (void)MHD_run(loop->daemon); /* says NO only when stopped */
        if (connections(loop) == before) {
            break; /* at a limit: the rest will see a reset */
        }
    }
    (void)MHD_quiesce_daemon(loop->daemon); /* gives back the descriptor we know */
    (void)close(loop->listen_fd);           /* nothing was written to it */
    loop->listen_fd = -1;
}

static void hang_up_idle(struct loop *loop) ON_LOOP
{
    for (struct list *l = loop->clients.next; l != &loop->clients; l = l->next) {
        struct client *client = container_of(l, struct client, all_link);
        (void)client_hang_up_if_idle(client); /* the others are answered first */
    }
}

static void end_in_flight(struct loop *loop) ON_LOOP
{
    struct list *l = loop->in_flight.next;

    while (l != &loop->in_flight) {
        struct list *next = l->next;
        access_end(loop, container_of(l, struct exchange, in_flight_link), ACCESS_DRAINED);
        l = next;
    }
}

static void hang_up_all(struct loop *loop) ON_LOOP
{
    for (struct list *l = loop->clients.next; l != &loop->clients; l = l->next) {
        client_hang_up(container_of(l, struct client, all_link));
    }
}

static bool is_quiet(struct loop *loop) ON_LOOP
{
    return loop->in_flight_count == 0 && connections(loop) == 0;
}

/*
 * Idle clients may still ask (whether we are ready, say) while there is work; they are hung up when
 * there is none.
 */
static void turn_until_quiet(struct loop *loop, int64_t until_ns) ON_LOOP
{
    while (!is_quiet(loop) && clock_now_ns() < until_ns) {
        if (loop->in_flight_count == 0) {
            hang_up_idle(loop);
        }
        turn(loop, until_ns);
    }
}

static void drain(struct loop *loop) ON_LOOP
{
    int64_t until_ns = atomic_load_explicit(&loop->drain_until_ns, memory_order_relaxed);

    loop->is_draining = true;
    stop_listening(loop);
    turn_until_quiet(loop, until_ns);
    if (!is_quiet(loop)) {
        log_event(LOG_WARN, "the drain deadline passed with requests in flight",
                  LOG_INT("in_flight", (int64_t)loop->in_flight_count),
                  LOG_INT("connections", (int64_t)connections(loop)));
    }
    until_ns = clock_now_ns() + FAREWELL_MS * NS_PER_MS;
    while (loop->in_flight_count > 0) { /* one that is on its way home arrives within a turn */
        end_in_flight(loop);
        turn(loop, clock_now_ns() + NS_PER_MS);
    }
    turn_until_quiet(loop, until_ns);
    hang_up_all(loop);
    turn_until_quiet(loop, clock_now_ns() + FAREWELL_MS * NS_PER_MS);
}

/* The executors have stopped: what they still had has been pushed. */
static void finish(struct loop *loop) ON_LOOP
{
    take_completions(loop);
    (void)MHD_run(loop->daemon); /* says NO only when stopped */
    MHD_stop_daemon(loop->daemon);
    loop->daemon = NULL;
    invariant(loop->exchanges_count == 0);
}

static void *loop_main(void *argument)
{
    struct loop *loop = argument;
    char name[16];

    (void)snprintf(name, sizeof(name), "gy-loop-%u", loop->index); /* cut is fine */
    role_set_loop(name);
    assert_on_loop();
    while (atomic_load_explicit(&loop->command, memory_order_acquire) == LOOP_RUN) {
        turn(loop, INT64_MAX);
    }
    drain(loop);
    sem_post(&loop->drained);
    while (atomic_load_explicit(&loop->command, memory_order_acquire) != LOOP_FINISH) {
        turn(loop, INT64_MAX);
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
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    unsigned idle_s = (unsigned)((loop->conf.idle_ms + 999) / 1000);

    return MHD_start_daemon(
        flags, 0, NULL, NULL, access_on_request, loop, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, loop->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
        loop->conf.connections, MHD_OPTION_CONNECTION_TIMEOUT, idle_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, access_on_request_line, loop, MHD_OPTION_UNESCAPE_CALLBACK,
        leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED, access_on_completed, loop,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop, MHD_OPTION_END);
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

static enum status open_all(struct loop *loop, struct error *err)
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
    return STATUS_OK;
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
    loop->listen_fd = listen_fd;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    completions_init(&loop->completions, loop->wake_fd);
    (void)sem_init(&loop->drained, 0, 0); /* fails only for a value that is too large */
    status = init_owned(loop);
    if (status != STATUS_OK) {
        (void)error_set(err, status, "no memory for a loop");
    } else {
        status = open_all(loop, err);
    }
    if (status != STATUS_OK) {
        loop->listen_fd = -1; /* stays the caller's */
        loop_destroy(loop);
        return status;
    }
    *ret = loop;
    return STATUS_OK;
}

enum status loop_start(struct loop *loop, struct error *err)
{
    sigset_t all;
    sigset_t before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&loop->thread, NULL, loop_main, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
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

void loop_destroy(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    if (loop->is_started) {
        tell(loop, LOOP_FINISH);
        pthread_join(loop->thread, NULL);
    }
    if (loop->daemon != NULL) {                 /* never started */
        (void)MHD_quiesce_daemon(loop->daemon); /* so that it leaves the socket to us */
        MHD_stop_daemon(loop->daemon);
    }
    if (loop->listen_fd >= 0) {
        (void)close(loop->listen_fd); /* nothing was written to it */
    }
    if (loop->epoll_fd >= 0) {
        (void)close(loop->epoll_fd); /* nothing to lose */
    }
    if (loop->wake_fd >= 0) {
        (void)close(loop->wake_fd); /* nothing to lose */
    }
    fini_owned(loop);
    (void)sem_destroy(&loop->drained); /* nobody waits */
    mem_free(loop);
}
