#include "handlers/table/payload.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"
#include "tests/unit/unit.h"

#define NAMES_MAX 64

static struct arena arena;
static struct payload payload;
static struct fault fault;
static struct payload_cell cells[NAMES_MAX];
static struct buf shown;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 0, 1 << 22);
    buf_init(&shown, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    buf_fini(&shown);
    return 0;
}

/* --- a body, opened and shown ----------------------------------------------------------------- */

static bool open_as(const char *type, struct str body, const char *const *columns)
{
    static struct str names[NAMES_MAX];
    struct header header = {STR("content-type"), str_of(type == NULL ? "" : type)};
    struct request request = {
        .headers = &header, .headers_count = type == NULL ? 0 : 1, .body = body};
    struct tree tree = {.columns = names, .has_columns = columns != NULL};

    for (size_t i = 0; columns != NULL && columns[i] != NULL; i++) {
        names[i] = str_of(columns[i]);
        tree.columns_count++;
    }
    payload = (struct payload){.rows = 77};
    fault = (struct fault){0};
    return payload_open(&request, &tree, &arena, &payload, &fault);
}

/* One letter for its kind, then its text. */
static void show_cell(const struct payload_cell *cell)
{
    static const char letters[] = "-0tf#'{";

    buf_append_char(&shown, letters[cell->kind]);
    if (cell->kind >= PAYLOAD_NUMBER) {
        buf_append_str(&shown, cell->text);
    }
}

static void show_row(void)
{
    struct arena row;

    arena_init(&row, NULL, 0, 1 << 20);
    assert_true(payload_next(&payload, &row, cells, &fault));
    for (size_t i = 0; i < payload.names_count; i++) {
        if (i > 0) {
            buf_append_char(&shown, ' ');
        }
        show_cell(&cells[i]);
    }
    arena_fini(&row);
}

/* Names, then rows: "id,name|#1 'one|#2 0" */
static struct str all(void)
{
    buf_clear(&shown);
    for (size_t i = 0; i < payload.names_count; i++) {
        if (i > 0) {
            buf_append_char(&shown, ',');
        }
        buf_append_str(&shown, payload.names[i]);
    }
    for (uint64_t row = 0; row < payload.rows; row++) {
        buf_append_char(&shown, '|');
        show_row();
    }
    return buf_str(&shown);
}

#define assert_all(type, body, columns, expected)                                                  \
    do {                                                                                           \
        if (!open_as(type, str_of(body), columns)) {                                               \
            fail_msg("%s", fault.message);                                                         \
        }                                                                                          \
        assert_text(all(), expected);                                                              \
        payload_rewind(&payload);                                                                  \
        assert_text(all(), expected);                                                              \
    } while (0)

#define assert_json(body, expected) assert_all(NULL, body, NULL, expected)
#define assert_csv(body, expected)  assert_all("text/csv", body, NULL, expected)
#define assert_form(body, expected)                                                                \
    assert_all("application/x-www-form-urlencoded", body, NULL, expected)

static void assert_fault(const char *code, const char *message, const char *details)
{
    assert_int_equal(fault.http_status, 400);
    assert_string_equal(fault.code, code);
    assert_string_equal(fault.message, message);
    assert_int_equal(payload.rows, 77); /* untouched */
    if (details == NULL) {
        assert_null(fault.details);
    } else {
        assert_string_equal(fault.details, details);
    }
}

#define assert_refused(type, body, message)                                                        \
    do {                                                                                           \
        assert_false(open_as(type, body, NULL));                                                   \
        assert_fault("PGRST102", message, NULL);                                                   \
    } while (0)

static const char *const columns_ab[] = {"a", "b", NULL};

/* --- JSON ------------------------------------------------------------------------------------- */

