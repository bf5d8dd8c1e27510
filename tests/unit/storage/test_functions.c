/* Our SQL functions, called by SQL. Expectations: PostgreSQL 16's documentation and its casts. */
#include <jansson.h>

#include "tests/unit/storage/fixture.h"

static enum status evaluate(struct fixture *f, const char *expression)
{
    static char sql[2000];
    struct query q = {.sql = sql, .is_planned = true, .shape = QUERY_ROW};

    (void)snprintf(sql, sizeof(sql), "SELECT %s AS v", expression);
    return run_query(f, f->reader, &q);
}

/* The value is so in JSON. */
static void expect(struct fixture *f, const char *expression, const char *json)
{
    char row[400];
    enum status status = evaluate(f, expression);

    if (status != STATUS_OK) {
        fail_msg("%s: %s", expression, f->err.text);
    }
    (void)snprintf(row, sizeof(row), "{\"v\":%s}", json);
    if (f->out.size != strlen(row) || memcmp(f->out.at, row, f->out.size) != 0) {
        fail_msg("%s: got %.*s, expected %s", expression, (int)f->out.size, f->out.at, row);
    }
}

static void expect_raised(struct fixture *f, const char *expression, const char *code,
                          const char *text)
{
    enum status status = evaluate(f, expression);

    if (status != STATUS_INVALID || strcmp(f->err.code, code) != 0 ||
        strcmp(f->err.text, text) != 0) {
        fail_msg("%s: %s %s \"%s\"", expression, status_name(status), f->err.code, f->err.text);
    }
}

static void test_like(void **state)
{
    expect(*state, "gantry_like('abc', 'a%')", "1");
    expect(*state, "gantry_like('abc', 'A%')", "0");
    expect(*state, "gantry_ilike('Ärger', 'ä%')", "1");
    expect(*state, "gantry_like(NULL, 'a%')", "null");
    expect(*state, "gantry_like('a', NULL)", "null");
    expect(*state, "gantry_like(123, '1_3')", "1");
    expect_raised(*state, "gantry_like('abc', 'abc\\')", "22025",
                  "LIKE pattern must not end with escape character");
}

static void test_match(void **state)
{
    struct fixture *f = *state;
    struct value pattern = {.type = VALUE_TEXT, .bytes = STR("^[a-c]+$")};
    struct query q = {.sql = "SELECT x FROM words WHERE gantry_match(x, ?)",
                      .values = &pattern,
                      .values_count = 1,
                      .is_planned = true};

    expect(f, "gantry_match('thomas', 't.*ma')", "1");
    expect(f, "gantry_match('thomas', 'T')", "0");
    expect(f, "gantry_imatch('thomas', 'T')", "1");
    expect(f, "gantry_match(NULL, '(')", "null");
    expect_raised(f, "gantry_match('a', '(')", "2201B",
                  "invalid regular expression: parentheses () not balanced");
    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK); /* compiled once */
    expect_out(f, "[{\"x\":\"abc\"},{\"x\":\"cab\"}]");
}

static void test_cast_to_text(void **state)
{
    expect(*state, "gantry_cast(1, 'text')", "\"1\"");
    expect(*state, "gantry_cast(-9223372036854775808, 'text')", "\"-9223372036854775808\"");
    expect(*state, "gantry_cast(1, 'text', 'boolean')", "\"true\"");
    expect(*state, "gantry_cast(0, 'text', 'boolean')", "\"false\"");
    expect(*state, "gantry_cast(10.0, 'text')", "\"10\"");
    expect(*state, "gantry_cast(0.1, 'text')", "\"0.1\"");
    expect(*state, "gantry_cast(1e20, 'text')", "\"1e+20\"");
    expect(*state, "gantry_cast(9e999, 'text')", "\"Infinity\"");
    expect(*state, "gantry_cast('x', 'text')", "\"x\"");
    expect(*state, "gantry_cast(x'00ff', 'text')", "\"\\\\x00ff\"");
    expect(*state, "gantry_cast(NULL, 'text')", "null");
}

