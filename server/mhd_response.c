#include "server/mhd_response.h"

#include <microhttpd.h>

#include "base/mem.h"

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_headers(struct MHD_Response *response, const struct response *r,
                        const char *request_id)
{
    bool is_ok = r->content_type == NULL || add(response, "Content-Type", r->content_type);

    for (size_t i = 0; is_ok && i < r->headers_count; i++) {
        is_ok = add(response, r->headers[i].name, r->headers[i].value);
    }
    return is_ok && (request_id[0] == '\0' || add(response, "X-Request-Id", request_id));
}

struct MHD_Response *mhd_response_add_headers(struct MHD_Response *response,
                                              const struct response *r, const char *request_id)
{
    if (response != NULL && !add_headers(response, r, request_id)) {
        MHD_destroy_response(response);
        response = NULL;
    }
    return response;
}

/* The body, which is taken; or what is lent, which libmicrohttpd only reads. */
static struct MHD_Response *create(struct response *r)
{
    struct MHD_Response *response;
    size_t size;
    char *body = buf_take(&r->body, &size);

    if (r->lent.at != NULL || size == 0) {
        mem_free(body);
        return MHD_create_response_from_buffer(r->lent.size, (void *)(uintptr_t)r->lent.at,
                                               MHD_RESPMEM_PERSISTENT);
    }
    response = MHD_create_response_from_buffer_with_free_callback(size, body, mem_free);
    if (response == NULL) {
        mem_free(body);
    }
    return response;
}

struct MHD_Response *mhd_response_create(struct response *r, const char *request_id)
{
    return mhd_response_add_headers(create(r), r, request_id);
}

void mhd_response_destroy(struct MHD_Response *response)
{
    if (response != NULL) {
        MHD_destroy_response(response);
    }
}
