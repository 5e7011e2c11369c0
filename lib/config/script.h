#pragma once
/* The script of a ceremony: typed steps in the order in which they are run, and every input by its
 * SHA-256. The file is hashed and parsed from one reading, and means the same on every machine. */
#include "lib/base/buf.h"
#include "lib/config/ceremony.h"

enum {
    SCRIPT_STEPS_MAX = 32,
    SCRIPT_ADMINISTRATORS_MAX = 16,
    SCRIPT_FILE_MAX = 128 * 1024, /* people read it before they sign it */
    SCRIPT_HASH_BYTES = 32,
};

enum script_kind {
    SCRIPT_NEW_ROOT,
    SCRIPT_NEW_ISSUING_CA,
    SCRIPT_REISSUE,
    SCRIPT_CROSS_SIGN,
    SCRIPT_CROSS_REQUEST,
    SCRIPT_CROSS_IMPORT,
    SCRIPT_REVOKE,
    SCRIPT_ARL,
    SCRIPT_ROSTER,
    SCRIPT_ADMINISTRATORS,
    SCRIPT_KIND_COUNT,
};

/* A file beside the script, or by its whole path, and what it must be. */
struct script_input {
    const char *path; /* empty: none */
    uint8_t sha256[SCRIPT_HASH_BYTES];
};

enum script_role { SCRIPT_OFFICER = 1, SCRIPT_ADMINISTRATOR = 2, SCRIPT_AUDITOR = 4 };

struct script_person {
    const char *id;
    const char *name;
    unsigned roles; /* of enum script_role; of officers only */
    struct script_input spki;
};

struct script_perspective {
    const char *id;
    const char *region;
    bool primary;
    struct script_input spki;
};

struct script_log {
    struct ceremony_log log;
    struct script_input spki;
};

/* What a kind doesn't take is empty; script_kind_name's table says which takes what. */
struct script_step {
    enum script_kind kind;
    const char *title;
    struct ceremony_authority authority; /* id, names, key and years of what is made */
    const char *country, *state_or_province, *locality;
    const char *by;     /* name of the root that signs */
    const char *of;     /* name of a CA certificate that the folder has */
    const char *reason; /* of a revocation, as RFC 5280 spells it */
    struct script_input csr, certificate, issuer_certificate;
    const char *policy_set, *caa_identity;
    const char *issuers[CEREMONY_ISSUERS_MAX]; /* names of issuing CAs' certificates */
    size_t issuer_count;
    struct script_person officers[OFFICERS_MAX];
    size_t officer_count;
    struct script_perspective perspectives[PERSPECTIVES_MAX];
    size_t perspective_count;
    struct script_log logs[CEREMONY_LOGS_MAX];
    size_t log_count;
    unsigned quorum;
    struct script_person administrators[SCRIPT_ADMINISTRATORS_MAX];
    size_t administrator_count;
};

struct script {
    struct buf text; /* the file's bytes: what is hashed and signed */
    char folder[4096];
    const char *title;
    const char *url;                    /* base of CRL and CA addresses, or empty */
    uint8_t journal[SCRIPT_HASH_BYTES]; /* the head it is for; zero ("none"): an empty one */
    bool trial;
    struct config_module module;
    struct script_step *steps;
    size_t step_count;
    void *parsed; /* internal */
};

/* "new_root" and so on. */
const char *script_kind_name(enum script_kind kind);

/* Reads, checks each step against what its kind takes and needs. ERR_INPUT: "config.syntax",
 * "script.text" (a NUL, or a variable of the environment), "script.kind", "script.takes_no" (a key
 * that the kind doesn't have), "script.needs", "script.value", "script.hash", "script.journal",
 * "script.steps", "script.list_missing" (a revocation and no list behind it); "script.file" if it
 * can't be read. Inputs are not opened. */
enum err script_load(
    const char *path, struct script *ret_script, struct reason *ret_reason) MUST_USE;
/* The same from bytes: from a journal, where inputs are nowhere (`path` NULL). */
enum err script_read(struct span text, const char *path, struct script *ret_script,
    struct reason *ret_reason) MUST_USE;
void script_release(struct script *script);
AUTO_DEFINE(script, script_release)
