#include "handlers/openapi/column.h"

#include <strings.h>

#include "base/attributes.h"
#include "handlers/openapi/name.h"
#include "handlers/openapi/operations.h"

/* --- types -------------------------------------------------------------------------------- */

/* By kind. An empty text: nothing to say. */
static const struct {
    struct str type;    /* JSON Schema's, quoted */
    struct str example; /* JSON */
    struct str filters;
} kinds[] = {
    [SCHEMA_ANY] = {STR("null"), STR("null"), STR("`eq.x`, `is.null`")},
    [SCHEMA_INTEGER] = {STR("\"integer\""), STR("1"), STR("`eq.1`, `gte.1`, `in.(1,2)`")},
    [SCHEMA_REAL] = {STR("\"number\""), STR("1.5"), STR("`gte.1.5`, `lt.10`")},
    [SCHEMA_NUMERIC] = {STR("\"number\""), STR("1.5"), STR("`eq.1.5`, `gte.1.5`, `lt.10`")},
    [SCHEMA_TEXT] = {STR("\"string\""), STR("\"text\""),
                     STR("`eq.text`, `ilike.*ext*`, `in.(a,\"b c\")`")},
    [SCHEMA_BOOLEAN] = {STR("\"boolean\""), STR("true"), STR("`is.true`, `eq.false`")},
    [SCHEMA_JSON] = {STR("null"), STR("{\"key\":\"value\"}"), STR("`cs.{\"key\":\"value\"}`")},
    [SCHEMA_ARRAY] = {STR("\"array\""), STR("[]"), STR("`cs.{a}`, `ov.{a,b}`")},
    [SCHEMA_BLOB] = {STR("\"string\""), STR("\"\\\\x00ff\""), STR("`eq.\\x00ff`, `is.null`")},
};

/* Texts whose form JSON Schema has a word for, and others with a form of their own. */
static const struct {
    const char *declared;
    struct str format; /* "": the declared type */
    struct str example;
    struct str filters;
} forms[] = {
    {"date", STR("date"), STR("\"2026-01-31\""), STR("`eq.2026-01-31`, `gte.2026-01-31`")},
    {"time", STR(""), STR("\"12:00:00\""), STR("`gte.12:00:00`, `lt.18:00:00`")},
    {"datetime", STR(""), STR("\"2026-01-31 12:00:00\""), STR("`gte.2026-01-31`, `lt.2027`")},
    {"timestamp", STR(""), STR("\"2026-01-31 12:00:00\""), STR("`gte.2026-01-31`, `lt.2027`")},
    {"uuid", STR("uuid"), STR("\"123e4567-e89b-42d3-a456-426614174000\""),
     STR("`eq.123e4567-e89b-42d3-a456-426614174000`")},
};

/* The place in forms of a declared type, or ARRAY_LENGTH(forms). */
static size_t form_of(enum schema_kind kind, const char *declared)
{
    size_t i = 0;

    while (i < ARRAY_LENGTH(forms) &&
           (kind != SCHEMA_TEXT || strcasecmp(declared, forms[i].declared) != 0)) {
        i++;
    }
    return i;
}

/* Of "VARCHAR(20)": 20. Return: false if there is none. */
static bool length_of(enum schema_kind kind, const char *declared, uint64_t *ret)
{
    const char *open = strchr(declared, '(');
    const char *close = open == NULL ? NULL : strchr(open, ')');

    return kind == SCHEMA_TEXT && close != NULL &&
           str_to_u64(str_trim((struct str){open + 1, (size_t)(close - open - 1)}), ret);
}

static void put_type(struct outline *o, enum schema_kind kind, bool is_nullable)
{
    if (kinds[kind].type.at[0] == 'n') {
        return; /* anything */
    }
    if (!is_nullable) {
        outline_json(o, STR("type"), kinds[kind].type);
        return;
    }
    outline_open_array(o, STR("type"));
    outline_json(o, ITEM, kinds[kind].type);
    outline_text(o, ITEM, STR("null"));
    outline_close_array(o);
}

