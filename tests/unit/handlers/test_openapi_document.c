/*
 * The OpenAPI document of schemas kind and hostile: read back with jansson, and held against those
 * rules of OpenAPI 3.1 that a generator can break. (A linter reads whole documents in
 * tests/http/test_openapi.py.)
 */
#include "handlers/openapi/document.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/mem.h"
#include "handlers/openapi/name.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define TEXT_MAX ((size_t)4 * 1024 * 1024)

/* --- schemas ------------------------------------------------------------------------------ */

static const char *const author_columns[] = {"author_id"};
static const char *const id_columns[] = {"id"};

static const struct schema_column book_columns[] = {
    {.name = "id", .type = "INTEGER", .kind = SCHEMA_INTEGER, .key_place = 1},
    {.name = "title", .type = "VARCHAR(20)", .kind = SCHEMA_TEXT, .is_not_null = true},
    {.name = "author_id", .type = "INT", .kind = SCHEMA_INTEGER, .is_not_null = true},
    {.name = "price", .type = "REAL", .kind = SCHEMA_REAL, .default_sql = "9.5"},
    {.name = "sold",
     .type = "BOOLEAN",
     .kind = SCHEMA_BOOLEAN,
     .is_not_null = true,
     .default_sql = "0"},
    {.name = "note", .type = "TEXT", .kind = SCHEMA_TEXT, .default_sql = "'it''s'"},
    {.name = "made", .type = "DATETIME", .kind = SCHEMA_TEXT, .default_sql = "CURRENT_TIMESTAMP"},
    {.name = "tags", .type = "TEXT[]", .kind = SCHEMA_ARRAY, .element = SCHEMA_TEXT},
    {.name = "more", .type = "JSON", .kind = SCHEMA_JSON},
    {.name = "cover", .type = "BLOB", .kind = SCHEMA_BLOB},
    {.name = "any", .type = "", .kind = SCHEMA_ANY},
    {.name = "upper", .type = "TEXT", .kind = SCHEMA_TEXT, .is_generated = true},
};
static const struct schema_key book_keys[] = {
    {.name = "f",
     .target = "authors",
     .columns = author_columns,
     .target_columns = id_columns,
     .columns_count = 1},
};
static const struct schema_column author_table_columns[] = {
    {.name = "id", .type = "INTEGER", .kind = SCHEMA_INTEGER, .key_place = 1},
};
static const struct schema_table shop_tables[] = {
    {.name = "authors",
     .has_rowid = true,
     .is_insertable = true,
     .is_updatable = true,
     .is_deletable = true,
     .columns = author_table_columns,
     .columns_count = 1},
    {.name = "books",
     .has_rowid = true,
     .is_insertable = true,
     .is_updatable = true,
     .is_deletable = true,
     .columns = book_columns,
     .columns_count = ARRAY_LENGTH(book_columns),
     .keys = book_keys,
     .keys_count = 1},
};
static const struct schema shop = {.tables = shop_tables, .tables_count = 2};

/* Names that end strings, templates, references and HTML, and the names of what is ours. */
#define TEN     "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
static const char *const hostile_names[] = {
    "",
    "\x01",
    " ",
    "\"",
    "#/components/schemas/x",
    "$ref",
    "%2F",
    "'/><img src=x onerror=alert(1)>",
    "-",
    "-2F",
    ".",
    "..",
    "/",
    "A",
    "\\",
    "\xC3\x84",
    "\xC3\xA4",
    "\xFF\xFE is not UTF-8",
    "`",
    "a.b",
    "a/b",
    "a~1b",
    "and",
    "body.x",
    "columns",
    "gantry.problem",
    "limit",
    "or",
    "rpc",
    "select",
    "\xF0\x9F\x93\x9A",
    "x-y",
    "x.y",
    "{id}",
    "{}",
    HUNDRED HUNDRED HUNDRED,
};
#define HOSTILE_COUNT ARRAY_LENGTH(hostile_names)

static struct schema_column hostile_columns[HOSTILE_COUNT];
static struct schema_key hostile_keys[HOSTILE_COUNT];
static struct schema_table hostile_tables[HOSTILE_COUNT];
static struct schema hostile = {.tables = hostile_tables, .tables_count = HOSTILE_COUNT};

