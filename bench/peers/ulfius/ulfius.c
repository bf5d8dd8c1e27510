/*
 * The routes of the comparison with Ulfius, which stands on libmicrohttpd and jansson too and gives
 * each connection a thread of its own.
 *
 *     ulfius DATABASE PORT
 *
 * A thread opens its SQLite connection and prepares its statements at its first request, and closes
 * them when it ends, with its client. So a query may block; it delays only its own client. Rows are
 * json_t, as Ulfius has it: ulfius_set_json_body_response() writes them.
 *
 * What writes has one connection, opened by the first insert, and a mutex: threads that wait for
 * that are quicker than connections that wait in SQLite for each other.
 *
 * What fails at the start ends the program; what fails later is a 500, which the driver notices.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>
#include <sqlite3.h>
#include <ulfius.h>

#define COLUMNS "SELECT id, title, author, year, price FROM books "

#define EMBED                                                                                      \
    "SELECT w.id, w.name, w.country, k.id, k.title, k.year "                                       \
    "FROM (SELECT id, name, country FROM writers WHERE id > ? ORDER BY id LIMIT 100) w "           \
    "LEFT JOIN works k ON k.writer_id = w.id ORDER BY w.id, k.id"

struct reader {
    sqlite3 *db;
    sqlite3_stmt *point;
    sqlite3_stmt *list;
    sqlite3_stmt *embed;
};

struct inserter {
    pthread_mutex_t mutex;
    sqlite3 *db; /* NULL: not open yet */
    sqlite3_stmt *insert;
};

static struct inserter inserter = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static const char *database;
static pthread_key_t readers; /* each thread's struct reader */

static void close_reader(void *closure)
{
    struct reader *r = closure;

    sqlite3_finalize(r->point);
    sqlite3_finalize(r->list);
    sqlite3_finalize(r->embed);
    sqlite3_close(r->db);
    free(r);
}

