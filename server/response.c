#include "server/response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

/* The place of the header called name: the one it has already, or a new one; NULL if there is none. */
static struct response_header *place_of(struct response *r, const char *name)
{
    if (r->headers == NULL) {
        r->headers = mem_alloc(RESPONSE_HEADERS_MAX * sizeof(*r->headers));
    }
    for (size_t i = 0; i < r->headers_count; i++) {
        if (strcmp(r->headers[i].name, name) == 0) {
            return &r->headers[i];
        }
    }
    if (r->headers == NULL || r->headers_count == RESPONSE_HEADERS_MAX) {
        return NULL;
    }
    return &r->headers[r->headers_count++];
}

void response_header(struct response *r, const char *name, const char *format, ...)
{
    struct response_header *header = place_of(r, name);
    va_list args;

    if (header == NULL) {
        return;
    }
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
