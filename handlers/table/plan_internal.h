/*
 * What the files of the planner share.
 *
 *     plan_node.c     which table each level of the request is, and what was asked of it
 *     plan_field.c    columns, paths into them, casts
 *     plan_output.c   what each level shows: names, kinds, aggregates
 *     plan_select.c   SELECT ... FROM ... WHERE ... GROUP BY ... ORDER BY ... LIMIT of a level
 *     plan_pick.c     the rows of a level filtered and sorted first, and shown then
 *     plan_embed.c    levels inside of levels: as a value, as a join, as a condition
 *     plan_where.c, plan_compare.c, plan_match.c    conditions
 *     plan_order.c    ORDER BY
 *     plan_unwritten.c    what no statement says, but is checked
 *     plan.c          the statements, the bounds, the count
 *
 * and for writes (plan_write.h):
 *
 *     plan_targets.c  the columns that are set
 *     plan_key.c      the columns that tell whether a row is there already
 *     plan_insert.c, plan_update.c    the statements that change something
 *     plan_shown.c    the read of what they returned
 *
 * Functions called put_... append SQL to p->sql. They return false when p->fault says why; that SQL
 * became too much or memory ran out while it was written is seen when it is taken (sql_text.h).
 */
#ifndef GANTRY_HANDLERS_TABLE_PLAN_INTERNAL_H
#define GANTRY_HANDLERS_TABLE_PLAN_INTERNAL_H

#include "handlers/table/literal.h"
#include "handlers/table/plan.h"
#include "handlers/table/plan_write.h"
#include "handlers/table/sql_text.h"

struct plan_output;

/* One level of the request: the table itself, or an embed. */
struct plan_node {
    const struct tree_item *item; /* NULL: the table itself */
    const struct schema_table *table;
    struct relation relation; /* from parent->table */
    const struct plan_node *parent;
    struct plan_node *children; /* one per embed and spread, in their order */
    size_t children_count;
    const struct tree_level **levels; /* what was asked of it, under whatever name */
    size_t levels_count;

    const struct tree_order *order;
    size_t order_count;
    bool has_limit;
    int64_t limit;
    int64_t offset;

    const struct plan_output *outputs;
    size_t outputs_count;
    bool is_grouped; /* an aggregate is among the outputs */
    bool is_one_row; /* and nothing to group by */
};

/* A column with an optional path into its JSON. */
struct plan_field {
    const struct schema_column *column;
    struct str path; /* at == NULL: none; else "$.\"a\"[0]" */
    bool is_text;    /* the path ends in ->> */
};

enum plan_what {
    PLAN_VALUE, /* a column, a path, a cast, an aggregate of one */
    PLAN_COUNT, /* count(*) */
    PLAN_EMBED, /* node as JSON */
    PLAN_ARRAY, /* one output of node, a to-many spread, of all its rows */
};

/* One thing that a level shows. */
struct plan_output {
    enum plan_what what;
    struct row_cell cell;
    const struct plan_node *owner; /* whose row it is part of: the level's, or a to-one spread's */
    bool is_aggregate;

    struct plan_field field;
    const char *cast;      /* of gantry_cast; NULL: none */
    const char *cast_from; /* its third argument; NULL: none */
    enum tree_aggregate aggregate;
    unsigned scale; /* the aggregate is rounded to so many places; 0: it is not */
    const char *aggregate_cast;
    const char *aggregate_cast_from;

    const struct plan_node *node;
    const struct plan_output *element;
};

/* A table in a FROM, as rows of node. */
struct plan_place {
    const struct plan_node *node;
    unsigned alias;
    bool is_left; /* LEFT JOIN, or behind one */
};

/* A SELECT: its level's table, and the to-one spreads joined to it. */
struct plan_scope {
    const struct plan_scope *outer; /* of the SELECT around it, NULL: none */
    struct plan_place *places;      /* [0] is the level itself */
    size_t places_count;
    unsigned junction; /* alias of the level's junction, if it has one */
};

