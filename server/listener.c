#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t size;
};

static enum status refuse(const char *text, struct error *err)
{
    (void)error_set(err, STATUS_INVALID, "\"%s\" is not an address to listen on", text);
    error_hint(err, "write ADDR:PORT, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080");
    return STATUS_INVALID;
}

static enum status parse(const char *text, struct address *ret, struct error *err)
{
    const char *colon = strrchr(text, ':');
    struct address a = {.size = 0};
    char host[64];
    size_t host_size = colon == NULL ? 0 : (size_t)(colon - text);
    uint64_t port;

    if (host_size == 0 || host_size >= sizeof(host) || !str_to_u64(str_of(colon + 1), &port) ||
        port > UINT16_MAX) {
        return refuse(text, err);
    }
    memcpy(host, text, host_size);
    host[host_size] = '\0';
    if (strcmp(host, "localhost") == 0) {
        (void)snprintf(host, sizeof(host), "127.0.0.1"); /* fits */
    }
    if (host[0] == '[' && host[host_size - 1] == ']') {
        host[host_size - 1] = '\0';
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons((uint16_t)port);
        a.size = sizeof(a.v6);
        if (inet_pton(AF_INET6, host + 1, &a.v6.sin6_addr) != 1) {
            return refuse(text, err);
        }
    } else {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons((uint16_t)port);
        a.size = sizeof(a.v4);
        if (inet_pton(AF_INET, host, &a.v4.sin_addr) != 1) {
            return refuse(text, err);
        }
    }
    *ret = a;
    return STATUS_OK;
}

enum status listener_check(const char *text, struct error *err)
{
    struct address ignored;

    return parse(text, &ignored, err);
}

static bool is_any(const struct address *a)
{
    return a->any.sa_family == AF_INET ? a->v4.sin_addr.s_addr == htonl(INADDR_ANY)
                                       : IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
}

static bool is_same_host(const struct address *a, const struct address *b)
{
    return a->any.sa_family == AF_INET ? a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr
                                       : IN6_ARE_ADDR_EQUAL(&a->v6.sin6_addr, &b->v6.sin6_addr);
}

/* In network order. */
static in_port_t port_of(const struct address *a)
{
    return a->any.sa_family == AF_INET ? a->v4.sin_port : a->v6.sin6_port;
}

bool listener_collides(const char *text, const char *other)
{
    struct error ignored = {0};
    struct address a;
    struct address b;

    if (parse(text, &a, &ignored) != STATUS_OK || parse(other, &b, &ignored) != STATUS_OK ||
        a.any.sa_family != b.any.sa_family || port_of(&a) != port_of(&b) || port_of(&a) == 0) {
        return false;
    }
    return is_any(&a) || is_any(&b) || is_same_host(&a, &b);
}

bool listener_is_loopback(const char *text)
{
    struct error ignored = {0};
    struct address a;

    if (parse(text, &a, &ignored) != STATUS_OK) {
        return false;
    }
    return a.any.sa_family == AF_INET ? ntohl(a.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
                                      : IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
}

static enum status fail(const char *text, struct error *err)
{
    int code = errno;

    (void)error_set(err, STATUS_OS, "cannot listen on %s: %s", text, strerror(code));
    if (code == EADDRINUSE) {
        error_hint(err, "another program has this port: choose another with --listen or in the "
                        "configuration (admin.listen for operators), or port 0 for any free one");
    } else if (code == EACCES) {
        error_hint(err, "ports below 1024 need a privilege: choose a higher one");
    } else if (code == EADDRNOTAVAIL) {
        error_hint(err, "this machine has no such address; 0.0.0.0 means all of them");
    }
    return STATUS_OS;
}

/* Return: a bound socket, or -1 with errno. */
static int bind_one(const struct address *a, bool is_shared)
{
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int one = 1;
    int code;

    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)); /* bind says if it matters */
    if (is_shared) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)); /* likewise */
    }
    if (a->any.sa_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)); /* likewise */
    }
    if (bind(fd, &a->any, a->size) != 0) {
        code = errno;
        (void)close(fd); /* nothing was written to it */
        errno = code;
        return -1;
    }
    return fd;
}

static void name_of(const struct address *a, char ret[LISTENER_NAME_SIZE])
{
    char host[INET6_ADDRSTRLEN];

    if (a->any.sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof(host)); /* fits */
        (void)snprintf(ret, LISTENER_NAME_SIZE, "[%s]:%u", host, ntohs(a->v6.sin6_port));
    } else {
        (void)inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof(host)); /* fits */
        (void)snprintf(ret, LISTENER_NAME_SIZE, "%s:%u", host, ntohs(a->v4.sin_port));
    }
}

/*
 * Sockets that share a port would also share it with another server that does the same, unseen.
 * So the port is first taken by a socket that does not share; only then it is taken for good.
 */
static enum status probe(struct address *a, const char *text, struct error *err)
{
    int fd = bind_one(a, false);

    if (fd < 0) {
        return fail(text, err);
    }
    if (getsockname(fd, &a->any, &a->size) != 0) {
        (void)close(fd); /* nothing was written to it */
        return fail(text, err);
    }
    (void)close(fd); /* nothing was written to it */
    return STATUS_OK;
}

enum status listener_open(const char *text, unsigned count, int *ret_fds,
                          char ret_name[LISTENER_NAME_SIZE], struct error *err)
{
    struct address a;
    unsigned opened = 0;
    enum status status = parse(text, &a, err);

    if (status == STATUS_OK && count > 1) {
        status = probe(&a, text, err);
    }
    while (status == STATUS_OK && opened < count) {
        int fd = bind_one(&a, count > 1);
        if (fd < 0) {
            status = fail(text, err);
            break;
        }
        ret_fds[opened++] = fd;
        if (getsockname(fd, &a.any, &a.size) != 0 || listen(fd, SOMAXCONN) != 0) {
            status = fail(text, err);
        }
    }
    if (status != STATUS_OK) {
        while (opened > 0) {
            (void)close(ret_fds[--opened]); /* nothing was written to it */
        }
        return status;
    }
    name_of(&a, ret_name);
    return STATUS_OK;
}
