/*
 * Reading between the lines of libmicrohttpd 0.9.75.
 *
 * That version hides from its user what a strict parser refuses: a bare LF as line end, a NUL inside
 * a value (which then ends early), folded lines, a line that begins with a colon (which it takes
 * for the end of the head). All of them change what a proxy and we take for the same request.
 *
 * But it parses in place: it overwrites each colon and both bytes of each CRLF with NUL, and hands
 * out pointers into the very bytes it received. So the head, as it lies there, must be exactly
 *
 *     METHOD NUL TARGET NUL VERSION NUL NUL (NAME NUL spaces VALUE NUL NUL)* NUL NUL
 *
 * with every name and value where the one before ends, and as long as libmicrohttpd says it is.
 * Anything else was not a strict head. The length tells apart what ends in the same NULs: a bare LF
 * is one byte short, a line of a NUL or of a colon alone one byte long. Only where both meet in one
 * place (a NUL or a colon, and right behind it a bare LF) does a head that is not strict still pass.
 *
 * Only for 0.9.75, whose layout this is; the parsers of later versions are strict themselves.
 * Private to server/.
 */
#ifndef GANTRY_SERVER_MHD_LAYOUT_H
#define GANTRY_SERVER_MHD_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * From the request line on, let libmicrohttpd see no query: it would cut it into arguments, which
 * nobody here looks at, and forget a request of which they do not fit into its memory (neither
 * answered nor read further). target is its own memory, which it is about to write to as well.
 */
void layout_hide_query(const char *target);

struct layout {
    const char *next; /* where the next line has to begin; NULL: do not look */
    const char *end;  /* where the head ends */
    bool is_strict;
};

/* Begin with the request line; its parts as libmicrohttpd gave them. head_size: bytes, all of it. */
void layout_begin(struct layout *l, const char *method, size_t head_size, struct str target,
                  const char *version);

/* The next header, in order. */
void layout_header(struct layout *l, const char *name, size_t name_size, const char *value,
                   size_t value_size);

/* After the last header. Return: was the head strict? */
bool layout_end(const struct layout *l);

#endif