struct planner {
    const struct plan_conf *conf;
    const struct plan_source *source;
    const struct plan_ask *ask;
    struct arena *arena;
    struct fault *fault;
    struct plan_node root;
    const char *source_name; /* of source->sql, as a common table */
    struct sql_text *sql;    /* the statement that is written now */
    unsigned aliases;        /* given out in it */
    unsigned negations;      /* "not" around what is written now */
    const char **tables;
    size_t tables_count;
    size_t tables_capacity;
};

/* Cleared memory of the arena. Return: NULL with *p->fault. */
void *plan_alloc(struct planner *p, size_t count, size_t size);

/* A name for a common table that no table has: word, or word with underscores. Return: NULL with *fault. */
const char *plan_free_name(const struct schema *schema, const char *word, struct arena *arena,
                           struct fault *fault);

/* What is written from here on is a statement, and goes to sql; symbols: of the parser, as it begins. */
void plan_sql_begin(struct planner *p, struct sql_text *sql, unsigned symbols);

/* It is written: is_done, or not. Return: true; or false with *p->fault. */
bool plan_sql_end(struct planner *p, bool is_done, struct plan_sql *ret);

/* A negative limit, or none of the rows that are left. Return: false. */
bool plan_refuse_limit(struct arena *arena, struct fault *fault);

/* Is the statement worth being written further? If not, sql_text_take() says why. */
static inline bool plan_goes_on(const struct planner *p)
{
    return !sql_text_has_failed(p->sql);
}

/* The statements name that table. */
bool plan_add_table(struct planner *p, const char *name);

static inline struct str plan_node_name(const struct plan_node *node)
{
    return node->item->alias.at != NULL ? node->item->alias : node->item->target;
}

static inline bool plan_node_is_spread(const struct plan_node *node)
{
    return node->item != NULL && node->item->kind == TREE_SPREAD;
}

static inline bool plan_node_is_to_one(const struct plan_node *node)
{
    return relation_is_to_one(&node->relation);
}

static inline bool plan_node_is_inner(const struct plan_node *node)
{
    return node->item->join == TREE_JOIN_INNER;
}

/* --- plan_node.c ------------------------------------------------------------------------------ */

/* Make p->root and everything below it. */
bool plan_nodes_make(struct planner *p, const struct tree *tree);

/* The embed of node that is called so: by its alias, its target, or its table. NULL: none. */
const struct plan_node *plan_node_find(const struct plan_node *node, struct str name);

/* --- plan_field.c ------------------------------------------------------------------------------ */

/* The column that was perhaps meant. Return: NULL: none, or no memory. */
const char *plan_nearest_column(const struct schema_table *table, struct str name,
                                struct arena *arena);

bool plan_field_find(struct planner *p, const struct schema_table *table,
                     const struct tree_field *field, struct plan_field *ret);

/* What it holds: the column's kind, JSON behind ->, TEXT behind ->>. */
enum schema_kind plan_field_kind(const struct plan_field *field);

/* Can there be JSON in that column at all? Else a path leads to NULL. */
bool plan_field_may_be_json(const struct plan_field *field);

/* As PostgreSQL calls that kind, for messages. */
const char *plan_kind_name(enum schema_kind kind);

/* Its value as SQL. */
void put_field(struct planner *p, unsigned alias, const struct plan_field *field);

/* The function whose result sorts and compares as values of that kind do, NULL: they do so themselves. */
const char *plan_key_function(enum schema_kind kind);

/* Its value, or that function of it. */
void put_key(struct planner *p, unsigned alias, const struct plan_field *field);

/* --- plan_output.c ------------------------------------------------------------------------------ */

/* Fill in the outputs of all levels. */
bool plan_outputs_make(struct planner *p, struct plan_node *root, const struct tree *tree);

/* --- plan_select.c ------------------------------------------------------------------------------ */

/* With to-one spreads joined, or (for conditions) the level's table alone. */
bool plan_scope_make(struct planner *p, const struct plan_scope *outer,
                     const struct plan_node *node, bool has_joins, struct plan_scope *ret);

/* Where the rows of node are in it; NULL: not joined. */
const struct plan_place *plan_scope_place(const struct plan_scope *scope,
                                          const struct plan_node *node);
