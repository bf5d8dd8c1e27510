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

/* Without the mark of a weak one: what is compared. */
static struct str opaque_of(struct str etag)
{
    if (etag.size >= 2 && etag.at[0] == 'W' && etag.at[1] == '/') {
        etag.at += 2;
        etag.size -= 2;
    }
    return etag;
}

/*
 * Take the next entity-tag off a list: [W/]"...". A comma may stand between the quotes.
 * Return: false at the end, or where something else stands.
 */
static bool next_tag(struct str *rest, struct str *ret)
{
    const char *end;
    size_t size;

    while (rest->size > 0 && (rest->at[0] == ',' || rest->at[0] == ' ' || rest->at[0] == '\t')) {
        rest->at++;
        rest->size--;
    }
    *ret = opaque_of(*rest);
    if (ret->size < 2 || ret->at[0] != '"') {
        return false;
    }
    end = memchr(ret->at + 1, '"', ret->size - 1);
    if (end == NULL) {
        return false;
    }
    ret->size = (size_t)(end - ret->at) + 1;
    size = (size_t)(end + 1 - rest->at);
    rest->at += size;
    rest->size -= size;
    return true;
}

static bool is_in(struct str list, struct str wanted)
{
    struct str tag;

    if (str_equal(str_trim(list), STR("*"))) {
        return true;
    }
    while (next_tag(&list, &tag)) {
        if (str_equal(tag, wanted)) {
            return true;
        }
    }
    return false;
}

bool etag_is_known(const struct request *request, const char *etag)
{
    struct str list;
    size_t at = 0;

    while (request_next_header(request, STR("if-none-match"), &at, &list)) {
        if (is_in(list, opaque_of(str_of(etag)))) {
            return true;
        }
    }
    return false;
}
