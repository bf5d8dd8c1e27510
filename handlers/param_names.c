#include "handlers/param_names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/nearest.h"

#define NAMES_MAX 64  /* that are looked through for a near one */
#define TEXT_SIZE 300 /* of what is wrong */

static void fault(const struct param_names *names, const char *param, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void fault(const struct param_names *names, const char *param, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args); /* cut is fine */
    va_end(args);
    names->report(names->user, param, text);
}

static const char *nearest(const struct param_names *names, const char *wanted)
{
    const char *known[NAMES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < names->count && n < NAMES_MAX; i++) {
        known[n++] = names->params[i].name;
    }
    return nearest_name(wanted, known, n);
}

bool param_names_find(const struct param_names *names, const char *name, size_t *ret)
{
    const char *near;

    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->params[i].name, name) == 0) {
            *ret = i;
            return true;
        }
    }
    near = nearest(names, name);
    fault(names, NULL, "the SQL uses :%s, which is not in params%s%s%s", name,
          near == NULL ? "" : "; did you mean :", near == NULL ? "" : near,
          near == NULL ? "" : "?");
    return false;
}

static bool holds(const size_t *binding, size_t count, size_t place)
{
    for (size_t i = 0; i < count; i++) {
        if (binding[i] == place) {
            return true;
        }
    }
    return false;
}

void param_names_check_used(const struct param_names *names, const size_t *binding, size_t count)
{
    for (size_t i = 0; i < names->count; i++) {
        if (!holds(binding, count, i)) {
            fault(names, names->params[i].name,
                  "not used in the SQL; write :%s where its value belongs, or remove it",
                  names->params[i].name);
        }
    }
}
