#include "config/reader.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/nearest.h"

#define PATH_MAX_SIZE  ((size_t)4096)
#define KNOWN_MAX_SIZE ((size_t)800) /* a longer list of names helps nobody */
#define QUOTE_MAX_SIZE ((size_t)50)  /* each byte is six at most when escaped */

/* A key that needs no brackets in a JSON path. */
static bool is_plain(const char *key)
{
    size_t size = strlen(key);

    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)key[i]) && strchr("_-$", key[i]) == NULL) {
            return false;
        }
    }
    return size > 0 && size <= QUOTE_MAX_SIZE && !isdigit((unsigned char)key[0]);
}

static void put_place(struct config_reader *r, struct buf *b, const struct config_place *at)
{
    if (at->up == NULL) {
        buf_append_char(b, '$');
        return;
    }
    put_place(r, b, at->up);
    if (at->key == NULL) {
        buf_printf(b, "[%zu]", at->index);
    } else if (is_plain(at->key)) {
        buf_printf(b, ".%s", at->key);
    } else {
        buf_printf(b, "[%s]", config_quote(r, at->key));
    }
}

void config_problem(struct config_reader *r, const struct config_place *at, const char *format, ...)
{
    char text[1024];
    struct buf path;
    size_t count = r->problems->count;
    va_list args;

    /* First the text: its arguments may lie in r->quoted, which the path may need. */
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args); /* cut is fine */
    va_end(args);
    buf_init(&path, PATH_MAX_SIZE);
    put_place(r, &path, at);
    buf_append_char(&path, '\0');
    problems_add(r->problems, buf_status(&path) == STATUS_OK ? path.at : "$", "%s", text);
    if (buf_status(&path) == STATUS_NOMEM || r->problems->count == count) {
        r->status = STATUS_NOMEM;
    }
    buf_fini(&path);
}

static const char *type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

void config_problem_type(struct config_reader *r, const struct config_place *at, const char *wanted,
                         const struct json_t *got)
{
    config_problem(r, at, "expected %s, got %s", wanted, type_of(got));
}

const char *config_quote(struct config_reader *r, const char *text)
{
    size_t size = strlen(text);
    bool is_long = size > QUOTE_MAX_SIZE;
    struct buf b;

    buf_init(&b, sizeof(r->quoted));
    json_put_string(&b, (struct str){text, is_long ? QUOTE_MAX_SIZE : size});
    if (is_long) {
        buf_append_literal(&b, "...");
    }
    if (buf_status(&b) == STATUS_OK && b.size < sizeof(r->quoted)) {
        memcpy(r->quoted, b.at, b.size);
        r->quoted[b.size] = '\0';
    } else {
        r->status = buf_status(&b) == STATUS_NOMEM ? STATUS_NOMEM : r->status;
        (void)snprintf(r->quoted, sizeof(r->quoted), "(a text)"); /* it fits */
    }
    buf_fini(&b);
    return r->quoted;
}

void config_problem_unknown(struct config_reader *r, const struct config_place *at,
                            const char *what, const char *wanted, const char *const *names,
                            size_t n)
{
    const char *near = nearest_name(wanted, names, n);
    struct buf known;

    if (near != NULL) {
        config_problem(r, at, "unknown %s %s; did you mean \"%s\"?", what, config_quote(r, wanted),
                       near);
        return;
    }
    buf_init(&known, KNOWN_MAX_SIZE);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&known, "%s\"%s\"", i == 0 ? "; known: " : ", ", names[i]);
    }
    buf_append_char(&known, '\0');
    r->status = buf_status(&known) == STATUS_NOMEM ? STATUS_NOMEM : r->status;
    config_problem(r, at, "unknown %s %s%s", what, config_quote(r, wanted),
                   buf_status(&known) == STATUS_OK ? known.at : "");
    buf_fini(&known);
}

bool config_is_name(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '_') {
            return false;
        }
    }
    return size > 0 && size <= 63 && !isdigit((unsigned char)text[0]);
}

char *config_copy(struct config_reader *r, const char *text)
{
    char *copy = mem_strdup(text);

    if (copy == NULL) {
        r->status = STATUS_NOMEM;
    }
    return copy;
}