static void test_cast_to_integer(void **state)
{
    expect(*state, "gantry_cast(7, 'integer')", "7");
    expect(*state, "gantry_cast(0.5, 'integer')", "0");
    expect(*state, "gantry_cast(1.5, 'integer')", "2");
    expect(*state, "gantry_cast(2.5, 'integer')", "2");
    expect(*state, "gantry_cast(-1.5, 'integer')", "-2");
    expect(*state, "gantry_cast(2.51, 'integer')", "3");
    expect(*state, "gantry_cast(2.5, 'integer', 'numeric')", "3");
    expect(*state, "gantry_cast(-0.5, 'integer', 'numeric')", "-1");
    expect(*state, "gantry_cast(0.49, 'integer', 'numeric')", "0");
    expect(*state, "gantry_cast(' +42 ', 'integer')", "42");
    expect(*state, "gantry_cast('-9223372036854775808', 'integer')", "-9223372036854775808");
    expect(*state, "gantry_cast(NULL, 'integer')", "null");
    expect_raised(*state, "gantry_cast(9.3e18, 'integer')", "22003", "bigint out of range");
    expect_raised(*state, "gantry_cast(9e999, 'integer')", "22003", "bigint out of range");
    expect_raised(*state, "gantry_cast('9223372036854775808', 'integer')", "22003",
                  "value \"9223372036854775808\" is out of range for type bigint");
    expect_raised(*state, "gantry_cast('abc', 'integer')", "22P02",
                  "invalid input syntax for type integer: \"abc\"");
    expect_raised(*state, "gantry_cast('1.5', 'integer')", "22P02",
                  "invalid input syntax for type integer: \"1.5\"");
    expect_raised(*state, "gantry_cast('', 'integer')", "22P02",
                  "invalid input syntax for type integer: \"\"");
    expect_raised(*state, "gantry_cast('a' || char(10) || char(1) || '42P01', 'integer')", "22P02",
                  "invalid input syntax for type integer: \"a??42P01\"");
    expect_raised(*state, "gantry_cast(x'31', 'integer')", "42846",
                  "cannot cast type bytea to integer");
}

static void test_cast_to_number(void **state)
{
    expect(*state, "gantry_cast(7, 'number')", "7");
    expect(*state, "gantry_cast(1.5, 'number')", "1.5");
    expect(*state, "gantry_cast('1.5', 'number')", "1.5");
    expect(*state, "gantry_cast(' 12 ', 'number')", "12");
    expect(*state, "gantry_cast('.5', 'number')", "0.5");
    expect(*state, "gantry_cast('5.', 'number')", "5.0");
    expect(*state, "gantry_cast('-.5e1', 'number')", "-5.0");
    expect(*state, "gantry_cast('+1e3', 'number')", "1000.0");
    expect(*state, "gantry_cast('-infinity', 'number') < 0", "1");
    expect_raised(*state, "gantry_cast('1e999', 'number')", "22003",
                  "\"1e999\" is out of range for type double precision");
    expect_raised(*state, "gantry_cast('.', 'number')", "22P02",
                  "invalid input syntax for type double precision: \".\"");
    expect_raised(*state, "gantry_cast('1x', 'number')", "22P02",
                  "invalid input syntax for type double precision: \"1x\"");
    expect_raised(*state, "gantry_cast('+-1', 'number')", "22P02",
                  "invalid input syntax for type double precision: \"+-1\"");
}

static void test_cast_to_boolean(void **state)
{
    static const char *const trues[] = {"true", "T", "tr", "yes", "y", "ON", "1", " t "};
    static const char *const falses[] = {"false", "f", "no", "N", "off", "of", "0"};
    static const char *const neither[] = {"", "o", "truex", "2", "ja"};
    char expression[100];

    for (size_t i = 0; i < ARRAY_LENGTH(trues); i++) {
        (void)snprintf(expression, sizeof(expression), "gantry_cast('%s', 'boolean')", trues[i]);
        expect(*state, expression, "1");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(falses); i++) {
        (void)snprintf(expression, sizeof(expression), "gantry_cast('%s', 'boolean')", falses[i]);
        expect(*state, expression, "0");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(neither); i++) {
        char text[100];

        (void)snprintf(expression, sizeof(expression), "gantry_cast('%s', 'boolean')", neither[i]);
        (void)snprintf(text, sizeof(text), "invalid input syntax for type boolean: \"%s\"",
                       neither[i]);
        expect_raised(*state, expression, "22P02", text);
    }
    expect(*state, "gantry_cast(5, 'boolean')", "1");
    expect_raised(*state, "gantry_cast(0.5, 'boolean')", "42846",
                  "cannot cast type double precision to boolean");
}