static void make_hostile(void)
{
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        bool is_of_key = i % 2 == 1 && name_is_usable(str_of(hostile_names[i]));
        unsigned key_place = is_of_key ? (unsigned)i / 2 + 1 : 0;
        hostile_columns[i] = (struct schema_column){.name = hostile_names[i],
                                                    .type = hostile_names[i],
                                                    .kind = (enum schema_kind)(i % 9),
                                                    .key_place = key_place,
                                                    .default_sql = hostile_names[i]};
        hostile_keys[i] = (struct schema_key){.name = hostile_names[i],
                                              .target = hostile_names[(i + 5) % HOSTILE_COUNT],
                                              .columns = &hostile_names[i],
                                              .target_columns = &hostile_names[i],
                                              .columns_count = 1};
        hostile_tables[i] = (struct schema_table){.name = hostile_names[i],
                                                  .has_rowid = true,
                                                  .is_insertable = true,
                                                  .is_updatable = true,
                                                  .is_deletable = true,
                                                  .columns = hostile_columns,
                                                  .columns_count = HOSTILE_COUNT,
                                                  .keys = hostile_keys,
                                                  .keys_count = HOSTILE_COUNT};
    }
}

/* --- routes and queries ------------------------------------------------------------------- */

static const struct param id_param[] = {
    {.name = "id",
     .type = PARAM_INTEGER,
     .in = PARAM_IN_PATH,
     .has_minimum = true,
     .minimum_integer = 1,
     .max_length = UINT64_MAX},
};
static const struct param number_params[] = {
    {.name = "number", .type = PARAM_INTEGER, .in = PARAM_IN_PATH, .max_length = UINT64_MAX},
    {.name = "title",
     .description = "As on the *cover*.",
     .type = PARAM_STRING,
     .in = PARAM_IN_BODY,
     .max_length = 20},
    {.name = "price",
     .type = PARAM_NUMBER,
     .in = PARAM_IN_BODY,
     .has_default = PARAM_DEFAULT_VALUE,
     .fallback = {.type = VALUE_REAL, .real = 1.5},
     .max_length = UINT64_MAX},
};
static const struct param query_params[] = {
    {.name = "limit", .type = PARAM_INTEGER, .max_length = UINT64_MAX},
    {.name = "title",
     .type = PARAM_STRING,
     .has_default = PARAM_DEFAULT_NULL,
     .max_length = UINT64_MAX},
};
static const struct openapi_route routes[] = {
    {.method = METHOD_GET,
     .path = "/books/{id}",
     .result = OPENAPI_ROW,
     .params = id_param,
     .params_count = 1},
    {.method = METHOD_PUT,
     .path = "/books/{number}",
     .description = "Change one.\nIn two lines.",
     .result = OPENAPI_NONE,
     .is_write = true,
     .params = number_params,
     .params_count = 3},
    {.method = METHOD_GET, .path = "/books/id", .description = "Another one"},
    {.method = METHOD_GET, .path = "/a b:c%"},
    {.method = METHOD_GET, .path = "/"},
};
static const struct openapi_query queries[] = {
    {.name = "find",
     .returns = OPENAPI_RETURNS_TABLE_ROWS,
     .of = "books",
     .params = query_params,
     .params_count = 2},
    {.name = "add one",
     .returns = OPENAPI_RETURNS_SCALAR,
     .of = "INTEGER",
     .is_volatile = true,
     .is_write = true},
    {.name = "all", .returns = OPENAPI_RETURNS_SCALARS, .of = "TEXT"},
    {.name = "gone", .returns = OPENAPI_RETURNS_TABLE_ROW, .of = "no such table"},
    {.name = "nothing", .returns = OPENAPI_RETURNS_NOTHING, .is_volatile = true},
    {.name = "add books",
     .returns = OPENAPI_RETURNS_TABLE_ROWS,
     .of = "books",
     .is_volatile = true,
     .is_write = true},
};

