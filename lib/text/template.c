/* The set of templates: loading, linking partials, visiting messages. */
#include "lib/text/template.h"

#include "lib/base/file.h"
#include "lib/text/internal.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>

static enum err directory_load(
    struct template_set *set, const char *directory, DIR *entries, struct reason *ret_reason);
static enum err partial_link(const struct template_set *set, struct node *node);

enum err template_set_open(
    const char *directory, struct template_set **ret_set, struct reason *ret_reason)
{
    DIR *entries = opendir(directory);
    if (entries == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "template.missing", directory, "", "");
    }
    struct template_set *set = template_set_new();
    enum err err = set == NULL ? ERR_MEMORY : directory_load(set, directory, entries, ret_reason);
    closedir(entries);
    if (err == OK) {
        err = template_set_link(set, ret_reason);
    }
    if (err != OK) {
        template_set_free(set);
        return err;
    }
    *ret_set = set;
    return OK;
}

struct template_set *template_set_new(void)
{
    return calloc(1, sizeof(struct template_set));
}

enum err template_set_add(
    struct template_set *set, const char *name, struct span source, struct reason *ret_reason)
{
    if (set->count == TEMPLATES_MAX || source.len > TEMPLATE_MAX_BYTES) {
        return reason_set(ret_reason, ERR_LIMIT, "template.limit", name, "", "");
    }
    struct template *template = &set->templates[set->count];
    if (!span_to_text(span_from_text(name), template->name, sizeof template->name) ||
        !utf8_valid(source)) {
        return reason_set(ret_reason, ERR_INPUT, "template.name", name, "", "");
    }
    template->source = malloc(source.len + 1);
    if (template->source == NULL) {
        return ERR_MEMORY;
    }
    if (source.len > 0) {
        memcpy(template->source, source.data, source.len);
    }
    template->source_len = source.len;
    set->count++; /* from here on template_set_free releases it */
    return template_compile(template, ret_reason);
}

enum err template_set_link(struct template_set *set, struct reason *ret_reason)
{
    for (size_t i = 0; i < set->count; i++) {
        struct template *template = &set->templates[i];
        for (size_t j = 0; j < template->count; j++) {
            struct node *node = &template->nodes[j];
            if (node->kind == NODE_PARTIAL && partial_link(set, node) != OK) {
                return reason_set(
                    ret_reason, ERR_NOT_FOUND, "template.partial", template->name, node->name, "");
            }
        }
    }
    return OK;
}

void template_set_free(struct template_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        free(set->templates[i].source);
        free(set->templates[i].nodes);
    }
    free(set);
}

static enum err directory_load(
    struct template_set *set, const char *directory, DIR *entries, struct reason *ret_reason)
{
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char path[PATH_MAX];
        char name[NODE_NAME_MAX];
        size_t len = strlen(entry->d_name);
        if (len <= 5 || strcmp(entry->d_name + len - 5, ".html") != 0 || entry->d_name[0] == '.' ||
            !span_to_text(span_make(entry->d_name, len - 5), name, sizeof name)) {
            continue;
        }
        AUTO(buf) source = { 0 };
        TRY(path_join(path, sizeof path, directory, entry->d_name));
        TRY(file_read(path, TEMPLATE_MAX_BYTES, &source));
        TRY(template_set_add(set, name, buf_span(&source), ret_reason));
    }
    return OK;
}

static enum err partial_link(const struct template_set *set, struct node *node)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->templates[i].name, node->name) == 0) {
            node->partial = i;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}