static void test_cast_to_json(void **state)
{
    expect(*state, "gantry_cast('{\"a\": 1}', 'json')", "\"{\\\"a\\\": 1}\"");
    expect(*state, "gantry_cast(5, 'json')", "\"5\"");
    expect(*state, "gantry_cast(1, 'json', 'boolean')", "\"true\"");
    expect(*state, "gantry_cast(NULL, 'json')", "null");
    expect_raised(*state, "gantry_cast('{', 'json')", "22P02",
                  "invalid input syntax for type json");
}

/* Section 8.14.3 of PostgreSQL's documentation, and what follows from its rules. */
static void test_contains(void **state)
{
    static const struct {
        const char *a, *b, *result;
    } examples[] = {
        {"\"foo\"", "\"foo\"", "1"},
        {"[1, 2, 3]", "[1, 3]", "1"},
        {"[1, 2, 3]", "[3, 1]", "1"},
        {"[1, 2, 3]", "[1, 2, 2]", "1"},
        {"{\"product\": \"PostgreSQL\", \"version\": 9.4, \"jsonb\": true}", "{\"version\": 9.4}",
         "1"},
        {"[1, 2, [1, 3]]", "[1, 3]", "0"},
        {"[1, 2, [1, 3]]", "[[1, 3]]", "1"},
        {"{\"foo\": {\"bar\": \"baz\"}}", "{\"bar\": \"baz\"}", "0"},
        {"{\"foo\": {\"bar\": \"baz\"}}", "{\"foo\": {}}", "1"},
        {"[\"foo\", \"bar\"]", "\"bar\"", "1"},
        {"\"bar\"", "[\"bar\"]", "0"},
        {"{\"a\": [1]}", "{\"a\": 1}", "0"},
        {"[]", "[]", "1"},
        {"{}", "[]", "0"},
        {"[1]", "[]", "1"},
        {"1", "1.0", "1"},
        {"[1.5]", "[1.50]", "1"},
        {"9007199254740993", "9007199254740992.0", "0"},
        {"9223372036854775807", "9223372036854775806", "0"},
        {"[null]", "null", "1"},
        {"{\"a\": null}", "{\"a\": null}", "1"},
        {"{}", "{\"a\": null}", "0"},
        {"true", "false", "0"},
        {"[{\"a\": 1, \"b\": 2}, {\"c\": 3}]", "[{\"b\": 2}]", "1"},
        {"not json", "1", "null"},
        {"1", "not json", "null"},
        {"100000000000000000000", "1e20", "1"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
        char expression[300];

        (void)snprintf(expression, sizeof(expression), "gantry_contains('%s', '%s')", examples[i].a,
                       examples[i].b);
        expect(*state, expression, examples[i].result);
    }
    expect(*state, "gantry_contains(NULL, '1')", "null");
    expect(*state, "gantry_contains('1', NULL)", "null");
    expect(*state, "gantry_contains(1, '1')", "1");
}

static void expect_ascending(struct fixture *f, const char *function, const char *const *values,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            char expression[300];

            (void)snprintf(expression, sizeof(expression), "%s('%s') < %s('%s')", function,
                           values[i], function, values[k]);
            expect(f, expression, i < k ? "1" : "0");
        }
    }
}

