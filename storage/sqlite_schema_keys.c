/*
 * The uniques and the foreign keys of one table. Its columns, and those of all others, are known.
 *
 * foreign_key_list gives the keys in the reverse order of their declaration. Their names are in the
 * text of CREATE TABLE only; both lists are walked together, and the columns must be the same.
 */
#include <stdio.h>

#include "base/invariant.h"
#include "storage/foreign_key_names.h"
#include "storage/sqlite_schema_read.h"

static const char keys_sql[] = "SELECT id, \"table\", \"from\", \"to\""
                               " FROM pragma_foreign_key_list(?1, 'main') ORDER BY id DESC, seq";

/* The newest index comes first, too; x.name is NULL for an expression. */
static const char uniques_sql[] =
    "SELECT i.seq, x.name, i.origin = 'pk' FROM pragma_index_list(?1, 'main') AS i"
    " JOIN pragma_index_info(i.name, 'main') AS x"
    " WHERE i.\"unique\" AND NOT i.partial ORDER BY i.seq DESC, x.seqno";

/* --- uniques --------------------------------------------------------------------------------- */

/* One while its rows are read. */
struct open_unique {
    int seq;
    bool has_expression;
    struct schema_list columns; /* const char * */
};

static int close_unique(struct schema_read *r, struct open_unique *open,
                        struct schema_list *uniques)
{
    struct schema_unique *unique;

    if (open->columns.count > 0 && !open->has_expression) {
        unique = schema_list_add(uniques, sizeof(*unique));
        if (unique == NULL) {
            return SQLITE_NOMEM;
        }
        *unique = (struct schema_unique){
            .columns = schema_list_move(&open->columns, sizeof(char *), r->arena),
            .columns_count = open->columns.count,
        };
        if (unique->columns == NULL) {
            return SQLITE_NOMEM;
        }
    }
    open->columns.count = 0;
    open->has_expression = false;
    return SQLITE_OK;
}

static int add_unique_column(struct schema_read *r, const struct schema_table *table,
                             struct open_unique *open, struct schema_list *uniques)
{
    const char *name = (const char *)sqlite3_column_text(r->uniques, 1);
    const struct schema_column *column;
    const char **place;

    if (open->seq != sqlite3_column_int(r->uniques, 0)) {
        if (close_unique(r, open, uniques) != SQLITE_OK) {
            return SQLITE_NOMEM;
        }
        open->seq = sqlite3_column_int(r->uniques, 0);
    }
    if (name == NULL && sqlite3_column_type(r->uniques, 1) != SQLITE_NULL) {
        return SQLITE_NOMEM;
    }
    column = name == NULL ? NULL : schema_find_column(table, str_of(name));
    place = column == NULL ? NULL : schema_list_add(&open->columns, sizeof(*place));
    if (place != NULL) {
        *place = column->name;
    } else if (column != NULL) {
        return SQLITE_NOMEM;
    }
    open->has_expression = open->has_expression || column == NULL;
    return SQLITE_OK;
}

/* The declared primary key: an INTEGER one has no index. A rowid that nobody declared is none. */
static int add_primary_key(struct schema_read *r, const struct schema_table *table,
                           struct schema_list *uniques)
{
    struct schema_unique *unique;
    const char **columns;
    size_t count = 0;

    for (size_t i = 0; i < table->columns_count; i++) {
        count += table->columns[i].key_place > 0;
    }
    if (count == 0) {
        return SQLITE_OK;
    }
    unique = schema_list_add(uniques, sizeof(*unique));
    columns = arena_alloc(r->arena, count * sizeof(*columns));
    if (unique == NULL || columns == NULL) {
        return SQLITE_NOMEM;
    }
    for (size_t i = 0; i < table->columns_count; i++) {
        if (table->columns[i].key_place > 0) {
            invariant(table->columns[i].key_place <= count);
            columns[table->columns[i].key_place - 1] = table->columns[i].name;
        }
    }
    *unique =
        (struct schema_unique){.columns = columns, .columns_count = count, .is_primary = true};
    return SQLITE_OK;
}

