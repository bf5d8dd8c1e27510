#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attributes.h"
#include "tests/unit/unit.h"

static void good_texts(void **state)
{
    static const char *const good[] = {
        "127.0.0.1:8080", "0.0.0.0:80",  "localhost:0",          "127.0.0.1:65535", "[::1]:8080",
        "[::]:0",         "[fe80::1]:1", "[::ffff:127.0.0.1]:1", "127.0.0.1:00080",
    };
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        if (listener_check(good[i], &err) != STATUS_OK) {
            fail_msg("\"%s\": %s", good[i], err.text);
        }
    }
}

static void bad_texts(void **state)
{
    static const char *const bad[] = {
        "",
        ":",
        ":8080",
        "8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1: 1",
        "127.0.0.1:1 ",
        " 127.0.0.1:1",
        "127.0.0.1:1:2",
        "127.0.0.1:0x50",
        "256.0.0.1:1",
        "127.1:80",
        "::1:80",
        "[::1]",
        "[::1]:",
        "[::1:80",
        "::1]:80",
        "[]:80",
        "[:80",
        "]:80",
        "[127.0.0.1]:80",
        "[::1%lo]:80",
        "example.org:80",
        "http://127.0.0.1:80",
        "*:80",
        "LOCALHOST :80",
        "127.0.0.1:18446744073709551617",
        "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:80",
    };
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        int fd = -7;
        char name[LISTENER_NAME_SIZE] = "untouched";
        if (listener_check(bad[i], &err) != STATUS_INVALID) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
        assert_non_null(strstr(err.text, bad[i]));
        assert_non_null(strstr(err.hint, "127.0.0.1:8080"));
        assert_int_equal(listener_open(bad[i], 1, &fd, name, NULL), STATUS_INVALID);
        assert_int_equal(fd, -7);
        assert_string_equal(name, "untouched");
    }
}

/* Connect to where name says. Return: the socket. */
static int connect_to(const char *name)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(strncmp(name, "127.0.0.1:", 10) == 0);
    a.sin_port = htons((uint16_t)atoi(name + 10));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static void port_zero_is_any_free_one(void **state)
{
    int fds[2];
    char names[2][LISTENER_NAME_SIZE];
    struct error err;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(listener_open("localhost:0", 1, &fds[i], names[i], &err), STATUS_OK);
        assert_true(strncmp(names[i], "127.0.0.1:", 10) == 0);
        assert_true(atoi(names[i] + 10) > 0);
        assert_true((fcntl(fds[i], F_GETFL) & O_NONBLOCK) != 0);
        assert_true((fcntl(fds[i], F_GETFD) & FD_CLOEXEC) != 0);
        (void)close(connect_to(names[i]));
    }
    assert_string_not_equal(names[0], names[1]);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void a_port_in_use(void **state)
{
    char name[LISTENER_NAME_SIZE];
    char ignored[LISTENER_NAME_SIZE] = "untouched";
    int others[4] = {-1, -1, -1, -1};
    struct error err;

    (void)state;
    for (unsigned held = 1; held <= 4; held += 3) { /* by one socket, and by four that share */
        int holders[4];
        assert_int_equal(listener_open("127.0.0.1:0", held, holders, name, &err), STATUS_OK);
        for (unsigned count = 1; count <= 4; count += 3) {
            assert_int_equal(listener_open(name, count, others, ignored, &err), STATUS_OS);
            assert_non_null(strstr(err.text, name));
            assert_non_null(strstr(err.text, "in use"));
            assert_non_null(strstr(err.hint, "--listen"));
            assert_int_equal(err.status, STATUS_OS);
            assert_string_equal(ignored, "untouched");
        }
        for (unsigned i = 0; i < held; i++) {
            (void)close(holders[i]);
        }
        assert_int_equal(listener_open(name, 1, others, ignored, &err), STATUS_OK); /* free again */
        (void)close(others[0]);
        (void)snprintf(ignored, sizeof(ignored), "untouched");
    }
}

