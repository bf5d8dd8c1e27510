#include "bench/load.h"

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/mem.h"
#include "bench/answer.h"

#define EVENTS       256
#define REQUEST_MAX  (1 << 20)
#define ANSWER_MAX   (64 << 20)
#define READ_SIZE    65536
#define CONNECT_WAIT (2 * NS_PER_S) /* for the first connections, before the clock starts */

struct request {
    const struct mix_item *item;
    uint64_t id;
    uint64_t wait_ms; /* 0: no deadline */
    int64_t due_ns;
    int64_t abandon_ns; /* after sending; -1: never */
    int64_t sent_ns;
    bool is_counted;
};

/* What is due and waits for a connection: a ring. */
struct line {
    struct request *at;
    size_t first;
    size_t count;
    size_t capacity; /* a power of two */
};

struct connection {
    struct list link;       /* in load.idle or load.closed, or in none while busy */
    struct heap_node leave; /* in load.leaving while its client is to vanish */
    int fd;                 /* -1: closed */
    bool is_connecting;
    bool is_busy;
    struct request request;
    struct buf out; /* the request, until all of it is sent */
    size_t out_at;
    struct buf in; /* an answer that came in pieces */
};

struct load {
    const struct load_conf *conf;
    struct tally *tally;
    struct load_stats stats;
    int epoll;
    struct connection *connections;
    struct list idle;
    struct list closed;
    unsigned open;
    unsigned busy;
    struct line line;
    struct heap leaving;
    int64_t next_due_ns;
    int64_t give_up_ns;
    uint64_t random;
    bool is_reset_next;
    bool is_out_of_memory;
    struct buf scratch;
    char *bytes; /* READ_SIZE of them */
};

/* splitmix64 */
static uint64_t random_next(struct load *l)
{
    uint64_t z = (l->random += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t random_between(struct load *l, uint64_t least, uint64_t most)
{
    return least + random_next(l) % (most - least + 1);
}

/* 0 <= r < 1 */
static double random_share(struct load *l)
{
    return (double)(random_next(l) >> 11) * 0x1p-53;
}

/* The line. */

static bool line_grow(struct line *line)
{
    size_t capacity = line->capacity == 0 ? 1024 : line->capacity * 2;
    struct request *at = mem_alloc(capacity * sizeof(*at));

    if (at == NULL) {
        return false;
    }
    for (size_t i = 0; i < line->count; i++) {
        at[i] = line->at[(line->first + i) & (line->capacity - 1)];
    }
    mem_free(line->at);
    *line = (struct line){at, 0, line->count, capacity};
    return true;
}

static void line_append(struct load *l, const struct request *request)
{
    struct line *line = &l->line;

    if (line->count == line->capacity && !line_grow(line)) {
        l->is_out_of_memory = true;
        return;
    }
    line->at[(line->first + line->count++) & (line->capacity - 1)] = *request;
}

static void line_take(struct line *line, struct request *ret)
{
    *ret = line->at[line->first];
    line->first = (line->first + 1) & (line->capacity - 1);
    line->count--;
}

/* Connections. */

static void disconnect(struct load *l, struct connection *c)
{
    if (c->fd < 0) {
        return;
    }
    (void)close(c->fd); /* nothing is unsaved on it */
    c->fd = -1;
    c->is_connecting = false;
    l->busy -= c->is_busy;
    c->is_busy = false;
    l->open--;
    heap_remove(&l->leaving, &c->leave);
    buf_clear(&c->in);
    list_remove(&c->link);
    list_append(&l->closed, &c->link);
}

static void fail(struct load *l, struct connection *c, enum failure failure)
{
    if (c->is_busy) {
        tally_fail(l->tally, failure, c->request.is_counted);
    }
    disconnect(l, c);
}

static enum failure failure_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return FAILURE_REFUSED;
    case ECONNRESET:
    case EPIPE:
        return FAILURE_RESET;
    default:
        return FAILURE_CONNECT;
    }
}

