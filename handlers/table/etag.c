#include "handlers/table/etag.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

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

void etag_write(const struct etag_key *key, const struct request *request, uint64_t version,
                char to[ETAG_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char hash[SIPHASH_SIZE];
    struct siphash h;
    char *at;

    siphash_begin(&h, key->bytes);
    feed_number(&h, version);
    feed_text(&h, request->path);
    feed_text(&h, request->query);
    feed_headers(&h, request);
    siphash_end(&h, hash);
    at = stpcpy(to, "W/\"");
    for (size_t i = 0; i < sizeof(hash); i++) {
        *at++ = hex[hash[i] >> 4];
        *at++ = hex[hash[i] & 15];
    }
    (void)stpcpy(at, "\""); /* ETAG_SIZE is made of these */
}