static struct openapi_conf conf_of_all(void)
{
    return (struct openapi_conf){.title = "A \"shop\"",
                                 .version = "1",
                                 .has_tables = true,
                                 .is_writable = true,
                                 .prefix = "/api",
                                 .rows_max = 1000,
                                 .routes = routes,
                                 .routes_count = ARRAY_LENGTH(routes),
                                 .queries = queries,
                                 .queries_count = ARRAY_LENGTH(queries),
                                 .has_metrics = true,
                                 .has_admin = true,
                                 .has_docs = true};
}

/* --- reading it back ---------------------------------------------------------------------- */

/* The document, which must be JSON without a name twice in one object. */
static json_t *document_of(const struct openapi_conf *conf, const struct schema *schema)
{
    struct buf b;
    json_error_t error;
    json_t *document;

    buf_init(&b, TEXT_MAX);
    buf_append_literal(&b, "{\"openapi\":\"3.1.0\"");
    assert_int_equal(document_write(conf, schema, &b), STATUS_OK);
    document = json_loadb(b.at, b.size, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL) {
        print_error("%s at %d: %.80s\n", error.text, error.position,
                    b.at + (error.position > 60 ? error.position - 60 : 0));
    }
    assert_non_null(document);
    buf_fini(&b);
    return document;
}

/* The value at a path of names, each ended by NUL, the last one by two. */
static json_t *at(json_t *value, const char *names)
{
    for (; *names != '\0' && value != NULL; names += strlen(names) + 1) {
        value = json_is_array(value) ? json_array_get(value, (size_t)atoi(names))
                                     : json_object_get(value, names);
    }
    return value;
}

static void assert_json(json_t *value, const char *expected)
{
    json_t *wanted = json_loads(expected, JSON_DECODE_ANY, NULL);

    assert_non_null(wanted);
    if (!json_equal(value, wanted)) {
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        print_error("%s, not %s\n", text == NULL ? "nothing" : text, expected);
        free(text);
    }
    assert_true(json_equal(value, wanted));
    json_decref(wanted);
}

/* What "#/components/KIND/KEY" refers to; our keys need no escapes. */
static json_t *resolve(json_t *document, json_t *holder)
{
    const char *reference = json_string_value(json_object_get(holder, "$ref"));
    char text[2000];
    json_t *value = document;
    char *rest;

    if (reference == NULL) {
        return holder;
    }
    assert_true(strncmp(reference, "#/", 2) == 0 && strlen(reference) < sizeof(text));
    (void)strcpy(text, reference + 2);
    for (char *name = strtok_r(text, "/", &rest); name != NULL; name = strtok_r(NULL, "/", &rest)) {
        value = json_object_get(value, name);
    }
    assert_non_null(value);
    return value;
}

static void check_references(json_t *document, json_t *value)
{
    const char *name;
    json_t *member;
    size_t i;

    if (json_is_object(value)) {
        /* "$ref" may be a column: then it is no text */
        if (json_is_string(json_object_get(value, "$ref"))) {
            (void)resolve(document, value);
        }
        json_object_foreach(value, name, member)
        {
            check_references(document, member);
        }
    }
    json_array_foreach(value, i, member)
    {
        check_references(document, member);
    }
}

static void check_keys(json_t *document)
{
    const char *kind;
    const char *key;
    json_t *members;
    json_t *member;

    json_object_foreach(json_object_get(document, "components"), kind, members)
    {
        json_object_foreach(members, key, member)
        {
            size_t good = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789._-");
            assert_true(good > 0 && key[good] == '\0');
        }
    }
}

