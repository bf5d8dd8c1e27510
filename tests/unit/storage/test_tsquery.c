/* Full-text queries. Expectations: chapters 8.11, 9.13 and 12.3 of PostgreSQL's documentation. */
#include "storage/tsquery.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"

static struct tsquery *create(const char *text, enum tsquery_syntax syntax,
                              enum words_language language)
{
    struct tsquery *query = NULL;
    const char *reason = "";

    if (tsquery_create(str_of(text), syntax, language, &query, &reason) != STATUS_OK) {
        fail_msg("%s: %s", text, reason);
    }
    return query;
}

static bool finds(const char *text, const char *query_text, enum tsquery_syntax syntax,
                  enum words_language language)
{
    struct tsquery *query = create(query_text, syntax, language);
    bool is_found = false;

    assert_int_equal(tsquery_match(query, str_of(text), &is_found), STATUS_OK);
    tsquery_destroy(query);
    return is_found;
}

struct example {
    const char *text, *query;
    bool is_found;
};

static void expect_all(const struct example *examples, size_t count, enum tsquery_syntax syntax,
                       enum words_language language)
{
    for (size_t i = 0; i < count; i++) {
        if (finds(examples[i].text, examples[i].query, syntax, language) != examples[i].is_found) {
            fail_msg("%s @@ %s", examples[i].text, examples[i].query);
        }
    }
}

static void test_words(void **state)
{
    struct words w = {.rest = STR("  The Fat-cats' e\xCC\x81t\xC3\xA9, naïve_x 3.14 東京!")};
    static const char *const words[] = {"the", "fat", "cats", "ete", "naive",
                                        "x",   "3",   "14",   "東京"};
    enum words_language language;

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_true(words_next(&w));
        assert_text(((struct str){w.word, w.size}), words[i]);
    }
    assert_false(words_next(&w));
    w = (struct words){.rest = STR("x \xC3\x89t\xC3\xA9.")};
    assert_true(words_next(&w) && words_next(&w));
    assert_text(w.raw, "\xC3\x89t\xC3\xA9");
    assert_true(words_language_of(STR("English"), &language) && language == WORDS_ENGLISH);
    assert_true(words_language_of(STR("pg_catalog.simple"), &language));
    assert_int_equal(language, WORDS_SIMPLE);
    assert_false(words_language_of(STR("klingon"), &language));
    assert_false(words_language_of(STR(""), &language));
}

static void test_fts(void **state)
{
    static const struct example simple[] = {
        {"a fat cat sat on a mat and ate a fat rat", "cat & rat", true},
        {"a fat cat sat on a mat and ate a fat rat", "fat & cow", false},
        {"a fat cat", "fat & (rat | cat)", true},
        {"a fat cat", "fat & rat | cat", true},
        {"a fat cat", "dog | fat & rat", false},
        {"a fat cat", "! rat", true},
        {"a fat cat", "fat & !cat", false},
        {"a fat cat", "!!cat", true},
        {"a fat cat", "fat & ! (rat | cow)", true},
        {"fatal error", "fatal <-> error", true},
        {"error is not fatal", "fatal <-> error", false},
        {"fat cats ate rats", "fat <2> ate", true},
        {"fat cats ate rats", "fat <-> ate", false},
        {"the cat the rat", "the <0> cat", false},
        {"one two three", "one <-> two <-> three", true},
        {"one two three", "one <-> (two <-> three)", true},
        {"one three two", "one <-> (two | three)", true},
        {"one four two", "one <-> (two | three)", false},
        {"one two", "!one <-> two", false},
        {"two", "!one <-> two", true},
        {"one three", "one <-> !two", true},
        {"supernova star", "super:*", true},
        {"supernova star", "super", false},
        {"supernova star", "super:*A & star:B", true},
        {"supernova star", "super:* <-> sta:*", true},
        {"Étude", "etude", true},
        {"etude", "ÉTUDE", true},
        {"a b", "'a b'", true},
        {"b a", "'a b'", false},
        {"it's", "'it''s'", true},
        {"new york", "new-york", true},
        {"york new", "new-york", false},
        {"anything", "", false},
        {"anything", "  ", false},
        {"anything", "'.'", false},
        {"anything", "anything & '.'", true},
        {"", "a", false},
        {"", "!a", true},
    };
    static const struct example english[] = {
        {"The quick brown foxes jumped", "fox & jump", true},
        {"The quick brown foxes jumped", "the & fox", true}, /* "the" says nothing */
        {"The quick brown foxes jumped", "the", false},
        {"the cat is in the hat", "cat <4> hat", true},
        {"supernovae stars", "supernova:*", true},
    };
    (void)state;

    expect_all(simple, sizeof(simple) / sizeof(simple[0]), TSQUERY_FTS, WORDS_SIMPLE);
    expect_all(english, sizeof(english) / sizeof(english[0]), TSQUERY_FTS, WORDS_ENGLISH);
}

