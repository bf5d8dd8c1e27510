#include "server/mhd_head.h"

#include <microhttpd.h>
#include <string.h>

#include "server/mhd_layout.h"

struct gathering {
    struct exchange *ex;
    struct layout layout;
    bool has_failed;
};

static enum MHD_Result gather_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                     size_t name_size, const char *value, size_t value_size)
{
    struct gathering *g = cls;
    struct request *request = &g->ex->call.request;
    struct header *header = &request->headers[request->headers_count];

    (void)kind;
    layout_header(&g->layout, name, name_size, value, value_size);
    if (request->headers_count == REQUEST_HEADERS_MAX) {
        g->has_failed = true;
        return MHD_NO;
    }
    header->name = (struct str){name, name_size};
    header->value = (struct str){value, value_size};
    if (!str_equal_nocase(header->name, STR("transfer-encoding"))) {
        header->value = str_trim(header->value); /* that one libmicrohttpd takes literally */
    }
    header->name.at = arena_copy(&g->ex->call.arena, header->name);
    header->value.at = arena_copy(&g->ex->call.arena, header->value);
    if (header->name.at == NULL || header->value.at == NULL) {
        g->has_failed = true;
        return MHD_NO;
    }
    request->headers_count++;
    return MHD_YES;
}

/* Return: false with the problem in the call. */
static bool gather_headers(struct exchange *ex, struct gathering *g) ON_LOOP
{
    struct request *request = &ex->call.request;
    int n = MHD_get_connection_values_n(ex->connection, MHD_HEADER_KIND, NULL, NULL);

    if (n > REQUEST_HEADERS_MAX) {
        call_fail(&ex->call, PROBLEM_HEADERS_TOO_LARGE, NULL, "more than %d headers",
                  REQUEST_HEADERS_MAX);
        return false;
    }
    request->headers = arena_alloc(&ex->call.arena, ((size_t)n + 1) * sizeof(struct header));
    if (request->headers != NULL) {
        (void)MHD_get_connection_values_n(ex->connection, MHD_HEADER_KIND, gather_header,
                                          g); /* counts what it was given; g knows */
    }
    if (request->headers == NULL || g->has_failed) {
        request->headers_count = 0;
        call_fail(&ex->call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return false;
    }
    return true;
}

/* SplitMix64 (Steele, Lea, Flood 2014), seeded from the kernel: unique, not secret. */
static uint64_t next_id(struct loop *loop) ON_LOOP
{
    uint64_t z = loop->id_state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void identify(struct loop *loop, struct request *request) ON_LOOP
{
    static const char hex[] = "0123456789abcdef";
    struct str given = request_header(request, STR("x-request-id"));
    uint64_t id;

    if (request_id_is_sane(given)) {
        memcpy(request->id, given.at, given.size);
        request->id[given.size] = '\0';
        return;
    }
    id = next_id(loop);
    for (unsigned i = 0; i < 16; i++) {
        request->id[i] = hex[id >> (60 - 4 * i) & 15];
    }
    request->id[16] = '\0';
}

/* Of the request line and the headers, in bytes as they were received. */
static size_t head_size(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info == NULL ? 0 : info->header_size;
}

bool head_copy(struct loop *loop, struct exchange *ex, const char *method, const char *version)
{
    struct request *request = &ex->call.request;
    struct arena *arena = &ex->call.arena;
    struct gathering g = {.ex = ex};
    bool is_copied;

    layout_begin(&g.layout, method, head_size(ex->connection),
                 (struct str){ex->raw_target, request->target.size}, version);
    ex->raw_target = NULL;
    request->method_text = (struct str){arena_copy(arena, str_of(method)), strlen(method)};
    request->version = (struct str){arena_copy(arena, str_of(version)), strlen(version)};
    if (request->target.at == NULL || request->method_text.at == NULL ||
        request->version.at == NULL) {
        call_fail(&ex->call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return false;
    }
    request->method = method_of(request->method_text);
    is_copied = gather_headers(ex, &g);
    identify(loop, request);
    if (is_copied && !layout_end(&g.layout)) {
        call_fail(&ex->call, PROBLEM_BAD_REQUEST, NULL,
                  "the head holds a NUL, a bare line feed, a folded line or a header without a "
                  "name");
        return false;
    }
    return is_copied;
}
