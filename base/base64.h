/* Base64 with padding (RFC 4648, section 4): how blobs travel in JSON. */
#ifndef GANTRY_BASE_BASE64_H
#define GANTRY_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* Append the encoding of n bytes. */
void base64_append(struct buf *b, const void *bytes, size_t n);

/* The most bytes that text of this size can decode to. */
#define BASE64_DECODED_MAX(size) ((size) / 4 * 3)

/*
 * Decode all of text into to, which has room for BASE64_DECODED_MAX(text.size).
 * Strict: padding is required, unused bits must be zero, nothing else may stand in between.
 */
bool base64_decode(struct str text, unsigned char *to, size_t *ret_size);

#endif