/* Each parameter once, by name and place; those of the path are those in the path. */
static void check_parameters(json_t *document, const char *path, json_t *operation)
{
    json_t *seen = json_object();
    json_t *item;
    size_t i;
    size_t in_path = 0;
    char text[400];

    json_array_foreach(json_object_get(operation, "parameters"), i, item)
    {
        json_t *parameter = resolve(document, item);
        const char *name = json_string_value(json_object_get(parameter, "name"));
        const char *in = json_string_value(json_object_get(parameter, "in"));
        assert_true(name != NULL && name[0] != '\0' && in != NULL);
        (void)snprintf(text, sizeof(text), "%s %s", in, name);
        assert_null(json_object_get(seen, text));
        json_object_set_new(seen, text, json_true());
        if (strcmp(in, "path") == 0) {
            (void)snprintf(text, sizeof(text), "{%s}", name);
            assert_non_null(strstr(path, text));
            assert_true(json_is_true(json_object_get(parameter, "required")));
            in_path++;
        }
    }
    for (const char *p = path; *p != '\0'; p++) {
        in_path -= *p == '{' ? 1 : 0;
    }
    assert_int_equal(in_path, 0);
    json_decref(seen);
}

static void check_paths(json_t *document)
{
    json_t *ids = json_object();
    const char *path;
    const char *method;
    json_t *item;
    json_t *operation;

    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        assert_int_equal(path[0], '/');
        json_object_foreach(item, method, operation)
        {
            const char *id = json_string_value(json_object_get(operation, "operationId"));
            assert_non_null(id);
            assert_null(json_object_get(ids, id));
            json_object_set_new(ids, id, json_true());
            assert_true(json_object_size(json_object_get(operation, "responses")) > 0);
            check_parameters(document, path, operation);
        }
    }
    json_decref(ids);
}

static void check(json_t *document)
{
    check_references(document, document);
    check_keys(document);
    check_paths(document);
}

/* --- tests -------------------------------------------------------------------------------- */

static void the_document_of_a_shop_is_sound(void **state)
{
    struct openapi_conf conf = conf_of_all();
    json_t *document = document_of(&conf, &shop);

    (void)state;
    check(document);
    assert_json(at(document, "info\0title\0"), "\"A \\\"shop\\\"\"");
    assert_non_null(at(document, "paths\0/api/books\0get\0"));
    assert_non_null(at(document, "paths\0/api/books\0delete\0"));
    assert_non_null(at(document, "paths\0/docs\0"));
    assert_non_null(at(document, "paths\0/admin/queries\0"));
    json_decref(document);
}

static void columns_become_schemas(void **state)
{
    struct openapi_conf conf = conf_of_all();
    json_t *document = document_of(&conf, &shop);
    json_t *book = at(document, "components\0schemas\0books\0");
    json_t *columns = json_object_get(book, "properties");

    (void)state;
    assert_json(json_object_get(book, "required"), "[\"id\",\"title\",\"author_id\",\"sold\"]");
    assert_json(at(columns, "id\0"), "{\"type\":\"integer\",\"format\":\"int64\",\"examples\":[1],"
                                     "\"description\":\"Note:\\nThis is a Primary Key.<pk/>\"}");
    assert_json(at(columns, "title\0"),
                "{\"type\":\"string\",\"format\":\"VARCHAR(20)\",\"maxLength\":20,"
                "\"examples\":[\"text\"]}");
    assert_json(at(columns, "author_id\0description\0"),
                "\"Note:\\nThis is a Foreign Key to `authors.id`."
                "<fk table='authors' column='id'/>\"");
    assert_json(at(columns, "price\0"),
                "{\"type\":[\"number\",\"null\"],\"format\":\"double\",\"examples\":[1.5],"
                "\"default\":9.5}");
    assert_json(at(columns, "sold\0default\0"), "false");
    assert_json(at(columns, "note\0default\0"), "\"it's\"");
    assert_null(at(columns, "made\0default\0"));
    assert_json(at(columns, "made\0description\0"), "\"Default: `CURRENT_TIMESTAMP`\"");
    assert_json(at(columns, "tags\0items\0"), "{\"type\":[\"string\",\"null\"]}");
    assert_null(at(columns, "more\0type\0"));
    assert_json(at(columns, "cover\0examples\0"), "[\"\\\\x00ff\"]");
    assert_json(at(columns, "any\0"), "{}");
    assert_json(at(columns, "upper\0readOnly\0"), "true");
    assert_json(at(document, "components\0schemas\0new.books\0required\0"),
                "[\"title\",\"author_id\"]");
    assert_null(at(document, "components\0schemas\0body.books\0properties\0upper\0"));
    assert_json(at(document, "components\0schemas\0new.authors\0"),
                "{\"$ref\":\"#/components/schemas/body.authors\"}");
    json_decref(document);
}

