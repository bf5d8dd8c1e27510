/*
 * The steps of a read, which tables and named queries share: request -> (open) -> plan -> answer ->
 * (close). Private to handlers/table/.
 */
#ifndef GANTRY_HANDLERS_TABLE_READ_H
#define GANTRY_HANDLERS_TABLE_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "handlers/table/accept.h"
#include "handlers/table/etag.h"
#include "handlers/table/parse.h"
#include "handlers/table/plan.h"
#include "handlers/table/preferences.h"
#include "handlers/table/range.h"
#include "handlers/table/table_internal.h"

struct read {
    /* Set by the caller; the rest is zero */
    const struct table_api *api;
    struct call *call;
    bool is_repeatable; /* its SQL gives the same while the data is the same, as far as views do */
    bool is_one;        /* the answer is one row, or null */
    bool is_whole;      /* it leaves in one piece: what is behind it may yet fail */
    bool is_query;      /* of a named query: max-affected bounds its rows */

    /* Filled step by step */
    struct fault fault;
    struct preferences preferences;
    struct accept accept;
    struct range range;
    struct tree tree;
    struct connection *connection;
    struct reading reading;
    struct plan plan;
    bool has_total;
    uint64_t total; /* rows that the filters let through */
    bool has_left;  /* the head of the answer has, before its last row was known */
    char etag[ETAG_SIZE];
};

/*
 * What can be said without the database. has_arguments: as in parse_conf. has_body: the client names a
 * schema by Content-Profile, not by Accept-Profile. Return: false with the fault.
 */
bool read_request(struct read *r, bool has_arguments, bool has_body);

/* From here to read_close everything is of one snapshot. Return: false with the answer given. */
bool read_open(struct read *r, struct worker *worker) ON_WORKER MAY_BLOCK;
void read_close(struct read *r) ON_WORKER MAY_BLOCK;

/* Return: false with the fault. */
bool read_plan(struct read *r, const struct plan_source *source);

/* How rows are written for that representation. */
enum query_media read_media_of(enum accept_media media);

/* Exactly one row was wanted, and there are so many: 406 PGRST116. Return: false. */
bool read_not_singular(uint64_t rows, struct arena *arena, struct fault *fault);

/* Does the client allow a named query so many rows? Return: false with the fault: 400 PGRST124. */
bool read_check_affected(struct read *r, uint64_t rows);

/* Run the plan and answer, or 304. Return: false with the fault. */
bool read_answer(struct read *r) ON_WORKER MAY_BLOCK;

#endif
