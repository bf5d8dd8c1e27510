/* `gantry backup`: a copy of a database, also while a service or anybody else works with it. */
#include "storage/backup.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "pool/cancel.h"
#include "storage/database.h"

#define SHOW_NS (100 * NS_PER_MS) /* between two looks at a terminal */
#define MB      1e6

struct backup_options {
    const char *database;
    const char *target;
    bool is_forced;
};

/* What a signal may reach. */
static struct cancel ending;
static volatile sig_atomic_t ending_signal;

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct backup_options *options = state->input;

    switch (key) {
    case 'f':
        options->is_forced = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arg[0] == '\0') {
            argp_error(state, "%s is empty", options->database == NULL ? "DATABASE" : "TARGET");
            return EINVAL;
        }
        if (options->target != NULL) {
            argp_error(state, "one DATABASE and one TARGET only, not '%s' as well", arg);
            return EINVAL;
        }
        *(options->database == NULL ? &options->database : &options->target) = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->target == NULL) {
            argp_error(state, "%s is missing", options->database == NULL ? "DATABASE" : "TARGET");
            return EINVAL;
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void parse(int argc, char **argv, struct backup_options *ret)
{
    static const struct argp_option known[] = {
        {"force", 'f', NULL, 0, "Replace TARGET if it is there", 0},
        {0},
    };
    static const struct argp argp = {
        .options = known,
        .parser = parse_option,
        .args_doc = "DATABASE TARGET",
        .doc = "Copy DATABASE to the file TARGET, while a service or any other program reads and "
               "writes it.\v"
               "TARGET is the database as it was at one moment, with all that had been committed; "
               "it is there when the whole copy is on the disk, and not before. A TARGET that "
               "exists is refused (exit code 73) unless --force is given. To restore, stop the "
               "service and put the copy in the place of the database; remove the old -wal and "
               "-shm files.",
    };
    static char name[] = "gantry backup";

    argv[0] = name;
    (void)argp_parse(&argp, argc, argv, 0, NULL, ret); /* exits by itself on wrong usage */
}

/* --- ending early ------------------------------------------------------------------------- */

static void on_signal(int number)
{
    int before = errno;

    ending_signal = number;
    cancel_set(&ending);
    errno = before;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};

    cancel_init(&ending, 0);
    (void)sigaction(SIGINT, &action, NULL); /* cannot fail for these */
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

/* Nothing was copied and nothing is left behind: die of the signal, so that a script sees it. */
static void obey_signal(void)
{
    if (ending_signal != 0) {
        (void)raise(ending_signal); /* its handler was for the first one only */
    }
}

/* --- progress ----------------------------------------------------------------------------- */

struct display {
    int64_t shown_ns; /* when; 0: not yet */
};

static void show(void *user, const struct backup_progress *progress)
{
    struct display *display = user;
    int64_t now_ns = clock_now_ns();
    double total = (double)progress->pages * progress->page_bytes / MB;
    double done = (double)progress->pages_done * progress->page_bytes / MB;

    if (display->shown_ns != 0 && now_ns - display->shown_ns < SHOW_NS &&
        progress->pages_done < progress->pages) {
        return;
    }
    display->shown_ns = now_ns;
    (void)fprintf(stderr, "\r\033[Kcopied %.1f of %.1f MB, %.0f %%", done, total,
                  total > 0 ? 100 * done / total : 100);
    (void)fflush(stderr); /* nobody to tell */
}

static void clear(const struct display *display)
{
    if (display->shown_ns != 0) {
        (void)fputs("\r\033[K", stderr);
    }
}

/* --- copying ------------------------------------------------------------------------------ */

/* The database was opened, so what is missing or may not be written is the target. */
static int target_failure(const struct error *err)
{
    int code = command_fail("backup", err);

    switch (err->status) {
    case STATUS_CONFLICT:
    case STATUS_NO_SUCH_FILE:
    case STATUS_DENIED:
        return EX_CANTCREAT;
    default:
        return code;
    }
}

static int copy(const struct backup_options *options, struct database *db)
{
    struct display display = {0};
    bool is_seen = isatty(STDERR_FILENO) == 1;
    struct backup backup = {.target = options->target,
                            .replaces = options->is_forced,
                            .cancel = &ending,
                            .progress = is_seen ? show : NULL,
                            .progress_user = &display};
    struct error err = {0};
    uint64_t bytes = 0;
    enum status status = database_backup(db, &backup, &bytes, &err);

    clear(&display);
    if (status != STATUS_OK) {
        return target_failure(&err);
    }
    (void)printf("copied %s to %s: %llu bytes\n", options->database, options->target,
                 (unsigned long long)bytes);
    return EX_OK;
}

int backup_command(int argc, char **argv)
{
    struct backup_options options = {0};
    struct database_conf conf = {.is_writable = false};
    struct database *db = NULL;
    struct error err = {0};
    int code;

    parse(argc, argv, &options);
    conf.path = options.database;
    if (database_open(&conf, &db, &err) != STATUS_OK) {
        if (err.status == STATUS_NO_SUCH_FILE) {
            err.hint[0] = '\0'; /* to make one is no help here */
        }
        return command_fail("backup", &err);
    }
    catch_signals();
    code = copy(&options, db);
    database_close(db);
    if (code != EX_OK) {
        obey_signal();
    }
    return code;
}
