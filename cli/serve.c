/*
 * `gantry serve`: put the service together, serve until a signal, drain.
 *
 * The main thread only waits for signals; loops and workers block all of them. The first SIGTERM or
 * SIGINT drains; a second one ends the process at once.
 */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/service.h"
#include "server/listener.h"
#include "server/server.h"

#define SPARE_FDS 256 /* beside connections: database files, epolls, the log, the reserve */
#define STUCK_S   5   /* for work that cannot be stopped, after everybody has been answered */

#define ADMIN_IN_FLIGHT 16
#define ADMIN_BYTES     ((uint64_t)16 * 1024 * 1024) /* of one answer */
#define ADMIN_DRAIN_MS  500                          /* for whoever is in the middle of asking */

/* --- the command line --------------------------------------------------------------------- */

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'l':
        options->listen = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->database == NULL && options->config == NULL) {
            argp_error(state, "name a DATABASE or a --config FILE (`gantry demo demo.db` makes a "
                              "database to try)");
        }
        return 0;
    default:
        return options_take(key, arg, state);
    }
}

static void parse(int argc, char **argv, struct options *ret)
{
    static const struct argp_option options[] = {
        {"config", 'c', "FILE", 0, "Routes, pools and limits (config/gantry.schema.json)", 0},
        {"listen", 'l', "ADDR:PORT", 0, "Where to listen (default 127.0.0.1:8080; port 0: any)", 0},
        {"write", 'w', NULL, 0, "Let the service change the database", 0},
        {0},
    };
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "[DATABASE]",
        .doc = "Serve a SQLite database over HTTP: every table as JSON below /api/, and the routes "
               "of the configuration. Read-only unless --write is given.",
    };
    static char name[] = "gantry serve";

    argv[0] = name;
    (void)argp_parse(&argp, argc, argv, 0, NULL, ret); /* exits by itself on wrong usage */
}

/* --- limits of the process ---------------------------------------------------------------- */

/* Connections that there can be. */
struct places {
    unsigned main;
    unsigned admin; /* 0: no admin listener */
};

/*
 * What the limit of open files leaves: all that is wanted, if that leaves enough for everything else.
 * If it does not: half of it for connections, of which a quarter for operators.
 */
static struct places fit(struct places wanted, rlim_t files)
{
    rlim_t beside = SPARE_FDS + wanted.admin;
    rlim_t some = files / 8;

    if (files > 2 * beside) {
        wanted.main = (unsigned)(files - beside);
        return wanted;
    }
    wanted.admin = wanted.admin < some ? wanted.admin : (unsigned)some;
    wanted.main = (unsigned)(files / 2) - wanted.admin;
    return wanted;
}

/* Ask for as many descriptors as connections need. */
static struct places raise_descriptors(struct places wanted)
{
    struct rlimit limit;
    struct places fitting;
    rlim_t need = (rlim_t)wanted.main + wanted.admin + SPARE_FDS;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need) {
        return wanted;
    }
    limit.rlim_cur =
        limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= need ? need : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* read back below */
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need) {
        return wanted;
    }
    fitting = fit(wanted, limit.rlim_cur);
    fitting.main = fitting.main < wanted.main ? fitting.main : wanted.main;
    log_event(LOG_WARN, "fewer connections than configured: the limit of open files is low",
              LOG_INT("connections", fitting.main), LOG_INT("admin_connections", fitting.admin),
              LOG_STR("hint", "raise it with ulimit -n"));
    return fitting;
}

static struct places places_of(const struct config *config)
{
    struct places wanted = {.main = (unsigned)config->limits.connections};

    if (config->admin.listen != NULL) {
        wanted.admin = (unsigned)config->admin.connections;
    }
    return raise_descriptors(wanted);
}

static unsigned loops_of(const struct config *config)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (config->loops > 0) {
        return (unsigned)config->loops;
    }
    return processors >= 4 ? (unsigned)(processors / 2 > 64 ? 64 : processors / 2) : 1;
}

static struct server_conf main_conf_of(const struct config *config, unsigned connections)
{
    return (struct server_conf){
        .listen = config->listen,
        .loops = loops_of(config),
        .connections = connections,
        .in_flight_max = (unsigned)config->limits.in_flight,
        .response_max = config->limits.response_bytes,
        .header_ms = config->limits.header_ms,
        .body_ms = config->limits.body_ms,
        .send_ms = config->limits.send_ms,
        .idle_ms = config->limits.idle_ms,
        .stall_ms = config->limits.stall_ms,
        .snapshot_ms = config->limits.snapshot_ms,
        .spool_directory = config->spool.directory,
        .spool_bytes = config->spool.bytes,
        .has_tally = config->metrics.enabled,
        .logs_access = config->log.access,
        .buffered_max = config->limits.buffered_bytes,
    };
}

