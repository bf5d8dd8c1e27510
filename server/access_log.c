#include "server/access_log.h"

#include <string.h>

#include "base/log.h"

#define FIELDS_MAX 14
#define US(ns)     ((ns) / 1000)

/*
 * Escaped, a text is cut where it would be longer than this; together with everything else that
 * leaves it below the log's 4000 bytes, however the client fills it.
 */
#define METHOD_COST ((size_t)120)
#define TARGET_COST ((size_t)2400)
#define ROUTE_COST  ((size_t)600)

struct line {
    struct log_field fields[FIELDS_MAX];
    size_t count;
};

static void add_text(struct line *line, const char *name, const char *text)
{
    line->fields[line->count++] = LOG_STR(name, text);
}

static void add_number(struct line *line, const char *name, int64_t number)
{
    line->fields[line->count++] = LOG_INT(name, number);
}

/* At most: a control character becomes six bytes, one that is not UTF-8 three. */
static size_t cost_of(char c)
{
    return c == '"' || c == '\\' ? 2 : c >= 0x20 && c <= 0x7E ? 1 : 6;
}

/* Copy text, which has no NUL, up to what costs max; to has room for max + 1. Return: was it all? */
static bool copy(char *to, struct str text, size_t max)
{
    size_t cost = 0;
    size_t n = 0;

    while (n < text.size && text.at[n] != '\0' && (cost += cost_of(text.at[n])) <= max) {
        to[n] = text.at[n];
        n++;
    }
    to[n] = '\0';
    return n == text.size;
}

static void add_work(struct line *line, const struct access *access)
{
    if (access->pool != NULL) {
        add_text(line, "pool", access->pool);
    }
    if (access->begun_ns != 0) {
        add_number(line, "queue_us", US(access->begun_ns - access->queued_ns));
        add_number(line, "run_us", US(access->ended_ns - access->begun_ns));
    }
}

void access_log(const struct access *access)
{
    char method[METHOD_COST + 1];
    char target[TARGET_COST + 1];
    char route[ROUTE_COST + 1];
    struct line line = {.count = 0};
    bool is_whole = copy(target, access->target, TARGET_COST);

    (void)copy(method, access->method, METHOD_COST); /* cut is fine */
    (void)copy(route, str_of(access->route == NULL ? "" : access->route), ROUTE_COST); /* as well */
    add_text(&line, "method", method);
    add_text(&line, "target", target);
    if (!is_whole) {
        add_number(&line, "target_bytes", (int64_t)access->target.size);
    }
    add_text(&line, "route", route);
    add_number(&line, "status", access->status);
    add_number(&line, "bytes", (int64_t)access->bytes);
    add_number(&line, "duration_us", US(access->duration_ns));
    add_work(&line, access);
    add_text(&line, "client", access->client);
    add_text(&line, "request_id", access->request_id);
    if (access->outcome != NULL) {
        add_text(&line, "outcome", access->outcome);
    }
    log_bulk("request", line.fields, line.count);
}
