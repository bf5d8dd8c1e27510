/*
 * A scanner of tokens, used twice: by the check, which is a state machine over them with a bit per
 * level (array or object?) in place of recursion, and by the copy, which trusts the check.
 */
#include "base/json_check.h"

#include "base/utf8.h"

enum token {
    TOKEN_END,
    TOKEN_BAD,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_TRUE_FALSE,
    TOKEN_NULL,
    TOKEN_OPEN_ARRAY = '[',
    TOKEN_CLOSE_ARRAY = ']',
    TOKEN_OPEN_OBJECT = '{',
    TOKEN_CLOSE_OBJECT = '}',
    TOKEN_COMMA = ',',
    TOKEN_COLON = ':',
};

struct scanner {
    const char *at;
    const char *end;
    struct str token; /* the bytes of the last one */
    bool has_newlines;
};

/* One bit per level: is it an object? */
struct levels {
    size_t depth;
    unsigned char bits[(JSON_DEPTH_MAX + 7) / 8 + 1];
};

static bool levels_push(struct levels *l, bool bit)
{
    unsigned char mask;

    if (l->depth == JSON_DEPTH_MAX) {
        return false;
    }
    mask = (unsigned char)(1u << (l->depth % 8));
    l->bits[l->depth / 8] =
        (unsigned char)(bit ? l->bits[l->depth / 8] | mask : l->bits[l->depth / 8] & ~mask);
    l->depth++;
    return true;
}

static bool levels_top(const struct levels *l)
{
    size_t at = l->depth - 1;

    return l->depth > 0 && ((unsigned)l->bits[at / 8] >> (at % 8) & 1u) != 0;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Behind a backslash. Return: the bytes it takes, 0: no escape of JSON. */
static size_t escape_size(const char *at, const char *end)
{
    if (at == end) {
        return 0;
    }
    switch (*at) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return 1;
    case 'u':
        break;
    default:
        return 0;
    }
    if (end - at < 5) {
        return 0;
    }
    for (int i = 1; i < 5; i++) {
        if (!is_hex(at[i])) {
            return 0;
        }
    }
    return 5;
}

/* From behind the opening quote. */
static enum token scan_string(struct scanner *s)
{
    while (s->at < s->end) {
        unsigned char c = (unsigned char)*s->at;
        size_t size = 1;

        if (c == '"') {
            s->at++;
            return TOKEN_STRING;
        }
        if (c < 0x20) {
            return TOKEN_BAD;
        }
        if (c == '\\') {
            size = escape_size(s->at + 1, s->end);
            if (size == 0) {
                return TOKEN_BAD;
            }
            size++;
        } else if (c >= 0x80 && !utf8_next((struct str){s->at, (size_t)(s->end - s->at)}, &size)) {
            return TOKEN_BAD;
        }
        s->at += size;
    }
    return TOKEN_BAD;
}

static bool is_digit(const struct scanner *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

/* One digit or more. */
static bool skip_digits(struct scanner *s)
{
    const char *from = s->at;

    while (is_digit(s)) {
        s->at++;
    }
    return s->at > from;
}

static bool skip_char(struct scanner *s, char c)
{
    if (s->at < s->end && *s->at == c) {
        s->at++;
        return true;
    }
    return false;
}

static enum token scan_number(struct scanner *s)
{
    (void)skip_char(s, '-'); /* may be missing */
    if (!skip_char(s, '0') && !skip_digits(s)) {
        return TOKEN_BAD;
    }
    if (is_digit(s)) { /* behind a leading zero */
        return TOKEN_BAD;
    }
    if (skip_char(s, '.') && !skip_digits(s)) {
        return TOKEN_BAD;
    }
    if (skip_char(s, 'e') || skip_char(s, 'E')) {
        if (!skip_char(s, '+')) {
            (void)skip_char(s, '-'); /* may be missing */
        }
        if (!skip_digits(s)) {
            return TOKEN_BAD;
        }
    }
    return TOKEN_NUMBER;
}

static enum token scan_word(struct scanner *s, struct str word, enum token token)
{
    if ((size_t)(s->end - s->at) < word.size || memcmp(s->at, word.at, word.size) != 0) {
        return TOKEN_BAD;
    }
    s->at += word.size;
    return token;
}

static void skip_space(struct scanner *s)
{
    while (s->at < s->end) {
        if (*s->at == '\n' || *s->at == '\r') {
            s->has_newlines = true;
        } else if (*s->at != ' ' && *s->at != '\t') {
            return;
        }
        s->at++;
    }
}

static enum token scan_token(struct scanner *s)
{
    switch (*s->at) {
    case '[':
    case ']':
    case '{':
    case '}':
    case ',':
    case ':':
        return (enum token)(unsigned char)*s->at++;
    case '"':
        s->at++;
        return scan_string(s);
    case 't':
        return scan_word(s, STR("true"), TOKEN_TRUE_FALSE);
    case 'f':
        return scan_word(s, STR("false"), TOKEN_TRUE_FALSE);
    case 'n':
        return scan_word(s, STR("null"), TOKEN_NULL);
    default:
        return scan_number(s);
    }
}

static enum token scan(struct scanner *s)
{
    enum token token;
    const char *from;

    skip_space(s);
    if (s->at == s->end) {
        return TOKEN_END;
    }
    from = s->at;
    token = scan_token(s);
    s->token = (struct str){from, (size_t)(s->at - from)};
    return token;
}

/* What may come next. */
enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_CLOSE, /* behind [ */
    EXPECT_NAME,           /* behind , in an object */
    EXPECT_NAME_OR_CLOSE,  /* behind { */
    EXPECT_COLON,
    EXPECT_COMMA_OR_CLOSE,
    EXPECT_END, /* behind the whole value */
    EXPECT_NOTHING,
};

