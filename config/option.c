#include "config/option.h"

#include <string.h>

#include <jansson.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "config/listen.h"
#include "config/pattern.h"

#define NONE      0
#define INHERITED 0

enum kind {
    KIND_NOTE,
    KIND_UINT,
    KIND_BOOL,
    KIND_STRING,
    KIND_LISTEN,
    KIND_PREFIX,
    KIND_PATTERN,
    KIND_NAME,
    KIND_NAMES,
    KIND_SYNCHRONOUS,
    KIND_LEVEL,
    KIND_RESULT,
    KIND_NO_ROWS,
    KIND_VOLATILITY,
    KIND_TYPE,
    KIND_IN,
    KIND_METHOD,
    KIND_HANDLER,
};

/* How the member is stored, whatever its kind. */
enum store { STORE_NOTHING, STORE_NUMBER, STORE_TEXT, STORE_NAMES };

struct option {
    enum config_owner owner;
    const char *path;
    enum kind kind;
    enum store store;
    size_t offset;
    size_t size;         /* of the member */
    size_t count_offset; /* of member_count, for names */
    uint64_t least;      /* of a number, or of a text's length */
    uint64_t most;
    uint64_t number; /* default */
    const char *text;
};

#define ROW(o, p, k, s) .owner = CONFIG_OF_##o, .path = (p), .kind = KIND_##k, .store = STORE_##s
#define MEMBER(owner, member)                                                                      \
    .offset = offsetof(struct owner, member), .size = sizeof(((struct owner *)0)->member)

static const struct option options[] = {
#define NUMBER(owner, path, member, kind, lowest, highest, fallback, meaning)                      \
    {ROW(owner, path, kind, NUMBER), MEMBER(owner, member), .least = (lowest), .most = (highest),  \
     .number = (fallback)},
#define TEXT(owner, path, member, kind, lowest, highest, fallback, meaning)                        \
    {ROW(owner, path, kind, TEXT), MEMBER(owner, member), .least = (lowest), .most = (highest),    \
     .text = (fallback)},
#define CHOICE(owner, path, member, kind, fallback, meaning)                                       \
    {ROW(owner, path, kind, NUMBER), MEMBER(owner, member), .number = (fallback)},
#define NAMES(owner, path, member, meaning)                                                        \
    {ROW(owner, path, NAMES, NAMES), MEMBER(owner, member),                                        \
     .count_offset = offsetof(struct owner, member##_count)},
#define NOTE(owner, path, meaning) {ROW(owner, path, NOTE, NOTHING)},
#include "config/options.def"
};

#define WORDS(kind, first, ...) static const char *const words_of_##kind[] = {__VA_ARGS__};
#include "config/options.def"

static const struct words {
    enum kind kind;
    uint64_t first;
    const char *const *words;
    size_t count;
} all_words[] = {
#define WORDS(kind, first, ...)                                                                    \
    {KIND_##kind, first, words_of_##kind, ARRAY_LENGTH(words_of_##kind)},
#include "config/options.def"
};

static void *member_of(const struct option *o, void *into)
{
    return (char *)into + o->offset;
}

static void store_number(const struct option *o, void *into, uint64_t value)
{
    void *at = member_of(o, into);

    if (o->kind == KIND_BOOL) {
        *(bool *)at = value != 0;
    } else if (o->kind == KIND_UINT) {
        *(uint64_t *)at = value;
    } else {
        unsigned word = (unsigned)value; /* an enum is of this size */

        invariant(o->size == sizeof(word));
        memcpy(at, &word, sizeof(word));
    }
}

static void store_text(struct config_reader *r, const struct option *o, void *into,
                       const char *text)
{
    char **at = member_of(o, into);
    char *copy = config_copy(r, text);

    if (copy != NULL) {
        mem_free(*at);
        *at = copy;
    }
}

static size_t *count_of(const struct option *o, void *into)
{
    return (size_t *)(void *)((char *)into + o->count_offset);
}

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; names != NULL && i < n; i++) {
        mem_free(names[i]);
    }
    mem_free(names);
}

enum status config_defaults(enum config_owner owner, void *into)
{
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        const struct option *o = &options[i];

        if (o->owner == owner && o->store == STORE_NUMBER) {
            store_number(o, into, o->number);
        } else if (o->owner == owner && o->store == STORE_TEXT && o->text != NULL) {
            char *copy = mem_strdup(o->text);
            if (copy == NULL) {
                return STATUS_NOMEM;
            }
            *(char **)member_of(o, into) = copy;
        }
    }
    return STATUS_OK;
}

