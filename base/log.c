#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/thread.h"

#define RING_SIZE     ((size_t)512 * 1024)
#define BULK_SIZE     (RING_SIZE / 4 * 3) /* of it for what may come in floods */
#define LINE_SIZE_MAX ((size_t)4000)      /* below PIPE_BUF, so a line is never torn in a pipe */
#define CUT_SIZE      ((size_t)500)       /* of a message too long: fits even if all is escaped */
#define STOP_MS       1000                /* what log_stop() gives a reader that has stalled */
#define JOIN_MS       1500                /* and a write() that blocks although poll() saw room */
#define STALL_MS      100 /* how often a stalled writer looks whether it is to stop */

/*
 * Two buffers: callers append to one while the thread writes the other, so the mutex is held for
 * one memcpy at a time and never over a system call.
 *
 * The thread never writes without having seen room, so that it can be told to stop while the
 * reader stalls. A terminal may still block it in write(); then log_stop() leaves it behind with
 * its buffers, because nothing else would end.
 */
static struct {
    pthread_mutex_t mu;
    pthread_cond_t filled;
    char *filling;       /* Guarded by mu; NULL when stopped */
    size_t filling_size; /* Guarded by mu */
    uint64_t lost_since; /* Guarded by mu: lost since last said */
    bool is_asleep;      /* Guarded by mu */
    bool is_stopping;    /* Guarded by mu */
    char *writing;       /* The thread's */
    struct log_conf conf;
    pthread_t thread;
    bool is_left_behind;        /* MAIN's: the thread is stuck in a write */
    _Atomic int64_t give_up_ns; /* relaxed: when to stop writing; 0 is never */
    _Atomic bool is_running;    /* release/acquire: publishes conf and the buffers */
    _Atomic uint64_t lost;      /* relaxed: a counter */
} the = {.mu = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static void put_time(struct buf *line, bool is_human)
{
    struct timespec now;
    struct tm parts;
    char text[64];
    size_t n;

    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail with this clock */
    (void)gmtime_r(&now.tv_sec, &parts);       /* cannot fail for this century */
    n = strftime(text, sizeof(text), is_human ? "%H:%M:%S" : "%Y-%m-%dT%H:%M:%S", &parts);
    buf_append(line, text, n);
    buf_printf(line, ".%03ld%s", now.tv_nsec / 1000000, is_human ? "" : "Z");
}

static void put_json(struct buf *line, enum log_level level, struct str message,
                     const struct log_field *fields, size_t n)
{
    buf_append_literal(line, "{\"time\":\"");
    put_time(line, false);
    buf_printf(line, "\",\"level\":\"%s\",\"message\":", level_names[level]);
    json_put_string(line, message);
    for (size_t i = 0; i < n; i++) {
        buf_append_char(line, ',');
        json_put_string(line, str_of(fields[i].name));
        buf_append_char(line, ':');
        if (fields[i].text != NULL) {
            json_put_string(line, str_of(fields[i].text));
        } else {
            json_put_i64(line, fields[i].number);
        }
    }
    buf_append_literal(line, "}\n");
}

/* As a JSON string but without its quotes: escapes whatever a terminal would obey. */
static void put_plain(struct buf *line, struct str text)
{
    size_t before = line->size;

    json_put_string(line, text);
    if (buf_status(line) == STATUS_OK) {
        size_t size = line->size - before - 2;
        memmove(line->at + before, line->at + before + 1, size);
        buf_truncate(line, before + size);
    }
}

static void put_human(struct buf *line, enum log_level level, struct str message,
                      const struct log_field *fields, size_t n)
{
    put_time(line, true);
    buf_printf(line, " %-5s ", level_names[level]);
    put_plain(line, message);
    for (size_t i = 0; i < n; i++) {
        buf_printf(line, " %s=", fields[i].name);
        if (fields[i].text != NULL) {
            json_put_string(line, str_of(fields[i].text));
        } else {
            json_put_i64(line, fields[i].number);
        }
    }
    buf_append_char(line, '\n');
}

static void put_line(struct buf *line, enum log_level level, struct str message,
                     const struct log_field *fields, size_t n)
{
    if (the.conf.is_human) {
        put_human(line, level, message, fields, n);
    } else {
        put_json(line, level, message, fields, n);
    }
}

/* One whole line; of an event that is too long, the beginning of its message. OK or NOMEM. */
static enum status format_event(struct buf *line, enum log_level level, struct str message,
                                const struct log_field *fields, size_t n)
{
    static const struct log_field cut = LOG_INT("cut", 1);

    buf_init(line, LINE_SIZE_MAX);
    put_line(line, level, message, fields, n);
    if (buf_status(line) == STATUS_TOO_BIG) {
        buf_clear(line);
        message.size = message.size < CUT_SIZE ? message.size : CUT_SIZE;
        put_line(line, level, message, &cut, 1);
    }
    return buf_status(line);
}

static void lose_one_locked(void)
{
    the.lost_since++;
    atomic_fetch_add_explicit(&the.lost, 1, memory_order_relaxed);
}

/* Append a line to the first room bytes of the ring; if it could not be formatted, only count it. */
static void enqueue(const struct buf *line, size_t room)
{
    bool is_to_wake = false;

    pthread_mutex_lock(&the.mu);
    if (the.filling == NULL) {
        /* stopped since the caller looked: dropped, as any event after log_stop() */
    } else if (buf_status(line) != STATUS_OK || the.filling_size + line->size > room) {
        lose_one_locked();
    } else {
        memcpy(the.filling + the.filling_size, line->at, line->size);
        the.filling_size += line->size;
        is_to_wake = the.is_asleep;
        the.is_asleep = false;
    }
    pthread_mutex_unlock(&the.mu);
    if (is_to_wake) {
        pthread_cond_signal(&the.filled);
    }
}

static bool is_running(void)
{
    return atomic_load_explicit(&the.is_running, memory_order_acquire);
}

static void write_event(enum log_level level, const char *message, const struct log_field *fields,
                        size_t n, size_t room)
{
    struct buf line;

    (void)format_event(&line, level, str_of(message), fields, n); /* enqueue counts a failure */
    enqueue(&line, room);
    buf_fini(&line);
}

void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t n)
{
    if (is_running() && level >= the.conf.level) {
        write_event(level, message, fields, n, RING_SIZE);
    }
}

