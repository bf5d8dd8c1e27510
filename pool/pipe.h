/*
 * A bounded pipe of bytes from one worker to one loop, with back-pressure: the worker waits while it
 * is full, the loop never waits and is told when there is something again.
 *
 * The bytes lie in a ring of a fixed size that is allocated once, so a pipe costs the same however
 * long it runs. Writer and reader copy outside the mutex, each in its own part of the ring; the mutex
 * is held for a few assignments, by either side, and never while anybody works: that is what a loop
 * may wait for.
 *
 *     worker                                 loop
 *     pipe_put: full? sleeps on its token    pipe_take: empty? is noted as waiting
 *     puts something: notify, once, if       takes something: wakes the writer once half of the
 *     the reader is noted as waiting         ring is free
 *
 * One writer at a time, one reader.
 */
#ifndef GANTRY_POOL_PIPE_H
#define GANTRY_POOL_PIPE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/role.h"
#include "base/status.h"
#include "pool/cancel.h"

/* There is something for the reader, who waited. Context: the writer's thread, no lock held. */
typedef void (*pipe_notify_fn)(void *user);

struct pipe {
    pthread_mutex_t mu;
    /* Guarded by mu */
    uint64_t put;          /* bytes, since the beginning */
    uint64_t taken;        /* bytes, since the beginning */
    bool is_reader_told;   /* or is at it; else it waits for notify */
    struct cancel *waiter; /* the writer's, while it sleeps; else NULL */

    /* Immutable after init */
    char *ring;
    size_t capacity;
    pipe_notify_fn notify;
    void *user;
};

/* The reader waits from the start. user is lent until pipe_fini. Return: OK, NOMEM. */
NODISCARD enum status pipe_init(struct pipe *p, size_t capacity, pipe_notify_fn notify, void *user);
void pipe_fini(struct pipe *p);

/*
 * How long a writer waits: for half of the ring to become free stall_ns in one go, and for nothing any
 * more once it is end_ns.
 */
struct pipe_patience {
    int64_t stall_ns;
    int64_t end_ns; /* absolute, monotonic; 0: it does not wait at all */
};

/*
 * Put bytes in; while there is no room, sleep on the token. *ret_put is set whatever is returned: how
 * many of them are in. Nothing to put: a reader that waits is told all the same.
 * Return: OK (all of them), BUSY (out of patience), CANCELLED, DEADLINE (the token's).
 */
enum status pipe_put(struct pipe *p, const char *bytes, size_t size, struct cancel *cancel,
                     const struct pipe_patience *patience, size_t *ret_put) MAY_BLOCK;

/* Tell the reader, if it waits, that there is news: not in the pipe, then. */
void pipe_tell(struct pipe *p) ANY_THREAD;

/* Bytes that can be put in at once: for the writer, as nobody else makes them fewer. */
size_t pipe_room(struct pipe *p) ANY_THREAD;

/* Return: how many were taken; 0: there are none, and the reader will be told of the next. */
size_t pipe_take(struct pipe *p, char *to, size_t max) ANY_THREAD;

#endif
