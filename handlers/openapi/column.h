/*
 * A column of a table as a JSON Schema, and as a filter. Types and formats come from the declaration;
 * SQLite itself would store anything anywhere. Private to handlers/openapi/.
 */
#ifndef GANTRY_HANDLERS_OPENAPI_COLUMN_H
#define GANTRY_HANDLERS_OPENAPI_COLUMN_H

#include "handlers/openapi/openapi.h"
#include "handlers/openapi/outline.h"
#include "storage/schema.h"

/* Is it never null? Declared so, or the table's rowid under another name. */
bool column_is_never_null(const struct schema_table *table, const struct schema_column *column);

/* Must a new row give it a value? */
bool column_is_required(const struct schema_table *table, const struct schema_column *column);

/* Where a column stands. */
struct column_place {
    const struct openapi_conf *conf;
    const struct schema *schema;
    const struct schema_table *table;
};

/*
 * The JSON Schema of its values, as the member of that name. A view's column that is one of a table,
 * unchanged, has the keys that it has there: schema knows where. Only keys to what is served are told.
 */
void column_put_schema(struct outline *o, struct str name, const struct column_place *place,
                       const struct schema_column *column);

/* The schema of values of a type as it would be declared, without a column. */
void column_put_type(struct outline *o, struct str name, const char *declared);

/* Filters that its kind understands, for a description: "`eq.1`, `gte.1`". Lends, static. */
struct str column_filters(const struct schema_column *column);

#endif
