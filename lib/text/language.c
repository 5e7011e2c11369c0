/* Languages: a table of what we speak, each with its catalogue and English behind it. */
#include "lib/text/language.h"

#include "lib/base/file.h"
#include "lib/text/mo.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { LANGUAGE_COUNT = 3, TAG_TEXT_MAX = 36 };

struct language {
    const char *tag;
    const char *file;
    const char *name;
    const struct language *fallback;
    struct buf content; /* of the service's: read, and checked, once */
    struct span mapped; /* of a command's, which asks for some texts and ends */
    struct mo mo;
};

struct language_set {
    struct language languages[LANGUAGE_COUNT];
};

/* In the order a page offers them. */
static const struct {
    const char *tag, *file, *name;
} spoken[LANGUAGE_COUNT] = {
    { "zh-HK", "zh_HK.mo", "繁體中文" },
    { "zh-CN", "zh_CN.mo", "简体中文" },
    { "en", "en.mo", "English" },
};
enum { HONG_KONG = 0, ENGLISH = 2 };

/* What an Accept-Language range leads to, by longest prefix first. */
static const struct {
    const char *range;
    const char *tag;
} ranges[] = {
    { "zh-hant", "zh-HK" },
    { "zh-hk", "zh-HK" },
    { "zh-mo", "zh-HK" },
    { "zh-tw", "zh-HK" },
    { "yue", "zh-HK" },
    { "zh", "zh-CN" },
    { "en", "en" },
};

static struct language_set *set_new(void);
static enum err directory_find(char ret_directory[PATH_MAX]);
static size_t locale_find(const struct language_set *set, const char *locale);
typedef enum err catalogue_open_fn(const char *path, struct language *language);
static enum err catalogue_open(const char *directory, catalogue_open_fn *open,
    struct language *language, struct reason *ret_reason);
static catalogue_open_fn catalogue_read, catalogue_map;
static const struct language *range_find(const struct language_set *set, struct span range);
static unsigned quality_parse(struct span parameters);
static const char *placeholder_find(
    const struct placeholder *placeholders, const char *name, size_t len);

enum err language_set_open(
    const char *directory, struct language_set **ret_set, struct reason *ret_reason)
{
    AUTO_PTR(language_set) set = set_new();
    TRY(set == NULL ? ERR_MEMORY : OK);
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        TRY(catalogue_open(directory, catalogue_read, &set->languages[i], ret_reason));
    }
    *ret_set = set;
    set = NULL;
    return OK;
}

enum err language_set_open_installed(struct language_set **ret_set, struct reason *ret_reason)
{
    char directory[PATH_MAX];
    TRY(directory_find(directory));
    return language_set_open(directory, ret_set, ret_reason);
}

enum err language_open_installed(const char *locale, struct language_set **ret_set,
    const struct language **ret_language, struct reason *ret_reason)
{
    AUTO_PTR(language_set) set = set_new();
    char directory[PATH_MAX];
    TRY(set == NULL ? ERR_MEMORY : OK);
    TRY(directory_find(directory));
    struct language *language = &set->languages[locale_find(set, locale)];
    TRY(catalogue_open(directory, catalogue_map, language, ret_reason));
    if (language != &set->languages[ENGLISH]) {
        TRY(catalogue_open(directory, catalogue_map, &set->languages[ENGLISH], ret_reason));
    }
    *ret_language = language;
    *ret_set = set;
    set = NULL;
    return OK;
}

/* Without catalogues. */
static struct language_set *set_new(void)
{
    struct language_set *set = calloc(1, sizeof *set);
    for (size_t i = 0; set != NULL && i < LANGUAGE_COUNT; i++) {
        set->languages[i].tag = spoken[i].tag;
        set->languages[i].file = spoken[i].file;
        set->languages[i].name = spoken[i].name;
        set->languages[i].fallback = i == ENGLISH ? NULL : &set->languages[ENGLISH];
    }
    return set;
}

