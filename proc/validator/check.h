#pragma once
/* One check: does the value that this challenge expects stand at the name now, and does CAA permit
 * us? What was seen, good or bad, is signed; why, is reported. */
#include "lib/base/clock.h"
#include "lib/crypto/sign.h"
#include "lib/dns/resolver.h"
#include "lib/dns/suffix.h"
#include "lib/http/fetch.h"
#include "lib/wire/rehearsal.h"
#include "proc/validator/budget.h"
#include "proc/validator/mail.h"

/* All of a check, however many questions it asks (doc/threats.md D19). */
enum { CHECK_DEADLINE_MS = 10000 };

/* How websites are visited. Other ports than 80 and 443, and loopback, are for a trial. */
struct website {
    const char *source; /* address to visit from; NULL: the system's choice */
    uint16_t http_port, https_port;
    bool loopback_allowed;
    enum err (*fetch)(const struct http_fetch *fetch, struct http_fetched *ret_fetched);
};

/* What all checks of a process share; constant, used by several threads. */
struct checker {
    const char *id;           /* the perspective's, in the roster */
    const struct key *key;    /* its observation key */
    const char *caa_identity; /* our issuer domain name */
    struct clock clock;
    const struct suffix_list *suffixes;
    struct website website;
    struct budget *budget;     /* what others have to bear of all checks; NULL: anything */
    struct budget *rehearsals; /* and beside it of rehearsals, which so take nothing of a check's */
    const struct mailer *mailer; /* the primary's; NULL: no mail is sent or judged here */
    /* Gives a resolver that remembers nothing, and takes it back. */
    enum err (*resolver_open)(void *ctx, struct resolver *ret_resolver);
    void (*resolver_close)(void *ctx, struct resolver resolver);
    void *ctx;
};

/* Appends the observation's DER. ERR_AGAIN with "dcv.target_busy": the name's domain, or an address
 * that a page led to, has had its fill for the moment, and nothing is said. ERR_INPUT for a
 * challenge whose name is no host name or can't have a record, ERR_UNSUPPORTED for a method that
 * isn't in the table; both with a reason. ERR_MEMORY, ERR_CRYPTO, ERR_IO: nothing could be seen, so
 * nothing is said. */
enum err check_run(const struct checker *checker, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason) MUST_USE;
/* Looks as a check does, at the same places and within the same limits, and signs nothing
 * (rehearse.c). The code of a mail is left out: then CAA alone is asked. Errors as check_run's. */
enum err rehearse_run(const struct checker *checker, const struct rehearse *rehearse,
    struct rehearsed *ret_rehearsed, struct reason *ret_reason) MUST_USE;
/* Mails the code of this challenge. ERR_INPUT or ERR_UNSUPPORTED as above; ERR_DENIED with
 * "dcv.mail_address", "dcv.expired" or "name.public_suffix", or the mail server's word; else as
 * smtp_send. */
enum err check_mail(const struct checker *checker, const struct validator_mail *mail,
    struct reason *ret_reason) MUST_USE;
