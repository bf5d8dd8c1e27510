#include "server/mhd_layout.h"

#include <microhttpd.h>
#include <string.h>

#define KNOWN_VERSION "0.9.75"

static bool is_known_version(void)
{
    return strcmp(MHD_get_version(), KNOWN_VERSION) == 0;
}

void layout_hide_query(const char *target)
{
    char *query = strchr(target, '?');

    if (query != NULL && query[1] != '\0' && is_known_version()) {
        query[1] = '\0';
    }
}

static bool is_line_end(const char *at)
{
    return at[0] == '\0' && at[1] == '\0';
}

void layout_begin(struct layout *l, const char *method, size_t head_size, struct str target,
                  const char *version)
{
    l->is_strict = true;
    l->next = NULL;
    l->end = NULL;
    if (!is_known_version() || target.at == NULL || version[0] == '\0') {
        return;
    }
    l->is_strict = target.at == method + strlen(method) + 1 &&
                   version == target.at + target.size + 1 && is_line_end(version + strlen(version));
    l->next = version + strlen(version) + 2;
    l->end = method + head_size;
}

void layout_header(struct layout *l, const char *name, size_t name_size, const char *value,
                   size_t value_size)
{
    if (l->next == NULL || !l->is_strict) {
        return;
    }
    l->is_strict = false; /* until every byte has been accounted for */
    if (name != l->next || name[name_size] != '\0') {
        return;
    }
    for (const char *p = name + name_size + 1; p != value; p++) {
        if (*p != ' ' && *p != '\t') {
            return;
        }
    }
    l->is_strict = is_line_end(value + value_size);
    l->next = value + value_size + 2;
}

bool layout_end(const struct layout *l)
{
    return l->is_strict && (l->next == NULL || (l->next + 2 == l->end && is_line_end(l->next)));
}
