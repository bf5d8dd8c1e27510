/*
 * SQL functions of ours, on every connection. They are for the statements that a plan makes
 * (query->tables): no view, trigger or index of a file may call them (DIRECTONLY), and the
 * authorizer keeps them out of the operators' SQL.
 *
 * The progress handler does not run while one of them works, so each bounds its own work; and as a
 * thousand steps of the virtual machine may be a hundred rows, they look at the token, too.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/invariant.h"
#include "storage/sqlite_internal.h"

/* Of text that functions read. At the worst they take some microseconds for each. */
#define BYTES_BETWEEN_CHECKS ((size_t)16 * 1024)

int functions_install(struct connection *c)
{
    static int (*const installs[])(struct connection *) = {
        functions_install_rows, functions_install_text, functions_install_cast,
        functions_install_json, functions_install_fts,  functions_install_value,
    };
    int code = SQLITE_OK;

    for (size_t i = 0; i < ARRAY_LENGTH(installs) && code == SQLITE_OK; i++) {
        code = installs[i](c);
    }
    return code;
}

int functions_add(struct connection *c, const struct function *functions, size_t count)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int code = SQLITE_OK;

    for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
        const struct function *f = &functions[i];
        struct function_use *use = &c->functions[c->functions_count++];

        invariant(c->functions_count <= FUNCTIONS_MAX);
        *use = (struct function_use){.function = f, .c = c};
        code = sqlite3_create_function_v2(c->handle, f->name, f->arguments, flags, use, f->run,
                                          NULL, NULL, NULL);
    }
    return code;
}

int function_tag(sqlite3_context *context)
{
    const struct function_use *use = sqlite3_user_data(context);

    return use->function->tag;
}

void function_raise(sqlite3_context *context, const char *code, const char *format, ...)
{
    char text[400];
    va_list args;
    int start = snprintf(text, sizeof(text), "%c%s%c", SQLSTATE_MARK, code, SQLSTATE_MARK);

    va_start(args, format);
    (void)vsnprintf(text + start, sizeof(text) - (size_t)start, format, args); /* cut is fine */
    va_end(args);
    for (char *at = text + start; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7F) {
            *at = '?';
        }
    }
    sqlite3_result_error(context, text, -1);
}

/* Return: false: the statement is told to stop. */
static bool may_go_on(sqlite3_context *context, size_t bytes)
{
    const struct function_use *use = sqlite3_user_data(context);
    struct connection *c = use->c;

    c->function_bytes += bytes;
    if (c->function_bytes < BYTES_BETWEEN_CHECKS || c->cancel == NULL) {
        return true;
    }
    c->function_bytes = 0;
    c->stopped = cancel_check(c->cancel);
    if (c->stopped != STATUS_OK) {
        sqlite3_result_error_code(context, SQLITE_INTERRUPT);
    }
    return c->stopped == STATUS_OK;
}

bool function_text(sqlite3_context *context, sqlite3_value *value, struct str *ret)
{
    const unsigned char *at = sqlite3_value_text(value);

    if (at == NULL) {
        sqlite3_result_error_nomem(context);
        return false;
    }
    *ret = (struct str){(const char *)at, (size_t)sqlite3_value_bytes(value)};
    return may_go_on(context, ret->size);
}
