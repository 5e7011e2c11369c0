#pragma once
/* The conversation with a validator, the primary's on its socket and a remote perspective's over
 * HTTPS: look now whether the value expected by this challenge stands there. The answer is the
 * observation, signed, and beside it a report for people, which proves nothing. */
#include "lib/ca/observation.h"
#include "lib/wire/client.h"
#include "lib/wire/question.h"

enum {
    /* A step a lookup; a wildcard's deepest climb has more labels than anybody would read. */
    REPORT_STEPS_MAX = 16,
    REPORT_TEXT_MAX = 321,
    /* An observation holds two names, a hash and an RSA signature. */
    OBSERVATION_MAX_BYTES = 4096,
};

enum validator_message {
    VALIDATOR_CHECK = 1,
    VALIDATOR_MAIL = 2,     /* the primary only: send the code of DCV_EMAIL */
    VALIDATOR_REHEARSE = 3, /* lib/wire/rehearsal.h */
    VALIDATOR_ABOUT = 4,    /* nothing -> validator_about */
};

/* Grows with everything that a question may newly say, since a validator refuses what it doesn't
 * know: 1 is the first, 2 has checks that yield, 3 this question. */
enum { VALIDATOR_VERSION = 3 };

enum { PATIENCE_MAX_MS = 60000 };
enum { MAIL_ADDRESS_TEXT_MAX = HOST_NAME_MAX_LENGTH + 20, MAIL_TYPED_MAX = 65 };

/* For DCV_EMAIL: where the code was sent, and what was typed. */
struct mail_proof {
    char address[MAIL_ADDRESS_TEXT_MAX];
    char code[MAIL_TYPED_MAX];
};

struct validator_mail {
    struct challenge challenge;
    char address[MAIL_ADDRESS_TEXT_MAX]; /* a constructed one, or it is refused */
};

struct validator_check {
    uint8_t attempt[ATTEMPT_BYTES];
    struct challenge challenge;
    struct mail_proof proof; /* empty texts: none */
    bool caa_only;           /* the proof is there already: only CAA is asked, dcv is NOT_ASKED */
    unsigned patience_ms; /* all that the check may take; 0: as long as the validator gives any */
    bool yields;          /* others' checks go before it where processors are short */
};

/* Something a perspective asked and what came of it; texts are printable, possibly empty. */
struct report_step {
    char code[REASON_CODE_MAX]; /* message id: "dcv.txt_missing", "caa.forbids", … */
    char asked[REPORT_TEXT_MAX];
    char seen[REPORT_TEXT_MAX];
    char expected[REPORT_TEXT_MAX];
};

struct report {
    struct report_step steps[REPORT_STEPS_MAX];
    size_t count;
    struct questions questions; /* to the DNS, behind the steps */
};

/* What a validator says of itself. */
struct validator_about {
    unsigned version;
    int64_t suffixes; /* when its list of public suffixes was made */
};

struct validator_answer {
    struct span observation; /* DER, as observation_read takes it; borrowed */
    struct report report;
};

/* Adds a step, its texts cut at the limits; steps beyond the maximum are dropped. */
void report_add(struct report *report, const char *code, const char *asked, const char *seen,
    const char *expected);
void report_write(struct der_writer *writer, const struct report *report);
/* Writes nothing but what it reads, since a report is large and mostly empty; on failure what
 * `ret_report` holds means nothing. */
enum err report_read(struct der *reader, struct report *ret_report) MUST_USE;

/* The bodies of request and answer. */
void validator_check_write(struct der_writer *writer, const void *check);
enum err validator_check_read(struct der *reader, struct validator_check *ret_check) MUST_USE;
void validator_mail_write(struct der_writer *writer, const void *mail);
enum err validator_mail_read(struct der *reader, struct validator_mail *ret_mail) MUST_USE;
void validator_answer_write(struct der_writer *writer, const void *answer);
enum err validator_answer_read(struct der *reader, struct validator_answer *ret_answer) MUST_USE;

void validator_about_write(struct der_writer *writer, const void *about);
enum err validator_about_read(struct der *reader, struct validator_about *ret_about) MUST_USE;

enum err validator_call_about(
    struct client *client, struct validator_about *ret_about, struct reason *ret_reason) MUST_USE;
/* Asks the primary on its socket; appends the observation's DER. A remote perspective is asked by
 * request_format, HTTPS and answer_parse. */
enum err validator_call_check(struct client *client, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason) MUST_USE;
/* Has the primary mail the code; the answer has no body. ERR_DENIED: the mailbox or its server
 * refuses
 * ("smtp.refused"), or the address is none of the constructed ones ("dcv.mail_address"). ERR_AGAIN,
 * ERR_TIMEOUT: later perhaps. */
enum err validator_call_mail(
    struct client *client, const struct validator_mail *mail, struct reason *ret_reason) MUST_USE;
