/*
 * prober: an open-loop load with intended send times, and what became of it as one JSON object.
 * `prober --help` lists the options, load.h tells how it works, mix.h how requests are written.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/mem.h"
#include "bench/load.h"

#define HOST_MAX   300
#define REPORT_MAX ((size_t)128 * 1024 * 1024)

struct prober {
    struct load_conf load;
    struct mix mix;
    struct tally tally;
    const char *url;
    const char *expected;
    char host[HOST_MAX];
};

static const char usage[] =
    "Usage: prober --url http://HOST:PORT --rate N [OPTION...]\n"
    "Send requests on a schedule that answers cannot delay; count latency from when each was due.\n"
    "\n"
    "  --rate N               requests per second\n"
    "  --poisson              with random gaps (exponential) instead of equal ones\n"
    "  --closed               no schedule: each connection sends when it has its answer\n"
    "  --duration S           seconds that count (10)\n"
    "  --warmup S             seconds before, which do not (0)\n"
    "  --grace S              seconds to wait for the last answers (10)\n"
    "  --connections N        kept alive from the start (64)\n"
    "  --connections-max N    more are opened when requests wait for one (as --connections)\n"
    "  --path REQUEST         [WEIGHT] [METHOD] PATH [BODY] [=> EXPECTED], again for a mix;\n"
    "                         {id} is the request's own number (/health)\n"
    "  --path-file FILE       one of these per line\n"
    "  --expect-body TEXT     what a 2xx answer must contain if its request has an {id}\n"
    "  --ids MIN:MAX          numbers to choose from (1:1000)\n"
    "  --prefer-wait MIN:MAX  a random deadline in milliseconds as Prefer: wait=\n"
    "  --abandon SHARE        of requests whose client vanishes, by FIN and RST in turn (0)\n"
    "  --abandon-ms MAX       at a random moment up to MAX after sending, mostly an early\n"
    "                         one (100)\n"
    "  --timeline             tell each second, from the begin of the warm-up\n"
    "  --seed N               of all that is random (1)\n"
    "\n"
    "Prints one JSON object. Durations are in milliseconds, at most 1/128 too large (max: "
    "exact).\n";

enum option_key {
    KEY_URL = 256,
    KEY_RATE,
    KEY_POISSON,
    KEY_CLOSED,
    KEY_DURATION,
    KEY_WARMUP,
    KEY_GRACE,
    KEY_CONNECTIONS,
    KEY_CONNECTIONS_MAX,
    KEY_PATH,
    KEY_PATH_FILE,
    KEY_EXPECT,
    KEY_IDS,
    KEY_WAIT,
    KEY_ABANDON,
    KEY_ABANDON_MS,
    KEY_TIMELINE,
    KEY_SEED,
    KEY_HELP,
};

static const struct option options[] = {
    {"url", required_argument, NULL, KEY_URL},
    {"rate", required_argument, NULL, KEY_RATE},
    {"poisson", no_argument, NULL, KEY_POISSON},
    {"closed", no_argument, NULL, KEY_CLOSED},
    {"duration", required_argument, NULL, KEY_DURATION},
    {"warmup", required_argument, NULL, KEY_WARMUP},
    {"grace", required_argument, NULL, KEY_GRACE},
    {"connections", required_argument, NULL, KEY_CONNECTIONS},
    {"connections-max", required_argument, NULL, KEY_CONNECTIONS_MAX},
    {"path", required_argument, NULL, KEY_PATH},
    {"path-file", required_argument, NULL, KEY_PATH_FILE},
    {"expect-body", required_argument, NULL, KEY_EXPECT},
    {"ids", required_argument, NULL, KEY_IDS},
    {"prefer-wait", required_argument, NULL, KEY_WAIT},
    {"abandon", required_argument, NULL, KEY_ABANDON},
    {"abandon-ms", required_argument, NULL, KEY_ABANDON_MS},
    {"timeline", no_argument, NULL, KEY_TIMELINE},
    {"seed", required_argument, NULL, KEY_SEED},
    {"help", no_argument, NULL, KEY_HELP},
    {NULL, 0, NULL, 0},
};

static bool take_double(const char *text, double least, double most, double *ret)
{
    return str_to_double(str_of(text), ret) && *ret >= least && *ret <= most;
}

static bool take_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret)
{
    return str_to_u64(str_of(text), ret) && *ret >= least && *ret <= most;
}

static bool take_count(const char *text, unsigned *ret)
{
    uint64_t number;

    if (!take_number(text, 1, 1000000, &number)) {
        return false;
    }
    *ret = (unsigned)number;
    return true;
}

/* "MIN:MAX" */
static bool take_range(const char *text, uint64_t most, uint64_t *ret_min, uint64_t *ret_max)
{
    const char *colon = strchr(text, ':');

    return colon != NULL && str_to_u64((struct str){text, (size_t)(colon - text)}, ret_min) &&
           take_number(colon + 1, *ret_min, most, ret_max);
}

