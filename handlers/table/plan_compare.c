/*
 * One column and one operator. Values become what the column holds before they are compared; what
 * the columns are compared as:
 *
 *     JSON, ->, arrays   by keys that sort as they do (storage/json_key.h)
 *     ->>                as text
 *     anything else      as SQLite compares, so that an index on the column is used
 */
#include "handlers/table/plan_internal.h"

/* What one operator needs, at hand. */
struct compare {
    struct planner *p;
    unsigned alias;
    struct plan_field field;
    enum schema_kind kind; /* of the field */
    const struct tree_condition *condition;
};

static bool refuse_operator(struct planner *p, const char *details)
{
    (void)fault_set(p->fault, p->arena, 400, "PGRST127", "Feature not implemented");
    fault_details(p->fault, p->arena, "%s", details);
    return false;
}

static void put(const struct compare *c, const char *sql)
{
    sql_text_put(c->p->sql, sql);
}

static void put_this(const struct compare *c)
{
    put_field(c->p, c->alias, &c->field);
}

static bool read_as(const struct compare *c, struct str text, enum schema_kind kind,
                    struct value *ret)
{
    const struct schema_column *column = c->field.column;
    bool is_column = c->field.path.at == NULL && kind == column->kind;

    return literal_read(text, kind, is_column ? column->element : SCHEMA_ANY,
                        is_column ? column->type : plan_kind_name(kind), c->p->arena, ret,
                        c->p->fault);
}

/* --- values -------------------------------------------------------------------------------------- */

/* text.at == NULL: the NULL of an array literal. */
static bool bind_literal(const struct compare *c, struct str text)
{
    const char *function = plan_key_function(c->kind);
    struct value value = {.type = VALUE_NULL};

    if (text.at != NULL && !read_as(c, text, c->kind, &value)) {
        return false;
    }
    if (function != NULL) {
        put(c, function);
        put(c, "(");
        (void)sql_text_bind(c->p->sql, value);
        put(c, ")");
    } else {
        (void)sql_text_bind(c->p->sql, value);
    }
    return true;
}

/* What a literal is compared with. */
static void put_comparable(const struct compare *c)
{
    put_key(c->p, c->alias, &c->field);
}

/* --- operators ------------------------------------------------------------------------------------ */

static const char *comparison(enum tree_operator op)
{
    switch (op) {
    case TREE_EQ:
        return " = ";
    case TREE_NEQ:
        return " <> ";
    case TREE_GT:
        return " > ";
    case TREE_GTE:
        return " >= ";
    case TREE_LT:
        return " < ";
    case TREE_LTE:
        return " <= ";
    case TREE_ISDISTINCT:
        return " IS NOT ";
    default:
        return NULL;
    }
}

/* like and ilike: "*" is written for "%". Return: at == NULL without memory. */
static struct str read_pattern(const struct compare *c, struct str text)
{
    char *pattern = arena_copy(c->p->arena, text);

    if (pattern == NULL) {
        (void)fault_no_memory(c->p->fault);
        return (struct str){NULL, 0};
    }
    for (size_t i = 0; i < text.size; i++) {
        if (pattern[i] == '*') {
            pattern[i] = '%';
        }
    }
    return (struct str){pattern, text.size};
}

static bool put_pattern(const struct compare *c, const char *function, bool has_stars,
                        struct str text)
{
    if (text.at != NULL && has_stars) {
        text = read_pattern(c, text);
        if (text.at == NULL) {
            return false;
        }
    }
    put(c, function);
    put(c, "(");
    sql_text_nest(c->p->sql, SQL_TEXT_NEST_FUNCTION);
    put_this(c);
    sql_text_unnest(c->p->sql, SQL_TEXT_NEST_FUNCTION);
    put(c, ", ");
    (void)sql_text_bind(c->p->sql, text.at == NULL
                                       ? (struct value){.type = VALUE_NULL}
                                       : (struct value){.type = VALUE_TEXT, .bytes = text});
    put(c, ")");
    return true;
}

/* One comparison with one value. */
static bool put_one(const struct compare *c, struct str text)
{
    switch (c->condition->op) {
    case TREE_LIKE:
        return put_pattern(c, "gantry_like", true, text);
    case TREE_ILIKE:
        return put_pattern(c, "gantry_ilike", true, text);
    case TREE_MATCH:
        return put_pattern(c, "gantry_match", false, text);
    case TREE_IMATCH:
        return put_pattern(c, "gantry_imatch", false, text);
    default:
        put_comparable(c);
        put(c, comparison(c->condition->op));
        return bind_literal(c, text);
    }
}

/* eq(any).{a,b}, like(all).{a*,*b} */
static bool put_quantified(const struct compare *c)
{
    bool is_any = c->condition->quantifier == TREE_ANY;
    struct literal_items items;

    if (!literal_array(c->condition->value, c->p->arena, &items, c->p->fault)) {
        return false;
    }
    if (items.count > 900) { /* the depth of an expression */
        return fault_set(c->p->fault, c->p->arena, 400, "54001", "statement too complex");
    }
    if (items.count == 0) {
        put(c, is_any ? "0" : "1");
        return true;
    }
    put(c, "(");
    for (size_t i = 0; i < items.count; i++) {
        if (i > 0) {
            put(c, is_any ? " OR " : " AND ");
        }
        if (!put_one(c, items.at[i]) || !plan_goes_on(c->p)) {
            return false;
        }
    }
    put(c, ")");
    return true;
}