/* A primary key without an index of its own is the rowid. ("INTEGER PRIMARY KEY DESC" has one.) */
static const struct schema_column *rowid_of(const struct schema_table *table, bool has_key_index)
{
    const struct schema_column *found = NULL;

    for (size_t i = 0; i < table->columns_count && table->has_rowid && !has_key_index; i++) {
        if (table->columns[i].key_place > 0) {
            found = &table->columns[i];
        }
    }
    return found;
}

static int read_uniques(struct schema_read *r, struct schema_table *table)
{
    struct schema_list uniques = {0};
    struct open_unique open = {.seq = -1};
    bool has_key_index = false;
    int code = add_primary_key(r, table, &uniques);

    while (code == SQLITE_OK) {
        code = sqlite3_step(r->uniques);
        if (code == SQLITE_ROW && sqlite3_column_int(r->uniques, 2) != 0) {
            has_key_index = true; /* and is known */
            code = SQLITE_OK;
        } else if (code == SQLITE_ROW) {
            code = add_unique_column(r, table, &open, &uniques);
        }
    }
    table->rowid = rowid_of(table, has_key_index);
    if (code == SQLITE_DONE) {
        code = close_unique(r, &open, &uniques);
    }
    if (code == SQLITE_OK) {
        table->uniques = schema_list_move(&uniques, sizeof(*table->uniques), r->arena);
        table->uniques_count = uniques.count;
        code = table->uniques == NULL ? SQLITE_NOMEM : SQLITE_OK;
    }
    schema_list_fini(&open.columns);
    schema_list_fini(&uniques);
    return code;
}

/* --- foreign keys ---------------------------------------------------------------------------- */

/* One while its rows are read. */
struct open_key {
    int id;                     /* -1: none yet */
    const char *target;         /* as the key spells it, in scratch */
    struct schema_list columns; /* struct pair */
};

/* As the key spells them, in scratch; to may be NULL. */
struct pair {
    const char *from;
    const char *to;
};

static bool has_columns(const char *const *columns, size_t count, const struct schema_unique *of)
{
    for (size_t i = 0; i < of->columns_count; i++) {
        size_t at = 0;

        while (at < count && strcmp(columns[at], of->columns[i]) != 0) {
            at++;
        }
        if (at == count) {
            return false;
        }
    }
    return of->columns_count == count;
}

static bool is_unique(const struct schema_table *table, const struct schema_key *key)
{
    for (size_t i = 0; i < table->uniques_count; i++) {
        if (has_columns(key->columns, key->columns_count, &table->uniques[i])) {
            return true;
        }
    }
    return false;
}

/* The parent's column that belongs to the key's i-th; NULL: there is none. */
static const char *target_column(const struct schema_table *target, const struct open_key *open,
                                 size_t i)
{
    const char *to = ((const struct pair *)(const void *)open->columns.at)[i].to;
    const struct schema_column *column;

    if (to != NULL) {
        column = schema_find_column(target, str_of(to));
        return column == NULL ? NULL : column->name;
    }
    for (size_t at = 0; at < target->columns_count; at++) {
        if (target->columns[at].key_place == i + 1) {
            return target->columns[at].name;
        }
    }
    return NULL;
}

/* Without `to`, the parent's primary key is meant, and must have as many columns. */
static bool fits(const struct schema_table *target, const struct open_key *open)
{
    const struct pair *pairs = (const struct pair *)(const void *)open->columns.at;
    size_t key_size = 0;

    for (size_t i = 0; i < target->columns_count; i++) {
        key_size += target->columns[i].key_place > 0;
    }
    return pairs[0].to != NULL || key_size == open->columns.count;
}