void config_release(enum config_owner owner, void *into)
{
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        const struct option *o = &options[i];

        if (o->owner == owner && o->store == STORE_TEXT) {
            char **text = member_of(o, into);
            mem_free(*text);
            *text = NULL; /* two paths may lead to one member */
        } else if (o->owner == owner && o->store == STORE_NAMES) {
            free_names(*(char ***)member_of(o, into), *count_of(o, into));
        }
    }
}

static const struct words *words_of(enum kind kind)
{
    for (size_t i = 0; i < ARRAY_LENGTH(all_words); i++) {
        if (all_words[i].kind == kind) {
            return &all_words[i];
        }
    }
    return NULL;
}

/* The index of text among the words, or their count. */
static size_t word_find(const struct words *w, const char *text)
{
    size_t i = 0;

    while (i < w->count && strcmp(w->words[i], text) != 0) {
        i++;
    }
    return i;
}

bool config_type_find(const char *text, enum config_type *ret)
{
    const struct words *w = words_of(KIND_TYPE);
    size_t i = word_find(w, text);

    if (i < w->count) {
        *ret = (enum config_type)(w->first + i);
    }
    return i < w->count;
}

void config_type_unknown(struct config_reader *r, const struct config_place *at, const char *text)
{
    const struct words *w = words_of(KIND_TYPE);

    config_problem_unknown(r, at, "type", text, w->words, w->count);
}

static void read_uint(struct config_reader *r, const struct config_place *at, json_t *value,
                      const struct option *o, void *into)
{
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value)) {
        config_problem_type(r, at, "an integer", value);
    } else if (number < 0 || (uint64_t)number < o->least || (uint64_t)number > o->most) {
        config_problem(r, at, "must be from %llu to %llu, got %lld", (unsigned long long)o->least,
                       (unsigned long long)o->most, (long long)number);
    } else {
        store_number(o, into, (uint64_t)number);
    }
}

static void read_bool(struct config_reader *r, const struct config_place *at, json_t *value,
                      const struct option *o, void *into)
{
    if (!json_is_boolean(value)) {
        config_problem_type(r, at, "a boolean", value);
    } else {
        store_number(o, into, json_is_true(value));
    }
}

static void read_word(struct config_reader *r, const struct config_place *at, const char *text,
                      const struct option *o, void *into)
{
    const struct words *w = words_of(o->kind);
    size_t i = word_find(w, text);

    if (i == w->count) {
        const char *name = strrchr(o->path, '.') + 1;
        config_problem_unknown(r, at, strcmp(name, "in") == 0 ? "place" : name, text, w->words,
                               w->count);
    } else if (o->store == STORE_TEXT) {
        store_text(r, o, into, text);
    } else {
        store_number(o, into, w->first + i);
    }
}

static void read_text(struct config_reader *r, const struct config_place *at, json_t *value,
                      const struct option *o, void *into)
{
    const char *text = json_string_value(value);
    size_t size = json_string_length(value);
    bool is_good = true;

    if (size < o->least) {
        config_problem(r, at, "is empty"); /* the least is 1 wherever the text is free */
        return;
    }
    if (size > o->most) {
        config_problem(r, at, "is longer than %llu bytes", (unsigned long long)o->most);
        return;
    }
    if (o->kind == KIND_LISTEN) {
        is_good = config_listen_check(r, at, text);
    } else if (o->kind == KIND_PREFIX) {
        is_good = config_prefix_check(r, at, text);
    } else if (o->kind == KIND_PATTERN) {
        is_good = config_pattern_check(r, at, text);
    } else if (o->kind == KIND_NAME && !config_is_name(text, size)) {
        config_problem(r, at,
                       "a name is letters, digits and \"_\", and does not start with a digit");
        is_good = false;
    }
    if (is_good) {
        store_text(r, o, into, text);
    }
}

