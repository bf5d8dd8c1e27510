/*
 * How a statement is stopped: the progress handler looks at the token every thousand virtual
 * machine steps, the busy handler sleeps on it while another process holds the lock.
 *
 * sqlite3_interrupt() is not used: it is not sticky, so one that comes too early is lost and one
 * that comes too late ends the next request. The token belongs to one request and cannot miss.
 *
 * Both run on the thread that called sqlite3_step(), below connection_run().
 */
#include "base/clock.h"
#include "storage/sqlite_internal.h"

#define STEPS_BETWEEN_CHECKS 1000
#define LOCK_WAIT_NS         (5 * NS_PER_S) /* for work that has no deadline */

static int on_progress(void *context)
{
    struct connection *c = context;

    /* Never during our own COMMIT: it would report a failure after the fact. */
    if (c->is_ours || c->cancel == NULL) {
        return 0;
    }
    c->stopped = cancel_check(c->cancel);
    return c->stopped != STATUS_OK;
}

static int on_busy(void *context, int calls_before)
{
    static const unsigned char delay_ms[] = {1, 2, 5, 10, 15, 20, 25};
    size_t last = sizeof(delay_ms) - 1;
    size_t place = (size_t)calls_before < last ? (size_t)calls_before : last;
    struct connection *c = context;
    struct cancel nobody;
    struct cancel *cancel = c->cancel;
    int64_t now_ns = clock_now_ns();

    if (c->is_hasty) {
        return 0;
    }
    if (cancel == NULL) {
        cancel_init(&nobody, 0);
        cancel = &nobody;
    }
    if (calls_before == 0) {
        c->lock_wait_end_ns = now_ns + LOCK_WAIT_NS;
    }
    if (cancel->deadline_ns == 0 && now_ns >= c->lock_wait_end_ns) {
        return 0;
    }
    c->stopped = cancel_wait(cancel, now_ns + delay_ms[place] * NS_PER_MS);
    return c->stopped == STATUS_OK;
}

void stop_install(struct connection *c)
{
    sqlite3_progress_handler(c->handle, STEPS_BETWEEN_CHECKS, on_progress, c);
    (void)sqlite3_busy_handler(c->handle, on_busy, c); /* fails only without a handle */
}

static enum status report(enum status status, struct error *err)
{
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    (void)error_set(err, status, "%s",
                    status == STATUS_DEADLINE ? "the deadline passed" : "cancelled");
    error_code(err, "57014");
    return status;
}

enum status stop_check(struct connection *c, struct error *err)
{
    return report(c->cancel == NULL ? STATUS_OK : cancel_check(c->cancel), err);
}

enum status stop_seal(struct connection *c, struct error *err)
{
    return report(c->cancel == NULL ? STATUS_OK : cancel_seal(c->cancel), err);
}
