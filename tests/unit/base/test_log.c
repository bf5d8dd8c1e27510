/*
 * The log as its reader sees it: the writing end of a pipe is the log's, the reading end the
 * test's. A reader that does not read is a full pipe. Where something must arrive, poll() waits
 * for it with a deadline; a log that blocks where it must not is ended by alarm().
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/unit.h"

#define WATCHDOG_S 60
#define ARRIVE_MS  10000
#define TEXT_MAX   ((size_t)64 * 1024 * 1024)

struct reader {
    int fd[2];       /* the test's end, the log's end */
    struct buf text; /* what has been read */
    size_t seen;     /* how much of text was counted already */
    size_t lines;    /* counted so far: those that were sent with "n" */
    size_t lost;     /* counted so far: the sum of what the log said it lost */
    size_t broken;   /* counted so far: lines that are not JSON objects */
};

static void reader_start(struct reader *r, int pipe_flags, struct log_conf conf)
{
    *r = (struct reader){.fd = {-1, -1}};
    buf_init(&r->text, TEXT_MAX);
    assert_int_equal(pipe2(r->fd, pipe_flags), 0);
    conf.fd = r->fd[1];
    assert_int_equal(log_start(&conf, NULL), STATUS_OK);
}

/* Wait for more text and take it. Return: false at the end or when nothing came. */
static bool read_more(struct reader *r)
{
    struct pollfd p = {.fd = r->fd[0], .events = POLLIN};
    char *to = buf_reserve(&r->text, 65536);
    ssize_t n = 0;

    if (to != NULL && poll(&p, 1, ARRIVE_MS) == 1) {
        n = read(r->fd[0], to, 65536);
    }
    buf_commit(&r->text, n > 0 ? (size_t)n : 0);
    return n > 0;
}

/* Look at the whole lines not yet looked at. */
static void count_lines(struct reader *r)
{
    const char *end;

    while ((end = memchr(r->text.at + r->seen, '\n', r->text.size - r->seen)) != NULL) {
        size_t size = (size_t)(end - r->text.at) - r->seen;
        json_t *line = json_loadb(r->text.at + r->seen, size, JSON_ALLOW_NUL, NULL);
        json_t *lost = json_object_get(line, "lost");

        r->broken += json_is_object(line) ? 0 : 1;
        r->lines += json_object_get(line, "n") != NULL ? 1 : 0;
        r->lost += lost != NULL ? (size_t)json_integer_value(lost) : 0;
        json_decref(line);
        r->seen += size + 1;
    }
}

/* Close the log's end, read what is left of the text, and leave it terminated. */
static void reader_end(struct reader *r)
{
    if (r->fd[1] >= 0) {
        close(r->fd[1]);
        r->fd[1] = -1;
    }
    while (read_more(r)) {
    }
    buf_append_char(&r->text, '\0');
    assert_int_equal(buf_status(&r->text), STATUS_OK);
    r->text.size--;
}

static void reader_fini(struct reader *r)
{
    close(r->fd[0]);
    buf_fini(&r->text);
}

/* Send lines until some are lost: nobody reads, so both halves of the ring are full then. */
static size_t send_until_lost(uint64_t more)
{
    uint64_t before = log_lost();
    size_t sent = 0;

    while (log_lost() < before + more) {
        log_event(LOG_INFO, "filling", LOG_INT("n", (int64_t)sent));
        sent++;
    }
    return sent;
}

static json_t *only_line(struct reader *r)
{
    json_t *line = json_loadb(r->text.at, r->text.size, 0, NULL);

    assert_true(r->text.size > 0 && r->text.at[r->text.size - 1] == '\n');
    assert_ptr_equal(strchr(r->text.at, '\n'), r->text.at + r->text.size - 1);
    assert_true(json_is_object(line));
    return line;
}

static const char *string_of(const json_t *line, const char *name)
{
    const char *text = json_string_value(json_object_get(line, name));

    assert_non_null(text);
    return text;
}

