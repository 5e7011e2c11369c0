/* The public suffix list by libpsl, without the rule that any unknown last label is a suffix. */
#include "lib/dns/suffix.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <libpsl.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { LIST_MAX_BYTES = 8 * 1024 * 1024 };

struct suffix_list {
    psl_ctx_t *loaded; /* NULL for the built-in list */
    const psl_ctx_t *rules;
    int64_t time;
};

static enum err file_load(struct suffix_list *list, const char *path);
static bool is_whole(struct span content);
static int64_t version_time(struct span content);
static const uint8_t *text_find(struct span content, const char *text);
static bool is_suffix(const struct suffix_list *list, const char *name);

enum err suffix_list_open(const char *path, struct suffix_list **ret_list)
{
    bool built_in = path == NULL || *path == '\0';
    AUTO_PTR(suffix_list) list = calloc(1, sizeof *list);
    if (list == NULL) {
        return ERR_MEMORY;
    }
    if (built_in) {
        list->rules = psl_builtin();
        list->time = psl_builtin_file_time();
    } else {
        TRY(file_load(list, path));
    }
    if (list->rules == NULL || !is_suffix(list, "com")) {
        return ERR_INPUT;
    }
    *ret_list = list;
    list = NULL;
    return OK;
}

enum err suffix_list_load(
    const char *path, struct suffix_list **ret_list, struct reason *ret_reason)
{
    enum err err = suffix_list_open(path, ret_list);
    return err == OK ? OK
                     : reason_set(ret_reason, err, "suffix_list.unusable", "validator.suffix_list",
                           path, "a whole public suffix list");
}

static enum err file_load(struct suffix_list *list, const char *path)
{
    struct stat status;
    AUTO(buf) content = { 0 };
    if (stat(path, &status) != 0 || file_read(path, LIST_MAX_BYTES, &content) != OK) {
        return ERR_NOT_FOUND;
    }
    if (content.len == 0 || !is_whole(buf_span(&content))) {
        return ERR_INPUT;
    }
    FILE *stream = fmemopen(content.data, content.len, "r");
    if (stream == NULL) {
        return ERR_MEMORY;
    }
    list->loaded = psl_load_fp(stream);
    list->rules = list->loaded;
    list->time = version_time(buf_span(&content));
    list->time = list->time != 0 ? list->time : status.st_mtim.tv_sec;
    fclose(stream);
    return OK;
}

/* A text ends its ICANN section by a line of its own; DAFSA has no such thing. */
static bool is_whole(struct span content)
{
    static const char dafsa[] = ".DAFSA@PSL_";
    bool is_dafsa = content.len > strlen(dafsa) && memcmp(content.data, dafsa, strlen(dafsa)) == 0;
    return is_dafsa || text_find(content, "===END ICANN DOMAINS===") != NULL;
}

/* "// VERSION: 2026-11-20_07-32-15_UTC"; 0 without one. */
static int64_t version_time(struct span content)
{
    static const char tag[] = "// VERSION: ";
    static const size_t day_len = sizeof "2026-11-20" - 1;
    char day[TIME_TEXT_MAX];
    int64_t time = 0;
    const uint8_t *found = text_find(content, tag);
    size_t at = found == NULL ? content.len : (size_t)(found - content.data) + strlen(tag);
    if (content.len - at < day_len) {
        return 0;
    }
    snprintf(day, sizeof day, "%.*sT00:00:00Z", (int)day_len, (const char *)content.data + at);
    return time_parse_rfc3339(span_from_text(day), &time) == OK ? time : 0;
}

static const uint8_t *text_find(struct span content, const char *text)
{
    return memmem(content.data, content.len, text, strlen(text));
}

void suffix_list_free(struct suffix_list *list)
{
    if (list != NULL) {
        psl_free(list->loaded);
        free(list);
    }
}

int64_t suffix_list_time(const struct suffix_list *list)
{
    return list->time;
}

bool suffix_list_holds(const struct suffix_list *list, const struct dns_name *name)
{
    return is_suffix(list, dns_name_base(name));
}

enum err suffix_list_registrable(
    const struct suffix_list *list, const struct dns_name *name, const char **ret_registrable)
{
    const char *below = dns_name_base(name);
    if (is_suffix(list, below)) {
        return ERR_DENIED;
    }
    for (const char *dot = strchr(below, '.'); dot != NULL; dot = strchr(below, '.')) {
        if (is_suffix(list, dot + 1)) {
            *ret_registrable = below;
            return OK;
        }
        below = dot + 1;
    }
    return ERR_NOT_FOUND;
}

enum err suffix_list_check(
    const struct suffix_list *list, const struct dns_name *name, struct reason *ret_reason)
{
    const char *registrable = NULL;
    enum err err = suffix_list_registrable(list, name, &registrable);
    if (err == OK) {
        return OK;
    }
    const char *code = err == ERR_DENIED ? "name.public_suffix" : "name.not_public";
    return reason_set(ret_reason, ERR_INPUT, code, name->text, dns_name_base(name), NULL);
}

static bool is_suffix(const struct suffix_list *list, const char *name)
{
    return psl_is_public_suffix2(list->rules, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}
