#include "handlers/openapi/relation.h"

#include "base/attributes.h"
#include "base/utf8.h"
#include "handlers/openapi/column.h"
#include "handlers/openapi/name.h"

static bool is_of_key(const struct schema_table *table, const struct schema_column *column)
{
    (void)table;
    return column->key_place > 0;
}

/* Has it a key, all of whose columns a client can name? */
static bool has_usable_key(const struct schema_table *table)
{
    bool has_any = false;

    for (size_t i = 0; i < table->columns_count; i++) {
        if (is_of_key(table, &table->columns[i])) {
            has_any = true;
            if (!name_is_usable(str_of(table->columns[i].name))) {
                return false;
            }
        }
    }
    return has_any;
}

bool relation_answers(const struct openapi_conf *conf, const struct schema_table *table,
                      enum method method)
{
    switch (method) {
    case METHOD_GET:
        return true;
    case METHOD_POST:
        return conf->is_writable && table->is_insertable;
    case METHOD_PUT:
        return conf->is_writable && table->is_insertable && table->is_updatable &&
               has_usable_key(table);
    case METHOD_PATCH:
        return conf->is_writable && table->is_updatable;
    case METHOD_DELETE:
        return conf->is_writable && table->is_deletable;
    default:
        return false;
    }
}

/* Can rows be put into it, or changed? */
static bool takes_rows(const struct openapi_conf *conf, const struct schema_table *table)
{
    return relation_answers(conf, table, METHOD_POST) ||
           relation_answers(conf, table, METHOD_PATCH);
}

/* --- references --------------------------------------------------------------------------- */

/* "#/components/schemas/body.T" and the like: kind is "schemas/body." */
static void put_reference(struct outline *o, struct str name, const char *kind,
                          const struct schema_table *table, const struct schema_column *column)
{
    struct buf *b;

    outline_open(o, name);
    b = outline_piece(o);
    buf_append_literal(b, "#/components/");
    buf_append_str(b, str_of(kind));
    name_put_key(b, str_of(table->name));
    if (column != NULL) {
        buf_append_char(b, '.');
        name_put_key(b, str_of(column->name));
    }
    outline_text(o, STR("$ref"), outline_pieced(o));
    outline_close(o);
}

/* {"$ref":"#/components/schemas/T"}, as the member name. */
static void put_row_reference(struct outline *o, struct str name, const struct schema_table *table)
{
    put_reference(o, name, "schemas/", table, NULL);
}

void relation_put_ours(struct outline *o, struct str name, const char *kind, const char *key)
{
    struct buf *b;

    outline_open(o, name);
    b = outline_piece(o);
    buf_printf(b, "#/components/%s/%s", kind, key);
    outline_text(o, STR("$ref"), outline_pieced(o));
    outline_close(o);
}

/* --- content ------------------------------------------------------------------------------ */

static void put_rows(struct outline *o, struct str name, const struct schema_table *table)
{
    outline_open(o, name);
    outline_text(o, STR("type"), STR("array"));
    put_row_reference(o, STR("items"), table);
    outline_close(o);
}

static void put_text_media(struct outline *o, struct str media)
{
    outline_open(o, media);
    outline_json(o, STR("schema"), STR("{\"type\":\"string\"}"));
    outline_close(o);
}

void relation_put_content(struct outline *o, const struct schema_table *table, bool is_one)
{
    outline_open(o, STR("content"));
    outline_open(o, STR("application/json"));
    if (is_one) {
        put_row_reference(o, STR("schema"), table);
    } else {
        put_rows(o, STR("schema"), table);
    }
    outline_close(o);
    if (!is_one) {
        put_text_media(o, STR("text/csv"));
        put_text_media(o, STR("application/x-ndjson"));
    }
    outline_open(o, STR("application/vnd.pgrst.object+json"));
    put_row_reference(o, STR("schema"), table);
    outline_close(o);
    outline_close(o);
}

/* --- the pieces of an operation ----------------------------------------------------------- */

void relation_put_filter(struct outline *o, const struct schema_table *table,
                         const struct schema_column *column)
{
    if (name_is_usable(str_of(column->name))) {
        put_reference(o, ITEM, "parameters/rowFilter.", table, column);
    }
}

