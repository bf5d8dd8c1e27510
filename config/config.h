/*
 * The configuration file: JSON in, one plain struct out, every problem reported at once.
 *
 * Shape, types, ranges and names are checked here; what needs a database or the other modules
 * (does the SQL prepare? do routes collide?) is checked by cli/, which adds to the same list of
 * problems. The reference for users is config/gantry.schema.json.
 */
#ifndef GANTRY_CONFIG_CONFIG_H
#define GANTRY_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/role.h"
#include "config/problems.h"

/* One parameter of a SQL route or of a named query. */
enum config_type {
    CONFIG_INTEGER,
    CONFIG_NUMBER,
    CONFIG_STRING,
    CONFIG_BOOLEAN,
    CONFIG_BLOB,
    CONFIG_JSON,
};

enum config_in { CONFIG_IN_DEFAULT, CONFIG_IN_PATH, CONFIG_IN_QUERY, CONFIG_IN_BODY };

enum config_default { CONFIG_REQUIRED, CONFIG_DEFAULT_NULL, CONFIG_DEFAULT_VALUE };

struct config_param {
    char *name;
    char *description; /* NULL: none */
    enum config_type type;
    enum config_in in;               /* of a route */
    enum config_default has_default; /* "default": null or a value; absent: required */
    int64_t default_integer;         /* integer; boolean as 0 or 1 */
    double default_number;
    char *default_text;  /* string; the bytes of a blob; json as compact JSON text */
    size_t default_size; /* bytes of it */
    bool has_minimum;    /* integer and number */
    bool has_maximum;
    int64_t minimum_integer; /* of an integer */
    int64_t maximum_integer;
    double minimum_number; /* of a number */
    double maximum_number;
    uint64_t min_length; /* string: characters; blob: bytes */
    uint64_t max_length; /* UINT64_MAX: no bound but the body's */
};

enum config_result { CONFIG_ROWS, CONFIG_ROW, CONFIG_NONE };

#define CONFIG_STEPS_MAX 32

/* What becomes of a request when a step has found no row: DEFAULT depends on whether it is used. */
enum config_no_rows {
    CONFIG_NO_ROWS_DEFAULT,
    CONFIG_NO_ROWS_NOT_FOUND,
    CONFIG_NO_ROWS_CONFLICT,
    CONFIG_NO_ROWS_CONTINUE,
};

/* One of several statements of a route. */
struct config_step {
    char *sql; /* NULL: that is a problem */
    enum config_no_rows no_rows;
};

/* Never without method, path and handler: a route that lacks one is a problem and is left out. */
struct config_route {
    size_t index; /* its place in the file: problems with it are at $.routes[index] */
    char *method; /* "GET", "POST", "PUT", "PATCH", "DELETE" */
    char *path;
    char *handler; /* "sql" when the route has "sql" or "steps"; else as given, e.g. "sleep" */
    char *sql;     /* NULL unless handler is "sql" and there are no steps */
    struct config_step *steps;
    size_t steps_count;
    char *pool;           /* NULL: the default pool of its kind */
    uint64_t deadline_ms; /* 0: limits.deadline_ms */
    uint64_t body_bytes;  /* 0: limits.body_bytes */
    enum config_result result;
    bool stream;       /* only with SQL and CONFIG_ROWS */
    char *description; /* NULL: none */
    struct config_param *params;
    size_t params_count;
};

enum config_returns {
    CONFIG_RETURNS_SCALAR, /* one value of returns_type */
    CONFIG_RETURNS_VALUES, /* "setof TYPE" */
    CONFIG_RETURNS_ROWS,   /* "setof TABLE": rows with the columns of returns_table */
    CONFIG_RETURNS_ROW,    /* "row TABLE": one of those, or none */
    CONFIG_RETURNS_VOID,
};

enum config_volatility { CONFIG_IMMUTABLE, CONFIG_STABLE, CONFIG_VOLATILE };

