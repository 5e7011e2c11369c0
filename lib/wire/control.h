#pragma once
/* What ecertadm asks of the registrar: one message per command of doc/architecture.md §8. Lists
 * come a page at a time (`from` counts rows; fewer than a page: the end), texts are for showing. */
#include "lib/ca/approval.h"
#include "lib/ca/revocation.h"
#include "lib/ca/warrant.h"
#include "lib/wire/courier.h"

enum control_message {
    CONTROL_APPLICATION_NEW = 1,  /* control_new -> control_created */
    CONTROL_APPLICATION_LIST,     /* control_page -> control_applications */
    CONTROL_APPLICATION_SHOW,     /* control_object -> control_application */
    CONTROL_APPLICATION_APPROVE,  /* control_approve -> control_approved; vetting as well */
    CONTROL_APPLICATION_WITHDRAW, /* control_object -> nothing */
    CONTROL_LETTER_LIST,          /* nothing -> courier_letters */
    CONTROL_LETTER_PRINT,         /* courier_print -> nothing, and the PDF as a memory file */
    CONTROL_CERTIFICATE_LIST,     /* control_page -> control_certificates */
    CONTROL_REVOKE,               /* control_revoke -> nothing */
    CONTROL_CRL,                  /* control_crl -> control_number; "" is every issuer */
    CONTROL_PUBLISH,              /* control_publish -> nothing */
    CONTROL_STATUS,               /* nothing -> control_facts */
    CONTROL_AUDIT_VERIFY,         /* nothing -> control_facts; ERR_CONFLICT "audit.broken" */
    CONTROL_AUDIT_LINT,           /* control_page -> control_findings (lib/wire/finding.h) */
    CONTROL_NOTICE_ADD,           /* struct notice -> control_number, its id (lib/wire/notice.h) */
    CONTROL_NOTICE_LIST,          /* nothing -> control_notices */
    CONTROL_NOTICE_REMOVE,        /* control_number -> nothing */
    CONTROL_VALIDATE,             /* control_validate -> control_validation (validation.h) */
    CONTROL_VALIDATION_SEEN,      /* control_sight -> control_sightings */
    CONTROL_HALT,                 /* struct halt, `by` as the asker is called -> nothing */
    CONTROL_HALT_LOOK,            /* nothing -> struct halt; ERR_CONFLICT "issuance.not_stopped" */
    CONTROL_RESUME,               /* struct resumption -> nothing */
    CONTROL_RECONCILE,            /* control_number (1: revoke what is missing) -> control_facts */
    CONTROL_KEY_BLOCK,            /* control_key -> control_number, its certificates (keys.h) */
    CONTROL_KEY_LIST,             /* control_page -> control_keys */
    CONTROL_MAIL_LIST,            /* control_page -> control_mails (mails.h) */
    CONTROL_MAIL_AGAIN,           /* control_number, 0: all that were given up -> nothing */
    CONTROL_MAIL_FORGET,          /* control_number -> nothing */
};

enum {
    CONTROL_PAGE_ROWS = 100,
    CONTROL_STATE_MAX = 16,
    CONTROL_ACTOR_MAX = 80,
    CONTROL_NAME_MAX = 264,
    CONTROL_PROBLEM_MAX = 160,
    CONTROL_FACTS_MAX = 64,
    CONTROL_FACT_NAME_MAX = 64,
    CONTROL_FACT_TEXT_MAX = 320,
    CONTROL_SERIAL_TEXT_MAX = 3 * SERIAL_MAX_BYTES + 1,
};

struct control_new {
    struct span application; /* DER; its id may be zero: the registrar draws one */
};

struct control_created {
    uint8_t id[APPLICATION_ID_BYTES];
    uint8_t hash[HASH_BYTES];
};

struct control_page {
    unsigned from;
};

struct control_object {
    uint8_t id[APPLICATION_ID_BYTES];
};

struct control_application_row {
    uint8_t id[APPLICATION_ID_BYTES];
    char name[CONTROL_NAME_MAX]; /* the first server name */
    char organisation[CONTROL_NAME_MAX];
    char state[CONTROL_STATE_MAX];
    char validation[CONTROL_STATE_MAX]; /* standing_id of a government's; "" where none is due */
    int64_t created;
};

struct control_applications {
    struct control_application_row *rows;
    size_t count;
};

