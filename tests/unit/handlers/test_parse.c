/*
 * The query string's parser: the golden cases of tests/golden/parse, each bound, memory that runs
 * out, and texts that would take for ever if anything in them were read again and again.
 */
#include "handlers/table/parse.h"

#include <string.h>

#include "base/mem.h"
#include "tests/unit/handlers/golden_files.h"
#include "tests/unit/handlers/tree_text.h"
#include "tests/unit/text.h"
#include "tests/unit/unit.h"

#define ARENA_MAX  ((size_t)64 * 1024 * 1024)
#define TEXT_MAX   ((size_t)1024 * 1024)
#define GOLDEN     GANTRY_SOURCE_DIR "/tests/golden/parse"
#define GOLDEN_MIN 120

/* --- one parse -------------------------------------------------------------------------------- */

struct outcome {
    struct arena arena;
    struct tree tree;
    struct fault fault;
    bool is_parsed;
};

static void parse(struct outcome *o, struct str query, bool has_arguments)
{
    const struct parse_conf conf = {.has_arguments = has_arguments};

    memset(o, 0, sizeof(*o));
    arena_init(&o->arena, NULL, 0, ARENA_MAX);
    o->is_parsed = parse_query(query, &conf, &o->arena, &o->tree, &o->fault);
}

static void release(struct outcome *o)
{
    arena_fini(&o->arena);
}

/* What a case's "tree" or "error" would hold. */
static void text_outcome(struct buf *b, const struct outcome *o)
{
    if (o->is_parsed) {
        text_tree(b, &o->tree);
        return;
    }
    buf_printf(b, "%u %s\n%s\n", o->fault.http_status, o->fault.code, o->fault.message);
    if (o->fault.details != NULL) {
        buf_printf(b, "%s\n", o->fault.details);
    }
    if (o->fault.hint != NULL) {
        buf_printf(b, "%s\n", o->fault.hint);
    }
}

/* --- golden cases ------------------------------------------------------------------------------- */

static bool is_case_right(void *user, const char *name)
{
    struct buf query;
    struct buf expected;
    struct buf actual;
    struct outcome o;
    bool has_arguments;
    bool is_right;

    (void)user;
    buf_init(&query, TEXT_MAX);
    buf_init(&expected, TEXT_MAX);
    buf_init(&actual, TEXT_MAX);
    has_arguments = !read_file(GOLDEN, name, "query", &query);
    if (has_arguments && !read_file(GOLDEN, name, "query_with_arguments", &query)) {
        fail_msg("%s has no query", name);
    }
    if (query.size > 0 && query.at[query.size - 1] == '\n') {
        buf_truncate(&query, query.size - 1);
    }
    parse(&o, buf_str(&query), has_arguments);
    if (!read_file(GOLDEN, name, o.is_parsed ? "tree" : "error", &expected)) {
        buf_append_literal(&expected, "something else\n");
    }
    text_outcome(&actual, &o);
    is_right = str_equal(buf_str(&actual), buf_str(&expected));
    if (!is_right) {
        print_error("%s: %.*s\nexpected:\n%.*sactual:\n%.*s", name, (int)query.size, query.at,
                    (int)expected.size, expected.at, (int)actual.size, actual.at);
    }
    release(&o);
    buf_fini(&query);
    buf_fini(&expected);
    buf_fini(&actual);
    return is_right;
}

static void golden_cases(void **state)
{
    (void)state;
    check_golden_cases(GOLDEN, GOLDEN_MIN, is_case_right, NULL);
}

/* --- bounds ------------------------------------------------------------------------------------- */

/* prefix, then times often the middle, then the suffix. */
static struct buf repeat(const char *prefix, const char *middle, size_t times, const char *suffix)
{
    struct buf b;

    buf_init(&b, (size_t)16 * 1024 * 1024);
    buf_append_str(&b, str_of(prefix));
    for (size_t i = 0; i < times; i++) {
        buf_append_str(&b, str_of(middle));
    }
    buf_append_str(&b, str_of(suffix));
    assert_int_equal(buf_status(&b), STATUS_OK);
    return b;
}

