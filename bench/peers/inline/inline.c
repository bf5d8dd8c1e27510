/*
 * What there is to lose: the queries of the comparison on the loop of a bare libmicrohttpd program.
 *
 *     inline query DATABASE PORT       the query runs inline, its row is written by hand
 *     inline constant DATABASE PORT    the answers to id and offset 10000 (of the list with
 *                                      children: 1000), made once at the start
 *
 * One thread serves all sockets (epoll) and nothing is between it and SQLite: no pool, no router,
 * no limits, no deadlines. That is no way to build a service, but nothing that hands its queries to
 * other threads can be expected to be much faster. The constant shows what libmicrohttpd allows.
 *
 * What fails at the start ends the program; what fails later is a 500, which the driver notices.
 */
#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>
#include <sqlite3.h>

#define COLUMNS "SELECT id, title, author, year, price FROM books "
#define EMBED                                                                                      \
    "SELECT w.id, w.name, w.country, k.id, k.title, k.year "                                       \
    "FROM (SELECT id, name, country FROM writers WHERE id > ? ORDER BY id LIMIT 100) w "           \
    "LEFT JOIN works k ON k.writer_id = w.id ORDER BY w.id, k.id"
#define CONSTANT_ID     10000
#define CONSTANT_WRITER 1000
#define BODY_MAX        (1024 * 1024)
#define STRING_MAX      4096

struct body {
    char bytes[BODY_MAX];
    size_t size;
};

struct service {
    sqlite3 *db;
    sqlite3_stmt *point;
    sqlite3_stmt *list;
    sqlite3_stmt *embed;
    struct body body; /* of the one request that is being answered */
    uint64_t requests;
    struct MHD_Response *constant_point; /* NULL: ask the database */
    struct MHD_Response *constant_list;
    struct MHD_Response *constant_embed;
};

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "inline: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void put(struct body *b, const char *bytes, size_t size)
{
    memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
}

#define put_literal(b, literal) put((b), (literal), sizeof(literal) - 1)

static void put_integer(struct body *b, int64_t value)
{
    char text[21];
    size_t at = sizeof(text);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) {
        text[--at] = '-';
    }
    put(b, text + at, sizeof(text) - at);
}

/*
 * A price is cents: if dividing them by 100 gives the value back, they are its exact text. Anything
 * else takes the slow way.
 */
static void put_real(struct body *b, double value)
{
    double cents = nearbyint(value * 100);
    char text[32];

    if (fabs(cents) < 1e15 && cents / 100 == value && value >= 0) {
        int64_t whole = (int64_t)cents;
        char fraction[3] = {'.', (char)('0' + whole / 10 % 10), (char)('0' + whole % 10)};

        put_integer(b, whole / 100);
        put(b, fraction, fraction[2] == '0' ? 2 : 3);
    } else {
        put(b, text, (size_t)snprintf(text, sizeof(text), "%.17g", value));
    }
}

static void put_string(struct body *b, const char *text, size_t size)
{
    put_literal(b, "\"");
    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (c == '"' || c == '\\') {
            b->bytes[b->size++] = '\\';
        } else if ((unsigned char)c < ' ') {
            b->size += (size_t)sprintf(b->bytes + b->size, "\\u%04x", (unsigned)c);
            continue;
        }
        b->bytes[b->size++] = c;
    }
    put_literal(b, "\"");
}

static void put_text_column(struct body *b, sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    size_t size = (size_t)sqlite3_column_bytes(row, column);

    put_string(b, text, size < STRING_MAX ? size : STRING_MAX);
}

static void put_row(struct body *b, sqlite3_stmt *row)
{
    put_literal(b, "{\"id\":");
    put_integer(b, sqlite3_column_int64(row, 0));
    put_literal(b, ",\"title\":");
    put_text_column(b, row, 1);
    put_literal(b, ",\"author\":");
    put_text_column(b, row, 2);
    put_literal(b, ",\"year\":");
    put_integer(b, sqlite3_column_int64(row, 3));
    put_literal(b, ",\"price\":");
    put_real(b, sqlite3_column_double(row, 4));
    put_literal(b, "}");
}

