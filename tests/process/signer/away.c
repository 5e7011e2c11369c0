/* What a signer must still do while the token with its keys is away: give serials and take
 * revocations; and what it must not: sign, or let anybody wait. Asks COUNT times, as fast as it
 * can; ends with 0 if every answer was right and quick.
 *
 *   away SOCKET CEREMONY-DIRECTORY COUNT */
#include "lib/base/clock.h"
#include "lib/wire/signer.h"
#include "tests/factory/factory.h"

#include <stdio.h>

enum { QUICK_MS = 200, FIRST_FAILURES = 3 };

static struct factory factory;
static struct client client;
static struct sample sample;

static void expect(enum err seen, enum err expected, const char *what)
{
    if (seen != expected) {
        fprintf(stderr, "away: %s: %s instead of %s\n", what, err_name(seen), err_name(expected));
        exit(EXIT_FAILURE);
    }
}

static void ask(unsigned number, int64_t now)
{
    struct reason reason = { 0 };
    struct signer_serial serial;
    struct signer_crl_made made;
    AUTO(mapping) mapping = { 0 };
    AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
    const struct signer_reserve reserve = { sample.warrant.request };
    const struct signer_issue issue = { sample.warrant.request, buf_span(&sample.der) };
    const struct signer_crl crl = { "ssl-ca-3-17", now, now + 86400 };
    int64_t begun = clock_monotonic_ms();
    expect(signer_call_reserve(&client, &reserve, &serial, &reason), OK, "reserve");
    bool precertificate = false;
    expect(signer_call_issue(&client, &issue, &certificate, &precertificate, &reason), ERR_AGAIN,
        "issue");
    expect(signer_call_crl(&client, &crl, &made, &mapping, &reason), ERR_AGAIN, "crl");
    if (number > FIRST_FAILURES && clock_monotonic_ms() - begun > QUICK_MS) {
        expect(ERR_TIMEOUT, OK, "a quick answer");
    }
}

static void revoke(unsigned number, int64_t now)
{
    struct reason reason = { 0 };
    struct signer_revoke message = {
        .issuer = "ssl-ca-3-17", .reason = REVOCATION_SUPERSEDED, .date = now
    };
    struct signer_reserve reserve = { sample.warrant.request };
    store_be32(reserve.request.enrolment, 0x80000000U + number);
    expect(signer_call_reserve(&client, &reserve, &message.serial, &reason), OK, "reserve");
    expect(signer_call_revoke(&client, &message, &reason), OK, "revoke");
}

/* Who keeps a store shows what it knows of the journal first. */
static void anchor(void)
{
    static const struct signer_place nothing;
    struct reason reason = { 0 };
    struct signer_place now;
    expect(signer_call_anchor(&client, &nothing, &now, &reason), OK, "anchor");
}

int main(int argc, char **argv)
{
    struct clock clock = clock_system();
    unsigned count = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    expect(count == 0 ? ERR_INPUT : OK, OK, "usage");
    expect(factory_load(&factory, argv[2]), OK, "the ceremony");
    expect(client_init(argv[1], 10000, &client), OK, "the socket");
    expect(sample_init(&sample, &factory, clock_now(&clock), 990000), OK, "a warrant");
    anchor();
    for (unsigned i = 0; i < count; i++) {
        ask(i, clock_now(&clock));
    }
    revoke((unsigned)clock_monotonic_ms(), clock_now(&clock));
    sample_release(&sample);
    client_release(&client);
    factory_release(&factory);
    return EXIT_SUCCESS;
}
