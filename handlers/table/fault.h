/*
 * What is wrong with a request to the table API, in the words that PostgREST's clients understand:
 * a code that programs test, a message, and more about it. Texts lie in the request's arena or are
 * static.
 */
#ifndef GANTRY_HANDLERS_TABLE_FAULT_H
#define GANTRY_HANDLERS_TABLE_FAULT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/error.h"

struct fault {
    unsigned http_status; /* 0: nothing is wrong */
    const char *code;     /* "PGRST100", or an SQLSTATE: "22P02" */
    const char *message;
    const char *details; /* NULL: none */
    const char *hint;    /* NULL: none */
    bool is_json;        /* details is JSON (PGRST201), not a text */
};

/*
 * Fill fault with a message; details and hint are cleared. Control characters in what is formatted
 * are left as they are: who writes the answer escapes.
 * Return: false always, so that `return fault_set(...)` reads well in a predicate. Without memory
 * the fault becomes 503 "53200" "out of memory".
 */
bool fault_set(struct fault *fault, struct arena *arena, unsigned http_status, const char *code,
               const char *format, ...) PRINTF_LIKE(5, 6);

/* Add details, or a hint. Without memory: not added. */
void fault_details(struct fault *fault, struct arena *arena, const char *format, ...)
    PRINTF_LIKE(3, 4);
void fault_hint(struct fault *fault, struct arena *arena, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The arena of its texts is about to end: let them lie in that one. Without memory it becomes that. */
void fault_keep(struct fault *fault, struct arena *arena);

/* 503 "53200": always false. */
bool fault_no_memory(struct fault *fault);

#endif
