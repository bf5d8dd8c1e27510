#include "handlers/docs/docs.h"

#include "handlers/docs/asset.h"
#include "server/call.h"
#include "server/entity_tags.h"
#include "server/weighted.h"

/* Only what lies here is run, shown and asked: nothing in the page itself, nothing from elsewhere. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

static const struct asset *find(struct str name)
{
    for (size_t i = 0; i < assets_count; i++) {
        if (str_equal(name, str_of(assets[i].name))) {
            return &assets[i];
        }
    }
    return NULL;
}

/* Without the header anything may be sent (RFC 9110, 12.5.3). The header's own words win over "*". */
static bool takes_gzip(const struct request *request)
{
    struct str rest = request_header(request, STR("Accept-Encoding"));
    bool is_taken = rest.at == NULL;
    bool is_said = false;
    struct weighted item;

    while (weighted_next(&rest, &item)) {
        bool is_gzip = str_equal_nocase(item.value, STR("gzip")) ||
                       str_equal_nocase(item.value, STR("x-gzip"));
        if (is_gzip || (str_equal(item.value, STR("*")) && !is_said)) {
            is_taken = item.weight > 0;
            is_said = is_said || is_gzip;
        }
    }
    return is_taken;
}

static void refuse_coding(struct call *call)
{
    const struct problem_words words = {
        .http_status = 406,
        .code = "not_acceptable",
        .title = "Not acceptable",
        .message = "this file is there compressed by gzip alone, which Accept-Encoding excludes"};

    call_fail_with(call, &words);
}

static void answer(struct call *call, const struct asset *asset)
{
    if (asset->is_gzipped && !takes_gzip(&call->request)) {
        refuse_coding(call);
        return;
    }
    if (if_none_match_has(&call->request, asset->etag)) {
        call_answer_empty(call, 304);
    } else {
        call_answer_lent(call, asset->content_type, asset->bytes);
        response_header(&call->response, "Content-Security-Policy", "%s", POLICY);
        response_header(&call->response, "X-Content-Type-Options", "nosniff");
        response_header(&call->response, "Referrer-Policy", "no-referrer");
        if (asset->is_gzipped) {
            response_header(&call->response, "Content-Encoding", "gzip");
        }
    }
    response_header(&call->response, "ETag", "%s", asset->etag);
    response_header(&call->response, "Cache-Control", "no-cache"); /* ask each time */
    if (asset->is_gzipped) {
        response_header_join(&call->response, "Vary", "Accept-Encoding");
    }
}

static void serve_page(const struct handler *handler, struct call *call)
{
    (void)handler;
    assert_on_loop();
    answer(call, find(STR(""))); /* always there */
}

static void serve_slash(const struct handler *handler, struct call *call)
{
    (void)handler;
    assert_on_loop();
    call_answer_empty(call, 308);
    response_header(&call->response, "Location", "../docs");
}

static void serve_file(const struct handler *handler, struct call *call)
{
    struct str name = request_param(&call->request, STR("file"));
    const struct asset *asset = find(name);

    (void)handler;
    assert_on_loop();
    if (asset == NULL || name.size == 0) {
        call_fail(call, PROBLEM_NOT_FOUND, "the page is /docs", "there is no such file");
        return;
    }
    answer(call, asset);
}

const struct handler *docs_page_handler(void)
{
    static const struct handler handler = {.kind = HANDLER_INLINE, .serve = serve_page};

    return &handler;
}

const struct handler *docs_slash_handler(void)
{
    static const struct handler handler = {.kind = HANDLER_INLINE, .serve = serve_slash};

    return &handler;
}

const struct handler *docs_file_handler(void)
{
    static const struct handler handler = {.kind = HANDLER_INLINE, .serve = serve_file};

    return &handler;
}
