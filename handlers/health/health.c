#include "handlers/health/health.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "pool/executor.h"
#include "server/call.h"
#include "storage/writes.h"

#define FULL_TOO_LONG_NS NS_PER_S

struct health {
    struct handler live;
    struct handler ready;
    struct handler startup;
    _Atomic int phase; /* relaxed: a word that stands for itself */
    struct executor *const *executors;
    size_t executors_count;
    const struct database *db; /* NULL: none */
};

static enum health_phase phase_of(const struct health *health)
{
    return (enum health_phase)atomic_load_explicit(&health->phase, memory_order_relaxed);
}

static void answer(struct call *call, unsigned http_status, const char *json)
{
    struct buf *body = call_answer(call, http_status, "application/json");

    response_header(&call->response, "Cache-Control", "no-store");
    buf_append_str(body, str_of(json));
}

static void live(const struct handler *handler, struct call *call)
{
    (void)handler;
    assert_on_loop();
    answer(call, 200, "{\"status\":\"ok\"}");
}

static void startup(const struct handler *handler, struct call *call)
{
    const struct health *health = const_container_of(handler, struct health, startup);

    assert_on_loop();
    if (phase_of(health) == HEALTH_STARTING) {
        answer(call, 503, "{\"status\":\"starting\"}");
    } else {
        answer(call, 200, "{\"status\":\"ok\"}");
    }
}

static void add_reason(struct buf *reasons, const char *text)
{
    buf_append_str(reasons, reasons->size == 0 ? STR("") : STR(","));
    json_put_string(reasons, str_of(text));
}

/* Return: were there any? */
static bool add_full_pools(struct buf *reasons, const struct health *health)
{
    int64_t now_ns = clock_now_ns();
    bool has_full = false;

    for (size_t i = 0; i < health->executors_count; i++) {
        int64_t since_ns = executor_full_since_ns(health->executors[i]);
        if (since_ns != 0 && now_ns - since_ns >= FULL_TOO_LONG_NS) {
            char text[64];
            (void)snprintf(text, sizeof(text), "pool %s: queue full",
                           executor_name(health->executors[i])); /* fits */
            add_reason(reasons, text);
            has_full = true;
        }
    }
    return has_full;
}

/* Return: is there a reason? */
static bool add_writes(struct buf *reasons, const struct health *health)
{
    const char *why = health->db == NULL ? NULL : database_writes_stopped(health->db);
    char text[128];

    if (why == NULL) {
        return false;
    }
    (void)snprintf(text, sizeof(text), "writing has stopped: %s", why); /* fits */
    add_reason(reasons, text);
    return true;
}

static void ready(const struct handler *handler, struct call *call)
{
    const struct health *health = const_container_of(handler, struct health, ready);
    enum health_phase phase = phase_of(health);
    bool is_ready = phase == HEALTH_READY;
    struct buf reasons;
    struct buf *body;

    assert_on_loop();
    buf_init(&reasons, 16384);
    if (!is_ready) {
        add_reason(&reasons, phase == HEALTH_STARTING ? "starting" : "draining");
    }
    if (add_full_pools(&reasons, health)) {
        is_ready = false;
    }
    if (add_writes(&reasons, health)) {
        is_ready = false;
    }
    if (is_ready) { /* not "no reasons": they may have found no memory */
        answer(call, 200, "{\"status\":\"ok\"}");
    } else {
        body = call_answer(call, 503, "application/json");
        response_header(&call->response, "Cache-Control", "no-store");
        response_header(&call->response, "Retry-After", "1");
        buf_append_literal(body, "{\"status\":\"unavailable\",\"reasons\":[");
        buf_append_str(body, buf_str(&reasons));
        buf_append_literal(body, "]}");
    }
    buf_fini(&reasons);
}

enum status health_create(struct executor *const *executors, size_t count,
                          const struct database *db, struct health **ret)
{
    struct health *health = mem_zalloc(sizeof(*health));

    if (health == NULL) {
        return STATUS_NOMEM;
    }
    health->live = (struct handler){.kind = HANDLER_INLINE, .serve = live};
    health->ready = (struct handler){.kind = HANDLER_INLINE, .serve = ready};
    health->startup = (struct handler){.kind = HANDLER_INLINE, .serve = startup};
    atomic_init(&health->phase, HEALTH_STARTING);
    health->executors = executors;
    health->executors_count = count;
    health->db = db;
    *ret = health;
    return STATUS_OK;
}

void health_destroy(struct health *health)
{
    mem_free(health);
}

void health_set_phase(struct health *health, enum health_phase phase)
{
    atomic_store_explicit(&health->phase, phase, memory_order_relaxed);
}

const struct handler *health_live_handler(const struct health *health)
{
    return &health->live;
}

const struct handler *health_ready_handler(const struct health *health)
{
    return &health->ready;
}

const struct handler *health_startup_handler(const struct health *health)
{
    return &health->startup;
}