/* The parameters of ours that a method takes, the last one NULL. */
static const char *const *parameters_of(enum method method)
{
    static const char *const of_get[] = {"select", "order", "limit",      "offset",      "and",
                                         "or",     "range", "preferRead", "ifNoneMatch", NULL};
    static const char *const of_post[] = {"select",         "order",       "columns", "on_conflict",
                                          "idempotencyKey", "preferWrite", NULL};
    static const char *const of_put[] = {"select",         "ifMatch",     "ifNoneMatchWrite",
                                         "idempotencyKey", "preferWrite", NULL};
    static const char *const of_patch[] = {
        "select",           "order",          "columns",     "and", "or", "ifMatch",
        "ifNoneMatchWrite", "idempotencyKey", "preferWrite", NULL};
    static const char *const of_delete[] = {
        "select",           "order",          "and",         "or", "ifMatch",
        "ifNoneMatchWrite", "idempotencyKey", "preferWrite", NULL};

    switch (method) {
    case METHOD_POST:
        return of_post;
    case METHOD_PUT:
        return of_put;
    case METHOD_PATCH:
        return of_patch;
    case METHOD_DELETE:
        return of_delete;
    default:
        return of_get;
    }
}

static void put_parameters(struct outline *o, const struct schema_table *table, enum method method)
{
    const char *const *ours = parameters_of(method);

    outline_open_array(o, STR("parameters"));
    for (; *ours != NULL; ours++) {
        relation_put_ours(o, ITEM, "parameters", *ours);
    }
    for (size_t i = 0; i < table->columns_count && method != METHOD_POST; i++) {
        if (method != METHOD_PUT) {
            relation_put_filter(o, table, &table->columns[i]);
        } else if (is_of_key(table, &table->columns[i])) {
            put_reference(o, ITEM, "parameters/rowKey.", table, &table->columns[i]);
        }
    }
    outline_close_array(o);
}

/* One row, in a type of body. */
static void put_row_media(struct outline *o, struct str media, const char *kind,
                          const struct schema_table *table)
{
    outline_open(o, media);
    put_reference(o, STR("schema"), kind, table, NULL);
    outline_close(o);
}

/* A row, or several. */
static void put_new_media(struct outline *o, const struct schema_table *table)
{
    outline_open(o, STR("application/json"));
    outline_open(o, STR("schema"));
    outline_open_array(o, STR("anyOf"));
    put_reference(o, ITEM, "schemas/new.", table, NULL);
    outline_open(o, ITEM);
    outline_text(o, STR("type"), STR("array"));
    put_reference(o, STR("items"), "schemas/new.", table, NULL);
    outline_close(o);
    outline_close_array(o);
    outline_close(o);
    outline_close(o);
}

static void put_body(struct outline *o, const struct schema_table *table, enum method method)
{
    const char *kind = method == METHOD_POST  ? "schemas/new."
                       : method == METHOD_PUT ? "schemas/put."
                                              : "schemas/body.";

    outline_open(o, STR("requestBody"));
    outline_flag(o, STR("required"), true);
    outline_open(o, STR("content"));
    if (method == METHOD_POST) {
        put_new_media(o, table);
        put_text_media(o, STR("text/csv"));
    } else {
        put_row_media(o, STR("application/json"), kind, table);
    }
    put_row_media(o, STR("application/x-www-form-urlencoded"), kind, table);
    outline_close(o);
    outline_close(o);
}

static void put_responses_of_read(struct outline *o, const struct schema_table *table)
{
    put_reference(o, STR("200"), "responses/rows.", table, NULL);
    put_reference(o, STR("206"), "responses/rows.", table, NULL);
    relation_put_ours(o, STR("304"), "responses", "notModified");
    relation_put_ours(o, STR("4XX"), "responses", "refusedRead");
    relation_put_ours(o, STR("5XX"), "responses", "failed");
}

static void put_responses_of_write(struct outline *o, const struct schema_table *table,
                                   enum method method)
{
    put_reference(o, STR("200"), "responses/written.", table, NULL);
    if (method == METHOD_POST || method == METHOD_PUT) {
        put_reference(o, STR("201"), "responses/written.", table, NULL);
    }
    if (method != METHOD_POST) {
        relation_put_ours(o, STR("204"), "responses", "done");
    }
    relation_put_ours(o, STR("409"), "responses", "conflict");
    if (method != METHOD_POST) {
        relation_put_ours(o, STR("412"), "responses", "changed");
    }
    relation_put_ours(o, STR("422"), "responses", "keyReused");
    relation_put_ours(o, STR("4XX"), "responses", "refusedWrite");
    relation_put_ours(o, STR("5XX"), "responses", "failedWrite");
}

static void put_responses(struct outline *o, const struct schema_table *table, enum method method)
{
    outline_open(o, STR("responses"));
    if (method == METHOD_GET) {
        put_responses_of_read(o, table);
    } else {
        put_responses_of_write(o, table, method);
    }
    outline_close(o);
}

/* --- an operation ------------------------------------------------------------------------- */

struct words {
    struct str member;
    const char *verb; /* of the operationId */
    const char *summary;
};

