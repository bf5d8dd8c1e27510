/*
 * Full text. Where an FTS5 table indexes the column (its own, or that of the table it has as its
 * content) its index is asked, else a function of ours reads every row.
 *
 * The index cannot take everything: not what is all negation, for example, nor a language, which
 * means stemming. So the query is parsed here already, which also tells its errors in time.
 */
#include "handlers/table/plan_internal.h"
#include "storage/tsquery.h"

#define MATCH_BYTES_MAX ((size_t)1024 * 1024)
#define NEST_MATCH      20 /* IN "(" SELECT distinct columns tables WHERE condition MATCH function */

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

static enum tsquery_syntax syntax_of(enum tree_operator op)
{
    switch (op) {
    case TREE_PLFTS:
        return TSQUERY_PLAIN;
    case TREE_PHFTS:
        return TSQUERY_PHRASE;
    case TREE_WFTS:
        return TSQUERY_WEB;
    default:
        return TSQUERY_FTS;
    }
}

static bool is_for_index(const struct tsquery *query)
{
    struct buf expression;
    bool is_fine;

    buf_init(&expression, MATCH_BYTES_MAX);
    is_fine = tsquery_put_fts5(query, &expression) == STATUS_OK;
    buf_fini(&expression);
    return is_fine;
}

/* *ret_is_for_index: can an index of FTS5 answer it? Return: false with *p->fault. */
static bool check_query(struct planner *p, const struct tree_condition *condition,
                        bool *ret_is_for_index)
{
    struct str value = condition->value;
    struct str name = condition->language;
    enum words_language language = WORDS_SIMPLE;
    struct tsquery *query = NULL;
    const char *reason = "";

    if (name.at != NULL && !words_language_of(name, &language)) {
        return fault_set(p->fault, p->arena, 400, "42704",
                         "text search configuration \"%.*s\" does not exist", (int)name.size,
                         name.at);
    }
    switch (tsquery_create(value, syntax_of(condition->op), language, &query, &reason)) {
    case STATUS_OK:
        break;
    case STATUS_INVALID:
        return fault_set(p->fault, p->arena, 400, "42601", "%s: \"%.*s\"", reason, (int)value.size,
                         value.at);
    case STATUS_TOO_BIG:
        return fault_set(p->fault, p->arena, 400, "54000", "the full-text query has %s", reason);
    default:
        return fault_no_memory(p->fault);
    }
    *ret_is_for_index = language == WORDS_SIMPLE && is_for_index(query);
    tsquery_destroy(query);
    return true;
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
    const struct schema_column *indexed = schema_find_column(index, str_of(column->name));

    return index->is_fts && index->fts_content != NULL && index->fts_rowid != NULL &&
           str_equal_nocase(str_of(index->fts_content), str_of(table->name)) && indexed != NULL &&
           indexed->is_fts_indexed && row_name(table, index) != NULL;
}

/* Return: NULL: none. */
static const struct schema_table *find_index(struct planner *p, const struct plan_node *node,
                                             const struct schema_column *column)
{
    const struct schema *schema = p->conf->scope.schema;

    if (node == &p->root && p->source->sql != NULL) {
        return NULL;
    }
    if (node->table->is_fts && column->is_fts_indexed) {
        return node->table;
    }
    for (size_t i = 0; i < schema->tables_count; i++) {
        if (is_index_of(&schema->tables[i], node->table, column)) {
            return &schema->tables[i];
        }
    }
    return NULL;
}

static bool put_index_match(struct planner *p, const struct schema_table *index,
                            const struct plan_node *node, unsigned alias,
                            const struct schema_column *column,
                            const struct tree_condition *condition)
{
    const char *row = node->table == index ? "rowid" : row_name(node->table, index);

    if (!plan_add_table(p, index->name)) {
        return false;
    }
    sql_text_peak(p->sql, NEST_MATCH);
    if (p->negations > 0) { /* what is not there neither matches nor does not match */
        sql_text_put(p->sql, "CASE WHEN ");
        sql_text_column(p->sql, alias, column->name);
        sql_text_put(p->sql, " IS NOT NULL THEN ");
    }
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
    (void)sql_text_bind_text(p->sql, str_of(column->name));
    sql_text_put(p->sql, p->negations > 0 ? ")) END" : "))");
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
    bool is_indexable = false;

    if (!check_query(p, condition, &is_indexable)) {
        return false;
    }
    if (field->path.at == NULL && is_indexable) {
        index = find_index(p, node, field->column);
    }
    return index == NULL ? put_function_match(p, alias, field, condition)
                         : put_index_match(p, index, node, alias, field->column, condition);
}
