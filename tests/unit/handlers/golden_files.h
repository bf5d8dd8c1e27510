/*
 * Golden cases: a folder each, whose files say what is given and what is to come of it. folder is that
 * of all cases, name that of one.
 */
#ifndef GANTRY_TESTS_UNIT_HANDLERS_GOLDEN_FILES_H
#define GANTRY_TESTS_UNIT_HANDLERS_GOLDEN_FILES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "tests/unit/unit.h"

static inline FILE *open_file(const char *folder, const char *name, const char *file,
                              const char *mode)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s/%s", folder, name, file); /* names are short */
    return fopen(path, mode);
}

/* Return: false if there is no such file. */
static inline bool read_file(const char *folder, const char *name, const char *file, struct buf *b)
{
    FILE *stream = open_file(folder, name, file, "re");

    buf_clear(b);
    if (stream == NULL) {
        return false;
    }
    for (int c = fgetc(stream); c != EOF; c = fgetc(stream)) {
        buf_append_char(b, (char)c);
    }
    (void)fclose(stream); /* only read */
    return true;
}

static inline void write_file(const char *folder, const char *name, const char *file,
                              const struct buf *b)
{
    FILE *stream = open_file(folder, name, file, "we");

    assert_non_null(stream);
    assert_int_equal(fwrite(b->at, 1, b->size, stream), b->size);
    assert_int_equal(fclose(stream), 0);
}

static inline int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* All cases, of which there are at least so many. user is passed on. */
static inline void check_golden_cases(const char *folder, int count_min,
                                      bool (*is_case_right)(void *user, const char *name),
                                      void *user)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort);
    int wrong = 0;

    assert_true(count >= count_min);
    for (int i = 0; i < count; i++) {
        wrong += !is_case_right(user, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(wrong, 0);
}

#endif