static void a_line_is_a_json_object(void **state)
{
    struct reader r;
    json_t *line;

    (void)state;
    reader_start(&r, 0, (struct log_conf){.level = LOG_INFO});
    log_event(LOG_WARN, "pool \"read\" is full",
              LOG_STR("pool", "r\xC3\xA9"
                              "ad"),
              LOG_INT("least", INT64_MIN), LOG_INT("most", INT64_MAX), LOG_STR("bad", "\xFF"));
    log_stop();
    reader_end(&r);
    line = only_line(&r);
    assert_int_equal(json_object_size(line), 7);
    assert_string_equal(string_of(line, "level"), "warn");
    assert_string_equal(string_of(line, "message"), "pool \"read\" is full");
    assert_string_equal(string_of(line, "pool"), "r\xC3\xA9"
                                                 "ad");
    assert_string_equal(string_of(line, "bad"), "\xEF\xBF\xBD");
    assert_true(json_integer_value(json_object_get(line, "least")) == INT64_MIN);
    assert_true(json_integer_value(json_object_get(line, "most")) == INT64_MAX);
    int year, month, day, hour, minute, second, ms, end = 0;
    const char *at = string_of(line, "time");
    assert_int_equal(sscanf(at, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hour,
                            &minute, &second, &ms, &end),
                     7);
    assert_int_equal(end, strlen(at));
    json_decref(line);
    reader_fini(&r);
}

#define NASTY                                                                                      \
    "\x1B[2J\x07\r\nfake line \x7F \xC2\x9B"                                                       \
    "31m \x01"

static void no_control_character_gets_through(void **state)
{
    (void)state;
    for (int is_human = 0; is_human < 2; is_human++) {
        struct reader r;
        size_t raw = 0;

        reader_start(&r, 0, (struct log_conf){.level = LOG_INFO, .is_human = is_human == 1});
        log_event(LOG_INFO, NASTY, LOG_STR("path", NASTY));
        log_stop();
        reader_end(&r);
        assert_ptr_equal(strchr(r.text.at, '\n'), r.text.at + r.text.size - 1);
        for (size_t i = 0; i + 1 < r.text.size; i++) {
            unsigned char c = (unsigned char)r.text.at[i];
            raw += c < 0x20 || c == 0x7F || c == 0xC2 ? 1 : 0;
        }
        assert_int_equal(raw, 0);
        if (!is_human) {
            json_t *line = only_line(&r);
            assert_string_equal(string_of(line, "path"), NASTY);
            json_decref(line);
        }
        reader_fini(&r);
    }
}

static void people_get_lines_for_people(void **state)
{
    struct reader r;

    (void)state;
    reader_start(&r, 0, (struct log_conf){.level = LOG_INFO, .is_human = true});
    log_event(LOG_WARN, "pool is full", LOG_STR("pool", "read"), LOG_INT("queue", 16));
    log_stop();
    reader_end(&r);
    assert_true(r.text.size > 12);
    assert_int_equal(r.text.at[2], ':'); /* 17:04:05.123 */
    assert_int_equal(r.text.at[8], '.');
    assert_string_equal(r.text.at + 12, " warn  pool is full pool=\"read\" queue=16\n");
    reader_fini(&r);
}

static void what_is_below_the_level_is_dropped(void **state)
{
    (void)state;
    for (int least = LOG_DEBUG; least <= LOG_ERROR; least++) {
        struct reader r;

        reader_start(&r, 0, (struct log_conf){.level = (enum log_level)least});
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
            log_event((enum log_level)level, "an event", LOG_INT("n", level));
        }
        log_stop();
        reader_end(&r);
        count_lines(&r);
        assert_int_equal(r.lines, LOG_ERROR - least + 1);
        assert_int_equal(r.broken, 0);
        reader_fini(&r);
    }
}

static void nothing_is_said_unless_started(void **state)
{
    struct reader r;

    (void)state;
    log_event(LOG_ERROR, "to nobody", LOG_INT("n", 1));
    reader_start(&r, 0, (struct log_conf){.level = LOG_INFO});
    log_stop();
    log_stop(); /* harmless */
    log_event(LOG_ERROR, "to nobody", LOG_INT("n", 1));
    reader_end(&r);
    assert_int_equal(r.text.size, 0);
    reader_fini(&r);
}

