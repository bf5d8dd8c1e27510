/*
 * Columns, and paths into the JSON they hold.
 *
 * SQLite has no JSON type, so any column that may hold text is looked into if what it holds is
 * valid JSON; its functions would raise an error for anything else, hence the guards. A path is a
 * bound value in SQLite's notation: $."key"[0][#-1]. Keys are compared with the text between the
 * quotes in the JSON as it is stored, so they are escaped as JSON escapes them.
 */
#include "handlers/table/plan_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

#define PATH_BYTES_MAX ((size_t)64 * 1024)
#define NEST_PATH      15         /* CASE in CASE, and a function in it */
#define INDEX_MAX      2147483647 /* SQLite counts in 32 bits, and wraps */

const char *plan_kind_name(enum schema_kind kind)
{
    switch (kind) {
    case SCHEMA_INTEGER:
        return "integer";
    case SCHEMA_REAL:
        return "double precision";
    case SCHEMA_NUMERIC:
        return "numeric";
    case SCHEMA_BOOLEAN:
        return "boolean";
    case SCHEMA_JSON:
        return "jsonb";
    case SCHEMA_ARRAY:
        return "text[]";
    case SCHEMA_BLOB:
        return "bytea";
    case SCHEMA_ANY:
    case SCHEMA_TEXT:
        break;
    }
    return "text";
}

const char *plan_nearest_column(const struct schema_table *table, struct str name,
                                struct arena *arena)
{
    const char **names = arena_alloc(arena, (table->columns_count + 1) * sizeof(*names));
    char *wanted = arena_copy(arena, name);

    if (names == NULL || wanted == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < table->columns_count; i++) {
        names[i] = table->columns[i].name;
    }
    return nearest_name(wanted, names, table->columns_count);
}

static bool refuse_column(struct planner *p, const struct schema_table *table, struct str name)
{
    const char *nearest = plan_nearest_column(table, name, p->arena);

    (void)fault_set(p->fault, p->arena, 400, "42703", "column %s.%.*s does not exist", table->name,
                    (int)name.size, name.at);
    if (nearest != NULL) {
        fault_hint(p->fault, p->arena, "Perhaps you meant to reference the column \"%s.%s\".",
                   table->name, nearest);
    }
    return false;
}

/* --- paths -------------------------------------------------------------------------------------- */

static void put_key_char(struct buf *path, unsigned char c)
{
    static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    for (const char *at = escapes; *at != '\0'; at += 2) {
        if ((unsigned char)at[0] == c) {
            buf_append_char(path, '\\');
            buf_append_char(path, at[1]);
            return;
        }
    }
    if (c < 0x20) {
        buf_printf(path, "\\u%04x", c);
    } else {
        buf_append_char(path, (char)c);
    }
}

/*
 * SQLite's path syntax knows no escapes inside quotes, and without quotes a key ends at a dot or a
 * bracket: a key with a quote and one of these cannot be written.
 */
static bool put_path_key(struct planner *p, struct buf *path, struct str key)
{
    bool has_quote = memchr(key.at, '"', key.size) != NULL;

    if (has_quote &&
        (memchr(key.at, '.', key.size) != NULL || memchr(key.at, '[', key.size) != NULL)) {
        (void)fault_set(p->fault, p->arena, 400, "PGRST127", "Feature not implemented");
        fault_details(p->fault, p->arena,
                      "A key of a JSON path may not hold a quote and a dot or bracket.");
        return false;
    }
    buf_append_str(path, has_quote ? STR(".") : STR(".\""));
    for (size_t i = 0; i < key.size; i++) {
        put_key_char(path, (unsigned char)key.at[i]);
    }
    buf_append_str(path, has_quote ? STR("") : STR("\""));
    return true;
}

static void put_index(struct buf *path, int64_t index)
{
    if (index < 0) {
        index = index < -INDEX_MAX ? INDEX_MAX : -index;
        buf_printf(path, "[#-%lld]", (long long)index);
    } else {
        buf_printf(path, "[%lld]", (long long)(index > INDEX_MAX ? INDEX_MAX : index));
    }
}

static bool put_path(struct planner *p, struct buf *path, const struct tree_field *field)
{
    buf_append_char(path, '$');
    for (size_t i = 0; i < field->steps_count; i++) {
        const struct tree_step *step = &field->steps[i];

        if (step->is_text && i + 1 < field->steps_count) {
            return fault_set(p->fault, p->arena, 404, "42883",
                             "operator does not exist: text -> unknown");
        }
        if (step->is_index) {
            put_index(path, step->index);
        } else if (!put_path_key(p, path, step->key)) {
            return false;
        }
    }
    return true;
}

/* Return: at == NULL: with *p->fault. */
static struct str make_path(struct planner *p, const struct tree_field *field)
{
    struct str made = {NULL, 0};
    struct buf path;

