/* Scripts by ranges of code points. Only scripts in which host names are written are told apart;
 * every other character counts as one script of its own, so that it never hides beside another. */
#include "lib/dns/script.h"

enum script {
    SCRIPT_COMMON = 0,
    SCRIPT_LATIN = 1 << 0,
    SCRIPT_GREEK = 1 << 1,
    SCRIPT_CYRILLIC = 1 << 2,
    SCRIPT_ARMENIAN = 1 << 3,
    SCRIPT_HEBREW = 1 << 4,
    SCRIPT_ARABIC = 1 << 5,
    SCRIPT_DEVANAGARI = 1 << 6,
    SCRIPT_THAI = 1 << 7,
    SCRIPT_HANGUL = 1 << 8,
    SCRIPT_KANA = 1 << 9,
    SCRIPT_BOPOMOFO = 1 << 10,
    SCRIPT_HAN = 1 << 11,
    SCRIPT_OTHER = 1 << 12,
};

static const struct {
    uint32_t first, last;
    unsigned script;
} ranges[] = {
    { 0x0000, 0x0040, SCRIPT_COMMON },
    { 0x0041, 0x005a, SCRIPT_LATIN },
    { 0x005b, 0x0060, SCRIPT_COMMON },
    { 0x0061, 0x007a, SCRIPT_LATIN },
    { 0x007b, 0x00a9, SCRIPT_COMMON },
    { 0x00aa, 0x00aa, SCRIPT_LATIN },
    { 0x00b7, 0x00b7, SCRIPT_COMMON },
    { 0x00ba, 0x00ba, SCRIPT_LATIN },
    { 0x00c0, 0x024f, SCRIPT_LATIN },
    { 0x0250, 0x02af, SCRIPT_LATIN },
    { 0x0300, 0x036f, SCRIPT_COMMON },
    { 0x0370, 0x03ff, SCRIPT_GREEK },
    { 0x0400, 0x052f, SCRIPT_CYRILLIC },
    { 0x0531, 0x058f, SCRIPT_ARMENIAN },
    { 0x0591, 0x05f4, SCRIPT_HEBREW },
    { 0x0600, 0x077f, SCRIPT_ARABIC },
    { 0x08a0, 0x08ff, SCRIPT_ARABIC },
    { 0x0900, 0x097f, SCRIPT_DEVANAGARI },
    { 0x0e01, 0x0e5b, SCRIPT_THAI },
    { 0x1100, 0x11ff, SCRIPT_HANGUL },
    { 0x1c80, 0x1c8f, SCRIPT_CYRILLIC },
    { 0x1e00, 0x1eff, SCRIPT_LATIN },
    { 0x1f00, 0x1fff, SCRIPT_GREEK },
    { 0x2c60, 0x2c7f, SCRIPT_LATIN },
    { 0x2de0, 0x2dff, SCRIPT_CYRILLIC },
    { 0x3005, 0x3007, SCRIPT_HAN },
    { 0x3041, 0x309f, SCRIPT_KANA },
    { 0x30a0, 0x30ff, SCRIPT_KANA },
    { 0x3105, 0x312f, SCRIPT_BOPOMOFO },
    { 0x31a0, 0x31bf, SCRIPT_BOPOMOFO },
    { 0x31f0, 0x31ff, SCRIPT_KANA },
    { 0x3400, 0x4dbf, SCRIPT_HAN },
    { 0x4e00, 0x9fff, SCRIPT_HAN },
    { 0xa640, 0xa69f, SCRIPT_CYRILLIC },
    { 0xa720, 0xa7ff, SCRIPT_LATIN },
    { 0xac00, 0xd7a3, SCRIPT_HANGUL },
    { 0xf900, 0xfaff, SCRIPT_HAN },
    { 0x20000, 0x323af, SCRIPT_HAN },
};

/* What one label may hold together. */
static const unsigned companies[] = {
    SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_KANA,
    SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_BOPOMOFO,
    SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_HANGUL,
};

static uint32_t next_character(struct span *rest);
static unsigned script_of(uint32_t character);

bool script_mixed(struct span text)
{
    unsigned scripts = 0;
    while (text.len > 0) {
        scripts |= script_of(next_character(&text));
    }
    if ((scripts & (scripts - 1)) == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof companies / sizeof *companies; i++) {
        if ((scripts & ~companies[i]) == 0) {
            return false;
        }
    }
    return true;
}

static uint32_t next_character(struct span *rest)
{
    uint8_t first = rest->data[0];
    size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    length = length > rest->len ? rest->len : length;
    static const uint8_t masks[] = { 0x7f, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t character = first & masks[length];
    for (size_t i = 1; i < length; i++) {
        character = character << 6 | (rest->data[i] & 0x3f);
    }
    *rest = span_make(rest->data + length, rest->len - length);
    return character;
}

static unsigned script_of(uint32_t character)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (character <= ranges[i].last) {
            return character >= ranges[i].first ? ranges[i].script : SCRIPT_OTHER;
        }
    }
    return SCRIPT_OTHER;
}
