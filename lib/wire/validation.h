#pragma once
/* What officers ask about the names of a government subscriber (`ecertadm application validate`):
 * what is to be placed, how the proof stands, and what each perspective saw of one name. */
#include "lib/wire/control.h"
#include "lib/wire/validator.h"

enum { VALIDATION_TEXT_MAX = 16, VALIDATION_SEEN_MAX = 64 };

struct control_validate {
    uint8_t id[APPLICATION_ID_BYTES];
    char method[VALIDATION_TEXT_MAX]; /* "": the one that was chosen, or DNS */
    bool check;                       /* have the perspectives look now */
    struct mail_proof mail;           /* for DCV_EMAIL: where a code is to go, or what was typed */
};

struct control_validation_name {
    struct challenge challenge; /* the expected value is derived from it by who shows it */
    char state[VALIDATION_TEXT_MAX];
};

struct control_validation {
    char standing[VALIDATION_TEXT_MAX];
    int64_t proved;                           /* 0: not */
    int64_t next_check;                       /* 0: only when asked */
    char mail_address[MAIL_ADDRESS_TEXT_MAX]; /* "": no code was asked for */
    char mail_state[VALIDATION_TEXT_MAX];     /* "asked", "sent", "refused" */
    char mail_seen[VALIDATION_SEEN_MAX];      /* the mail server's word */
    struct control_validation_name *names;    /* at most APPLICATION_NAMES_MAX, in the application's
                                                 order */
    size_t count;
    const char *identity; /* our issuer domain name, which a lasting record names; written where one
                             is to be placed, and "" when it was not */
};

struct control_sight {
    uint8_t id[APPLICATION_ID_BYTES];
    char name[HOST_NAME_MAX_LENGTH + 1];
};

/* One perspective's last look at the name; both DER, an observation empty without an answer. */
struct control_sighting {
    char perspective[PERSPECTIVE_ID_MAX];
    struct span observation, report;
};

struct control_sightings {
    struct control_sighting rows[PERSPECTIVES_MAX];
    size_t count;
};

void control_validate_write(struct der_writer *writer, const void *object);
enum err control_validate_read(struct der *body, struct control_validate *ret_validate) MUST_USE;
/* Its names live in the arena. */
void control_validation_write(struct der_writer *writer, const void *object);
enum err control_validation_read(
    struct der *body, struct arena *arena, struct control_validation *ret_validation) MUST_USE;
void control_sight_write(struct der_writer *writer, const void *object);
enum err control_sight_read(struct der *body, struct control_sight *ret_sight) MUST_USE;
/* Spans borrow from the message. */
void control_sightings_write(struct der_writer *writer, const void *object);
enum err control_sightings_read(struct der *body, struct control_sightings *ret_sightings) MUST_USE;
