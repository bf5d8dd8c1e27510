#include "server/client.h"

#include <string.h>
#include <sys/socket.h>

#define HEAD(status, size)                                                                         \
    "HTTP/1.1 " status "\r\nContent-Type: application/problem+json\r\nContent-Length: " size       \
    "\r\nConnection: close\r\n\r\n"

static const char timeout_answer[] =
    HEAD("408 Request Timeout",
         "93") "{\"status\":408,\"title\":\"Request timeout\",\"code\":\"request_timeout\","
               "\"message\":\"sent too slowly\"}";

static const char body_answer[] =
    HEAD("413 Content Too Large",
         "90") "{\"status\":413,\"title\":\"Body too large\",\"code\":\"body_too_large\","
               "\"message\":\"over the limit\"}";

static void send_raw(const struct client *client, const char *text)
{
    /* Nothing of ours is under way on this socket, so a short answer fits or nobody reads it. */
    ssize_t n = send(client->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);

    (void)n;
}

void client_hang_up(const struct client *client)
{
    (void)shutdown(client->fd, SHUT_RDWR); /* already gone is as good */
}

void client_time_out(const struct client *client)
{
    if (client->phase != CLIENT_IDLE) {
        send_raw(client, timeout_answer);
    }
    client_hang_up(client);
}

void client_refuse_body(const struct client *client)
{
    send_raw(client, body_answer);
    (void)shutdown(client->fd, SHUT_WR); /* already gone is as good */
}

bool client_hang_up_if_idle(const struct client *client)
{
    char byte;

    if (client->phase != CLIENT_IDLE && client->phase != CLIENT_NEW) {
        return false;
    }
    if (recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
        return false;
    }
    (void)shutdown(client->fd, SHUT_RD); /* libmicrohttpd reads the end and closes */
    return true;
}
