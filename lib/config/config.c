/* Reads ecert.conf with libConfuse, checks every value by a table, and fills struct config. A value
 * that is wrong is refused with its key, never replaced by a default. */
#include "lib/config/config.h"
#include "lib/config/internal.h"

#include <confuse.h>

#include <stdio.h>

enum { CONFIG_HOST_MAX = 256 };

static cfg_opt_t service_options[] = {
    CONFIG_TEXT("run_directory"),
    CONFIG_TEXT("store"),
    CONFIG_TEXT("data_directory"),
    CFG_BOOL("trial", cfg_false, CFGF_NONE),
    CFG_BOOL("users", cfg_true, CFGF_NONE),
    CFG_INT("first_user_id", 0, CFGF_NONE),
    CFG_STR("log_level", "info", CFGF_NONE),
    CFG_STR("sandbox", "enforce", CFGF_NONE),
    CFG_STR_LIST("weak_keys", "{}", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t portal_options[] = {
    CFG_STR("address", "127.0.0.1", CFGF_NONE),
    CFG_INT("port", 8080, CFGF_NONE),
    CONFIG_TEXT("url"),
    CONFIG_TEXT("tls_certificate"),
    CONFIG_TEXT("tls_key"),
    CONFIG_TEXT("enquiry_email"),
    CONFIG_TEXT("caa_identity"),
    CFG_END(),
};

static cfg_opt_t signer_options[] = {
    CONFIG_TEXT("directory"),
    CONFIG_TEXT("passphrase_file"),
    CONFIG_MODULE_OPTIONS,
    CFG_END(),
};

static cfg_opt_t validator_options[] = {
    CONFIG_TEXT("id"),
    CONFIG_TEXT("key"),
    CONFIG_TEXT("address"),
    CONFIG_TEXT("trust_anchors"),
    CONFIG_TEXT("suffix_list"),
    CFG_STR_LIST("stubs", "{}", CFGF_NONE),
    CFG_BOOL("allow_localhost_queries", cfg_false, CFGF_NONE),
    CFG_INT("website_port", 80, CFGF_NONE),
    CFG_INT("website_tls_port", 443, CFGF_NONE),
    CFG_INT("checks_per_minute", 120, CFGF_NONE),
    CFG_BOOL("allow_localhost_websites", cfg_false, CFGF_NONE),
    CONFIG_TEXT("caa_identity"),
    CONFIG_TEXT("mail_key"),
    CONFIG_TEXT("mail_from"),
    CONFIG_TEXT("smtp"),
    CONFIG_TEXT("listen"),
    CONFIG_TEXT("transport_ca"),
    CONFIG_TEXT("transport_certificate"),
    CONFIG_TEXT("transport_key"),
    CFG_END(),
};

static cfg_opt_t perspective_options[] = {
    CONFIG_TEXT("url"),
    CFG_END(),
};

static cfg_opt_t registrar_options[] = {
    CONFIG_TEXT("roster"),
    CONFIG_TEXT("ceremony_spki"),
    CONFIG_TEXT("publications"),
    CONFIG_TEXT("transport_ca"),
    CONFIG_TEXT("transport_certificate"),
    CONFIG_TEXT("transport_key"),
    CFG_INT("crl_hours", 24, CFGF_NONE),
    CFG_INT("checks_per_minute", 60, CFGF_NONE),
    CONFIG_TEXT("operator_email"),
    CFG_INT("ct_give_up_seconds", 21600, CFGF_NONE),
    CONFIG_TEXT("ct_trust_anchors"),
    CFG_END(),
};

static cfg_opt_t courier_options[] = {
    CONFIG_TEXT("spool"),
    CONFIG_TEXT("smtp"),
    CONFIG_TEXT("mail_from"),
    CFG_END(),
};

static cfg_opt_t file_options[] = {
    CFG_SEC("service", service_options, CFGF_NODEFAULT),
    CFG_SEC("portal", portal_options, CFGF_NODEFAULT),
    CFG_SEC("signer", signer_options, CFGF_NODEFAULT),
    CFG_SEC("validator", validator_options, CFGF_NODEFAULT),
    CFG_SEC("perspective", perspective_options, CONFIG_TITLED),
    CFG_SEC("registrar", registrar_options, CFGF_NODEFAULT),
    CFG_SEC("courier", courier_options, CFGF_NODEFAULT),
    CFG_END(),
};

static const struct {
    const char *name;
    enum config_section bit;
} sections[] = {
    { "service", CONFIG_SERVICE },
    { "portal", CONFIG_PORTAL },
    { "signer", CONFIG_SIGNER },
    { "validator", CONFIG_VALIDATOR },
    { "registrar", CONFIG_REGISTRAR },
    { "courier", CONFIG_COURIER },
};

/* Every text of the file, what it must look like, and where it goes. */
static const struct text_rule {
    const char *section;
    const char *key;
    enum config_kind kind;
    size_t offset; /* of a const char * in struct config; 0: read elsewhere */
} text_rules[] = {
#define TO(member) offsetof(struct config, member)
    { "service", "run_directory", KIND_PATH, TO(service.run_directory) },
    { "service", "store", KIND_OPTIONAL_PATH, TO(service.store) },
    { "service", "data_directory", KIND_OPTIONAL_PATH, TO(service.data_directory) },
    { "service", "log_level", KIND_LOG_LEVEL, 0 },
    { "service", "sandbox", KIND_SANDBOX, TO(service.sandbox) },
    { "portal", "address", KIND_ADDRESS, 0 },
    { "portal", "url", KIND_URL, TO(portal.url) },
    { "portal", "tls_certificate", KIND_OPTIONAL_PATH, TO(portal.tls_certificate) },
    { "portal", "tls_key", KIND_OPTIONAL_PATH, TO(portal.tls_key) },
    { "portal", "enquiry_email", KIND_EMAIL, TO(portal.enquiry_email) },
    { "portal", "caa_identity", KIND_OPTIONAL, TO(portal.caa_identity) },
    { "signer", "directory", KIND_PATH, TO(signer.directory) },
    { "signer", "passphrase_file", KIND_PATH, TO(signer.passphrase_file) },
    { "validator", "id", KIND_TEXT, TO(validator.id) },
    { "validator", "key", KIND_PATH, TO(validator.key) },
    { "validator", "address", KIND_OPTIONAL_ADDRESS, TO(validator.address) },
    { "validator", "trust_anchors", KIND_OPTIONAL_PATH, TO(validator.trust_anchors) },
    { "validator", "suffix_list", KIND_OPTIONAL_PATH, TO(validator.suffix_list) },
    { "validator", "caa_identity", KIND_TEXT, TO(validator.caa_identity) },
    { "validator", "mail_key", KIND_OPTIONAL_PATH, TO(validator.mail_key) },
    { "validator", "mail_from", KIND_OPTIONAL, TO(validator.mail_from) },
    { "validator", "smtp", KIND_OPTIONAL_ENDPOINT, 0 },
    { "validator", "listen", KIND_OPTIONAL_ENDPOINT, 0 },
    { "validator", "transport_ca", KIND_OPTIONAL_PATH, TO(validator.transport.ca) },
    { "validator", "transport_certificate", KIND_OPTIONAL_PATH,
        TO(validator.transport.certificate) },
    { "validator", "transport_key", KIND_OPTIONAL_PATH, TO(validator.transport.key) },
    { "registrar", "roster", KIND_PATH, TO(registrar.roster) },
    { "registrar", "ceremony_spki", KIND_PATH, TO(registrar.ceremony_spki) },
    { "registrar", "publications", KIND_PATH, TO(registrar.publications) },
    { "registrar", "transport_ca", KIND_OPTIONAL_PATH, TO(registrar.transport.ca) },
    { "registrar", "transport_certificate", KIND_OPTIONAL_PATH,
        TO(registrar.transport.certificate) },
    { "registrar", "transport_key", KIND_OPTIONAL_PATH, TO(registrar.transport.key) },
    { "registrar", "operator_email", KIND_OPTIONAL_EMAIL, TO(registrar.operator_email) },
    { "registrar", "ct_trust_anchors", KIND_OPTIONAL_PATH, TO(registrar.ct_trust_anchors) },
    { "courier", "spool", KIND_PATH, TO(courier.spool) },
    { "courier", "smtp", KIND_ENDPOINT, 0 },
    { "courier", "mail_from", KIND_EMAIL, TO(courier.mail_from) },
#undef TO
};

static bool perspective_apart(const struct config *config, size_t at);
static bool url_host(const char *url, char ret_host[CONFIG_HOST_MAX]);
static enum err config_fill(cfg_t *cfg, struct config *config, struct reason *ret_reason);

enum err config_load(
    const char *path, unsigned needed, struct config *ret_config, struct reason *ret_reason)
{
    AUTO(config) config = { 0 };
    cfg_t *cfg = NULL;
    TRY(config_file_parse(path, file_options, &cfg, ret_reason));
    config.parsed = cfg;
    TRY(config_fill(cfg, &config, ret_reason));
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if ((needed & ~config.sections & sections[i].bit) != 0) {
            return reason_set(
                ret_reason, ERR_INPUT, "config.section_missing", sections[i].name, NULL, NULL);
        }
    }
    *ret_config = config;
    config.parsed = NULL;
    return OK;
}

void config_release(struct config *config)
{
    if (config->parsed != NULL) {
        cfg_free(config->parsed);
        config->parsed = NULL;
    }
}

static enum err value_refused(const char *section, const char *key, const char *seen,
    const char *expected, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    snprintf(field, sizeof field, "%s.%s", section, key);
    return reason_set(ret_reason, ERR_INPUT, "config.value", field, seen, expected);
}

static enum err texts_fill(cfg_t *cfg, struct config *config, struct reason *ret_reason)
{
    for (size_t i = 0; i < sizeof text_rules / sizeof text_rules[0]; i++) {
        const struct text_rule *rule = &text_rules[i];
        cfg_t *section = cfg_getsec(cfg, rule->section);
        if (section == NULL) {
            continue;
        }
        const char *text = cfg_getstr(section, rule->key);
        if (!config_text_fits(rule->kind, text)) {
            return value_refused(
                rule->section, rule->key, text, config_kind_expected(rule->kind), ret_reason);
        }
        if (rule->offset != 0) {
            memcpy((char *)config + rule->offset, &text, sizeof text);
        }
    }
    return OK;
}

static enum err number_get(cfg_t *section, const char *section_name, const char *key, long min,
    long max, long *ret_number, struct reason *ret_reason)
{
    long number = cfg_getint(section, key);
    if (number < min || number > max) {
        char seen[32];
        char expected[64];
        snprintf(seen, sizeof seen, "%ld", number);
        snprintf(expected, sizeof expected, "%ld to %ld", min, max);
        return value_refused(section_name, key, seen, expected, ret_reason);
    }
    *ret_number = number;
    return OK;
}

static enum err service_fill(cfg_t *cfg, struct config *config, struct reason *ret_reason)
{
    static const char *const levels[] = {
        [LOG_ERROR] = "error", [LOG_WARNING] = "warning", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"
    };
    struct config_service *service = &config->service;
    service->trial = cfg_getbool(cfg, "trial") == cfg_true;
    service->users = cfg_getbool(cfg, "users") == cfg_true;
    for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(cfg_getstr(cfg, "log_level"), levels[i]) == 0) {
            service->log_level = (enum log_level)i;
        }
    }
    long first = 0;
    TRY(number_get(cfg, "service", "first_user_id", 0, 60000 * 1000L, &first, ret_reason));
    service->first_user_id = (unsigned)first;
    if (config_list_take(cfg, "weak_keys", config_path_valid, service->weak_keys,
            &service->weak_key_count) != OK) {
        return value_refused(
            "service", "weak_keys", NULL, "paths from /, eight at most", ret_reason);
    }
    if (!service->trial && strcmp(service->sandbox, "enforce") != 0) {
        return value_refused("service", "sandbox", service->sandbox, "enforce", ret_reason);
    }
    return OK;
}