/* As the main one where it is about clients; nothing there waits for a pool. */
static struct server_conf admin_conf_of(const struct config *config, unsigned connections)
{
    struct server_conf conf = main_conf_of(config, connections);

    conf.thread_name = "gy-admin";
    conf.listen = config->admin.listen;
    conf.loops = 1;
    conf.has_reserve = true;
    conf.snapshot_ms = 0; /* nothing there leaves in pieces */
    conf.in_flight_max = ADMIN_IN_FLIGHT;
    conf.response_max = ADMIN_BYTES;
    conf.buffered_max = 4 * ADMIN_BYTES;
    return conf;
}

/* --- signals ------------------------------------------------------------------------------ */

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    pthread_sigmask(SIG_BLOCK, set, NULL);
}

static void await_signal(const sigset_t *set)
{
    int signal_number;

    while (sigwait(set, &signal_number) != 0) {
        /* interrupted: wait on */
    }
    log_event(LOG_INFO, "draining", LOG_STR("signal", strsignal(signal_number)));
}

static void stop_at_once(int signal_number)
{
    _exit(128 + signal_number);
}

/* Everybody has been answered; what still runs cannot be stopped and has nobody to answer. */
static void leave_stuck(int signal_number)
{
    static const char text[] = "gantry: work that cannot be stopped was left behind\n";
    ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

    (void)n;
    (void)signal_number;
    _exit(EX_OK);
}

static void obey_second_signal(const sigset_t *set)
{
    struct sigaction action = {.sa_handler = stop_at_once};

    (void)sigaction(SIGTERM, &action, NULL); /* cannot fail for these */
    (void)sigaction(SIGINT, &action, NULL);
    action.sa_handler = leave_stuck;
    (void)sigaction(SIGALRM, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, set, NULL);
}

/* --- serving ------------------------------------------------------------------------------ */

/* The listeners. The one for operators is there before the main one, and after it. */
struct servers {
    struct server *main;
    struct server *admin; /* NULL: there is none */
};

static enum status open_one(const struct service *service, const struct server_conf *conf,
                            const struct router *router, const char *name, struct server **ret,
                            struct error *err)
{
    enum status status = server_create(conf, router, ret, err);

    if (status != STATUS_OK) {
        return status;
    }
    if (service_metrics(service) != NULL) {
        metrics_add_server(service_metrics(service), name, *ret);
    }
    return server_start(*ret, err);
}