/* Return: the HTTP status. */
static unsigned query_point(struct service *s, int64_t id)
{
    int code;

    s->body.size = 0;
    sqlite3_bind_int64(s->point, 1, id);
    code = sqlite3_step(s->point);
    if (code == SQLITE_ROW) {
        put_row(&s->body, s->point);
    }
    sqlite3_reset(s->point);
    return code == SQLITE_ROW
               ? MHD_HTTP_OK
               : (code == SQLITE_DONE ? MHD_HTTP_NOT_FOUND : MHD_HTTP_INTERNAL_SERVER_ERROR);
}

/* A hundred rows of two strings: they fit, at six bytes for each of a string's. */
static unsigned query_list(struct service *s, int64_t offset)
{
    int code;

    s->body.size = 0;
    put_literal(&s->body, "[");
    sqlite3_bind_int64(s->list, 1, offset);
    for (code = sqlite3_step(s->list);
         code == SQLITE_ROW && s->body.size < BODY_MAX - 16 * STRING_MAX;
         code = sqlite3_step(s->list)) {
        if (s->body.size > 1) {
            put_literal(&s->body, ",");
        }
        put_row(&s->body, s->list);
    }
    put_literal(&s->body, "]");
    sqlite3_reset(s->list);
    return code == SQLITE_DONE ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static void put_work(struct body *b, sqlite3_stmt *row)
{
    put_literal(b, "{\"id\":");
    put_integer(b, sqlite3_column_int64(row, 3));
    put_literal(b, ",\"title\":");
    put_text_column(b, row, 4);
    put_literal(b, ",\"year\":");
    put_integer(b, sqlite3_column_int64(row, 5));
    put_literal(b, "}");
}

static void begin_writer(struct body *b, sqlite3_stmt *row)
{
    put_literal(b, "{\"id\":");
    put_integer(b, sqlite3_column_int64(row, 0));
    put_literal(b, ",\"name\":");
    put_text_column(b, row, 1);
    put_literal(b, ",\"country\":");
    put_text_column(b, row, 2);
    put_literal(b, ",\"works\":[");
}

/* One join, ordered by writer; the work's id is NULL for a writer without works. */
static unsigned query_embed(struct service *s, int64_t offset)
{
    struct body *b = &s->body;
    int64_t last = 0;
    bool is_open = false;
    int code;

    b->size = 0;
    put_literal(b, "[");
    sqlite3_bind_int64(s->embed, 1, offset);
    for (code = sqlite3_step(s->embed); code == SQLITE_ROW && b->size < BODY_MAX - 16 * STRING_MAX;
         code = sqlite3_step(s->embed)) {
        bool is_next = !is_open || sqlite3_column_int64(s->embed, 0) != last;

        if (is_next && is_open) {
            put_literal(b, "]},");
        }
        if (is_next) {
            last = sqlite3_column_int64(s->embed, 0);
            begin_writer(b, s->embed);
            is_open = true;
        } else {
            put_literal(b, ",");
        }
        if (sqlite3_column_type(s->embed, 3) != SQLITE_NULL) {
            put_work(b, s->embed);
        }
    }
    if (is_open) {
        put_literal(b, "]}");
    }
    put_literal(b, "]");
    sqlite3_reset(s->embed);
    return code == SQLITE_DONE ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

/* The headers that Gantry sends. */
static struct MHD_Response *make_response(struct service *s)
{
    char request_id[17];
    struct MHD_Response *response =
        MHD_create_response_from_buffer(s->body.size, s->body.bytes, MHD_RESPMEM_MUST_COPY);

    if (response == NULL) {
        return NULL;
    }
    for (int i = 0; i < 16; i++) {
        request_id[i] = "0123456789abcdef"[s->requests >> (60 - 4 * i) & 15];
    }
    request_id[16] = '\0';
    s->requests++;
    (void)MHD_add_response_header(response, "Content-Type", "application/json");
    (void)MHD_add_response_header(response, "X-Request-Id", request_id);
    return response;
}

static unsigned route(struct service *s, struct MHD_Connection *connection, const char *path)
{
    const char *offset;
    char *end;
    int64_t value;

    if (strncmp(path, "/point/", 7) == 0) {
        value = strtoll(path + 7, &end, 10);
        return *end == '\0' && end > path + 7 ? query_point(s, value) : MHD_HTTP_BAD_REQUEST;
    }
    if (strcmp(path, "/list") != 0 && strcmp(path, "/embed") != 0) {
        return MHD_HTTP_NOT_FOUND;
    }
    offset = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "offset");
    if (offset == NULL) {
        return MHD_HTTP_BAD_REQUEST;
    }
    value = strtoll(offset, &end, 10);
    if (*end != '\0' || end == offset) {
        return MHD_HTTP_BAD_REQUEST;
    }
    return path[1] == 'l' ? query_list(s, value) : query_embed(s, value);
}

static enum MHD_Result on_request(void *closure, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **request)
{
    struct service *s = closure;
    struct MHD_Response *response;
    enum MHD_Result result;
    unsigned status;

    (void)method;
    (void)version;
    (void)upload;
    (void)upload_size;
    if (*request == NULL) { /* the head; the answer is due at the next call */
        *request = s;
        return MHD_YES;
    }
    if (s->constant_point != NULL) {
        return MHD_queue_response(connection, MHD_HTTP_OK,
                                  path[1] == 'p'   ? s->constant_point
                                  : path[1] == 'l' ? s->constant_list
                                                   : s->constant_embed);
    }
    status = route(s, connection, path);
    if (status != MHD_HTTP_OK) {
        s->body.size = 0;
    }
    response = make_response(s);
    if (response == NULL) {
        return MHD_NO;
    }
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static void open_database(struct service *s, const char *path)
{
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(s->db, COLUMNS "WHERE id = ?", -1, SQLITE_PREPARE_PERSISTENT, &s->point,
                           NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(s->db, COLUMNS "WHERE id > ? ORDER BY id LIMIT 100", -1,
                           SQLITE_PREPARE_PERSISTENT, &s->list, NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(s->db, EMBED, -1, SQLITE_PREPARE_PERSISTENT, &s->embed, NULL) !=
            SQLITE_OK) {
        die(path, sqlite3_errmsg(s->db));
    }
}

static void make_constants(struct service *s)
{
    if (query_point(s, CONSTANT_ID) != MHD_HTTP_OK) {
        die("constant", "there is no book 10000");
    }
    s->constant_point = make_response(s);
    if (query_list(s, CONSTANT_ID) != MHD_HTTP_OK) {
        die("constant", "there are no books after 10000");
    }
    s->constant_list = make_response(s);
    if (query_embed(s, CONSTANT_WRITER) != MHD_HTTP_OK) {
        die("constant", "there are no writers after 1000");
    }
    s->constant_embed = make_response(s);
    if (s->constant_point == NULL || s->constant_list == NULL || s->constant_embed == NULL) {
        die("constant", "out of memory");
    }
}

int main(int argc, char **argv)
{
    static struct service service;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon;
    sigset_t stop;
    int which;

    if (argc != 4 || (strcmp(argv[1], "query") != 0 && strcmp(argv[1], "constant") != 0)) {
        die("usage", "inline query|constant DATABASE PORT");
    }
    open_database(&service, argv[2]);
    if (strcmp(argv[1], "constant") == 0) {
        make_constants(&service);
    }
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    at.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
    daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, 0, NULL, NULL,
                              on_request, &service, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
                              MHD_OPTION_CONNECTION_LIMIT, 1000U, MHD_OPTION_END);
    if (daemon == NULL) {
        die(argv[3], "cannot listen there");
    }
    (void)sigwait(&stop, &which);
    MHD_stop_daemon(daemon);
    return EXIT_SUCCESS;
}