static enum err portal_fill(cfg_t *cfg, struct config *config, struct reason *ret_reason)
{
    struct config_portal *portal = &config->portal;
    const char *address = cfg_getstr(cfg, "address");
    long port = 0;
    TRY(number_get(cfg, "portal", "port", 1, UINT16_MAX, &port, ret_reason));
    snprintf(portal->listen.address, sizeof portal->listen.address, "%s", address);
    portal->listen.port = (uint16_t)port;
    bool has_certificate = *portal->tls_certificate != '\0';
    if (has_certificate != (*portal->tls_key != '\0')) {
        return value_refused("portal", "tls_key", portal->tls_key,
            "both tls_certificate and tls_key, or neither", ret_reason);
    }
    bool loopback = strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
    if (!has_certificate && !loopback) {
        return value_refused(
            "portal", "address", address, "an address of loopback, or TLS", ret_reason);
    }
    return OK;
}

static enum err signer_fill(cfg_t *cfg, struct config *config, struct reason *ret_reason)
{
    return config_module_take(cfg, "signer", &config->signer.module, ret_reason);
}

static enum err stubs_fill(
    cfg_t *cfg, struct config_validator *validator, struct reason *ret_reason)
{
    unsigned count = cfg_size(cfg, "stubs");
    if (count > CONFIG_STUBS_MAX) {
        return value_refused("validator", "stubs", "too many", "16 at most", ret_reason);
    }
    for (unsigned i = 0; i < count; i++) {
        const char *text = cfg_getnstr(cfg, "stubs", i);
        if (config_stub_parse(text, &validator->stubs[i]) != OK) {
            return value_refused("validator", "stubs", text, "ZONE=ADDRESS@PORT", ret_reason);
        }
    }
    validator->stub_count = count;
    return OK;
}

