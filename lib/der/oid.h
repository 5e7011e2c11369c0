#pragma once
/* Object identifiers, as the content octets of their DER element. Compare with span_equal. */
#include "lib/base/bytes.h"

/* Longest dotted form that oid_format writes, with its terminator. */
enum { OID_TEXT_MAX = 128 };

extern const struct span oid_common_name;                /* 2.5.4.3 */
extern const struct span oid_serial_number;              /* 2.5.4.5 */
extern const struct span oid_country;                    /* 2.5.4.6 */
extern const struct span oid_locality;                   /* 2.5.4.7 */
extern const struct span oid_state_or_province;          /* 2.5.4.8 */
extern const struct span oid_street;                     /* 2.5.4.9 */
extern const struct span oid_organisation;               /* 2.5.4.10 */
extern const struct span oid_organisational_unit;        /* 2.5.4.11 */
extern const struct span oid_business_category;          /* 2.5.4.15 */
extern const struct span oid_postal_code;                /* 2.5.4.17 */
extern const struct span oid_jurisdiction_country;       /* 1.3.6.1.4.1.311.60.2.1.3 */
extern const struct span oid_email_address;              /* 1.2.840.113549.1.9.1 */
extern const struct span oid_rsa_encryption;             /* 1.2.840.113549.1.1.1 */
extern const struct span oid_sha1;                       /* 1.3.14.3.2.26 */
extern const struct span oid_sha256_with_rsa;            /* 1.2.840.113549.1.1.11 */
extern const struct span oid_sha384_with_rsa;            /* 1.2.840.113549.1.1.12 */
extern const struct span oid_sha512_with_rsa;            /* 1.2.840.113549.1.1.13 */
extern const struct span oid_ec_public_key;              /* 1.2.840.10045.2.1 */
extern const struct span oid_p256;                       /* 1.2.840.10045.3.1.7 */
extern const struct span oid_p384;                       /* 1.3.132.0.34 */
extern const struct span oid_p521;                       /* 1.3.132.0.35 */
extern const struct span oid_ecdsa_sha256;               /* 1.2.840.10045.4.3.2 */
extern const struct span oid_ecdsa_sha384;               /* 1.2.840.10045.4.3.3 */
extern const struct span oid_ecdsa_sha512;               /* 1.2.840.10045.4.3.4 */
extern const struct span oid_ed25519;                    /* 1.3.101.112 */
extern const struct span oid_subject_key_identifier;     /* 2.5.29.14 */
extern const struct span oid_key_usage;                  /* 2.5.29.15 */
extern const struct span oid_subject_alt_name;           /* 2.5.29.17 */
extern const struct span oid_basic_constraints;          /* 2.5.29.19 */
extern const struct span oid_crl_number;                 /* 2.5.29.20 */
extern const struct span oid_reason_code;                /* 2.5.29.21 */
extern const struct span oid_delta_crl_indicator;        /* 2.5.29.27 */
extern const struct span oid_issuing_distribution_point; /* 2.5.29.28 */
extern const struct span oid_name_constraints;           /* 2.5.29.30 */
extern const struct span oid_crl_distribution_points;    /* 2.5.29.31 */
extern const struct span oid_certificate_policies;       /* 2.5.29.32 */
extern const struct span oid_any_policy;                 /* 2.5.29.32.0 */
extern const struct span oid_authority_key_identifier;   /* 2.5.29.35 */
extern const struct span oid_ext_key_usage;              /* 2.5.29.37 */
extern const struct span oid_authority_info_access;      /* 1.3.6.1.5.5.7.1.1 */
extern const struct span oid_ca_issuers;                 /* 1.3.6.1.5.5.7.48.2 */
extern const struct span oid_ocsp;                       /* 1.3.6.1.5.5.7.48.1 */
extern const struct span oid_qualifier_cps;              /* 1.3.6.1.5.5.7.2.1 */
extern const struct span oid_server_auth;                /* 1.3.6.1.5.5.7.3.1 */
extern const struct span oid_client_auth;                /* 1.3.6.1.5.5.7.3.2 */
extern const struct span oid_ocsp_signing;               /* 1.3.6.1.5.5.7.3.9 */
extern const struct span oid_ocsp_basic;                 /* 1.3.6.1.5.5.7.48.1.1 */
extern const struct span oid_tls_feature;                /* 1.3.6.1.5.5.7.1.24 */
extern const struct span oid_ocsp_nocheck;               /* 1.3.6.1.5.5.7.48.1.5 */
extern const struct span oid_any_ext_key_usage;          /* 2.5.29.37.0 */
extern const struct span oid_extension_request;          /* 1.2.840.113549.1.9.14 */
extern const struct span oid_challenge_password;         /* 1.2.840.113549.1.9.7 */
extern const struct span oid_policy_dv;                  /* 2.23.140.1.2.1 */
extern const struct span oid_policy_ov;                  /* 2.23.140.1.2.2 */
extern const struct span oid_policy_ev;                  /* 2.23.140.1.1 */
extern const struct span oid_sct_list;                   /* 1.3.6.1.4.1.11129.2.4.2 */
extern const struct span oid_ct_poison;                  /* 1.3.6.1.4.1.11129.2.4.3 */
extern const struct span oid_signed_data;                /* 1.2.840.113549.1.7.2 */
extern const struct span oid_pkcs7_data;                 /* 1.2.840.113549.1.7.1 */

/* Dotted decimal, for people. ERR_INPUT for malformed content or an arc beyond 64 bits. */
enum err oid_format(struct span oid, char ret_text[OID_TEXT_MAX]) MUST_USE;
