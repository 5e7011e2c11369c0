#pragma once
/* The enrolment as values: one description for the pages and for GET /api/v1/enrolment. */
#include "lib/pki/certificate.h"
#include "lib/store/certificate.h"
#include "lib/store/challenge.h"
#include "proc/portal/page.h"

/* Everything of doc/architecture.md §9's object, put into `object`. */
enum err enrolment_put(struct visit *visit, struct value *object) MUST_USE;
/* Names, subscriber, type, subscription. */
enum err details_put(struct visit *visit, struct value *object) MUST_USE;
/* One name: {ascii, unicode, idn, mixed_script}. */
void name_put(struct visit *visit, struct value *object, const char *ascii);
/* For a page, beside the names that `object` has: "idn_any" and "mixed_any", what to warn of; and
 * where they are many, "names_count" and "names_fold", texts that stand over the list or for it. */
void names_notes_put(struct visit *visit, struct value *object);

/* Methods that edition, date and this version offer, as a bit set of 1u << enum dcv_method. */
unsigned methods_offered(const struct visit *visit);
/* True unless there are no challenges, or their values are over 30 days old. */
bool challenges_good(const struct visit *visit, const struct challenge_row *rows, size_t count);
/* What one name's challenge asks for, by its method, added to `list`. */
enum err challenge_put(
    struct visit *visit, struct value *list, const struct challenge_row *row) MUST_USE;
/* What stands for one name where the method is mail: addresses, and how the mail stands. */
enum err mailing_put(
    struct visit *visit, struct value *object, const struct challenge_row *challenge) MUST_USE;
/* The member "dcv" with challenges and results; puts nothing where no method was chosen. */
enum err dcv_put(struct visit *visit, struct value *object) MUST_USE;

/* The enrolment's present certificate; ERR_NOT_FOUND with "certificate.none". */
enum err certificate_find(struct visit *visit, struct certificate_row *ret_row) MUST_USE;
/* The member "certificate": read from the issued DER and from nowhere else. */
enum err certificate_put(
    struct visit *visit, struct value *object, const struct certificate_row *row) MUST_USE;
/* What stands in the certificate itself, put into `object`. */
enum err certificate_facts_put(
    struct visit *visit, struct value *object, const struct certificate *certificate) MUST_USE;
/* "Hongkong Post Trial e-Cert (Server)", in the caller's language; NULL without memory. */
const char *certificate_type(struct visit *visit, enum edition edition);

/* Moves the enrolment on by `event`, with whatever else `also` (may be NULL) changes in the same
 * transaction; then visit->enrolment is read again. ERR_CONFLICT with "enrolment.state". */
enum err enrolment_move(struct visit *visit, enum enrolment_event event,
    enum err (*also)(struct store *store, void *ctx), void *ctx) MUST_USE;