static void read_only_is_get_only(void **state)
{
    struct openapi_conf conf = conf_of_all();
    json_t *document;

    (void)state;
    conf.is_writable = false;
    conf.routes_count = 1; /* nor do routes and queries write */
    conf.queries_count = 1;
    document = document_of(&conf, &shop);
    check(document);
    assert_int_equal(json_object_size(at(document, "paths\0/api/books\0")), 1);
    assert_null(at(document, "components\0schemas\0body.books\0"));
    assert_null(at(document, "components\0parameters\0idempotencyKey\0"));
    assert_null(at(document, "components\0parameters\0rowKey.books.id\0"));
    assert_null(at(document, "components\0responses\0written.books\0"));
    json_decref(document);
}

/* Does it take the parameter of that name and place? */
static bool takes(json_t *document, const char *path, const char *method, const char *parameter)
{
    json_t *operation =
        json_object_get(json_object_get(json_object_get(document, "paths"), path), method);
    json_t *item;
    size_t i;
    char text[200];

    assert_non_null(operation);
    json_array_foreach(json_object_get(operation, "parameters"), i, item)
    {
        json_t *found = resolve(document, item);
        (void)snprintf(text, sizeof(text), "%s %s", json_string_value(json_object_get(found, "in")),
                       json_string_value(json_object_get(found, "name")));
        if (strcmp(text, parameter) == 0) {
            return true;
        }
    }
    return false;
}

/* Is that status among its answers? */
static bool answers(json_t *document, const char *path, const char *method, const char *status)
{
    json_t *operation =
        json_object_get(json_object_get(json_object_get(document, "paths"), path), method);

    assert_non_null(operation);
    return json_object_get(json_object_get(operation, "responses"), status) != NULL;
}

static void writes_say_what_they_take(void **state)
{
    static const char *const methods[] = {"post", "put", "patch", "delete"};
    struct openapi_conf conf = conf_of_all();
    json_t *document = document_of(&conf, &shop);

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
        bool is_of_rows = i > 0;
        assert_true(takes(document, "/api/books", methods[i], "header Idempotency-Key"));
        assert_true(takes(document, "/api/books", methods[i], "header Prefer"));
        assert_true(answers(document, "/api/books", methods[i], "409"));
        assert_true(answers(document, "/api/books", methods[i], "422"));
        assert_true(takes(document, "/api/books", methods[i], "header If-Match") == is_of_rows);
        assert_true(takes(document, "/api/books", methods[i], "header If-None-Match") ==
                    is_of_rows);
        assert_true(answers(document, "/api/books", methods[i], "412") == is_of_rows);
        assert_true(answers(document, "/api/books", methods[i], "204") == is_of_rows);
    }
    assert_false(takes(document, "/api/books", "get", "header Idempotency-Key"));
    assert_false(takes(document, "/api/books", "get", "header If-Match"));
    assert_false(answers(document, "/api/books", "get", "409"));
    json_decref(document);
}

static void put_names_the_key(void **state)
{
    struct openapi_conf conf = conf_of_all();
    json_t *document = document_of(&conf, &shop);

    (void)state;
    assert_true(takes(document, "/api/books", "put", "query id"));
    assert_false(takes(document, "/api/books", "put", "query title"));
    assert_false(takes(document, "/api/books", "put", "query columns"));
    assert_json(at(document, "components\0parameters\0rowKey.books.id\0required\0"), "true");
    assert_json(at(document, "components\0schemas\0put.books\0"),
                "{\"allOf\":[{\"$ref\":\"#/components/schemas/new.books\"}],"
                "\"required\":[\"id\"]}");
    assert_true(answers(document, "/api/books", "put", "200"));
    assert_true(answers(document, "/api/books", "put", "201"));
    json_decref(document);
}

