/*
 * GET /metrics: what the service has counted, in Prometheus' text format. docs/metrics.md lists the
 * series.
 *
 * INLINE: it reads counters, and holds the mutex of each pool for as long as it takes to copy its
 * figures. So it answers whatever the pools are doing.
 */
#ifndef GANTRY_HANDLERS_METRICS_METRICS_H
#define GANTRY_HANDLERS_METRICS_METRICS_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/role.h"
#include "base/status.h"
#include "server/handler.h"

struct database;
struct executor;
struct metrics; /* opaque */
struct server;

#define METRICS_SERVERS_MAX 2

struct metrics_conf {
    struct executor *const *executors; /* borrowed until metrics_destroy */
    size_t executors_count;
    struct database *db;  /* whose writes are shown, borrowed likewise; NULL: none is written to */
    const char *version;  /* static, as are those of the libraries */
    const char *database; /* SQLite's */
    const char *http_library; /* libmicrohttpd's */
};

/* Gives: *ret. Return: OK, NOMEM. */
NODISCARD enum status metrics_create(const struct metrics_conf *conf,
                                     struct metrics **ret) MAY_BLOCK;
void metrics_destroy(struct metrics *metrics); /* NULL is fine */

/*
 * Show that server's figures as well; listener (static) tells them apart. server must exist for as
 * long as the handler may be asked.
 * Context: the main thread, also while the handler is asked by another server.
 */
void metrics_add_server(struct metrics *metrics, const char *listener, const struct server *server);

/* Lends the handler, until metrics_destroy. */
const struct handler *metrics_handler(const struct metrics *metrics);

#endif
