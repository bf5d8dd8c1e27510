/* What a SQL route is made of. Private to handlers/sql/. */
#ifndef GANTRY_HANDLERS_SQL_ROUTE_H
#define GANTRY_HANDLERS_SQL_ROUTE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handlers/sql/sql.h"

/* One statement. */
struct step {
    char *sql;                  /* NULL: wrong, as the next */
    struct statement_info info; /* zeroed: it does not prepare, which has been reported */
    size_t *binding;            /* parameter i of it takes value binding[i] of the request */
    enum sql_no_rows no_rows;   /* not BY_USE, once it is made */
    bool is_kept;               /* later steps use values of it */
};

/* A value of a step's first row that later steps use. */
struct kept {
    size_t step;
    size_t column;
};

/* Immutable once it is made, but for what is atomic. */
struct sql_route {
    struct handler handler;
    struct database *db;
    enum method method;
    enum query_shape shape; /* of the last step: its result is the answer */
    bool is_write;          /* some step writes */
    bool is_unit;           /* all steps are one change, or read one snapshot */
    bool stream;
    size_t stream_size;
    struct step *steps;
    size_t steps_count;
    struct param *params; /* the first values of a request are theirs, */
    size_t params_count;
    struct kept *kept; /* the others are these */
    size_t kept_count;
    size_t *bindings; /* of all steps, one behind the other */
    size_t bindings_count;
    size_t binding_max;        /* parameters of the step that has most */
    char *detail;              /* the SQL of all steps, as it is configured */
    _Atomic uint32_t *checked; /* a schema's version: the infos are right for it */
    char *texts;               /* what the params' names and fallbacks point into */
};

#endif