static struct reader *open_reader(void)
{
    struct reader *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        return NULL;
    }
    if (sqlite3_open_v2(database, &r->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v3(r->db, COLUMNS "WHERE id = ?", -1, SQLITE_PREPARE_PERSISTENT, &r->point,
                           NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(r->db, COLUMNS "WHERE id > ? ORDER BY id LIMIT 100", -1,
                           SQLITE_PREPARE_PERSISTENT, &r->list, NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(r->db, EMBED, -1, SQLITE_PREPARE_PERSISTENT, &r->embed, NULL) !=
            SQLITE_OK ||
        pthread_setspecific(readers, r) != 0) {
        close_reader(r);
        return NULL;
    }
    return r;
}

/* Return: this thread's, or NULL. */
static struct reader *get_reader(void)
{
    struct reader *r = pthread_getspecific(readers);

    return r != NULL ? r : open_reader();
}

/* The mutex is held. */
static int open_inserter(struct inserter *w)
{
    if (sqlite3_open_v2(database, &w->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_busy_timeout(w->db, 5000) == SQLITE_OK &&
        sqlite3_exec(w->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", NULL, NULL,
                     NULL) == SQLITE_OK &&
        sqlite3_prepare_v3(w->db, "INSERT INTO log(text) VALUES (?)", -1, SQLITE_PREPARE_PERSISTENT,
                           &w->insert, NULL) == SQLITE_OK) {
        return SQLITE_OK;
    }
    sqlite3_close(w->db);
    w->db = NULL;
    return SQLITE_CANTOPEN;
}

/* Return: what sqlite3_step() returned, or why it was not called. */
static int insert_text(struct inserter *w, const char *text, size_t size, sqlite3_int64 *ret_id)
{
    int code = SQLITE_OK;

    pthread_mutex_lock(&w->mutex);
    if (w->db == NULL) {
        code = open_inserter(w);
    }
    if (code == SQLITE_OK) {
        sqlite3_bind_text(w->insert, 1, text, (int)size, SQLITE_STATIC);
        code = sqlite3_step(w->insert);
        *ret_id = sqlite3_last_insert_rowid(w->db);
        sqlite3_reset(w->insert);
    }
    pthread_mutex_unlock(&w->mutex);
    return code;
}

static json_t *text_column(sqlite3_stmt *row, int column)
{
    return json_stringn((const char *)sqlite3_column_text(row, column),
                        (size_t)sqlite3_column_bytes(row, column));
}

static json_t *make_book(sqlite3_stmt *row)
{
    json_t *book = json_object();

    json_object_set_new_nocheck(book, "id", json_integer(sqlite3_column_int64(row, 0)));
    json_object_set_new_nocheck(book, "title", text_column(row, 1));
    json_object_set_new_nocheck(book, "author", text_column(row, 2));
    json_object_set_new_nocheck(book, "year", json_integer(sqlite3_column_int64(row, 3)));
    json_object_set_new_nocheck(book, "price", json_real(sqlite3_column_double(row, 4)));
    return book;
}

/* Takes body. */
static int answer(struct _u_response *response, unsigned status, json_t *body)
{
    int result = ulfius_set_json_body_response(response, status, body);

    json_decref(body);
    return result == U_OK ? U_CALLBACK_CONTINUE : U_CALLBACK_ERROR;
}

static int refuse(struct _u_response *response, unsigned status, const char *why)
{
    return ulfius_set_string_body_response(response, status, why) == U_OK ? U_CALLBACK_CONTINUE
                                                                          : U_CALLBACK_ERROR;
}

static int get_point(const struct _u_request *request, struct _u_response *response, void *unused)
{
    struct reader *r = get_reader();
    const char *id = u_map_get(request->map_url, "id");
    json_t *book = NULL;
    int code;

    (void)unused;
    if (r == NULL || id == NULL) {
        return U_CALLBACK_ERROR;
    }
    sqlite3_bind_int64(r->point, 1, strtoll(id, NULL, 10));
    code = sqlite3_step(r->point);
    if (code == SQLITE_ROW) {
        book = make_book(r->point);
    }
    sqlite3_reset(r->point);
    if (book != NULL) {
        return answer(response, 200, book);
    }
    return code == SQLITE_DONE ? refuse(response, 404, "no such book") : U_CALLBACK_ERROR;
}

static int get_list(const struct _u_request *request, struct _u_response *response, void *unused)
{
    struct reader *r = get_reader();
    const char *offset = u_map_get(request->map_url, "offset");
    json_t *books;
    int code;

    (void)unused;
    if (offset == NULL) {
        return refuse(response, 400, "offset is missing");
    }
    if (r == NULL) {
        return U_CALLBACK_ERROR;
    }
    books = json_array();
    sqlite3_bind_int64(r->list, 1, strtoll(offset, NULL, 10));
    for (code = sqlite3_step(r->list); code == SQLITE_ROW; code = sqlite3_step(r->list)) {
        json_array_append_new(books, make_book(r->list));
    }
    sqlite3_reset(r->list);
    if (code != SQLITE_DONE) {
        json_decref(books);
        return U_CALLBACK_ERROR;
    }
    return answer(response, 200, books);
}

static json_t *make_writer(sqlite3_stmt *row, json_t *works)
{
    json_t *writer = json_object();

    json_object_set_new_nocheck(writer, "id", json_integer(sqlite3_column_int64(row, 0)));
    json_object_set_new_nocheck(writer, "name", text_column(row, 1));
    json_object_set_new_nocheck(writer, "country", text_column(row, 2));
    json_object_set_new_nocheck(writer, "works", works);
    return writer;
}

static json_t *make_work(sqlite3_stmt *row)
{
    json_t *work = json_object();

    json_object_set_new_nocheck(work, "id", json_integer(sqlite3_column_int64(row, 3)));
    json_object_set_new_nocheck(work, "title", text_column(row, 4));
    json_object_set_new_nocheck(work, "year", json_integer(sqlite3_column_int64(row, 5)));
    return work;
}

/* One join, ordered by writer; the work's id is NULL for a writer without works. */
static int get_embed(const struct _u_request *request, struct _u_response *response, void *unused)
{
    struct reader *r = get_reader();
    const char *offset = u_map_get(request->map_url, "offset");
    json_t *writers;
    json_t *works = NULL; /* of the last writer */
    int64_t last = 0;
    int code;

    (void)unused;
    if (r == NULL || offset == NULL) {
        return U_CALLBACK_ERROR;
    }
    writers = json_array();
    sqlite3_bind_int64(r->embed, 1, strtoll(offset, NULL, 10));
    for (code = sqlite3_step(r->embed); code == SQLITE_ROW; code = sqlite3_step(r->embed)) {
        if (works == NULL || sqlite3_column_int64(r->embed, 0) != last) {
            last = sqlite3_column_int64(r->embed, 0);
            works = json_array();
            json_array_append_new(writers, make_writer(r->embed, works));
        }
        if (sqlite3_column_type(r->embed, 3) != SQLITE_NULL) {
            json_array_append_new(works, make_work(r->embed));
        }
    }
    sqlite3_reset(r->embed);
    if (code != SQLITE_DONE) {
        json_decref(writers);
        return U_CALLBACK_ERROR;
    }
    return answer(response, 200, writers);
}

static int post_log(const struct _u_request *request, struct _u_response *response, void *unused)
{
    json_t *body = ulfius_get_json_body_request(request, NULL);
    const json_t *text = json_object_get(body, "text");
    sqlite3_int64 id = 0;
    int code;

    (void)unused;
    if (!json_is_string(text)) {
        json_decref(body);
        return refuse(response, 400, "text is missing");
    }
    code = insert_text(&inserter, json_string_value(text), json_string_length(text), &id);
    json_decref(body);
    return code == SQLITE_DONE ? answer(response, 201, json_pack("{sI}", "id", (json_int_t)id))
                               : U_CALLBACK_ERROR;
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct _u_instance instance;
    sigset_t stop;
    int which;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: ulfius DATABASE PORT\n");
        return EXIT_FAILURE;
    }
    database = argv[1];
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    at.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    if (pthread_key_create(&readers, close_reader) != 0 ||
        ulfius_init_instance(&instance, ntohs(at.sin_port), &at, NULL) != U_OK ||
        ulfius_add_endpoint_by_val(&instance, "GET", "/point", "/:id", 0, get_point, NULL) !=
            U_OK ||
        ulfius_add_endpoint_by_val(&instance, "GET", "/list", NULL, 0, get_list, NULL) != U_OK ||
        ulfius_add_endpoint_by_val(&instance, "GET", "/embed", NULL, 0, get_embed, NULL) != U_OK ||
        ulfius_add_endpoint_by_val(&instance, "POST", "/log", NULL, 0, post_log, NULL) != U_OK ||
        ulfius_start_framework(&instance) != U_OK) {
        (void)fprintf(stderr, "ulfius: cannot listen on %s\n", argv[2]);
        return EXIT_FAILURE;
    }
    (void)sigwait(&stop, &which);
    ulfius_stop_framework(&instance);
    ulfius_clean_instance(&instance);
    sqlite3_finalize(inserter.insert);
    sqlite3_close(inserter.db);
    return EXIT_SUCCESS;
}