static void json_rows(void **state)
{
    (void)state;
    assert_json("{}", "|");
    assert_json("[]", "");
    assert_json("[{}, {}]", "||");
    assert_json("{\"id\":7}", "id|#7");
    assert_json("[{\"id\":7}]", "id|#7");
    assert_json(
        " [ { \"id\" : 7 , \"name\" : \"x\" } ,\r\n\t{ \"name\" : null , \"id\" : true } ] ",
        "id,name|#7 'x|t 0");
    assert_json("[{\"a\":1,\"b\":2,\"c\":3},{\"c\":4,\"b\":5,\"a\":6}]", "a,b,c|#1 #2 #3|#6 #5 #4");
    assert_json("{\"\":false,\"a b\":\"\"}", ",a b|f '");
}

static void what_it_was(void **state)
{
    (void)state;
    assert_true(open_as(NULL, STR("{}"), NULL));
    assert_true(!payload.is_array && payload.rows == 1 && payload.kind == PAYLOAD_JSON);
    assert_true(open_as(NULL, STR("[{}]"), NULL));
    assert_true(payload.is_array && payload.rows == 1);
    assert_true(open_as("text/csv", STR("a\n1\n"), NULL));
    assert_true(payload.is_array && payload.rows == 1 && payload.kind == PAYLOAD_CSV);
    assert_true(open_as("application/x-www-form-urlencoded", STR("a=1"), NULL));
    assert_true(!payload.is_array && payload.rows == 1 && payload.kind == PAYLOAD_FORM);
}

static void scalars_are_empty_arrays(void **state)
{
    static const char *const bodies[] = {"7", " \"a\" ", "null", "true", "\"[{}]\"", "-1e5"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        assert_json(bodies[i], "");
        assert_true(payload.is_array && payload.rows == 0);
    }
}

static void json_values(void **state)
{
    (void)state;
    assert_json("{\"a\":123456789012345678901234567890}", "a|#123456789012345678901234567890");
    assert_json("{\"a\":-0.10E+5,\"b\":1.0}", "a,b|#-0.10E+5 #1.0");
    assert_json("{\"a\":9223372036854775807}", "a|#9223372036854775807");
    assert_json("{\"a\":[1,2,{\"b\":null}]}", "a|{[1,2,{\"b\":null}]");
    assert_json("{\"a\": [ 1.50 , {\"b c\" : \"} ] , \\\" \"} ] }",
                "a|{[1.50,{\"b c\":\"} ] , \\\" \"}]");
    assert_json("{\"a\":{},\"b\":[],\"c\":{ },\"d\":\n[ ]\n}", "a,b,c,d|{{} {[] {{} {[]");
    assert_json("{\"a\":\"\xC3\xA9\"}", "a|'\xC3\xA9");
}