/* A line has a bound. Its fields go first, then the end of its message; that it was is said. */
static void a_line_that_is_too_long_is_cut(void **state)
{
    char text[20000];
    static const size_t sizes[] = {3800, 3990, 4000, 4100, 19999};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int form = 0; form < 4; form++) {
            bool is_human = form / 2 == 1;
            struct reader r;

            memset(text, form % 2 == 0 ? 'x' : '\x01', sizeof(text)); /* one byte; six escaped */
            text[sizes[i]] = '\0';
            reader_start(&r, 0, (struct log_conf){.level = LOG_INFO, .is_human = is_human});
            log_event(LOG_INFO, "short", LOG_STR("field", text));
            log_event(LOG_INFO, text, LOG_STR("field", "short"));
            log_stop();
            reader_end(&r);
            count_lines(&r);
            assert_int_equal(r.broken, is_human ? 2 : 0);
            assert_int_equal(r.seen, r.text.size);
            assert_true(r.text.size > 500 + 50);
            assert_true(r.text.size <= 8000);
            if (sizes[i] >= 4000) {
                assert_non_null(strstr(r.text.at, is_human ? "short cut=1" : "short\",\"cut\":1"));
            }
            reader_fini(&r);
        }
    }
}

/* A pipe in packet mode shows each write() for itself. */
static void lines_are_never_torn(void **state)
{
    struct reader r;
    char packet[8192];
    size_t torn = 0;
    ssize_t n;

    (void)state;
    reader_start(&r, O_DIRECT, (struct log_conf){.level = LOG_INFO});
    send_until_lost(1); /* so that there is much to write at once */
    for (size_t i = 0; i < 100; i++) {
        n = read(r.fd[0], packet, sizeof(packet));
        assert_true(n > 0);
        torn += packet[0] != '{' || packet[n - 1] != '\n' ? 1 : 0;
    }
    assert_int_equal(torn, 0);
    close(r.fd[0]); /* nobody reads the rest */
    log_stop();
    close(r.fd[1]);
    buf_fini(&r.text);
}

static void a_reader_that_stalls_costs_lines_not_time(void **state)
{
    uint64_t before = log_lost();
    struct reader r;
    size_t sent;

    (void)state;
    reader_start(&r, 0, (struct log_conf){.level = LOG_INFO});
    sent = send_until_lost(1000);          /* comes back although nobody reads */
    while (r.lost < log_lost() - before) { /* in one piece or two: the writer may start late */
        assert_true(read_more(&r));
        count_lines(&r);
    }
    assert_int_equal(r.lost, log_lost() - before);
    assert_int_equal(r.lines, sent - r.lost);
    log_event(LOG_INFO, "all is well again", LOG_INT("n", 0));
    log_stop();
    reader_end(&r);
    count_lines(&r);
    assert_int_equal(r.lines, sent - r.lost + 1);
    assert_int_equal(r.lost, log_lost() - before);
    assert_int_equal(r.broken, 0);
    reader_fini(&r);
}

/* The ring is full once more by the time the first loss can be said: no count may be forgotten. */
static void a_reader_that_stalls_again(void **state)
{
    uint64_t before = log_lost();
    uint64_t lost;
    struct reader r;
    size_t sent;

    (void)state;
    reader_start(&r, 0, (struct log_conf){.level = LOG_INFO});
    sent = send_until_lost(1000);
    do { /* read until there is room: the full half is being written now, its loss still unsaid */
        assert_true(read_more(&r));
        lost = log_lost();
        log_event(LOG_INFO, "filling", LOG_INT("n", (int64_t)sent));
        sent++;
    } while (log_lost() > lost);
    sent += send_until_lost(1000);
    while (r.lost < log_lost() - before) {
        assert_true(read_more(&r));
        count_lines(&r);
    }
    log_stop();
    reader_end(&r);
    count_lines(&r);
    assert_int_equal(r.lost, log_lost() - before);
    assert_int_equal(r.lines, sent - r.lost);
    assert_int_equal(r.broken, 0);
    reader_fini(&r);
}

