#include "server/mhd_clients.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/mhd_accept.h"
#include "server/mhd_access.h"
#include "server/mhd_flight.h"
#include "server/mhd_stream.h"

#define STUCK_MS 1000 /* without a piece of a body, while libmicrohttpd is busy in vain */

/* --- coming and going ------------------------------------------------------------------------- */

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

/* Return: NULL without memory; it is hung up then. */
static struct client *begin_client(struct loop *loop, struct MHD_Connection *connection) ON_LOOP
{
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct client *client = mem_zalloc(sizeof(*client));

    if (client == NULL) {
        (void)shutdown(fd, SHUT_RDWR); /* libmicrohttpd reads the end and closes */
        return NULL;
    }
    client->fd = fd;
    client->connection = connection;
    client_take_address(
        client,
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    list_init(&client->phase_link);
    list_init(&client->leaving_link);
    watch_leaving(loop, client);
    list_append(&loop->clients, &client->all_link);
    watch_client(&loop->watch, client, CLIENT_NEW, clock_now_ns());
    return client;
}

void clients_on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                           enum MHD_ConnectionNotificationCode code)
{
    struct loop *loop = cls;
    struct client *client = *socket_context;

    assert_on_loop();
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        atomic_fetch_add_explicit(&loop->counters.connections, 1, memory_order_relaxed);
        *socket_context = begin_client(loop, connection);
        return;
    }
    atomic_fetch_sub_explicit(&loop->counters.connections, 1, memory_order_relaxed);
    accept_on_closed(loop);
    loop->has_moved = true;
    if (client != NULL) {
        access_on_closed(loop, client);
        watch_client_end(client);
        list_remove(&client->all_link);
        list_remove(&client->leaving_link);
        mem_free(client);
        *socket_context = NULL;
    }
}

void clients_begin_leaving(struct loop *loop, struct client *client)
{
    if (!list_is_linked(&client->leaving_link)) {
        list_append(&loop->leaving, &client->leaving_link);
    }
    if (client->exchange != NULL) {
        flight_end(loop, client->exchange, FLIGHT_CLIENT_GONE); /* if it is in flight */
    }
}

void clients_see_off(struct loop *loop)
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

/* --- taking too long -------------------------------------------------------------------------- */

/*
 * Hang up a client that took too long. libmicrohttpd would not hear of it by itself if the client is
 * not in its epoll: it takes a connection out while it is suspended, and puts it back only once it
 * has nothing left to read, which does not come if the buffer is full. So its own timeout, which it
 * looks at whenever it is run, is made to have passed.
 */
static void end_late(struct loop *loop, struct client *client) ON_LOOP
{
    if (client->exchange != NULL) {
        exchange_note_raw_answer(client->exchange, 408);
    }
    if (client->exchange != NULL && client->exchange->state == EXCHANGE_STREAMING) {
        stream_cut(loop, client->exchange, SERVER_CUT_SLOW);
    }
    client_time_out(client);
    (void)MHD_set_connection_option(client->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                    1U); /* fails only for options that it does not know */
}

/*
 * An answer that leaves in pieces may take as long as it likes while its client takes something. That
 * libmicrohttpd can write more says little about a slow one: the kernel takes megabytes at a time, and
 * has room for more only when much of that is gone. So it is the client's kernel that counts.
 */
static bool takes_stream(struct client *client) ON_LOOP
{
    uint64_t bytes;
    bool has_taken;

    if (client->exchange == NULL || client->exchange->state != EXCHANGE_STREAMING) {
        return false;
    }
    bytes = client_bytes_taken(client);
    has_taken = bytes != client->bytes_seen;
    client->bytes_seen = bytes;
    return has_taken;
}

/*
 * A client has been in its phase for as long as it may. One between two requests may stay, unless it
 * has been sending the next request's line ever since the last look: libmicrohttpd tells of that
 * line only when it is whole.
 */
static void look_at(struct loop *loop, struct client *client, int64_t now_ns) ON_LOOP
{
    uint64_t bytes = client->phase == CLIENT_IDLE ? client_bytes_received(client) : 0;
    bool is_at_rest =
        client->phase == CLIENT_IDLE && (client->bytes_seen == 0 || client->bytes_seen == bytes);

    if (client->phase == CLIENT_SEND && takes_stream(client)) {
        watch_client(&loop->watch, client, CLIENT_SEND, now_ns);
    } else if (is_at_rest) {
        watch_client(&loop->watch, client, CLIENT_IDLE, now_ns);
        client->bytes_seen = bytes;
    } else {
        end_late(loop, client);
    }
}

void clients_look_at_late(struct loop *loop, int64_t now_ns)
{
    struct client *client;

    while ((client = watch_next_late(&loop->watch, now_ns)) != NULL) {
        look_at(loop, client, now_ns);
    }
}

void clients_drop_stuck(struct loop *loop)
{
    struct list *bodies = &loop->watch.phases[CLIENT_BODY];
    struct list *l = bodies->next;
    int64_t now_ns;

    if (!loop->is_asked_again) {
        return;
    }
    now_ns = clock_now_ns();
    if (now_ns < loop->next_look_ns) {
        return;
    }
    loop->next_look_ns = now_ns + STUCK_MS * NS_PER_MS;
    while (l != bodies) {
        struct client *client = container_of(l, struct client, phase_link);
        l = l->next;
        if (client->exchange->is_chunked && !client->has_moved &&
            (client_has_unread(client) || loop->barren >= LOOP_BARREN_TURNS)) {
            list_remove(&client->phase_link);
            end_late(loop, client);
        }
        client->has_moved = false;
    }
}
