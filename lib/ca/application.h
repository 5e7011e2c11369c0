#pragma once
/* What an organisation asked for: immutable once an officer has signed for it. Its DER form is
 * canonical, and its hash is what officers sign, what expected values are derived from and what a
 * warrant carries. Parsed texts live in the caller's arena; an absent text is "", never NULL. */
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/ca/edition.h"

enum { APPLICATION_ID_BYTES = 16, HASH_BYTES = 32, ADDRESS_LINES_MAX = 6 };

struct subject {
    const char *country;           /* ISO 3166-1, "HK" */
    const char *state_or_province; /* verified; at least one of this and locality */
    const char *locality;
    const char *organisation; /* at most SUBJECT_ORGANISATION_MAX characters, as the next */
    const char *organisation_zh;
    const char
        *branch; /* branch or department: in the records, and only in a classic certificate */
    const char *branch_zh;
    const char *brn;   /* business registration certificate number */
    const char *ci_cr; /* certificate of incorporation / registration number */
    const char *other_document;
    const char *srn; /* subscriber reference number, SRN_DIGITS digits, for ever */
};

/* Only for the EV editions; otherwise all "". */
struct ev_identity {
    const char *business_category;
    const char *jurisdiction_country;
    const char *registration_number;
};

/* The authorised representative: whom mail and letter go to. */
struct representative {
    const char *name;
    const char *email;
    const char *language; /* "zh-HK", "zh-CN" or "en" */
    const char *address[ADDRESS_LINES_MAX];
    size_t address_count;
};

struct application {
    uint8_t id[APPLICATION_ID_BYTES];
    enum edition edition;
    const char **names; /* lower-case A-labels; the first is the server name used as subject name */
    size_t name_count;
    struct subject subject;
    struct ev_identity ev;
    bool government; /* officers have its names validated, not the subscriber */
    struct representative representative;
    int64_t created;
};

/* BR 7.1.4.2 and the edition's rules: number and kind of names for the edition, lengths, required
 * fields; the government under its one name, with its department as branch, and nobody else so.
 * Reasons are "application.<field>". */
enum err application_check(
    const struct application *application, struct reason *ret_reason) MUST_USE;
enum err application_format(const struct application *application, struct buf *der) MUST_USE;
/* Strict: what it accepts, application_format gives back to the byte. Does not application_check.
 */
enum err application_parse(
    struct span der, struct arena *arena, struct application *ret_application) MUST_USE;
/* SHA-256("ecert application v1" ‖ 00 ‖ DER). */
enum err application_hash(struct span der, uint8_t ret_hash[HASH_BYTES]) MUST_USE;
/* The names the certificate will hold: the application's, and the bare name of a wildcard. */
enum err application_certificate_names(const struct application *application, struct arena *arena,
    const char ***ret_names, size_t *ret_count) MUST_USE;