static enum err directory_find(char ret_directory[PATH_MAX])
{
    static const char *const places[] = { "../../web/locale", "../share/ecert/locale" };
    const char *given = getenv("ECERT_LOCALE");
    if (given != NULL) {
        int len = snprintf(ret_directory, PATH_MAX, "%s", given);
        return len < PATH_MAX ? OK : ERR_LIMIT;
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        TRY(path_beside_program(ret_directory, PATH_MAX, places[i]));
        if (access(ret_directory, R_OK) == 0) {
            break;
        }
    }
    return OK;
}

/* Which of the languages: a tag of ours, any other kind of Chinese, else English. */
static size_t locale_find(const struct language_set *set, const char *locale)
{
    char tag[TAG_TEXT_MAX];
    snprintf(tag, sizeof tag, "%s", locale);
    tag[strcspn(tag, ".@")] = '\0';
    for (char *byte = tag; *byte != '\0'; byte++) {
        *byte = *byte == '_' ? '-' : *byte;
    }
    const struct language *language = language_by_tag(set, tag);
    if (language == NULL && strncasecmp(tag, "zh", 2) == 0) {
        language = language_negotiate(set, span_from_text(tag));
    }
    return language == NULL ? ENGLISH : (size_t)(language - set->languages);
}

void language_set_free(struct language_set *set)
{
    if (set != NULL) {
        for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
            buf_release(&set->languages[i].content);
            file_unmap(set->languages[i].mapped);
        }
        free(set);
    }
}

const struct language *language_by_tag(const struct language_set *set, const char *tag)
{
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        const char *own = set->languages[i].tag;
        if (strlen(tag) == strlen(own) && strncasecmp(tag, own, 2) == 0 &&
            (own[2] == '\0' ||
                ((tag[2] == '-' || tag[2] == '_') && strcasecmp(tag + 3, own + 3) == 0))) {
            return &set->languages[i];
        }
    }
    return NULL;
}

const struct language *language_at(const struct language_set *set, size_t index)
{
    return index < LANGUAGE_COUNT ? &set->languages[index] : NULL;
}

const struct language *language_negotiate(const struct language_set *set, struct span accept)
{
    const struct language *best = &set->languages[HONG_KONG];
    unsigned best_quality = 0;
    while (accept.len > 0) {
        const uint8_t *comma = memchr(accept.data, ',', accept.len);
        size_t len = comma == NULL ? accept.len : (size_t)(comma - accept.data);
        const uint8_t *semicolon = memchr(accept.data, ';', len);
        size_t range_len = semicolon == NULL ? len : (size_t)(semicolon - accept.data);
        const struct language *language = range_find(set, span_make(accept.data, range_len));
        unsigned quality = quality_parse(span_make(accept.data + range_len, len - range_len));
        if (language != NULL && quality > best_quality) {
            best = language;
            best_quality = quality;
        }
        size_t used = comma == NULL ? len : len + 1;
        accept = span_make(accept.data + used, accept.len - used);
    }
    return best;
}

const char *language_tag(const struct language *language)
{
    return language->tag;
}

const char *language_name(const struct language *language)
{
    return language->name;
}

const char *language_text(const struct language *language, const char *id)
{
    for (const struct language *at = language; at != NULL; at = at->fallback) {
        const char *text = id[0] == '\0' ? NULL : mo_text(&at->mo, id);
        if (text != NULL) {
            return text;
        }
    }
    return id;
}

bool language_has(const struct language *language, const char *id)
{
    return id[0] != '\0' && mo_text(&language->mo, id) != NULL;
}

void language_format(const struct language *language, const char *id,
    const struct placeholder *placeholders, struct buf *buf)
{
    const char *at = language_text(language, id);
    for (const char *open = strchr(at, '{'); open != NULL; open = strchr(at, '{')) {
        const char *close = strchr(open, '}');
        if (close == NULL) {
            break;
        }
        const char *value = placeholder_find(placeholders, open + 1, (size_t)(close - open - 1));
        buf_append(buf, span_make(at, (size_t)(open - at)));
        if (value == NULL) {
            buf_append(buf, span_make(open, (size_t)(close + 1 - open)));
        } else {
            buf_append_text(buf, value);
        }
        at = close + 1;
    }
    buf_append_text(buf, at);
}