static void test_json_key(void **state)
{
    static const char *const values[] = {
        "null",
        "\"\"",
        "\"a\"",
        "\"ab\"",
        "\"b\"",
        "\"é\"",
        "-1e300",
        "-9223372036854775808",
        "-9223372036854775807",
        "-1.5",
        "-1",
        "-0.5",
        "0",
        "1e-300",
        "1",
        "1.5",
        "10",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775806",
        "9223372036854775807",
        "9223372036854775808",
        "1e300",
        "false",
        "true",
        "[]",
        "[null]",
        "[\"a\"]",
        "[1]",
        "[2]",
        "[[]]",
        "[1,2]",
        "[1,3]",
        "[2,1]",
        "{}",
        "{\"a\":1}",
        "{\"a\":2}",
        "{\"aa\":1}",
        "{\"b\":1}",

        "{\"a\":1,\"b\":2}",
        "{\"b\":2,\"a\":2}",
        "{\"b\":1,\"d\":1}",
        "{\"aa\":1,\"c\":1}",
    };

    expect_ascending(*state, "gantry_json_key", values, ARRAY_LENGTH(values));
    expect(*state,
           "gantry_json_key('{\"a\":1,\"b\":[2]}') = gantry_json_key('{\"b\":[2.0],\"a\":1}')",
           "1");
    expect(*state, "gantry_json_key('-0.0') = gantry_json_key('0')", "1");
    expect(*state, "gantry_json_key(10) = gantry_json_key('1e1')", "1");
    expect(*state, "gantry_json_key('not json')", "null");
    expect(*state, "gantry_json_key(NULL)", "null");
}

static void test_array_key(void **state)
{
    static const char *const values[] = {
        "[]",  "[\"\"]", "[\"a\"]", "[\"a\",\"b\"]", "[\"a\",null]", "[\"ab\"]", "[\"b\"]",
        "[2]", "[10]",   "[10,9]",  "[[\"a\"]]",     "[[\"a\"],1]",  "[null]",   "[null,null]",
    };

    expect_ascending(*state, "gantry_array_key", values, ARRAY_LENGTH(values));
    expect(*state, "gantry_array_key(NULL)", "null");
}

static void test_overlaps(void **state)
{
    expect(*state, "gantry_overlaps('[1,4,3]', '[2,1]')", "1");
    expect(*state, "gantry_overlaps('[1,4,3]', '[2,5.0]')", "0");
    expect(*state, "gantry_overlaps('[1]', '[1.0]')", "1");
    expect(*state, "gantry_overlaps('[]', '[]')", "0");
    expect(*state, "gantry_overlaps('[null]', '[null]')", "0");
    expect(*state, "gantry_overlaps('[[1,2]]', '[[2,1]]')", "0");
    expect(*state, "gantry_overlaps('[[1,2]]', '[[1,2]]')", "1");
    expect(*state, "gantry_overlaps('1', '[1]')", "null");
    expect(*state, "gantry_overlaps('[1', '[1]')", "null");
    expect_raised(*state,
                  "gantry_overlaps((SELECT json_group_array(1) FROM many, many AS b), "
                  "(SELECT json_group_array(2) FROM many, many AS b))",
                  "54001", "the JSON values are too large to be compared");
}

static void test_fts(void **state)
{
    expect(*state, "gantry_fts('The fat cats', 'cat', 'plfts', 'english')", "1");
    expect(*state, "gantry_fts('The fat cats', 'cat', 'plfts', NULL)", "0");
    expect(*state, "gantry_fts('The fat cats', 'fat <-> cats', 'fts', 'simple')", "1");
    expect(*state, "gantry_fts('The fat cats', 'the cats', 'phfts', NULL)", "0");
    expect(*state, "gantry_fts('The fat cats', 'cats -dog', 'wfts', NULL)", "1");
    expect(*state, "gantry_fts(NULL, 'cat', 'fts', NULL)", "null");
    expect(*state, "gantry_fts('a', NULL, 'fts', NULL)", "null");
    expect_raised(*state, "gantry_fts('a', 'a b', 'fts', NULL)", "42601",
                  "syntax error in tsquery: \"a b\"");
    expect_raised(*state, "gantry_fts('a', 'a', 'fts', 'klingon')", "42704",
                  "text search configuration \"klingon\" does not exist");
}

