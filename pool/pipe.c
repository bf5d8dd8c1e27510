#include "pool/pipe.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum status pipe_init(struct pipe *p, size_t capacity, pipe_notify_fn notify, void *user)
{
    *p = (struct pipe){.capacity = capacity, .notify = notify, .user = user};
    p->ring = mem_alloc(capacity);
    if (p->ring == NULL) {
        return STATUS_NOMEM;
    }
    (void)pthread_mutex_init(&p->mu, NULL); /* cannot fail in glibc */
    return STATUS_OK;
}

void pipe_fini(struct pipe *p)
{
    if (p->ring != NULL) {
        pthread_mutex_destroy(&p->mu);
        mem_free(p->ring);
        p->ring = NULL;
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Into the free part of the ring, which may begin anew at its start. */
static void copy_in(struct pipe *p, uint64_t at, const char *bytes, size_t size)
{
    size_t place = at % p->capacity;
    size_t first = smaller(size, p->capacity - place);

    memcpy(p->ring + place, bytes, first);
    memcpy(p->ring, bytes + first, size - first);
}

static void copy_out(const struct pipe *p, uint64_t at, char *to, size_t size)
{
    size_t place = at % p->capacity;
    size_t first = smaller(size, p->capacity - place);

    memcpy(to, p->ring + place, first);
    memcpy(to + first, p->ring, size - first);
}

static size_t room_locked(const struct pipe *p)
{
    return p->capacity - (size_t)(p->put - p->taken);
}

/* --- the writer --------------------------------------------------------------------------- */

size_t pipe_room(struct pipe *p)
{
    size_t room;

    pthread_mutex_lock(&p->mu);
    room = room_locked(p);
    pthread_mutex_unlock(&p->mu);
    return room;
}

/* So many more are in: the reader may have them. */
static void publish(struct pipe *p, size_t size)
{
    bool is_waited_for;

    pthread_mutex_lock(&p->mu);
    if (size > 0) { /* pipe_tell may come from beside the writer */
        p->put += size;
    }
    is_waited_for = !p->is_reader_told;
    p->is_reader_told = true;
    pthread_mutex_unlock(&p->mu);
    if (is_waited_for) {
        p->notify(p->user);
    }
}

void pipe_tell(struct pipe *p)
{
    publish(p, 0);
}

/* Sleep until half of the ring is free. Return: as pipe_put. */
static enum status await_room(struct pipe *p, struct cancel *cancel,
                              const struct pipe_patience *patience)
{
    int64_t now_ns = clock_now_ns();
    int64_t until_ns = patience->end_ns;
    enum status status = STATUS_OK;

    if (patience->end_ns - now_ns > patience->stall_ns) {
        until_ns = now_ns + patience->stall_ns;
    }
    pthread_mutex_lock(&p->mu);
    while (room_locked(p) < p->capacity / 2 && status == STATUS_OK) {
        if (clock_now_ns() >= until_ns) {
            status = cancel_check(cancel);
            status = status == STATUS_OK ? STATUS_BUSY : status;
            break;
        }
        p->waiter = cancel;
        cancel_announce(cancel);
        pthread_mutex_unlock(&p->mu);
        status = cancel_sleep(cancel, until_ns);
        pthread_mutex_lock(&p->mu);
        p->waiter = NULL;
    }
    pthread_mutex_unlock(&p->mu);
    return status;
}

enum status pipe_put(struct pipe *p, const char *bytes, size_t size, struct cancel *cancel,
                     const struct pipe_patience *patience, size_t *ret_put)
{
    enum status status = STATUS_OK;
    size_t done = 0;

    if (size == 0) {
        pipe_tell(p);
    }
    while (done < size && status == STATUS_OK) {
        size_t n = smaller(size - done, pipe_room(p));

        if (n == 0) {
            status = await_room(p, cancel, patience);
            continue;
        }
        copy_in(p, p->put, bytes + done, n); /* only the writer changes p->put */
        publish(p, n);
        done += n;
    }
    *ret_put = done;
    return status;
}

/* --- the reader --------------------------------------------------------------------------- */

size_t pipe_take(struct pipe *p, char *to, size_t max)
{
    size_t n;

    pthread_mutex_lock(&p->mu);
    n = smaller(max, (size_t)(p->put - p->taken));
    p->is_reader_told = n > 0;
    pthread_mutex_unlock(&p->mu);
    if (n == 0) {
        return 0;
    }
    copy_out(p, p->taken, to, n); /* only the reader changes p->taken */
    pthread_mutex_lock(&p->mu);
    p->taken += n;
    if (p->waiter != NULL && room_locked(p) >= p->capacity / 2) {
        cancel_wake(p->waiter); /* under the mutex: its sleeper, and the token, are still there */
        p->waiter = NULL;
    }
    pthread_mutex_unlock(&p->mu);
    return n;
}