void language_format_reason(const struct language *language, const struct reason *reason,
    const char *suffix, struct buf *buf)
{
    char id[REASON_CODE_MAX + 8];
    snprintf(id, sizeof id, "%s%s", reason->code, suffix);
    if (suffix[0] != '\0' && strcmp(language_text(language, id), id) == 0) {
        return;
    }
    const struct placeholder placeholders[] = {
        { "field", reason->field },
        { "seen", reason->seen },
        { "expected", reason->expected },
        { "failure", language_failure(language, reason->seen) },
        { NULL, NULL },
    };
    language_format(language, id, placeholders, buf);
}

const char *language_failure(const struct language *language, const char *words)
{
    static const char ID[] = "failure.";
    char id[64];
    for (int err = OK + 1; err < ERR_COUNT; err++) {
        if (strcmp(words, err_name((enum err)err)) == 0) {
            snprintf(id, sizeof id, "%s%s", ID, words);
            for (char *one = id + sizeof ID - 1; *one != '\0'; one++) {
                *one = *one == ' ' || *one == '/' ? '_' : *one;
            }
            const char *text = language_text(language, id);
            return text == id ? words : text;
        }
    }
    return words;
}

static enum err catalogue_open(const char *directory, catalogue_open_fn *open,
    struct language *language, struct reason *ret_reason)
{
    char path[PATH_MAX];
    enum err err = path_join(path, sizeof path, directory, language->file);
    err = err == OK ? open(path, language) : err;
    return err == OK ? OK
                     : reason_set(ret_reason, err,
                           err == ERR_INPUT ? "language.invalid" : "language.missing",
                           language->file, directory, "");
}

static enum err catalogue_read(const char *path, struct language *language)
{
    TRY(file_read(path, MO_MAX_BYTES, &language->content));
    TRY(mo_open(buf_span(&language->content), &language->mo));
    return mo_check(&language->mo);
}

static enum err catalogue_map(const char *path, struct language *language)
{
    TRY(file_map(path, MO_MAX_BYTES, &language->mapped));
    return mo_open(language->mapped, &language->mo);
}

static const struct language *range_find(const struct language_set *set, struct span range)
{
    while (range.len > 0 && (range.data[0] == ' ' || range.data[0] == '\t')) {
        range = span_make(range.data + 1, range.len - 1);
    }
    while (
        range.len > 0 && (range.data[range.len - 1] == ' ' || range.data[range.len - 1] == '\t')) {
        range.len--;
    }
    char text[TAG_TEXT_MAX];
    if (!span_to_text(range, text, sizeof text)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        size_t len = strlen(ranges[i].range);
        if (strncasecmp(text, ranges[i].range, len) == 0 &&
            (text[len] == '\0' || text[len] == '-')) {
            return language_by_tag(set, ranges[i].tag);
        }
    }
    return NULL;
}

/* ";q=0.8" in thousandths; 1000 if there is none, 0 if it can't be read. */
static unsigned quality_parse(struct span parameters)
{
    char text[16] = "";
    size_t len = 0;
    for (size_t i = 0; i < parameters.len && len + 1 < sizeof text; i++) {
        if (parameters.data[i] != ' ' && parameters.data[i] != '\t') {
            text[len++] = (char)parameters.data[i];
        }
    }
    if (len == 0) {
        return 1000;
    }
    if (strncmp(text, ";q=", 3) != 0 || (text[3] != '0' && text[3] != '1')) {
        return 0;
    }
    unsigned quality = text[3] == '1' ? 1000 : 0;
    unsigned weight = 100;
    const char *digit = text[4] == '.' ? text + 5 : "";
    for (; quality < 1000 && *digit >= '0' && *digit <= '9' && weight > 0; digit++, weight /= 10) {
        quality += (unsigned)(*digit - '0') * weight;
    }
    return quality;
}

static const char *placeholder_find(
    const struct placeholder *placeholders, const char *name, size_t len)
{
    for (; placeholders != NULL && placeholders->name != NULL; placeholders++) {
        if (strlen(placeholders->name) == len && memcmp(placeholders->name, name, len) == 0) {
            return placeholders->value == NULL ? "" : placeholders->value;
        }
    }
    return NULL;
}
