/*
 * An exchange: one request, its work, its answer.
 *
 * Its state belongs to the loop that accepted the connection; nobody else reads or moves it:
 *
 *     NEW ------> BODY ------> READY ------> IN_FLIGHT ------> DONE
 *      |            |            |               |              ^
 *      |            |            |               v              |
 *      |            |            |           STREAMING ---------+
 *      |            |            |                              |
 *      +------------+------------+------------------------------+
 *
 *     NEW        the request line is there, the head perhaps not yet
 *     BODY       the head is accepted, the body is being gathered
 *     READY      all is there; the handler is about to be chosen
 *     IN_FLIGHT  the task belongs to an executor (queued or running: the executor knows); the
 *                connection lingers for a moment, then it is suspended: see mhd_flight.h
 *     STREAMING  the answer leaves in pieces (stream.h); the head is decided, the end is not. The task
 *                is still with the executor, or has come home and the rest waits for the client; the
 *                connection is suspended while there is nothing to send
 *     DONE       the answer is decided: the handler's, or a problem, or "the client is gone"
 *
 * The move to DONE happens once, on the loop, whoever caused it: the worker's completion (which
 * reaches the loop as a message), the deadline, the client's leaving, or the end of the drain. That
 * is why no lock and no compare-and-swap decides between them. Whatever comes later finds DONE and
 * leaves quietly.
 *
 * The baton: request, arena and response of the call belong to the loop, except while IN_FLIGHT
 * and until the completion has been taken: then to the worker. If the loop answers meanwhile (the
 * deadline passed) it makes that answer elsewhere, and the exchange lives on until the worker has
 * handed it back.
 *
 * While STREAMING the worker keeps the baton, and shares nothing with the loop but the stream's pipe.
 *
 * When you add a state, look at: allowed[] in exchange.c, access_on_request() in mhd_access.c,
 * mhd_flight.c and mhd_stream.c.
 */
#ifndef GANTRY_SERVER_EXCHANGE_H
#define GANTRY_SERVER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/role.h"
#include "pool/task.h"
#include "server/call.h"
#include "server/client.h"
#include "server/completions.h"
#include "server/router.h"
#include "server/watch.h"

struct MHD_Connection;
struct MHD_Response;
struct streams;

enum exchange_state {
    EXCHANGE_NEW,
    EXCHANGE_BODY,
    EXCHANGE_READY,
    EXCHANGE_IN_FLIGHT,
    EXCHANGE_STREAMING,
    EXCHANGE_DONE,
};

#define EXCHANGE_MEMORY_SIZE ((size_t)2048)            /* arena bytes that cost nothing */
#define EXCHANGE_ARENA_MAX   ((size_t)8 * 1024 * 1024) /* arena bytes from the heap */

struct exchange {
    struct call call; /* the baton's */

    /* Loop-owned */
    enum exchange_state state LOOP_OWNED;
    struct MHD_Connection *connection LOOP_OWNED; /* NULL once libmicrohttpd is done with it */
    struct client *client LOOP_OWNED;
    struct watched watched LOOP_OWNED;
    struct list in_flight_link LOOP_OWNED;
    int64_t flight_ns LOOP_OWNED;           /* when the flight began */
    int64_t deadline_ns LOOP_OWNED;         /* of the flight; 0: none */
    bool is_told LOOP_OWNED;                /* it was running at its deadline, and is to end */
    bool is_suspended LOOP_OWNED;           /* the connection, in libmicrohttpd */
    struct buf body LOOP_OWNED;             /* as it arrives; call.request.body when READY */
    size_t body_dropped LOOP_OWNED;         /* bytes read and dropped beyond the limit */
    struct MHD_Response *answer LOOP_OWNED; /* what will be queued; NULL when DONE: hang up */
    unsigned answer_status LOOP_OWNED;
    size_t answer_size LOOP_OWNED;  /* bytes of its body */
    bool is_answered LOOP_OWNED;    /* the answer is on its way, through libmicrohttpd or past it */
    int64_t begun_ns LOOP_OWNED;    /* when the request line was there */
    size_t charged LOOP_OWNED;      /* bytes of loop->buffered that are this one's */
    bool is_chunked LOOP_OWNED;     /* the body came in chunks */
    bool has_no_room LOOP_OWNED;    /* for the body, within loop->buffered */
    bool is_with_worker LOOP_OWNED; /* the task has not come back yet */
    const char *raw_target LOOP_OWNED; /* lent by libmicrohttpd until the first call */

    /* Immutable once READY */
    const struct route *route;
    const struct handler *dresser;   /* whose decoration its answers get: the path's; or NULL */
    struct completions *completions; /* of the loop; lent for its life */
    struct streams *streams;         /* of the server; NULL: its answer leaves in one piece */
    struct str applied_wait;         /* N of the client's "Prefer: wait=N", if there was one */
    char client_address[CLIENT_ADDRESS_SIZE]; /* a copy: the client may go while work goes on */

    /* The worker's until the completion has been taken, then the loop's */
    struct task task;
    struct arena arena_before; /* call.arena, before the task ran */
    struct completion completion;
    struct MHD_Response *task_answer; /* made by the worker */
    unsigned task_answer_status;
    size_t task_answer_size; /* bytes of its body */

    max_align_t memory[EXCHANGE_MEMORY_SIZE / sizeof(max_align_t)]; /* the arena's first block */
};

/* A new exchange in state NEW. response_max: bytes. Return: NULL if out of memory. */
struct exchange *exchange_create(struct completions *completions, size_t response_max) ON_LOOP;

/* Context: the loop, and only when the task is not with a worker. */
void exchange_destroy(struct exchange *ex) ON_LOOP;

/* Move to a state; asserts that the move is in the drawing. */
void exchange_move(struct exchange *ex, enum exchange_state to) ON_LOOP;

/* It has been answered past libmicrohttpd, on the socket itself, if it had no answer yet. */
void exchange_note_raw_answer(struct exchange *ex, unsigned http_status) ON_LOOP;

/* Its answer may leave in pieces, if its client can tell a broken one. streams: lent, or NULL. */
void exchange_let_stream(struct exchange *ex, struct streams *streams) ON_LOOP;

/* Is anybody of ours still at work on it? */
bool exchange_is_busy(const struct exchange *ex) ON_LOOP;

/*
 * Submit the handler's work to the route's executor, as the task of that id. deadline_ns: absolute;
 * 0 is none. Somebody has to executor_kick it afterwards.
 * Return: OK (the task belongs to the executor; a completion will be pushed), or as executor_submit.
 */
NODISCARD enum status exchange_submit(struct exchange *ex, uint64_t id, int64_t deadline_ns,
                                      int64_t now_ns) ON_LOOP;

/*
 * Make sure that a handler's response can be sent: something was answered, and the body fitted.
 * Replaces it by a problem otherwise. Context: whoever holds the baton.
 */
void exchange_seal(struct exchange *ex) ANY_THREAD;

/*
 * Add to an answer what each one of the request says: which preference of the client the server has
 * applied, and what the path's handler decorates it with. Once, when it is complete.
 */
void exchange_dress(const struct exchange *ex, struct response *r) ANY_THREAD;

#endif
