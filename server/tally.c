#include "server/tally.h"

#include <stdatomic.h>

#include "base/mem.h"

#define METHODS (METHODS_COUNT + 1) /* with METHOD_UNKNOWN */
#define CLASSES (SERVER_5XX + 1)

struct series {
    const struct route *route;
    struct live_histogram duration;
    _Atomic uint64_t bytes; /* relaxed: written by the loop alone */
};

struct tally {
    size_t places_count;
    /* Written by the loop alone; release: publishes route. First those without a route. */
    struct series *_Atomic places[];
};

enum status tally_create(size_t routes_count, struct tally **ret)
{
    size_t count = (routes_count + 1) * METHODS * CLASSES;
    struct tally *tally = mem_zalloc(sizeof(*tally) + count * sizeof(tally->places[0]));

    if (tally == NULL) {
        return STATUS_NOMEM;
    }
    tally->places_count = count;
    for (size_t i = 0; i < count; i++) {
        atomic_init(&tally->places[i], NULL);
    }
    *ret = tally;
    return STATUS_OK;
}

void tally_destroy(struct tally *tally)
{
    if (tally == NULL) {
        return;
    }
    for (size_t i = 0; i < tally->places_count; i++) {
        mem_free(atomic_load_explicit(&tally->places[i], memory_order_relaxed));
    }
    mem_free(tally);
}

/* --- counting --------------------------------------------------------------------------------- */

static enum server_class class_of(unsigned http_status)
{
    unsigned first = http_status / 100;

    return first >= 1 && first <= 5 ? (enum server_class)(SERVER_1XX + first - 1)
                                    : SERVER_UNANSWERED;
}

static size_t place_of(const struct tally_end *end)
{
    size_t row = end->route == NULL ? 0 : end->route->index + 1;

    return (row * METHODS + end->method) * CLASSES + class_of(end->http_status);
}

/* The figures at a place, made if they are missing. NULL: no memory. */
static struct series *series_at(struct tally *tally, size_t place,
                                const struct route *route) ON_LOOP
{
    struct series *series =
        atomic_load_explicit(&tally->places[place], memory_order_relaxed); /* our own store */

    if (series == NULL) {
        series = mem_zalloc(sizeof(*series));
        if (series != NULL) {
            series->route = route;
            atomic_store_explicit(&tally->places[place], series, memory_order_release);
        }
    }
    return series;
}

void tally_add(struct tally *tally, const struct tally_end *end)
{
    struct series *series = series_at(tally, place_of(end), end->route);

    if (series == NULL) {
        return;
    }
    live_histogram_add(&series->duration, end->duration_ns);
    atomic_store_explicit(&series->bytes,
                          atomic_load_explicit(&series->bytes, memory_order_relaxed) + end->bytes,
                          memory_order_relaxed);
}

/* --- reading ---------------------------------------------------------------------------------- */

size_t tally_places(const struct tally *tally)
{
    return tally->places_count;
}

bool tally_read(const struct tally *tally, size_t place, struct server_series *to)
{
    const struct series *series = atomic_load_explicit(&tally->places[place], memory_order_acquire);

    if (series == NULL) {
        return false;
    }
    to->route = series->route;
    to->method = (enum method)(place / CLASSES % METHODS);
    to->class = (enum server_class)(place % CLASSES);
    live_histogram_read(&series->duration, &to->duration);
    to->bytes += atomic_load_explicit(&series->bytes, memory_order_relaxed);
    return true;
}
