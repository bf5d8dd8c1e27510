/* What a virtual table allows, and of an FTS5 one what it indexes. */
#include "storage/fts_options.h"
#include "storage/sqlite_schema_read.h"

/* A module without xUpdate refuses when the statement is prepared; nothing is run. */
static int read_writable(struct schema_read *r, struct schema_table *table)
{
    char *sql = sqlite3_mprintf("DELETE FROM main.\"%w\"", table->name);
    sqlite3_stmt *query = NULL;
    bool is_writable;
    int code;

    if (sql == NULL) {
        return SQLITE_NOMEM;
    }
    code = sqlite3_prepare_v2(r->handle, sql, -1, &query, NULL);
    is_writable = code == SQLITE_OK;
    (void)sqlite3_finalize(query); /* never stepped */
    sqlite3_free(sql);
    table->is_insertable = is_writable;
    table->is_updatable = is_writable;
    table->is_deletable = is_writable;
    return (code & 0xff) == SQLITE_ERROR ? SQLITE_OK : code;
}

static void mark_indexed(struct schema_table *table, const struct fts_options *options)
{
    struct schema_column *columns = (struct schema_column *)(uintptr_t)table->columns; /* ours */

    for (size_t i = 0; i < table->columns_count; i++) {
        const struct fts_unindexed *at = options->unindexed;

        while (at != NULL && !str_equal_nocase(str_of(at->name), str_of(columns[i].name))) {
            at = at->next;
        }
        columns[i].is_fts_indexed = options->is_full && at == NULL;
    }
}

int schema_read_virtual(struct schema_read *r, struct schema_table *table, struct str sql)
{
    const struct schema_table *content;
    struct fts_options options;

    if (fts_options_read(sql, r->arena, &options) != STATUS_OK) {
        return SQLITE_NOMEM;
    }
    table->is_fts = options.is_fts;
    if (options.is_fts) {
        content = options.content == NULL ? NULL : schema_read_find(r, options.content);
        table->fts_content = content == NULL ? NULL : content->name;
        table->fts_rowid = options.rowid == NULL ? "rowid" : options.rowid;
        mark_indexed(table, &options);
    }
    return read_writable(r, table);
}
