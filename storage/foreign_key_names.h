/*
 * The names of a table's foreign keys. SQLite does not keep them anywhere but in the text of CREATE
 * TABLE: `CONSTRAINT name FOREIGN KEY (a, b) REFERENCES ...` and `a INTEGER CONSTRAINT name
 * REFERENCES ...`. Pure.
 */
#ifndef GANTRY_STORAGE_FOREIGN_KEY_NAMES_H
#define GANTRY_STORAGE_FOREIGN_KEY_NAMES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

/* One foreign key as written; a list in the order of declaration. All names without quotes. */
struct foreign_key_name {
    struct foreign_key_name *next;
    const char *name; /* NULL: it has none */
    const char **columns;
    size_t columns_count;
};

/*
 * Read them out of a CREATE TABLE statement that SQLite has accepted; of any other text the result is
 * of no use but does no harm. *ret (NULL: no keys) lives in arena. Return: OK, NOMEM.
 */
NODISCARD enum status foreign_key_names_read(struct str sql, struct arena *arena,
                                             struct foreign_key_name **ret);

#endif