/* On failure *ret holds what close_servers is to close. */
static enum status open_servers(const struct service *service, const struct config *config,
                                const char *hint, struct servers *ret, struct error *err)
{
    struct places places = places_of(config);
    struct server_conf conf;

    if (config->admin.listen != NULL) {
        enum status status;
        conf = admin_conf_of(config, places.admin);
        status = open_one(service, &conf, service_admin_router(service), "admin", &ret->admin, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    conf = main_conf_of(config, places.main);
    conf.not_found_hint = hint;
    return open_one(service, &conf, service_router(service), "main", &ret->main, err);
}

/* Stops the service as well: work that comes home late is the main server's. */
static void close_servers(struct servers *servers, struct service *service)
{
    service_stop(service);
    if (servers->admin != NULL) {
        server_drain(servers->admin, clock_now_ns() + ADMIN_DRAIN_MS * NS_PER_MS);
    }
    server_stop(servers->main);
    server_stop(servers->admin); /* before either is freed: metrics are of both */
    server_destroy(servers->main);
    server_destroy(servers->admin);
}

static int announce(const struct servers *servers, const struct service *service,
                    const struct config *config)
{
    const char *address = server_address(servers->main);

    (void)printf("listening on http://%s\n", address);
    if (service_has_tables(service)) {
        (void)printf("  tables  http://%s%s/\n", address, config->tables.prefix);
    }
    if (service_has_docs(service)) {
        (void)printf("  docs    http://%s/docs\n", address);
    }
    if (service_has_openapi(service)) {
        (void)printf("  openapi http://%s/openapi.json\n", address);
    }
    (void)printf("  health  http://%s/health\n", address);
    if (service_metrics(service) != NULL) {
        (void)printf("  metrics http://%s/metrics\n",
                     servers->admin != NULL ? server_address(servers->admin) : address);
    }
    if (servers->admin != NULL) {
        (void)printf("  admin   http://%s\n", server_address(servers->admin));
    }
    return command_flush("serve");
}

static void log_serving(const struct servers *servers, const struct config *config)
{
    log_event(LOG_INFO, "serving", LOG_STR("address", server_address(servers->main)),
              LOG_STR("database", config->database.path == NULL ? "" : config->database.path),
              LOG_STR("access", config->database.write ? "read and write" : "read-only"),
              LOG_INT("routes", (int64_t)config->routes_count), LOG_INT("loops", loops_of(config)));
    if (config->database.write && config->database.synchronous == CONFIG_SYNCHRONOUS_NORMAL) {
        log_event(LOG_WARN, "acknowledged writes may be lost in a power cut",
                  LOG_STR("because", "database.synchronous is \"normal\": commits are not synced"),
                  LOG_STR("hint", "\"full\" is the default, and costs one fsync for all the "
                                  "requests that wait together"));
    }
    if (servers->admin == NULL) {
        return;
    }
    log_event(LOG_INFO, "serving operators", LOG_STR("address", server_address(servers->admin)));
    if (!listener_is_loopback(config->admin.listen)) {
        log_event(LOG_WARN, "the admin listener can be reached from other machines",
                  LOG_STR("address", server_address(servers->admin)),
                  LOG_STR("hint", "it has no authentication: let admin.listen be on the loopback, "
                                  "or keep others away from it"));
    }
}

/* From here on errors are the service's, not the configuration's. */
static int run(struct service *service, const struct config *config, const sigset_t *signals)
{
    struct servers servers = {0};
    char hint[300];
    struct error err = {0};
    int code;

    (void)snprintf(hint, sizeof(hint), "GET %s/ lists the tables",
                   config->tables.prefix); /* bounded by config */
    if (open_servers(service, config, service_has_tables(service) ? hint : NULL, &servers, &err) !=
        STATUS_OK) {
        close_servers(&servers, service);
        return command_fail("serve", &err);
    }
    health_set_phase(service_health(service), HEALTH_READY);
    code = announce(&servers, service, config);
    if (code == EX_OK) {
        log_serving(&servers, config);
        await_signal(signals);
    }
    obey_second_signal(signals);
    health_set_phase(service_health(service), HEALTH_DRAINING);
    server_drain(servers.main, clock_now_ns() + (int64_t)config->limits.drain_ms * NS_PER_MS);
    alarm(STUCK_S);
    close_servers(&servers, service);
    log_event(LOG_INFO, "stopped");
    return code;
}

static int build_and_run(const struct options *options, struct config *config,
                         struct problems *problems, const sigset_t *signals)
{
    struct service *service = NULL;
    struct error err = {0};
    enum status status = service_create(config, problems->count > 0, problems, &service, &err);
    int code = options_report_problems("serve", options->config, problems);

    if (status != STATUS_OK && code == EX_OK) {
        code = command_fail("serve", &err);
    } else if (code == EX_OK) {
        code = run(service, config, signals);
    }
    service_destroy(service);
    return code;
}

static int start_log(const struct config *config)
{
    static const enum log_level levels[] = {[CONFIG_LOG_DEBUG] = LOG_DEBUG,
                                            [CONFIG_LOG_INFO] = LOG_INFO,
                                            [CONFIG_LOG_WARN] = LOG_WARN,
                                            [CONFIG_LOG_ERROR] = LOG_ERROR};
    struct log_conf conf = {.fd = STDERR_FILENO,
                            .level = levels[config->log.level],
                            .is_human = isatty(STDERR_FILENO) == 1};
    struct error err = {0};

    return log_start(&conf, &err) == STATUS_OK ? EX_OK : command_fail("serve", &err);
}

int serve_command(int argc, char **argv)
{
    struct options options = {0};
    struct config config = {0};
    struct problems problems = {0};
    sigset_t signals;
    int code;

    parse(argc, argv, &options);
    block_signals(&signals);
    code = options_resolve("serve", &options, &config, &problems);
    if (code == EX_OK) {
        code = start_log(&config);
    }
    if (code == EX_OK) {
        code = build_and_run(&options, &config, &problems, &signals);
        log_stop();
    }
    problems_fini(&problems);
    config_fini(&config);
    return code;
}
