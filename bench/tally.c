#include "bench/tally.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "bench/answer.h"

#define TIMELINE_MAX ((size_t)64 * 1024 * 1024)

enum second_count { GOOD, REFUSED, OTHER, FAILED };

void tally_init(struct tally *t)
{
    *t = (struct tally){0};
    buf_init(&t->timeline, TIMELINE_MAX);
}

static void set_fini(struct series_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        mem_free(set->at[i].latency);
    }
}

void tally_fini(struct tally *t)
{
    set_fini(&t->statuses);
    set_fini(&t->codes);
    set_fini(&t->phases);
    buf_fini(&t->timeline);
}

/* The histogram of that name, made if there is none. NULL if out of memory. */
static struct hdr *set_find(struct series_set *set, struct str name)
{
    struct series *series;

    name.size = name.size > TALLY_NAME_MAX ? TALLY_NAME_MAX : name.size;
    for (size_t i = 0; i < set->count; i++) {
        if (str_equal(str_of(set->at[i].name), name)) {
            return set->at[i].latency;
        }
    }
    if (set->count == TALLY_SERIES_MAX) {
        return set->at[TALLY_SERIES_MAX - 1].latency;
    }
    series = &set->at[set->count];
    series->latency = mem_zalloc(sizeof(*series->latency));
    if (series->latency == NULL) {
        return NULL;
    }
    memcpy(series->name, name.at, name.size);
    series->name[name.size] = '\0';
    set->count++;
    return series->latency;
}

static enum status set_add(struct series_set *set, struct str name, int64_t ns)
{
    struct hdr *h = set_find(set, name);

    if (h == NULL) {
        return STATUS_NOMEM;
    }
    hdr_add(h, ns);
    return STATUS_OK;
}

static bool is_good(struct str status)
{
    return status.at[0] == '2';
}

static bool is_unavailable(struct str status)
{
    return str_equal(status, STR("503")) || str_equal(status, STR("504"));
}

/* The problem's "code" and "phase". */
static enum status add_problem(struct tally *t, const struct tally_answer *answer, int64_t ns)
{
    struct str code = answer_member(answer->body, "code");
    struct str phase = answer_member(answer->body, "phase");
    enum status status = STATUS_OK;

    if (code.at != NULL) {
        status = set_add(&t->codes, code, ns);
    }
    if (is_unavailable(answer->status)) {
        if (phase.at == NULL) {
            t->phaseless++;
        } else if (status == STATUS_OK) {
            status = set_add(&t->phases, phase, ns);
        }
    }
    return status;
}

static void add_to_second(struct tally *t, const struct tally_answer *answer)
{
    tally_tick(t, answer->at_ns);
    if (is_good(answer->status)) {
        t->second_counts[GOOD]++;
        hdr_add(&t->second_latency, answer->at_ns - answer->due_ns);
    } else {
        t->second_counts[is_unavailable(answer->status) ? REFUSED : OTHER]++;
    }
}

enum status tally_add(struct tally *t, const struct tally_answer *answer)
{
    int64_t ns = answer->at_ns - answer->due_ns;
    enum status status;

    if (t->has_timeline) {
        add_to_second(t, answer);
    }
    if (is_good(answer->status) && answer->at_ns >= t->from_ns && answer->at_ns < t->until_ns) {
        t->good++;
    }
    t->mismatched += !answer->is_expected;
    if (!answer->is_counted) {
        return STATUS_OK;
    }
    t->completed++;
    hdr_add(&t->latency, ns);
    if (answer->deadline_ns != 0) {
        t->deadlines++;
        t->late += answer->at_ns > answer->deadline_ns;
        hdr_add(&t->lateness, answer->at_ns - answer->deadline_ns);
    }
    status = set_add(&t->statuses, answer->status, ns);
    if (status == STATUS_OK && !is_good(answer->status)) {
        status = add_problem(t, answer, ns);
    }
    return status;
}

void tally_fail(struct tally *t, enum failure failure, bool is_counted)
{
    t->second_counts[FAILED]++;
    if (failure == FAILURE_UNSOLICITED) {
        t->failures[failure]++;
    } else if (is_counted) {
        t->failures[failure]++;
        t->failed++;
    }
}

