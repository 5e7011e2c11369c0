/* The security module's keys, which the service's configuration, a ceremony's script and a trial's
 * profile share. */
#include "lib/config/internal.h"

#include <confuse.h>

#include <stdio.h>

enum { SECONDS_MAX = 20 }; /* who asks the signer waits for thirty */

static enum err refused(const char *section, const char *key, const char *seen,
    const char *expected, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    snprintf(field, sizeof field, "%s.%s", section, key);
    return reason_set(ret_reason, ERR_INPUT, "config.value", field, seen, expected);
}

static bool assignment_valid(const char *text)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    const char *equals = strchr(text, '=');
    return equals != NULL && strchr(first, *text) != NULL && equals != text;
}

bool config_path_valid(const char *text)
{
    return *text == '/';
}

enum err config_list_take(cfg_t *cfg, const char *key, bool (*valid)(const char *text),
    const char **ret_texts, size_t *ret_count)
{
    unsigned count = cfg_size(cfg, key);
    if (count > CONFIG_MODULE_LIST_MAX) {
        return ERR_INPUT;
    }
    for (unsigned i = 0; i < count; i++) {
        ret_texts[i] = cfg_getnstr(cfg, key, i);
        if (!valid(ret_texts[i])) {
            return ERR_INPUT;
        }
    }
    *ret_count = count;
    return OK;
}

enum err config_module_take(
    cfg_t *cfg, const char *section, struct config_module *ret_module, struct reason *ret_reason)
{
    struct config_module module = { .path = cfg_getstr(cfg, "pkcs11_module"),
        .pin_file = cfg_getstr(cfg, "pkcs11_pin_file") };
    long seconds = cfg_getint(cfg, "pkcs11_seconds");
    bool used = *module.path != '\0';
    if (!config_text_fits(KIND_OPTIONAL_PATH, module.path)) {
        return refused(section, "pkcs11_module", module.path,
            config_kind_expected(KIND_OPTIONAL_PATH), ret_reason);
    }
    if ((*module.pin_file != '\0') != used || (used && *module.pin_file != '/')) {
        return refused(section, "pkcs11_pin_file", module.pin_file,
            "both pkcs11_module and pkcs11_pin_file, or neither", ret_reason);
    }
    if (seconds < 1 || seconds > SECONDS_MAX) {
        return refused(section, "pkcs11_seconds", NULL, "1 to 20", ret_reason);
    }
    module.seconds = (unsigned)seconds;
    if (config_list_take(cfg, "pkcs11_environment", assignment_valid, module.environment,
            &module.environment_count) != OK) {
        return refused(
            section, "pkcs11_environment", NULL, "NAME=VALUE, eight at most", ret_reason);
    }
    if (config_list_take(
            cfg, "pkcs11_folders", config_path_valid, module.folders, &module.folder_count) != OK) {
        return refused(section, "pkcs11_folders", NULL, "paths from /, eight at most", ret_reason);
    }
    *ret_module = module;
    return OK;
}

bool config_module_reaches(const struct config_module *module, const char *token_key)
{
    return *token_key == '\0' || (strncmp(token_key, "pkcs11:", 7) == 0 && *module->path != '\0');
}
