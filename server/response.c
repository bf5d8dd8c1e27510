#include "server/response.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

void response_init(struct response *r, size_t body_max)
{
    *r = (struct response){0};
    buf_init(&r->body, body_max);
}

void response_fini(struct response *r)
{
    buf_fini(&r->body);
    mem_free(r->headers);
    r->headers = NULL;
    r->headers_count = 0;
}

void response_reset(struct response *r)
{
    buf_clear(&r->body);
    r->headers_count = 0;
    r->http_status = 0;
    r->content_type = NULL;
}

void response_header(struct response *r, const char *name, const char *format, ...)
{
    struct response_header *header;
    va_list args;

    if (r->headers == NULL) {
        r->headers = mem_alloc(RESPONSE_HEADERS_MAX * sizeof(*r->headers));
    }
    if (r->headers == NULL || r->headers_count == RESPONSE_HEADERS_MAX) {
        return;
    }
    header = &r->headers[r->headers_count++];
    header->name = name;
    va_start(args, format);
    (void)vsnprintf(header->value, sizeof(header->value), format, args); /* cut, as promised */
    va_end(args);
    for (char *p = header->value; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7F) {
            *p = ' ';
        }
    }
}