/* A flood of bulk lines has been lost; others still find room, and lose none of theirs. */
static void a_flood_leaves_room_for_warnings(void **state)
{
    uint64_t before = log_lost();
    struct reader r;
    uint64_t lost;
    size_t sent = 0;

    (void)state;
    reader_start(&r, 0, (struct log_conf){.level = LOG_WARN}); /* bulk is not held against it */
    while (log_lost() < before + 1000) {
        const struct log_field field = LOG_INT("n", (int64_t)sent);
        log_bulk("flood", &field, 1);
        sent++;
    }
    lost = log_lost();
    for (int i = 0; i < 1000; i++) { /* 80 bytes each: the last quarter holds them */
        log_event(LOG_WARN, "a warning", LOG_INT("n", i));
    }
    assert_int_equal(log_lost(), lost);
    while (r.lost < lost - before) {
        assert_true(read_more(&r));
        count_lines(&r);
    }
    log_stop();
    reader_end(&r);
    count_lines(&r);
    assert_int_equal(r.lines, sent - r.lost + 1000);
    assert_int_equal(r.broken, 0);
    assert_non_null(strstr(r.text.at, "\"level\":\"info\",\"message\":\"flood\",\"n\":0}"));
    reader_fini(&r);
}

static void *read_to_the_end(void *data)
{
    struct reader *r = data;

    while (read_more(r)) {
    }
    return NULL;
}

static void what_was_lost_is_said_at_the_end_too(void **state)
{
    uint64_t before = log_lost();
    struct reader r;
    pthread_t thread;
    size_t sent;

    (void)state;
    reader_start(&r, 0, (struct log_conf){.level = LOG_ERROR});
    for (sent = 0; log_lost() < before + 10; sent++) {
        log_event(LOG_ERROR, "filling", LOG_INT("n", (int64_t)sent));
    }
    assert_int_equal(pthread_create(&thread, NULL, read_to_the_end, &r), 0);
    log_stop();
    close(r.fd[1]);
    pthread_join(thread, NULL);
    count_lines(&r);
    assert_int_equal(r.lost, log_lost() - before);
    assert_int_equal(r.lines, sent - r.lost);
    reader_fini(&r);
}

static void a_line_without_memory_is_counted(void **state)
{
    uint64_t before = log_lost();
    struct reader r;

    (void)state;
    reader_start(&r, 0, (struct log_conf){.level = LOG_INFO});
    mem_fail_after(1);
    log_event(LOG_INFO, "lost", LOG_INT("n", 1));
    mem_fail_after(-1);
    log_event(LOG_INFO, "written", LOG_INT("n", 2));
    log_stop();
    reader_end(&r);
    count_lines(&r);
    assert_int_equal(r.lines, 1);
    assert_int_equal(r.lost, 1);
    assert_int_equal(log_lost() - before, 1);
    reader_fini(&r);
}

static void stopping_does_not_wait_for_a_stalled_reader(void **state)
{
    struct reader r;
    int64_t before_ns;

    (void)state;
    reader_start(&r, 0, (struct log_conf){.level = LOG_INFO});
    send_until_lost(1);
    before_ns = clock_now_ns();
    log_stop();
    assert_true(clock_now_ns() - before_ns < 4 * NS_PER_S);
    reader_end(&r);
    reader_fini(&r);
}

static void a_reader_that_goes_away(void **state)
{
    struct reader r;

    (void)state;
    reader_start(&r, 0, (struct log_conf){.level = LOG_INFO});
    close(r.fd[0]);
    for (int i = 0; i < 1000; i++) {
        log_event(LOG_INFO, "to nobody", LOG_INT("n", i)); /* no SIGPIPE */
    }
    log_stop();
    close(r.fd[1]);
    buf_fini(&r.text);
}

static void a_non_blocking_pipe_loses_nothing(void **state)
{
    struct reader r;
    int64_t before_lost = (int64_t)log_lost();

    (void)state;
    reader_start(&r, O_NONBLOCK, (struct log_conf){.level = LOG_INFO});
    for (int i = 0; i < 5000; i++) {
        log_event(LOG_INFO, "filling", LOG_INT("n", i));
    }
    while (r.lines < 5000) {
        assert_true(read_more(&r));
        count_lines(&r);
    }
    log_stop();
    reader_end(&r);
    assert_int_equal(log_lost() - (uint64_t)before_lost, 0);
    reader_fini(&r);
}

