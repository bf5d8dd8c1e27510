/*
 * The log: one event, one line, on standard error, written by a thread of its own.
 *
 * log_event() formats the line and puts it in a ring; if the ring is full (the reader of standard
 * error has stalled) the line is lost and counted, and the count is logged once there is room
 * again. So no caller ever waits for a disk, a pipe or a terminal. A line has at most 4000 bytes; an
 * event that needs more keeps the beginning of its message and gets the field "cut".
 *
 * What comes with every request (log_bulk) may fill three quarters of the ring: a flood of it is lost
 * first, and never costs a warning its place.
 *
 * Lines are JSON objects ({"time", "level", "message", ...fields}); on a terminal they are made
 * for people. Control characters never reach the output unescaped.
 *
 *     log_event(LOG_WARN, "pool is full", LOG_STR("pool", name), LOG_INT("queue", n));
 */
#ifndef GANTRY_BASE_LOG_H
#define GANTRY_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/role.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *name;
    const char *text; /* NULL: the number counts */
    int64_t number;
};

#define LOG_STR(field, value) ((struct log_field){.name = (field), .text = (value)})
#define LOG_INT(field, value) ((struct log_field){.name = (field), .number = (value)})

struct log_conf {
    int fd;               /* borrowed until log_stop() */
    enum log_level level; /* events below it are dropped before they are formatted */
    bool is_human;        /* lines for people instead of JSON */
};

/*
 * Start the writer thread. Until then, and after log_stop, events are dropped.
 * Return: OK, NOMEM, OS.
 */
NODISCARD enum status log_start(const struct log_conf *conf, struct error *err) MAY_BLOCK;

/*
 * Write what is in the ring, for at most a second, and stop. If the thread is then stuck in a write
 * to a terminal, it is left behind and the log cannot be started again.
 */
void log_stop(void) MAY_BLOCK;

/* Use log_event(). */
void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t n) ANY_THREAD;

#define log_event(level, message, ...)                                                             \
    log_write((level), (message), (const struct log_field[]){__VA_ARGS__},                         \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

/*
 * A line of which there may be a flood. It says level info but is not held against the level: whoever
 * asks for such lines has a switch of their own for them.
 */
void log_bulk(const char *message, const struct log_field *fields, size_t n) ANY_THREAD;

/* Lines lost so far because the ring was full or memory was short. */
uint64_t log_lost(void) ANY_THREAD;

#endif