/* What options with text or without a value say. Return: false for another option. */
static bool take_word(struct prober *p, int key, const char *value)
{
    switch (key) {
    case KEY_URL:
        p->url = value;
        return true;
    case KEY_EXPECT:
        p->expected = value;
        return true;
    case KEY_POISSON:
        p->load.is_poisson = true;
        return true;
    case KEY_CLOSED:
        p->load.is_closed = true;
        return true;
    case KEY_TIMELINE:
        p->tally.has_timeline = true;
        return true;
    default:
        return false;
    }
}

/* Return: false if the value is not one for this option. */
static bool take_value(struct prober *p, int key, const char *value)
{
    struct load_conf *load = &p->load;

    switch (key) {
    case KEY_RATE:
        return take_double(value, 0.001, 1e7, &load->rate);
    case KEY_DURATION:
        return take_double(value, 0.001, 1e6, &load->duration_s);
    case KEY_WARMUP:
        return take_double(value, 0, 1e6, &load->warmup_s);
    case KEY_GRACE:
        return take_double(value, 0, 1e6, &load->grace_s);
    case KEY_CONNECTIONS:
        return take_count(value, &load->connections);
    case KEY_CONNECTIONS_MAX:
        return take_count(value, &load->connections_max);
    case KEY_IDS:
        return take_range(value, UINT64_MAX / 2, &load->id_min, &load->id_max);
    case KEY_WAIT:
        return take_range(value, 86400000, &load->wait_min_ms, &load->wait_max_ms);
    case KEY_ABANDON:
        return take_double(value, 0, 1, &load->abandon_share);
    case KEY_ABANDON_MS:
        return take_number(value, 0, 86400000, &load->abandon_ms_max);
    case KEY_SEED:
        return take_number(value, 0, UINT64_MAX, &load->seed);
    default:
        return false;
    }
}

/* Return: EX_OK, or the exit code with what is wrong said. */
static int take_option(struct prober *p, int key, int place, const char *value)
{
    struct error err = {0};
    enum status status;

    if (key == '?') { /* getopt has said it */
        return EX_USAGE;
    }
    if (key == KEY_PATH || key == KEY_PATH_FILE) {
        status =
            key == KEY_PATH ? mix_add(&p->mix, value, &err) : mix_add_file(&p->mix, value, &err);
        if (status != STATUS_OK) {
            (void)fprintf(stderr, "prober: %s\n", err.text);
            return status == STATUS_NO_SUCH_FILE ? EX_NOINPUT : EX_USAGE;
        }
        return EX_OK;
    }
    if (!take_word(p, key, value) && !take_value(p, key, value)) {
        (void)fprintf(stderr, "prober: --%s cannot be %s\n", options[place].name, value);
        return EX_USAGE;
    }
    return EX_OK;
}

static int complain(const char *text)
{
    (void)fprintf(stderr, "prober: %s\n`prober --help` lists the options.\n", text);
    return EX_USAGE;
}

