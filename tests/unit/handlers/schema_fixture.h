/*
 * Schema snapshots by hand, without a database. Lines of words; "~" in a name is a blank:
 *
 *     table NAME COLUMN...                      "id*": in the primary key, in this order; "email!": unique
 *     key NAME CHILD COLUMN,... PARENT COLUMN,...
 *     view NAME COLUMN...                       "clients.id", "clients.id=client_id", "total": no origin
 *
 * Keys are one-to-one by themselves where their columns are the primary key or unique.
 */
#ifndef GANTRY_TESTS_UNIT_HANDLERS_SCHEMA_FIXTURE_H
#define GANTRY_TESTS_UNIT_HANDLERS_SCHEMA_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "storage/schema.h"
#include "tests/unit/unit.h"

#define FIXTURE_TABLES  2048
#define FIXTURE_COLUMNS 16

struct schema_fixture {
    struct schema schema;
    struct schema_table *tables;
    char *text; /* of all names */
};

static inline char *fixture_word(char **at)
{
    char *word = strtok_r(NULL, " ", at);

    for (char *c = word; c != NULL && *c != '\0'; c++) {
        *c = *c == '~' ? ' ' : *c;
    }
    return word;
}

static inline void *fixture_alloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    assert_non_null(memory);
    return memory;
}

static inline char fixture_chop(char *word, const char *marks)
{
    size_t size = strlen(word);
    char last = size > 1 ? word[size - 1] : '\0';

    if (last == '\0' || strchr(marks, last) == NULL) {
        return '\0';
    }
    word[size - 1] = '\0';
    return last;
}

static inline struct schema_unique *fixture_unique(struct schema_table *t)
{
    struct schema_unique *all = (struct schema_unique *)(uintptr_t)t->uniques;

    if (all == NULL) {
        all = fixture_alloc(FIXTURE_COLUMNS + 1, sizeof(*all));
        t->uniques = all;
    }
    return &all[t->uniques_count++];
}

static inline void fixture_table(struct schema_table *t, char **at)
{
    struct schema_column *columns = fixture_alloc(FIXTURE_COLUMNS, sizeof(*columns));
    const char **primary = fixture_alloc(FIXTURE_COLUMNS, sizeof(*primary));
    unsigned place = 0;
    char *word;

    t->name = fixture_word(at);
    t->table_kind = SCHEMA_TABLE;
    t->columns = columns;
    while ((word = fixture_word(at)) != NULL) {
        char mark = fixture_chop(word, "*!");
        struct schema_column *c = &columns[t->columns_count++];
        *c = (struct schema_column){.name = word, .type = "INTEGER", .kind = SCHEMA_INTEGER};
        if (mark == '*') {
            primary[place++] = word;
            c->key_place = place;
        } else if (mark == '!') {
            const char **one = fixture_alloc(1, sizeof(*one));
            one[0] = word;
            *fixture_unique(t) = (struct schema_unique){one, 1, false};
        }
    }
    if (place > 0) { /* the primary key comes first */
        struct schema_unique *last = fixture_unique(t);
        *last = t->uniques[0];
        *(struct schema_unique *)(uintptr_t)t->uniques =
            (struct schema_unique){primary, place, true};
    } else {
        free(primary);
    }
}

static inline void fixture_view(struct schema_table *t, char **at)
{
    struct schema_column *columns = fixture_alloc(FIXTURE_COLUMNS, sizeof(*columns));
    char *word;

    t->name = fixture_word(at);
    t->table_kind = SCHEMA_VIEW;
    t->is_view = true;
    t->columns = columns;
    while ((word = fixture_word(at)) != NULL) {
        char *dot = strchr(word, '.');
        char *sign = strchr(word, '=');
        struct schema_column *c = &columns[t->columns_count++];
        *c = (struct schema_column){.name = word, .type = ""};
        if (dot != NULL) {
            *dot = '\0';
            c->origin_table = word;
            c->origin_column = c->name = dot + 1;
        }
        if (sign != NULL) {
            *sign = '\0';
            c->name = sign + 1;
        }
    }
}