/* c is in closed; it leaves it on success. Return: false with errno set. */
static bool connect_to(struct load *l, struct connection *c)
{
    const struct load_conf *conf = l->conf;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    int one = 1;
    int fd = socket(conf->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return false;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* slower, not wrong */
    if ((connect(fd, (const struct sockaddr *)&conf->address, conf->address_size) != 0 &&
         errno != EINPROGRESS) ||
        epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return false;
    }
    list_remove(&c->link);
    c->fd = fd;
    c->is_connecting = true;
    l->open++;
    l->stats.opened++;
    if (l->open > l->stats.open_peak) {
        l->stats.open_peak = l->open;
    }
    return true;
}

/* Send what is left of the request. */
static void flush(struct load *l, struct connection *c)
{
    while (c->out_at < c->out.size) {
        ssize_t n = send(c->fd, c->out.at + c->out_at, c->out.size - c->out_at, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return; /* the socket says when it can take more */
        }
        if (n < 0) {
            fail(l, c, failure_of(errno));
            return;
        }
        c->out_at += (size_t)n;
    }
}

/* From now on the request is on its way: its deadline runs, and its client may vanish. */
static void set_out(struct load *l, struct connection *c)
{
    struct request *r = &c->request;

    r->sent_ns = clock_now_ns();
    if (r->is_counted) {
        l->tally->sent++;
        hdr_add(&l->tally->behind, r->sent_ns - r->due_ns);
    }
    if (r->abandon_ns >= 0) {
        heap_put(&l->leaving, &c->leave, r->sent_ns + r->abandon_ns);
    }
    flush(l, c);
}

static void begin(struct load *l, struct connection *c, const struct request *request)
{
    list_remove(&c->link);
    c->is_busy = true;
    l->busy++;
    c->request = *request;
    c->out_at = 0;
    buf_clear(&c->out);
    mix_put(request->item, request->id, request->wait_ms, l->conf->host, &l->scratch, &c->out);
    if (buf_status(&c->out) != STATUS_OK || buf_status(&l->scratch) != STATUS_OK) {
        l->is_out_of_memory = true;
        return;
    }
    if (!c->is_connecting) {
        set_out(l, c);
    }
}

/* Give a connection to each request that is due, as long as there is one. */
static void dispatch(struct load *l)
{
    struct request request;

    while (l->line.count > 0) {
        struct list *link = list_first(&l->idle);
        struct connection *c;
        if (link == NULL) {
            link = list_first(&l->closed);
        }
        if (link == NULL) {
            return;
        }
        c = container_of(link, struct connection, link);
        line_take(&l->line, &request);
        if (c->fd < 0 && !connect_to(l, c)) {
            tally_fail(l->tally, failure_of(errno), request.is_counted);
            continue;
        }
        begin(l, c, &request);
    }
}

/* The schedule. */

static void add_due(struct load *l, int64_t due_ns)
{
    const struct load_conf *conf = l->conf;
    struct request r = {.item = mix_pick(conf->mix, random_next(l) % conf->mix->weights),
                        .id = random_between(l, conf->id_min, conf->id_max),
                        .due_ns = due_ns,
                        .abandon_ns = -1,
                        .is_counted = due_ns >= l->tally->from_ns};

    if (conf->wait_max_ms > 0) {
        r.wait_ms = random_between(l, conf->wait_min_ms, conf->wait_max_ms);
    }
    if (conf->abandon_share > 0 && random_share(l) < conf->abandon_share) {
        double u = random_share(l);
        r.abandon_ns = (int64_t)(u * u * u * (double)conf->abandon_ms_max * (double)NS_PER_MS);
    }
    l->tally->due += r.is_counted;
    line_append(l, &r);
}

static void add_all_due(struct load *l, int64_t now_ns)
{
    const struct load_conf *conf = l->conf;

    if (conf->is_closed) {
        for (size_t i = l->busy + l->line.count; i < conf->connections; i++) {
            if (now_ns < l->tally->until_ns) {
                add_due(l, now_ns);
            }
        }
        return;
    }
    while (l->next_due_ns <= now_ns && l->next_due_ns < l->tally->until_ns) {
        double gap_s = (conf->is_poisson ? -log(1 - random_share(l)) : 1) / conf->rate;
        add_due(l, l->next_due_ns);
        l->next_due_ns += (int64_t)(gap_s * (double)NS_PER_S);
    }
}

static void vanish(struct load *l, struct connection *c)
{
    static const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (l->is_reset_next) {
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)); /* then it is FIN */
    }
    l->is_reset_next = !l->is_reset_next;
    l->tally->abandoned += c->request.is_counted;
    disconnect(l, c);
}

static void vanish_all(struct load *l, int64_t now_ns)
{
    struct heap_node *node;

    for (;;) {
        node = heap_first(&l->leaving);
        if (node == NULL || node->key > now_ns) {
            return;
        }
        vanish(l, container_of(node, struct connection, leave));
    }
}

/* What comes back. */

