#include "handlers/metrics/exposition.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "base/utf8.h"

#define FRACTION_DIGITS 9

/* Exactly, without zeros at the end. */
static void put_seconds(struct buf *to, uint64_t ns)
{
    char fraction[1 + FRACTION_DIGITS] = ".";
    uint64_t rest = ns % NS_PER_S;
    size_t size = sizeof(fraction);

    for (size_t i = FRACTION_DIGITS; i > 0; i--) {
        fraction[i] = (char)('0' + rest % 10);
        rest /= 10;
    }
    while (fraction[size - 1] == '0') {
        size--;
    }
    json_put_u64(to, ns / NS_PER_S);
    buf_append(to, fraction, size > 1 ? size : 0);
}

/* --- labels ----------------------------------------------------------------------------------- */

static void put_value(struct buf *to, struct str value)
{
    while (value.size > 0) {
        size_t size = 1;
        bool is_whole = utf8_next(value, &size);

        if (!is_whole || *value.at == '\0') {
            buf_append_literal(to, "\xEF\xBF\xBD");
        } else if (*value.at == '\n') {
            buf_append_literal(to, "\\n");
        } else if (*value.at == '"' || *value.at == '\\') {
            buf_append_char(to, '\\');
            buf_append_char(to, *value.at);
        } else {
            buf_append(to, value.at, size);
        }
        value.at += size;
        value.size -= size;
    }
}

static void put_label(struct buf *to, const char *name, struct str value)
{
    buf_append_str(to, str_of(name));
    buf_append_literal(to, "=\"");
    put_value(to, value);
    buf_append_char(to, '"');
}

/* The family's name with a suffix, and all labels. */
static void put_series(struct exposition *e, const char *suffix,
                       const struct exposition_label *labels, size_t n)
{
    buf_append_str(e->to, str_of(e->family));
    buf_append_str(e->to, str_of(suffix));
    for (size_t i = 0; i < n; i++) {
        buf_append_char(e->to, i == 0 ? '{' : ',');
        put_label(e->to, labels[i].name, labels[i].value);
    }
    if (n > 0) {
        buf_append_char(e->to, '}');
    }
    buf_append_char(e->to, ' ');
}

/* --- samples ---------------------------------------------------------------------------------- */

void exposition_family(struct exposition *e, const char *name, enum exposition_type type,
                       const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};

    e->family = name;
    buf_printf(e->to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

void exposition_u64(struct exposition *e, const struct exposition_label *labels, size_t n,
                    uint64_t value)
{
    put_series(e, "", labels, n);
    json_put_u64(e->to, value);
    buf_append_char(e->to, '\n');
}

void exposition_seconds(struct exposition *e, const struct exposition_label *labels, size_t n,
                        uint64_t ns)
{
    put_series(e, "", labels, n);
    put_seconds(e->to, ns);
    buf_append_char(e->to, '\n');
}

/* --- histograms ------------------------------------------------------------------------------- */

/* Append what stands at from once more. */
static void repeat(struct buf *to, size_t from, size_t size)
{
    char *room = buf_reserve(to, size);

    if (room != NULL) {
        memcpy(room, to->at + from, size);
        buf_commit(to, size);
    }
}

/* All up to the value of le. */
static void put_bucket_series(struct exposition *e, const struct exposition_label *labels, size_t n)
{
    buf_append_str(e->to, str_of(e->family));
    buf_append_literal(e->to, "_bucket{");
    for (size_t i = 0; i < n; i++) {
        put_label(e->to, labels[i].name, labels[i].value);
        buf_append_char(e->to, ',');
    }
    buf_append_literal(e->to, "le=\"");
}

/* The series is the same text for each bucket, so it is made once. Return: how many in all. */
static uint64_t put_buckets(struct exposition *e, const struct exposition_label *labels, size_t n,
                            const struct histogram *h)
{
    size_t series = e->to->size;
    size_t series_size = 0;
    uint64_t count = 0;

    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        if (i == 0) {
            put_bucket_series(e, labels, n);
            series_size = e->to->size - series;
        } else {
            repeat(e->to, series, series_size);
        }
        if (i < HISTOGRAM_BOUNDS) {
            put_seconds(e->to, (uint64_t)histogram_bounds_ns[i]);
        } else {
            buf_append_literal(e->to, "+Inf");
        }
        buf_append_literal(e->to, "\"} ");
        count += h->counts[i];
        json_put_u64(e->to, count);
        buf_append_char(e->to, '\n');
    }
    return count;
}

void exposition_histogram(struct exposition *e, const struct exposition_label *labels, size_t n,
                          const struct histogram *h)
{
    uint64_t count = put_buckets(e, labels, n, h);

    put_series(e, "_sum", labels, n);
    put_seconds(e->to, h->sum_ns);
    buf_append_char(e->to, '\n');
    put_series(e, "_count", labels, n);
    json_put_u64(e->to, count);
    buf_append_char(e->to, '\n');
}
