/* Writes what the product's own builders make, as files: each edition's certificate by the issuing
 * core, the CAs above, lists of both kinds. For the tests and the benchmark of the lints.
 *
 *   lint_samples FOLDER rsa2048|p256      (the issuing CAs' keys) */
#include "lib/base/file.h"
#include "lib/pki/crl.h"
#include "proc/signer/issue.h"
#include "tests/factory/factory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOW INT64_C(1795000000) /* 2026-11-18 */

static const char *folder;

static void die(const char *what, const struct reason *reason)
{
    fprintf(
        stderr, "lint_samples: %s: %s %s %s\n", what, reason->code, reason->field, reason->seen);
    exit(EXIT_FAILURE);
}

static void save(const char *name, struct span der)
{
    char path[512];
    const struct reason reason = { .code = "file" };
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_replace(path, der, 0644) != OK) {
        die(path, &reason);
    }
}

static int64_t clock_of_samples(void *ctx)
{
    (void)ctx;
    return NOW;
}

static struct issuing *core_open(struct factory *factory, const char *name)
{
    static struct issuer_key issuers[2];
    static char journal[512];
    struct issuing *issuing = NULL;
    struct reason reason = { .code = "" };
    issuers[0] = factory->issuer;
    issuers[1] = factory->ev_issuer;
    snprintf(journal, sizeof journal, "%s/%s", folder, name);
    unlink(journal);
    const struct issuing_setup setup = { .roster = &factory->roster,
        .roster_hash = factory->roster_hash,
        .issuers = issuers,
        .issuer_count = 2,
        .journal_path = journal,
        .clock = { clock_of_samples, NULL },
        .random = random_system() };
    if (issuing_open(&setup, &issuing, NULL, &reason) != OK) {
        die("the core", &reason);
    }
    return issuing;
}

/* One certificate, kept as NAME.crt; revoked where there is a reason. */
struct wanted {
    const char *name;
    enum edition edition;
    size_t names;
    bool rsa;
    int reason; /* -1: stays good */
};

static void issue(struct factory *factory, struct issuing *issuing, const struct wanted *wanted,
    unsigned number, const struct key *key)
{
    static struct sample sample;
    char file[64];
    struct signer_serial serial;
    struct reason reason = { .code = "" };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    if (sample_init(&sample, factory, NOW, number) != OK ||
        sample_become(&sample, wanted->edition, wanted->names) != OK ||
        sample_csr(&sample, key, sample.names[0]) != OK || sample_format(&sample) != OK ||
        issuing_reserve(issuing, &sample.warrant.request, &serial, &reason) != OK ||
        issuing_issue(issuing, &sample.warrant.request, buf_span(&sample.der), &der,
            /* ret_precertificate= */ NULL, &reason) != OK) {
        die(wanted->name, &reason);
    }
    snprintf(file, sizeof file, "%s.crt", wanted->name);
    save(file, buf_span(&der));
    if (wanted->reason >= 0) {
        struct signer_revoke revoke = { .reason = (enum revocation_reason)wanted->reason,
            .date = NOW };
        snprintf(revoke.issuer, sizeof revoke.issuer, "%s", factory->issuer.id);
        revoke.serial = serial;
        if (issuing_revoke(issuing, &revoke, &reason) != OK) {
            die("revoking", &reason);
        }
    }
    sample_release(&sample);
}

static void list_save(struct factory *factory, struct issuing *issuing)
{
    struct signer_crl wanted = { .this_update = NOW, .next_update = NOW + 4 * DAY_SECONDS };
    struct signer_crl_made made;
    struct reason reason = { .code = "" };
    AUTO(buf) crl = buf_make(CERTIFICATE_MAX_BYTES);
    snprintf(wanted.issuer, sizeof wanted.issuer, "%s", factory->issuer.id);
    if (issuing_crl(issuing, &wanted, &made, &crl, &reason) != OK) {
        die("the list", &reason);
    }
    save("crl.crl", buf_span(&crl));
}

/* By another core, since a classic hierarchy is one of its own. */
static void classic_save(struct factory *factory, const struct key *key)
{
    const struct wanted wanted = { "classic", EDITION_SERVER, 1, false, -1 };
    const struct reason reason = { .code = "factory_classic" };
    if (factory_classic(factory) != OK) {
        die("a classic hierarchy", &reason);
    }
    AUTO_PTR(issuing) issuing = core_open(factory, "classic-journal");
    issue(factory, issuing, &wanted, 1, key);
}

static enum err one_entry(void *ctx, struct crl_entry *ret_entry)
{
    bool *done = ctx;
    if (*done) {
        return ERR_NOT_FOUND;
    }
    *done = true;
    *ret_entry = (struct crl_entry){ SPAN_LITERAL("\x7f\x11\x22\x33\x44\x55\x66\x77\x88"),
        NOW - DAY_SECONDS, CRL_SUPERSEDED };
    return OK;
}

static void authorities_list_save(struct factory *factory)
{
    bool done = false;
    const struct reason reason = { .code = "crl_write" };
    const struct crl_source source = { one_entry, &done, 1 };
    AUTO(buf) crl = buf_make(CERTIFICATE_MAX_BYTES);
    const struct crl_fields fields = {
        .algorithm = signature_algorithm_of_key(factory->issuer.key),
        .issuer = factory->issuer.certificate.subject,
        .this_update = NOW,
        .next_update = NOW + 300 * DAY_SECONDS,
        .number = SPAN_LITERAL("\x07"),
        .authority_key_id = factory->issuer.certificate.subject_key_id,
    };
    if (crl_write(&fields, &source, factory->issuer.key, &crl) != OK) {
        die("the CAs' list", &reason);
    }
    save("arl.crl", buf_span(&crl));
}

int main(int argc, char **argv)
{
    static struct factory factory;
    static const struct wanted all[] = {
        { "server", EDITION_SERVER, 1, false, -1 },
        { "server-rsa", EDITION_SERVER, 1, true, REVOCATION_AFFILIATION_CHANGED },
        { "wildcard", EDITION_WILDCARD, 1, false, REVOCATION_UNSPECIFIED },
        { "multi", EDITION_MULTI, 50, false, REVOCATION_SUPERSEDED },
        { "ev", EDITION_EV, 1, false, -1 },
        { "ev-multi", EDITION_EV_MULTI, 3, true, -1 },
    };
    const struct reason reason = { .code = "factory" };
    AUTO_PTR(key) rsa = NULL;
    AUTO_PTR(key) ec = NULL;
    enum key_type type = KEY_TYPE_P256;
    if (argc != 3 || key_type_from_name(argv[2], &type) != OK) {
        fprintf(stderr, "usage: lint_samples FOLDER rsa2048|p256\n");
        return 64;
    }
    folder = argv[1];
    if (factory_init(&factory, type) != OK || key_generate(KEY_TYPE_RSA_2048, &rsa) != OK ||
        key_generate(KEY_TYPE_P256, &ec) != OK) {
        die("keys", &reason);
    }
    AUTO_PTR(issuing) issuing = core_open(&factory, "journal");
    save("root.crt", buf_span(&factory.root));
    save("issuing-ca.crt", buf_span(&factory.issuer.der));
    save("ev-issuing-ca.crt", buf_span(&factory.ev_issuer.der));
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        issue(&factory, issuing, &all[i], i + 1, all[i].rsa ? rsa : ec);
    }
    list_save(&factory, issuing);
    authorities_list_save(&factory);
    classic_save(&factory, ec);
    return EXIT_SUCCESS;
}