struct talkers {
    _Atomic bool is_over;
    _Atomic size_t said;
};

static void *talk(void *data)
{
    struct talkers *t = data;

    while (!atomic_load(&t->is_over)) {
        log_event(LOG_INFO, "talking", LOG_INT("n", 1));
        atomic_fetch_add(&t->said, 1);
    }
    return NULL;
}

/* Threads that are in the middle of log_event() while the log stops. */
static void stopping_while_others_talk(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct talkers t = {.is_over = false};
        struct reader r;
        pthread_t threads[4];
        pthread_t reading;

        reader_start(&r, 0, (struct log_conf){.level = LOG_INFO});
        assert_int_equal(pthread_create(&reading, NULL, read_to_the_end, &r), 0);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, talk, &t), 0);
        }
        while (atomic_load(&t.said) < 200) {
        }
        log_stop();
        atomic_store(&t.is_over, true);
        for (size_t i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
        }
        close(r.fd[1]);
        pthread_join(reading, NULL);
        count_lines(&r);
        assert_int_equal(r.broken, 0);
        assert_int_equal(r.seen, r.text.size);
        reader_fini(&r);
    }
}

static void without_memory_it_does_not_start(void **state)
{
    const struct log_conf conf = {.fd = STDERR_FILENO, .level = LOG_INFO};
    struct error err;

    (void)state;
    for (long n = 1; n <= 2; n++) {
        mem_fail_after(n);
        assert_int_equal(log_start(&conf, &err), STATUS_NOMEM);
        mem_fail_after(-1);
        assert_int_equal(err.status, STATUS_NOMEM);
        log_event(LOG_INFO, "to nobody", LOG_INT("n", 1));
        log_stop();
    }
}

/*
 * A terminal says it has room and then takes less than a line: write() itself blocks, and its
 * thread can only be left behind. Last, because the log cannot be started again until it is back.
 */
static void stopping_does_not_wait_for_a_stuck_terminal(void **state)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    const struct log_conf again = {.fd = STDERR_FILENO, .level = LOG_INFO};
    struct log_conf conf = {.level = LOG_INFO};
    struct error err = {.status = STATUS_OK};
    int64_t before_ns;

    (void)state;
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        skip();
    }
    conf.fd = open(ptsname(master), O_WRONLY | O_NOCTTY);
    assert_true(conf.fd >= 0);
    assert_int_equal(log_start(&conf, NULL), STATUS_OK);
    send_until_lost(1);
    before_ns = clock_now_ns();
    log_stop();
    assert_true(clock_now_ns() - before_ns < 4 * NS_PER_S);
    if (log_start(&again, &err) == STATUS_OK) { /* this kernel did not block after all */
        log_stop();
    } else {
        assert_int_equal(err.status, STATUS_OS);
    }
    close(master); /* sets the thread free */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_json_object),
        cmocka_unit_test(no_control_character_gets_through),
        cmocka_unit_test(people_get_lines_for_people),
        cmocka_unit_test(what_is_below_the_level_is_dropped),
        cmocka_unit_test(nothing_is_said_unless_started),
        cmocka_unit_test(a_line_that_is_too_long_is_cut),
        cmocka_unit_test(lines_are_never_torn),
        cmocka_unit_test(a_reader_that_stalls_costs_lines_not_time),
        cmocka_unit_test(a_reader_that_stalls_again),
        cmocka_unit_test(a_flood_leaves_room_for_warnings),
        cmocka_unit_test(what_was_lost_is_said_at_the_end_too),
        cmocka_unit_test(a_line_without_memory_is_counted),
        cmocka_unit_test(stopping_does_not_wait_for_a_stalled_reader),
        cmocka_unit_test(a_reader_that_goes_away),
        cmocka_unit_test(a_non_blocking_pipe_loses_nothing),
        cmocka_unit_test(stopping_while_others_talk),
        cmocka_unit_test(without_memory_it_does_not_start),
        cmocka_unit_test(stopping_does_not_wait_for_a_stuck_terminal),
    };

    (void)alarm(WATCHDOG_S); /* a log that blocks ends the program instead of the test run */
    return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
