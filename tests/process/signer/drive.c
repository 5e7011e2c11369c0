/* The registrar's part against a running signer that somebody keeps killing: every request until it
 * has its certificate, twice, every third one revoked. Ends with 0 only if each request had one
 * serial and one certificate, and the last CRL names exactly those that were revoked.
 *
 *   drive SOCKET CEREMONY-DIRECTORY COUNT [FIRST]
 *
 * With FIRST, the first request's number, the key is in a token that gives bad signatures too: then
 * it asks again as well. */
#include "lib/base/clock.h"
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"
#include "lib/wire/signer.h"
#include "tests/factory/factory.h"

#include <poll.h>
#include <stdio.h>

enum { PATIENCE_MS = 60000, COUNT_MAX = 1000 };

static struct factory factory;
static struct client client;
static struct signer_serial serials[COUNT_MAX];
static int64_t deadline;
static struct key *issuing_key; /* public */
static bool faults;

static void die(const char *what, enum err err, const struct reason *reason)
{
    fprintf(stderr, "drive: %s: %s %s %s\n", what, err_name(err), reason->code, reason->seen);
    exit(EXIT_FAILURE);
}

/* True if the call is to be made again: the signer is away. */
static bool again(enum err err, const char *what, const struct reason *reason)
{
    static const struct signer_place nothing;
    struct signer_place now;
    if (err == OK) {
        return false;
    }
    if (err == ERR_CONFLICT && strcmp(reason->code, "journal.unanchored") == 0) {
        struct reason unheard;
        (void)!signer_call_anchor(&client, &nothing, &now, &unheard);
        return true;
    }
    bool passing = err == ERR_AGAIN || err == ERR_TIMEOUT || (faults && err == ERR_CRYPTO);
    if (!passing || clock_monotonic_ms() > deadline) {
        die(what, err, reason);
    }
    poll(NULL, 0, /* milliseconds= */ 5);
    return true;
}

static void certificate_get(const struct sample *sample, struct signer_serial *serial)
{
    struct reason reason = { 0 };
    struct certificate made;
    bool precertificate = false;
    const struct signer_reserve reserve = { sample->warrant.request };
    const struct signer_issue issue = { sample->warrant.request, buf_span(&sample->der) };
    AUTO(buf) first = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) second = buf_make(CERTIFICATE_MAX_BYTES);
    while (again(signer_call_reserve(&client, &reserve, serial, &reason), "reserve", &reason)) {
    }
    while (again(
        signer_call_issue(&client, &issue, &first, &precertificate, &reason), "issue", &reason)) {
    }
    while (again(
        signer_call_issue(&client, &issue, &second, &precertificate, &reason), "issue", &reason)) {
    }
    if (!span_equal(buf_span(&first), buf_span(&second)) ||
        certificate_parse(buf_span(&first), &made) != OK ||
        certificate_verify(&made, issuing_key) != OK ||
        !span_equal(made.serial, span_make(serial->bytes, serial->len))) {
        die("two certificates for one request", ERR_CONFLICT, &reason);
    }
}

static void revoke(const struct signer_serial *serial)
{
    struct reason reason = { 0 };
    struct clock clock = clock_system();
    struct signer_revoke message = { .issuer = "ssl-ca-3-17",
        .serial = *serial,
        .reason = REVOCATION_SUPERSEDED,
        .date = clock_now(&clock) };
    while (again(signer_call_revoke(&client, &message, &reason), "revoke", &reason)) {
    }
}

static void crl_check(unsigned count)
{
    struct crl crl;
    struct reason reason = { 0 };
    struct signer_crl_made made;
    struct clock clock = clock_system();
    AUTO(mapping) mapping = { 0 };
    struct signer_crl wanted = { .issuer = "ssl-ca-3-17",
        .this_update = clock_now(&clock),
        .next_update = clock_now(&clock) + 86400 };
    while (again(signer_call_crl(&client, &wanted, &made, &mapping, &reason), "crl", &reason)) {
    }
    if (crl_parse(mapping.content, &crl) != OK || crl_verify(&crl, issuing_key) != OK) {
        die("the CRL", ERR_INPUT, &reason);
    }
    for (unsigned i = 0; i < count; i++) {
        struct crl_entry entry;
        enum err err = crl_find(&crl, span_make(serials[i].bytes, serials[i].len), &entry);
        if ((err == OK) != (i % 3 == 0)) {
            die("a revocation", ERR_CONFLICT, &reason);
        }
    }
}

int main(int argc, char **argv)
{
    struct reason reason = { 0 };
    struct clock clock = clock_system();
    struct certificate issuing;
    faults = argc == 5;
    unsigned first = faults ? (unsigned)strtoul(argv[4], NULL, 10) : 1;
    unsigned count = argc == 4 || faults ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    if (count == 0 || count > COUNT_MAX || factory_load(&factory, argv[2]) != OK ||
        client_init(argv[1], 2000, &client) != OK) {
        die("beginning", ERR_INPUT, &reason);
    }
    if (certificate_parse(factory.roster.issuers[0].certificate, &issuing) != OK ||
        key_from_spki(issuing.spki, &issuing_key) != OK) {
        die("the issuing CA", ERR_INPUT, &reason);
    }
    deadline = clock_monotonic_ms() + PATIENCE_MS;
    for (unsigned i = 0; i < count; i++) {
        static struct sample sample;
        if (sample_init(&sample, &factory, clock_now(&clock), first + i) != OK) {
            die("a warrant", ERR_CRYPTO, &reason);
        }
        /* Now and then one that no message can hold. */
        if (i % 25 == 7 && sample_become(&sample, EDITION_MULTI, APPLICATION_NAMES_MAX) != OK) {
            die("a large warrant", ERR_CRYPTO, &reason);
        }
        certificate_get(&sample, &serials[i]);
        if (i % 3 == 0) {
            revoke(&serials[i]);
        }
        sample_release(&sample);
    }
    crl_check(count);
    client_release(&client);
    key_free(issuing_key);
    factory_release(&factory);
    return EXIT_SUCCESS;
}
