/*
 * Full text. Where an FTS5 table indexes the column (its own, or that of the table it has as its
 * content) its index is asked, else a function of ours reads every row.
 *
 * The index cannot take everything: a query with a negation may have nothing left to look for, and
 * a language means stemming, which the index does by its own rules.
 */
#include "handlers/table/plan_internal.h"

#define NEST_MATCH 16 /* IN "(" SELECT distinct columns tables WHERE condition MATCH function */

static const char *mode_name(enum tree_operator op)
{
    switch (op) {
    case TREE_PLFTS:
        return "plfts";
    case TREE_PHFTS:
        return "phfts";
    case TREE_WFTS:
        return "wfts";
    default:
        return "fts";
    }
}

static bool is_translatable(const struct tree_condition *condition)
{
    struct str value = condition->value;
    char negation = condition->op == TREE_FTS ? '!' : '-';

    if (condition->language.at != NULL) {
        return false;
    }
    if (condition->op == TREE_PLFTS || condition->op == TREE_PHFTS) {
        return true;
    }
    return value.size > 0 && memchr(value.at, negation, value.size) == NULL;
}

/* What the rowid of an index is in the table. NULL: there is no telling. */
static const char *row_name(const struct schema_table *table, const struct schema_table *index)
{
    const struct schema_column *column = schema_find_column(table, str_of(index->fts_rowid));

    if (str_equal_nocase(str_of(index->fts_rowid), STR("rowid"))) {
        return table->has_rowid && column == NULL ? "rowid" : NULL;
    }
    return column == NULL ? NULL : column->name;
}

static bool is_index_of(const struct schema_table *index, const struct schema_table *table,
                        const struct schema_column *column)
{
    return index->is_fts && index->fts_content != NULL && index->fts_rowid != NULL &&
           str_equal_nocase(str_of(index->fts_content), str_of(table->name)) &&
           schema_find_column(index, str_of(column->name)) != NULL &&
           row_name(table, index) != NULL;
}

/* Return: NULL: none. */
static const struct schema_table *find_index(struct planner *p, const struct plan_node *node,
                                             const struct schema_column *column)
{
    const struct schema *schema = p->conf->scope.schema;

    if (node == &p->root && p->source->sql != NULL) {
        return NULL;
    }
    if (node->table->is_fts) {
        return node->table;
    }
    for (size_t i = 0; i < schema->tables_count; i++) {
        if (is_index_of(&schema->tables[i], node->table, column)) {
            return &schema->tables[i];
        }
    }
    return NULL;
}

/* "column", for a MATCH expression. Return: at == NULL without memory. */
static struct str quote_column(struct planner *p, const char *name)
{
    char *quoted = arena_alloc(p->arena, strlen(name) * 2 + 2);
    size_t size = 0;

    if (quoted == NULL) {
        (void)fault_no_memory(p->fault);
        return (struct str){NULL, 0};
    }
    quoted[size++] = '"';
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '"') {
            quoted[size++] = '"';
        }
        quoted[size++] = *at;
    }
    quoted[size++] = '"';
    return (struct str){quoted, size};
}

static bool put_index_match(struct planner *p, const struct schema_table *index,
                            const struct plan_node *node, unsigned alias,
                            const struct schema_column *column,
                            const struct tree_condition *condition)
{
    const char *row = node->table == index ? "rowid" : row_name(node->table, index);
    struct str quoted = quote_column(p, column->name);

    if (quoted.at == NULL || !plan_add_table(p, index->name)) {
        return false;
    }
    sql_text_peak(p->sql, NEST_MATCH);
    sql_text_column(p->sql, alias, row);
    sql_text_put(p->sql, " IN (SELECT rowid FROM ");
    sql_text_name(p->sql, index->name);
    sql_text_put(p->sql, " WHERE ");
    sql_text_name(p->sql, index->name);
    sql_text_put(p->sql, " MATCH gantry_fts5(");
    (void)sql_text_bind_text(p->sql, condition->value);
    sql_text_put(p->sql, ", '");
    sql_text_put(p->sql, mode_name(condition->op));
    sql_text_put(p->sql, "', ");
    (void)sql_text_bind_text(p->sql, quoted);
    sql_text_put(p->sql, "))");
    return true;
}

static bool put_function_match(struct planner *p, unsigned alias, const struct plan_field *field,
                               const struct tree_condition *condition)
{
    struct value language = {.type = VALUE_NULL};

    if (condition->language.at != NULL) {
        language = (struct value){.type = VALUE_TEXT, .bytes = condition->language};
    }
    sql_text_put(p->sql, "gantry_fts(");
    sql_text_nest(p->sql, SQL_TEXT_NEST_FUNCTION);
    put_field(p, alias, field);
    sql_text_unnest(p->sql, SQL_TEXT_NEST_FUNCTION);
    sql_text_put(p->sql, ", ");
    (void)sql_text_bind_text(p->sql, condition->value);
    sql_text_put(p->sql, ", '");
    sql_text_put(p->sql, mode_name(condition->op));
    sql_text_put(p->sql, "', ");
    (void)sql_text_bind(p->sql, language);
    sql_text_put(p->sql, ")");
    return true;
}

bool put_full_text(struct planner *p, const struct plan_node *node, unsigned alias,
                   const struct plan_field *field, const struct tree_condition *condition)
{
    const struct schema_table *index = NULL;

    if (field->path.at == NULL && is_translatable(condition)) {
        index = find_index(p, node, field->column);
    }
    return index == NULL ? put_function_match(p, alias, field, condition)
                         : put_index_match(p, index, node, alias, field->column, condition);
}
