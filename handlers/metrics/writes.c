#include "handlers/metrics/writes.h"

#include "storage/writes.h"

static void put_sizes(struct exposition *to, const struct writes *w)
{
    static const char *const names[WRITES_SIZES] = {"1",     "2",     "3-4",    "5-8",     "9-16",
                                                    "17-32", "33-64", "65-128", "129-256", "more"};

    exposition_family(to, "gantry_commits_total", EXPOSITION_COUNTER,
                      "Transactions committed, by how many changes they held.");
    for (size_t i = 0; i < WRITES_SIZES; i++) {
        const struct exposition_label label = {"changes", str_of(names[i])};

        exposition_u64(to, &label, 1, w->sizes[i]);
    }
}

static void put_u64(struct exposition *to, const char *name, enum exposition_type type,
                    const char *help, uint64_t value)
{
    exposition_family(to, name, type, help);
    exposition_u64(to, NULL, 0, value);
}

void writes_put(struct exposition *to, struct database *db)
{
    struct writes w;

    database_writes(db, &w);
    put_u64(to, "gantry_changes_total", EXPOSITION_COUNTER,
            "Changes committed: of one request, mostly one.", w.changes);
    put_sizes(to, &w);
    put_u64(to, "gantry_commit_groups_lost_total", EXPOSITION_COUNTER,
            "Groups that one change spoilt; the others were made again.", w.lost_groups);
    exposition_family(to, "gantry_commit_seconds", EXPOSITION_HISTOGRAM,
                      "Time in COMMIT, most of it in fsync.");
    exposition_histogram(to, NULL, 0, &w.commit);
    put_u64(to, "gantry_wal_bytes", EXPOSITION_GAUGE, "Size of the write-ahead log's file.",
            w.wal_bytes);
    put_u64(to, "gantry_wal_pages", EXPOSITION_GAUGE,
            "Pages in the write-ahead log that a checkpoint has to look at.", w.wal_pages);
    exposition_family(to, "gantry_checkpoint_seconds", EXPOSITION_HISTOGRAM,
                      "Time that checkpoints took.");
    exposition_histogram(to, NULL, 0, &w.checkpoint);
    put_u64(to, "gantry_checkpoint_failures_total", EXPOSITION_COUNTER,
            "Checkpoints that failed: what they were to move stays in the log.",
            w.checkpoint_failures);
    put_u64(to, "gantry_writes_stopped", EXPOSITION_GAUGE,
            "1 once writing has stopped for good: /readyz says why.", w.stop != WRITES_GO_ON);
}