static void test_fts5(void **state)
{
    struct fixture *f = *state;

    expect(f, "gantry_fts5('fat & !rat', 'fts', 'a\"b')",
           "\"{\\\"a\\\"\\\"b\\\"} : (((\\\"fat\\\") NOT \\\"rat\\\"))\"");
    expect(f, "gantry_fts5('', 'fts', NULL)", "\"\\\"\\\"\"");
    expect(f,
           "(SELECT group_concat(rowid) FROM notes WHERE notes MATCH gantry_fts5('cats', 'plfts',"
           " 'title'))",
           "\"1,3\"");
    expect(f,
           "(SELECT group_concat(rowid) FROM notes WHERE notes MATCH gantry_fts5('cats', 'plfts',"
           " NULL))",
           "\"1,2,3\"");
    expect(f,
           "(SELECT group_concat(rowid) FROM notes WHERE notes MATCH gantry_fts5("
           "'cats -fat', 'wfts', 'title'))",
           "\"3\"");
    expect(f,
           "(SELECT group_concat(rowid) FROM notes WHERE notes MATCH gantry_fts5("
           "'(fat <-> ca:*) | dog', 'fts', NULL))",
           "\"1,2\"");
    expect(f,
           "(SELECT group_concat(rowid) FROM notes WHERE notes MATCH gantry_fts5("
           "'naïve café', 'phfts', 'odd \"name')) ",
           "\"3\"");
    expect(f, "(SELECT count(*) FROM notes WHERE notes MATCH gantry_fts5('', 'plfts', NULL))", "0");
    expect_raised(f, "gantry_fts5('!a', 'fts', NULL)", "0A000",
                  "an FTS5 index cannot answer this full-text query: it has no negation without "
                  "something wanted, and in phrases only words that follow directly");
}

/* A hundred milliseconds a row, and too few rows for the progress handler. */
static void test_stopped(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql =
                          "SELECT count(*) AS n FROM many WHERE gantry_like(hex(zeroblob(20000 + i "
                          "% 1)), '%' || substr(hex(zeroblob(500)), 2) || '1%')",
                      .is_planned = true};
    struct cancel cancel;

    assert_on_worker();
    cancel_init(&cancel, clock_now_ns() + NS_PER_MS);
    buf_clear(&f->out);
    assert_int_equal(connection_run(f->reader, &q, &cancel, &f->out, &f->result, &f->err),
                     STATUS_DEADLINE);
    assert_string_equal(f->err.code, "57014");
}

static void test_without_memory(void **state)
{
    static const char *const expressions[] = {
        "gantry_match(lower('ABC'), '^[a-c]+$')",
        "gantry_like(lower('ABC'), 'a%')",
        "gantry_fts(lower('A B'), 'a <-> b', 'fts', NULL)",
        "gantry_fts5('a b', 'plfts', 'x')",
        "gantry_cast(1.25, 'text')",
        "gantry_cast(x'00ff', 'text')",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(expressions); i++) {
        enum status status = STATUS_NOMEM;

        for (long n = 1; status != STATUS_OK; n++) {
            buf_fini(&f->out);
            mem_fail_after(n);
            status = evaluate(f, expressions[i]);
            mem_fail_after(-1);
            assert_true(status == STATUS_OK || status == STATUS_NOMEM ||
                        strcmp(f->err.code, "54001") == 0);
        }
    }
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_init(
        &f,
        "CREATE VIRTUAL TABLE notes USING fts5(title, body, \"odd \"\"name\");"
        "INSERT INTO notes VALUES ('fat cats', 'dogs', ''), ('birds', 'dog and fat cats', "
        "''), ('cats', 'x', 'a naive cafe');"
        "CREATE TABLE words(x); INSERT INTO words VALUES ('abc'), ('abd'), (NULL), ('cab');"
        "CREATE TABLE many(i); WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
        "FROM s WHERE i < 80) INSERT INTO many SELECT i FROM s",
        false);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_like),           TEST(test_match),
        TEST(test_cast_to_text),   TEST(test_cast_to_integer),
        TEST(test_cast_to_number), TEST(test_cast_to_boolean),
        TEST(test_cast_to_json),   TEST(test_contains),
        TEST(test_json_key),       TEST(test_array_key),
        TEST(test_overlaps),       TEST(test_fts),
        TEST(test_fts5),           TEST(test_stopped),
        TEST(test_without_memory),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