/* Return: what was given as details, or NULL if it was parsed. */
static void assert_details(struct buf query, const char *details)
{
    struct outcome o;

    parse(&o, buf_str(&query), false);
    if (details == NULL) {
        assert_true(o.is_parsed);
    } else {
        assert_false(o.is_parsed);
        assert_int_equal(o.fault.http_status, 400);
        assert_string_equal(o.fault.code, "PGRST100");
        assert_string_equal(o.fault.details, details);
    }
    release(&o);
    buf_fini(&query);
}

static struct buf nested(const char *prefix, const char *open, size_t depth, const char *middle)
{
    struct buf closing = repeat("", ")", depth, "");
    struct buf b = repeat(prefix, open, depth, middle);

    buf_append_str(&b, buf_str(&closing));
    buf_fini(&closing);
    return b;
}

static void depth_is_bounded(void **state)
{
    const char *details = "nested deeper than 32";

    (void)state;
    assert_details(nested("select=", "a(", PARSE_DEPTH_MAX, "b"), NULL);
    assert_details(nested("select=", "a(", PARSE_DEPTH_MAX + 1, "b"), details);
    assert_details(nested("select=", "...a(", PARSE_DEPTH_MAX + 1, "b"), details);
    assert_details(nested("and=(", "or(", PARSE_DEPTH_MAX - 1, "a.eq.1)"), NULL);
    assert_details(nested("and=(", "or(", PARSE_DEPTH_MAX, "a.eq.1)"), details);
    assert_details(nested("and=(", "not.or(", PARSE_DEPTH_MAX, "a.eq.1)"), details);
    assert_details(repeat("", "a.", PARSE_DEPTH_MAX, "b=eq.1"), NULL);
    assert_details(repeat("", "a.", PARSE_DEPTH_MAX + 1, "b=eq.1"), details);
    assert_details(repeat("", "a.", PARSE_DEPTH_MAX, "limit=1"), NULL);
    assert_details(repeat("", "a.", PARSE_DEPTH_MAX + 1, "limit=1"), details);
}

static void nodes_are_bounded(void **state)
{
    const char *details = "more than 4096 names, values and conditions";

    (void)state;
    assert_details(repeat("select=a", ",a", PARSE_NODES_MAX - 1, ""), NULL);
    assert_details(repeat("select=a", ",a", PARSE_NODES_MAX, ""), details);
    assert_details(repeat("order=a", ",a", PARSE_NODES_MAX - 1, ""), NULL);
    assert_details(repeat("order=a", ",a", PARSE_NODES_MAX, ""), details);
    assert_details(repeat("columns=a", ",a", PARSE_NODES_MAX, ""), details);
    assert_details(repeat("on_conflict=a", ",a", PARSE_NODES_MAX, ""), details);
    assert_details(repeat("select=a", "->a", PARSE_NODES_MAX, ""), details);
    assert_details(repeat("a=in.(1", ",1", PARSE_NODES_MAX - 3, ")"), NULL); /* path, condition */
    assert_details(repeat("a=in.(1", ",1", PARSE_NODES_MAX, ")"), details);
    assert_details(repeat("or=(a.eq.1", ",a.eq.1", PARSE_NODES_MAX, ")"), details);
    assert_details(repeat("", "a=eq.1&", PARSE_NODES_MAX, ""), details);
}

static void levels_are_bounded(void **state)
{
    struct buf b;

    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        buf_init(&b, TEXT_MAX);
        for (size_t i = 0; i < PARSE_LEVELS_MAX - 1 + extra; i++) {
            buf_printf(&b, "e%zu.limit=%zu&", i, i);
        }
        assert_details(b, extra == 0 ? NULL : "more than 256 embeds are named");
    }
}

static void arguments_are_bounded(void **state)
{
    struct buf query = repeat("", "a=1&", PARSE_NODES_MAX, "");
    struct outcome o;

    (void)state;
    parse(&o, buf_str(&query), true);
    assert_false(o.is_parsed); /* a name is counted, and an argument */
    release(&o);
    buf_fini(&query);
}

