#include "handlers/admin/caller.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/attributes.h"

static bool is_address(int family, struct str s)
{
    unsigned char address[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];

    if (s.size == 0 || s.size >= sizeof(text)) {
        return false;
    }
    memcpy(text, s.at, s.size);
    text[s.size] = '\0';
    return inet_pton(family, text, address) == 1;
}

/* Cut ":port" off, if there is one. Return: false if what follows the host is none. */
static bool cut_port(struct str *host)
{
    const char *end = memrchr(host->at, host->at[0] == '[' ? ']' : ':', host->size);
    struct str port;
    uint64_t number;

    if (host->at[0] == '[') {
        end = end == NULL ? NULL : end + 1;
    } else if (end == NULL) {
        return true;
    }
    if (end == NULL) {
        return false;
    }
    port = (struct str){end, (size_t)(host->at + host->size - end)};
    host->size = (size_t)(end - host->at);
    return port.size == 0 ||
           (port.at[0] == ':' && str_to_u64((struct str){port.at + 1, port.size - 1}, &number));
}

bool caller_host_is_plain(struct str host)
{
    if (host.size == 0 || !cut_port(&host)) {
        return false;
    }
    if (host.size >= 2 && host.at[0] == '[') {
        return is_address(AF_INET6, (struct str){host.at + 1, host.size - 2});
    }
    return str_equal_nocase(host, STR("localhost")) || is_address(AF_INET, host);
}

static bool is_forwarded(const struct request *request)
{
    static const char *const names[] = {"forwarded",         "via",
                                        "x-forwarded-for",   "x-forwarded-host",
                                        "x-forwarded-proto", "x-real-ip"};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (request_header(request, str_of(names[i])).at != NULL) {
            return true;
        }
    }
    return false;
}

bool caller_check(struct call *call, bool is_shared)
{
    struct str host = request_header(&call->request, STR("host"));

    /* Without one it is HTTP/1.0, which no browser speaks. */
    if (host.at != NULL && !caller_host_is_plain(host)) {
        call_fail(call, PROBLEM_FORBIDDEN, "name the host by its address, or as localhost",
                  "an operator's request does not come for the host \"%.*s\"",
                  (int)(host.size < 100 ? host.size : 100), host.at);
        return false;
    }
    if (is_shared && is_forwarded(&call->request)) {
        call_fail(call, PROBLEM_FORBIDDEN, "set admin.listen, and ask there",
                  "a proxy has forwarded this request: it may be anybody's");
        return false;
    }
    return true;
}

/* Is an Origin that of the Host that is asked? */
static bool is_origin_of(struct str origin, struct str host)
{
    static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};

    for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
        size_t size = schemes[i].size;

        if (origin.size > size && str_equal_nocase((struct str){origin.at, size}, schemes[i]) &&
            str_equal_nocase((struct str){origin.at + size, origin.size - size}, host)) {
            return true;
        }
    }
    return false;
}

bool caller_check_page(struct call *call)
{
    struct str origin = request_header(&call->request, STR("origin"));
    struct str site = request_header(&call->request, STR("sec-fetch-site"));
    struct str host = request_header(&call->request, STR("host"));
    bool is_foreign = site.at != NULL && !str_equal_nocase(site, STR("same-origin")) &&
                      !str_equal_nocase(site, STR("none"));

    if (!is_foreign && (origin.at == NULL || is_origin_of(origin, host))) {
        return true;
    }
    call_fail(call, PROBLEM_FORBIDDEN, "ask from a command line, or from a page of this service",
              "a page of another origin sends this request");
    return false;
}
