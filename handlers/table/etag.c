#include "handlers/table/etag.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "server/entity_tags.h"

enum status etag_key_init(struct etag_key *key, struct error *err)
{
    ssize_t n = getrandom(key->bytes, sizeof(key->bytes), 0);

    if (n != (ssize_t)sizeof(key->bytes)) { /* so few bytes come whole or not at all */
        return error_set(err, STATUS_OS, "no random numbers: %s", strerror(errno));
    }
    return STATUS_OK;
}

static void feed_number(struct siphash *h, uint64_t number)
{
    unsigned char bytes[8];

    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(number >> (8 * i));
    }
    siphash_feed(h, bytes, sizeof(bytes));
}

/* With its length, so that no two lists of texts look alike. */
static void feed_text(struct siphash *h, struct str text)
{
    feed_number(h, text.size);
    siphash_feed(h, text.at, text.size);
}

static void feed_headers(struct siphash *h, const struct request *request)
{
    static const struct str names[] = {
        {"accept", 6}, {"accept-profile", 14}, {"prefer", 6}, {"range", 5}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct str value;
        size_t at = 0;

        while (request_next_header(request, names[i], &at, &value)) {
            feed_number(h, i);
            feed_text(h, value);
        }
    }
}

static char *put_hex(char *at, const unsigned char hash[SIPHASH_SIZE])
{
    return str_put_hex(at, (struct str){(const char *)hash, SIPHASH_SIZE});
}

void etag_write(const struct etag_key *key, const struct request *request, uint64_t version,
                char to[ETAG_SIZE])
{
    unsigned char hash[SIPHASH_SIZE];
    struct siphash h;

    siphash_begin(&h, key->bytes);
    feed_number(&h, version);
    feed_text(&h, request->path);
    feed_text(&h, request->query);
    feed_headers(&h, request);
    siphash_end(&h, hash);
    (void)stpcpy(put_hex(stpcpy(to, "W/\""), hash), "\""); /* ETAG_SIZE is made of these */
}

/* --- the row ------------------------------------------------------------------------------------ */

static void put_row(char *at, struct str row)
{
    static const unsigned char no_key[SIPHASH_KEY_SIZE]; /* it has to be the same tomorrow */
    unsigned char hash[SIPHASH_SIZE];
    struct siphash h;

    siphash_begin(&h, no_key);
    siphash_feed(&h, row.at, row.size);
    siphash_end(&h, hash);
    *put_hex(at, hash) = '\0';
}

void etag_add_row(char etag[ETAG_SIZE], struct str row)
{
    char *quote = strrchr(etag, '"');

    *quote = '-';
    put_row(quote + 1, row);
    (void)strcat(etag, "\""); // NOLINT: ETAG_SIZE has room for it
}

/* "VERSION-ROW" without quotes, in two; a missing part is empty. */
static void split(struct str tag, struct str *ret_version, struct str *ret_row)
{
    const char *dash;

    if (tag.size >= 2 && tag.at[0] == '"') {
        tag = (struct str){tag.at + 1, tag.size - 2};
    }
    dash = memchr(tag.at, '-', tag.size);
    *ret_version = tag;
    *ret_row = (struct str){"", 0};
    if (dash != NULL) {
        ret_version->size = (size_t)(dash - tag.at);
        *ret_row = (struct str){dash + 1, tag.size - ret_version->size - 1};
    }
}

bool etag_is_known(const struct request *request, const char *etag)
{
    struct entity_tags tags = {.request = request, .header = STR("if-none-match")};
    struct str version;
    struct str row;
    struct str tag;

    split(str_of(etag + strlen("W/")), &version, &row);
    while (entity_tags_next(&tags, &tag)) {
        struct str their_version;
        struct str their_row;

        split(tag, &their_version, &their_row);
        if (str_equal(tag, STR("*")) || str_equal(their_version, version) ||
            (row.size > 0 && str_equal(their_row, row))) {
            return true;
        }
    }
    return false;
}

static bool has(const struct request *request, struct str header)
{
    return request_header(request, header).at != NULL;
}

bool etag_has_condition(const struct request *request)
{
    return has(request, STR("if-match")) || has(request, STR("if-none-match"));
}

/* Is the row among the header's tags, or is that "*"? */
static bool names(const struct request *request, struct str header, struct str row)
{
    struct entity_tags tags = {.request = request, .header = header};
    char now[2 * SIPHASH_SIZE + 1];
    struct str tag;

    put_row(now, row);
    while (entity_tags_next(&tags, &tag)) {
        struct str their_version;
        struct str their_row;

        split(tag, &their_version, &their_row);
        if (str_equal(tag, STR("*")) || str_equal(their_row, str_of(now))) {
            return true;
        }
    }
    return false;
}

bool etag_if_match(const struct request *request, struct str row)
{
    return !has(request, STR("if-match")) ||
           (row.at != NULL && names(request, STR("if-match"), row));
}

bool etag_if_none_match(const struct request *request, struct str row)
{
    return row.at == NULL || !names(request, STR("if-none-match"), row);
}