static void put_format(struct outline *o, enum schema_kind kind, const char *declared)
{
    size_t form = form_of(kind, declared);

    if (kind == SCHEMA_INTEGER) {
        outline_text(o, STR("format"), STR("int64"));
    } else if (kind == SCHEMA_REAL) {
        outline_text(o, STR("format"), STR("double"));
    } else if (form < ARRAY_LENGTH(forms) && forms[form].format.size > 0) {
        outline_text(o, STR("format"), forms[form].format);
    } else if (declared[0] != '\0') {
        outline_text(o, STR("format"), str_of(declared));
    }
}

static void put_example(struct outline *o, enum schema_kind kind, const char *declared)
{
    size_t form = form_of(kind, declared);
    uint64_t length;

    if (kind == SCHEMA_ANY) {
        return;
    }
    outline_open_array(o, STR("examples"));
    if (form < ARRAY_LENGTH(forms)) {
        outline_json(o, ITEM, forms[form].example);
    } else if (length_of(kind, declared, &length) && length < 4) {
        outline_text(o, ITEM, (struct str){"text", (size_t)length});
    } else {
        outline_json(o, ITEM, kinds[kind].example);
    }
    outline_close_array(o);
}

/* What is known from the declared type. */
static void put_kind(struct outline *o, enum schema_kind kind, enum schema_kind element,
                     const char *declared, bool is_nullable)
{
    uint64_t length;

    put_type(o, kind, is_nullable);
    put_format(o, kind, declared);
    if (kind == SCHEMA_ARRAY) {
        outline_open(o, STR("items"));
        put_type(o, element == SCHEMA_ARRAY ? SCHEMA_ANY : element, true);
        outline_close(o);
    }
    if (kind == SCHEMA_BLOB) {
        outline_text(o, STR("pattern"), STR("^\\\\x([0-9a-f]{2})*$"));
    }
    if (length_of(kind, declared, &length)) {
        outline_count(o, STR("maxLength"), length);
    }
    put_example(o, kind, declared);
}

void column_put_type(struct outline *o, struct str name, const char *declared)
{
    enum schema_kind element = SCHEMA_ANY;
    enum schema_kind kind = schema_kind_of(declared, &element);

    outline_open(o, name);
    put_kind(o, kind, element, declared, true);
    outline_close(o);
}

struct str column_filters(const struct schema_column *column)
{
    size_t form = form_of(column->kind, column->type);

    return form < ARRAY_LENGTH(forms) ? forms[form].filters : kinds[column->kind].filters;
}

/* --- defaults ----------------------------------------------------------------------------- */

/* 'it''s' without its quotes, into the outline's piece. Return: false if sql is no such literal. */
static bool unquote(struct outline *o, struct str sql)
{
    struct buf *text = outline_piece(o);

    if (sql.size < 2 || sql.at[0] != '\'' || sql.at[sql.size - 1] != '\'') {
        return false;
    }
    for (size_t i = 1; i + 1 < sql.size; i++) {
        if (sql.at[i] == '\'') {
            i++; /* the second of two */
            if (i + 1 == sql.size || sql.at[i] != '\'') {
                return false;
            }
        }
        buf_append_char(text, sql.at[i]);
    }
    return true;
}

/* Return: false if it is none that has the column's type; then nothing was written. */
static bool put_literal(struct outline *o, enum schema_kind kind, struct str sql)
{
    int64_t integer;
    double number;

    if (kind == SCHEMA_INTEGER && str_to_i64(sql, &integer)) {
        outline_integer(o, STR("default"), integer);
    } else if ((kind == SCHEMA_REAL || kind == SCHEMA_NUMERIC) && str_to_double(sql, &number)) {
        outline_number(o, STR("default"), number);
    } else if (kind == SCHEMA_BOOLEAN &&
               (str_equal(sql, STR("1")) || str_equal_nocase(sql, STR("true")))) {
        outline_flag(o, STR("default"), true);
    } else if (kind == SCHEMA_BOOLEAN &&
               (str_equal(sql, STR("0")) || str_equal_nocase(sql, STR("false")))) {
        outline_flag(o, STR("default"), false);
    } else if (kind == SCHEMA_TEXT && unquote(o, sql)) {
        outline_text(o, STR("default"), outline_pieced(o));
    } else {
        return false;
    }
    return true;
}

/* Return: is there one that only words can tell? */
static bool put_default(struct outline *o, const struct schema_column *column)
{
    struct str sql = column->default_sql == NULL ? STR("null") : str_of(column->default_sql);

    return !str_equal_nocase(sql, STR("null")) && !put_literal(o, column->kind, sql);
}