static void put_ms(struct buf *b, uint64_t ns)
{
    buf_printf(b, "%.6g", (double)ns / (double)NS_PER_MS);
}

static void put_quantiles(struct buf *b, const struct hdr *h)
{
    static const struct {
        const char *name;
        double share;
    } quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};

    for (size_t i = 0; i < ARRAY_LENGTH(quantiles); i++) {
        buf_printf(b, "%s\"%s\":", i == 0 ? "{" : ",", quantiles[i].name);
        put_ms(b, hdr_quantile(h, quantiles[i].share));
    }
    buf_append_char(b, '}');
}

static void end_second(struct tally *t)
{
    static const char *const names[] = {"good", "refused", "other", "failed"};
    struct buf *b = &t->timeline;

    buf_printf(b, "%s{\"second\":%llu", t->second == 0 ? "" : ",", (unsigned long long)t->second);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        buf_printf(b, ",\"%s\":%llu", names[i], (unsigned long long)t->second_counts[i]);
        t->second_counts[i] = 0;
    }
    buf_append_literal(b, ",\"latency_ms\":");
    put_quantiles(b, &t->second_latency);
    buf_append_char(b, '}');
    t->second_latency = (struct hdr){0};
    t->second++;
}

void tally_tick(struct tally *t, int64_t now_ns)
{
    while (t->has_timeline && now_ns >= t->start_ns + ((int64_t)t->second + 1) * NS_PER_S) {
        end_second(t);
    }
}

static void put_set(struct buf *b, const char *name, const struct series_set *set)
{
    buf_printf(b, ",\"%s\":{", name);
    for (size_t i = 0; i < set->count; i++) {
        if (i > 0) {
            buf_append_char(b, ',');
        }
        json_put_string(b, str_of(set->at[i].name));
        buf_printf(
            b, ":{\"count\":%llu,\"latency_ms\":", (unsigned long long)set->at[i].latency->total);
        put_quantiles(b, set->at[i].latency);
        buf_append_char(b, '}');
    }
    buf_append_char(b, '}');
}

static void put_counts(struct buf *b, const struct tally *t)
{
    static const char *const failures[] = {
#define FAILURE_TEXT(name, text) text,
        FAILURE_LIST(FAILURE_TEXT)
#undef FAILURE_TEXT
    };
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {{"due", t->due},
                  {"sent", t->sent},
                  {"completed", t->completed},
                  {"abandoned", t->abandoned},
                  {"failed", t->failed},
                  {"unsent", t->unsent},
                  {"unanswered", t->unanswered},
                  {"mismatched", t->mismatched}};

    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        buf_printf(b, "%s\"%s\":%llu", i == 0 ? "" : ",", counts[i].name,
                   (unsigned long long)counts[i].value);
    }
    for (size_t i = 0; i < FAILURE_COUNT; i++) {
        buf_printf(b, "%s\"%s\":%llu", i == 0 ? ",\"errors\":{" : ",", failures[i],
                   (unsigned long long)t->failures[i]);
    }
    buf_append_char(b, '}');
}

void tally_put(struct tally *t, struct buf *to)
{
    double seconds = (double)(t->until_ns - t->from_ns) / (double)NS_PER_S;

    put_counts(to, t);
    buf_printf(to, ",\"goodput\":%.1f,\"latency_ms\":", (double)t->good / seconds);
    put_quantiles(to, &t->latency);
    buf_append_literal(to, ",\"behind_ms\":");
    put_quantiles(to, &t->behind);
    put_set(to, "status", &t->statuses);
    put_set(to, "codes", &t->codes);
    put_set(to, "phases", &t->phases);
    buf_printf(to,
               ",\"phaseless\":%llu,\"deadlines\":{\"answered\":%llu,\"late\":%llu,\"late_ms\":",
               (unsigned long long)t->phaseless, (unsigned long long)t->deadlines,
               (unsigned long long)t->late);
    put_quantiles(to, &t->lateness);
    buf_append_char(to, '}');
    if (t->has_timeline) {
        buf_append_literal(to, ",\"timeline\":[");
        buf_append_str(to, buf_str(&t->timeline));
        buf_append_char(to, ']');
    }
}
