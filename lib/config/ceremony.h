#pragma once
/* The profile of a trial's ceremony: what the root, the issuing CAs, the partner, the officers and
 * the perspectives of a new hierarchy are to be. The trial's script is written from it (others are
 * written by people, script.h); nothing of it is used by the service. */
#include "lib/config/config.h"

enum { CEREMONY_ISSUERS_MAX = 8, CEREMONY_LOGS_MAX = 16 };

struct ceremony_authority {
    const char *id; /* "ssl-ca-3-17" */
    const char *common_name;
    const char *organisation; /* the profile's unless the section names one */
    const char *name;         /* file name without suffix, and in its URLs */
    const char *crl_name;
    const char *key;       /* "rsa2048", "rsa3072", "rsa4096", "p256" or "p384" */
    const char *token_key; /* "pkcs11:…": made and kept in a security module; or "" */
    unsigned years;
    const char *policy;     /* of an issuing CA: "any", "ov" or "ev" */
    const char *old_name;   /* file of a withdrawn certificate of the same key without EKU; or "" */
    const char *cross_name; /* of a partner: file of the certificate it gives our root */
};

struct ceremony_officer {
    const char *id;
    const char *name;
};

struct ceremony_perspective {
    const char *id;
    const char *region;  /* "afrinic", "apnic", "arin", "lacnic" or "ripe" */
    const char *address; /* of its HTTPS listener; empty for the primary, which has none */
};

/* A log of Certificate Transparency. */
struct ceremony_log {
    const char *name;
    const char *operator_name;
    const char *url;
    const char *spki;  /* path of its public key, DER */
    const char *kind;  /* "rfc6962" or "static" */
    const char *state; /* as the browsers' lists have it: "usable" and so on */
    int64_t state_since;
    int64_t from, until; /* of the certificates' last second; 0, 0: any */
};

struct ceremony_profile {
    const char *policy_set; /* "public", "private" or "classic" */
    const char *url;
    const char *caa_identity;
    const char *country;
    const char *state_or_province;
    const char *locality;
    const char *organisation;
    struct config_module module; /* for the keys that name one */
    struct ceremony_authority root;
    bool has_partner;
    struct ceremony_authority partner; /* another root, which cross-signs ours */
    struct ceremony_authority issuers[CEREMONY_ISSUERS_MAX];
    size_t issuer_count;
    struct ceremony_officer officers[OFFICERS_MAX];
    size_t officer_count;
    struct ceremony_perspective perspectives[PERSPECTIVES_MAX];
    size_t perspective_count;
    struct ceremony_log logs[CEREMONY_LOGS_MAX]; /* none: certificates are in no logs */
    size_t log_count;
    void *parsed; /* internal */
};

/* A public policy set has to have logs; a classic one has none, and issuing CAs for any policy. At
 * least one issuing CA, two officers and exactly one perspective without address, or ERR_INPUT.
 */
enum err ceremony_profile_load(
    const char *path, struct ceremony_profile *ret_profile, struct reason *ret_reason) MUST_USE;
void ceremony_profile_release(struct ceremony_profile *profile);
AUTO_DEFINE(ceremony_profile, ceremony_profile_release)
