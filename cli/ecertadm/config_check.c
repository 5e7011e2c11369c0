/* `config check`: reads a configuration as the processes do. */
#include "cli/ecertadm/command.h"
#include "lib/config/config.h"

static const struct {
    enum config_section section;
    const char *name;
} sections[] = {
    { CONFIG_SERVICE, "service" },
    { CONFIG_PORTAL, "portal" },
    { CONFIG_SIGNER, "signer" },
    { CONFIG_VALIDATOR, "validator" },
    { CONFIG_REGISTRAR, "registrar" },
    { CONFIG_COURIER, "courier" },
};

enum err config_check_run(struct call *call)
{
    const char *path = NULL;
    AUTO(config) config = { 0 };
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, NULL, 0, &path, 1));
    TRY(config_load(path, 0, &config, &call->reason));
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "file", path);
    struct value *list = value_put_list(&tree, object, "sections");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if ((config.sections & sections[i].section) != 0) {
            value_add_text(&tree, list, sections[i].name);
        }
    }
    value_put_integer(&tree, object, "perspectives", (int64_t)config.perspective_count);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}
