#include "storage/letters.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "base/utf8.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t locale;                   /* Immutable after once; 0: there is none */
static wctype_t classes[LETTERS_CLASSES]; /* likewise */

static const char *const class_names[] = {
    "alnum", "alpha", "blank", "cntrl", "digit",  "graph", "lower",
    "print", "punct", "space", "upper", "xdigit", "word",
};

static void open_locale(void)
{
    locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (locale == (locale_t)0) {
        locale = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
    }
    for (int i = 0; i < LETTERS_WORD && locale != (locale_t)0; i++) {
        classes[i] = wctype_l(class_names[i], locale);
    }
}

static locale_t get_locale(void)
{
    (void)pthread_once(&once, open_locale); /* cannot fail */
    return locale;
}

uint32_t letters_next(struct str *s)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned char first = (unsigned char)s->at[0];
    size_t size = 1;
    uint32_t c = first;

    if (first >= 0x80) {
        if (utf8_next(*s, &size)) {
            c = first & masks[size];
            for (size_t i = 1; i < size; i++) {
                c = c << 6 | ((unsigned char)s->at[i] & 0x3F);
            }
        } else {
            size = 1;
            c = UINT32_C(0x110000) + first;
        }
    }
    *s = (struct str){s->at + size, s->size - size};
    return c;
}

uint32_t letters_lower(uint32_t c)
{
    if (c < 0x80) {
        return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    }
    if (c > 0x10FFFF || get_locale() == (locale_t)0) {
        return c;
    }
    return (uint32_t)towlower_l((wint_t)c, get_locale());
}

uint32_t letters_upper(uint32_t c)
{
    if (c < 0x80) {
        return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c;
    }
    if (c > 0x10FFFF || get_locale() == (locale_t)0) {
        return c;
    }
    return (uint32_t)towupper_l((wint_t)c, get_locale());
}

bool letters_is(uint32_t c, enum letters_class which)
{
    if (which == LETTERS_WORD) {
        return c == '_' || letters_is(c, LETTERS_ALNUM);
    }
    return c <= 0x10FFFF && get_locale() != (locale_t)0 &&
           iswctype_l((wint_t)c, classes[which], get_locale()) != 0;
}

bool letters_class_of(struct str name, enum letters_class *ret)
{
    for (int i = 0; i < LETTERS_CLASSES; i++) {
        if (str_equal(name, str_of(class_names[i]))) {
            *ret = (enum letters_class)i;
            return true;
        }
    }
    return false;
}

/* The letter below the diacritics of U+00C0 to U+024F and U+1E00 to U+1EFF, by their canonical
 * decompositions; a blank: it has none. */
static const char plain_low[] = "aaaaaa ceeeeiiii nooooo  uuuuy  aaaaaa ceeeeiiii nooooo  uuuuy y"
                                "aaaaaaccccccccdd  eeeeeeeeeegggggggghh  iiiiiiiii   jjkk llllll "
                                "   nnnnnn   oooooo  rrrrrrsssssssstttt  uuuuuuuuuuuuwwyyyzzzzzz "
                                "                                oo             uu               "
                                "             aaiioouuuuuuuuuu aaaa    ggkkoooo  j   gg  nnaa    "
                                "aaaaeeeeiiiioooorrrruuuusstt  hh      aaeeooooooooyy            "
                                "                ";
static const char plain_high[] = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
                                 "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
                                 "wwwwwwwwwwxxxxyyzzzzzzhtwy      aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
                                 "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy      ";

uint32_t letters_plain(uint32_t c)
{
    char plain = ' ';

    if (c >= 0xC0 && c <= 0x24F) {
        plain = plain_low[c - 0xC0];
    } else if (c >= 0x1E00 && c <= 0x1EFF) {
        plain = plain_high[c - 0x1E00];
    } else if (c >= 0x300 && c <= 0x36F) {
        return 0;
    }
    return plain == ' ' ? letters_lower(c) : (uint32_t)(unsigned char)plain;
}

unsigned letters_put(char to[4], uint32_t c)
{
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    unsigned size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (unsigned i = size - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    to[0] = (char)(leads[size] | c);
    return size;
}
