#include "bench/mix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_out.h"
#include "base/mem.h"

#define WEIGHT_MAX 1000000

static struct str take_word(struct str *rest)
{
    struct str word = {rest->at, 0};

    while (word.size < rest->size && rest->at[word.size] != ' ') {
        word.size++;
    }
    *rest = str_trim((struct str){rest->at + word.size, rest->size - word.size});
    return word;
}

static bool has_id(struct str s)
{
    return s.size > 0 && memmem(s.at, s.size, "{id}", 4) != NULL;
}

/* Return: false if the line is not as mix.h says. */
static bool read_line(struct mix_item *item, struct str rest)
{
    const char *arrow = memmem(rest.at, rest.size, " => ", 4);
    struct str word;

    if (arrow != NULL) {
        item->expected =
            str_trim((struct str){arrow + 4, rest.size - (size_t)(arrow - rest.at) - 4});
        rest.size = (size_t)(arrow - rest.at);
    }
    rest = str_trim(rest);
    item->weight = 1;
    item->method = STR("GET");
    word = take_word(&rest);
    if (str_to_u64(word, &item->weight)) {
        word = take_word(&rest);
    }
    if (word.size > 0 && word.at[0] != '/') {
        item->method = word;
        word = take_word(&rest);
    }
    item->path = word;
    item->body = rest;
    return item->path.size > 0 && item->path.at[0] == '/' && item->weight <= WEIGHT_MAX;
}

enum status mix_add(struct mix *m, const char *line, struct error *err)
{
    struct str text = str_trim(str_of(line));
    struct mix_item item = {0};
    struct mix_item *items;

    if (text.size == 0 || text.at[0] == '#') {
        return STATUS_OK;
    }
    item.line = mem_strdup(line);
    if (item.line == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    if (!read_line(&item, str_trim(str_of(item.line)))) {
        mem_free(item.line);
        return error_set(err, STATUS_INVALID,
                         "not \"[WEIGHT] [METHOD] PATH [BODY] [=> EXPECTED]\": %s", line);
    }
    items = mem_realloc(m->items, (m->count + 1) * sizeof(*items));
    if (items == NULL) {
        mem_free(item.line);
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    items[m->count++] = item;
    m->items = items;
    m->weights += item.weight;
    return STATUS_OK;
}

enum status mix_add_file(struct mix *m, const char *path, struct error *err)
{
    enum status status = STATUS_OK;
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return error_set(err, STATUS_NO_SUCH_FILE, "%s: %s", path, strerror(errno));
    }
    while (status == STATUS_OK && getline(&line, &capacity, file) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        status = mix_add(m, line, err);
    }
    free(line); /* getline's, not ours */
    if (status == STATUS_OK && ferror(file) != 0) {
        status = error_set(err, STATUS_IO, "%s cannot be read", path);
    }
    (void)fclose(file); /* it was only read */
    return status;
}

void mix_fini(struct mix *m)
{
    for (size_t i = 0; i < m->count; i++) {
        mem_free(m->items[i].line);
    }
    mem_free(m->items);
    *m = (struct mix){0};
}

void mix_expect(struct mix *m, const char *expected)
{
    for (size_t i = 0; i < m->count; i++) {
        struct mix_item *item = &m->items[i];
        if (item->expected.size == 0 && (has_id(item->path) || has_id(item->body))) {
            item->expected = str_of(expected);
        }
    }
}

const struct mix_item *mix_pick(const struct mix *m, uint64_t number)
{
    size_t i = 0;

    while (i + 1 < m->count && number >= m->items[i].weight) {
        number -= m->items[i].weight;
        i++;
    }
    return &m->items[i];
}

static void put_template(struct buf *b, struct str text, uint64_t id)
{
    while (text.size > 0) {
        const char *mark = memmem(text.at, text.size, "{id}", 4);
        size_t size = mark == NULL ? text.size : (size_t)(mark - text.at);

        buf_append(b, text.at, size);
        if (mark != NULL) {
            json_put_u64(b, id);
            size += 4;
        }
        text.at += size;
        text.size -= size;
    }
}

void mix_put(const struct mix_item *item, uint64_t id, uint64_t wait_ms, const char *host,
             struct buf *scratch, struct buf *to)
{
    buf_append_str(to, item->method);
    buf_append_char(to, ' ');
    put_template(to, item->path, id);
    buf_append_literal(to, " HTTP/1.1\r\nHost: ");
    buf_append_str(to, str_of(host));
    buf_append_literal(to, "\r\n");
    if (wait_ms > 0) {
        buf_printf(to, "Prefer: wait=%llu.%03llu\r\n", (unsigned long long)(wait_ms / 1000),
                   (unsigned long long)(wait_ms % 1000));
    }
    if (item->body.size > 0) {
        buf_clear(scratch);
        put_template(scratch, item->body, id);
        buf_append_literal(to, "Content-Type: application/json\r\nContent-Length: ");
        json_put_u64(to, scratch->size);
        buf_append_literal(to, "\r\n\r\n");
        buf_append_str(to, buf_str(scratch));
    } else {
        buf_append_literal(to, "\r\n");
    }
}

bool mix_is_expected(const struct mix_item *item, uint64_t id, struct str body, struct buf *scratch)
{
    if (item->expected.size == 0) {
        return true;
    }
    buf_clear(scratch);
    put_template(scratch, item->expected, id);
    return body.size > 0 && memmem(body.at, body.size, scratch->at, scratch->size) != NULL;
}