    buf_init(&path, PATH_BYTES_MAX);
    if (put_path(p, &path, field)) {
        if (buf_status(&path) == STATUS_TOO_BIG) {
            (void)fault_set(p->fault, p->arena, 400, "54001", "JSON path too long");
        } else if (buf_status(&path) == STATUS_OK) {
            made = (struct str){arena_copy(p->arena, buf_str(&path)), path.size};
        }
        if (made.at == NULL && buf_status(&path) != STATUS_TOO_BIG) {
            (void)fault_no_memory(p->fault);
        }
    }
    buf_fini(&path);
    return made;
}

/* --- fields ------------------------------------------------------------------------------------- */

bool plan_field_find(struct planner *p, const struct schema_table *table,
                     const struct tree_field *field, struct plan_field *ret)
{
    struct plan_field found = {.column = schema_find_column(table, field->name)};

    if (found.column == NULL) {
        return refuse_column(p, table, field->name);
    }
    if (field->steps_count > 0) {
        found.path = make_path(p, field);
        found.is_text = field->steps[field->steps_count - 1].is_text;
        if (found.path.at == NULL) {
            return false;
        }
    }
    *ret = found;
    return true;
}

enum schema_kind plan_field_kind(const struct plan_field *field)
{
    if (field->path.at == NULL) {
        return field->column->kind;
    }
    return field->is_text ? SCHEMA_TEXT : SCHEMA_JSON;
}

bool plan_field_may_be_json(const struct plan_field *field)
{
    switch (field->column->kind) {
    case SCHEMA_ANY:
    case SCHEMA_TEXT:
    case SCHEMA_JSON:
    case SCHEMA_ARRAY:
        return true;
    case SCHEMA_INTEGER:
    case SCHEMA_REAL:
    case SCHEMA_NUMERIC:
    case SCHEMA_BOOLEAN:
    case SCHEMA_BLOB:
        break;
    }
    return false;
}

/* json_valid(c): what stands behind is evaluated for JSON alone. */
static void put_guard(struct planner *p, unsigned alias, const char *column)
{
    sql_text_put(p->sql, "CASE WHEN json_valid(");
    sql_text_column(p->sql, alias, column);
    sql_text_put(p->sql, ") THEN ");
}

/*
 * ->> of a number is its spelling and of a boolean its name, as with PostgreSQL; SQLite's own would
 * make it 1.
 */
static void put_path_text(struct planner *p, unsigned alias, const char *column, struct str path)
{
    size_t number;

    sql_text_put(p->sql, "CASE json_type(");
    sql_text_column(p->sql, alias, column);
    sql_text_put(p->sql, ", ");
    number = sql_text_bind_text(p->sql, path);
    sql_text_put(p->sql, ") WHEN 'text' THEN ");
    sql_text_column(p->sql, alias, column);
    sql_text_put(p->sql, " ->> ");
    sql_text_again(p->sql, number);
    sql_text_put(p->sql, " WHEN 'null' THEN NULL ELSE ");
    sql_text_column(p->sql, alias, column);
    sql_text_put(p->sql, " -> ");
    sql_text_again(p->sql, number);
    sql_text_put(p->sql, " END");
}

const char *plan_key_function(enum schema_kind kind)
{
    if (kind == SCHEMA_ARRAY) {
        return "gantry_array_key";
    }
    return kind == SCHEMA_JSON ? "gantry_json_key" : NULL;
}

void put_field(struct planner *p, unsigned alias, const struct plan_field *field)
{
    const char *column = field->column->name;

    if (field->path.at == NULL) {
        sql_text_column(p->sql, alias, column);
        return;
    }
    if (!plan_field_may_be_json(field)) {
        sql_text_put(p->sql, "NULL");
        return;
    }
    sql_text_peak(p->sql, NEST_PATH);
    put_guard(p, alias, column);
    if (field->is_text) {
        put_path_text(p, alias, column, field->path);
    } else {
        sql_text_column(p->sql, alias, column);
        sql_text_put(p->sql, " -> ");
        (void)sql_text_bind_text(p->sql, field->path); /* its number is not needed again */
    }
    sql_text_put(p->sql, " END");
}

void put_key(struct planner *p, unsigned alias, const struct plan_field *field)
{
    const char *function = plan_key_function(plan_field_kind(field));

    if (function == NULL) {
        put_field(p, alias, field);
        return;
    }
    sql_text_put(p->sql, function);
    sql_text_put(p->sql, "(");
    sql_text_nest(p->sql, SQL_TEXT_NEST_FUNCTION);
    put_field(p, alias, field);
    sql_text_unnest(p->sql, SQL_TEXT_NEST_FUNCTION);
    sql_text_put(p->sql, ")");
}
