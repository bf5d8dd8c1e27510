#include "handlers/openapi/name.h"

#include "base/attributes.h"
#include "base/utf8.h"

static bool is_word(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool name_is_usable(struct str name)
{
    return name.size > 0 && utf8_is_valid(name);
}

/* Append name; each byte that is neither a word's nor among also as mark and its two digits. */
static void put_escaped(struct buf *b, struct str name, const char *also, char mark)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (is_word(c) || (c != '\0' && strchr(also, c) != NULL)) {
            buf_append_char(b, (char)c);
        } else {
            const char escape[] = {mark, digits[c >> 4], digits[c & 15]};
            buf_append(b, escape, sizeof(escape));
        }
    }
}

void name_put_key(struct buf *b, struct str name)
{
    put_escaped(b, name, "", '-');
}

void name_put_segment(struct buf *b, struct str name)
{
    put_escaped(b, name, "-.~", '%');
}

/* Does the parameter of that name mean something else? */
static bool is_reserved(struct str name)
{
    static const char *const reserved[] = {"select", "order", "limit",   "offset",
                                           "and",    "or",    "columns", "on_conflict"};

    for (size_t i = 0; i < ARRAY_LENGTH(reserved); i++) {
        if (str_equal(name, str_of(reserved[i]))) {
            return true;
        }
    }
    return false;
}

/* Does the grammar read it as one name? Anything beyond ASCII is quoted, which is always right. */
static bool is_bare(struct str name)
{
    if (is_reserved(name)) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool is_blank_inside = c == ' ' && i > 0 && i + 1 < name.size;
        if (!is_word(c) && c != '$' && !is_blank_inside) {
            return false;
        }
    }
    return true;
}

void name_put_filter(struct buf *b, struct str name)
{
    if (is_bare(name)) {
        buf_append_str(b, name);
        return;
    }
    buf_append_char(b, '"');
    for (size_t i = 0; i < name.size; i++) {
        if (name.at[i] == '"' || name.at[i] == '\\') {
            buf_append_char(b, '\\');
        }
        buf_append_char(b, name.at[i]);
    }
    buf_append_char(b, '"');
}

/* Signs but for those as their character references: then they are neither markup nor HTML. */
static void put_references(struct buf *b, struct str name, const char *but)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool is_letter = is_word(c) && c != '_';
        if (is_letter || c >= 0x80 || (c != '\0' && strchr(but, c) != NULL)) {
            buf_append_char(b, (char)c);
        } else {
            buf_printf(b, "&#%u;", c);
        }
    }
}

static bool is_plain(struct str name)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (!is_word(c) && c != '-' && c != '.') {
            return false;
        }
    }
    return true;
}

void name_put_prose(struct buf *b, struct str name, struct str member)
{
    bool is_code = is_plain(name) && is_plain(member);

    buf_append_str(b, is_code ? STR("`") : STR(""));
    put_references(b, name, is_code ? "_-." : " ");
    if (member.at != NULL) {
        buf_append_char(b, '.');
        put_references(b, member, is_code ? "_-." : " ");
    }
    buf_append_str(b, is_code ? STR("`") : STR(""));
}

void name_put_attribute(struct buf *b, struct str name)
{
    put_references(b, name, " _-.");
}
