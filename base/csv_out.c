#include "base/csv_out.h"

#include "base/utf8.h"

static bool wants_quotes(struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        switch (text.at[i]) {
        case ',':
        case '"':
        case '\\':
        case '(':
        case ')':
        case ' ':
        case '\t':
        case '\n':
        case '\v':
        case '\f':
        case '\r':
            return true;
        default:
            break;
        }
    }
    return text.size == 0;
}

static void put_escaped(struct buf *b, struct str text)
{
    const char *p = text.at;
    const char *end = text.at + text.size;
    const char *run = p; /* the start of what can be copied as it is */

    while (p < end) {
        size_t size = 1;
        bool is_fine =
            (unsigned char)*p < 0x80 || utf8_next((struct str){p, (size_t)(end - p)}, &size);

        if (!is_fine || *p == '"') {
            buf_append(b, run, (size_t)(p - run));
            buf_append_str(b, is_fine ? STR("\"\"") : STR("\xEF\xBF\xBD"));
            run = p + size;
        }
        p += size;
    }
    if (p > run) {
        buf_append(b, run, (size_t)(p - run));
    }
}

void csv_put_field(struct buf *b, struct str text)
{
    if (!wants_quotes(text)) {
        put_escaped(b, text);
        return;
    }
    buf_append_char(b, '"');
    put_escaped(b, text);
    buf_append_char(b, '"');
}