/* "http://HOST:PORT", looked up. */
static int find_address(struct prober *p)
{
    static const char scheme[] = "http://";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char host[HOST_MAX];
    char *colon;
    int error;

    if (p->url == NULL || strncmp(p->url, scheme, sizeof(scheme) - 1) != 0) {
        return complain("--url http://HOST:PORT is needed");
    }
    (void)snprintf(p->host, sizeof(p->host), "%s", p->url + sizeof(scheme) - 1);
    p->host[strcspn(p->host, "/")] = '\0';
    (void)snprintf(host, sizeof(host), "%s", p->host);
    colon = strrchr(host, ':');
    if (colon == NULL || colon == host) {
        return complain("--url http://HOST:PORT is needed");
    }
    *colon = '\0';
    if (host[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        (void)memmove(host, host + 1, strlen(host));
    }
    error = getaddrinfo(host, colon + 1, &hints, &found);
    if (error != 0) {
        (void)fprintf(stderr, "prober: %s: %s\n", p->url, gai_strerror(error));
        return EX_NOHOST;
    }
    memcpy(&p->load.address, found->ai_addr, found->ai_addrlen);
    p->load.address_size = found->ai_addrlen;
    p->load.host = p->host;
    freeaddrinfo(found);
    return EX_OK;
}

static int take_options(struct prober *p, int argc, char **argv)
{
    int code = EX_OK;
    int place = 0;
    int key;

    p->load = (struct load_conf){.duration_s = 10,
                                 .grace_s = 10,
                                 .connections = 64,
                                 .abandon_ms_max = 100,
                                 .id_min = 1,
                                 .id_max = 1000,
                                 .seed = 1,
                                 .mix = &p->mix};
    while (code == EX_OK) {
        key = getopt_long(argc, argv, "", options, &place);
        if (key == -1) {
            break;
        }
        if (key == KEY_HELP) {
            (void)fputs(usage, stdout);
            exit(EX_OK);
        }
        code = take_option(p, key, place, optarg);
    }
    if (code != EX_OK) {
        return code;
    }
    if (optind < argc) {
        return complain("there are options only, no arguments");
    }
    if (p->load.rate == 0 && !p->load.is_closed) {
        return complain("--rate is needed, or --closed");
    }
    if (p->load.connections_max < p->load.connections) {
        p->load.connections_max = p->load.connections;
    }
    if (p->mix.count == 0 && mix_add(&p->mix, "/health", NULL) != STATUS_OK) {
        return EX_OSERR;
    }
    if (p->mix.weights == 0) {
        return complain("every weight is 0");
    }
    if (p->expected != NULL) {
        mix_expect(&p->mix, p->expected);
    }
    return find_address(p);
}

/* As many descriptors as are allowed, and timers that are not rounded to 50 us. */
static void prepare_process(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* if not, connecting fails and is counted */
    }
    (void)prctl(PR_SET_TIMERSLACK, 1UL); /* if not, --rate is met less exactly, and it shows */
}

static int print_report(struct prober *p, const struct load_stats *stats)
{
    const struct load_conf *load = &p->load;
    struct buf b;
    bool is_printed;

    buf_init(&b, REPORT_MAX);
    buf_append_literal(&b, "{\"url\":");
    json_put_string(&b, str_of(p->url));
    buf_printf(&b, ",\"arrivals\":\"%s\",\"rate\":",
               load->is_closed    ? "closed"
               : load->is_poisson ? "poisson"
                                  : "constant");
    json_put_double(&b, load->rate);
    buf_append_literal(&b, ",\"duration_s\":");
    json_put_double(&b, load->duration_s);
    buf_append_literal(&b, ",\"warmup_s\":");
    json_put_double(&b, load->warmup_s);
    buf_printf(&b,
               ",\"seed\":%llu,\"connections\":{\"start\":%u,\"max\":%u,\"peak\":%u,"
               "\"opened\":%llu},",
               (unsigned long long)load->seed, load->connections, load->connections_max,
               stats->open_peak, (unsigned long long)stats->opened);
    tally_put(&p->tally, &b);
    buf_append_literal(&b, "}\n");
    is_printed = buf_status(&b) == STATUS_OK && fwrite(b.at, 1, b.size, stdout) == b.size &&
                 fflush(stdout) == 0;
    buf_fini(&b);
    if (!is_printed) {
        (void)fprintf(stderr, "prober: the report cannot be written\n");
        return EX_IOERR;
    }
    return EX_OK;
}

int main(int argc, char **argv)
{
    static struct prober prober; /* large */
    struct load_stats stats = {0};
    struct error err = {0};
    int code;

    tally_init(&prober.tally);
    code = take_options(&prober, argc, argv);
    if (code == EX_OK) {
        prepare_process();
        if (load_run(&prober.load, &prober.tally, &stats, &err) == STATUS_OK) {
            code = print_report(&prober, &stats);
        } else {
            (void)fprintf(stderr, "prober: %s\n", err.text);
            code = EX_OSERR;
        }
    }
    tally_fini(&prober.tally);
    mix_fini(&prober.mix);
    return code;
}
