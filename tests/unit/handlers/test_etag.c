/* ETags: RFC 9110, 8.8.3. */
#include "handlers/table/etag.h"

#include "base/attributes.h"
#include "tests/unit/text.h"

static const struct etag_key key = {"0123456789abcde"};

struct read {
    const char *path;
    const char *query;
    const char *accept; /* NULL: not sent */
    const char *prefer;
    uint64_t version;
};

static void write_of(const struct read *read, enum method method, char *to)
{
    struct header headers[3] = {{STR("If-None-Match"), STR("\"x\"")}};
    struct request request = {.method = method,
                              .path = str_of(read->path),
                              .query = str_of(read->query),
                              .headers = headers,
                              .headers_count = 1};

    if (read->accept != NULL) {
        headers[request.headers_count++] = (struct header){STR("Accept"), str_of(read->accept)};
    }
    if (read->prefer != NULL) {
        headers[request.headers_count++] = (struct header){STR("prefer"), str_of(read->prefer)};
    }
    etag_write(&key, &request, read->version, to);
}

static void its_form(void **state)
{
    const struct read read = {"/api/t", "", NULL, NULL, 1};
    char etag[ETAG_SIZE];
    char again[ETAG_SIZE];

    (void)state;
    write_of(&read, METHOD_GET, etag);
    assert_int_equal(strlen(etag), 36);
    assert_int_equal(strncmp(etag, "W/\"", 3), 0);
    assert_int_equal(strspn(etag + 3, "0123456789abcdef"), 32);
    assert_string_equal(etag + 35, "\"");
    write_of(&read, METHOD_HEAD, again);
    assert_string_equal(etag, again);
}

static void whatever_differs_shows(void **state)
{
    static const struct read reads[] = {
        {"/api/t", "", NULL, NULL, 1},
        {"/api/t", "", NULL, NULL, 2},
        {"/api/u", "", NULL, NULL, 1},
        {"/api/t", "a=eq.1", NULL, NULL, 1},
        {"/api/t", "a=eq.2", NULL, NULL, 1},
        {"/api/ta", "=eq.1", NULL, NULL, 1},
        {"/api/t", "", "text/csv", NULL, 1},
        {"/api/t", "", "", NULL, 1},
        {"/api/t", "", NULL, "text/csv", 1},
        {"/api/t", "", NULL, "count=exact", 1},
        {"/api/t", "", "text/csv", "count=exact", 1},
    };
    char etags[ARRAY_LENGTH(reads)][ETAG_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(reads); i++) {
        write_of(&reads[i], METHOD_GET, etags[i]);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(etags[i], etags[k]);
        }
    }
}

static void keys_differ(void **state)
{
    struct request request = {.path = STR("/api/t"), .query = STR("")};
    struct etag_key keys[2];
    char etags[2][ETAG_SIZE];
    struct error err;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(etag_key_init(&keys[i], &err), STATUS_OK);
        etag_write(&keys[i], &request, 1, etags[i]);
    }
    assert_string_not_equal(etags[0], etags[1]);
}

/* --- of one row ------------------------------------------------------------------------------------ */

static bool asks(const char *header, const char *tags, const char *etag)
{
    struct header headers[1] = {{str_of(header), str_of(tags)}};
    struct request request = {.headers = headers, .headers_count = 1};

    return etag_is_known(&request, etag);
}

static bool may_write(const char *tags, const char *row)
{
    struct header headers[1] = {{STR("If-Match"), str_of(tags)}};
    struct request request = {.headers = headers, .headers_count = 1};

    return etag_if_match(&request, row == NULL ? (struct str){NULL, 0} : str_of(row));
}

static bool may_make(const char *tags, const char *row)
{
    struct header headers[1] = {{STR("If-None-Match"), str_of(tags)}};
    struct request request = {.headers = headers, .headers_count = 1};

    assert_true(etag_has_condition(&request));
    return etag_if_none_match(&request, row == NULL ? (struct str){NULL, 0} : str_of(row));
}

static void a_row_has_a_second_part(void **state)
{
    const struct read first = {"/api/t", "id=eq.1", NULL, NULL, 1};
    const struct read later = {"/api/t", "id=eq.1", NULL, NULL, 2};
    char old[ETAG_SIZE];
    char same[ETAG_SIZE];
    char other[ETAG_SIZE];
    char bare[ETAG_SIZE];

    (void)state;
    write_of(&first, METHOD_GET, old);
    write_of(&first, METHOD_GET, bare);
    write_of(&later, METHOD_GET, same);
    write_of(&later, METHOD_GET, other);
    etag_add_row(old, STR("{\"id\":1}"));
    etag_add_row(same, STR("{\"id\":1}"));
    etag_add_row(other, STR("{\"id\":2}"));
    assert_int_equal(strlen(old), ETAG_SIZE - 1);
    assert_int_equal(strncmp(old, bare, 35), 0);
    assert_string_equal(old + 35, same + 35);      /* the row is the same, ... */
    assert_string_not_equal(old, same);            /* ... the state is not */
    assert_true(asks("If-None-Match", old, bare)); /* before the query has run: the state is */
    assert_true(asks("If-None-Match", old, same));
    assert_false(asks("If-None-Match", old, other));
    assert_true(asks("If-None-Match", "*", other));
    assert_true(asks("If-None-Match", "\"x\", W/\"\"", old) == false);
    assert_true(may_write(old, "{\"id\":1}"));
    assert_true(may_write(old + 2, "{\"id\":1}")); /* whoever has made it a strong one */
    assert_true(may_write(same, "{\"id\":1}"));
    assert_false(may_write(other, "{\"id\":1}"));
    assert_false(may_write(bare, "{\"id\":1}")); /* says nothing about the row */
    assert_false(may_write(old, NULL));
    assert_true(may_write("*", "{\"id\":7}"));
    assert_false(may_write("*", NULL));
    assert_false(may_write("", "{\"id\":1}"));
    assert_false(may_write("\"-\"", "{\"id\":1}"));
    assert_true(may_make("*", NULL));
    assert_false(may_make("*", "{\"id\":7}"));
    assert_false(may_make("*", "")); /* more than one */
    assert_false(may_make(old, "{\"id\":1}"));
    assert_false(may_make(old + 2, "{\"id\":1}"));
    assert_false(may_make(same, "{\"id\":1}"));
    assert_true(may_make(other, "{\"id\":1}"));
    assert_true(may_make(bare, "{\"id\":1}"));
    assert_true(may_make(old, NULL));
    assert_true(may_make("", "{\"id\":1}"));
    assert_true(may_make("\"*\"", "{\"id\":1}")); /* a tag like others */
}

static void without_the_header_all_may_be_written(void **state)
{
    struct request request = {.headers_count = 0};

    (void)state;
    assert_true(etag_if_match(&request, STR("{}")));
    assert_true(etag_if_match(&request, (struct str){NULL, 0}));
    assert_true(etag_if_none_match(&request, STR("{}")));
    assert_true(etag_if_none_match(&request, (struct str){NULL, 0}));
    assert_false(etag_has_condition(&request));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_form),
        cmocka_unit_test(whatever_differs_shows),
        cmocka_unit_test(keys_differ),
        cmocka_unit_test(a_row_has_a_second_part),
        cmocka_unit_test(without_the_header_all_may_be_written),
    };

    return cmocka_run_group_tests_name("handlers/etag", tests, NULL, NULL);
}