/* A named query. Never without name, sql and returns. */
struct config_rpc {
    size_t index; /* its place in the file: problems with it are at $.rpc[index] */
    char *name;
    char *sql;
    char *returns; /* as written; the next three say what it means */
    enum config_returns returns_kind;
    enum config_type returns_type; /* of a scalar, of values */
    const char *returns_table;     /* of rows, of a row: lies in returns; else NULL */
    enum config_volatility volatility;
    char *pool;           /* NULL: the default pool of its kind */
    uint64_t deadline_ms; /* 0: limits.deadline_ms */
    char *description;    /* NULL: none */
    struct config_param *params;
    size_t params_count;
};

struct config_pool {
    char *name;
    uint64_t threads;
    uint64_t queue;
    uint64_t spares;
    uint64_t nice;
    uint64_t codel_target_ms;
    uint64_t codel_interval_ms;
};

enum config_synchronous { CONFIG_SYNCHRONOUS_FULL, CONFIG_SYNCHRONOUS_NORMAL };

enum config_log_level { CONFIG_LOG_DEBUG, CONFIG_LOG_INFO, CONFIG_LOG_WARN, CONFIG_LOG_ERROR };

/* A file without a key has the key's default, as the schema states it. */
struct config {
    char *listen;   /* "127.0.0.1:8080" */
    uint64_t loops; /* threads that serve sockets; 0: one per two processors */
    struct {
        char *path; /* NULL: none */
        bool write;
        bool trusted_schema;
        enum config_synchronous synchronous;
    } database;
    struct {
        bool enabled;
        char *prefix;      /* "/api" */
        uint64_t max_rows; /* 0: no bound */
        char *pool;        /* "read" */
        bool aggregates;
        bool tx_override;
        bool unfiltered_writes;
        char **include; /* only these; NULL: all */
        size_t include_count;
        char **exclude; /* all but these */
        size_t exclude_count;
    } tables;
    struct {
        bool enabled;
    } metrics;
    struct {
        bool enabled;
        char *title; /* NULL: none */
    } openapi;
    struct {
        bool enabled;
    } docs;
    struct {
        char **origins; /* NULL, or none of them: every origin */
        size_t origins_count;
    } cors;
    struct {
        uint64_t body_bytes;
        uint64_t response_bytes;
        uint64_t deadline_ms;
        uint64_t header_ms;
        uint64_t body_ms;
        uint64_t send_ms;
        uint64_t stream_bytes;
        uint64_t stall_ms;
        uint64_t snapshot_ms;
        uint64_t idle_ms;
        uint64_t drain_ms;
        uint64_t connections;
        uint64_t buffered_bytes;
        uint64_t in_flight;
    } limits;
    struct {
        char *directory; /* NULL: $TMPDIR, or /var/tmp */
        uint64_t bytes;
    } spool;
    struct {
        char *listen; /* NULL: there is no second listener */
        uint64_t connections;
    } admin;
    struct {
        char *directory; /* NULL: no copies are made */
        uint64_t deadline_ms;
    } backup;
    struct {
        enum config_log_level level;
        bool access;
    } log;
    struct config_pool *pools; /* always holds "read" */
    size_t pools_count;
    struct config_rpc *rpc;
    size_t rpc_count;
    struct config_route *routes;
    size_t routes_count;
};

/* The configuration of a run without a file: every default. Return: OK, NOMEM. */
NODISCARD enum status config_init(struct config *ret);

/*
 * Read and check a file. What is wrong inside it goes to problems, all of it; then *ret is still
 * filled as far as possible, so that the caller can look for more. The caller frees *ret with
 * config_fini in either case.
 * Return: OK (look at problems), NO_SUCH_FILE, IO (with err), NOMEM.
 */
NODISCARD enum status config_load(const char *path, struct config *ret, struct problems *problems,
                                  struct error *err) MAY_BLOCK;

/* A zeroed struct is fine. */
void config_fini(struct config *config);

#endif