static void long_texts_are_cut_in_messages(void **state)
{
    struct buf query = repeat("a=", "\xC3\xA9", 300, "");
    struct buf expected =
        repeat("\"failed to parse filter (", "\xC3\xA9", 200, "...)\" (line 1, column 1)");
    struct outcome o;

    (void)state;
    buf_append_char(&expected, '\0');
    parse(&o, buf_str(&query), false);
    assert_false(o.is_parsed);
    assert_string_equal(o.fault.message, expected.at);
    assert_string_equal(o.fault.details,
                        "unexpected \"\xC3\xA9\" expecting \"not\" or operator (eq, gt, ...)");
    release(&o);
    buf_fini(&query);
    buf_fini(&expected);
}

static void nothing_at_all_is_a_star(void **state)
{
    struct outcome o;

    (void)state;
    parse(&o, (struct str){NULL, 0}, false);
    assert_true(o.is_parsed);
    assert_int_equal(o.tree.items_count, 1);
    assert_int_equal(o.tree.items[0].kind, TREE_STAR);
    assert_int_equal(o.tree.levels_count, 1);
    release(&o);
}

static void bytes_that_are_no_text(void **state)
{
    static const struct str queries[] = {
        {"a=eq.%00", 8}, {"%00=eq.1", 8}, {"a=eq.\0", 6}, {"a=eq.%FF", 8}, {"\xC3=eq.1", 6},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(queries); i++) {
        for (int has_arguments = 0; has_arguments < 2; has_arguments++) {
            struct outcome o;

            parse(&o, queries[i], has_arguments == 1);
            assert_false(o.is_parsed);
            assert_string_equal(o.fault.code, "PGRST100");
            assert_string_equal(o.fault.message,
                                "\"failed to parse query string\" (line 1, column 1)");
            assert_string_equal(o.fault.details, "not UTF-8, or a NUL in it");
            release(&o);
        }
    }
}

/* What stands behind the query belongs to somebody else. */
static void the_query_ends_where_it_ends(void **state)
{
    struct outcome o;

    (void)state;
    parse(&o, (struct str){"a=eq.%41", 7}, false);
    assert_true(o.is_parsed);
    assert_text(o.tree.levels[0].conditions[0].value, "%4");
    release(&o);
}

/* --- time --------------------------------------------------------------------------------------- */

/*
 * Each is 256 KiB long, eight times what a request may bring. Read a few times over that is
 * nothing; once more for each of its parts, and this test does not end before its time is up.
 */
static void no_text_is_read_over_and_over(void **state)
{
    static const char *const openings[] = {
        "select=",    "order=",    "columns=", "a=in.(", "a=in.(\"", "or=(",       "or=(a.eq.",
        "or=(a.in.(", "a=",        "a=fts(",   "",       "\"",       "a->",        "a->\"",
        "select=a(",  "select=a:", "not.and=", "limit=", "a=eq.",    "select=a->",
    };
    static const char *const middles[] = {
        "(",         ")",        ",",     "a.",      "\"",   "\\",    "\"a,",    "\"\\,", "\\\"",
        "{",         "{,",       "->",    ">",       "-",    " -a",   "- ",      " ",     "\t",
        ".",         ":",        "::",    "!",       "not.", "and(",  "not.or(", "%",     "%2",
        "%2C",       "\xC3\xA9", "a:",    "...",     "*,",   "0",     "a=b&",    "&",     "=",
        ".limit=1&", "a.a.",     "\"\",", "\"a\"b,", "->0",  "->>-1", "a()",     "a(b),",
    };
    enum { SIZE = 256 * 1024 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(openings); i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(middles); j++) {
            struct buf query = repeat(openings[i], middles[j], SIZE / strlen(middles[j]), "x");
            struct outcome o;

            parse(&o, buf_str(&query), (i + j) % 2 == 1);
            assert_true(o.is_parsed || o.fault.http_status == 400);
            release(&o);
            buf_fini(&query);
        }
    }
}