static void escapes_are_characters(void **state)
{
    (void)state;
    assert_json("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "a|'\"\\/\b\f\n\r\t");
    assert_json("{\"a\":\"\\u0041\\u00e9\\u00E9\\u20ac\\ud83d\\uDE00x\"}",
                "a|'A\xC3\xA9\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80x");
    assert_json("{\"a\":\"\\u0001\\u007f\\uFFFF\"}", "a|'\x01\x7F\xEF\xBF\xBF");
    assert_json("[{\"\\u0061\":1,\"b\":2},{\"b\":3,\"a\":4},{\"a\":5,\"\\u0062\":6}]",
                "a,b|#1 #2|#4 #3|#5 #6");
    assert_json("{\"a\\\"b\":\"\\\\u0000\"}", "a\"b|'\\u0000");
    assert_json("{\"a\":[\"\\u0000\\ud800\"]}", "a|{[\"\\u0000\\ud800\"]"); /* as written */
}

static void what_no_text_holds(void **state)
{
    static const char *const halves[] = {"\\ud800",        "\\udc00",       "\\ud800x",
                                         "\\ud800\\u0041", "\\ud800\\n\\n", "x\\uDBFF",
                                         "\\ud83d\\ud83d"};
    static const char *const nuls[] = {"{\"a\":\"x\\u0000y\"}", "{\"\\u0000\":1}",
                                       "[{\"a\":1},{\"a\":\"\\u0000\"}]"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(halves); i++) {
        char body[64];
        (void)snprintf(body, sizeof(body), "{\"a\":\"%s\"}", halves[i]);
        assert_refused(NULL, str_of(body), "Empty or invalid json");
        (void)snprintf(body, sizeof(body), "{\"%s\":1}", halves[i]);
        assert_refused(NULL, str_of(body), "Empty or invalid json");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(nuls); i++) {
        assert_false(open_as(NULL, str_of(nuls[i]), NULL));
        assert_fault("22P05", "unsupported Unicode escape sequence",
                     "\\u0000 cannot be converted to text.");
        assert_false(open_as(NULL, str_of(nuls[i]), columns_ab));
        assert_fault("22P05", "unsupported Unicode escape sequence",
                     "\\u0000 cannot be converted to text.");
    }
}

static void the_last_of_a_key_counts(void **state)
{
    (void)state;
    assert_json("{\"a\":1,\"b\":2,\"a\":3}", "a,b|#3 #2");
    assert_json("{\"b\":1,\"a\":2,\"c\":3,\"a\":4,\"b\":null}", "b,a,c|0 #4 #3");
    assert_json("[{\"a\":1},{\"a\":2,\"\\u0061\":3}]", "a|#1|#3");
    assert_json("[{\"a\":1,\"a\":2},{\"a\":3}]", "a|#2|#3");
}

static void keys_must_match(void **state)
{
    static const char *const bodies[] = {
        "[{\"a\":1},{\"b\":1}]",
        "[{\"a\":1},{\"a\":1,\"b\":2}]",
        "[{\"a\":1,\"b\":2},{\"a\":1}]",
        "[{\"a\":1,\"b\":2},{\"a\":1,\"a\":2}]",
        "[{\"a\":1},{}]",
        "[{},{\"a\":1}]",
        "[{},7]",
        "[7]",
        "[null]",
        "[[]]",
        "[[{}]]",
        "[\"a\"]",
        "[{\"a\":1},{\"A\":1}]",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        assert_refused(NULL, str_of(bodies[i]), "All object keys must match");
    }
    assert_false(open_as(NULL, STR("[{},7]"), columns_ab));
    assert_fault("PGRST102", "All object keys must match", NULL);
}

static void columns_choose(void **state)
{
    static const char *const repeated[] = {"b", "a", "b", NULL};
    static const char *const none[] = {NULL};

    (void)state;
    assert_all(NULL, "{\"b\":1,\"x\":[ ],\"a\":2}", columns_ab, "a,b|#2 #1");
    assert_all(NULL, "[{\"b\":1},{},{\"y\":\"\\n\",\"a\":null}]", columns_ab, "a,b|- #1|- -|0 -");
    assert_all(NULL, "{\"a\":1,\"b\":2}", repeated, "b,a|#2 #1");
    assert_all(NULL, "[{\"a\":1},{}]", none, "||");
    assert_all(NULL, "7", columns_ab, "a,b");
    assert_all("text/csv", "b,x\n1,2\nNULL,4\n", columns_ab, "a,b|- '1|- 0");
    assert_all("application/x-www-form-urlencoded", "x=1&b=2", columns_ab, "a,b|- '2");
}

static void what_is_not_json(void **state)
{
    static const char *const bodies[] = {"",
                                         " ",
                                         "[",
                                         "{",
                                         "[{}",
                                         "[{},]",
                                         "[{}{}]",
                                         "{\"a\"}",
                                         "{\"a\":}",
                                         "{a:1}",
                                         "{\"a\":01}",
                                         "{\"a\":1}x",
                                         "{} {}",
                                         "{'a':1}",
                                         "{\"a\":1,}",
                                         "NaN",
                                         "{\"a\":NaN}",
                                         "[{\"a\":1},{\"b\"]",
                                         "\"\xFF\"",
                                         "a,b\n1,2\n",
                                         "{\"a\":\"\n\"}",
                                         "{\"a\":\"\\x\"}",
                                         "{\"a\":\"\\u12\"}",
                                         "\xEF\xBB\xBF{}"};
    static char deep[4096];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        assert_refused(NULL, str_of(bodies[i]), "Empty or invalid json");
        assert_false(open_as(NULL, str_of(bodies[i]), columns_ab));
        assert_fault("PGRST102", "Empty or invalid json", NULL);
    }
    assert_refused(NULL, ((struct str){NULL, 0}), "Empty or invalid json");
    assert_refused(NULL, ((struct str){"{}\0", 3}), "Empty or invalid json");
    memset(deep, '[', 1001);
    memset(deep + 1001, ']', 1001);
    assert_refused(NULL, ((struct str){deep, 2002}), "Empty or invalid json");
}