static void read_names(struct config_reader *r, const struct config_place *at, json_t *value,
                       const struct option *o, void *into)
{
    size_t n = json_array_size(value);
    size_t count = 0;
    char **names;

    if (!json_is_array(value)) {
        config_problem_type(r, at, "an array", value);
        return;
    }
    names = mem_zalloc((n + 1) * sizeof(*names)); /* an empty list is not no list */
    if (names == NULL) {
        r->status = STATUS_NOMEM;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        json_t *name = json_array_get(value, i);

        if (!json_is_string(name)) {
            config_problem_type(r, CONFIG_AT_INDEX(at, i), "a string", name);
        } else if (json_string_length(name) == 0) {
            config_problem(r, CONFIG_AT_INDEX(at, i), "is empty");
        } else {
            names[count] = config_copy(r, json_string_value(name));
            count += names[count] != NULL;
        }
    }
    *(char ***)member_of(o, into) = names;
    *count_of(o, into) = count;
}

static void read_option(struct config_reader *r, const struct config_place *at, json_t *value,
                        const struct option *o, void *into)
{
    if (o->kind == KIND_UINT) {
        read_uint(r, at, value, o, into);
    } else if (o->kind == KIND_BOOL) {
        read_bool(r, at, value, o, into);
    } else if (o->kind == KIND_NAMES) {
        read_names(r, at, value, o, into);
    } else if (!json_is_string(value)) {
        config_problem_type(r, at, "a string", value);
    } else if (words_of(o->kind) != NULL) {
        read_word(r, at, json_string_value(value), o, into);
    } else if (o->kind != KIND_NOTE) {
        read_text(r, at, value, o, into);
    }
}

/* The option's key if it is a member of the shape's object itself, or NULL. */
static const char *key_in(const struct option *o, const struct config_shape *shape)
{
    size_t size = strlen(shape->prefix);

    if (o->owner != shape->owner || strncmp(o->path, shape->prefix, size) != 0 ||
        strpbrk(o->path + size, ".[") != NULL) {
        return NULL;
    }
    return o->path + size;
}

static void report_unknown(struct config_reader *r, const struct config_place *at, const char *key,
                           const struct config_shape *shape)
{
    const char *names[ARRAY_LENGTH(options) + 8];
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        if (key_in(&options[i], shape) != NULL) {
            names[n++] = key_in(&options[i], shape);
        }
    }
    for (size_t i = 0; i < shape->specials_count && n < ARRAY_LENGTH(names); i++) {
        names[n++] = shape->specials[i].name;
    }
    config_problem_unknown(r, at, "key", key, names, n);
}

static void read_member(struct config_reader *r, const struct config_place *at, json_t *value,
                        const struct config_shape *shape, void *into)
{
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        const char *key = key_in(&options[i], shape);

        if (key != NULL && strcmp(key, at->key) == 0) {
            read_option(r, at, value, &options[i], into);
            return;
        }
    }
    for (size_t i = 0; i < shape->specials_count; i++) {
        const struct config_special *special = &shape->specials[i];

        if (strcmp(special->name, at->key) == 0) {
            if (special->read != NULL) {
                special->read(r, at, value, into);
            }
            return;
        }
    }
    report_unknown(r, at, at->key, shape);
}

bool config_object_read(struct config_reader *r, const struct config_place *at,
                        struct json_t *value, const struct config_shape *shape, void *into)
{
    const char *key;
    json_t *member;

    if (!json_is_object(value)) {
        config_problem_type(r, at, "an object", value);
        return false;
    }
    json_object_foreach(value, key, member)
    {
        read_member(r, CONFIG_AT_KEY(at, key), member, shape, into);
    }
    return true;
}
