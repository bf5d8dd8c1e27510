/*
 * Complaints in words: PGRST100, the text that does not parse, the place, and what was expected.
 *
 *     message  "failed to parse order (id.ascending)" (line 1, column 7)      (quotes included)
 *     details  unexpected "e" expecting delimiter (.), "," or end of input
 */
#include <string.h>

#include "base/nearest.h"
#include "base/utf8.h"
#include "handlers/table/parse.h"
#include "handlers/table/parse_internal.h"

#define TEXT_MAX     200 /* characters of a text in a message */
#define OPERATOR_MAX 63  /* bytes of a word that may have been meant for an operator */

static const char *const operators[] = {
#define OPERATOR_NAME(name, text) text,
    TREE_OPERATOR_LIST(OPERATOR_NAME)
#undef OPERATOR_NAME
};

static bool is_first_byte(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

/* Characters of the first bytes of text, counted from 1. */
static size_t column_of(struct str text, size_t at)
{
    size_t column = 1;

    for (size_t i = 0; i < at; i++) {
        column += is_first_byte(text.at[i]);
    }
    return column;
}

/* The first TEXT_MAX characters. */
static struct str cut(struct str text)
{
    size_t characters = 0;

    for (size_t i = 0; i < text.size; i++) {
        characters += is_first_byte(text.at[i]);
        if (characters > TEXT_MAX) {
            return (struct str){text.at, i};
        }
    }
    return text;
}

static void set_message(const struct complaint *c, struct arena *arena, struct fault *fault)
{
    struct str text = cut(c->text);

    (void)fault_set(fault, arena, 400, "PGRST100",
                    "\"failed to parse %s (%.*s%s)\" (line 1, column %zu)", c->what, (int)text.size,
                    text.at, text.size < c->text.size ? "..." : "",
                    column_of(c->text, c->at)); /* always false */
}

/* unexpected X expecting Y */
static void set_syntax(const struct complaint *c, struct arena *arena, struct fault *fault)
{
    struct str rest = {c->text.at + c->at, c->text.size - c->at};
    size_t size = 0;

    if (rest.size == 0) {
        fault_details(fault, arena, "unexpected end of input expecting %s", c->expecting);
        return;
    }
    (void)utf8_next(rest, &size); /* the text is valid */
    fault_details(fault, arena, "unexpected \"%s%.*s\" expecting %s", rest.at[0] == '"' ? "\\" : "",
                  (int)size, rest.at, c->expecting);
}

/* The operator that was meant, or how a filter looks. */
static void set_hint(const struct complaint *c, struct arena *arena, struct fault *fault)
{
    char word[OPERATOR_MAX + 1] = "";
    const char *nearest;

    if (c->word.at == NULL) {
        return;
    }
    if (c->word.size <= OPERATOR_MAX) {
        memcpy(word, c->word.at, c->word.size);
    }
    nearest = nearest_name(word, operators, ARRAY_LENGTH(operators));
    if (nearest != NULL) {
        fault_hint(fault, arena, "Perhaps you meant the operator \"%s\".", nearest);
    } else {
        fault->hint = "A filter is an operator, a dot and a value: id=eq.5.";
    }
}

bool parse_complain(const struct parse *parse, struct fault *fault)
{
    const struct complaint *c = &parse->complaint;
    struct arena *arena = parse->arena;

    if (c->kind == COMPLAINT_NO_MEMORY) {
        return fault_no_memory(fault);
    }
    if (c->kind == COMPLAINT_BYTES) {
        (void)fault_set(fault, arena, 400, "PGRST100",
                        "\"failed to parse query string\" (line 1, column %zu)",
                        c->at + 1); /* always false */
    } else {
        set_message(c, arena, fault);
    }
    if (fault->http_status != 400) {
        return false; /* there was no memory to say it */
    }
    switch (c->kind) {
    case COMPLAINT_TOO_DEEP:
        fault_details(fault, arena, "nested deeper than %d", PARSE_DEPTH_MAX);
        break;
    case COMPLAINT_TOO_MANY:
        fault_details(fault, arena, "more than %d names, values and conditions", PARSE_NODES_MAX);
        break;
    case COMPLAINT_TOO_MANY_LEVELS:
        fault_details(fault, arena, "more than %d embeds are named", PARSE_LEVELS_MAX);
        break;
    case COMPLAINT_BYTES:
        fault->details = "not UTF-8, or a NUL in it";
        break;
    default:
        set_syntax(c, arena, fault);
        set_hint(c, arena, fault);
        break;
    }
    return false;
}
