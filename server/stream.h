/*
 * An answer that leaves in pieces, as its handler makes them.
 *
 * The worker's side is call_flush: the first one makes the stream and tells the loop, who sends the
 * head; from then on bytes go through a pipe. While the client reads slowly the worker waits, but for
 * no longer than stall_ms in one go (a glance, if others wait for a thread of its pool), and for
 * nothing any more once half of snapshot_ms has passed: then everything that follows goes to a spool,
 * and the worker is free. So that nobody else feels it, at most half of the processors do that at a
 * time, the others wait on, and each rests most of the time: until somebody needs its thread, or three
 * quarters of snapshot_ms have passed. Who sends to a client that keeps up gives way between pieces
 * while other requests come. From there it is brought back into the pipe in
 * pieces by the executor of spools, as the client reads on; so no loop touches a disk. Without spools,
 * or when they are full, the stream is cut.
 *
 *     worker --pipe_put--> pipe --pipe_take--> loop --> client
 *        \                  ^
 *         \                 | refill: a task of "gy-spool"
 *          +--append--> spool
 *
 * The order of the bytes is kept because the worker never goes back from the spool to the pipe.
 *
 * Threads: the worker until its task has come home; then, and beside it, the loop and one refill at a
 * time. The loop's part that has to do with libmicrohttpd is mhd_stream. Private to server/.
 */
#ifndef GANTRY_SERVER_STREAM_H
#define GANTRY_SERVER_STREAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/list.h"
#include "base/role.h"
#include "pool/pipe.h"
#include "pool/spool.h"
#include "pool/task.h"
#include "server/completions.h"
#include "server/server.h"

struct MHD_Response;
struct call;
struct exchange;
struct executor;
struct gzip;

#define STREAM_PIPE_SIZE ((size_t)256 * 1024)

/* --- what all streams of a server share ---------------------------------------------------- */

struct streams_conf {
    uint64_t stall_ms;
    uint64_t snapshot_ms;
    const char *spool_directory; /* NULL: $TMPDIR, or /var/tmp */
    uint64_t spool_bytes;        /* 0: no spools */
    unsigned max;                /* streams at one time */
};

struct streams {
    /* Immutable after create */
    int64_t stall_ns;
    int64_t snapshot_ns;
    struct spool_store store;
    struct executor *executor; /* NULL: no spools */

    /* Atomic, relaxed: figures */
    _Atomic uint64_t stalls;
    _Atomic uint64_t spools;

    unsigned spooling_max;     /* Immutable after create */
    _Atomic unsigned spooling; /* workers that write to spools now; relaxed: a count */

    _Atomic int64_t request_ns; /* about when the last request came; relaxed: a hint */

    pthread_mutex_t mu;
    struct list orphans; /* Guarded by mu: streams whose spool somebody has to close */
};

/* Gives: *ret. Return: OK, NOMEM, OS. */
NODISCARD enum status streams_create(const struct streams_conf *conf, struct streams **ret,
                                     struct error *err) MAY_BLOCK;

/* A request has come: streams give way to it and its like. NULL is fine. Cheap. */
void streams_note_request(struct streams *streams, int64_t now_ns) ANY_THREAD;

/* Stop bringing back what is spooled. NULL is fine. Context: the loops still run. */
void streams_stop(struct streams *streams) MAY_BLOCK;
void streams_destroy(struct streams *streams) MAY_BLOCK; /* NULL is fine */

/* --- one ------------------------------------------------------------------------------------- */

struct stream {
    struct streams *streams;
    struct exchange *exchange;
    struct completions *to; /* of the loop */
    struct pipe pipe;

    /* The worker's until the first notification, then the loop's */
    struct MHD_Response *response;
    unsigned http_status;
    struct completion news; /* from the pipe: pushed once, until the loop looks */

    /* The worker's, until its task has come home */
    struct gzip *gzip; /* NULL: pieces leave as they are */
    struct buf packed; /* a piece, compressed */
    struct pipe_patience patience;
    int64_t waiting_since_ns; /* for the client to take half a pipe; 0: it never stalled */
    size_t waited_put;        /* bytes that it has taken since then */
    int64_t hurry_ns;         /* from here on it spools at full speed */
    int64_t working_since_ns; /* while it spools: the end of its last rest */
    bool has_stalled;
    bool is_spooling; /* counts in streams->spooling */
    bool is_failed;   /* nothing more goes into it */
    enum server_cut why;
    struct error failure;

    _Atomic(struct spool *) spool; /* release by the worker: NULL: none yet */

    /* A refill's while it is under way, else the loop's */
    struct task refill;
    struct completion refilled; /* the refill has come home */
    uint64_t refilled_bytes;    /* taken out of the spool so far */
    bool has_refill_failed;
    struct error refill_failure;

    /* Loop-owned */
    bool is_refilling LOOP_OWNED;

    struct list orphan_link; /* Guarded by streams->mu */
};

/*
 * The worker's side of call_flush, for calls that are exchanges'. A HEAD ends with the first one: it
 * returns CANCELLED, and the head is sent without a body.
 */
enum status stream_flush(struct call *call, struct error *err) ON_WORKER MAY_BLOCK;

/* The handler has returned: send the rest. Context: the worker; something has been flushed. */
void stream_finish(struct exchange *ex) ON_WORKER MAY_BLOCK;

/* The answer cannot be completed. Only the first time counts. Context: the worker. */
void stream_fail(struct stream *s, const struct cancel *cancel, const char *text) ANY_THREAD;

/* Is there anything in the spool that is not in the pipe yet? */
bool stream_has_spooled(const struct stream *s) ON_LOOP;

/*
 * Bring back a piece of what is spooled, if there is any, room for it, and nobody at it already.
 * Return: OK, or the executor's refusal.
 */
enum status stream_refill(struct stream *s, int64_t now_ns) ON_LOOP;

/* Nobody uses it any more; its spool is closed elsewhere. NULL is fine. */
void stream_destroy(struct stream *s) ON_LOOP;

#endif
