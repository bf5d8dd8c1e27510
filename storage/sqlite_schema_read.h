/*
 * Reading a schema, in this order: the tables and views with their columns, then what the text of each
 * CREATE statement adds. All of it happens inside one read transaction with is_ours set, and returns
 * SQLite's codes; everything that is kept goes to the snapshot's arena.
 */
#ifndef GANTRY_STORAGE_SQLITE_SCHEMA_READ_H
#define GANTRY_STORAGE_SQLITE_SCHEMA_READ_H

#include "storage/schema_build.h"
#include "storage/sqlite_internal.h"

struct schema_read {
    sqlite3 *handle;
    bool *has_volatile;   /* the connection's */
    struct arena *arena;  /* the snapshot's */
    struct arena scratch; /* until the reading is over */
    struct schema schema; /* its tables are ours: see schema_read_find */
    sqlite3_stmt *columns;
    sqlite3_stmt *keys;
    sqlite3_stmt *uniques;
    struct schema_list views; /* those met so far: sqlite_schema_views.c */
};

/* A copy in arena. NULL: out of memory, or the value is NULL. */
NODISCARD char *schema_read_text(sqlite3_stmt *from, int column, struct arena *arena);

/* The table of that name, still to be changed; NULL: none. */
struct schema_table *schema_read_find(struct schema_read *r, const char *name);

/* sqlite_schema_tables.c: all of them, with columns. */
NODISCARD int schema_read_tables(struct schema_read *r);

/* sqlite_schema_keys.c: uniques and foreign keys of a table; sql is its CREATE TABLE. */
NODISCARD int schema_read_keys(struct schema_read *r, struct schema_table *table, struct str sql);

/* sqlite_schema_virtual.c: may it be written, is it FTS5; sql is its CREATE VIRTUAL TABLE. */
NODISCARD int schema_read_virtual(struct schema_read *r, struct schema_table *table,
                                  struct str sql);

/* sqlite_schema_views.c: an INSTEAD OF trigger; what a view is made of. */
void schema_read_trigger(struct schema_table *view, struct str sql);
NODISCARD int schema_read_view(struct schema_read *r, struct schema_table *view, struct str sql);

/* sqlite_schema_views.c: the origins of all of them, and which are volatile, when everything else is
 * known. */
NODISCARD int schema_read_origins(struct schema_read *r);

#endif