/* Has the one table of that one column, which can be written so, a PUT? */
static bool has_put(const char *name, unsigned key_place, bool is_insertable, bool is_updatable)
{
    const struct schema_column column = {
        .name = name, .type = "TEXT", .kind = SCHEMA_TEXT, .key_place = key_place};
    const struct schema_table table = {.name = "t",
                                       .is_insertable = is_insertable,
                                       .is_updatable = is_updatable,
                                       .columns = &column,
                                       .columns_count = 1};
    const struct schema schema = {.tables = &table, .tables_count = 1};
    struct openapi_conf conf = conf_of_all();
    json_t *document = document_of(&conf, &schema);
    bool has = at(document, "paths\0/api/t\0put\0") != NULL;

    check(document);
    json_decref(document);
    return has;
}

static void put_is_where_a_key_can_be_named(void **state)
{
    (void)state;
    assert_true(has_put("id", 1, true, true));
    assert_false(has_put("id", 0, true, true));
    assert_false(has_put("id", 1, false, true));
    assert_false(has_put("id", 1, true, false));
    assert_false(has_put("", 1, true, true));
    assert_false(has_put("\xFF", 1, true, true));
}

static void what_writes_takes_a_key(void **state)
{
    struct openapi_conf conf = conf_of_all();
    json_t *document = document_of(&conf, &shop);

    (void)state;
    assert_true(takes(document, "/books/{id}", "put", "header Idempotency-Key"));
    assert_false(takes(document, "/books/{id}", "put", "header If-Match"));
    assert_true(answers(document, "/books/{id}", "put", "422"));
    assert_non_null(at(document, "paths\0/books/{id}\0put\0responses\0"
                                 "204\0headers\0Idempotent-Replayed\0"));
    assert_false(takes(document, "/books/{id}", "get", "header Idempotency-Key"));
    assert_false(answers(document, "/books/{id}", "get", "422"));
    assert_true(takes(document, "/api/rpc/add%20one", "post", "header Idempotency-Key"));
    assert_true(answers(document, "/api/rpc/add%20one", "post", "409"));
    assert_true(takes(document, "/api/rpc/add%20books", "post", "header Idempotency-Key"));
    assert_non_null(
        strstr(json_string_value(at(document, "components\0parameters\0preferCall\0description\0")),
               "max-affected"));
    assert_false(takes(document, "/api/rpc/nothing", "post", "header Idempotency-Key"));
    json_decref(document);
}

static void routes_of_one_shape_are_one_path(void **state)
{
    struct openapi_conf conf = conf_of_all();
    json_t *document = document_of(&conf, &shop);
    json_t *item = at(document, "paths\0/books/{id}\0");

    (void)state;
    assert_int_equal(json_object_size(item), 2);
    assert_json(at(item, "put\0parameters\0"
                         "0\0name\0"),
                "\"id\"");
    assert_json(at(item, "put\0requestBody\0content\0application/json\0schema\0"),
                "{\"type\":\"object\",\"required\":[\"title\"],\"properties\":{\"title\":"
                "{\"description\":\"As on the *cover*.\",\"type\":\"string\",\"maxLength\":20},"
                "\"price\":{\"type\":\"number\",\"default\":1.5}}}");
    assert_json(at(item, "put\0summary\0"), "\"PUT /books/{number}\"");
    assert_json(at(item, "get\0parameters\0"
                         "0\0schema\0"),
                "{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1}");
    assert_non_null(at(document, "paths\0/a%20b%3Ac%25\0"));
    assert_non_null(at(document, "paths\0/\0"));
    json_decref(document);
}

static void arguments_hide_filters(void **state)
{
    struct openapi_conf conf = conf_of_all();
    json_t *document = document_of(&conf, &shop);

    (void)state;
    assert_json(at(document, "paths\0/api/rpc/find\0get\0parameters\0"
                             "0\0name\0"),
                "\"limit\"");
    assert_null(at(document, "paths\0/api/rpc/add%20one\0get\0"));
    assert_json(at(document, "paths\0/api/rpc/all\0get\0responses\0"
                             "200\0content\0application/json\0schema\0items\0type\0"),
                "[\"string\",\"null\"]");
    json_decref(document);
}

