#include "handlers/sql/media.h"

#include "server/weighted.h"

static const char *const types[] = {
    [QUERY_JSON] = "application/json",
    [QUERY_LINES] = "application/x-ndjson; charset=utf-8",
    [QUERY_CSV] = "text/csv; charset=utf-8",
};

const char *media_type(enum query_media media)
{
    return types[media];
}

static bool is_offered(struct str type, enum query_media *ret)
{
    static const struct {
        const char *type;
        enum query_media media;
    } offers[] = {
        {"application/json", QUERY_JSON},      {"application/*", QUERY_JSON}, {"*/*", QUERY_JSON},
        {"application/x-ndjson", QUERY_LINES}, {"text/csv", QUERY_CSV},       {"text/*", QUERY_CSV},
    };

    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
        if (str_equal_nocase(type, str_of(offers[i].type))) {
            *ret = offers[i].media;
            return true;
        }
    }
    return false;
}

enum query_media media_of(const struct request *request)
{
    enum query_media best = QUERY_JSON;
    unsigned best_weight = 0;
    struct str header;
    size_t at = 0;

    while (request_next_header(request, STR("Accept"), &at, &header)) {
        struct weighted range;
        enum query_media media;

        while (weighted_next(&header, &range)) {
            if (range.weight > best_weight && is_offered(range.value, &media)) {
                best = media;
                best_weight = range.weight;
            }
        }
    }
    return best;
}
