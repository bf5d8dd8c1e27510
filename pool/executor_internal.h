/* What an executor consists of. Private to executor*.c. */
#ifndef GANTRY_POOL_EXECUTOR_INTERNAL_H
#define GANTRY_POOL_EXECUTOR_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/lookout.h"
#include "base/processors.h"
#include "pool/codel.h"
#include "pool/executor.h"

#define NAME_SIZE 12

#define BATCH_MAX 64
#define BATCH_NS                                                                                   \
    (NS_PER_MS / 5) /* of expected work in a batch; a task that takes it is not short */
#define WAKE_NS        (NS_PER_MS / 20) /* about what a wake takes: work that starts sooner needs none */
#define SCOUT_NS       (60 * NS_PER_MS / 1000) /* to look out for work that comes so soon */
#define SLOW_NS        NS_PER_MS               /* in the midst of a batch */
#define STUCK_NS       NS_PER_S                /* since it was told to end */
#define MONITOR_NAP_NS NS_PER_MS
#define GROUP_MAX      256
#define GROUP_NS       (2 * NS_PER_MS) /* of work in a group: those that wait get their turn */
#define GATHER_ENOUGH  32              /* tasks: they need not wait for more */
#define IDLE_NS        (NS_PER_S / 2)  /* without work: then a rest is an idle one */

enum worker_state { WORKER_NONE, WORKER_ALIVE, WORKER_ENDED /* to be joined */ };

struct worker {
    struct executor *executor;
    unsigned index;
    pthread_t thread;
    pthread_cond_t wake;
    void *local; /* the worker's own */

    /* Guarded by the executor's mutex */
    enum worker_state state;
    struct worker *next_idle;
    bool is_idle;           /* on the stack, asleep or about to be */
    bool is_slow;           /* its task runs for longer than SLOW_NS: do not wait for this one */
    bool is_stuck;          /* counted in stats.stuck */
    bool is_replaced;       /* a spare has its place: it ends when its task does */
    struct task *running;   /* NULL: none */
    struct list batch;      /* taken, not begun: still QUEUED */
    struct list done;       /* ended, to be handed back together */
    struct list held;       /* ended, to be handed back when their group has */
    bool is_restless;       /* a group has ended since the last idle rest */
    int64_t group_begun_ns; /* the last one; 0: none yet */

    /* The worker's own */
    struct processors processors;
    bool is_pressed; /* the processors were busy when the last group had ended */
};

struct executor {
    pthread_mutex_t mu;
    /* Guarded by mu */
    struct list queue;       /* struct task, oldest first */
    struct worker *idle;     /* the last to fall asleep on top */
    struct worker *gatherer; /* waits for more tasks to share a group; NULL: nobody does */
    unsigned active;         /* workers alive, without those that a spare stands in for */
    unsigned lively;         /* of those, awake and not slow */
    struct executor_stats stats;
    int64_t scout_end_ns;   /* a worker without work looks out for some until then; 0: none does */
    struct lookout lookout; /* the scout's: used without the mutex, by one at a time */
    int64_t idle_since_ns;  /* since when a worker has been without work; 0: not since a submit */
    int64_t gap_ns;         /* how long that takes of late */
    int64_t progress_ns;    /* when a task last began or ended */
    struct codel codel;
    bool is_closed;
    unsigned started;           /* workers whose local thing exists, or not */
    bool has_failed;            /* a local thing could not be made */
    bool is_monitored;          /* the monitor is awake and will look again */
    bool has_lost_spare;        /* one could not be started: said once */
    bool is_monitor_started;    /* main thread only */
    pthread_cond_t has_started; /* for executor_create */
    pthread_cond_t monitor_wake;
    pthread_t monitor;

    _Atomic uint64_t arrivals;     /* Atomic, relaxed: for the scout */
    _Atomic int64_t full_since_ns; /* Atomic, relaxed: a hint for readiness */

    /* Immutable after create */
    struct executor_conf conf;
    char name[NAME_SIZE + 1];
    unsigned slots;          /* threads + spares */
    struct worker workers[]; /* the first `threads` are there from the start */
};

/* --- the queue (executor.c) ------------------------------------------------------------------ */

bool queue_is_full_locked(const struct executor *ex);
void queue_note_drained_locked(struct executor *ex);

/* How long would a task that comes now wait? */
int64_t queue_wait_ns_locked(const struct executor *ex);

/* A queued task is over before it began: into to, which the caller finishes once unlocked. */
void queue_drop_locked(struct executor *ex, struct task *task, enum task_end end, struct list *to);

/* A sleeper to be signalled once unlocked, if what is queued deserves one; else NULL. */
struct worker *queue_wake_locked(struct executor *ex);

static inline void queue_signal(struct worker *sleeper)
{
    if (sleeper != NULL) {
        pthread_cond_signal(&sleeper->wake);
    }
}

/* What a worker has taken and not begun goes back to where it was. */
void queue_give_back_locked(struct executor *ex, struct worker *worker);

/* Call the tasks' finish. Context: no lock held. */
void executor_finish(struct list *tasks);

/* A time in the future for pthread_cond_timedwait: by the kernel's clock, which ends it; the one of
 * base/clock.h may be a test's. */
struct timespec executor_time_in(int64_t ns);

/* --- workers (executor_worker.c) ---------------------------------------------------------------- */

/* Start the thread of a slot that has none. Return: 0, or an errno. */
int worker_start(struct worker *worker) MAY_BLOCK;

/* What has ended and waits for the rest of its batch: into to, which the caller finishes. */
void worker_take_done_locked(struct worker *worker, struct list *to);

/* The steps of running a task: QUEUED -> RUNNING -> IDLE, into to; and of one that runs again. */
void worker_begin_locked(struct worker *worker, struct task *task, int64_t now_ns);
void worker_resume_locked(struct worker *worker, struct task *task);
void worker_end_locked(struct worker *worker, struct task *task, int64_t now_ns, struct list *to);
void worker_note_run_locked(struct executor *ex, int64_t run_ns);

/* --- groups (executor_group.c) ------------------------------------------------------------------ */

/* Before tasks are taken: wait for more of them, if groups are to begin apart. Return: the time. */
int64_t group_gather_locked(struct worker *worker, int64_t now_ns) MAY_BLOCK;

/* Do so many tasks wait that nobody should wait for more? */
bool group_is_gathered_locked(const struct executor *ex);

/* Run what the worker has taken as one group, and hand it back. */
void group_run_locked(struct worker *worker, int64_t now_ns);

/* Nothing has come for IDLE_NS. */
void group_rest_locked(struct worker *worker);

/* --- the monitor (executor_monitor.c) -------------------------------------------------------- */

void *monitor_main(void *argument);

/* There is something to look after: wake the monitor if it sleeps. */
void monitor_need_locked(struct executor *ex);

#endif
