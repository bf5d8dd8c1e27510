#include "config/listen.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"

/* Is the host part "localhost", or an address, in brackets if (and only if) it is IPv6? */
static bool is_address(struct str host)
{
    bool is_v6 = host.size >= 2 && host.at[0] == '[' && host.at[host.size - 1] == ']';
    unsigned char address[sizeof(struct in6_addr)];
    char text[64];

    if (is_v6) {
        host = (struct str){host.at + 1, host.size - 2};
    }
    if (host.size == 0 || host.size >= sizeof(text)) {
        return false;
    }
    memcpy(text, host.at, host.size);
    text[host.size] = '\0';
    if (!is_v6 && strcmp(text, "localhost") == 0) {
        return true; /* 127.0.0.1; no other name is looked up */
    }
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, text, address) == 1;
}

bool config_listen_check(struct config_reader *r, const struct config_place *at, const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;

    if (colon == NULL) {
        config_problem(r, at, "expected ADDR:PORT or [IPv6]:PORT, such as \"127.0.0.1:8080\"");
        return false;
    }
    if (!is_address((struct str){text, (size_t)(colon - text)})) {
        config_problem(r, at,
                       "%s has no numeric address before its port; expected ADDR:PORT or "
                       "[IPv6]:PORT, such as \"127.0.0.1:8080\" or \"[::1]:8080\"",
                       config_quote(r, text));
        return false;
    }
    if (!str_to_u64(str_of(colon + 1), &port) || port > 65535) {
        config_problem(r, at, "the port must be from 0 to 65535, got %s",
                       config_quote(r, colon + 1));
        return false;
    }
    return true;
}