static struct words words_of(enum method method)
{
    switch (method) {
    case METHOD_POST:
        return (struct words){STR("post"), "insert", "Add rows to "};
    case METHOD_PUT:
        return (struct words){STR("put"), "upsert", "Add or change one row of "};
    case METHOD_PATCH:
        return (struct words){STR("patch"), "update", "Change rows of "};
    case METHOD_DELETE:
        return (struct words){STR("delete"), "remove", "Remove rows from "};
    default:
        return (struct words){STR("get"), "read", "Rows of "};
    }
}

void relation_put_operation(struct outline *o, const struct openapi_conf *conf,
                            const struct schema_table *table, enum method method)
{
    struct words words = words_of(method);
    struct buf *b;

    outline_open(o, words.member);
    outline_json(o, STR("tags"), table->is_view ? STR("[\"Views\"]") : STR("[\"Tables\"]"));
    b = outline_piece(o);
    buf_printf(b, "%s.", words.verb);
    name_put_key(b, str_of(table->name));
    outline_text(o, STR("operationId"), outline_pieced(o));
    b = outline_piece(o);
    buf_append_str(b, str_of(words.summary));
    buf_append_str(b, str_of(table->name));
    outline_text(o, STR("summary"), outline_pieced(o));
    if (method == METHOD_GET && conf->rows_max > 0) {
        b = outline_piece(o);
        buf_printf(b, "At most %llu at a time.", (unsigned long long)conf->rows_max);
        outline_text(o, STR("description"), outline_pieced(o));
    }
    put_parameters(o, table, method);
    if (method != METHOD_GET && method != METHOD_DELETE) {
        put_body(o, table, method);
    }
    put_responses(o, table, method);
    outline_close(o);
}

/* --- components --------------------------------------------------------------------------- */

/* The key of a component: kind, and the table's key behind it. Lends: an outline_piece. */
static struct str key_of(struct outline *o, const char *kind, const struct schema_table *table)
{
    struct buf *b = outline_piece(o);

    buf_append_str(b, str_of(kind));
    name_put_key(b, str_of(table->name));
    return outline_pieced(o);
}

static void open_component(struct outline *o, const char *kind, const struct schema_table *table)
{
    outline_open(o, key_of(o, kind, table));
}

static void put_properties(struct outline *o, const struct column_place *place, bool is_for_body)
{
    const struct schema_table *table = place->table;

    outline_open(o, STR("properties"));
    for (size_t i = 0; i < table->columns_count; i++) {
        const struct schema_column *column = &table->columns[i];
        if (utf8_is_valid(str_of(column->name)) && !(is_for_body && column->is_generated)) {
            column_put_schema(o, str_of(column->name), place, column);
        }
    }
    outline_close(o);
}

typedef bool (*column_is_fn)(const struct schema_table *table, const struct schema_column *column);

static void put_required(struct outline *o, const struct schema_table *table, column_is_fn is)
{
    bool has_any = false;

    for (size_t i = 0; i < table->columns_count; i++) {
        struct str name = str_of(table->columns[i].name);
        if (!utf8_is_valid(name) || !is(table, &table->columns[i])) {
            continue;
        }
        if (!has_any) {
            outline_open_array(o, STR("required"));
            has_any = true;
        }
        outline_text(o, ITEM, name);
    }
    if (has_any) {
        outline_close_array(o);
    }
}

static void put_row_schema(struct outline *o, const struct column_place *place)
{
    const struct schema_table *table = place->table;

    open_component(o, "", table);
    outline_text(o, STR("title"), str_of(table->name));
    outline_text(o, STR("description"),
                 STR("A row, as it is without `select` and without `nulls=stripped`."));
    outline_text(o, STR("type"), STR("object"));
    put_required(o, table, column_is_never_null);
    put_properties(o, place, false);
    outline_close(o);
}

static bool needs_any(const struct schema_table *table)
{
    for (size_t i = 0; i < table->columns_count; i++) {
        if (utf8_is_valid(str_of(table->columns[i].name)) &&
            column_is_required(table, &table->columns[i])) {
            return true;
        }
    }
    return false;
}

/* The component "KIND.T": what BASE.T is, with columns that have to be there. */
static void put_demanding_schema(struct outline *o, const char *kind, const char *base,
                                 const struct schema_table *table, column_is_fn is_demanded)
{
    open_component(o, kind, table);
    outline_open_array(o, STR("allOf"));
    put_reference(o, ITEM, base, table, NULL);
    outline_close_array(o);
    put_required(o, table, is_demanded);
    outline_close(o);
}