static enum err mail_fill(cfg_t *cfg, struct config_validator *validator, struct reason *ret_reason)
{
    const char *smtp = cfg_getstr(cfg, "smtp");
    bool key = *validator->mail_key != '\0', from = *validator->mail_from != '\0';
    if (key != from || key != (*smtp != '\0')) {
        return value_refused("validator", "mail_key", validator->mail_key,
            "mail_key, mail_from and smtp, or none of them", ret_reason);
    }
    validator->mails = key;
    if (!key) {
        return OK;
    }
    if (!config_text_fits(KIND_EMAIL, validator->mail_from)) {
        return value_refused("validator", "mail_from", validator->mail_from,
            config_kind_expected(KIND_EMAIL), ret_reason);
    }
    return config_endpoint_parse(smtp, ':', &validator->smtp);
}

static enum err validator_fill(cfg_t *cfg, struct config *config, struct reason *ret_reason)
{
    struct config_validator *validator = &config->validator;
    const char *listen = cfg_getstr(cfg, "listen");
    validator->allow_localhost_queries = cfg_getbool(cfg, "allow_localhost_queries") == cfg_true;
    validator->allow_localhost_websites = cfg_getbool(cfg, "allow_localhost_websites") == cfg_true;
    long port = 0, tls_port = 0;
    TRY(number_get(cfg, "validator", "website_port", 1, UINT16_MAX, &port, ret_reason));
    TRY(number_get(cfg, "validator", "website_tls_port", 1, UINT16_MAX, &tls_port, ret_reason));
    validator->website_port = (uint16_t)port;
    validator->website_tls_port = (uint16_t)tls_port;
    long checks = 0;
    TRY(number_get(
        cfg, "validator", "checks_per_minute", 1, CONFIG_CHECKS_MAX, &checks, ret_reason));
    validator->checks_per_minute = (unsigned)checks;
    TRY(stubs_fill(cfg, validator, ret_reason));
    TRY(mail_fill(cfg, validator, ret_reason));
    validator->remote = *listen != '\0';
    if (!validator->remote) {
        return OK;
    }
    TRY(config_endpoint_parse(listen, ':', &validator->listen));
    const struct config_transport *transport = &validator->transport;
    if (*transport->ca == '\0' || *transport->certificate == '\0' || *transport->key == '\0') {
        return value_refused("validator", "transport_ca", transport->ca,
            "transport_ca, transport_certificate and transport_key, with listen", ret_reason);
    }
    return OK;
}

