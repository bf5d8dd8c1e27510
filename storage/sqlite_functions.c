/*
 * SQL functions of ours, on every connection. They are for the statements that a plan makes
 * (query->tables): no view, trigger or index of a file may call them (DIRECTONLY), and the
 * authorizer keeps them out of the operators' SQL.
 *
 * The progress handler does not run while one of them works, so each bounds its own work.
 */
#include <stdarg.h>
#include <stdio.h>

#include "storage/sqlite_internal.h"

int functions_install(sqlite3 *handle)
{
    static int (*const installs[])(sqlite3 *) = {
        functions_install_rows, functions_install_text, functions_install_cast,
        functions_install_json, functions_install_fts,
    };
    int code = SQLITE_OK;

    for (size_t i = 0; i < ARRAY_LENGTH(installs) && code == SQLITE_OK; i++) {
        code = installs[i](handle);
    }
    return code;
}

int functions_add(sqlite3 *handle, const struct function *functions, size_t count)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int code = SQLITE_OK;

    for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
        const struct function *f = &functions[i];

        /* SQLite only hands it back */
        code = sqlite3_create_function_v2(handle, f->name, f->arguments, flags,
                                          (void *)(uintptr_t)f, f->run, NULL, NULL, NULL);
    }
    return code;
}

int function_tag(sqlite3_context *context)
{
    const struct function *function = sqlite3_user_data(context);

    return function->tag;
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

bool function_text(sqlite3_context *context, sqlite3_value *value, struct str *ret)
{
    const unsigned char *at = sqlite3_value_text(value);

    if (at == NULL) {
        sqlite3_result_error_nomem(context);
        return false;
    }
    *ret = (struct str){(const char *)at, (size_t)sqlite3_value_bytes(value)};
    return true;
}
