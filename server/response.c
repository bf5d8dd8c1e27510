#include "server/response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

#define SMALL_SIZE  ((size_t)256)       /* of a value that is formatted in place */
#define VALUES_SIZE ((size_t)1024)      /* of all values, before more memory is asked for */
#define VALUES_MAX  ((size_t)96 * 1024) /* of all values */

/* One block of memory for what most answers that have headers need. */
struct response_store {
    struct response_header headers[RESPONSE_HEADERS_MAX];
    struct arena values;
    max_align_t first[VALUES_SIZE / sizeof(max_align_t)];
};

static void begin_values(struct response_store *store)
{
    arena_init(&store->values, store->first, sizeof(store->first), VALUES_MAX);
}

void response_init(struct response *r, size_t body_max)
{
    *r = (struct response){0};
    buf_init(&r->body, body_max);
}

void response_fini(struct response *r)
{
    buf_fini(&r->body);
    if (r->store != NULL) {
        arena_fini(&r->store->values);
        mem_free(r->store);
    }
    r->store = NULL;
    r->headers = NULL;
    r->headers_count = 0;
}

void response_reset(struct response *r)
{
    buf_clear(&r->body);
    r->lent = (struct str){NULL, 0};
    if (r->headers_count > 0) {
        arena_fini(&r->store->values);
        begin_values(r->store);
    }
    r->headers_count = 0;
    r->http_status = 0;
    r->content_type = NULL;
}

/* Return: false without memory. */
static bool make_store(struct response *r)
{
    if (r->store == NULL) {
        r->store = mem_alloc(sizeof(*r->store));
        if (r->store == NULL) {
            return false;
        }
        begin_values(r->store);
        r->headers = r->store->headers;
    }
    return true;
}

static struct response_header *find(const struct response *r, const char *name)
{
    for (size_t i = 0; i < r->headers_count; i++) {
        if (strcmp(r->headers[i].name, name) == 0) {
            return &r->headers[i];
        }
    }
    return NULL;
}

/* The place of the header called name: the one it has already, or a new one; NULL if there is none. */
static struct response_header *place_of(struct response *r, const char *name)
{
    struct response_header *header = find(r, name);

    if (header == NULL && r->headers_count < RESPONSE_HEADERS_MAX) {
        header = &r->headers[r->headers_count++];
        header->name = name;
    }
    return header;
}

/* Takes value: it lies in the store. */
static void set(struct response *r, const char *name, char *value)
{
    struct response_header *header = place_of(r, name);

    if (header == NULL) {
        return;
    }
    for (char *p = value; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7F) {
            *p = ' ';
        }
    }
    header->value = value;
}

/* In the store. Return: NULL without memory. */
static char *format_long(struct response *r, size_t size, const char *format, va_list args)
    PRINTF_LIKE(3, 0);

static char *format_long(struct response *r, size_t size, const char *format, va_list args)
{
    size_t kept = size < RESPONSE_VALUE_MAX ? size : RESPONSE_VALUE_MAX;
    char *value = arena_alloc(&r->store->values, kept + 1);

    if (value != NULL) {
        (void)vsnprintf(value, kept + 1, format, args); /* cut, as promised */
    }
    return value;
}

void response_header(struct response *r, const char *name, const char *format, ...)
{
    char small[SMALL_SIZE];
    char *value = NULL;
    va_list args;
    int size;

    if (!make_store(r)) {
        return;
    }
    va_start(args, format);
    size = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (size >= 0 && (size_t)size < sizeof(small)) {
        value = arena_copy(&r->store->values, (struct str){small, (size_t)size});
    } else if (size >= 0) {
        va_start(args, format);
        value = format_long(r, (size_t)size, format, args);
        va_end(args);
    }
    if (value != NULL) {
        set(r, name, value);
    }
}

/* Is item among the comma-separated ones of list? */
static bool is_in(struct str list, struct str item)
{
    while (list.size > 0) {
        const char *comma = memchr(list.at, ',', list.size);
        size_t size = comma == NULL ? list.size : (size_t)(comma - list.at);

        if (str_equal_nocase(str_trim((struct str){list.at, size}), item)) {
            return true;
        }
        size += comma == NULL ? 0 : 1;
        list.at += size;
        list.size -= size;
    }
    return false;
}

void response_header_join(struct response *r, const char *name, const char *item)
{
    const char *list = response_header_value(r, name);

    if (list == NULL || list[0] == '\0') {
        response_header(r, name, "%s", item);
    } else if (!is_in(str_of(list), str_of(item))) {
        response_header(r, name, "%s, %s", list, item);
    }
}

const char *response_header_value(const struct response *r, const char *name)
{
    const struct response_header *header = find(r, name);

    return header == NULL ? NULL : header->value;
}