unsigned plan_scope_alias(const struct plan_scope *scope, const struct plan_node *node);

bool put_output(struct planner *p, const struct plan_scope *scope,
                const struct plan_output *output);

/* FROM and WHERE. */
bool put_from(struct planner *p, const struct plan_scope *scope);

/* The spreads joined in scope; is_left: by LEFT JOIN, all of them. */
bool put_joins(struct planner *p, const struct plan_scope *scope, bool is_left);

/* GROUP BY the outputs that are no aggregates: they are the columns of the SELECT, in that order. */
void put_group(struct planner *p, const struct plan_node *node);

/* LIMIT and OFFSET. UINT64_MAX: no limit. */
void put_limit(struct planner *p, uint64_t limit, uint64_t offset);

/* --- plan_pick.c -------------------------------------------------------------------------------- */

struct plan_bounds {
    bool is_bounded;
    uint64_t limit;
    uint64_t offset;
};

/* FROM a subquery that filters, sorts and counts off, so that outputs are made of what is left. */
bool put_picked(struct planner *p, const struct plan_scope *scope,
                const struct plan_output *outputs, size_t outputs_count,
                const struct plan_bounds *bounds);

/* --- plan_embed.c ------------------------------------------------------------------------------- */

bool put_embed(struct planner *p, const struct plan_scope *outer, const struct plan_node *node);
bool put_array(struct planner *p, const struct plan_scope *outer, const struct plan_node *node,
               const struct plan_output *element);
bool put_exists(struct planner *p, const struct plan_scope *outer, const struct plan_node *node,
                bool is_negated);

/* Both sides of the relationship are equal; the row of node's parent is in parent_scope. */
void put_relation(struct planner *p, const struct plan_scope *parent_scope,
                  const struct plan_node *node, unsigned alias, unsigned junction);

/* --- plan_where.c ------------------------------------------------------------------------------- */

/* What must hold of node's row: its conditions, and inner embeds. Each is preceded by " AND ", the
 * very first (!*has_some) by first. */
bool put_conditions(struct planner *p, const struct plan_scope *scope, const struct plan_node *node,
                    const char *first, bool *has_some);

/* " AND ", or first before the very first. */
void put_and(struct planner *p, const char *first, bool *has_some);

/* --- plan_compare.c ----------------------------------------------------------------------------- */

/* A condition on a column, without its "not". */
bool put_compare(struct planner *p, const struct plan_scope *scope, const struct plan_node *node,
                 const struct tree_condition *condition);

/* --- plan_match.c ------------------------------------------------------------------------------- */

/* Full text. */
bool put_full_text(struct planner *p, const struct plan_node *node, unsigned alias,
                   const struct plan_field *field, const struct tree_condition *condition);

/* --- plan_order.c ------------------------------------------------------------------------------- */

bool put_order(struct planner *p, const struct plan_scope *scope, const struct plan_node *node);

/* Is it ordered by its table's rowid and nothing else? */
bool plan_is_by_rowid(const struct plan_node *node);

/* --- plan_unwritten.c --------------------------------------------------------------------------- */

/* Was something asked of an embed below node that its statements have no place for? */
bool plan_has_unwritten(const struct plan_node *node);

/* That, as SQL that is no statement: only its faults matter. */
bool put_unwritten(struct planner *p, const struct plan_node *node);

/* --- plan_key.c --------------------------------------------------------------------------------- */

/* The columns of the key that an insert may hit. *ret with count 0: there is none, so nothing is hit.
 * Return: false with *p->fault. */
bool plan_key_find(struct planner *p, const struct plan_change *change, struct plan_targets *ret);

bool plan_key_has(const struct plan_targets *key, const struct schema_column *column);

/* --- plan_targets.c ------------------------------------------------------------------------------ */

/* A parameter for each, whose value is not known yet. They are the first of the statement. */
void put_parameter(struct planner *p);

/* RETURNING all columns of the table, if the change wants rows. */
void put_returning(struct planner *p, const struct plan_change *change);

/* plan_sql_end() for a statement whose values are filled in by the caller. */
bool plan_statement_end(struct planner *p, bool is_done, struct plan_statement *ret);

#endif
