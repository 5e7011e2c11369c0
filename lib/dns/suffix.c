/* The public suffix list by libpsl, without the rule that any unknown last label is a suffix. */
#include "lib/dns/suffix.h"

#include <libpsl.h>

#include <stdlib.h>
#include <unistd.h>

struct suffix_list {
    psl_ctx_t *loaded; /* NULL for the built-in list */
    const psl_ctx_t *rules;
};

static bool is_suffix(const struct suffix_list *list, const char *name);

enum err suffix_list_open(const char *path, struct suffix_list **ret_list)
{
    struct suffix_list *list = calloc(1, sizeof *list);
    if (list == NULL) {
        return ERR_MEMORY;
    }
    if (path != NULL && access(path, R_OK) != 0) {
        suffix_list_free(list);
        return ERR_NOT_FOUND;
    }
    list->loaded = path == NULL ? NULL : psl_load_file(path);
    list->rules = path == NULL ? psl_builtin() : list->loaded;
    if (list->rules == NULL || !is_suffix(list, "com")) {
        suffix_list_free(list);
        return ERR_INPUT;
    }
    *ret_list = list;
    return OK;
}

void suffix_list_free(struct suffix_list *list)
{
    if (list != NULL) {
        psl_free(list->loaded);
        free(list);
    }
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