static enum expect behind_value(const struct levels *l)
{
    return l->depth == 0 ? EXPECT_END : EXPECT_COMMA_OR_CLOSE;
}

static enum expect close_level(struct levels *l, bool is_object, enum expect expect)
{
    bool is_allowed = expect == EXPECT_COMMA_OR_CLOSE ||
                      expect == (is_object ? EXPECT_NAME_OR_CLOSE : EXPECT_VALUE_OR_CLOSE);

    if (!is_allowed || l->depth == 0 || levels_top(l) != is_object) {
        return EXPECT_NOTHING;
    }
    l->depth--;
    return behind_value(l);
}

/* Return: what may follow token where expect was expected; NOTHING: it may not stand there. */
static enum expect step(struct levels *l, enum expect expect, enum token token)
{
    bool takes_value = expect == EXPECT_VALUE || expect == EXPECT_VALUE_OR_CLOSE;

    switch (token) {
    case TOKEN_STRING:
        if (expect == EXPECT_NAME || expect == EXPECT_NAME_OR_CLOSE) {
            return EXPECT_COLON;
        }
        return takes_value ? behind_value(l) : EXPECT_NOTHING;
    case TOKEN_NUMBER:
    case TOKEN_TRUE_FALSE:
    case TOKEN_NULL:
        return takes_value ? behind_value(l) : EXPECT_NOTHING;
    case TOKEN_OPEN_ARRAY:
        return takes_value && levels_push(l, false) ? EXPECT_VALUE_OR_CLOSE : EXPECT_NOTHING;
    case TOKEN_OPEN_OBJECT:
        return takes_value && levels_push(l, true) ? EXPECT_NAME_OR_CLOSE : EXPECT_NOTHING;
    case TOKEN_CLOSE_ARRAY:
        return close_level(l, false, expect);
    case TOKEN_CLOSE_OBJECT:
        return close_level(l, true, expect);
    case TOKEN_COMMA:
        if (expect != EXPECT_COMMA_OR_CLOSE) {
            return EXPECT_NOTHING;
        }
        return levels_top(l) ? EXPECT_NAME : EXPECT_VALUE;
    case TOKEN_COLON:
        return expect == EXPECT_COLON ? EXPECT_VALUE : EXPECT_NOTHING;
    case TOKEN_END:
    case TOKEN_BAD:
        break;
    }
    return EXPECT_NOTHING;
}

bool json_check(struct str text, struct json_facts *ret)
{
    struct scanner s = {.at = text.at, .end = text.at + text.size};
    struct levels levels;
    enum expect expect = EXPECT_VALUE;
    bool has_nulls = false;
    bool is_null = false;

    if (text.size == 0) {
        return false;
    }
    levels.depth = 0;
    levels.bits[0] = 0;
    for (;;) {
        enum token token = scan(&s);

        if (token == TOKEN_END) {
            break;
        }
        expect = step(&levels, expect, token);
        if (expect == EXPECT_NOTHING) {
            return false;
        }
        if (token == TOKEN_NULL) {
            has_nulls = true;
            is_null = levels.depth == 0;
        }
    }
    if (expect != EXPECT_END) {
        return false;
    }
    if (ret != NULL) {
        *ret = (struct json_facts){
            .has_newlines = s.has_newlines, .has_nulls = has_nulls, .is_null = is_null};
    }
    return true;
}

/* A name of an object: with its colon, unless the value is null and not wanted. */
static void put_name(struct buf *b, struct scanner *s, bool has_before, bool strips_nulls,
                     bool *ret_is_put)
{
    struct str name = s->token;

    (void)scan(s); /* the colon */
    if (strips_nulls) {
        struct scanner ahead = *s;

        if (scan(&ahead) == TOKEN_NULL) {
            *s = ahead;
            return;
        }
    }
    if (has_before) {
        buf_append_char(b, ',');
    }
    buf_append_str(b, name);
    buf_append_char(b, ':');
    *ret_is_put = true;
}

void json_put_minified(struct buf *b, struct str text, bool strips_nulls)
{
    struct scanner s = {.at = text.at, .end = text.at + text.size};
    struct levels levels;
    bool has_before = false; /* something stands before this place on its level */
    bool is_value = true;    /* a value comes here, in an object: behind its name */
    enum token token = text.size == 0 ? TOKEN_END : scan(&s);

    levels.depth = 0;
    levels.bits[0] = 0;
    for (; token != TOKEN_END && buf_status(b) == STATUS_OK; token = scan(&s)) {
        bool is_in_object = levels_top(&levels);

        if (token == TOKEN_COMMA) {
            continue; /* written with what it stands before */
        }
        if (token == TOKEN_CLOSE_ARRAY || token == TOKEN_CLOSE_OBJECT) {
            buf_append_str(b, s.token);
            levels.depth--;
            has_before = true;
            is_value = !levels_top(&levels);
            continue;
        }
        if (is_in_object && !is_value) {
            put_name(b, &s, has_before, strips_nulls, &is_value);
            continue;
        }
        if (!is_in_object && has_before) {
            buf_append_char(b, ',');
        }
        buf_append_str(b, s.token);
        if (token == TOKEN_OPEN_ARRAY || token == TOKEN_OPEN_OBJECT) {
            (void)levels_push(&levels, token == TOKEN_OPEN_OBJECT); /* json_check has counted */
            has_before = false;
            is_value = token == TOKEN_OPEN_ARRAY;
        } else {
            has_before = true;
            is_value = !is_in_object;
        }
    }
}
