#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"

#define RING_SIZE     ((size_t)512 * 1024)
#define LINE_SIZE_MAX ((size_t)4000) /* below PIPE_BUF, so a line is never torn in a pipe */
#define STOP_MS       1000

/*
 * Two buffers: callers append to one while the thread writes the other, so the mutex is held for
 * one memcpy at a time and never over a system call.
 */
static struct {
    pthread_mutex_t mu;
    pthread_cond_t filled;
    char *filling;       /* Guarded by mu */
    size_t filling_size; /* Guarded by mu */
    uint64_t lost_since; /* Guarded by mu: lost since last said */
    bool is_asleep;      /* Guarded by mu */
    bool is_stopping;    /* Guarded by mu */
    char *writing;       /* The thread's */
    struct log_conf conf;
    pthread_t thread;
    _Atomic bool is_running; /* release/acquire: publishes conf and the buffers */
    _Atomic uint64_t lost;   /* relaxed: a counter */
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

static void put_json(struct buf *line, enum log_level level, const char *message,
                     const struct log_field *fields, size_t n)
{
    buf_append_literal(line, "{\"time\":\"");
    put_time(line, false);
    buf_printf(line, "\",\"level\":\"%s\",\"message\":", level_names[level]);
    json_put_string(line, str_of(message));
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

static void put_human(struct buf *line, enum log_level level, const char *message,
                      const struct log_field *fields, size_t n)
{
    put_time(line, true);
    buf_printf(line, " %-5s ", level_names[level]);
    /* As a JSON string and then without its quotes: escapes whatever a terminal would obey. */
    json_put_string(line, str_of(message));
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

static void enqueue(const char *line, size_t size)
{
    bool is_to_wake = false;

    pthread_mutex_lock(&the.mu);
    if (the.filling_size + size > RING_SIZE) {
        the.lost_since++;
        atomic_fetch_add_explicit(&the.lost, 1, memory_order_relaxed);
    } else {
        memcpy(the.filling + the.filling_size, line, size);
        the.filling_size += size;
        is_to_wake = the.is_asleep;
        the.is_asleep = false;
    }
    pthread_mutex_unlock(&the.mu);
    if (is_to_wake) {
        pthread_cond_signal(&the.filled);
    }
}

void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t n)
{
    struct buf line;

    if (!atomic_load_explicit(&the.is_running, memory_order_acquire) || level < the.conf.level) {
        return;
    }
    buf_init(&line, LINE_SIZE_MAX);
    if (the.conf.is_human) {
        put_human(&line, level, message, fields, n);
    } else {
        put_json(&line, level, message, fields, n);
    }
    if (buf_status(&line) != STATUS_OK) { /* too long to be whole: keep what must be said */
        buf_clear(&line);
        put_json(&line, level, message, NULL, 0);
    }
    if (buf_status(&line) == STATUS_OK) {
        enqueue(line.at, line.size);
    }
    buf_fini(&line);
}

/* Give up when is_bounded and the reader has not taken a byte for a second. */
static void write_all(const char *at, size_t size, bool is_bounded)
{
    while (size > 0) {
        struct pollfd p = {.fd = the.conf.fd, .events = POLLOUT};
        size_t piece = size < LINE_SIZE_MAX ? size : LINE_SIZE_MAX;
        ssize_t n;

        if (is_bounded && poll(&p, 1, STOP_MS) <= 0) {
            return;
        }
        n = write(the.conf.fd, at, piece);
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return; /* nobody can be told: the place to tell is gone */
        }
        if (n > 0) {
            at += n;
            size -= (size_t)n;
        }
    }
}

static void say_lost(uint64_t lost)
{
    log_event(LOG_WARN, "log lines were lost because standard error stalled",
              LOG_INT("lost", (int64_t)lost));
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
        bool is_bounded = the.is_stopping;
        pthread_mutex_unlock(&the.mu);
        write_all(full, size, is_bounded);
        if (lost > 0) {
            say_lost(lost);
        }
    }
    return NULL;
}

enum status log_start(const struct log_conf *conf, struct error *err)
{
    sigset_t all;
    sigset_t before;
    int rc;

    the.conf = *conf;
    the.filling = mem_alloc(RING_SIZE);
    the.writing = mem_alloc(RING_SIZE);
    the.filling_size = 0;
    the.is_stopping = false;
    if (the.filling == NULL || the.writing == NULL) {
        mem_free(the.filling);
        mem_free(the.writing);
        return error_set(err, STATUS_NOMEM, "no memory for the log's buffers");
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&the.thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        mem_free(the.filling);
        mem_free(the.writing);
        return error_set(err, STATUS_OS, "cannot start the log's thread: %s", strerror(rc));
    }
    atomic_store_explicit(&the.is_running, true, memory_order_release);
    return STATUS_OK;
}

void log_stop(void)
{
    if (!atomic_exchange_explicit(&the.is_running, false, memory_order_acq_rel)) {
        return;
    }
    pthread_mutex_lock(&the.mu);
    the.is_stopping = true;
    pthread_mutex_unlock(&the.mu);
    pthread_cond_signal(&the.filled);
    pthread_join(the.thread, NULL);
    mem_free(the.filling);
    mem_free(the.writing);
    the.filling = NULL;
    the.writing = NULL;
}

uint64_t log_lost(void)
{
    return atomic_load_explicit(&the.lost, memory_order_relaxed);
}
