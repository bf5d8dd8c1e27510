#include "pool/codel.h"

#define INTERVAL_TARGETS 20 /* RFC 8289, 4.3: the target is 5 % of the interval */

void codel_init(struct codel *c, int64_t target_ns, int64_t interval_ns)
{
    *c = (struct codel){.target_ns = target_ns, .interval_ns = interval_ns, .least_ns = INT64_MAX};
}

int64_t codel_target_ns(const struct codel *c)
{
    return c->floor_ns > c->target_ns ? c->floor_ns : c->target_ns;
}

static int64_t interval_ns(const struct codel *c)
{
    int64_t scaled_ns = INTERVAL_TARGETS * c->floor_ns;

    return scaled_ns > c->interval_ns ? scaled_ns : c->interval_ns;
}

/* An interval in which nothing was taken says nothing: the queue was empty, or stood still. */
static void begin_interval(struct codel *c, int64_t now_ns)
{
    bool is_standing = c->least_ns != INT64_MAX && c->least_ns > codel_target_ns(c);

    c->is_overloaded = is_standing || (c->is_overloaded && c->has_refused);
    c->end_ns = now_ns + interval_ns(c);
    c->least_ns = INT64_MAX;
    c->has_refused = false;
}

void codel_on_take(struct codel *c, int64_t now_ns, int64_t oldest_ns, int64_t mean_ns)
{
    if (c->target_ns == 0) {
        return;
    }
    c->floor_ns = mean_ns;
    if (mean_ns == 0) {
        c->end_ns = now_ns + interval_ns(c); /* what tasks take is not known yet */
        return;
    }
    if (now_ns >= c->end_ns) {
        begin_interval(c, now_ns);
    }
    c->least_ns = oldest_ns < c->least_ns ? oldest_ns : c->least_ns;
}

void codel_on_refuse(struct codel *c)
{
    c->has_refused = true;
}

bool codel_is_newest_first(const struct codel *c, int64_t oldest_ns)
{
    return c->is_overloaded && oldest_ns > codel_target_ns(c);
}

bool codel_is_stale(const struct codel *c, int64_t waited_ns)
{
    return c->is_overloaded && waited_ns > 2 * codel_target_ns(c);
}
