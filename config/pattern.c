#include "config/pattern.h"

#include <string.h>

static const char *const reserved[] = {"/health",  "/livez",        "/readyz", "/startupz",
                                       "/metrics", "/openapi.json", "/docs",   "/admin"};

/* The first segment of *at, which begins with its slash; moves *at behind it. */
static struct str take_segment(const char **at)
{
    const char *from = *at + 1;
    size_t size = strcspn(from, "/");

    *at = from + size;
    return (struct str){from, size};
}

static bool is_parameter(struct str s)
{
    return s.size > 2 && s.at[0] == '{' && s.at[s.size - 1] == '}' &&
           config_is_name(s.at + 1, s.size - 2);
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

/* What is wrong with one segment: a format for config_problem's text, or NULL. */
static const char *segment_fault(struct str s)
{
    if (s.size == 0) {
        return "has an empty segment: no \"//\" and no \"/\" at the end";
    }
    if (str_equal(s, STR(".")) || str_equal(s, STR(".."))) {
        return "has a segment \".\" or \"..\", which clients resolve before they ask";
    }
    if (!is_parameter(s) &&
        (memchr(s.at, '{', s.size) != NULL || memchr(s.at, '}', s.size) != NULL)) {
        return "has a segment that is neither literal nor exactly \"{name}\", with a name of "
               "letters, digits and \"_\" that does not start with a digit";
    }
    return NULL;
}

static const char *path_fault(const char *text)
{
    if (text[0] != '/') {
        return "must start with \"/\"";
    }
    if (strpbrk(text, "?#") != NULL) {
        return "has a \"?\" or \"#\": a path ends before them";
    }
    if (has_control(text)) {
        return "has a control character";
    }
    if (text[1] == '\0') {
        return NULL; /* the root alone */
    }
    while (*text != '\0') {
        const char *fault = segment_fault(take_segment(&text));
        if (fault != NULL) {
            return fault;
        }
    }
    return NULL;
}

bool config_pattern_next(const char **at, struct str *ret_name)
{
    while (**at != '\0') {
        struct str s = take_segment(at);

        if (is_parameter(s)) {
            *ret_name = (struct str){s.at + 1, s.size - 2};
            return true;
        }
    }
    return false;
}

static size_t count_name(const char *pattern, struct str name)
{
    struct str found;
    size_t n = 0;

    while (config_pattern_next(&pattern, &found)) {
        n += str_equal(found, name);
    }
    return n;
}

bool config_pattern_has(const char *pattern, const char *name)
{
    return count_name(pattern, str_of(name)) > 0;
}

bool config_pattern_check(struct config_reader *r, const struct config_place *at, const char *text)
{
    const char *fault = path_fault(text);
    const char *rest = text;
    struct str name;

    if (fault != NULL) {
        config_problem(r, at, "%s", fault);
        return false;
    }
    while (config_pattern_next(&rest, &name)) {
        if (count_name(text, name) > 1) {
            config_problem(r, at, "has {%.*s} twice", (int)name.size, name.at);
            return false;
        }
    }
    return true;
}

bool config_prefix_check(struct config_reader *r, const struct config_place *at, const char *text)
{
    const char *fault = path_fault(text);

    if (fault == NULL && text[1] == '\0') {
        fault = "must have a segment after its \"/\"";
    }
    if (fault == NULL && strpbrk(text, "{}") != NULL) {
        fault = "must have literal segments only";
    }
    if (fault != NULL) {
        config_problem(r, at, "%s", fault);
        return false;
    }
    if (config_path_reserved(text) != NULL) {
        config_problem(r, at, "%s is the service's own", config_path_reserved(text));
        return false;
    }
    return true;
}

bool config_path_is_below(const char *path, const char *above)
{
    size_t size = strlen(above);

    return strncmp(path, above, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

const char *config_path_reserved(const char *path)
{
    for (size_t i = 0; i < ARRAY_LENGTH(reserved); i++) {
        if (config_path_is_below(path, reserved[i])) {
            return reserved[i];
        }
    }
    return NULL;
}
