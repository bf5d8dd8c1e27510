#include "handlers/openapi/path.h"

#include "handlers/openapi/name.h"

/* Move *at, which begins with "/", behind its first segment. Return: that; *ret_is_param: {name}? */
static struct str next_segment(const char **at, bool *ret_is_param)
{
    const char *from = *at + 1;
    size_t size = strcspn(from, "/");

    *at = from + size;
    *ret_is_param = size > 2 && from[0] == '{' && from[size - 1] == '}';
    return *ret_is_param ? (struct str){from + 1, size - 2} : (struct str){from, size};
}

void path_put(struct buf *b, const char *path, bool is_shape)
{
    while (*path != '\0') {
        bool is_param;
        struct str segment = next_segment(&path, &is_param);
        buf_append_char(b, '/');
        if (!is_param) {
            name_put_segment(b, segment);
            continue;
        }
        buf_append_char(b, '{');
        buf_append_str(b, is_shape ? STR("") : segment);
        buf_append_char(b, '}');
    }
}

struct str path_param(const char *path, const char *written, struct str name)
{
    while (*path != '\0' && *written != '\0') {
        bool is_param;
        bool is_written;
        struct str segment = next_segment(&path, &is_param);
        struct str other = next_segment(&written, &is_written);
        if (is_param && is_written && str_equal(segment, name)) {
            return other;
        }
    }
    return name;
}

void path_put_id(struct buf *b, const char *path)
{
    while (*path != '\0') {
        bool is_param;
        struct str segment = next_segment(&path, &is_param);
        buf_append_str(b, is_param ? STR(".~") : STR("."));
        name_put_key(b, segment);
    }
}
