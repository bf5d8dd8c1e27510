#include "cli/service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/openapi_routes.h"
#include "cli/routes.h"
#include "cli/service_parts.h"
#include "handlers/admin/admin.h"
#include "handlers/admin/backup.h"
#include "handlers/idempotency.h"
#include "handlers/table/rpc.h"
#include "handlers/table/table.h"
#include "server/listener.h"
#include "server/server.h"
#include "storage/database.h"

#define DEFAULT_WRITE_QUEUE 1024
#define BACKUP_NICE         10

/* --- pools -------------------------------------------------------------------------------- */

/* The one writer's: its requests share a COMMIT. Reads that want the processors pay for a thousand in a second
 * at most. */
static const struct executor_group group_commit = {.begin = slot_group_begin,
                                                   .is_full = slot_group_is_full,
                                                   .end = slot_group_end,
                                                   .apart_ns = NS_PER_MS,
                                                   .rest = slot_rest};

static enum status add_pool(struct service *s, const struct config_pool *pool,
                            struct slot_conf *slot, struct error *err)
{
    struct executor_conf conf = {.name = pool->name,
                                 .threads = (unsigned)pool->threads,
                                 .queue_max = (unsigned)pool->queue,
                                 .spares = (unsigned)pool->spares,
                                 .nice = (int)pool->nice,
                                 .codel_target_ns = (int64_t)pool->codel_target_ms * NS_PER_MS,
                                 .codel_interval_ns = (int64_t)pool->codel_interval_ms * NS_PER_MS,
                                 .local_user = slot,
                                 .local_create = slot_create,
                                 .local_destroy = slot_destroy,
                                 .local_batch_begin = slot_batch_begin,
                                 .local_batch_end = slot_batch_end,
                                 .group = slot->kind == CONNECTION_WRITER ? &group_commit : NULL};
    enum status status = STATUS_OK;

    if (!s->is_dry) {
        status = executor_create(&conf, &s->executors[s->executors_count], err);
    }
    if (status == STATUS_OK) {
        s->executor_names[s->executors_count++] = pool->name;
    }
    return status;
}

static enum status create_pools(struct service *s, struct error *err)
{
    static char write_name[] = "write";
    static char backup_name[] = BACKUP_POOL;
    /* The second thread is there to tell whoever asks that the first is at work. */
    static const struct config_pool backup = {
        .name = backup_name, .threads = 2, .queue = 16, .spares = 1, .nice = BACKUP_NICE};
    const struct config *config = s->config;
    struct config_pool write = {.name = write_name, .threads = 1, .queue = DEFAULT_WRITE_QUEUE};
    bool has_backup = config->backup.directory == NULL || s->db == NULL; /* or wants none */

