#include "handlers/metrics/exposition.h"

#include <stdio.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "tests/unit/text.h"

static struct buf to;
static struct exposition e;

static int set_up(void **state)
{
    (void)state;
    buf_init(&to, 65536);
    e = (struct exposition){.to = &to};
    exposition_family(&e, "family", EXPOSITION_GAUGE, "What it is.");
    assert_text(buf_str(&to), "# HELP family What it is.\n# TYPE family gauge\n");
    buf_clear(&to);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_fini(&to);
    return 0;
}

static void assert_written(const char *expected)
{
    assert_int_equal(buf_status(&to), STATUS_OK);
    assert_text(buf_str(&to), expected);
    buf_clear(&to);
}

static void types(void **state)
{
    (void)state;
    exposition_family(&e, "a_total", EXPOSITION_COUNTER, "A.");
    exposition_u64(&e, NULL, 0, 1);
    exposition_family(&e, "b", EXPOSITION_HISTOGRAM, "B.");
    assert_written("# HELP a_total A.\n# TYPE a_total counter\na_total 1\n"
                   "# HELP b B.\n# TYPE b histogram\n");
}

static void labels(void **state)
{
    const struct exposition_label l[] = {{"a", STR("x")}, {"b", STR("")}, {"c", STR("y z")}};

    (void)state;
    exposition_u64(&e, l, 0, 0);
    exposition_u64(&e, l, 1, 1);
    exposition_u64(&e, l, 3, UINT64_MAX);
    assert_written("family 0\n"
                   "family{a=\"x\"} 1\n"
                   "family{a=\"x\",b=\"\",c=\"y z\"} 18446744073709551615\n");
}

static void hostile_values(void **state)
{
    static const struct {
        struct str value;
        const char *expected;
    } rows[] = {
        {STR("\"} 1\nother{x=\""), "\\\"} 1\\nother{x=\\\""},
        {STR("\\"), "\\\\"},
        {STR("\\n"), "\\\\n"},
        {STR("\n\n"), "\\n\\n"},
        {STR("a\0b"), "a\xEF\xBF\xBD"
                      "b"},
        {STR("\xFF"), "\xEF\xBF\xBD"},
        {STR("a\xC3"), "a\xEF\xBF\xBD"},
        {STR("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {STR("\xE2\x82\xAC/{id}#,="), "\xE2\x82\xAC/{id}#,="},
        {STR("\t\r\x7F"), "\t\r\x7F"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct exposition_label l = {"v", rows[i].value};
        char expected[100];
        (void)snprintf(expected, sizeof(expected), "family{v=\"%s\"} 1\n", rows[i].expected);
        exposition_u64(&e, &l, 1, 1);
        assert_written(expected);
    }
}

static void seconds_are_exact(void **state)
{
    static const struct {
        uint64_t ns;
        const char *expected;
    } rows[] = {
        {0, "family 0\n"},
        {1, "family 0.000000001\n"},
        {100000, "family 0.0001\n"},
        {NS_PER_S, "family 1\n"},
        {10 * NS_PER_S, "family 10\n"},
        {NS_PER_S + 500000000, "family 1.5\n"},
        {123456789012345678, "family 123456789.012345678\n"},
        {UINT64_MAX, "family 18446744073.709551615\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        exposition_seconds(&e, NULL, 0, rows[i].ns);
        assert_written(rows[i].expected);
    }
}

static void a_histogram(void **state)
{
    const struct exposition_label l = {"pool", STR("read")};
    struct histogram h = {.sum_ns = 0};

    (void)state;
    histogram_add(&h, NS_PER_MS / 10);     /* a bound belongs to its bucket */
    histogram_add(&h, NS_PER_MS / 10 + 1); /* and what is longer to the next */
    histogram_add(&h, 75 * NS_PER_MS);
    histogram_add(&h, 3600 * NS_PER_S);
    exposition_histogram(&e, &l, 1, &h);
    assert_written("family_bucket{pool=\"read\",le=\"0.0001\"} 1\n"
                   "family_bucket{pool=\"read\",le=\"0.00025\"} 2\n"
                   "family_bucket{pool=\"read\",le=\"0.001\"} 2\n"
                   "family_bucket{pool=\"read\",le=\"0.0025\"} 2\n"
                   "family_bucket{pool=\"read\",le=\"0.005\"} 2\n"
                   "family_bucket{pool=\"read\",le=\"0.01\"} 2\n"
                   "family_bucket{pool=\"read\",le=\"0.025\"} 2\n"
                   "family_bucket{pool=\"read\",le=\"0.05\"} 2\n"
                   "family_bucket{pool=\"read\",le=\"0.075\"} 3\n"
                   "family_bucket{pool=\"read\",le=\"0.1\"} 3\n"
                   "family_bucket{pool=\"read\",le=\"0.25\"} 3\n"
                   "family_bucket{pool=\"read\",le=\"0.5\"} 3\n"
                   "family_bucket{pool=\"read\",le=\"0.75\"} 3\n"
                   "family_bucket{pool=\"read\",le=\"1\"} 3\n"
                   "family_bucket{pool=\"read\",le=\"2.5\"} 3\n"
                   "family_bucket{pool=\"read\",le=\"5\"} 3\n"
                   "family_bucket{pool=\"read\",le=\"10\"} 3\n"
                   "family_bucket{pool=\"read\",le=\"+Inf\"} 4\n"
                   "family_sum{pool=\"read\"} 3600.075200001\n"
                   "family_count{pool=\"read\"} 4\n");
}

static void a_histogram_without_labels(void **state)
{
    const struct histogram h = {.counts = {7}, .sum_ns = 5};
    const char *first = "family_bucket{le=\"0.0001\"} 7\n";
    const char *last = "family_sum 0.000000005\nfamily_count 7\n";

    (void)state;
    exposition_histogram(&e, NULL, 0, &h);
    assert_memory_equal(to.at, first, strlen(first));
    assert_memory_equal(to.at + to.size - strlen(last), last, strlen(last));
}

static void what_does_not_fit_is_known(void **state)
{
    struct buf small;
    struct exposition s = {.to = &small};

    (void)state;
    buf_init(&small, 20);
    exposition_family(&s, "family", EXPOSITION_GAUGE, "What it is.");
    exposition_u64(&s, NULL, 0, 1);
    assert_int_equal(buf_status(&small), STATUS_TOO_BIG);
    buf_fini(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(types),
        TEST(labels),
        TEST(hostile_values),
        TEST(seconds_are_exact),
        TEST(a_histogram),
        TEST(a_histogram_without_labels),
        TEST(what_does_not_fit_is_known),
    };

    return cmocka_run_group_tests_name("handlers/exposition", tests, NULL, NULL);
}