static enum err registrar_fill(cfg_t *cfg, struct config *config, struct reason *ret_reason)
{
    /* BR 4.9.7: a CRL at least every seven days. */
    long hours = 0;
    TRY(number_get(cfg, "registrar", "crl_hours", 1, 7 * 24, &hours, ret_reason));
    config->registrar.crl_hours = (unsigned)hours;
    long checks = 0;
    TRY(number_get(
        cfg, "registrar", "checks_per_minute", 1, CONFIG_CHECKS_MAX, &checks, ret_reason));
    config->registrar.checks_per_minute = (unsigned)checks;
    /* A promise has to be of the last day when the certificate is signed. */
    long seconds = 0;
    TRY(number_get(cfg, "registrar", "ct_give_up_seconds", 1, 20 * 3600, &seconds, ret_reason));
    config->registrar.ct_give_up_seconds = (unsigned)seconds;
    return OK;
}

static enum err courier_fill(cfg_t *cfg, struct config *config, struct reason *ret_reason)
{
    (void)ret_reason;
    return config_endpoint_parse(cfg_getstr(cfg, "smtp"), ':', &config->courier.smtp);
}

static enum err perspectives_fill(cfg_t *cfg, struct config *config, struct reason *ret_reason)
{
    unsigned count = cfg_size(cfg, "perspective");
    if (count > PERSPECTIVES_MAX) {
        return value_refused("perspective", "url", "too many", "16 at most", ret_reason);
    }
    for (unsigned i = 0; i < count; i++) {
        cfg_t *section = cfg_getnsec(cfg, "perspective", i);
        struct config_perspective *perspective = &config->perspectives[i];
        perspective->id = cfg_title(section);
        perspective->url = cfg_getstr(section, "url");
        if (!config_text_fits(KIND_URL, perspective->url)) {
            return value_refused(perspective->id, "url", perspective->url,
                config_kind_expected(KIND_URL), ret_reason);
        }
        if (!perspective_apart(config, i)) {
            return value_refused(perspective->id, "url", perspective->url,
                "a host that is neither the primary's nor another perspective's", ret_reason);
        }
    }
    config->perspective_count = count;
    return OK;
}

