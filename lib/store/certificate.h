#pragma once
/* Certificates from the submitted CSR to revocation. A row begins with the CSR, gets its serial
 * when the signer has reserved one, and its DER when the signer has delivered. */
#include "lib/ca/revocation.h"
#include "lib/ca/warrant.h"
#include "lib/store/store.h"

enum certificate_state {
    CERTIFICATE_REQUESTED, /* a CSR, nothing else */
    CERTIFICATE_RESERVED,  /* the signer keeps a serial for it */
    CERTIFICATE_ISSUED,    /* waiting for acceptance; in no download */
    CERTIFICATE_ACCEPTED,  /* published */
    CERTIFICATE_DECLINED,  /* not accepted; the signer is to be told */
    CERTIFICATE_REVOKING,  /* revocation is decided; the signer is to be told */
    CERTIFICATE_REVOKED,   /* in the signer's journal and in the published CRL */
    CERTIFICATE_STATE_COUNT,
};

struct certificate_row {
    struct request_id request;
    enum certificate_state state;
    struct span csr;
    struct span serial; /* magnitude; empty while only requested */
    char issuer[ISSUER_ID_MAX];
    struct span der; /* empty until issued */
    int64_t not_before;
    int64_t not_after;
    uint8_t spki_hash[HASH_BYTES];
    enum revocation_reason reason;
    int64_t revoked;  /* 0 unless declined, revoking or revoked */
    int64_t accepted; /* when it entered the repository; 0 if it never did */
};

/* "requested", "reserved", "issued", "accepted", "declined", "revoking", "revoked". */
const char *certificate_state_id(enum certificate_state state);

/* The CSR for the enrolment's current ordinal; replaces one that led to no certificate.
 * ERR_CONFLICT if there is a certificate already. */
enum err store_certificate_submit(struct store *store, const struct act *act,
    const struct request_id *request, struct span csr,
    const uint8_t spki_hash[HASH_BYTES]) MUST_USE;
/* Fine if this very serial is there already; ERR_CONFLICT if another is. */
enum err store_certificate_reserve(struct store *store, const struct act *act,
    const struct request_id *request, const char *issuer, struct span serial) MUST_USE;
/* Takes request, der, not_before and not_after. Fine if the same certificate is there already. */
enum err store_certificate_issued(
    struct store *store, const struct act *act, const struct certificate_row *row) MUST_USE;
enum err store_certificate_by_request(struct store *store, const struct request_id *request,
    struct arena *arena, struct certificate_row *ret_row) MUST_USE;
enum err store_certificate_by_serial(struct store *store, struct span serial, struct arena *arena,
    struct certificate_row *ret_row) MUST_USE;
/* Those of one enrolment, newest first. */
enum err store_certificate_by_enrolment(struct store *store,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], struct arena *arena,
    struct certificate_row **ret_rows, size_t *ret_count) MUST_USE;
/* In this state, oldest first. */
enum err store_certificate_list(struct store *store, enum certificate_state state, size_t limit,
    struct arena *arena, struct certificate_row **ret_rows, size_t *ret_count) MUST_USE;
/* All, newest first, `from` the how manieth. */
enum err store_certificate_list_all(struct store *store, size_t from, size_t limit,
    struct arena *arena, struct certificate_row **ret_rows, size_t *ret_count) MUST_USE;

/* Issued or accepted ones with this key, oldest first. */
enum err store_certificate_valid_by_key(struct store *store, const uint8_t spki_hash[HASH_BYTES],
    size_t limit, struct arena *arena, struct certificate_row **ret_rows,
    size_t *ret_count) MUST_USE;
/* The serial is given up: reserved → revoking, as superseded. */
enum err store_certificate_abandon(struct store *store, const struct act *act,
    const struct request_id *request, const char *why) MUST_USE;

/* issued → accepted. ERR_CONFLICT from any other state, as all that follow. */
enum err store_certificate_accept(
    struct store *store, const struct act *act, const struct request_id *request) MUST_USE;
/* issued → declined. */
enum err store_certificate_decline(struct store *store, const struct act *act,
    const struct request_id *request, enum revocation_reason reason) MUST_USE;
/* issued or accepted → revoking; revoked → revoking if the reason may be made graver. */
enum err store_certificate_revoke(struct store *store, const struct act *act,
    const struct request_id *request, enum revocation_reason reason) MUST_USE;
/* declined or revoking → revoked; with the publication of the CRL that has it. */
enum err store_certificate_revoked(
    struct store *store, const struct act *act, const struct request_id *request) MUST_USE;
