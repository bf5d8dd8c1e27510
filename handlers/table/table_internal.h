/* What the files of the table API share. Nothing outside this folder includes it. */
#ifndef GANTRY_HANDLERS_TABLE_TABLE_INTERNAL_H
#define GANTRY_HANDLERS_TABLE_TABLE_INTERNAL_H

#include <stdbool.h>

#include "handlers/table/etag.h"
#include "handlers/table/fault.h"
#include "handlers/table/options.h"
#include "handlers/table/relation.h"
#include "handlers/table/rpc.h"
#include "handlers/table/table.h"
#include "server/call.h"
#include "storage/connection.h"

struct table_api {
    struct handler list;
    struct handler rows;
    struct handler write;
    struct handler no_write;
    struct handler no_query;
    struct handler no_method;
    struct handler no_path;
    struct options options;
    struct rpc *const *queries; /* set once, before serving */
    size_t queries_count;
    struct table_conf conf;
    struct etag_key etag_key;
    table_describe_fn describe; /* NULL: nobody does */
    const void *describe_user;
};

#define TABLE_PROFILE                                                                              \
    "main" /* what SQLite calls it; "public" is PostgreSQL's clients' word for it */

/* Rows that are kept to be shown may take so many times an answer: values take more room than their JSON. */
#define ROWS_PER_RESPONSE 4

/* --- served.c: what clients may see ----------------------------------------------------------- */

/* A relation_served_fn, of a struct table_api. */
bool table_is_served(const void *api, const struct schema_table *table);

/*
 * The table or view of that name.
 * Return: NULL with *fault: 404 PGRST205, with the nearest name as hint.
 */
const struct schema_table *table_find(const struct table_api *api, const struct schema *schema,
                                      struct str name, struct arena *arena, struct fault *fault);

/*
 * The named query of that name.
 * Return: NULL with *fault: 404 PGRST202, with the nearest name as hint.
 */
const struct rpc *table_find_query(const struct table_api *api, struct str name,
                                   struct arena *arena, struct fault *fault);

/*
 * Is the schema that the client names by Accept-Profile (or, with has_body, Content-Profile) one that
 * there is?
 * Return: false with *fault: 406 PGRST106.
 */
bool table_check_profile(struct call *call, bool has_body, struct fault *fault);

/* Say in Content-Profile which one it named, if it did. */
void table_note_profile(struct call *call, bool has_body);

/* May whoever sends this write? Return: false with *fault: 403 42501, for a page of an unlisted origin. */
bool table_check_origin(const struct table_api *api, const struct call *call, struct fault *fault);

/* --- read.c: one read of a table ----------------------------------------------------------------- */

/* Answer GET or HEAD of a table. */
void table_read(const struct table_api *api, struct call *call,
                struct worker *worker) ON_WORKER MAY_BLOCK;

/* --- write.c: one write of a table --------------------------------------------------------------- */

/* Answer POST, PATCH, PUT or DELETE of a table, on the database's writer. */
void table_write(const struct table_api *api, struct call *call,
                 struct worker *worker) ON_WORKER MAY_BLOCK;

/* --- list.c: the tables there are ---------------------------------------------------------------- */

void table_list(const struct table_api *api, struct call *call,
                struct worker *worker) ON_WORKER MAY_BLOCK;

#endif