/* The key that open has become. Return: SQLITE_NOTFOUND: its parent is not there, or not so. */
static int make_key(struct schema_read *r, const struct schema_table *table,
                    const struct open_key *open, struct schema_key *ret)
{
    const struct pair *pairs = (const struct pair *)(const void *)open->columns.at;
    const struct schema_table *target = schema_read_find(r, open->target);
    size_t count = open->columns.count;
    const char **columns;
    const char **target_columns;

    if (target == NULL || target->table_kind != SCHEMA_TABLE || !fits(target, open)) {
        return SQLITE_NOTFOUND;
    }
    columns = arena_alloc(r->arena, count * sizeof(*columns));
    target_columns = arena_alloc(r->arena, count * sizeof(*target_columns));
    if (columns == NULL || target_columns == NULL) {
        return SQLITE_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct schema_column *column = schema_find_column(table, str_of(pairs[i].from));

        target_columns[i] = target_column(target, open, i);
        if (column == NULL || target_columns[i] == NULL) {
            return SQLITE_NOTFOUND;
        }
        columns[i] = column->name;
    }
    *ret = (struct schema_key){.target = target->name,
                               .columns = columns,
                               .target_columns = target_columns,
                               .columns_count = count};
    ret->is_unique = is_unique(table, ret);
    return SQLITE_OK;
}

/* Does the constraint in the text name the key's columns? */
static bool is_about(const struct foreign_key_name *name, const struct open_key *open)
{
    const struct pair *pairs = (const struct pair *)(const void *)open->columns.at;

    for (size_t i = 0; i < open->columns.count && i < name->columns_count; i++) {
        if (!str_equal_nocase(str_of(name->columns[i]), str_of(pairs[i].from))) {
            return false;
        }
    }
    return name->columns_count == open->columns.count;
}

/* The key's name as declared, or NULL. *names goes on behind its constraint. */
static const char *declared_name(const struct open_key *open, struct foreign_key_name **names)
{
    for (struct foreign_key_name *at = *names; at != NULL; at = at->next) {
        if (is_about(at, open)) {
            *names = at->next;
            return at->name;
        }
    }
    return NULL;
}

static int close_key(struct schema_read *r, const struct schema_table *table, struct open_key *open,
                     struct foreign_key_name **names, struct schema_list *keys)
{
    struct schema_key key;
    struct schema_key *place;
    const char *name;
    int code;

    if (open->id < 0) {
        return SQLITE_OK;
    }
    name = declared_name(open, names);
    code = make_key(r, table, open, &key);
    open->columns.count = 0;
    if (code != SQLITE_OK) {
        return code == SQLITE_NOTFOUND ? SQLITE_OK : code;
    }
    if (name != NULL) {
        key.name = arena_copy(r->arena, str_of(name));
        if (key.name == NULL) {
            return SQLITE_NOMEM;
        }
    }
    place = schema_list_add(keys, sizeof(*place));
    if (place == NULL) {
        return SQLITE_NOMEM;
    }
    *place = key;
    return SQLITE_OK;
}

static int add_key_column(struct schema_read *r, const struct schema_table *table,
                          struct open_key *open, struct foreign_key_name **names,
                          struct schema_list *keys)
{
    struct pair *pair;

    if (open->id != sqlite3_column_int(r->keys, 0)) {
        if (close_key(r, table, open, names, keys) != SQLITE_OK) {
            return SQLITE_NOMEM;
        }
        open->id = sqlite3_column_int(r->keys, 0);
        open->target = schema_read_text(r->keys, 1, &r->scratch);
        if (open->target == NULL) {
            return SQLITE_NOMEM;
        }
    }
    pair = schema_list_add(&open->columns, sizeof(*pair));
    if (pair == NULL) {
        return SQLITE_NOMEM;
    }
    *pair = (struct pair){.from = schema_read_text(r->keys, 2, &r->scratch),
                          .to = schema_read_text(r->keys, 3, &r->scratch)};
    if (pair->from == NULL ||
        (pair->to == NULL && sqlite3_column_type(r->keys, 3) != SQLITE_NULL)) {
        return SQLITE_NOMEM;
    }
    return SQLITE_OK;
}

static int read_keys(struct schema_read *r, const struct schema_table *table,
                     struct foreign_key_name *names, struct schema_list *keys)
{
    struct open_key open = {.id = -1};
    int code = SQLITE_OK;

