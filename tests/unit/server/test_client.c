#include "server/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/unit/unit.h"

_Static_assert(CLIENT_ADDRESS_SIZE >= INET6_ADDRSTRLEN, "every address has room");

static void an_address_is_text(void **state)
{
    static const struct {
        const char *given;
        const char *expected;
    } cases[] = {
        {"::1", "::1"},
        {"2001:db8:0:0:0:0:0:7", "2001:db8::7"},
        {"ffff:eeee:dddd:cccc:bbbb:aaaa:9999:8888", "ffff:eeee:dddd:cccc:bbbb:aaaa:9999:8888"},
        {"::ffff:192.0.2.7", "192.0.2.7"}, /* IPv4, on a socket for both */
    };
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(80)};
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct client client = {.address = "x"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
        assert_int_equal(inet_pton(AF_INET6, cases[i].given, &v6.sin6_addr), 1);
        client_take_address(&client, (const struct sockaddr *)&v6);
        assert_string_equal(client.address, cases[i].expected);
    }
    assert_int_equal(inet_pton(AF_INET, "255.255.255.255", &v4.sin_addr), 1);
    client_take_address(&client, (const struct sockaddr *)&v4);
    assert_string_equal(client.address, "255.255.255.255");
    client_take_address(&client, &other);
    assert_string_equal(client.address, "");
    client_take_address(&client, NULL);
    assert_string_equal(client.address, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_text),
    };

    return cmocka_run_group_tests_name("server/client", tests, NULL, NULL);
}
