#include "storage/json_key.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

/* First of a value's bytes. An array's own sort ends in END and has NULL behind all others. */
enum { END, KEY_NULL, KEY_STRING, KEY_NUMBER, KEY_FALSE, KEY_TRUE, KEY_ARRAY, KEY_OBJECT, LAST };

static void put_big_endian(struct buf *out, uint64_t number, size_t size)
{
    for (size_t i = size; i-- > 0;) {
        buf_append_char(out, (char)(unsigned char)(number >> (8 * i)));
    }
}

/* No text of JSON's holds a NUL (json_value_create), so it can end here. */
static void put_text(struct buf *out, const char *text, size_t size)
{
    buf_append(out, text, size);
    buf_append_char(out, '\0');
}

/* The nearest double, its bits turned so that they sort, and how far an integer is from it. */
static void put_number(struct buf *out, const json_t *value)
{
    double real = json_number_value(value);
    int64_t from_real = 0;
    uint64_t bits;

    if (json_is_integer(value)) {
        int64_t integer = json_integer_value(value);

        from_real = real < 0x1p63 ? integer - (int64_t)real : integer - INT64_MAX - 1;
    }
    real = real == 0 ? 0 : real; /* -0.0 is 0 */
    memcpy(&bits, &real, sizeof(bits));
    bits = (bits >> 63) != 0 ? ~bits : bits | (UINT64_C(1) << 63);
    put_big_endian(out, bits, 8);
    put_big_endian(out, (uint64_t)(from_real + 0x8000), 2);
}

static bool put_value(struct buf *out, const json_t *value);

static bool put_array(struct buf *out, const json_t *array)
{
    put_big_endian(out, json_array_size(array), 4);
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (!put_value(out, json_array_get(array, i))) {
            return false;
        }
    }
    return true;
}

struct member {
    const char *key;
    const json_t *value;
};

/* As jsonb keeps them: shorter names first. */
static int compare_members(const void *a, const void *b)
{
    const char *left = ((const struct member *)a)->key;
    const char *right = ((const struct member *)b)->key;
    size_t left_size = strlen(left);
    size_t right_size = strlen(right);

    if (left_size != right_size) {
        return left_size < right_size ? -1 : 1;
    }
    return memcmp(left, right, left_size);
}

static bool put_members(struct buf *out, const struct member *members, size_t count)
{
    put_big_endian(out, count, 4);
    for (size_t i = 0; i < count; i++) {
        put_text(out, members[i].key, strlen(members[i].key));
        if (!put_value(out, members[i].value)) {
            return false;
        }
    }
    return true;
}

static bool put_object(struct buf *out, const json_t *object)
{
    json_t *walked = (json_t *)(uintptr_t)object; /* iterators are not const, but change nothing */
    size_t count = 0;
    struct member *members = mem_alloc((json_object_size(object) + 1) * sizeof(*members));
    bool is_done;

    if (members == NULL) {
        return false;
    }
    for (void *at = json_object_iter(walked); at != NULL; at = json_object_iter_next(walked, at)) {
        members[count++] = (struct member){json_object_iter_key(at), json_object_iter_value(at)};
    }
    qsort(members, count, sizeof(*members), compare_members);
    is_done = put_members(out, members, count);
    mem_free(members);
    return is_done;
}

/* As deep as the parser lets JSON be. */
static bool put_value(struct buf *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        buf_append_char(out, KEY_STRING);
        put_text(out, json_string_value(value), json_string_length(value));
        return true;
    case JSON_INTEGER:
    case JSON_REAL:
        buf_append_char(out, KEY_NUMBER);
        put_number(out, value);
        return true;
    case JSON_ARRAY:
        buf_append_char(out, KEY_ARRAY);
        return put_array(out, value);
    case JSON_OBJECT:
        buf_append_char(out, KEY_OBJECT);
        return put_object(out, value);
    case JSON_TRUE:
        buf_append_char(out, KEY_TRUE);
        return true;
    case JSON_FALSE:
        buf_append_char(out, KEY_FALSE);
        return true;
    default:
        buf_append_char(out, KEY_NULL);
        return true;
    }
}

static bool put_elements(struct buf *out, const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *element = json_array_get(array, i);

        if (json_is_null(element)) {
            buf_append_char(out, LAST);
        } else if (json_is_array(element)) {
            buf_append_char(out, KEY_ARRAY);
            if (!put_elements(out, element)) {
                return false;
            }
        } else if (!put_value(out, element)) {
            return false;
        }
    }
    buf_append_char(out, END);
    return true;
}

bool json_key_put(struct buf *out, const struct json_value *value, enum json_key kind)
{
    const json_t *inside = (const json_t *)value;

    if (kind == JSON_KEY_ARRAY && json_is_array(inside)) {
        buf_append_char(out, KEY_ARRAY);
        return put_elements(out, inside);
    }
    return put_value(out, inside);
}
