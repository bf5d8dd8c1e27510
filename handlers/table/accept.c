#include "handlers/table/accept.h"

#include "base/buf.h"
#include "server/weighted.h"

#define RANGES_MAX 64 /* of media types; what is beyond them is not looked at */

/* What there is, by its name. The first of a scope is what "anything" means there. */
static const struct offer {
    enum accept_scope scope;
    const char *type;
    bool can_strip;
    struct accept plain;
    struct accept stripped;
} offers[] = {
    {ACCEPT_ROWS,
     "application/json",
     false,
     {ACCEPT_JSON, false, false, "application/json; charset=utf-8"},
     {0}},
    {ACCEPT_ROWS,
     "application/vnd.pgrst.array+json",
     true,
     {ACCEPT_JSON, false, false, "application/json; charset=utf-8"},
     {ACCEPT_JSON, false, true, "application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8"}},
    {ACCEPT_ROWS,
     "application/vnd.pgrst.array",
     true,
     {ACCEPT_JSON, false, false, "application/json; charset=utf-8"},
     {ACCEPT_JSON, false, true, "application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8"}},
    {ACCEPT_ROWS,
     "application/vnd.pgrst.object+json",
     true,
     {ACCEPT_JSON, true, false, "application/vnd.pgrst.object+json; charset=utf-8"},
     {ACCEPT_JSON, true, true, "application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8"}},
    {ACCEPT_ROWS,
     "application/vnd.pgrst.object",
     true,
     {ACCEPT_JSON, true, false, "application/vnd.pgrst.object+json; charset=utf-8"},
     {ACCEPT_JSON, true, true, "application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8"}},
    {ACCEPT_ROWS,
     "application/x-ndjson",
     false,
     {ACCEPT_NDJSON, false, false, "application/x-ndjson; charset=utf-8"},
     {0}},
    {ACCEPT_ROWS, "text/csv", false, {ACCEPT_CSV, false, false, "text/csv; charset=utf-8"}, {0}},
    {ACCEPT_ROOT,
     "application/json",
     false,
     {ACCEPT_JSON, false, false, "application/json; charset=utf-8"},
     {0}},
    {ACCEPT_ROOT,
     "application/openapi+json",
     false,
     {ACCEPT_OPENAPI, false, false, "application/openapi+json; charset=utf-8"},
     {0}},
};

#define OFFERS (sizeof(offers) / sizeof(offers[0]))

/* The ranges of the request, the heaviest first, and in the order of their writing. */
struct ranges {
    struct weighted at[RANGES_MAX];
    size_t count;
};

static void insert(struct ranges *ranges, const struct weighted *range)
{
    size_t i;

    if (ranges->count == RANGES_MAX) {
        return;
    }
    for (i = ranges->count++; i > 0 && ranges->at[i - 1].weight < range->weight; i--) {
        ranges->at[i] = ranges->at[i - 1];
    }
    ranges->at[i] = *range;
}

static void read_ranges(const struct request *request, struct ranges *ranges)
{
    struct str value;
    struct weighted range;
    size_t at = 0;

    ranges->count = 0;
    while (request_next_header(request, STR("accept"), &at, &value)) {
        while (weighted_next(&value, &range)) {
            insert(ranges, &range);
        }
    }
}

/* "*" alone is not allowed, but sent. */
static bool is_anything(struct str range)
{
    return str_equal(range, STR("*/*")) || str_equal(range, STR("*"));
}

/* Is that type meant by a range? Variants of JSON only by their names, the rest by stars, too. */
static bool is_meant(struct str range, const struct offer *offer)
{
    struct str type = str_of(offer->type);
    size_t n = range.size;

    if (is_anything(range)) {
        return !offer->can_strip;
    }
    if (!offer->can_strip && n > 2 && range.at[n - 1] == '*' && range.at[n - 2] == '/') {
        return type.size > n &&
               str_equal_nocase((struct str){type.at, n - 1}, (struct str){range.at, n - 1});
    }
    return str_equal_nocase(range, type);
}

/* Is that type refused by its very name, with a weight of 0? */
static bool is_refused(const struct ranges *ranges, struct str type)
{
    for (size_t i = 0; i < ranges->count; i++) {
        if (ranges->at[i].weight == 0 && str_equal_nocase(ranges->at[i].value, type)) {
            return true;
        }
    }
    return false;
}

static bool asks_to_strip(struct str params)
{
    struct str name;
    struct str value;

    while (weighted_next_param(&params, &name, &value)) {
        if (str_equal_nocase(name, STR("nulls")) && str_equal_nocase(value, STR("stripped"))) {
            return true;
        }
    }
    return false;
}

static bool choose(const struct ranges *ranges, enum accept_scope scope, struct accept *ret)
{
    for (size_t i = 0; i < ranges->count && ranges->at[i].weight > 0; i++) {
        const struct weighted *range = &ranges->at[i];

        for (size_t k = 0; k < OFFERS; k++) {
            bool is_fit = offers[k].scope == scope && is_meant(range->value, &offers[k]);

            if (is_fit && !is_refused(ranges, str_of(offers[k].type))) {
                bool strips = offers[k].can_strip && asks_to_strip(range->params);
                *ret = strips ? offers[k].stripped : offers[k].plain;
                return true;
            }
        }
    }
    return false;
}

/* The range with its parameters, but not its weight. */
static void put_range(struct buf *b, const struct weighted *range)
{
    struct str params = range->params;
    struct str name;
    struct str value;

    buf_append_str(b, range->value);
    while (weighted_next_param(&params, &name, &value)) {
        if (!str_equal_nocase(name, STR("q"))) {
            buf_append_literal(b, ";");
            buf_append_str(b, name);
            buf_append_literal(b, "=");
            buf_append_str(b, value);
        }
    }
}

static bool refuse(const struct ranges *ranges, struct arena *arena, struct fault *fault)
{
    struct buf list;

    buf_init(&list, (size_t)4 * 1024);
    for (size_t i = 0; i < ranges->count; i++) {
        buf_append_str(&list, i == 0 ? STR("") : STR(", "));
        put_range(&list, &ranges->at[i]);
    }
    /* A list that is too long for the buffer is cut. */
    (void)fault_set(fault, arena, 406, "PGRST107", "None of these media types are available: %.*s",
                    (int)list.size, list.size == 0 ? "" : list.at);
    buf_fini(&list);
    return false;
}

bool accept_read(const struct request *request, enum accept_scope scope, struct arena *arena,
                 struct accept *ret, struct fault *fault)
{
    struct ranges ranges;

    read_ranges(request, &ranges);
    if (ranges.count == 0) {
        ranges.at[ranges.count++] = (struct weighted){.value = STR("*/*"), .weight = 1000};
    }
    return choose(&ranges, scope, ret) || refuse(&ranges, arena, fault);
}