/* Padded to 1, 2, 4, 8, ... by the last value, so that few texts are prepared. */
static bool put_in(const struct compare *c)
{
    const struct tree_condition *condition = c->condition;
    size_t count = 1;

    if (condition->list_count == 0) {
        put(c, "0");
        return true;
    }
    while (count < condition->list_count) {
        count *= 2;
    }
    sql_text_peak(c->p->sql, 4 + SQL_TEXT_NEST_FUNCTION);
    put_comparable(c);
    put(c, " IN (");
    for (size_t i = 0; i < count; i++) {
        size_t last = condition->list_count - 1;

        put(c, i == 0 ? "" : ", ");
        if (!bind_literal(c, condition->list[i < last ? i : last]) || !plan_goes_on(c->p)) {
            return false;
        }
    }
    put(c, ")");
    return true;
}

static bool put_is(const struct compare *c)
{
    static const struct {
        const char *sql;
        const char *name; /* for booleans only */
    } tests[] = {
        [TREE_IS_NULL] = {" IS NULL", NULL},         [TREE_IS_NOT_NULL] = {" IS NOT NULL", NULL},
        [TREE_IS_TRUE] = {" IS TRUE", "TRUE"},       [TREE_IS_FALSE] = {" IS FALSE", "FALSE"},
        [TREE_IS_UNKNOWN] = {" IS NULL", "UNKNOWN"},
    };
    const char *name = tests[c->condition->is].name;

    if (name != NULL && c->kind != SCHEMA_BOOLEAN && c->kind != SCHEMA_ANY) {
        return fault_set(c->p->fault, c->p->arena, 400, "42804",
                         "argument of IS %s must be type boolean, not type %s", name,
                         plan_kind_name(c->kind));
    }
    put_this(c);
    put(c, tests[c->condition->is].sql);
    return true;
}

/* --- containment ---------------------------------------------------------------------------------- */

static bool is_range(struct str text)
{
    return text.size > 1 &&
           (text.at[0] == '(' || (text.at[0] == '[' && text.at[text.size - 1] == ')'));
}

/* JSON, or an array as PostgreSQL writes it: {a,"b c"}. */
static bool read_container(const struct compare *c, struct value *ret)
{
    struct str text = c->condition->value;
    struct value value;
    struct fault other = {.http_status = 0};
    struct compare quiet = *c;
    struct planner planner = *c->p;

    if (is_range(text)) {
        return refuse_operator(c->p, "There are no range types.");
    }
    if (c->kind == SCHEMA_ARRAY) {
        return read_as(c, text, SCHEMA_ARRAY, ret);
    }
    if (!read_as(c, text, SCHEMA_JSON, &value)) {
        planner.fault = &other;
        quiet.p = &planner;
        if (text.size == 0 || text.at[0] != '{' || c->p->fault->http_status != 400 ||
            !read_as(&quiet, text, SCHEMA_ARRAY, &value)) {
            return false;
        }
        *c->p->fault = other;
    }
    *ret = value;
    return true;
}

static bool put_containment(const struct compare *c)
{
    enum tree_operator op = c->condition->op;
    struct value value;

    if (!read_container(c, &value)) {
        return false;
    }
    put(c, op == TREE_OV ? "gantry_overlaps(" : "gantry_contains(");
    sql_text_nest(c->p->sql, SQL_TEXT_NEST_FUNCTION + 1);
    if (op == TREE_CD) {
        (void)sql_text_bind(c->p->sql, value);
        put(c, ", ");
        put_this(c);
    } else {
        put_this(c);
        put(c, ", ");
        (void)sql_text_bind(c->p->sql, value);
    }
    sql_text_unnest(c->p->sql, SQL_TEXT_NEST_FUNCTION + 1);
    put(c, ")");
    return true;
}

bool put_compare(struct planner *p, const struct plan_scope *scope, const struct plan_node *node,
                 const struct tree_condition *condition)
{
    struct compare c = {.p = p, .alias = plan_scope_alias(scope, node), .condition = condition};

    if (!plan_field_find(p, node->table, &condition->field, &c.field)) {
        return false;
    }
    c.kind = plan_field_kind(&c.field);
    switch (condition->op) {
    case TREE_IN:
        return put_in(&c);
    case TREE_IS:
        return put_is(&c);
    case TREE_CS:
    case TREE_CD:
    case TREE_OV:
        return put_containment(&c);
    case TREE_SL:
    case TREE_SR:
    case TREE_NXR:
    case TREE_NXL:
    case TREE_ADJ:
        return refuse_operator(p, "There are no range types.");
    case TREE_FTS:
    case TREE_PLFTS:
    case TREE_PHFTS:
    case TREE_WFTS:
        return put_full_text(p, node, c.alias, &c.field, condition);
    default:
        return condition->quantifier == TREE_ONE ? put_one(&c, condition->value)
                                                 : put_quantified(&c);
    }
}
