#include "pool/codel.h"

#define INTERVAL_TARGETS 20 /* RFC 8289, 4.3: the target is 5 % of the interval */

void codel_init(struct codel *c, int64_t target_ns, int64_t interval_ns)
{
    *c = (struct codel){.target_ns = target_ns, .interval_ns = interval_ns, .least_ns = INT64_MAX};
}

static int64_t target_ns(const struct codel *c)
{
    return c->floor_ns > c->target_ns ? c->floor_ns : c->target_ns;
}

static int64_t interval_ns(const struct codel *c)
{
    int64_t scaled_ns = INTERVAL_TARGETS * c->floor_ns;

    return scaled_ns > c->interval_ns ? scaled_ns : c->interval_ns;
}

/*
 * An interval in which nothing was taken says nothing, and what was before it is no news any more:
 * the queue was empty, or stood still.
 */
static bool is_news(const struct codel *c, int64_t now_ns)
{
    return now_ns - c->end_ns < interval_ns(c);
}

static void begin_interval(struct codel *c, int64_t now_ns)
{
    bool is_standing = c->least_ns != INT64_MAX && c->least_ns > target_ns(c);

    c->is_refusing = is_news(c, now_ns) && c->is_overloaded && c->has_given_up;
    c->is_overloaded = c->is_refusing || (is_news(c, now_ns) && is_standing);
    c->end_ns = now_ns + interval_ns(c);
    c->least_ns = INT64_MAX;
    c->has_given_up = false;
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

bool codel_is_overloaded(const struct codel *c, int64_t now_ns)
{
    return c->is_overloaded && is_news(c, now_ns);
}

bool codel_refuses(struct codel *c, int64_t wait_ns)
{
    bool refuses = c->is_refusing && wait_ns > target_ns(c);

    c->has_given_up = c->has_given_up || refuses;
    return refuses;
}

bool codel_drops(struct codel *c, int64_t waited_ns)
{
    bool drops = c->is_overloaded && waited_ns > interval_ns(c);

    if (drops) {
        c->has_given_up = true;
        c->is_refusing = true;
    }
    return drops;
}

bool codel_is_newest_first(const struct codel *c, int64_t oldest_ns)
{
    return c->is_overloaded && oldest_ns > interval_ns(c) / 2;
}
