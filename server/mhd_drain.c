#include "server/mhd_drain.h"

#include "base/attributes.h"
#include "base/clock.h"
#include "base/log.h"
#include "server/mhd_flight.h"

#define FAREWELL_MS 1000 /* after the drain's deadline, for the last answers to leave */

static unsigned connections(struct loop *loop)
{
    return atomic_load_explicit(&loop->counters.connections, memory_order_relaxed);
}

static void hang_up_idle(struct loop *loop) ON_LOOP
{
    for (struct list *l = loop->clients.next; l != &loop->clients; l = l->next) {
        struct client *client = container_of(l, struct client, all_link);
        (void)client_hang_up_if_idle(client); /* the others are answered first */
    }
}

static void end_in_flight(struct loop *loop) ON_LOOP
{
    struct list *l = loop->in_flight.next;

    while (l != &loop->in_flight) {
        struct list *next = l->next;
        flight_end(loop, container_of(l, struct exchange, in_flight_link), FLIGHT_DRAINED);
        l = next;
    }
}

static void hang_up_all(struct loop *loop) ON_LOOP
{
    for (struct list *l = loop->clients.next; l != &loop->clients; l = l->next) {
        client_hang_up(container_of(l, struct client, all_link));
    }
}

static bool is_quiet(struct loop *loop) ON_LOOP
{
    return loop->in_flight_count == 0 && connections(loop) == 0;
}

/*
 * Idle clients may still ask (whether we are ready, say) while there is work; they are hung up when
 * there is none.
 */
static void turn_until_quiet(struct loop *loop, int64_t until_ns) ON_LOOP
{
    while (!is_quiet(loop) && clock_now_ns() < until_ns) {
        if (loop->in_flight_count == 0) {
            hang_up_idle(loop);
        }
        loop_turn(loop, until_ns);
    }
}

void drain_run(struct loop *loop)
{
    int64_t until_ns = atomic_load_explicit(&loop->drain_until_ns, memory_order_relaxed);

    loop->is_draining = true;
    accept_stop(loop);
    turn_until_quiet(loop, until_ns);
    if (!is_quiet(loop)) {
        log_event(LOG_WARN, "the drain deadline passed with requests in flight",
                  LOG_INT("in_flight", (int64_t)loop->in_flight_count),
                  LOG_INT("connections", (int64_t)connections(loop)));
    }
    until_ns = clock_now_ns() + FAREWELL_MS * NS_PER_MS;
    while (loop->in_flight_count > 0) { /* one that is on its way home arrives within a turn */
        end_in_flight(loop);
        loop_turn(loop, clock_now_ns() + NS_PER_MS);
    }
    turn_until_quiet(loop, until_ns);
    hang_up_all(loop);
    turn_until_quiet(loop, clock_now_ns() + FAREWELL_MS * NS_PER_MS);
}
