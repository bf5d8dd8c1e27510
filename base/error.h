/*
 * What went wrong, in words: a status, a sentence, and where it helps the sentence that names
 * the fix. Written once, where the cause is known. Text beyond the bounds is cut.
 */
#ifndef GANTRY_BASE_ERROR_H
#define GANTRY_BASE_ERROR_H

#include "base/attributes.h"
#include "base/status.h"

struct error {
    enum status status;
    char text[400];
    char hint[200]; /* "" when there is nothing to advise */
    char code[8]; /* an SQLSTATE, where one is known that says more than status: "23505"; else "" */
};

/*
 * Fill err (which may be NULL: nobody is interested) and clear its hint and code.
 * Return: status, so that `return error_set(err, STATUS_X, ...)` reads well.
 */
enum status error_set(struct error *err, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Add the sentence that names the fix. err may be NULL. */
void error_hint(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Add the SQLSTATE. err may be NULL. */
void error_code(struct error *err, const char *code);

#endif
