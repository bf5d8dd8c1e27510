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

/* What a column holds, by its declared type: SQLite itself knows only affinities. */
enum schema_kind {
    SCHEMA_ANY, /* none declared, or one that says nothing (ANY, NUMERIC of a view's expression) */
    SCHEMA_INTEGER, /* INTEGER, INT, BIGINT, ...: what has SQLite's INTEGER affinity */
    SCHEMA_REAL,    /* REAL, DOUBLE, FLOAT */
    SCHEMA_NUMERIC, /* NUMERIC, DECIMAL */
    SCHEMA_TEXT, /* TEXT, VARCHAR, CHAR, CLOB; and DATE, TIME, TIMESTAMP, UUID, which are text here */
    SCHEMA_BOOLEAN, /* BOOLEAN, BOOL */
    SCHEMA_JSON,    /* JSON, JSONB */
    SCHEMA_ARRAY,   /* TYPE[]: a JSON array in text */
    SCHEMA_BLOB,    /* BLOB, BYTEA */
};

struct schema_column {
    const char *name;
    const char *type; /* as declared, "" if none */
    enum schema_kind kind;
    enum schema_kind element; /* of an ARRAY */
    const char *default_sql;  /* as declared, NULL if none */
    bool is_not_null;
    unsigned key_place; /* 1-based place in the primary key, 0: not in it */
    bool is_generated;
    bool is_fts_indexed; /* of an FTS5 table: the index has its words, and their places */

    /* Of a view: the column of a base table that it is, unchanged. Both NULL: none. */
    const char *origin_table;
    const char *origin_column;
};

/*
 * A foreign key of a table. Its name is the constraint's as declared, else the one that PostgreSQL
 * would give: TABLE_COLUMN[_COLUMN]_fkey.
 */
struct schema_key {
    const char *name;
    const char *target;         /* the parent table, as the schema spells it */
    const char *const *columns; /* of this table, in the key's order */
    const char *const
        *target_columns; /* never NULL: the parent's primary key where none was written */
    size_t columns_count;
    bool is_unique; /* columns are the primary key or have a UNIQUE constraint: one-to-one */
};

/* A UNIQUE constraint or index (not a partial one, not on expressions), or the primary key. */
struct schema_unique {
    const char *const *columns;
    size_t columns_count;
    bool is_primary;
};

enum schema_table_kind { SCHEMA_TABLE, SCHEMA_VIEW, SCHEMA_VIRTUAL };

struct schema_table {
    const char *name;
    enum schema_table_kind table_kind;
    bool is_view; /* table_kind == SCHEMA_VIEW */
    bool has_rowid;
    bool is_insertable; /* a table; or a view with an INSTEAD OF trigger for it */
    bool is_updatable;
    bool is_deletable;
    bool
        is_volatile; /* a view that may ask for the time or for random numbers, even through others */
    const struct schema_column *columns;
    size_t columns_count;
    const struct schema_column *rowid; /* the INTEGER PRIMARY KEY that is it; NULL: none */
    const struct schema_key *keys;     /* in the order of their declaration; none of a view */
    size_t keys_count;
    const struct schema_unique *uniques; /* the primary key first, if there is one */
    size_t uniques_count;

    /* Of an FTS5 table: is_fts; and the table it indexes (content=), or NULL. */
    bool is_fts;
    const char *fts_content;
    const char *fts_rowid; /* content_rowid=, else "rowid" */
};

struct schema {
    uint32_t version;                  /* PRAGMA schema_version it was read at */
    const struct schema_table *tables; /* by name; no sqlite_ tables, no virtual tables' shadows */
    size_t tables_count;
};

/* The newest snapshot known. Gives a reference: schema_unref it. Takes a mutex for a moment; no
 * disk access. */
const struct schema *schema_get(struct database *db) ANY_THREAD;

/* One more reference to what the caller holds one of. */
void schema_ref(const struct schema *schema) ANY_THREAD;
void schema_unref(const struct schema *schema) ANY_THREAD;

/* The table or view of that name (compared as SQLite does: ASCII without case), or NULL. Lends. */
const struct schema_table *schema_find(const struct schema *schema, struct str name) ANY_THREAD;

/* The column of that name, compared likewise, or NULL. Lends. */
const struct schema_column *schema_find_column(const struct schema_table *table,
                                               struct str name) ANY_THREAD;

/*
 * What a declared type means: "INTEGER", "varchar(20)", "BOOLEAN NOT NULL" never occurs here. Pure.
 * *ret_element (may be NULL): of "TYPE[]".
 */
enum schema_kind schema_kind_of(const char *type, enum schema_kind *ret_element) ANY_THREAD;

#endif