static void take_answer(struct load *l, struct connection *c, const struct answer *answer)
{
    struct request *r = &c->request;
    struct tally_answer seen = {
        .due_ns = r->due_ns,
        .at_ns = clock_now_ns(),
        .deadline_ns = r->wait_ms == 0 ? 0 : r->sent_ns + (int64_t)r->wait_ms * NS_PER_MS,
        .is_counted = r->is_counted,
        .is_expected = answer->status.at[0] != '2' ||
                       mix_is_expected(r->item, r->id, answer->body, &l->scratch),
        .status = answer->status,
        .body = answer->body};

    if (tally_add(l->tally, &seen) != STATUS_OK) {
        l->is_out_of_memory = true;
    }
    heap_remove(&l->leaving, &c->leave);
    c->is_busy = false;
    l->busy--;
    list_append(&l->idle, &c->link);
    if (answer->is_last || c->out_at < c->out.size) { /* or it was answered before it was sent */
        disconnect(l, c);
    }
}

/* Return: false if the connection is not to be read any further. */
static bool take_bytes(struct load *l, struct connection *c, struct str bytes)
{
    struct answer answer;
    bool is_piece = c->in.size > 0;

    if (!c->is_busy) {
        tally_fail(l->tally, FAILURE_UNSOLICITED, true);
        disconnect(l, c);
        return false;
    }
    if (is_piece) {
        buf_append_str(&c->in, bytes);
        bytes = buf_str(&c->in);
    }
    switch (answer_parse(bytes, str_equal(c->request.item->method, STR("HEAD")), &answer)) {
    case ANSWER_PARTIAL:
        if (!is_piece) {
            buf_append_str(&c->in, bytes);
        }
        if (buf_status(&c->in) != STATUS_OK) {
            fail(l, c, FAILURE_MALFORMED);
        }
        return c->fd >= 0;
    case ANSWER_WHOLE:
        take_answer(l, c, &answer);
        if (bytes.size > answer.size) {
            tally_fail(l->tally, FAILURE_UNSOLICITED, true);
            disconnect(l, c);
        }
        buf_clear(&c->in);
        return c->fd >= 0;
    case ANSWER_CODED:
        fail(l, c, FAILURE_CODED);
        return false;
    default:
        fail(l, c, FAILURE_MALFORMED);
        return false;
    }
}

/* has_end: the event spoke of the end, so there will be no other that does. */
static void receive(struct load *l, struct connection *c, bool has_end)
{
    for (;;) {
        ssize_t n = recv(c->fd, l->bytes, READ_SIZE, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n < 0) {
            fail(l, c, failure_of(errno));
            return;
        }
        if (n == 0) {
            fail(l, c, c->in.size > 0 ? FAILURE_TRUNCATED : FAILURE_CLOSED);
            return;
        }
        if (!take_bytes(l, c, (struct str){l->bytes, (size_t)n})) {
            return;
        }
        if (n < READ_SIZE && !has_end) {
            return; /* what comes from now on is a new event */
        }
    }
}

static void finish_connecting(struct load *l, struct connection *c)
{
    int error = 0;
    socklen_t size = sizeof(error);

    (void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size); /* on a socket of ours: works */
    if (error != 0) {
        fail(l, c, failure_of(error));
        return;
    }
    c->is_connecting = false;
    if (c->is_busy) {
        set_out(l, c);
    } else {
        list_append(&l->idle, &c->link);
    }
}

