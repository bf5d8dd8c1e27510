/* What an FTS5 table was created with: CREATE VIRTUAL TABLE t USING fts5(a, content='b'). Pure. */
#ifndef GANTRY_STORAGE_FTS_OPTIONS_H
#define GANTRY_STORAGE_FTS_OPTIONS_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

/* A column that is no part of the index. */
struct fts_unindexed {
    struct fts_unindexed *next; /* NULL: the last one */
    const char *name;
};

struct fts_options {
    bool is_fts;                     /* module fts5; else nothing below says anything */
    const char *content;             /* content=, as written there; NULL: none, or '' */
    const char *rowid;               /* content_rowid=; NULL: none */
    bool is_full;                    /* the index has places: no detail= but full */
    struct fts_unindexed *unindexed; /* NULL: none */
};

/* sql is a CREATE VIRTUAL TABLE that SQLite has accepted. What *ret holds lives in arena. Return:
 * OK, NOMEM. */
NODISCARD enum status fts_options_read(struct str sql, struct arena *arena,
                                       struct fts_options *ret);

#endif
