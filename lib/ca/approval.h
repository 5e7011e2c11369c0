#pragma once
/* An officer's signature over an application. Vetting and approving are two approvals by two
 * different officers; the subscription starts on the UTC day of the second. */
#include "lib/base/buf.h"
#include "lib/ca/application.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

enum approval_role { APPROVAL_VETTED, APPROVAL_APPROVED };
enum officer_key_type { OFFICER_KEY_ED25519 }; /* passkeys will be another */

struct approval {
    enum approval_role role;
    uint8_t application_hash[HASH_BYTES];
    int64_t time;
    enum officer_key_type key_type;
    uint8_t key_id[HASH_BYTES]; /* SHA-256 of the officer's SubjectPublicKeyInfo */
    struct span signature;
};

/* What an officer signs: SEQUENCE { UTF8String "ecert approval v1", INTEGER role,
 * OCTET STRING application hash, GeneralizedTime time }. */
enum err approval_message(const struct approval *approval, struct buf *message) MUST_USE;
void approval_write(struct der_writer *writer, const struct approval *approval);
enum err approval_read(struct der *reader, struct approval *ret_approval) MUST_USE;
/* The first instant after the subscription: a year after the start of the approval's UTC day. */
int64_t subscription_end(const struct approval *approved);
