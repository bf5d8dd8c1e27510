#include "handlers/table/fault.h"

#include <stdarg.h>
#include <stdio.h>

/* Return: NULL without memory. */
static const char *format_text(struct arena *arena, const char *format, va_list args)
    PRINTF_LIKE(2, 0);

static const char *format_text(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    char *text;
    int size;

    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = size < 0 ? NULL : arena_alloc(arena, (size_t)size + 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)size + 1, format, args); /* measured above */
    }
    return text;
}

bool fault_no_memory(struct fault *fault)
{
    *fault = (struct fault){.http_status = 503, .code = "53200", .message = "out of memory"};
    return false;
}

bool fault_set(struct fault *fault, struct arena *arena, unsigned http_status, const char *code,
               const char *format, ...)
{
    va_list args;

    *fault = (struct fault){.http_status = http_status, .code = code};
    va_start(args, format);
    fault->message = format_text(arena, format, args);
    va_end(args);
    return fault->message != NULL ? false : fault_no_memory(fault);
}

void fault_details(struct fault *fault, struct arena *arena, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fault->details = format_text(arena, format, args);
    va_end(args);
}

void fault_hint(struct fault *fault, struct arena *arena, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fault->hint = format_text(arena, format, args);
    va_end(args);
}

static bool keep_text(const char **text, struct arena *arena)
{
    if (*text != NULL) {
        *text = arena_copy(arena, str_of(*text));
        return *text != NULL;
    }
    return true;
}

void fault_keep(struct fault *fault, struct arena *arena)
{
    if (!keep_text(&fault->message, arena) || !keep_text(&fault->details, arena) ||
        !keep_text(&fault->hint, arena)) {
        (void)fault_no_memory(fault); /* says false */
    }
}