/* A new row: the body, with what it needs. */
static void put_new_schema(struct outline *o, const struct schema_table *table)
{
    if (!needs_any(table)) {
        put_reference(o, key_of(o, "new.", table), "schemas/body.", table, NULL);
        return;
    }
    put_demanding_schema(o, "new.", "schemas/body.", table, column_is_required);
}

static void put_body_schemas(struct outline *o, const struct column_place *place)
{
    const struct schema_table *table = place->table;

    open_component(o, "body.", table);
    outline_text(o, STR("type"), STR("object"));
    put_properties(o, place, true);
    outline_close(o);
    if (table->is_insertable) {
        put_new_schema(o, table);
    }
    if (relation_answers(place->conf, table, METHOD_PUT)) {
        put_demanding_schema(o, "put.", "schemas/new.", table, is_of_key); /* it names its key */
    }
}

void relation_put_schemas(struct outline *o, const struct openapi_conf *conf,
                          const struct schema *schema, const struct schema_table *table)
{
    const struct column_place place = {conf, schema, table};

    put_row_schema(o, &place);
    if (takes_rows(conf, table)) {
        put_body_schemas(o, &place);
    }
}

static void put_rows_read(struct outline *o, const struct schema_table *table)
{
    open_component(o, "rows.", table);
    outline_text(o, STR("description"), STR("The rows."));
    outline_open(o, STR("headers"));
    relation_put_ours(o, STR("Content-Range"), "headers", "contentRange");
    relation_put_ours(o, STR("ETag"), "headers", "eTag");
    relation_put_ours(o, STR("Preference-Applied"), "headers", "preferenceApplied");
    outline_close(o);
    relation_put_content(o, table, false);
    outline_close(o);
}

static void put_rows_written(struct outline *o, const struct schema_table *table)
{
    open_component(o, "written.", table);
    outline_text(o, STR("description"),
                 STR("With `Prefer: return=representation` the rows; else nothing."));
    outline_open(o, STR("headers"));
    relation_put_ours(o, STR("Content-Range"), "headers", "contentRange");
    relation_put_ours(o, STR("ETag"), "headers", "rowETag");
    relation_put_ours(o, STR("Location"), "headers", "location");
    relation_put_ours(o, STR("Preference-Applied"), "headers", "preferenceApplied");
    relation_put_ours(o, STR("Idempotent-Replayed"), "headers", "idempotentReplayed");
    outline_close(o);
    relation_put_content(o, table, false);
    outline_close(o);
}

void relation_put_responses(struct outline *o, const struct openapi_conf *conf,
                            const struct schema_table *table)
{
    put_rows_read(o, table);
    if (takes_rows(conf, table) || relation_answers(conf, table, METHOD_DELETE)) {
        put_rows_written(o, table);
    }
}

/* The beginning of a component that is a parameter of a column: "KIND.T.C" */
static void open_parameter(struct outline *o, const char *kind, const struct schema_table *table,
                           const struct schema_column *column)
{
    struct buf *b = outline_piece(o);

    buf_append_str(b, str_of(kind));
    name_put_key(b, str_of(table->name));
    buf_append_char(b, '.');
    name_put_key(b, str_of(column->name));
    outline_open(o, outline_pieced(o));
    b = outline_piece(o);
    name_put_filter(b, str_of(column->name));
    outline_text(o, STR("name"), outline_pieced(o));
    outline_text(o, STR("in"), STR("query"));
}

static void put_key(struct outline *o, const struct schema_table *table,
                    const struct schema_column *column)
{
    open_parameter(o, "rowKey.", table, column);
    outline_flag(o, STR("required"), true);
    outline_text(o, STR("description"), STR("`eq.` and what the body says, too."));
    outline_json(o, STR("schema"), STR("{\"type\":\"string\",\"pattern\":\"^eq\\\\.\"}"));
    outline_close(o);
}

static void put_filter(struct outline *o, const struct schema_table *table,
                       const struct schema_column *column)
{
    struct buf *b;

    open_parameter(o, "rowFilter.", table, column);
    b = outline_piece(o);
    buf_append_literal(b, "Such as ");
    buf_append_str(b, column_filters(column));
    outline_text(o, STR("description"), outline_pieced(o));
    outline_json(o, STR("schema"), STR("{\"type\":\"string\"}"));
    outline_close(o);
}

void relation_put_parameters(struct outline *o, const struct openapi_conf *conf,
                             const struct schema_table *table)
{
    bool has_put = relation_answers(conf, table, METHOD_PUT);

    for (size_t i = 0; i < table->columns_count; i++) {
        if (name_is_usable(str_of(table->columns[i].name))) {
            put_filter(o, table, &table->columns[i]);
        }
        if (has_put && is_of_key(table, &table->columns[i])) {
            put_key(o, table, &table->columns[i]);
        }
    }
}
