/*
 * Writing JSON (RFC 8259) by appending to a buffer.
 *
 * The result is valid JSON whatever goes in: ill-formed UTF-8 becomes U+FFFD, NaN and infinities
 * become null. Integers are exact to 64 bits; doubles are written so that reading them back gives
 * the same double. Punctuation is the caller's.
 */
#ifndef GANTRY_BASE_JSON_OUT_H
#define GANTRY_BASE_JSON_OUT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * "text" with its quotes, escaped. No control character stays as it is, not even DEL and the C1
 * ones (U+0080 to U+009F), which JSON would allow but a terminal may obey.
 */
void json_put_string(struct buf *b, struct str text);

void json_put_i64(struct buf *b, int64_t value);
void json_put_u64(struct buf *b, uint64_t value);

/* The shortest of 15, 16 and 17 significant digits that reads back as the same double. */
void json_put_double(struct buf *b, double value);

/* "base64 of the bytes", with quotes. */
void json_put_blob(struct buf *b, const void *bytes, size_t size);

#endif