static inline const char *const *fixture_list(char *word, size_t *ret_count)
{
    const char **list = fixture_alloc(FIXTURE_COLUMNS, sizeof(*list));
    char *at = NULL;

    *ret_count = 0;
    for (char *w = strtok_r(word, ",", &at); w != NULL; w = strtok_r(NULL, ",", &at)) {
        list[(*ret_count)++] = w;
    }
    return list;
}

static inline struct schema_table *fixture_find(struct schema_fixture *f, const char *name)
{
    for (size_t i = 0; i < f->schema.tables_count; i++) {
        if (strcmp(f->tables[i].name, name) == 0) {
            return &f->tables[i];
        }
    }
    fail_msg("no table %s", name);
    return NULL;
}

static inline bool fixture_is_unique(const struct schema_table *t, const struct schema_key *key)
{
    for (size_t i = 0; i < t->uniques_count; i++) {
        size_t same = 0;
        for (size_t j = 0; j < key->columns_count; j++) {
            for (size_t k = 0; k < t->uniques[i].columns_count; k++) {
                same += strcmp(key->columns[j], t->uniques[i].columns[k]) == 0;
            }
        }
        if (same == key->columns_count && same == t->uniques[i].columns_count) {
            return true;
        }
    }
    return false;
}

static inline void fixture_key(struct schema_fixture *f, char **at)
{
    const char *name = fixture_word(at);
    struct schema_table *t = fixture_find(f, fixture_word(at));
    struct schema_key *keys = (struct schema_key *)(uintptr_t)t->keys;
    struct schema_key *key;

    if (keys == NULL) {
        keys = fixture_alloc(FIXTURE_COLUMNS, sizeof(*keys));
        t->keys = keys;
    }
    key = &keys[t->keys_count++];
    key->name = name;
    key->columns = fixture_list(fixture_word(at), &key->columns_count);
    key->target = fixture_word(at);
    key->target_columns = fixture_list(fixture_word(at), &key->columns_count);
    key->is_unique = fixture_is_unique(t, key);
}

static inline int fixture_compare(const void *a, const void *b)
{
    return strcasecmp(((const struct schema_table *)a)->name,
                      ((const struct schema_table *)b)->name);
}

static inline void schema_fixture_init(struct schema_fixture *f, const char *text)
{
    char *lines = NULL;

    f->text = strdup(text);
    assert_non_null(f->text);
    f->tables = fixture_alloc(FIXTURE_TABLES, sizeof(*f->tables));
    f->schema = (struct schema){.version = 1, .tables = f->tables};
    for (char *line = strtok_r(f->text, "\n", &lines); line != NULL;
         line = strtok_r(NULL, "\n", &lines)) {
        char *at = NULL;
        const char *what = strtok_r(line, " ", &at);
        if (what != NULL && strcmp(what, "key") == 0) {
            fixture_key(f, &at);
        } else if (what != NULL && strcmp(what, "view") == 0) {
            fixture_view(&f->tables[f->schema.tables_count++], &at);
        } else if (what != NULL) {
            fixture_table(&f->tables[f->schema.tables_count++], &at);
        }
    }
    qsort(f->tables, f->schema.tables_count, sizeof(*f->tables), fixture_compare);
}

static inline void schema_fixture_fini(struct schema_fixture *f)
{
    for (size_t i = 0; i < f->schema.tables_count; i++) {
        struct schema_table *t = &f->tables[i];
        for (size_t j = 0; j < t->keys_count; j++) {
            free((void *)(uintptr_t)t->keys[j].columns);
            free((void *)(uintptr_t)t->keys[j].target_columns);
        }
        for (size_t j = 0; j < t->uniques_count; j++) {
            free((void *)(uintptr_t)t->uniques[j].columns);
        }
        free((void *)(uintptr_t)t->keys);
        free((void *)(uintptr_t)t->uniques);
        free((void *)(uintptr_t)t->columns);
    }
    free(f->tables);
    free(f->text);
}

#endif
