#include "config/problems.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

static char *format_text(const char *format, va_list args) PRINTF_LIKE(1, 0);

static char *format_text(const char *format, va_list args)
{
    va_list again;
    char *text;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = n < 0 ? NULL : mem_alloc((size_t)n + 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)n + 1, format, args); /* measured above */
    }
    return text;
}

void problems_add(struct problems *p, const char *path, const char *format, ...)
{
    struct problem *list = mem_realloc(p->list, (p->count + 1) * sizeof(*list));
    struct problem problem = {0};
    va_list args;

    if (list != NULL) {
        p->list = list;
        va_start(args, format);
        problem = (struct problem){mem_strdup(path), format_text(format, args)};
        va_end(args);
    }
    if (problem.path == NULL || problem.text == NULL) {
        mem_free(problem.path);
        mem_free(problem.text);
        (void)fprintf(stderr, "%s: ", path); /* the last resort: nobody is left to tell */
        va_start(args, format);
        (void)vfprintf(stderr, format, args);
        va_end(args);
        (void)fputc('\n', stderr);
        return;
    }
    list[p->count++] = problem;
}

void problems_fini(struct problems *p)
{
    for (size_t i = 0; i < p->count; i++) {
        mem_free(p->list[i].path);
        mem_free(p->list[i].text);
    }
    mem_free(p->list);
    *p = (struct problems){0};
}
