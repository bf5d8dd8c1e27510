#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

enum status error_set(struct error *err, enum status status, const char *format, ...)
{
    va_list args;

    if (err != NULL) {
        err->status = status;
        err->hint[0] = '\0';
        err->code[0] = '\0';
        va_start(args, format);
        (void)vsnprintf(err->text, sizeof(err->text), format, args); /* cut is fine */
        va_end(args);
    }
    return status;
}

void error_hint(struct error *err, const char *format, ...)
{
    va_list args;

    if (err != NULL) {
        va_start(args, format);
        (void)vsnprintf(err->hint, sizeof(err->hint), format, args); /* cut is fine */
        va_end(args);
    }
}

void error_code(struct error *err, const char *code)
{
    if (err != NULL) {
        (void)snprintf(err->code, sizeof(err->code), "%s", code); /* they have five characters */
    }
}