/* --- descriptions ------------------------------------------------------------------------- */

/* Generators of clients look for the tags; the sentences are PostgREST's as well. */
static void note_key(struct buf *b, const struct schema_key *key, size_t i)
{
    struct str table = str_of(key->target);
    struct str column = str_of(key->target_columns[i]);

    buf_append_literal(b, "This is a Foreign Key to ");
    name_put_prose(b, table, column);
    buf_append_literal(b, ".<fk table='");
    name_put_attribute(b, table);
    buf_append_literal(b, "' column='");
    name_put_attribute(b, column);
    buf_append_literal(b, "'/>");
}

/* Where it points is told if that is served: the names of other tables are nobody's business. */
static void note_keys(struct buf *b, const struct column_place *place,
                      const struct schema_table *table, const struct schema_column *column)
{
    if (column->key_place > 0) {
        buf_append_literal(b, "Note:\nThis is a Primary Key.<pk/>");
    }
    for (size_t i = 0; i < table->keys_count; i++) {
        const struct schema_key *key = &table->keys[i];
        const struct schema_table *target = schema_find(place->schema, str_of(key->target));
        if (target == NULL || !operations_have(place->conf, target)) {
            continue;
        }
        for (size_t j = 0; j < key->columns_count; j++) {
            if (str_equal_nocase(str_of(key->columns[j]), str_of(column->name))) {
                buf_append_str(b, b->size == 0 ? STR("Note:\n") : STR("\n"));
                note_key(b, key, j);
            }
        }
    }
}

/* Of a view's column: those of the table's column that it is, if it is one. */
static void note_origin(struct buf *b, const struct column_place *place,
                        const struct schema_column *column)
{
    const struct schema_table *table = NULL;
    const struct schema_column *origin = NULL;

    if (column->origin_table != NULL && column->origin_column != NULL) {
        table = schema_find(place->schema, str_of(column->origin_table));
    }
    if (table != NULL) {
        origin = schema_find_column(table, str_of(column->origin_column));
    }
    if (origin != NULL) {
        note_keys(b, place, table, origin);
    }
}

static void put_description(struct outline *o, const struct column_place *place,
                            const struct schema_column *column, bool tells_default)
{
    struct buf *b = outline_piece(o);

    if (place->table->is_view) {
        note_origin(b, place, column);
    } else {
        note_keys(b, place, place->table, column);
    }
    if (column->is_generated) {
        buf_append_str(b, b->size == 0 ? STR("") : STR("\n\n"));
        buf_append_literal(b, "Generated from other columns.");
    }
    if (tells_default) {
        buf_append_str(b, b->size == 0 ? STR("") : STR("\n\n"));
        buf_append_literal(b, "Default: ");
        name_put_prose(b, str_of(column->default_sql), ITEM);
    }
    if (b->size > 0) {
        outline_text(o, STR("description"), outline_pieced(o));
    }
}

/* --- the column --------------------------------------------------------------------------- */

/* The rowid under another name: INTEGER PRIMARY KEY. */
static bool is_rowid(const struct schema_table *table, const struct schema_column *column)
{
    size_t places = 0;

    for (size_t i = 0; i < table->columns_count; i++) {
        places += table->columns[i].key_place > 0 ? 1 : 0;
    }
    return table->has_rowid && !table->is_view && column->key_place > 0 && places == 1 &&
           strcasecmp(column->type, "integer") == 0;
}

bool column_is_never_null(const struct schema_table *table, const struct schema_column *column)
{
    return column->is_not_null || is_rowid(table, column);
}

bool column_is_required(const struct schema_table *table, const struct schema_column *column)
{
    return column->is_not_null && column->default_sql == NULL && !column->is_generated &&
           !is_rowid(table, column);
}

void column_put_schema(struct outline *o, struct str name, const struct column_place *place,
                       const struct schema_column *column)
{
    bool tells_default;

    outline_open(o, name);
    put_kind(o, column->kind, column->element, column->type,
             !column_is_never_null(place->table, column));
    tells_default = put_default(o, column);
    put_description(o, place, column, tells_default);
    if (column->is_generated) {
        outline_flag(o, STR("readOnly"), true);
    }
    outline_close(o);
}
