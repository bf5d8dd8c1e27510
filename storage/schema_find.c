/* Finding by name in a snapshot: its tables are sorted, a table's columns are in their order. */
#include "storage/schema_build.h"

static int fold(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

int schema_compare_names(struct str a, struct str b)
{
    size_t common = a.size < b.size ? a.size : b.size;

    for (size_t i = 0; i < common; i++) {
        int order = fold(a.at[i]) - fold(b.at[i]);
        if (order != 0) {
            return order;
        }
    }
    return a.size < b.size ? -1 : a.size > b.size;
}

const struct schema_table *schema_find(const struct schema *schema, struct str name)
{
    size_t from = 0;
    size_t to = schema->tables_count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = schema_compare_names(name, str_of(schema->tables[middle].name));

        if (order == 0) {
            return &schema->tables[middle];
        }
        if (order < 0) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    return NULL;
}

const struct schema_column *schema_find_column(const struct schema_table *table, struct str name)
{
    for (size_t i = 0; i < table->columns_count; i++) {
        if (str_equal_nocase(str_of(table->columns[i].name), name)) {
            return &table->columns[i];
        }
    }
    return NULL;
}
