#include "server/watchdog.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/invariant.h"
#include "base/log.h"
#include "base/thread.h"

#define SAY_AGAIN_NS NS_PER_S

/* --- one look --------------------------------------------------------------------------------- */

/* The same handler, a moment ago? Then the log has had it. */
static bool is_repeated(const struct watchdog_loop *loop, const struct route *route, int64_t now_ns)
{
    return loop->said_ns != 0 && loop->said_route == route && now_ns - loop->said_ns < SAY_AGAIN_NS;
}

bool watchdog_look(struct watchdog_loop *loop, int64_t now_ns, struct stall *ret)
{
    const struct pulse *pulse = loop->pulse;
    int64_t since_ns = atomic_load_explicit(&pulse->busy_since_ns, memory_order_acquire);
    const struct route *route;

    if (since_ns == 0 || now_ns - since_ns < WATCHDOG_STALL_NS || since_ns == loop->noticed_ns) {
        return false;
    }
    route = atomic_load_explicit(&pulse->serving, memory_order_acquire);
    if (atomic_load_explicit(&pulse->busy_since_ns, memory_order_relaxed) != since_ns) {
        return false; /* it has just ended, and the handler may be another turn's */
    }
    loop->noticed_ns = since_ns;
    if (is_repeated(loop, route, now_ns)) {
        return false;
    }
    loop->said_route = route;
    loop->said_ns = now_ns;
    *ret = (struct stall){.route = route, .busy_ns = now_ns - since_ns};
    return true;
}

static void say(const struct pulse *pulse, const struct stall *stall)
{
    char handler[200] = "none: libmicrohttpd, or the loop itself";

    if (stall->route != NULL) {
        (void)snprintf(handler, sizeof(handler), "%s %s", method_name(stall->route->method),
                       stall->route->pattern); /* cut is fine */
    }
    log_event(LOG_WARN, "a loop is stalled: all its clients wait", LOG_STR("loop", pulse->name),
              LOG_STR("handler", handler), LOG_INT("busy_ms", stall->busy_ns / NS_PER_MS));
}

/* --- the thread ------------------------------------------------------------------------------- */

/* Wait for the next look. Return: false when there is to be none. */
static bool wait_for_look(struct watchdog *watchdog)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail with this clock */
    until.tv_nsec += WATCHDOG_LOOK_MS * NS_PER_MS;
    until.tv_sec += until.tv_nsec / NS_PER_S;
    until.tv_nsec %= NS_PER_S;
    return sem_clockwait(&watchdog->stopping, CLOCK_MONOTONIC, &until) != 0;
}

static void *run(void *argument)
{
    struct watchdog *watchdog = argument;

    (void)pthread_setname_np(pthread_self(), "gy-watchdog"); /* a comfort, not a need */
    while (wait_for_look(watchdog)) {
        int64_t now_ns = clock_now_ns();
        for (size_t i = 0; i < watchdog->loops_count; i++) {
            struct stall stall;
            if (watchdog_look(&watchdog->loops[i], now_ns, &stall)) {
                say(watchdog->loops[i].pulse, &stall);
            }
        }
    }
    return NULL;
}

void watchdog_add(struct watchdog *watchdog, const struct pulse *pulse)
{
    invariant(!watchdog->is_started && watchdog->loops_count < WATCHDOG_LOOPS_MAX);
    watchdog->loops[watchdog->loops_count++] = (struct watchdog_loop){.pulse = pulse};
}

enum status watchdog_start(struct watchdog *watchdog, struct error *err)
{
    int rc;

    (void)sem_init(&watchdog->stopping, 0, 0); /* fails only for a value that is too large */
    rc = thread_start(&watchdog->thread, run, watchdog);
    if (rc != 0) {
        (void)sem_destroy(&watchdog->stopping); /* nobody waits */
        return error_set(err, STATUS_OS, "cannot start the watchdog's thread: %s", strerror(rc));
    }
    watchdog->is_started = true;
    return STATUS_OK;
}

void watchdog_stop(struct watchdog *watchdog)
{
    if (!watchdog->is_started) {
        return;
    }
    sem_post(&watchdog->stopping);
    pthread_join(watchdog->thread, NULL);
    (void)sem_destroy(&watchdog->stopping); /* nobody waits */
    watchdog->is_started = false;
}