static void hostile_names_do_no_harm(void **state)
{
    struct openapi_conf conf = conf_of_all();
    json_t *document;
    json_t *description;

    (void)state;
    make_hostile();
    document = document_of(&conf, &hostile);
    check(document);
    assert_non_null(at(document, "paths\0/api/%7Bid%7D\0get\0"));
    assert_true(takes(document, "/api/%7Bid%7D", "put", "query \"or\""));
    assert_null(at(document, "paths\0/api/\0"));
    assert_non_null(at(document, "components\0schemas\0-2D\0"));
    assert_json(at(document, "components\0parameters\0rowFilter.A.limit\0name\0"),
                "\"\\\"limit\\\"\"");
    description = at(document, "components\0schemas\0A\0properties\0"
                               "$ref\0description\0");
    assert_non_null(description);
    assert_null(strstr(json_string_value(description), "<img"));
    json_decref(document);
}

static void excluded_tables_are_not_there(void **state)
{
    static const char *const names[] = {"BOOKS"};
    struct openapi_conf conf = conf_of_all();
    json_t *document;

    (void)state;
    conf.exclude = names;
    conf.exclude_count = 1;
    document = document_of(&conf, &shop);
    check(document);
    assert_null(at(document, "paths\0/api/books\0"));
    assert_null(at(document, "components\0schemas\0books\0"));
    json_decref(document);
}

static void without_a_database_there_are_routes(void **state)
{
    struct openapi_conf conf = conf_of_all();
    json_t *document = document_of(&conf, NULL);

    (void)state;
    check(document);
    json_decref(document);
}

static int hex_of(char c)
{
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

static void keys_can_be_undone(void **state)
{
    struct random random = {20260131};
    struct buf key;

    (void)state;
    buf_init(&key, 4096);
    for (int round = 0; round < 20000; round++) {
        char name[40];
        char back[40];
        size_t size = random_below(&random, sizeof(name) - 1) + 1;
        size_t n = 0;
        for (size_t i = 0; i < size; i++) {
            name[i] = (char)random_below(&random, 256);
        }
        buf_clear(&key);
        name_put_key(&key, (struct str){name, size});
        for (size_t i = 0; i < key.size; i++) {
            assert_true(key.at[i] != '.');
            if (key.at[i] == '-') {
                back[n++] = (char)(hex_of(key.at[i + 1]) * 16 + hex_of(key.at[i + 2]));
                i += 2;
            } else {
                back[n++] = key.at[i];
            }
        }
        assert_int_equal(n, size);
        assert_memory_equal(back, name, size);
    }
    buf_fini(&key);
}

static void no_memory_is_a_status(void **state)
{
    struct openapi_conf conf = conf_of_all();
    enum status status = STATUS_NOMEM;

    (void)state;
    for (long n = 1; status != STATUS_OK; n++) {
        struct buf b;
        buf_init(&b, TEXT_MAX);
        mem_fail_after(n);
        status = document_write(&conf, &shop, &b);
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || status == STATUS_NOMEM);
        buf_fini(&b);
        assert_true(n < 10000);
    }
}

static void too_big_is_a_status(void **state)
{
    struct openapi_conf conf = conf_of_all();
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    assert_int_equal(document_write(&conf, &shop, &b), STATUS_TOO_BIG);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_of_a_shop_is_sound),
        cmocka_unit_test(columns_become_schemas),
        cmocka_unit_test(read_only_is_get_only),
        cmocka_unit_test(writes_say_what_they_take),
        cmocka_unit_test(put_names_the_key),
        cmocka_unit_test(put_is_where_a_key_can_be_named),
        cmocka_unit_test(what_writes_takes_a_key),
        cmocka_unit_test(routes_of_one_shape_are_one_path),
        cmocka_unit_test(arguments_hide_filters),
        cmocka_unit_test(hostile_names_do_no_harm),
        cmocka_unit_test(excluded_tables_are_not_there),
        cmocka_unit_test(without_a_database_there_are_routes),
        cmocka_unit_test(keys_can_be_undone),
        cmocka_unit_test(no_memory_is_a_status),
        cmocka_unit_test(too_big_is_a_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
