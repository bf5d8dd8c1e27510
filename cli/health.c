/* `gantry health`: one GET, for HEALTHCHECK lines and scripts. 0: answered 200. 1: not. */
#include <argp.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/commands.h"

#define TIMEOUT_S   3
#define DEFAULT_URL "http://127.0.0.1:8080/health"
#define UNHEALTHY   1 /* what container engines call unhealthy */

struct url {
    char host[256];
    char port[8];
    char path[512];
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    const char **url = state->input;

    switch (key) {
    case 'u':
        *url = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "takes no argument; name the URL with --url");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* http://HOST[:PORT][/PATH]; HOST may be [IPv6]. */
static bool split_url(const char *text, struct url *ret)
{
    static const char scheme[] = "http://";
    const char *at = text + sizeof(scheme) - 1;
    const char *end;
    const char *colon;
    size_t size;

    if (strncmp(text, scheme, sizeof(scheme) - 1) != 0) {
        return false;
    }
    end = at + strcspn(at, "/?");
    colon = memchr(at, ':', (size_t)(end - at));
    if (*at == '[') {
        const char *bracket = memchr(at, ']', (size_t)(end - at));
        if (bracket == NULL) {
            return false;
        }
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
        at++;
        size = (size_t)(bracket - at);
    } else {
        size = (size_t)((colon == NULL ? end : colon) - at);
    }
    if (size == 0 || size >= sizeof(ret->host)) {
        return false;
    }
    memcpy(ret->host, at, size);
    ret->host[size] = '\0';
    (void)snprintf(ret->port, sizeof(ret->port), "80"); /* fits */
    if (colon != NULL) {
        size_t port_size = (size_t)(end - colon - 1);
        if (port_size == 0 || port_size >= sizeof(ret->port)) {
            return false;
        }
        (void)snprintf(ret->port, sizeof(ret->port), "%.*s", (int)port_size, colon + 1); /* fits */
    }
    if (*end == '\0') {
        end = "/health";
    }
    return (size_t)snprintf(ret->path, sizeof(ret->path), "%s%s", *end == '/' ? "" : "/", end) <
           sizeof(ret->path);
}

/* Return: a connected socket, or -1 with the reason printed. */
static int dial(const struct url *url)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int fd = -1;
    int rc = getaddrinfo(url->host, url->port, &hints, &list);

    if (rc != 0) {
        (void)fprintf(stderr, "gantry health: %s: %s\n", url->host, gai_strerror(rc));
        return -1;
    }
    for (struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0) {
            continue;
        }
        /* For connect, send and receive alike; if it fails the engine's own timeout remains. */
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
        if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            int code = errno;
            (void)close(fd); /* nothing was written to it */
            fd = -1;
            errno = code;
        }
    }
    freeaddrinfo(list);
    if (fd < 0) {
        (void)fprintf(stderr, "gantry health: cannot connect to %s:%s: %s\n", url->host, url->port,
                      errno == EINPROGRESS ? "no answer" : strerror(errno));
    }
    return fd;
}

/* Send the request and read as far as the status. Return: the status, or 0. */
static unsigned ask(int fd, const struct url *url)
{
    char text[1024];
    unsigned status = 0;
    size_t size = 0;
    int n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                     url->path, url->host);

    if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n) {
        return 0;
    }
    while (size < 12) { /* "HTTP/1.1 200" */
        ssize_t got = recv(fd, text + size, sizeof(text) - 1 - size, 0);
        if (got <= 0) {
            return 0;
        }
        size += (size_t)got;
    }
    text[size] = '\0';
    return sscanf(text, "HTTP/1.%*u %3u", &status) == 1 ? status : 0;
}

int health_command(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"url", 'u', "URL", 0, "What to ask (default: " DEFAULT_URL "); without a path: /health",
         0},
        {0},
    };
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "Ask a running service whether it is alive: exit code 0 if it answers 200, else 1.",
    };
    static char name[] = "gantry health";
    const char *text = DEFAULT_URL;
    struct url url;
    unsigned status;
    int fd;

    argv[0] = name;
    (void)argp_parse(&argp, argc, argv, 0, NULL, &text); /* exits by itself on wrong usage */
    if (!split_url(text, &url)) {
        (void)fprintf(stderr, "gantry health: \"%s\" is not an http URL\n", text);
        return EX_USAGE;
    }
    fd = dial(&url);
    if (fd < 0) {
        return UNHEALTHY;
    }
    status = ask(fd, &url);
    (void)close(fd); /* read what there was to read */
    if (status == 0) {
        (void)fprintf(stderr, "gantry health: %s gave no answer\n", text);
    } else {
        (void)printf("%s: %u\n", text, status);
    }
    return status == 200 ? EX_OK : UNHEALTHY;
}
