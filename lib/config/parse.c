/* One file through libConfuse, its complaints turned into a reason. */
#include "lib/config/internal.h"

#include <confuse.h>

#include <stdio.h>

/* libConfuse reports by a callback without context. */
static _Thread_local struct reason *parse_reason;

static void parse_failed(cfg_t *cfg, const char *format, va_list arguments)
{
    char line[32];
    char message[REASON_TEXT_MAX];
    snprintf(line, sizeof line, "line %d", cfg->line);
    vsnprintf(message, sizeof message, format, arguments);
    if (parse_reason != NULL) {
        (void)reason_set(parse_reason, ERR_INPUT, "config.syntax", line, message, NULL);
    }
}

static enum err parse(const char *path, const char *text, cfg_opt_t *options, cfg_t **ret_cfg,
    struct reason *ret_reason)
{
    struct reason why = { 0 };
    cfg_t *cfg = cfg_init(options, CFGF_NONE);
    if (cfg == NULL) {
        return ERR_MEMORY;
    }
    cfg_set_error_function(cfg, parse_failed);
    parse_reason = &why;
    int result = path != NULL ? cfg_parse(cfg, path) : cfg_parse_buf(cfg, text);
    parse_reason = NULL;
    if (result == CFG_SUCCESS) {
        *ret_cfg = cfg;
        return OK;
    }
    cfg_free(cfg);
    if (result == CFG_FILE_ERROR) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "config.file", path, NULL, NULL);
    }
    return reason_set(ret_reason, ERR_INPUT, "config.syntax", why.field, why.seen, NULL);
}

enum err config_file_parse(
    const char *path, cfg_opt_t *options, cfg_t **ret_cfg, struct reason *ret_reason)
{
    return parse(path, /* text= */ NULL, options, ret_cfg, ret_reason);
}

enum err config_text_parse(
    const char *text, cfg_opt_t *options, cfg_t **ret_cfg, struct reason *ret_reason)
{
    return parse(/* path= */ NULL, text, options, ret_cfg, ret_reason);
}
