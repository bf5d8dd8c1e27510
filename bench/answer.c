#include "bench/answer.h"

#include <stdio.h>

#define HEAD_MAX      65536
#define NAME_MAX_SIZE 40

struct head {
    uint64_t length;
    bool has_length;
    bool is_coded;
    bool is_last;
};

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= ' ' || c >= 127 || memchr("\"(),/:;<=>?@[\\]{}", c, 17) != NULL) {
            return false;
        }
    }
    return s.size > 0;
}

static bool read_field(struct head *head, struct str line)
{
    const char *colon = memchr(line.at, ':', line.size);
    struct str name;
    struct str value;

    if (colon == NULL) {
        return false;
    }
    name = (struct str){line.at, (size_t)(colon - line.at)};
    value = str_trim((struct str){colon + 1, line.size - name.size - 1});
    if (!is_token(name)) {
        return false;
    }
    if (str_equal_nocase(name, STR("content-length"))) {
        bool is_first = !head->has_length;
        head->has_length = true;
        return is_first && str_to_u64(value, &head->length);
    }
    if (str_equal_nocase(name, STR("transfer-encoding"))) {
        head->is_coded = true;
    } else if (str_equal_nocase(name, STR("connection"))) {
        head->is_last = str_equal_nocase(value, STR("close"));
    }
    return true;
}

/* "HTTP/1.1 200 OK". Return: at is NULL if it is none. */
static struct str read_status(struct str line)
{
    static const char version[] = "HTTP/1.1 ";
    struct str status = {NULL, 0};

    if (line.size < sizeof(version) - 1 + 3 || memcmp(line.at, version, sizeof(version) - 1) != 0 ||
        (line.size > sizeof(version) - 1 + 3 && line.at[sizeof(version) - 1 + 3] != ' ')) {
        return status;
    }
    status = (struct str){line.at + sizeof(version) - 1, 3};
    for (size_t i = 0; i < 3; i++) {
        if (status.at[i] < (i == 0 ? '2' : '0') || status.at[i] > (i == 0 ? '5' : '9')) {
            return (struct str){NULL, 0}; /* nor does anybody here ask for a 1xx */
        }
    }
    return status;
}

/* The text up to CRLF, which is cut off *rest too. */
static struct str take_line(struct str *rest)
{
    const char *end = memmem(rest->at, rest->size, "\r\n", 2);
    struct str line = {rest->at, end == NULL ? rest->size : (size_t)(end - rest->at)};
    size_t taken = line.size + (end == NULL ? 0 : 2);

    rest->at += taken;
    rest->size -= taken;
    return line;
}

enum answer_state answer_parse(struct str bytes, bool is_head, struct answer *ret)
{
    struct head head = {0};
    const char *end = memmem(bytes.at, bytes.size, "\r\n\r\n", 4);
    struct str rest;
    struct str status;
    size_t head_size;

    if (end == NULL) {
        return bytes.size > HEAD_MAX ? ANSWER_MALFORMED : ANSWER_PARTIAL;
    }
    head_size = (size_t)(end - bytes.at) + 4;
    rest = (struct str){bytes.at, head_size - 4};
    status = read_status(take_line(&rest));
    if (status.at == NULL) {
        return ANSWER_MALFORMED;
    }
    while (rest.size > 0) {
        if (!read_field(&head, take_line(&rest))) {
            return ANSWER_MALFORMED;
        }
    }
    if (head.is_coded) {
        return ANSWER_CODED;
    }
    if (is_head || str_equal(status, STR("204")) || str_equal(status, STR("304"))) {
        head.length = 0;
    } else if (!head.has_length) {
        return ANSWER_MALFORMED;
    }
    if (bytes.size - head_size < head.length) {
        return ANSWER_PARTIAL;
    }
    *ret = (struct answer){.status = status,
                           .body = {bytes.at + head_size, (size_t)head.length},
                           .size = head_size + (size_t)head.length,
                           .is_last = head.is_last};
    return ANSWER_WHOLE;
}

struct str answer_member(struct str body, const char *name)
{
    char mark[NAME_MAX_SIZE];
    int size = snprintf(mark, sizeof(mark), "\"%s\":\"", name);
    const char *at;
    const char *end;

    if (body.size == 0) {
        return (struct str){NULL, 0};
    }
    at = memmem(body.at, body.size, mark, (size_t)size);
    if (at == NULL) {
        return (struct str){NULL, 0};
    }
    at += size;
    end = memchr(at, '"', body.size - (size_t)(at - body.at));
    return end == NULL ? (struct str){NULL, 0} : (struct str){at, (size_t)(end - at)};
}
