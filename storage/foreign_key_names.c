/*
 * A walk over the tokens of a table's definition, one level of parentheses deep. REFERENCES, FOREIGN
 * and CONSTRAINT are reserved words, so where they stand without quotes they are meant. The name
 * behind CONSTRAINT belongs to the constraint that follows it at once: in
 * `a CONSTRAINT x NOT NULL REFERENCES t` the key has none.
 */
#include "storage/foreign_key_names.h"

#include "storage/sql_token.h"

struct walk {
    struct str sql; /* what is left */
    struct arena *arena;
    struct foreign_key_name **end; /* where the next one goes */
    struct sql_token column;       /* whose definition this is */
    struct sql_token name;         /* behind a CONSTRAINT just now; else SQL_END */
};

static enum status add_key(struct walk *w, size_t columns_count, struct foreign_key_name **ret)
{
    struct foreign_key_name *key = arena_alloc(w->arena, sizeof(*key));

    if (key == NULL) {
        return STATUS_NOMEM;
    }
    *key = (struct foreign_key_name){.columns_count = columns_count};
    key->columns = arena_alloc(w->arena, columns_count * sizeof(*key->columns));
    if (key->columns == NULL) {
        return STATUS_NOMEM;
    }
    if (w->name.kind != SQL_END) {
        key->name = sql_token_name(w->name, w->arena);
        if (key->name == NULL) {
            return STATUS_NOMEM;
        }
    }
    *w->end = key;
    w->end = &key->next;
    *ret = key;
    return STATUS_OK;
}

/* `a REFERENCES ...`: the word has been read. */
static enum status read_inline(struct walk *w)
{
    struct foreign_key_name *key;

    if (add_key(w, 1, &key) != STATUS_OK) {
        return STATUS_NOMEM;
    }
    key->columns[0] = sql_token_name(w->column, w->arena);
    return key->columns[0] == NULL ? STATUS_NOMEM : STATUS_OK;
}

/* How many names the list has that sql stands in. */
static size_t count_names(struct str sql)
{
    size_t n = 1;

    for (;;) {
        struct sql_token token = sql_token_next(&sql);

        if (token.kind == SQL_END || sql_token_is_sign(token, ')')) {
            return n;
        }
        n += sql_token_is_sign(token, ',');
    }
}

/* `FOREIGN KEY (a, b) REFERENCES`: the first word has been read. */
static enum status read_foreign(struct walk *w)
{
    struct foreign_key_name *key;
    bool is_start = true;
    size_t count = 0;

    (void)sql_token_next(&w->sql); /* KEY */
    (void)sql_token_next(&w->sql); /* ( */
    if (add_key(w, count_names(w->sql), &key) != STATUS_OK) {
        return STATUS_NOMEM;
    }
    for (;;) {
        struct sql_token token = sql_token_next(&w->sql);

        if (token.kind == SQL_END || sql_token_is_sign(token, ')')) {
            break;
        }
        if (is_start && count < key->columns_count) { /* behind it SQLite allows COLLATE, ASC */
            key->columns[count] = sql_token_name(token, w->arena);
            if (key->columns[count++] == NULL) {
                return STATUS_NOMEM;
            }
        }
        is_start = sql_token_is_sign(token, ',');
    }
    key->columns_count = count;
    (void)sql_token_next(&w->sql); /* REFERENCES */
    return STATUS_OK;
}

/* One token of the definition; is_start: the first behind the parenthesis or a comma. */
static enum status read_token(struct walk *w, struct sql_token token, bool is_start)
{
    enum status status = STATUS_OK;

    if (sql_token_is_word(token, "CONSTRAINT")) {
        w->name = sql_token_next(&w->sql);
        return STATUS_OK;
    }
    if (sql_token_is_sign(token, '(')) {
        sql_token_skip_group(&w->sql);
    } else if (sql_token_is_word(token, "FOREIGN")) {
        status = read_foreign(w);
    } else if (sql_token_is_word(token, "REFERENCES")) {
        status = read_inline(w);
    } else if (is_start) {
        w->column = token;
    }
    w->name.kind = SQL_END;
    return status;
}

enum status foreign_key_names_read(struct str sql, struct arena *arena,
                                   struct foreign_key_name **ret)
{
    struct foreign_key_name *first = NULL;
    struct walk w = {.sql = sql, .arena = arena, .end = &first};
    bool is_start = true;
    struct sql_token token;

    do { /* CREATE TABLE name ( */
        token = sql_token_next(&w.sql);
    } while (token.kind != SQL_END && !sql_token_is_sign(token, '('));
    for (;;) {
        token = sql_token_next(&w.sql);
        if (token.kind == SQL_END || sql_token_is_sign(token, ')')) {
            *ret = first;
            return STATUS_OK;
        }
        if (read_token(&w, token, is_start) != STATUS_OK) {
            return STATUS_NOMEM;
        }
        is_start = sql_token_is_sign(token, ',');
    }
}
