#pragma once
/* Codes by mail, one row a name: to which constructed address a code was asked for, what became of
 * the mail, and what was typed. The code itself is the validator's and never here. */
#include "lib/ca/warrant.h"
#include "lib/store/store.h"

enum mailing_state {
    MAILING_ASKED, /* the primary is to send it, at next_try */
    MAILING_SENT,
    MAILING_REFUSED, /* the mailbox or its server will not have it */
    MAILING_STATE_COUNT,
};

enum {
    MAILING_ADDRESS_MAX = HOST_NAME_MAX_LENGTH + 20,
    MAILING_TYPED_MAX = 65,
    MAILING_SEEN_MAX = 64
};

struct mailing_row {
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    char name[HOST_NAME_MAX_LENGTH + 1]; /* as in the challenge */
    char address[MAILING_ADDRESS_MAX];
    char typed[MAILING_TYPED_MAX]; /* empty: nothing yet */
    enum mailing_state state;
    char seen[MAILING_SEEN_MAX]; /* the mail server's word, where refused or late */
    unsigned attempts;
    int64_t next_try;
    int64_t sent; /* 0: not yet */
};

/* "asked", "sent", "refused". */
const char *mailing_state_id(enum mailing_state state);

/* A mail to this address, now; what was typed for another is forgotten. */
enum err store_mailing_ask(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const char *name, const char *address) MUST_USE;
/* ERR_CONFLICT if no mail was ever sent for this name. */
enum err store_mailing_type(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const char *name, const char *typed) MUST_USE;
enum err store_mailing_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct mailing_row **ret_rows, size_t *ret_count) MUST_USE;
/* Those to be sent by `now`. */
enum err store_mailing_due(struct store *store, int64_t now, size_t limit, struct arena *arena,
    struct mailing_row **ret_rows, size_t *ret_count) MUST_USE;
/* State, seen, next_try and sent of the row, one attempt more; ERR_NOT_FOUND if another address was
 * asked for meanwhile. */
enum err store_mailing_set_result(
    struct store *store, const struct act *act, const struct mailing_row *row) MUST_USE;
/* With the challenges they belong to. */
enum err store_mailing_forget(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES]) MUST_USE;
