#pragma once
/* The cast of the tests in which everything but the signer is owned: the victim, who enrols as she
 * should; officers, who approved her and nobody else; perspectives, which tell the truth; the
 * attacker with a domain and a key of his own; and a signer that runs. */
#include "tests/process/signer/running.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define VICTIM "www.shop.example.com"
#define HIS    "www.mallory.example.org"

extern struct running running;
extern struct key *his_key; /* a server's, of the attacker */
/* To be set before cast_enter: the signer's program, the ceremony's profile. */
extern const char *cast_signer, *cast_profile;

int cast_enter(void **state);
int cast_leave(void **state);

int64_t now(void);
/* An application of the victim's that two officers approved, whose challenge is drawn and whose
 * value nobody has placed yet. */
void victim_applies(struct sample *sample);
/* She does what the portal asks for: the value stands in her DNS from now on. */
void victim_places_the_record(struct sample *sample);
/* Both: what is still missing is a request. */
void victim_is_validated(struct sample *sample);
/* Six perspectives look at what the challenges ask for, and sign what they see. */
void perspectives_look(struct sample *sample);
/* What is expected, anew from the challenge. */
void value_derive(struct observation *seen);
/* The same approvals and observations beside another application, rewritten in the store. */
void application_rewrite(struct sample *sample, const char *name, const char *organisation);

/* Asks for a certificate under this request's number. */
enum err ask(const struct request_id *request, struct span warrant, struct buf *der,
    struct reason *ret_reason) MUST_USE;
/* So many certificates are in the signer's journal. */
int64_t issued(void);
/* It is refused for this reason, no octet comes back, and the journal has no certificate more. */
void expect_nothing(const struct sample *sample, const char *code);
/* The same with what he changed in it. */
void expect_refused(struct sample *sample, const char *code);
void expect_certificate(const struct sample *sample, struct buf *der);
