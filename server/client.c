#include "server/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "server/problem.h"

/*
 * An answer past libmicrohttpd. Nothing of ours is under way on this socket, so a short answer fits
 * or nobody reads it.
 */
static void send_raw(const struct client *client, enum problem_kind kind, const char *status_line,
                     const char *detail)
{
    struct response r;
    char head[200];
    struct iovec parts[2] = {{.iov_base = head}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent;

    response_init(&r, 4096);
    problem_write(&r, kind, "", detail, NULL, NULL);
    parts[0].iov_len = (size_t)snprintf(head, sizeof(head),
                                        "HTTP/1.1 %s\r\nContent-Type: %s\r\n"
                                        "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                                        status_line, "application/problem+json", r.body.size);
    parts[1] = (struct iovec){.iov_base = r.body.at, .iov_len = r.body.size};
    sent = sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent;
    response_fini(&r);
}

void client_take_address(struct client *client, const struct sockaddr *address)
{
    const void *bytes = NULL;
    int family = address == NULL ? AF_UNSPEC : address->sa_family;

    if (family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    } else if (family == AF_INET6) {
        const struct in6_addr *v6 =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        bool is_v4 = IN6_IS_ADDR_V4MAPPED(v6);
        family = is_v4 ? AF_INET : AF_INET6;
        bytes = is_v4 ? &v6->s6_addr[12] : v6->s6_addr;
    }
    if (bytes == NULL ||
        inet_ntop(family, bytes, client->address, sizeof(client->address)) == NULL) {
        client->address[0] = '\0';
    }
}

void client_hang_up(const struct client *client)
{
    (void)shutdown(client->fd, SHUT_RDWR); /* already gone is as good */
}

void client_time_out(const struct client *client)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (client->phase == CLIENT_SEND) { /* so that the kernel keeps nothing for it either */
        (void)setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once,
                         sizeof(at_once)); /* or it does */
    } else if (client->phase != CLIENT_IDLE) {
        send_raw(client, PROBLEM_REQUEST_TIMEOUT, "408 Request Timeout",
                 "the request was sent too slowly");
    }
    client_hang_up(client);
}

bool client_is_gone(const struct client *client)
{
    char byte;
    ssize_t n = recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

uint64_t client_bytes_received(const struct client *client)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);

    if (getsockopt(client->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return 0;
    }
    return info.tcpi_bytes_received;
}

uint64_t client_bytes_taken(const struct client *client)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);

    if (getsockopt(client->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return 0;
    }
    return info.tcpi_bytes_acked;
}

bool client_has_unread(const struct client *client)
{
    int size = 0;

    return ioctl(client->fd, FIONREAD, &size) == 0 && size > 0;
}

void client_refuse_body(const struct client *client, bool has_no_room)
{
    if (has_no_room) {
        send_raw(client, PROBLEM_BUFFERS_FULL, "503 Service Unavailable\r\nRetry-After: 1",
                 "there is no room for the body now");
    } else {
        send_raw(client, PROBLEM_BODY_TOO_LARGE, "413 Content Too Large",
                 "the body is larger than the limit");
    }
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