void log_bulk(const char *message, const struct log_field *fields, size_t n)
{
    if (is_running()) {
        write_event(LOG_INFO, message, fields, n, BULK_SIZE);
    }
}

static bool is_time_up(void)
{
    int64_t give_up_ns = atomic_load_explicit(&the.give_up_ns, memory_order_relaxed);

    return give_up_ns != 0 && clock_now_ns() >= give_up_ns;
}

/* As much as one write() may take: up to the end of a line. */
static size_t piece_size(const char *at, size_t size)
{
    const char *end = size <= LINE_SIZE_MAX ? NULL : memrchr(at, '\n', LINE_SIZE_MAX);

    return end != NULL ? (size_t)(end - at) + 1 : size <= LINE_SIZE_MAX ? size : LINE_SIZE_MAX;
}

/* Write all of it, unless the log is to stop and the reader takes too long. */
static void write_all(const char *at, size_t size)
{
    while (size > 0 && !is_time_up()) {
        struct pollfd p = {.fd = the.conf.fd, .events = POLLOUT};
        ssize_t n;

        if (poll(&p, 1, STALL_MS) <= 0) {
            continue;
        }
        n = write(the.conf.fd, at, piece_size(at, size));
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return; /* nobody can be told: the place to tell is gone */
        }
        if (n > 0) {
            at += n;
            size -= (size_t)n;
        }
    }
}