static void test_plain(void **state)
{
    static const struct example examples[] = {
        {"the fat rats", "The Fat Rats", true},
        {"rats fat", "The Fat Rats", true},
        {"the fat cats", "The Fat Rats", false},
        {"the fat & rats:C", "The Fat & Rats:C", true},
        {"a", "", false},
        {"a", "!", false},
    };
    (void)state;

    expect_all(examples, 1, TSQUERY_PLAIN, WORDS_SIMPLE);
    expect_all(examples, sizeof(examples) / sizeof(examples[0]), TSQUERY_PLAIN, WORDS_ENGLISH);
    assert_false(finds("rats fat", "The Fat Rats", TSQUERY_PLAIN, WORDS_SIMPLE));
}

static void test_phrase(void **state)
{
    static const struct example examples[] = {
        {"see the fat rats", "The Fat Rats", true},
        {"rats fat", "The Fat Rats", false},
        {"cats or dogs", "cat and dog", true}, /* 'cat' <2> 'dog' */
        {"cats dogs", "cat and dog", false},
    };
    (void)state;

    expect_all(examples, sizeof(examples) / sizeof(examples[0]), TSQUERY_PHRASE, WORDS_ENGLISH);
    assert_true(finds("the fat rats", "fat rats", TSQUERY_PHRASE, WORDS_SIMPLE));
    assert_false(finds("the rats fat", "fat rats", TSQUERY_PHRASE, WORDS_SIMPLE));
}

static void test_web(void **state)
{
    static const struct example examples[] = {
        {"the fat rats", "The fat rats", true},
        {"supernovae stars crab", "\"supernovae stars\" -crab", false},
        {"supernovae stars", "\"supernovae stars\" -crab", true},
        {"stars supernovae", "\"supernovae stars\" -crab", false},
        {"a sad cat", "\"sad cat\" or \"fat rat\"", true},
        {"a fat rat", "\"sad cat\" OR \"fat rat\"", true},
        {"a sad rat", "\"sad cat\" or \"fat rat\"", false},
        {"signal segmentation", "signal -\"segmentation fault\"", true},
        {"signal segmentation fault", "signal -\"segmentation fault\"", false},
        {"dummy", "\"\"\" )( dummy \\\\ query <->", false},
        {"dummy query", "\"\"\" )( dummy \\\\ query <->", true},
        {"a b", "a or", false}, /* a word at the end */
        {"a or", "a or", true},
        {"or a", "or a", true},
        {"b", "or a", false},
        {"orange", "orange", true},
        {"a c", "a b or c", true}, /* "or" binds less than "and" */
        {"well known", "well-known", true},
        {"known well", "well-known", false},
        {"unclosed quote", "\"unclosed quote", true},
        {"a", "-", false},
        {"a", "", false},
    };
    (void)state;

    expect_all(examples, sizeof(examples) / sizeof(examples[0]), TSQUERY_WEB, WORDS_SIMPLE);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *reason;
    } examples[] = {
        {"a b", "syntax error in tsquery"},    {"(a", "syntax error in tsquery"},
        {"a)", "syntax error in tsquery"},     {"a & ", "no operand in tsquery"},
        {"!", "no operand in tsquery"},        {"a:", "syntax error in tsquery"},
        {"a:x", "syntax error in tsquery"},    {"'a", "syntax error in tsquery"},
        {"a <-> ", "no operand in tsquery"},   {"a <x> b", "syntax error in tsquery"},
        {"a < b", "syntax error in tsquery"},  {"a <99999> b", "syntax error in tsquery"},
        {"& a", "syntax error in tsquery"},    {"()", "syntax error in tsquery"},
        {"a && b", "syntax error in tsquery"},
    };
    struct tsquery *query = NULL;
    char deep[400];
    const char *reason = "";
    (void)state;

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        if (tsquery_create(str_of(examples[i].text), TSQUERY_FTS, WORDS_SIMPLE, &query, &reason) !=
            STATUS_INVALID) {
            fail_msg("%s", examples[i].text);
        }
        assert_null(query);
        assert_string_equal(reason, examples[i].reason);
    }
    memset(deep, '(', sizeof(deep));
    assert_int_equal(tsquery_create((struct str){deep, sizeof(deep)}, TSQUERY_FTS, WORDS_SIMPLE,
                                    &query, &reason),
                     STATUS_TOO_BIG);
    {
        static char many[4 * TSQUERY_WORDS_MAX];

        memset(many, 'a', sizeof(many));
        for (size_t i = 1; i < sizeof(many); i += 2) {
            many[i] = ' ';
        }
        assert_int_equal(tsquery_create((struct str){many, sizeof(many)}, TSQUERY_PLAIN,
                                        WORDS_SIMPLE, &query, &reason),
                         STATUS_TOO_BIG);
    }
}