/* One application in full; `approvals` are DER as approval_write makes them. */
struct control_application {
    struct span der;
    char state[CONTROL_STATE_MAX];
    struct span approvals[APPROVALS_MAX];
    size_t approval_count;
    char reference[REFERENCE_TEXT_MAX];      /* "" before approval */
    char enrolment_state[CONTROL_STATE_MAX]; /* the same */
    char validation[CONTROL_STATE_MAX];      /* as in the list */
    int64_t returned;                        /* when the representative sent it back; 0: never */
    char return_step[CONTROL_STATE_MAX];     /* "details" or "certificate", with all that follows */
    char return_actor[CONTROL_ACTOR_MAX];
    struct span return_reason;         /* UTF-8, in the representative's own words */
    char problem[CONTROL_PROBLEM_MAX]; /* why the enrolment does not go on; "" if it does */
};

struct control_approve {
    uint8_t id[APPLICATION_ID_BYTES];
    struct span approval; /* DER */
};

struct control_approved {
    char state[CONTROL_STATE_MAX];
    char reference[REFERENCE_TEXT_MAX]; /* "" until both have signed */
};

struct control_certificate_row {
    char serial[CONTROL_SERIAL_TEXT_MAX]; /* hex pairs with colons */
    char issuer[ISSUER_ID_MAX];
    char name[CONTROL_NAME_MAX];
    char state[CONTROL_STATE_MAX];
    int64_t not_before, not_after;
    char problem[CONTROL_PROBLEM_MAX]; /* which logs have not promised, and why */
};

struct control_certificates {
    struct control_certificate_row *rows;
    size_t count;
};

struct control_revoke {
    uint8_t serial[SERIAL_MAX_BYTES];
    size_t serial_len;
    enum revocation_reason reason;
};

struct control_crl {
    char issuer[ISSUER_ID_MAX];
};

struct control_number {
    int64_t number;
};

struct control_publish {
    char name[CONTROL_NAME_MAX]; /* file name, with its suffix */
    struct span content;
};

struct control_fact {
    char name[CONTROL_FACT_NAME_MAX]; /* "signer.epoch", "store.bytes", "crl.ssl-ca-3-17.number", …
                                       */
    char text[CONTROL_FACT_TEXT_MAX];
};

struct control_facts {
    struct control_fact facts[CONTROL_FACTS_MAX];
    size_t count;
};

/* Spans borrow from the message; rows live in the arena. */
void control_new_write(struct der_writer *writer, const void *object);
enum err control_new_read(struct der *body, struct control_new *ret_new) MUST_USE;
void control_created_write(struct der_writer *writer, const void *object);
enum err control_created_read(struct der *body, struct control_created *ret_created) MUST_USE;
void control_page_write(struct der_writer *writer, const void *object);
enum err control_page_read(struct der *body, struct control_page *ret_page) MUST_USE;
void control_object_write(struct der_writer *writer, const void *object);
enum err control_object_read(struct der *body, struct control_object *ret_object) MUST_USE;
void control_applications_write(struct der_writer *writer, const void *object);
enum err control_applications_read(
    struct der *body, struct arena *arena, struct control_applications *ret_rows) MUST_USE;
void control_application_write(struct der_writer *writer, const void *object);
enum err control_application_read(
    struct der *body, struct control_application *ret_application) MUST_USE;
void control_approve_write(struct der_writer *writer, const void *object);
enum err control_approve_read(struct der *body, struct control_approve *ret_approve) MUST_USE;
void control_approved_write(struct der_writer *writer, const void *object);
enum err control_approved_read(struct der *body, struct control_approved *ret_approved) MUST_USE;
void control_certificates_write(struct der_writer *writer, const void *object);
enum err control_certificates_read(
    struct der *body, struct arena *arena, struct control_certificates *ret_rows) MUST_USE;
void control_revoke_write(struct der_writer *writer, const void *object);
enum err control_revoke_read(struct der *body, struct control_revoke *ret_revoke) MUST_USE;
void control_crl_write(struct der_writer *writer, const void *object);
enum err control_crl_read(struct der *body, struct control_crl *ret_crl) MUST_USE;
void control_number_write(struct der_writer *writer, const void *object);
enum err control_number_read(struct der *body, struct control_number *ret_number) MUST_USE;
void control_publish_write(struct der_writer *writer, const void *object);
enum err control_publish_read(struct der *body, struct control_publish *ret_publish) MUST_USE;
void control_facts_write(struct der_writer *writer, const void *object);
enum err control_facts_read(struct der *body, struct control_facts *ret_facts) MUST_USE;

/* Adds a fact; the 65th and further ones are dropped, long texts cut. */
void control_fact_add(struct control_facts *facts, const char *name, const char *text);