/* Not through the ring, where the news of a loss could be lost itself. */
static void say_lost(uint64_t lost)
{
    const struct log_field field = LOG_INT("lost", (int64_t)lost);
    struct buf line;

    if (format_event(&line, LOG_WARN, STR("log lines were lost because standard error stalled"),
                     &field, 1) == STATUS_OK) {
        write_all(line.at, line.size);
    } else {
        pthread_mutex_lock(&the.mu);
        the.lost_since += lost; /* next time */
        pthread_mutex_unlock(&the.mu);
    }
    buf_fini(&line);
}

static void *run(void *unused)
{
    bool is_stopping = false;

    (void)unused;
    (void)pthread_setname_np(pthread_self(), "gy-log"); /* a comfort, not a need */
    while (!is_stopping) {
        uint64_t lost;
        size_t size;
        char *full;

        pthread_mutex_lock(&the.mu);
        while (the.filling_size == 0 && !the.is_stopping) {
            the.is_asleep = true;
            pthread_cond_wait(&the.filled, &the.mu);
        }
        is_stopping = the.is_stopping && the.filling_size == 0;
        full = the.filling;
        size = the.filling_size;
        the.filling = the.writing;
        the.filling_size = 0;
        the.writing = full;
        lost = the.lost_since;
        the.lost_since = 0;
        pthread_mutex_unlock(&the.mu);
        write_all(full, size);
        if (lost > 0) {
            say_lost(lost);
        }
    }
    return NULL;
}

static void free_buffers(void)
{
    pthread_mutex_lock(&the.mu);
    mem_free(the.filling);
    mem_free(the.writing);
    the.filling = NULL;
    the.writing = NULL;
    pthread_mutex_unlock(&the.mu);
}

enum status log_start(const struct log_conf *conf, struct error *err)
{
    bool is_room;
    int rc;

    if (the.is_left_behind) {
        return error_set(err, STATUS_OS, "the log's thread is still stuck in its last write");
    }
    pthread_mutex_lock(&the.mu);
    the.conf = *conf;
    the.filling = mem_alloc(RING_SIZE);
    the.writing = mem_alloc(RING_SIZE);
    the.filling_size = 0;
    the.lost_since = 0;
    the.is_asleep = false;
    the.is_stopping = false;
    is_room = the.filling != NULL && the.writing != NULL;
    pthread_mutex_unlock(&the.mu);
    atomic_store_explicit(&the.give_up_ns, 0, memory_order_relaxed);
    if (!is_room) {
        free_buffers();
        return error_set(err, STATUS_NOMEM, "no memory for the log's buffers");
    }
    rc = thread_start(&the.thread, run, NULL);
    if (rc != 0) {
        free_buffers();
        return error_set(err, STATUS_OS, "cannot start the log's thread: %s", strerror(rc));
    }
    atomic_store_explicit(&the.is_running, true, memory_order_release);
    return STATUS_OK;
}

/* Return: has the thread ended within ms? */
static bool join_within(int64_t ms)
{
    struct timespec end;
    int64_t ns;

    (void)clock_gettime(CLOCK_REALTIME, &end); /* cannot fail with this clock */
    ns = end.tv_nsec + ms * NS_PER_MS;
    end.tv_sec += ns / NS_PER_S;
    end.tv_nsec = ns % NS_PER_S;
    return pthread_timedjoin_np(the.thread, NULL, &end) == 0;
}

void log_stop(void)
{
    if (!atomic_exchange_explicit(&the.is_running, false, memory_order_acq_rel)) {
        return;
    }
    atomic_store_explicit(&the.give_up_ns, clock_now_ns() + STOP_MS * NS_PER_MS,
                          memory_order_relaxed);
    pthread_mutex_lock(&the.mu);
    the.is_stopping = true;
    pthread_mutex_unlock(&the.mu);
    pthread_cond_signal(&the.filled);
    if (join_within(JOIN_MS)) {
        free_buffers();
    } else {
        the.is_left_behind = true;
        (void)pthread_detach(the.thread); /* it is our thread and not joined: cannot fail */
    }
}

uint64_t log_lost(void)
{
    return atomic_load_explicit(&the.lost, memory_order_relaxed);
}
