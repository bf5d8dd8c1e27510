/*
 * Writing a nested JSON text, with its commas. Everything is appended to one buffer; whether all of
 * it fitted is asked at the end, of outline_end().
 *
 * A name with at == NULL (ITEM) stands for none: the thing is an item of an array, or the whole.
 * Private to handlers/openapi/.
 */
#ifndef GANTRY_HANDLERS_OPENAPI_OUTLINE_H
#define GANTRY_HANDLERS_OPENAPI_OUTLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define ITEM ((struct str){NULL, 0})

struct outline {
    struct buf *to;      /* Private, all of it */
    struct buf piece;    /* see outline_piece */
    bool has_before;     /* something stands before, in the object or array that is open */
    enum status failure; /* of a piece */
};

/* Borrows to until outline_end. has_before: does a member stand before the first one? */
void outline_begin(struct outline *o, struct buf *to, bool has_before);

/* Return: OK, TOO_BIG, NOMEM: did everything fit? */
NODISCARD enum status outline_end(struct outline *o);

void outline_open(struct outline *o, struct str name);
void outline_close(struct outline *o);
void outline_open_array(struct outline *o, struct str name);
void outline_close_array(struct outline *o);

void outline_text(struct outline *o, struct str name, struct str value);
void outline_integer(struct outline *o, struct str name, int64_t value);
void outline_count(struct outline *o, struct str name, uint64_t value);
void outline_number(struct outline *o, struct str name, double value);
void outline_flag(struct outline *o, struct str name, bool value);

/* json is valid JSON already. */
void outline_json(struct outline *o, struct str name, struct str json);

/* The members of a JSON object, given as text: what is between its braces, which is not nothing. */
void outline_members(struct outline *o, struct str object);

/*
 * An empty buffer to make a name or a text in, piece by piece, and what it holds. Lent until the next
 * outline_piece: one is used up before another is begun.
 */
struct buf *outline_piece(struct outline *o);
struct str outline_pieced(struct outline *o);

#endif
