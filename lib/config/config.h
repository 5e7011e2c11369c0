#pragma once
/* The configuration of the service, ecert.conf: read once at start by each process, checked whole,
 * and constant from then on. What a section means is in doc/architecture.md §6. */
#include "lib/base/limits.h"
#include "lib/base/log.h"

#include <stdint.h>

enum { CONFIG_STUBS_MAX = 16, CONFIG_ADDRESS_MAX = 64, CONFIG_MODULE_LIST_MAX = 8 };

struct config_service {
    const char *run_directory; /* the sockets */
    const char *store;
    const char *data_directory; /* templates, languages, style sheet */
    bool trial;
    bool users; /* a user of its own for each process, where started as root */
    unsigned
        first_user_id; /* 0: the users ecert-ROLE; else numbers from here on, without accounts */
    enum log_level log_level;
    const char *weak_keys[CONFIG_MODULE_LIST_MAX]; /* lists of known weak keys */
    size_t weak_key_count;
    const char *sandbox; /* "enforce", "explain" or "off"; the last two in a trial only */
};

/* An Internet address, without brackets, and a port. */
struct config_endpoint {
    char address[CONFIG_ADDRESS_MAX];
    uint16_t port;
};

struct config_portal {
    struct config_endpoint listen; /* `address` and `port` of the file */
    const char *url;               /* what subscribers type, without a slash at the end */
    const char *tls_certificate;   /* empty: plain HTTP, accepted on loopback only */
    const char *tls_key;
    const char *enquiry_email;
    const char *caa_identity; /* the roster's; empty: no account is told, and none can be used */
};

/* A security module, as lib/crypto/pkcs11.h opens it. */
struct config_module {
    const char *path; /* empty: there is none, and all else is empty too */
    const char *pin_file;
    unsigned seconds;                                /* how long one call may take */
    const char *environment[CONFIG_MODULE_LIST_MAX]; /* "NAME=VALUE", for the module alone */
    size_t environment_count;
    const char *folders[CONFIG_MODULE_LIST_MAX]; /* what the module reads and writes */
    size_t folder_count;
};

struct config_signer {
    const char *directory;
    const char *passphrase_file;
    struct config_module module;
};

/* Names below `zone` are asked of this server instead of the public root. */
struct config_stub {
    char zone[HOST_NAME_MAX_LENGTH + 1];
    struct config_endpoint server;
};

struct config_transport {
    const char *ca;
    const char *certificate;
    const char *key;
};

enum { CONFIG_CHECKS_MAX = 60000 };

struct config_validator {
    const char *id;
    const char *key;           /* the observation key */
    const char *address;       /* queries leave from here; empty: as the system decides */
    const char *trust_anchors; /* empty: the public root's */
    const char *suffix_list;   /* portal and registrar go by it too; empty: the one that libpsl's
                                  package carries */
    struct config_stub stubs[CONFIG_STUBS_MAX];
    size_t stub_count;
    bool allow_localhost_queries;
    /* A trial's: where ports 80 and 443 of websites are, and whether they may be on loopback. */
    uint16_t website_port, website_tls_port;
    unsigned checks_per_minute; /* of one domain, and visits to one address */
    bool allow_localhost_websites;
    const char *caa_identity;
    /* The primary's, for codes by mail; all three or none. */
    const char *mail_key;
    const char *mail_from;
    struct config_endpoint smtp;
    bool mails;  /* they are set */
    bool remote; /* `listen` and `transport` are set: a remote perspective */
    struct config_endpoint listen;
    struct config_transport transport;
};

struct config_perspective {
    const char *id;
    const char *url;
};

struct config_registrar {
    const char *roster;
    const char *ceremony_spki;
    const char *publications;
    struct config_transport transport;
    unsigned crl_hours;
    unsigned checks_per_minute;   /* of names of one domain; the validators' must be higher */
    const char *operator_email;   /* who is told of what a person must see to; "" for nobody */
    unsigned ct_give_up_seconds;  /* then a precertificate without enough promises is abandoned */
    const char *ct_trust_anchors; /* of the logs' HTTPS; empty: the system's */
};

struct config_courier {
    const char *spool;
    struct config_endpoint smtp;
    const char *mail_from;
};

/* Sections of the file; a process names those it can't do without. */
enum config_section {
    CONFIG_SERVICE = 1 << 0,
    CONFIG_PORTAL = 1 << 1,
    CONFIG_SIGNER = 1 << 2,
    CONFIG_VALIDATOR = 1 << 3,
    CONFIG_REGISTRAR = 1 << 4,
    CONFIG_COURIER = 1 << 5,
    CONFIG_ALL = (1 << 6) - 1,
};

/* Texts are owned by the configuration and never NULL in a section that is there; those of a
 * missing section are NULL. */
struct config {
    unsigned sections; /* of enum config_section: what the file has */
    struct config_service service;
    struct config_portal portal;
    struct config_signer signer;
    struct config_validator validator;
    struct config_perspective perspectives[PERSPECTIVES_MAX];
    size_t perspective_count;
    struct config_registrar registrar;
    struct config_courier courier;
    void *parsed; /* internal */
};

/* Reads and checks all sections that are there; `needed` must be. Unknown keys are errors. A
 * reason's field is "section.key" or the line, as "line 12". */
enum err config_load(const char *path, unsigned needed, struct config *ret_config,
    struct reason *ret_reason) MUST_USE;
void config_release(struct config *config);
AUTO_DEFINE(config, config_release)

/* The processes that may have a user of their own. */
enum config_role {
    ROLE_SIGNER,
    ROLE_VALIDATOR,
    ROLE_COURIER,
    ROLE_REGISTRAR,
    ROLE_PORTAL,
    ROLE_COUNT,
};

/* "signer", "validator", … */
const char *config_role_name(enum config_role role);

enum { CONFIG_USER_MAX = 32 };
/* Whom a process becomes, for sandbox_enter: "ecert-ROLE", or numbers as "UID:GID" (one group for
 * all); the empty text where the service has no users of its own. */
void config_user(
    const struct config *config, enum config_role role, char ret_user[CONFIG_USER_MAX]);
/* The same as the number that SO_PEERCRED shows of a peer in that role. To be asked before changing
 * user: where the service has no users of its own, or was not started as root, it is one's own. */
enum err config_user_id(
    const struct config *config, enum config_role role, unsigned *ret_user_id) MUST_USE;