/* doc/threats.md D3: two perspectives at one place see one place. */
static bool perspective_apart(const struct config *config, size_t at)
{
    char host[CONFIG_HOST_MAX], other[CONFIG_HOST_MAX];
    const char *primary = config->validator.address == NULL ? "" : config->validator.address;
    if (!url_host(config->perspectives[at].url, host) || config_host_equal(host, primary)) {
        return false;
    }
    for (size_t i = 0; i < at; i++) {
        if (!url_host(config->perspectives[i].url, other) || config_host_equal(host, other)) {
            return false;
        }
    }
    return true;
}

/* Without the brackets of an IPv6 address. */
static bool url_host(const char *url, char ret_host[CONFIG_HOST_MAX])
{
    const char *host = strstr(url, "://") + 3;
    bool brackets = *host == '[';
    struct span span = span_make(host + brackets, strcspn(host + brackets, brackets ? "]" : ":/"));
    return span_to_text(span, ret_host, CONFIG_HOST_MAX);
}

static enum err config_fill(cfg_t *cfg, struct config *config, struct reason *ret_reason)
{
    static const struct {
        const char *name;
        enum err (*fill)(cfg_t *cfg, struct config *config, struct reason *ret_reason);
    } fillers[] = {
        { "service", service_fill },
        { "portal", portal_fill },
        { "signer", signer_fill },
        { "validator", validator_fill },
        { "registrar", registrar_fill },
        { "courier", courier_fill },
    };
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if (cfg_size(cfg, sections[i].name) > 0) {
            config->sections |= sections[i].bit;
        }
    }
    TRY(texts_fill(cfg, config, ret_reason));
    for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++) {
        cfg_t *section = cfg_getsec(cfg, fillers[i].name);
        if (section != NULL) {
            TRY(fillers[i].fill(section, config, ret_reason));
        }
    }
    return perspectives_fill(cfg, config, ret_reason);
}