static void an_address_of_somebody_else(void **state)
{
    int fd;
    char name[LISTENER_NAME_SIZE];
    struct error err;

    (void)state;
    assert_int_equal(listener_open("192.0.2.1:0", 1, &fd, name, &err), STATUS_OS);
    assert_non_null(strstr(err.hint, "0.0.0.0"));
    assert_int_equal(listener_open("192.0.2.1:0", 2, &fd, name, &err), STATUS_OS);
}

static void version_six(void **state)
{
    int fds[2];
    char name[LISTENER_NAME_SIZE];
    struct error err;
    enum status status = listener_open("[::1]:0", 2, fds, name, &err);

    (void)state;
    if (status == STATUS_OS && strstr(err.text, "in use") == NULL) {
        skip(); /* a machine without IPv6 */
    }
    assert_int_equal(status, STATUS_OK);
    assert_true(strncmp(name, "[::1]:", 6) == 0);
    assert_true(atoi(name + 6) > 0);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

/* Every connection is accepted by one of the sockets, and each gets its share. */
static void sockets_share_a_port(void **state)
{
    int fds[2];
    int clients[64];
    unsigned accepted[2] = {0, 0};
    char name[LISTENER_NAME_SIZE];
    struct error err;

    (void)state;
    assert_int_equal(listener_open("127.0.0.1:0", 2, fds, name, &err), STATUS_OK);
    for (size_t i = 0; i < 64; i++) {
        struct pollfd p[2] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
        clients[i] = connect_to(name);
        assert_int_equal(poll(p, 2, 10000), 1);
        for (size_t k = 0; k < 2; k++) {
            int fd = accept(fds[k], NULL, NULL);
            accepted[k] += fd >= 0;
            assert_true(fd >= 0 || errno == EAGAIN);
            if (fd >= 0) {
                (void)close(fd);
            }
        }
    }
    for (size_t i = 0; i < 64; i++) {
        (void)close(clients[i]);
    }
    assert_int_equal(accepted[0] + accepted[1], 64);
    assert_true(accepted[0] > 0 && accepted[1] > 0);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void in_the_way_of_each_other(void **state)
{
    static const struct {
        const char *one;
        const char *other;
        bool collides;
    } rows[] = {
        {"127.0.0.1:80", "127.0.0.1:80", true},
        {"127.0.0.1:80", "127.0.0.1:81", false},
        {"127.0.0.1:80", "127.0.0.2:80", false},
        {"0.0.0.0:80", "127.0.0.2:80", true},
        {"localhost:80", "127.0.0.1:0080", true},
        {"127.0.0.1:0", "127.0.0.1:0", false},
        {"[::1]:80", "[0:0::1]:80", true},
        {"[::1]:80", "[::2]:80", false},
        {"[::]:80", "[::2]:80", true},
        {"[::]:80", "0.0.0.0:80", false},
        {"nonsense", "127.0.0.1:80", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (listener_collides(rows[i].one, rows[i].other) != rows[i].collides ||
            listener_collides(rows[i].other, rows[i].one) != rows[i].collides) {
            fail_msg("%s and %s", rows[i].one, rows[i].other);
        }
    }
}

static void from_this_machine_alone(void **state)
{
    (void)state;
    assert_true(listener_is_loopback("127.0.0.1:0"));
    assert_true(listener_is_loopback("127.255.3.4:80"));
    assert_true(listener_is_loopback("localhost:80"));
    assert_true(listener_is_loopback("[::1]:80"));
    assert_false(listener_is_loopback("0.0.0.0:80"));
    assert_false(listener_is_loopback("128.0.0.1:80"));
    assert_false(listener_is_loopback("10.0.0.127:80"));
    assert_false(listener_is_loopback("[::]:80"));
    assert_false(listener_is_loopback("[fe80::1]:80"));
    assert_false(listener_is_loopback("nonsense"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts),
        cmocka_unit_test(bad_texts),
        cmocka_unit_test(port_zero_is_any_free_one),
        cmocka_unit_test(a_port_in_use),
        cmocka_unit_test(an_address_of_somebody_else),
        cmocka_unit_test(version_six),
        cmocka_unit_test(sockets_share_a_port),
        cmocka_unit_test(in_the_way_of_each_other),
        cmocka_unit_test(from_this_machine_alone),
    };

    return cmocka_run_group_tests_name("server/listener", tests, NULL, NULL);
}
