#pragma once
/* Every maximum in one place, with its reason. A limit that a user can meet is also stated to the
 * user in the message that refuses what exceeds it. */
#include <stdint.h>

enum {
    /* Names. RFC 1035 §2.3.4: 255 octets on the wire are 253 characters of text. */
    HOST_NAME_MAX_LENGTH = 253,
    HOST_LABEL_MAX_LENGTH = 63,
    /* The multi-domain editions hold up to 50 server names. */
    APPLICATION_NAMES_MAX = 50,
    /* X.520 upper bounds as BR 7.1.4.2 gives them, in characters. */
    SUBJECT_ORGANISATION_MAX = 64,
    SUBJECT_COMMON_NAME_MAX = 64,
    SUBJECT_PLACE_MAX = 128,

    /* RFC 5280 §4.1.2.2: at most 20 octets of content; 16 random octets behind a fixed first one.
     */
    SERIAL_MAX_BYTES = 20,

    /* A request file with every permitted field is under 4 KiB; 64 KiB is generous (doc/threats.md
       P17). */
    CSR_MAX_BYTES = 64 * 1024,
    PFX_MAX_BYTES = 256 * 1024,
    CERTIFICATE_MAX_BYTES = 64 * 1024,
    /* Any file our tools read at all: a CRL of a million entries has about 40 MB. */
    FILE_MAX_BYTES = 64 * 1024 * 1024,

    /* One message between processes; what is larger travels as a sealed memfd (doc/architecture.md
       §3). */
    MESSAGE_MAX_BYTES = 128 * 1024,
    DER_DEPTH_MAX = 16,

    /* One HTTP request body (doc/threats.md P17). */
    HTTP_BODY_MAX_BYTES = 64 * 1024,
    HTTP_FIELD_MAX_BYTES = CSR_MAX_BYTES,
    /* A browser's request head is under 4 KiB and 30 lines; nginx allows 8 KiB a line. */
    HTTP_HEAD_MAX_BYTES = 16 * 1024,
    HTTP_HEADERS_MAX = 64,
    HTTP_URI_MAX_BYTES = 4 * 1024,
    /* {param} parts of one path, and name=value pairs of one query or form. */
    HTTP_PARAMS_MAX = 8,
    HTTP_PAIRS_MAX = 256,
    /* Everything one request's handler allocates: 50 names' pages are under 1 MiB. */
    HTTP_ARENA_MAX_BYTES = 8 * 1024 * 1024,
    HTTP_RESPONSE_HEADERS_MAX = 16,

    /* 10 attempts in all, then the PIN is void. */
    PIN_ATTEMPTS_MAX = 10,
    REFERENCE_DIGITS = 9,
    PIN_DIGITS = 16,
    SRN_DIGITS = 10,

    /* Servers that renew one enrolment unattended: a handful, and a person can look them over. */
    ENROLMENT_KEYS_MAX = 5,
    /* A key's label is the name of its host: HOST_NAME_MAX of Linux. */
    KEY_LABEL_MAX = 64,

    PERSPECTIVES_MAX = 16,
    OFFICERS_MAX = 64,
};

#define DAY_SECONDS INT64_C(86400)
/* BR 1.6.1 and 3.2.2.4: a random value may be used for 30 days. */
#define VALIDATION_VALUE_SECONDS (30 * DAY_SECONDS)
/* BR 4.2.2.1: a CAA check is good for 8 hours (or its TTL, which we do not use). */
#define CAA_FRESH_SECONDS INT64_C(28800)
/* A log-in by key follows its nonce at once; a slow line and a clock that jumps are allowed for. */
#define LOGIN_NONCE_SECONDS INT64_C(120)
/* A session ends after 20 idle minutes. */
#define SESSION_IDLE_SECONDS INT64_C(1200)
/* And after half a day whatever it does: a stolen one is not kept alive by asking. */
#define SESSION_LIFE_SECONDS (DAY_SECONDS / 2)
