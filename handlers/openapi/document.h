/*
 * The OpenAPI document of a schema, as text. A pure function, but for memory. Private to
 * handlers/openapi/.
 *
 * Component keys are made of encoded names (name.h), which hold no "."; the parts that stand for
 * themselves therefore never meet a table's name:
 *
 *     schemas     T            a row of the table T
 *                 body.T       what can be written to it; new.T with what a new row needs
 *                 gantry.X     ours, such as gantry.problem
 *     parameters  rowFilter.T.C, and ours: select, order, ...
 *     responses   rows.T, and ours
 */
#ifndef GANTRY_HANDLERS_OPENAPI_DOCUMENT_H
#define GANTRY_HANDLERS_OPENAPI_DOCUMENT_H

#include "base/buf.h"
#include "handlers/openapi/openapi.h"
#include "storage/schema.h"

/*
 * Append the whole document but for its opening, `{"openapi":"3.1.0","servers":[{"url":"."}]`, which
 * depends on where it is asked for: it begins with the comma behind that. schema may be NULL: no
 * tables. Return: OK; TOO_BIG (b's maximum), NOMEM.
 */
NODISCARD enum status document_write(const struct openapi_conf *conf, const struct schema *schema,
                                     struct buf *b) ANY_THREAD;

#endif
