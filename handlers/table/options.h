/*
 * OPTIONS on the table API: which methods a table, a named query or the root has, and the preflights of
 * browsers.
 *
 * INLINE: a preflight must be answered also when every pool is full, and asks no schema at all. A plain
 * OPTIONS is answered from the newest snapshot that is known; unlike a read it does not look whether
 * another process has changed the schema since.
 */
#ifndef GANTRY_HANDLERS_TABLE_OPTIONS_H
#define GANTRY_HANDLERS_TABLE_OPTIONS_H

#include <stdbool.h>

#include "handlers/cors.h"
#include "server/call.h"
#include "server/handler.h"
#include "storage/schema.h"

struct database;

/* The table or view that clients call name; NULL with the answer given: 404. Context: a loop. */
typedef const struct schema_table *(*options_table_fn)(const void *user, struct call *call,
                                                       const struct schema *schema,
                                                       struct str name);

enum options_query { OPTIONS_QUERY_NONE, OPTIONS_QUERY_READS, OPTIONS_QUERY_WRITES };

/* What the named query of that name does; NONE with the answer given: 404. Context: a loop. */
typedef enum options_query (*options_query_fn)(const void *user, struct call *call,
                                               struct str name);

struct options_conf {
    const struct cors *cors; /* borrowed for its life */
    struct database *db;     /* likewise */
    bool has_writes;         /* does the API change tables? */
    options_table_fn find_table;
    options_query_fn find_query; /* NULL if there are no named queries */
    const void *user;
};

struct options {
    /* Routes of a path without a parameter; of one with the table's name; of one that ends in a
     * query's name */
    struct handler root;
    struct handler table;
    struct handler query;
    struct options_conf conf; /* Private */
};

void options_init(struct options *options, const struct options_conf *conf);

#define OPTIONS_ALLOW_SIZE sizeof("OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE")

/* What Allow says about a table: "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE", or less. Pure. */
void options_write_allow(const struct schema_table *table, bool has_writes,
                         char to[OPTIONS_ALLOW_SIZE]);

#endif
