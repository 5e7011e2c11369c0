#pragma once
/* Between parsing a file (parse.c), reading it (config.c, ceremony.c, script.c, targets.c) and
 * judging its values (check.c). */
#include "lib/base/bytes.h"
#include "lib/config/config.h"

struct cfg_t;
struct cfg_opt_t;
struct ceremony_log;

/* Parses `path` by libConfuse; *ret_cfg is to be freed with cfg_free. A syntax error's field is the
 * line, its seen what libConfuse says. */
enum err config_file_parse(const char *path, struct cfg_opt_t *options, struct cfg_t **ret_cfg,
    struct reason *ret_reason) MUST_USE;
/* The same from text in memory. */
enum err config_text_parse(const char *text, struct cfg_opt_t *options, struct cfg_t **ret_cfg,
    struct reason *ret_reason) MUST_USE;
/* `words` ends with NULL. */
bool config_word_among(const char *text, const char *const *words);

/* What a text must look like. */
enum config_kind {
    KIND_TEXT,     /* not empty */
    KIND_OPTIONAL, /* anything */
    KIND_PATH,     /* from the root */
    KIND_OPTIONAL_PATH,
    KIND_URL,     /* http:// or https://, no white space, no slash at the end */
    KIND_ADDRESS, /* IPv4 or IPv6 */
    KIND_OPTIONAL_ADDRESS,
    KIND_ENDPOINT, /* address:port, IPv6 in brackets */
    KIND_OPTIONAL_ENDPOINT,
    KIND_EMAIL,
    KIND_OPTIONAL_EMAIL,
    KIND_LOG_LEVEL,
    KIND_SANDBOX,
};

/* Among the options of a section, for files that include <confuse.h>: a text, empty where it isn't
 * given; and the flags of a section of which there may be several, each with a title of its own. */
#define CONFIG_TEXT(key) CFG_STR(key, "", CFGF_NONE)
#define CONFIG_TITLED    (CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES | CFGF_NODEFAULT)

/* A log of Certificate Transparency, but for its key; read by ceremony_log_take. */
#define CONFIG_LOG_OPTIONS                                                                         \
    CONFIG_TEXT("operator"), CONFIG_TEXT("url"), CFG_STR("kind", "rfc6962", CFGF_NONE),            \
        CONFIG_TEXT("state"), CONFIG_TEXT("since"), CONFIG_TEXT("from"), CONFIG_TEXT("until")

/* The keys of a security module. */
#define CONFIG_MODULE_OPTIONS                                                                      \
    CONFIG_TEXT("pkcs11_module"), CONFIG_TEXT("pkcs11_pin_file"),                                  \
        CFG_INT("pkcs11_seconds", 5, CFGF_NONE),                                                   \
        CFG_STR_LIST("pkcs11_environment", "{}", CFGF_NONE),                                       \
        CFG_STR_LIST("pkcs11_folders", "{}", CFGF_NONE)

/* Reads them; a reason's field is "SECTION.pkcs11_…". */
enum err config_module_take(struct cfg_t *cfg, const char *section,
    struct config_module *ret_module, struct reason *ret_reason) MUST_USE;

/* False where a key names a token and there is no module to reach it by; "" names none. */
bool config_module_reaches(const struct config_module *module, const char *token_key);
#define CONFIG_TOKEN_KEY_EXPECTED "pkcs11:token=…;object=…, and a pkcs11_module"

/* A list of at most CONFIG_MODULE_LIST_MAX texts; ERR_INPUT if there are more or one isn't valid.
 */
enum err config_list_take(struct cfg_t *cfg, const char *key, bool (*valid)(const char *text),
    const char **ret_texts, size_t *ret_count) MUST_USE;
bool config_path_valid(const char *text);

bool config_text_fits(enum config_kind kind, const char *text);
/* One host, however its name or address is spelt. */
bool config_host_equal(const char *left, const char *right);
/* What `kind` wants, for the message that refuses. */
const char *config_kind_expected(enum config_kind kind);
/* "127.0.0.1:8080", "[::1]:8080"; `separator` is ':' or '@'. */
enum err config_endpoint_parse(
    const char *text, char separator, struct config_endpoint *ret_endpoint) MUST_USE;
/* "example.com=127.0.0.53@5353". */
enum err config_stub_parse(const char *text, struct config_stub *ret_stub) MUST_USE;

/* What a ceremony's profile and its scripts share: words, a name of files and addresses, a log. */
extern const char *const ceremony_policy_sets[];
extern const char *const ceremony_key_types[];
extern const char *const ceremony_regions[];
enum err ceremony_name_check(const char *name, struct reason *ret_reason) MUST_USE;
enum err ceremony_log_take(struct cfg_t *section, bool public, struct ceremony_log *ret_log,
    struct reason *ret_reason) MUST_USE;
