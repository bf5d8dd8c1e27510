/*
 * A snapshot of a database's schema: tables and views with their columns.
 *
 * Immutable and counted, so a request keeps the one it started with while another process runs
 * DDL. schema_get() hands out the newest one known; connection_refresh_schema() notices changes.
 */
#ifndef GANTRY_STORAGE_SCHEMA_H
#define GANTRY_STORAGE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/role.h"
#include "base/str.h"

struct database;

struct schema_column {
    const char *name;
    const char *type; /* as declared, "" if none */
    bool is_not_null;
    unsigned key_place; /* 1-based place in the primary key, 0: not in it */
    bool is_generated;
};

struct schema_table {
    const char *name;
    bool is_view;
    const struct schema_column *columns;
    size_t columns_count;
};

struct schema {
    uint32_t version;                  /* PRAGMA schema_version it was read at */
    const struct schema_table *tables; /* by name; no sqlite_ tables, no virtual tables' shadows */
    size_t tables_count;
};

/* The newest snapshot known. Gives a reference: schema_unref it. Takes a mutex for a moment; no
 * disk access. */
const struct schema *schema_get(struct database *db) ANY_THREAD;
void schema_unref(const struct schema *schema) ANY_THREAD;

/* The table or view of that name (compared as SQLite does: ASCII without case), or NULL. Lends. */
const struct schema_table *schema_find(const struct schema *schema, struct str name) ANY_THREAD;

#endif