/* --- content types ---------------------------------------------------------------------------- */

static void content_types(void **state)
{
    (void)state;
    assert_all("application/json", "{\"a\":1}", NULL, "a|#1");
    assert_all("Application/JSON; charset=utf-8", "{\"a\":1}", NULL, "a|#1");
    assert_all("", "{\"a\":1}", NULL, "a|#1");
    assert_all("TEXT/CSV;header=present", "a\n1", NULL, "a|'1");
    assert_refused("text/plain", STR("{}"), "Content-Type not acceptable: text/plain");
    assert_refused("text/html; charset=utf-8", STR("{}"), "Content-Type not acceptable: text/html");
    assert_refused("application/jsonx", STR("{}"),
                   "Content-Type not acceptable: application/jsonx");
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void csv_rows(void **state)
{
    (void)state;
    assert_csv("id,name\n1,one\n2,two\n", "id,name|'1 'one|'2 'two");
    assert_csv("id,name\r\n1,one\r\n2,two", "id,name|'1 'one|'2 'two");
    assert_csv("id,name\n", "id,name");
    assert_csv("id", "id");
    assert_csv("a,b,c\n,,\n", "a,b,c|' ' '");
    assert_csv("a,b\n1,", "a,b|'1 '");
    assert_csv("\n\r\na\n\n1\n\n\n2\n\n", "a|'1|'2");
    assert_csv("\xEF\xBB\xBFid\n1", "id|'1");
    assert_csv("a, b\n 1,2 \n", "a, b|' 1 '2 ");
}

static void csv_nulls(void **state)
{
    (void)state;
    assert_csv("a,b,c\nNULL,\"NULL\",null\n", "a,b,c|0 'NULL 'null");
    assert_csv("a,b\n\"\",\nNULL,NULL", "a,b|' '|0 0");
    assert_csv("a\n\"\"\n", "a|'");
    assert_csv("NULL\n1", "NULL|'1");
}

static void csv_quotes(void **state)
{
    (void)state;
    assert_csv("a,b\n\"x,y\",\"line\nbreak\"\n", "a,b|'x,y 'line\nbreak");
    assert_csv("a,b\r\n\"1\r\n2\",\"\"\"q\"\"\"\r\n", "a,b|'1\r\n2 '\"q\"");
    assert_csv("\"a,\",\"b\"\"\"\n1,2", "a,,b\"|'1 '2");
    assert_csv("a\n\"\"\"\"\n\"\"\"\"\"\"", "a|'\"|'\"\"");
    assert_csv("a,a\n1,2", "a|'2");
    assert_csv("a,b,a\n1,2,3", "a,b|'3 '2");
}

static void csv_that_is_none(void **state)
{
    static const char *const invalid[] = {
        "",       "\n\n",   "\"a",        "a\n\"1",    "a\n\"1\"x", "a\n1\"2\"", "a\n1\r2",
        "a\r1\r", "a\n1\r", "a\n\"1\"\r", "a\n\xFF\n", "a\n\"\"\"", "\"a\" \n1"};
    static const char *const ragged[] = {"a,b\n1\n", "a,b\n1,2,3\n", "a\n1,\n", "a,b\n1,2\n3",
                                         "a,b\n1,2\n \n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(invalid); i++) {
        assert_refused("text/csv", str_of(invalid[i]), "Empty or invalid csv");
    }
    assert_refused("text/csv", ((struct str){"a\n\0\n", 4}), "Empty or invalid csv");
    assert_refused("text/csv", ((struct str){NULL, 0}), "Empty or invalid csv");
    for (size_t i = 0; i < ARRAY_LENGTH(ragged); i++) {
        assert_refused("text/csv", str_of(ragged[i]), "All lines must have same number of fields");
    }
}

/* --- forms ------------------------------------------------------------------------------------ */

static void forms(void **state)
{
    static const char *const broken[] = {"a=%", "a=%4", "a=%zz", "%=1", "a=%00", "a=%FF", "a=\xFF"};

    (void)state;
    assert_form("a=1&b=two", "a,b|'1 'two");
    assert_form("title=War+and+Peace&%C3%A9=%26%3D%2B", "title,\xC3\xA9|'War and Peace '&=+");
    assert_form("a=1&b=2&a=3", "a,b|'3 '2");
    assert_form("&&a&b=&c=x=y&", "a,b,c|' ' 'x=y");
    assert_form("a=NULL", "a|'NULL");
    assert_form("", "|");
    for (size_t i = 0; i < ARRAY_LENGTH(broken); i++) {
        assert_refused("application/x-www-form-urlencoded", str_of(broken[i]),
                       "The form cannot be decoded");
    }
    assert_refused("application/x-www-form-urlencoded", ((struct str){"a=\0", 3}),
                   "The form cannot be decoded");
}

/* --- bounds ----------------------------------------------------------------------------------- */

/* A row of so many columns: x0, x1, ... */
static void put_wide_row(struct buf *b, unsigned columns, unsigned from)
{
    buf_append_char(b, '{');
    for (unsigned i = 0; i < columns; i++) {
        buf_printf(b, "%s\"x%u\":%u", i > 0 ? "," : "", (i + from) % columns, i);
    }
    buf_append_char(b, '}');
}

static void many_columns(void **state)
{
    struct buf body;

    (void)state;
    buf_init(&body, 1 << 22);
    buf_append_char(&body, '[');
    put_wide_row(&body, 32767, 0);
    buf_append_char(&body, ',');
    put_wide_row(&body, 32767, 12345);
    buf_append_char(&body, ']');
    assert_true(open_as(NULL, buf_str(&body), NULL));
    assert_int_equal(payload.rows, 2);
    assert_int_equal(payload.names_count, 32767);
    buf_clear(&body);
    put_wide_row(&body, 32768, 0);
    assert_false(open_as(NULL, buf_str(&body), NULL));
    assert_fault("54011", "a row can have at most 32767 columns", NULL);
    assert_all(NULL, "{}", columns_ab, "a,b|- -");
    buf_fini(&body);
}

/* However many rows there are: memory is that of the names and of one row. */
static void little_memory(void **state)
{
    struct payload_cell row[3];
    struct buf body;
    unsigned rows = 100000;

    (void)state;
    buf_init(&body, 1 << 24);
    for (unsigned i = 0; i < rows; i++) {
        buf_printf(&body, "%c{\"i\\u0064\":%u,\"name\":\"line\\n%u\",\"tags\":[ 1, 2 ]}",
                   i == 0 ? '[' : ',', i, i);
    }
    buf_append_char(&body, ']');
    mem_bound(16384);
    assert_true(open_as(NULL, buf_str(&body), NULL));
    assert_int_equal(payload.rows, rows);
    for (unsigned i = 0; i < rows; i++) {
        struct arena own;
        arena_init(&own, NULL, 0, 1024);
        assert_true(payload_next(&payload, &own, row, &fault));
        arena_fini(&own);
    }
    assert_false(mem_unbound());
    buf_fini(&body);
}

/* Whatever allocation fails, the answer is a fault, and nothing leaks. */
static void without_memory(void **state)
{
    static const struct {
        const char *type;
        const char *body;
    } bodies[] = {
        {"application/json", "[{\"\\u0061\":\"\\n\",\"b\":[ 1 ]},{\"b\":2,\"a\":3}]"},
        {"text/csv", "\"a\"\"\",b\n\"x\"\"y\",2\n"},
        {"application/x-www-form-urlencoded", "%61=%62&c=+"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        bool is_done = false;
        for (long n = 1; !is_done; n++) {
            struct arena row;
            arena_fini(&arena);
            arena_init(&arena, NULL, 0, 1 << 20);
            arena_init(&row, NULL, 0, 1 << 20);
            mem_fail_after(n);
            is_done = open_as(bodies[i].type, str_of(bodies[i].body), NULL) &&
                      payload_next(&payload, &row, cells, &fault);
            mem_fail_after(-1);
            assert_true(is_done || strcmp(fault.code, "53200") == 0);
            assert_true(n < 100);
            arena_fini(&row);
        }
    }
}

/* --- as jansson sees it ----------------------------------------------------------------------- */

static bool is_as(const struct payload_cell *cell, const json_t *value)
{
    switch (cell->kind) {
    case PAYLOAD_MISSING:
        return value == NULL;
    case PAYLOAD_NULL:
        return json_is_null(value);
    case PAYLOAD_TRUE:
        return json_is_true(value);
    case PAYLOAD_FALSE:
        return json_is_false(value);
    case PAYLOAD_NUMBER:
        return json_is_number(value) && atof(cell->text.at) == json_number_value(value);
    case PAYLOAD_TEXT:
        return json_is_string(value) &&
               str_equal(cell->text,
                         (struct str){json_string_value(value), json_string_length(value)});
    case PAYLOAD_JSON_VALUE:
        break;
    }
    return json_is_object(value) || json_is_array(value);
}

static void compare_row(const json_t *row)
{
    struct arena own;

    arena_init(&own, NULL, 0, 1 << 20);
    assert_true(payload_next(&payload, &own, cells, &fault));
    for (size_t i = 0; i < payload.names_count; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%.*s", (int)payload.names[i].size, payload.names[i].at);
        assert_true(is_as(&cells[i], json_object_get(row, name)));
    }
    arena_fini(&own);
}

/* Random pieces of JSON, put together: jansson reads the same rows. */
static void as_jansson_sees_it(void **state)
{
    static const char *const pieces[] = {"{\"a\":",
                                         "},",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         "\"a\":",
                                         "\"b\":",
                                         "1",
                                         "-2.5e1",
                                         "\"\\n\"",
                                         "{}",
                                         "\"\\u00e9\"",
                                         "null",
                                         " ",
                                         "true",
                                         "[1, {}]",
                                         "{\"a\":1}",
                                         ",{\"a\":\"x\"}",
                                         "\"\\\\\"",
                                         "{\"\\u0062\":",
                                         ",\"b\":2"};
    struct random random = {20261120};
    unsigned good = 0;

    (void)state;
    for (unsigned i = 0; i < 300000; i++) {
        char text[256] = "[";
        unsigned n = 1 + (unsigned)random_below(&random, 6);
        json_t *json;
        for (unsigned j = 0; j < n; j++) {
            strcat(text, pieces[random_below(&random, ARRAY_LENGTH(pieces))]);
        }
        strcat(text, "]");
        json = json_loads(text, 0, NULL);
        if (json == NULL) {
            assert_refused(NULL, str_of(text), "Empty or invalid json");
        } else if (open_as(NULL, str_of(text), NULL)) {
            assert_int_equal(payload.rows, json_array_size(json));
            for (size_t row = 0; row < payload.rows; row++) {
                compare_row(json_array_get(json, row));
                good++;
            }
        }
        json_decref(json);
        arena_fini(&arena);
        arena_init(&arena, NULL, 0, 1 << 20);
    }
    assert_true(good > 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(json_rows),
        TEST(what_it_was),
        TEST(scalars_are_empty_arrays),
        TEST(json_values),
        TEST(escapes_are_characters),
        TEST(what_no_text_holds),
        TEST(the_last_of_a_key_counts),
        TEST(keys_must_match),
        TEST(columns_choose),
        TEST(what_is_not_json),
        TEST(content_types),
        TEST(csv_rows),
        TEST(csv_nulls),
        TEST(csv_quotes),
        TEST(csv_that_is_none),
        TEST(forms),
        TEST(many_columns),
        TEST(little_memory),
        TEST(without_memory),
        TEST(as_jansson_sees_it),
    };

    return cmocka_run_group_tests_name("handlers/payload", tests, NULL, NULL);
}
