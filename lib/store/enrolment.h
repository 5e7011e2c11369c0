#pragma once
/* Enrolments: one application's walk through the portal. Opened with its approval, or before it
 * when officers have the government's names validated: without a PIN nobody can log in. The PIN is
 * here only as the hash the courier made; its budget of attempts is spent before anything is
 * hashed. */
#include "lib/ca/enrolment.h"
#include "lib/ca/warrant.h"
#include "lib/crypto/pinhash.h"
#include "lib/store/store.h"

struct enrolment_row {
    uint8_t id[ENROLMENT_ID_BYTES];
    uint8_t application[APPLICATION_ID_BYTES];
    char reference[REFERENCE_DIGITS + 1];
    char pin_hash[PIN_HASH_MAX]; /* "" until the courier has made the letter */
    unsigned attempts_left;
    enum enrolment_state state;
    bool chinese;        /* Confirm with Chinese */
    unsigned ordinal;    /* of the certificate being made: 1, 2, … */
    unsigned dcv_method; /* enum dcv_method; 0 until chosen */
    bool has_spki;       /* challenges are bound to this key */
    uint8_t spki_hash[HASH_BYTES];
    int64_t subscription_end; /* 0 before the approval */
    int64_t updated;
    int64_t version;       /* grows with every change */
    struct reason problem; /* why the last step went back; code "" if it did not */
};

/* Takes id, application, reference, subscription_end from the row; begins open, at ordinal 1,
 * without PIN. ERR_CONFLICT if the reference number is taken. */
enum err store_enrolment_insert(
    struct store *store, const struct act *act, const struct enrolment_row *row) MUST_USE;
/* The approval of an application whose enrolment was there before it. */
enum err store_enrolment_set_subscription(struct store *store, const struct act *act,
    const uint8_t id[ENROLMENT_ID_BYTES], int64_t subscription_end) MUST_USE;
enum err store_enrolment_get(struct store *store, const uint8_t id[ENROLMENT_ID_BYTES],
    struct enrolment_row *ret_row) MUST_USE;
enum err store_enrolment_by_reference(
    struct store *store, const char *reference, struct enrolment_row *ret_row) MUST_USE;
enum err store_enrolment_by_application(struct store *store,
    const uint8_t application[APPLICATION_ID_BYTES], struct enrolment_row *ret_row) MUST_USE;
/* In `state` and with an application that is still approved, oldest change first. */
enum err store_enrolment_list(struct store *store, enum enrolment_state state, size_t limit,
    struct arena *arena, struct enrolment_row **ret_rows, size_t *ret_count) MUST_USE;
/* Enrolments without PIN whose application is still approved: the courier has to make a letter. */
enum err store_enrolment_without_pin(struct store *store, size_t limit, struct arena *arena,
    struct enrolment_row **ret_rows, size_t *ret_count) MUST_USE;

/* Sets the hash and PIN_ATTEMPTS_MAX attempts. */
enum err store_enrolment_set_pin(struct store *store, const struct act *act,
    const uint8_t id[ENROLMENT_ID_BYTES], const char *pin_hash) MUST_USE;
/* One attempt less, before the PIN is hashed. ERR_DENIED if none is left: the PIN is void. */
enum err store_enrolment_spend_attempt(struct store *store, const struct act *act,
    const uint8_t id[ENROLMENT_ID_BYTES], unsigned *ret_left) MUST_USE;
/* After the right PIN, whose attempt was spent before: the whole budget again. */
enum err store_enrolment_restore_attempts(
    struct store *store, const struct act *act, const uint8_t id[ENROLMENT_ID_BYTES]) MUST_USE;

/* By enrolment_next: ERR_CONFLICT if the event is not possible now. DECLINE_KEY, NEXT and ABANDON
 * begin the next ordinal; REJECT and DECLINE_DETAILS return the application. Clears the problem. */
enum err store_enrolment_advance(struct store *store, const struct act *act,
    const uint8_t id[ENROLMENT_ID_BYTES], enum enrolment_event event,
    enum enrolment_state *ret_state) MUST_USE;
/* Which organisation name goes into the certificate; with ENROLMENT_CONFIRM. */
enum err store_enrolment_set_chinese(
    struct store *store, const uint8_t id[ENROLMENT_ID_BYTES], bool chinese) MUST_USE;
/* What the subscriber is shown about the last refusal. */
enum err store_enrolment_set_problem(struct store *store, const uint8_t id[ENROLMENT_ID_BYTES],
    const struct reason *problem) MUST_USE;
