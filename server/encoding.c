#include "server/encoding.h"

#include "server/gzip.h"
#include "server/weighted.h"

#define UNSAID (-1)

static const struct str names[] = {{"identity", 8}, {"gzip", 4}, {"deflate", 7}};

/* The weights of the codings, by enum encoding, and of all others; UNSAID: not mentioned. */
struct wishes {
    int weight[3];
    int any;
};

static void take_wish(struct wishes *w, const struct weighted *element)
{
    if (str_equal(element->value, STR("*"))) {
        w->any = (int)element->weight;
    }
    if (str_equal_nocase(element->value, STR("x-gzip"))) { /* RFC 9110, 8.4.1.3: the same */
        w->weight[ENCODING_GZIP] = (int)element->weight;
    }
    for (size_t i = 0; i < 3; i++) {
        if (str_equal_nocase(element->value, names[i])) {
            w->weight[i] = (int)element->weight;
        }
    }
}

static int weight_of(const struct wishes *w, enum encoding encoding)
{
    if (w->weight[encoding] != UNSAID) {
        return w->weight[encoding];
    }
    return w->any == UNSAID ? 0 : w->any;
}

enum encoding encoding_negotiate(const struct request *request)
{
    struct wishes w = {{UNSAID, UNSAID, UNSAID}, UNSAID};
    enum encoding best = ENCODING_IDENTITY;
    struct str list;
    struct weighted element;
    size_t at = 0;
    int most;

    while (request_next_header(request, STR("accept-encoding"), &at, &list)) {
        while (weighted_next(&list, &element)) {
            take_wish(&w, &element);
        }
    }
    most = weight_of(&w, ENCODING_IDENTITY);
    if (weight_of(&w, ENCODING_DEFLATE) > 0 && weight_of(&w, ENCODING_DEFLATE) >= most) {
        best = ENCODING_DEFLATE;
        most = weight_of(&w, ENCODING_DEFLATE);
    }
    if (weight_of(&w, ENCODING_GZIP) > 0 && weight_of(&w, ENCODING_GZIP) >= most) {
        best = ENCODING_GZIP;
    }
    return best;
}

const char *encoding_name(enum encoding encoding)
{
    return names[encoding].at;
}

static bool ends_with(struct str s, struct str end)
{
    return s.size >= end.size &&
           str_equal_nocase((struct str){s.at + s.size - end.size, end.size}, end);
}

bool encoding_is_worthwhile(const char *content_type)
{
    static const struct str types[] = {{"application/json", 16},
                                       {"application/x-ndjson", 20},
                                       {"application/javascript", 22},
                                       {"application/xml", 15}};
    struct str type;

    if (content_type == NULL) {
        return false;
    }
    type = str_trim((struct str){content_type, strcspn(content_type, ";")});
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (str_equal_nocase(type, types[i])) {
            return true;
        }
    }
    return (type.size > 5 && str_equal_nocase((struct str){type.at, 5}, STR("text/"))) ||
           ends_with(type, STR("+json")) || ends_with(type, STR("+xml"));
}

/* Return: false, with nothing in *to, if that does not make it smaller. */
static bool compress(struct str body, enum encoding encoding, struct buf *to) MAY_BLOCK
{
    enum status status;
    struct gzip *z;

    buf_init(to, body.size - 1);
    if (gzip_create(encoding == ENCODING_GZIP ? GZIP_GZIP : GZIP_ZLIB, body.size, &z) !=
        STATUS_OK) {
        return false;
    }
    status = gzip_feed(z, body, GZIP_END, to);
    gzip_destroy(z);
    if (status != STATUS_OK) {
        buf_fini(to);
    }
    return status == STATUS_OK;
}

/* A strong ETag names bytes, and these are others now (RFC 9110, 8.8.3.3). */
static void weaken_etag(struct response *r)
{
    const char *etag = response_header_value(r, "ETag");

    if (etag != NULL && etag[0] == '"') {
        response_header(r, "ETag", "W/%s", etag);
    }
}

/* Does it have a coding of its own, or none that would make it smaller? */
static bool is_settled(const struct response *r)
{
    return !encoding_is_worthwhile(r->content_type) ||
           response_header_value(r, "Content-Encoding") != NULL;
}

/* Say what is going to be done. Return: false without memory: then it must not be done. */
static bool announce(struct response *r, enum encoding encoding)
{
    response_header(r, "Content-Encoding", "%s", encoding_name(encoding));
    if (response_header_value(r, "Content-Encoding") == NULL) {
        return false;
    }
    weaken_etag(r);
    return true;
}

void encoding_apply(const struct request *request, struct response *r)
{
    enum encoding encoding;
    struct buf smaller;

    if (r->http_status == 304) { /* says what the 200 would have said */
        response_header_join(r, "Vary", "Accept-Encoding");
        return;
    }
    if (r->body.size < ENCODING_BYTES_MIN || is_settled(r)) {
        return;
    }
    response_header_join(r, "Vary", "Accept-Encoding");
    encoding = encoding_negotiate(request);
    if (encoding == ENCODING_IDENTITY || !compress(buf_str(&r->body), encoding, &smaller)) {
        return;
    }
    if (!announce(r, encoding)) {
        buf_fini(&smaller);
        return;
    }
    smaller.max = r->body.max;
    buf_fini(&r->body);
    r->body = smaller;
}

enum encoding encoding_begin(const struct request *request, struct response *r)
{
    enum encoding encoding;

    if (is_settled(r)) {
        return ENCODING_IDENTITY;
    }
    response_header_join(r, "Vary", "Accept-Encoding");
    encoding = encoding_negotiate(request);
    return encoding != ENCODING_IDENTITY && announce(r, encoding) ? encoding : ENCODING_IDENTITY;
}
