/* A table or view in the document: its operations and its components. Private to handlers/openapi/. */
#ifndef GANTRY_HANDLERS_OPENAPI_RELATION_H
#define GANTRY_HANDLERS_OPENAPI_RELATION_H

#include "handlers/openapi/openapi.h"
#include "handlers/openapi/outline.h"
#include "storage/schema.h"

/* Does it answer that method? */
bool relation_answers(const struct openapi_conf *conf, const struct schema_table *table,
                      enum method method);

/* The operation, as the member of its path's item that is named as the method. */
void relation_put_operation(struct outline *o, const struct openapi_conf *conf,
                            const struct schema_table *table, enum method method);

/* Its schemas: of a row, and of what can be written. */
void relation_put_schemas(struct outline *o, const struct openapi_conf *conf,
                          const struct schema *schema, const struct schema_table *table);

/* Its parameters: a filter for each column, and what a PUT names of its key. */
void relation_put_parameters(struct outline *o, const struct openapi_conf *conf,
                             const struct schema_table *table);

/* {"$ref":"#/components/KIND/KEY"}, as the member name: a component of ours. */
void relation_put_ours(struct outline *o, struct str name, const char *kind, const char *key);

/* The answers that are rows of it: read, and written. */
void relation_put_responses(struct outline *o, const struct openapi_conf *conf,
                            const struct schema_table *table);

/* A reference to the filter by a column, as an item. */
void relation_put_filter(struct outline *o, const struct schema_table *table,
                         const struct schema_column *column);

/* The content of an answer that is rows of it, in every type there is: the member "content". */
void relation_put_content(struct outline *o, const struct schema_table *table, bool is_one);

#endif