    while (code == SQLITE_OK) {
        code = sqlite3_step(r->keys);
        if (code == SQLITE_ROW) {
            code = add_key_column(r, table, &open, &names, keys);
        }
    }
    if (code == SQLITE_DONE) {
        code = close_key(r, table, &open, &names, keys);
    }
    schema_list_fini(&open.columns);
    return code;
}

/* --- names of keys that have none ------------------------------------------------------------- */

static bool is_taken(const struct schema_key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i].name != NULL && str_equal_nocase(str_of(keys[i].name), str_of(name))) {
            return true;
        }
    }
    return false;
}

/* TABLE_COLUMN[_COLUMN]_fkey, and a number behind it if that is taken: as PostgreSQL does. */
static const char *default_name(const struct schema_table *table, const struct schema_key *keys,
                                size_t count, const struct schema_key *key, struct arena *arena)
{
    struct buf b;
    char *name;
    size_t size;

    buf_init(&b, SIZE_MAX);
    buf_append_str(&b, str_of(table->name));
    for (size_t i = 0; i < key->columns_count; i++) {
        buf_append_char(&b, '_');
        buf_append_str(&b, str_of(key->columns[i]));
    }
    buf_append_literal(&b, "_fkey");
    size = b.size;
    buf_append_char(&b, '\0');
    for (unsigned n = 1; buf_status(&b) == STATUS_OK && is_taken(keys, count, b.at); n++) {
        buf_truncate(&b, size);
        buf_printf(&b, "%u", n);
        buf_append_char(&b, '\0');
    }
    name = buf_status(&b) == STATUS_OK ? arena_copy(arena, str_of(b.at)) : NULL;
    buf_fini(&b);
    return name;
}

static int name_keys(const struct schema_table *table, struct schema_key *keys, size_t count,
                     struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i].name == NULL) {
            keys[i].name = default_name(table, keys, count, &keys[i], arena);
            if (keys[i].name == NULL) {
                return SQLITE_NOMEM;
            }
        }
    }
    return SQLITE_OK;
}

/* --- both ------------------------------------------------------------------------------------ */

static int read_foreign_keys(struct schema_read *r, struct schema_table *table, struct str sql)
{
    struct foreign_key_name *names = NULL;
    struct schema_list keys = {0};
    struct schema_key *moved = NULL;
    int code;

    if (foreign_key_names_read(sql, &r->scratch, &names) != STATUS_OK) {
        return SQLITE_NOMEM;
    }
    code = read_keys(r, table, names, &keys);
    if (code == SQLITE_OK) {
        moved = schema_list_move(&keys, sizeof(*moved), r->arena);
        code = moved == NULL ? SQLITE_NOMEM : name_keys(table, moved, keys.count, r->arena);
    }
    table->keys = moved;
    table->keys_count = keys.count;
    schema_list_fini(&keys);
    return code;
}

/* Prepared once for all tables. */
static int bind(struct schema_read *r, sqlite3_stmt **query, const char *sql, const char *name)
{
    int code = SQLITE_OK;

    if (*query == NULL) {
        code = sqlite3_prepare_v2(r->handle, sql, -1, query, NULL);
    }
    return code == SQLITE_OK ? sqlite3_bind_text(*query, 1, name, -1, SQLITE_STATIC) : code;
}

int schema_read_keys(struct schema_read *r, struct schema_table *table, struct str sql)
{
    int code = bind(r, &r->uniques, uniques_sql, table->name);

    if (code == SQLITE_OK) {
        code = read_uniques(r, table);
        (void)sqlite3_reset(r->uniques); /* repeats the failure of the last step */
    }
    if (code == SQLITE_OK) {
        code = bind(r, &r->keys, keys_sql, table->name);
    }
    if (code == SQLITE_OK) {
        code = read_foreign_keys(r, table, sql);
        (void)sqlite3_reset(r->keys); /* the same */
    }
    return code;
}