static void handle(struct load *l, const struct epoll_event *event)
{
    struct connection *c = event->data.ptr;

    if (c->fd < 0) {
        return;
    }
    if (c->is_connecting) {
        if ((event->events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
            finish_connecting(l, c);
        }
        return;
    }
    if ((event->events & EPOLLOUT) != 0 && c->is_busy) {
        flush(l, c);
    }
    if (c->fd >= 0 && (event->events & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0) {
        receive(l, c, (event->events & ~(uint32_t)(EPOLLIN | EPOLLOUT)) != 0);
    }
}

/* Handle what has happened, or wait for it, but no longer than until wake_ns. */
static enum status turn(struct load *l, int64_t now_ns, int64_t wake_ns, struct error *err)
{
    struct epoll_event events[EVENTS];
    struct pollfd pollfd = {.fd = l->epoll, .events = POLLIN};
    int n = epoll_wait(l->epoll, events, EVENTS, 0);

    if (n == 0 && wake_ns > now_ns) {
        struct timespec wait = {(wake_ns - now_ns) / NS_PER_S, (wake_ns - now_ns) % NS_PER_S};
        n = ppoll(&pollfd, 1, &wait, NULL);
        n = n <= 0 ? n : epoll_wait(l->epoll, events, EVENTS, 0);
    }
    if (n < 0 && errno != EINTR) {
        return error_set(err, STATUS_OS, "waiting for sockets: %s", strerror(errno));
    }
    for (int i = 0; i < n; i++) {
        handle(l, &events[i]);
    }
    return l->is_out_of_memory ? error_set(err, STATUS_NOMEM, "out of memory") : STATUS_OK;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_wake(const struct load *l, int64_t now_ns)
{
    const struct heap_node *node = heap_first(&l->leaving);
    int64_t wake = l->give_up_ns;

    if (now_ns < l->tally->until_ns) {
        wake = sooner(wake, l->tally->until_ns);
        if (!l->conf->is_closed) {
            wake = sooner(wake, l->next_due_ns);
        }
    }
    return node == NULL ? wake : sooner(wake, node->key);
}

/* Open the first connections before the clock starts; those that fail are tried again when due. */
static enum status prepare(struct load *l, struct error *err)
{
    int64_t end = clock_now_ns() + CONNECT_WAIT;
    enum status status = STATUS_OK;

    for (unsigned i = 0; i < l->conf->connections; i++) {
        if (!connect_to(l, &l->connections[i])) {
            break;
        }
    }
    while (status == STATUS_OK && clock_now_ns() < end) {
        bool is_ready = true;
        for (unsigned i = 0; i < l->conf->connections; i++) {
            is_ready = is_ready && !l->connections[i].is_connecting;
        }
        if (is_ready) {
            break;
        }
        status = turn(l, clock_now_ns(), end, err);
    }
    return status;
}

static void start_clock(struct load *l)
{
    struct tally *t = l->tally;

    t->start_ns = clock_now_ns();
    t->from_ns = t->start_ns + (int64_t)(l->conf->warmup_s * (double)NS_PER_S);
    t->until_ns = t->from_ns + (int64_t)(l->conf->duration_s * (double)NS_PER_S);
    l->give_up_ns = t->until_ns + (int64_t)(l->conf->grace_s * (double)NS_PER_S);
    l->next_due_ns = t->start_ns;
}

static void count_the_rest(struct load *l)
{
    struct request request;

    while (l->line.count > 0) {
        line_take(&l->line, &request);
        l->tally->unsent += request.is_counted;
    }
    for (unsigned i = 0; i < l->conf->connections_max; i++) {
        const struct connection *c = &l->connections[i];
        l->tally->unanswered += c->is_busy && c->request.is_counted;
    }
}

static enum status run(struct load *l, struct error *err)
{
    enum status status = prepare(l, err);

    start_clock(l);
    while (status == STATUS_OK) {
        int64_t now = clock_now_ns();

        tally_tick(l->tally, now);
        add_all_due(l, now);
        vanish_all(l, now);
        dispatch(l);
        if (now >= l->give_up_ns ||
            (now >= l->tally->until_ns && l->line.count == 0 && l->busy == 0)) {
            break;
        }
        status = turn(l, now, next_wake(l, now), err);
    }
    count_the_rest(l);
    return status;
}

static enum status load_init(struct load *l, const struct load_conf *conf)
{
    *l = (struct load){.conf = conf, .random = conf->seed, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    list_init(&l->idle);
    list_init(&l->closed);
    buf_init(&l->scratch, REQUEST_MAX);
    if (l->epoll < 0) {
        return STATUS_OS;
    }
    l->bytes = mem_alloc(READ_SIZE);
    l->connections = mem_zalloc(conf->connections_max * sizeof(*l->connections));
    if (l->bytes == NULL || l->connections == NULL ||
        heap_init(&l->leaving, conf->connections_max) != STATUS_OK) {
        return STATUS_NOMEM;
    }
    for (unsigned i = 0; i < conf->connections_max; i++) {
        struct connection *c = &l->connections[i];
        c->fd = -1;
        list_init(&c->link);
        list_append(&l->closed, &c->link);
        buf_init(&c->out, REQUEST_MAX);
        buf_init(&c->in, ANSWER_MAX);
    }
    return STATUS_OK;
}

static void load_fini(struct load *l)
{
    for (unsigned i = 0; l->connections != NULL && i < l->conf->connections_max; i++) {
        disconnect(l, &l->connections[i]);
        buf_fini(&l->connections[i].out);
        buf_fini(&l->connections[i].in);
    }
    if (l->epoll >= 0) {
        (void)close(l->epoll);
    }
    heap_fini(&l->leaving);
    buf_fini(&l->scratch);
    mem_free(l->line.at);
    mem_free(l->connections);
    mem_free(l->bytes);
}

enum status load_run(const struct load_conf *conf, struct tally *tally, struct load_stats *ret,
                     struct error *err)
{
    struct load l;
    enum status status = load_init(&l, conf);

    l.tally = tally;
    status = status == STATUS_OK ? run(&l, err) : error_set(err, status, "%s", status_text(status));
    if (status == STATUS_OK) {
        *ret = l.stats;
    }
    load_fini(&l);
    return status;
}