    s->executors = mem_zalloc((config->pools_count + 2) * sizeof(struct executor *));
    s->executor_names = mem_zalloc((config->pools_count + 2) * sizeof(char *));
    if (s->executors == NULL || s->executor_names == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for the pools");
    }
    s->reader_slot = (struct slot_conf){.db = s->db, .kind = CONNECTION_READER};
    s->writer_slot = (struct slot_conf){.db = s->db, .kind = CONNECTION_WRITER};
    for (size_t i = 0; i < config->pools_count; i++) {
        const struct config_pool *pool = &config->pools[i];
        enum status status;
        has_backup = has_backup || strcmp(pool->name, BACKUP_POOL) == 0;
        if (strcmp(pool->name, "write") == 0) {
            write = *pool;
            continue;
        }
        status = add_pool(s, pool, &s->reader_slot, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (!has_backup) {
        enum status status = add_pool(s, &backup, &s->reader_slot, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (!config->database.write || s->db == NULL) {
        return STATUS_OK;
    }
    return add_pool(s, &write, &s->writer_slot, err);
}

/* --- database ----------------------------------------------------------------------------- */

static enum status open_database(struct service *s, struct error *err)
{
    struct database_conf conf = {
        .path = s->config->database.path,
        .is_writable = s->config->database.write && !s->is_dry,
        .is_schema_trusted = s->config->database.trusted_schema,
        .synchronous = s->config->database.synchronous == CONFIG_SYNCHRONOUS_NORMAL
                           ? DATABASE_SYNCHRONOUS_NORMAL
                           : DATABASE_SYNCHRONOUS_FULL,
    };
    enum status status;

    if (conf.path == NULL) {
        return STATUS_OK;
    }
    status = database_open(&conf, &s->db, err);
    if (status == STATUS_OK) {
        status = connection_open(s->db, CONNECTION_READER, NULL, &s->inspector, err);
    }
    return status;
}

static enum status create_tables(struct service *s, struct error *err)
{
    const struct config *config = s->config;
    struct table_conf conf = {.db = s->db,
                              .rows_max = config->tables.max_rows,
                              .has_aggregates = config->tables.aggregates,
                              .is_writable = config->database.write,
                              .has_tx_override = config->tables.tx_override,
                              .has_unfiltered_writes = config->tables.unfiltered_writes,
                              .keys = s->keys,
                              .stream_bytes = config->limits.stream_bytes,
                              .include = (const char *const *)config->tables.include,
                              .include_count = config->tables.include_count,
                              .exclude = (const char *const *)config->tables.exclude,
                              .exclude_count = config->tables.exclude_count,
                              .cors = {.origins = (const char *const *)config->cors.origins,
                                       .origins_count = config->cors.origins_count}};

    if (!config->tables.enabled || s->db == NULL) {
        return STATUS_OK;
    }
    return table_api_create(&conf, &s->tables, err);
}

/* The configured one, else the name of the database's file. */
static const char *title_of(const struct config *config)
{
    const char *path = config->database.path;
    const char *slash = path == NULL ? NULL : strrchr(path, '/');

    if (config->openapi.title != NULL) {
        return config->openapi.title;
    }
    return path == NULL ? "Gantry" : slash == NULL ? path : slash + 1;
}

/* A table_describe_fn, of a struct openapi. */
static void describe(const void *user, struct call *call, struct worker *worker,
                     const char *content_type)
{
    assert_on_worker();
    openapi_answer(user, call, worker, content_type);
}

static enum status create_openapi(struct service *s)
{
    const struct config *config = s->config;
    struct openapi_conf conf = {
        .title = title_of(config),
        .version = GANTRY_VERSION,
        .db = s->db,
        .has_tables = s->tables != NULL,
        .is_writable = config->database.write,
        .prefix = config->tables.prefix,
        .rows_max = config->tables.max_rows,
        .include = (const char *const *)config->tables.include,
        .include_count = config->tables.include_count,
        .exclude = (const char *const *)config->tables.exclude,
        .exclude_count = config->tables.exclude_count,
        .routes_count = config->routes_count,
        .has_metrics = config->metrics.enabled && config->admin.listen == NULL,
        .has_admin = config->admin.listen == NULL && listener_is_loopback(config->listen),
        .has_docs = config->openapi.enabled && config->docs.enabled,
        .bytes_max = (size_t)config->limits.response_bytes,
        .cors = {.origins = (const char *const *)config->cors.origins,
                 .origins_count = config->cors.origins_count},
    };
    enum status status;

    if (!config->openapi.enabled) {
        return STATUS_OK;
    }
    status = openapi_routes_create(config, &s->openapi_routes);
    if (status == STATUS_OK) {
        conf.routes = openapi_routes_list(s->openapi_routes);
        conf.queries = openapi_routes_queries(s->openapi_routes);
        conf.queries_count = s->tables == NULL ? 0 : config->rpc_count;
        status = openapi_create(&conf, &s->openapi);
    }
    if (status == STATUS_OK && s->tables != NULL) {
        table_api_describe(s->tables, describe, s->openapi);
    }
    s->has_docs = status == STATUS_OK && conf.has_docs;
    return status;
}

static enum status create_metrics(struct service *s)
{
    struct metrics_conf conf = {.executors = s->executors,
                                .executors_count = s->is_dry ? 0 : s->executors_count,
                                .db = s->config->database.write ? s->db : NULL,
                                .version = GANTRY_VERSION,
                                .database = database_library_version(),
                                .http_library = server_library_version()};

    return s->config->metrics.enabled ? metrics_create(&conf, &s->metrics) : STATUS_OK;
}

static enum status create_admin(struct service *s)
{
    struct admin_conf conf = {.executors = s->executors,
                              .executors_count = s->is_dry ? 0 : s->executors_count,
                              .is_shared = s->config->admin.listen == NULL};

    return admin_create(&conf, &s->admin);
}

static enum status create_backup(struct service *s)
{
    struct admin_backup_conf conf = {.db = s->db,
                                     .directory = s->config->backup.directory,
                                     .is_shared = s->config->admin.listen == NULL};

    return admin_backup_create(&conf, &s->backup);
}

/* A copy that is asked for in the night should not be the first to find it out. */
static void check_backup(const struct service *s, struct problems *problems)
{
    const char *directory = s->config->backup.directory;
    struct stat about;

    if (directory == NULL) {
        return;
    }
    if (stat(directory, &about) != 0) {
        problems_add(problems, "$.backup.directory", "%s: %s", directory, strerror(errno));
    } else if (!S_ISDIR(about.st_mode)) {
        problems_add(problems, "$.backup.directory", "%s: is not a directory", directory);
    } else if (access(directory, W_OK | X_OK) != 0) {
        problems_add(problems, "$.backup.directory", "%s: the service may not write to it",
                     directory);
    }
}

/* --- life --------------------------------------------------------------------------------- */

static enum status build(struct service *s, struct problems *problems, struct error *err)
{
    enum status status = open_database(s, err);

    if (status == STATUS_OK) {
        status = create_pools(s, err);
    }
    if (status == STATUS_OK && s->config->database.write && s->db != NULL) {
        status = idempotency_create(&s->keys, err);
    }
    if (status == STATUS_OK) {
        status = create_tables(s, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (health_create(s->executors, s->is_dry ? 0 : s->executors_count, s->db, &s->health) !=
            STATUS_OK ||
        create_admin(s) != STATUS_OK || create_backup(s) != STATUS_OK ||
        router_create(&s->router) != STATUS_OK ||
        (s->config->admin.listen != NULL && router_create(&s->admin_router) != STATUS_OK)) {
        return error_set(err, STATUS_NOMEM, "no memory for the routes");
    }
    if (create_metrics(s) != STATUS_OK) {
        return error_set(err, STATUS_NOMEM, "no memory for the metrics");
    }
    if (create_openapi(s) != STATUS_OK) {
        return error_set(err, STATUS_NOMEM, "no memory for the description of the routes");
    }
    check_backup(s, problems);
    status = routes_add(s, problems, err);
    /* Were it still open when the writer closes, the last commits would stay in the -wal file. */
    connection_close(s->inspector);
    s->inspector = NULL;
    return status;
}

enum status service_create(const struct config *config, bool is_dry, struct problems *problems,
                           struct service **ret, struct error *err)
{
    struct service *s = mem_zalloc(sizeof(*s));
    enum status status;

    if (s == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for the service");
    }
    s->config = config;
    s->is_dry = is_dry;
    status = build(s, problems, err);
    if (status != STATUS_OK) {
        service_destroy(s);
        return status;
    }
    *ret = s;
    return STATUS_OK;
}

void service_stop(struct service *s)
{
    for (size_t i = 0; i < s->executors_count; i++) {
        if (s->executors[i] != NULL) {
            executor_stop(s->executors[i]);
        }
    }
}

/* Readers first: the last connection to close is the writer's, which then checkpoints. */
void service_destroy(struct service *s)
{
    if (s == NULL) {
        return;
    }
    connection_close(s->inspector);
    for (size_t i = 0; i < s->executors_count; i++) {
        executor_destroy(s->executors[i]);
    }
    router_destroy(s->router);
    router_destroy(s->admin_router);
    for (size_t i = 0; i < s->sql_routes_count; i++) {
        sql_route_destroy(s->sql_routes[i]);
    }
    mem_free(s->sql_routes);
    for (size_t i = 0; i < s->queries_count; i++) {
        rpc_destroy(s->queries[i]);
    }
    mem_free(s->queries);
    table_api_destroy(s->tables);
    idempotency_destroy(s->keys);
    openapi_destroy(s->openapi);
    openapi_routes_destroy(s->openapi_routes);
    health_destroy(s->health);
    metrics_destroy(s->metrics);
    admin_destroy(s->admin);
    admin_backup_destroy(s->backup);
    mem_free(s->executors);
    mem_free(s->executor_names);
    database_close(s->db);
    mem_free(s);
}

const struct router *service_router(const struct service *s)
{
    return s->router;
}

const struct router *service_admin_router(const struct service *s)
{
    return s->admin_router;
}

struct health *service_health(const struct service *s)
{
    return s->health;
}

struct metrics *service_metrics(const struct service *s)
{
    return s->metrics;
}

bool service_has_tables(const struct service *s)
{
    return s->tables != NULL;
}

bool service_has_openapi(const struct service *s)
{
    return s->openapi != NULL;
}

bool service_has_docs(const struct service *s)
{
    return s->has_docs;
}
