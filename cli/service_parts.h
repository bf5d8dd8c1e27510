/* What a service consists of. Private to service.c and routes.c. */
#ifndef GANTRY_CLI_SERVICE_PARTS_H
#define GANTRY_CLI_SERVICE_PARTS_H

#include "cli/service.h"
#include "handlers/sql/sql.h"
#include "pool/executor.h"
#include "storage/slot.h"

struct admin;
struct idempotency;
struct admin_backup;
struct openapi;
struct openapi_routes;
struct rpc;
struct table_api;

#define BACKUP_POOL "backup" /* runs POST /admin/backup, and nothing else unless it is configured */

struct service {
    const struct config *config;
    bool is_dry;
    struct database *db;          /* NULL: none is configured */
    struct connection *inspector; /* the main thread's, to look at SQL; closed before serving */
    struct slot_conf reader_slot;
    struct slot_conf writer_slot;
    struct executor **executors; /* NULLs when dry; the writer's is the last */
    const char **executor_names;
    size_t executors_count;
    struct health *health;
    struct idempotency *keys; /* NULL: there is nothing to write to */
    struct metrics *metrics;  /* NULL: switched off */
    struct admin *admin;
    struct admin_backup *backup;
    struct table_api *tables;              /* NULL: not served */
    struct openapi *openapi;               /* NULL: switched off */
    struct openapi_routes *openapi_routes; /* what it tells of the configured ones */
    bool has_docs;
    struct sql_route **sql_routes;
    size_t sql_routes_count;
    struct rpc **queries;
    size_t queries_count;
    struct router *router;
    struct router *admin_router; /* NULL: there is no admin listener */
};

#endif
