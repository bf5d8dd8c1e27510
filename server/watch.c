#include "server/watch.h"

#include <stddef.h>

#include "base/attributes.h"
#include "base/clock.h"

enum status watch_init(struct watch *w, const struct watch_conf *conf)
{
    enum status status = heap_init(&w->due, conf->in_flight_max);

    if (status != STATUS_OK) {
        return status;
    }
    for (unsigned i = 0; i < CLIENT_PHASES_LIMITED; i++) {
        list_init(&w->phases[i]);
    }
    w->limits_ns[CLIENT_NEW] = (int64_t)conf->header_ms * NS_PER_MS;
    w->limits_ns[CLIENT_HEAD] = (int64_t)conf->header_ms * NS_PER_MS;
    w->limits_ns[CLIENT_SEND] = (int64_t)conf->send_ms * NS_PER_MS;
    w->limits_ns[CLIENT_BODY] = (int64_t)conf->body_ms * NS_PER_MS;
    /* Idleness is libmicrohttpd's timeout; this is how often an idle client is looked at. */
    w->limits_ns[CLIENT_IDLE] = (int64_t)conf->header_ms * NS_PER_MS;
    return STATUS_OK;
}

void watch_fini(struct watch *w)
{
    heap_fini(&w->due);
}

/* --- requests ----------------------------------------------------------------------------- */

void watch_begin(struct watch *w, struct watched *request, int64_t deadline_ns)
{
    if (deadline_ns != 0) {
        heap_put(&w->due, &request->due, deadline_ns);
    }
}

void watch_end(struct watch *w, struct watched *request)
{
    heap_remove(&w->due, &request->due);
}

struct watched *watch_next_due(struct watch *w, int64_t now_ns)
{
    struct heap_node *node = heap_first(&w->due);
    struct watched *request;

    if (node == NULL || node->key > now_ns) {
        return NULL;
    }
    request = container_of(node, struct watched, due);
    watch_end(w, request);
    return request;
}

/* --- clients ------------------------------------------------------------------------------ */

void watch_client(struct watch *w, struct client *client, enum client_phase phase, int64_t now_ns)
{
    list_remove(&client->phase_link);
    client->phase = phase;
    client->since_ns = now_ns;
    if (phase < CLIENT_PHASES_LIMITED) {
        list_append(&w->phases[phase], &client->phase_link);
    }
}

void watch_client_end(struct client *client)
{
    list_remove(&client->phase_link);
}

struct client *watch_next_late(struct watch *w, int64_t now_ns)
{
    for (unsigned i = 0; i < CLIENT_PHASES_LIMITED; i++) {
        struct list *link = list_first(&w->phases[i]);
        struct client *client;

        if (link == NULL) {
            continue;
        }
        client = container_of(link, struct client, phase_link);
        if (now_ns - client->since_ns >= w->limits_ns[i]) {
            list_remove(link);
            return client;
        }
    }
    return NULL;
}

int64_t watch_next_ns(const struct watch *w)
{
    int64_t next_ns = INT64_MAX;
    const struct heap_node *due = heap_first(&w->due);

    if (due != NULL) {
        next_ns = due->key;
    }
    for (unsigned i = 0; i < CLIENT_PHASES_LIMITED; i++) {
        if (!list_is_empty(&w->phases[i])) {
            const struct client *oldest =
                container_of(w->phases[i].next, struct client, phase_link);
            int64_t late_ns = oldest->since_ns + w->limits_ns[i];
            next_ns = late_ns < next_ns ? late_ns : next_ns;
        }
    }
    return next_ns;
}
