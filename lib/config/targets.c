/* All values are texts: one table says which there are. */
#include "lib/config/targets.h"

#include "lib/config/internal.h"

#include <confuse.h>

static cfg_opt_t target_options[] = {
    CFG_STR("kind", NULL, CFGF_NONE),
    CFG_STR("to", NULL, CFGF_NONE),
    CFG_STR("ssh_config", NULL, CFGF_NONE),
    CFG_STR("certificate", NULL, CFGF_NONE),
    CFG_STR("key", NULL, CFGF_NONE),
    CFG_STR("pin_source", NULL, CFGF_NONE),
    CFG_STR("config", NULL, CFGF_NONE),
    CFG_STR("pid_file", NULL, CFGF_NONE),
    CFG_STR("staple", NULL, CFGF_NONE),
    CFG_STR("check", NULL, CFGF_NONE),
    CFG_STR("window", NULL, CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t file_options[] = {
    CFG_SEC("target", target_options, CONFIG_TITLED),
    CFG_END(),
};

enum err config_targets_read(
    const char *path, config_target_visit visit, void *ctx, struct reason *ret_reason)
{
    cfg_t *cfg = NULL;
    TRY(config_file_parse(path, file_options, &cfg, ret_reason));
    enum err err = OK;
    for (unsigned i = 0; err == OK && i < cfg_size(cfg, "target"); i++) {
        cfg_t *target = cfg_getnsec(cfg, "target", i);
        err = visit(cfg_title(target), /* key= */ NULL, /* value= */ NULL, ret_reason, ctx);
        for (size_t k = 0; err == OK && target_options[k].name != NULL; k++) {
            const char *value = cfg_getstr(target, target_options[k].name);
            err = value == NULL
                      ? OK
                      : visit(cfg_title(target), target_options[k].name, value, ret_reason, ctx);
        }
    }
    cfg_free(cfg);
    return err;
}
