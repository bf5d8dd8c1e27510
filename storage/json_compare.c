#include "storage/json_compare.h"

#include <jansson.h>
#include <math.h>

/* A struct json_value is jansson's value: nobody outside needs to know. */

static const json_t *inside(const struct json_value *value)
{
    return (const json_t *)value;
}

struct json_value *json_value_create(struct str text)
{
    size_t flags = JSON_DECODE_ANY; /* \u0000 is refused, as PostgreSQL refuses it */
    json_error_t error;
    json_t *value = json_loadb(text.at == NULL ? "" : text.at, text.size, flags, &error);

    if (value == NULL && json_error_code(&error) == json_error_numeric_overflow) {
        value = json_loadb(text.at, text.size, flags | JSON_DECODE_INT_AS_REAL, &error);
    }
    return (struct json_value *)value;
}

void json_value_destroy(struct json_value *value)
{
    json_decref((json_t *)value); /* NULL is fine */
}

/* A comparison at work: how many values it may still look at. */
struct comparing {
    long steps_left;
};

static bool is_container(const json_t *value)
{
    return json_is_object(value) || json_is_array(value);
}

static bool is_number_equal(const json_t *a, const json_t *b)
{
    double real;

    if (json_is_integer(a) && json_is_integer(b)) {
        return json_integer_value(a) == json_integer_value(b);
    }
    if (json_is_real(a) && json_is_real(b)) {
        return json_real_value(a) == json_real_value(b);
    }
    if (json_is_integer(b)) {
        const json_t *other = a;

        a = b;
        b = other;
    }
    real = json_real_value(b); /* and a is an integer: a double need not hold it */
    return real >= -0x1p63 && real < 0x1p63 && floor(real) == real &&
           (json_int_t)real == json_integer_value(a);
}

static bool is_scalar_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) {
        return is_number_equal(a, b);
    }
    if (json_typeof(a) != json_typeof(b)) {
        return false;
    }
    if (json_is_string(a)) {
        return json_string_length(a) == json_string_length(b) &&
               memcmp(json_string_value(a), json_string_value(b), json_string_length(a)) == 0;
    }
    return !is_container(a); /* true, false, null: the type is all */
}

static bool contains(struct comparing *c, const json_t *a, const json_t *b);

static bool object_contains(struct comparing *c, const json_t *a, const json_t *b)
{
    json_t *walked = (json_t *)(uintptr_t)b; /* iterators are not const, but change nothing */

    for (void *at = json_object_iter(walked); at != NULL; at = json_object_iter_next(walked, at)) {
        const json_t *value = json_object_get(a, json_object_iter_key(at));

        if (value == NULL || !contains(c, value, json_object_iter_value(at))) {
            return false;
        }
    }
    return true;
}

static bool array_has(struct comparing *c, const json_t *array, const json_t *element)
{
    size_t count = json_array_size(array);

    for (size_t i = 0; i < count && c->steps_left > 0; i++) {
        if (contains(c, json_array_get(array, i), element)) {
            return true;
        }
    }
    return false;
}

static bool array_contains(struct comparing *c, const json_t *a, const json_t *b)
{
    size_t count = json_array_size(b);

    for (size_t i = 0; i < count; i++) {
        if (!array_has(c, a, json_array_get(b, i))) {
            return false;
        }
    }
    return true;
}

/* The parser bounds the depth of both. */
static bool contains(struct comparing *c, const json_t *a, const json_t *b)
{
    if (c->steps_left <= 0) {
        return false;
    }
    c->steps_left--;
    if (json_is_object(a) && json_is_object(b)) {
        return object_contains(c, a, b);
    }
    if (json_is_array(a) && json_is_array(b)) {
        return array_contains(c, a, b);
    }
    return is_scalar_equal(a, b);
}

static enum json_result result_of(const struct comparing *c, bool is_true)
{
    if (c->steps_left <= 0) {
        return JSON_TOO_MUCH;
    }
    return is_true ? JSON_YES : JSON_NO;
}

enum json_result json_contains(const struct json_value *a, const struct json_value *b)
{
    struct comparing c = {.steps_left = JSON_STEPS_MAX};
    bool is_true;

    if (json_is_array(inside(a)) && !is_container(inside(b))) {
        is_true = array_has(&c, inside(a), inside(b));
    } else {
        is_true = contains(&c, inside(a), inside(b));
    }
    return result_of(&c, is_true);
}

bool json_is_arrays(const struct json_value *a, const struct json_value *b)
{
    return json_is_array(inside(a)) && json_is_array(inside(b));
}

/* Equal: each contains the other, and an array has as many elements as the other. */
static bool is_equal(struct comparing *c, const json_t *a, const json_t *b)
{
    size_t count = json_array_size(a);

    if (!json_is_array(a) || !json_is_array(b)) {
        return contains(c, a, b) && contains(c, b, a);
    }
    if (count != json_array_size(b)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_equal(c, json_array_get(a, i), json_array_get(b, i))) {
            return false;
        }
    }
    return true;
}

enum json_result json_overlaps(const struct json_value *a, const struct json_value *b)
{
    struct comparing c = {.steps_left = JSON_STEPS_MAX};
    bool is_true = false;

    for (size_t i = 0; i < json_array_size(inside(a)) && !is_true; i++) {
        const json_t *element = json_array_get(inside(a), i);

        for (size_t k = 0; k < json_array_size(inside(b)) && !is_true && c.steps_left > 0; k++) {
            is_true = !json_is_null(element) && is_equal(&c, element, json_array_get(inside(b), k));
        }
    }
    return result_of(&c, is_true);
}
