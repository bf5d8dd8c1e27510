/*
 * A history of changes, made by the real writer on the VFS that breaks (fault_vfs.h), and a model of what
 * must be in the database: the same changes, made in memory by plain SQLite, each when it was
 * acknowledged. Two databases are the same if their digests are: of every value of every row.
 *
 *     settled     the digest of what is acknowledged
 *     unsettled   the same with what is being made just now; the same as settled between changes
 *
 * So a database that was left behind in the middle of a change must have one digest or the other: with
 * neither, something acknowledged is lost or something unacknowledged is there in part.
 *
 * The n-th change is always the same: one row, several rows, rows of several tables by a trigger, several
 * statements, updates, deletes, values of many pages; and some that violate something half-way. Their
 * statements take :n and nothing else.
 */
#ifndef GANTRY_TESTS_FAULTS_HISTORY_H
#define GANTRY_TESTS_FAULTS_HISTORY_H

#include "tests/faults/fault_vfs.h"
#include "tests/unit/storage/fixture.h"

#define HISTORY_STATES_MAX 512

struct history {
    struct fixture f;
    char image[80]; /* a folder, for what a fault left behind */
    sqlite3 *model;
    uint64_t settled;
    uint64_t unsettled;
    int next;                            /* number of the next change */
    unsigned acknowledged;               /* changes */
    uint64_t states[HISTORY_STATES_MAX]; /* each digest that was settled, and is not any more */
    unsigned states_count;
    uint64_t failed[HISTORY_STATES_MAX]; /* with a change that failed since something was settled */
    unsigned failed_count;
    unsigned lost_groups;
    bool is_held;        /* the reader keeps a snapshot */
    bool expects_breaks; /* do not tell what is wrong with what a cut left: a control run */
};

/* The schema and what is in the tables at first. */
extern const char history_script[];

/* Make the database and the model, and open the former: with the VFS that breaks, which is installed. */
void history_init(struct history *h);

/* Nothing to do for one that is all zero, or over already. */
void history_fini(struct history *h);

/* The same in two steps, for who wants to watch or to break the opening. */
void history_make(struct history *h);
void history_open(struct history *h);

/* Make the next change, alone. The model follows if it is acknowledged. Return: what the writer said. */
enum status history_change(struct history *h);

/* Tell the writer's SQLite something. */
void history_pragma(struct history *h, const char *sql);

/*
 * Make the next ones, at most so many, as a group; should it be lost, each again alone. The model follows
 * when the group has ended well. Return: how many were made, with the status of each in ret_statuses.
 */
int history_group(struct history *h, int most, enum status *ret_statuses);

/* Is the n-th change one that violates something, and must fail? It never succeeds: that is asserted. */
bool history_is_guilty(int n);

/* The writer's checkpoint: as when the WAL is large, or as when nothing comes any more. */
void history_checkpoint(struct history *h, bool is_idle);

/* Has it been settled before? */
bool history_was(const struct history *h, uint64_t digest);

/*
 * Is it settled; or would it be, with something that failed since? What a broken disk took is not
 * acknowledged, but it may be there after a crash: whole, as the last thing, as with any failed COMMIT.
 */
bool history_may_be(const struct history *h, uint64_t digest);

/* A look at all rows, through the real reader. */
enum status history_read(struct history *h);

/* Let the reader take a snapshot that holds back checkpoints, or give up the one it has. */
void history_hold(struct history *h);

/* Close the writer and the reader as they are. */
void history_close(struct history *h);

/*
 * Open a database as any other program would and look at it as closely as possible.
 * Return: the digest; 0 (and what is wrong, on standard error) if SQLite finds it broken.
 */
uint64_t history_digest(const char *path);

/* Cut the power, in the given way, and look at what is left: history_digest of it. */
uint64_t history_cut(struct history *h, enum fault_cut cut, uint64_t seed);

#endif