/* --- memory ------------------------------------------------------------------------------------- */

static const struct {
    const char *query;
    bool has_arguments;
} rich[] = {
    {"select=id,x:a->b->>0::int,...s!h!inner(c),e(\"q\\\"q\",f(*),n:count()::int,v.sum()::text)"
     "&a=eq.1&not.or=(b.in.(1,\"2\\\"\"),c.is.null,and(d.eq.{1},e.eq.x))&e.f.order=a.desc,b(c)"
     "&e.limit=5&offset=7&columns=\"a\",b - c&on_conflict=id",
     false},
    {"a=1&b=eq.1&c=in.(1&d.e=5", true},
    {"a=in.(1,2,3,4,5,6,7,8,9)&b=1", true}, /* no memory for a list does not make it an argument */
    {"select=a(b,c!d", false},
    {"a=ilke.x", false},
    {"order=id.ascending", false},
};

static void memory_that_runs_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rich); i++) {
        bool is_through = false;
        long n = 1;

        for (; !is_through; n++) {
            char first[64]; /* small: so that each block is another allocation */
            struct outcome o = {0};
            const struct parse_conf conf = {rich[i].has_arguments};

            arena_init(&o.arena, first, sizeof(first), ARENA_MAX);
            mem_fail_after(n);
            o.is_parsed = parse_query(str_of(rich[i].query), &conf, &o.arena, &o.tree, &o.fault);
            mem_fail_after(-1);
            is_through = o.is_parsed || o.fault.http_status == 400;
            if (!is_through) {
                assert_int_equal(o.fault.http_status, 503);
                assert_string_equal(o.fault.code, "53200");
                assert_null(o.tree.levels); /* untouched */
            }
            release(&o);
        }
        assert_true(n > 2);
    }
}

/* One try with an arena of that size. Return: was there enough? Then the outcome is expected. */
static bool is_enough(size_t size, struct str query, bool has_arguments, struct str expected)
{
    const struct parse_conf conf = {has_arguments};
    void *first = mem_alloc(size + 1);
    struct outcome o = {0};
    struct buf actual;
    bool is_through;

    assert_non_null(first);
    buf_init(&actual, TEXT_MAX);
    arena_init(&o.arena, first, size, 0);
    o.is_parsed = parse_query(query, &conf, &o.arena, &o.tree, &o.fault);
    is_through = o.is_parsed || o.fault.http_status == 400;
    if (!is_through) {
        assert_int_equal(o.fault.http_status, 503);
        assert_null(o.tree.levels);
    } else if (o.is_parsed) { /* an error may have lost its details */
        text_outcome(&actual, &o);
        assert_true(str_equal(buf_str(&actual), expected));
    }
    buf_fini(&actual);
    release(&o);
    mem_free(first);
    return is_through;
}

/* The arena's own bound fails every single allocation in turn, not only each block. */
static void an_arena_that_is_full(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rich); i++) {
        struct str query = str_of(rich[i].query);
        struct buf expected;
        struct outcome o;
        size_t size = 0;

        buf_init(&expected, TEXT_MAX);
        parse(&o, query, rich[i].has_arguments);
        text_outcome(&expected, &o);
        release(&o);
        while (!is_enough(size, query, rich[i].has_arguments, buf_str(&expected))) {
            size += 16;
        }
        assert_true(size > 64);
        buf_fini(&expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(nodes_are_bounded),
        cmocka_unit_test(levels_are_bounded),
        cmocka_unit_test(arguments_are_bounded),
        cmocka_unit_test(long_texts_are_cut_in_messages),
        cmocka_unit_test(nothing_at_all_is_a_star),
        cmocka_unit_test(bytes_that_are_no_text),
        cmocka_unit_test(the_query_ends_where_it_ends),
        cmocka_unit_test(no_text_is_read_over_and_over),
        cmocka_unit_test(memory_that_runs_out),
        cmocka_unit_test(an_arena_that_is_full),
    };

    return cmocka_run_group_tests_name("handlers/parse", tests, NULL, NULL);
}