static void expect_fts5(const char *text, enum tsquery_syntax syntax, const char *expected)
{
    struct tsquery *query = create(text, syntax, WORDS_SIMPLE);
    struct buf out;
    enum status status;

    buf_init(&out, 10000);
    status = tsquery_put_fts5(query, &out);
    if (expected == NULL) {
        assert_int_equal(status, STATUS_INVALID);
    } else {
        assert_int_equal(status, STATUS_OK);
        assert_text(buf_str(&out), expected);
    }
    buf_fini(&out);
    tsquery_destroy(query);
}

static void test_fts5(void **state)
{
    (void)state;
    expect_fts5("Cat", TSQUERY_FTS, "\"Cat\"");
    expect_fts5("cat & rat", TSQUERY_FTS, "((\"cat\" AND \"rat\"))");
    expect_fts5("cat | rat", TSQUERY_FTS, "(\"cat\" OR \"rat\")");
    expect_fts5("cat & !rat & cow & !dog", TSQUERY_FTS,
                "((\"cat\" AND \"cow\") NOT \"rat\" NOT \"dog\")");
    expect_fts5("super:*", TSQUERY_FTS, "\"super\" *");
    expect_fts5("a <-> b <-> c:*", TSQUERY_FTS, "\"a\" + \"b\" + \"c\" *");
    expect_fts5("NEAR AND \"x y\" OR -z* col:w", TSQUERY_WEB,
                "(((\"NEAR\" AND \"AND\" AND \"x\" + \"y\")) OR ((\"col\" + \"w\") NOT \"z\"))");
    expect_fts5("", TSQUERY_FTS, "");
    expect_fts5("!a", TSQUERY_FTS, NULL);
    expect_fts5("a | !b", TSQUERY_FTS, NULL);
    expect_fts5("!a & !b", TSQUERY_FTS, NULL);
    expect_fts5("a <2> b", TSQUERY_FTS, NULL);
    expect_fts5("a:* <-> b", TSQUERY_FTS, NULL);
    expect_fts5("a <-> (b | c)", TSQUERY_FTS, NULL);
}

/* Anything may come: it ends, and websearch_to_tsquery never complains. */
static void test_any_text(void **state)
{
    static const char alphabet[] = "ab &|!()<->:*'\"\\or2 \xC3\xA9\xFF";
    struct random random = {.state = 77};

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[24];
        size_t size = random_below(&random, sizeof(text) + 1);

        for (size_t k = 0; k < size; k++) {
            text[k] = alphabet[random_below(&random, sizeof(alphabet))]; /* NUL, too */
        }
        for (int syntax = TSQUERY_FTS; syntax <= TSQUERY_WEB; syntax++) {
            struct tsquery *query;
            const char *reason = NULL;
            bool is_found;
            enum status status =
                tsquery_create((struct str){text, size}, (enum tsquery_syntax)syntax,
                               (enum words_language)(i % 2), &query, &reason);

            if (status == STATUS_OK) {
                struct buf out;

                assert_int_equal(tsquery_match(query, STR("a b ab bo 2 aor b a"), &is_found),
                                 STATUS_OK);
                buf_init(&out, 10000);
                status = tsquery_put_fts5(query, &out);
                assert_true(status == STATUS_OK || status == STATUS_INVALID);
                buf_fini(&out);
                tsquery_destroy(query);
            } else {
                assert_int_equal(status, STATUS_INVALID);
                assert_int_equal(syntax, TSQUERY_FTS);
                assert_non_null(reason);
            }
        }
    }
}

static void test_long_texts(void **state)
{
    size_t size = 4000 * 1000;
    char *text = malloc(size);
    struct tsquery *query = create("a <-> b <-> a | b <-> b", TSQUERY_FTS, WORDS_SIMPLE);
    bool is_found = true;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) {
        text[i] = "a "[i % 2];
    }
    assert_int_equal(tsquery_match(query, (struct str){text, size}, &is_found), STATUS_OK);
    assert_false(is_found);
    text[size - 4] = 'b';
    assert_int_equal(tsquery_match(query, (struct str){text, size}, &is_found), STATUS_OK);
    assert_true(is_found);
    tsquery_destroy(query);
    free(text);
}

static void test_without_memory(void **state)
{
    enum status status = STATUS_NOMEM;

    (void)state;
    for (long n = 1; status != STATUS_OK; n++) {
        struct tsquery *query = NULL;
        const char *reason;
        bool is_found;

        mem_fail_after(n);
        status = tsquery_create(STR("'a b' <-> c | d"), TSQUERY_FTS, WORDS_SIMPLE, &query, &reason);
        if (status == STATUS_OK) {
            status = tsquery_match(query, STR("a b c"), &is_found);
            assert_true(status == STATUS_OK || status == STATUS_TOO_BIG);
        } else {
            assert_int_equal(status, STATUS_NOMEM);
        }
        mem_fail_after(-1);
        tsquery_destroy(query);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),      cmocka_unit_test(test_fts),
        cmocka_unit_test(test_plain),      cmocka_unit_test(test_phrase),
        cmocka_unit_test(test_web),        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_fts5),       cmocka_unit_test(test_any_text),
        cmocka_unit_test(test_long_texts), cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
