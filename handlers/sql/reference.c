#include "handlers/sql/reference.h"

#include <stdint.h>
#include <string.h>

#include "storage/sql_token.h"

#define WORD "step"
#define DOT  '$' /* what stands for it */

/* Is this what follows directly behind that? */
static bool touches(struct sql_token first, struct sql_token second)
{
    return second.text.at == first.text.at + first.text.size;
}

/* "step12" -> 12. Return: is it that? A number too large to be a step's is 0. */
static bool read_step(struct str text, size_t *ret)
{
    const struct str word = STR(WORD);
    struct str digits = {text.at + word.size, text.size - word.size};
    uint64_t number;

    if (text.size <= word.size || memcmp(text.at, word.at, word.size) != 0) {
        return false;
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9') {
            return false;
        }
    }
    *ret = str_to_u64(digits, &number) && number <= UINT32_MAX ? (size_t)number : 0;
    return true;
}

/* rest stands behind a colon. Return: the dot of a reference, or NULL. */
static const char *find_dot(struct sql_token colon, struct str rest)
{
    struct sql_token step = sql_token_next(&rest);
    struct sql_token dot = sql_token_next(&rest);
    struct sql_token column = sql_token_next(&rest);
    size_t number;
    bool is_reference = step.kind == SQL_WORD && touches(colon, step) &&
                        read_step(step.text, &number) && sql_token_is_sign(dot, '.') &&
                        touches(step, dot) && column.kind == SQL_WORD && touches(dot, column);

    return is_reference ? dot.text.at : NULL;
}

void reference_rewrite(char *sql)
{
    struct str rest = str_of(sql);

    for (;;) {
        struct sql_token token = sql_token_next(&rest);
        const char *dot;

        if (token.kind == SQL_END) {
            return;
        }
        dot = sql_token_is_sign(token, ':') ? find_dot(token, rest) : NULL;
        if (dot != NULL) {
            sql[dot - sql] = DOT;
        }
    }
}

bool reference_read(const char *name, size_t *ret_step, const char **ret_column)
{
    const char *dot = strchr(name, DOT);

    if (dot == NULL || !read_step((struct str){name, (size_t)(dot - name)}, ret_step)) {
        return false;
    }
    *ret_column = dot + 1;
    return true;
}
