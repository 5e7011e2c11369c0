/* Making rosters and warrants. */
#include "tests/factory/factory.h"
#include "tests/factory/authority.h"
#include "lib/base/file.h"
#include "lib/der/oid.h"
#include "lib/pki/csr.h"
#include "lib/pki/name.h"
#include "lib/pki/sct.h"
#include "proc/signer/issue.h"
#include "proc/signer/keyfile.h"

#include <limits.h>
#include <stdio.h>

static enum err factory_keys(struct factory *factory);
static enum err factory_issuers(struct factory *factory, enum key_type issuer_type);
static void factory_roster(struct factory *factory);
static void sample_application(struct sample *sample, unsigned serial_of_request);

/* Two years before the tests' days, so that they may be at any of them. */
#define HIERARCHY_CREATED INT64_C(1735689600)

static enum err believe(void *ctx, size_t index, struct span part, struct span signature)
{
    (void)ctx;
    (void)index;
    (void)part;
    (void)signature;
    return OK;
}

const struct observation_verifier factory_believer = { believe, NULL, believe };

enum err factory_init(struct factory *factory, enum key_type issuer_type)
{
    *factory = (struct factory){ .root = buf_make(CERTIFICATE_MAX_BYTES) };
    TRY(factory_keys(factory));
    factory_roster(factory);
    TRY(factory_issuers(factory, issuer_type));
    memset(factory->roster_hash, 7, HASH_BYTES);
    return OK;
}

void factory_release(struct factory *factory)
{
    for (size_t i = 0; i < FACTORY_OFFICERS; i++) {
        key_free(factory->officers[i]);
    }
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        key_free(factory->perspectives[i]);
    }
    for (size_t i = 0; i < FACTORY_LOGS; i++) {
        key_free(factory->logs[i]);
    }
    key_free(factory->stranger);
    key_free(factory->strange_perspective);
    key_free(factory->subscriber);
    issuer_key_release(&factory->issuer);
    issuer_key_release(&factory->ev_issuer);
    key_free(factory->root_key);
    buf_release(&factory->root);
    arena_release(&factory->arena);
}

static enum err load_roster(struct factory *factory, const char *directory)
{
    char path[PATH_MAX];
    AUTO(buf) sealed = { 0 };
    AUTO(buf) ceremony = { 0 };
    TRY(path_join(path, sizeof path, directory, "signer/roster.der"));
    TRY(file_read(path, FILE_MAX_BYTES, &sealed));
    TRY(path_join(path, sizeof path, directory, "signer/ceremony.spki"));
    TRY(file_read(path, FILE_MAX_BYTES, &ceremony));
    return roster_open(
        buf_span(&sealed), buf_span(&ceremony), &factory->arena, &factory->roster, NULL);
}

enum err factory_load(struct factory *factory, const char *directory)
{
    char path[PATH_MAX];
    *factory = (struct factory){ .root = buf_make(CERTIFICATE_MAX_BYTES),
        .arena = arena_make(4 * 1024 * 1024) };
    TRY(load_roster(factory, directory));
    const struct roster *roster = &factory->roster;
    for (size_t i = 0; i < roster->officer_count && i < FACTORY_OFFICERS; i++) {
        snprintf(path, sizeof path, "%s/officers/%s.key", directory, roster->officers[i].id);
        TRY(keyfile_read(path, NULL, &factory->officers[i], NULL));
    }
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        snprintf(path, sizeof path, "%s/validator/%s.key", directory, roster->perspectives[i].id);
        TRY(keyfile_read(path, NULL, &factory->perspectives[i], NULL));
    }
    return key_generate(KEY_TYPE_RSA_2048, &factory->subscriber);
}

static enum err factory_keys(struct factory *factory)
{
    for (size_t i = 0; i < FACTORY_OFFICERS; i++) {
        TRY(key_generate(KEY_TYPE_ED25519, &factory->officers[i]));
    }
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        TRY(key_generate(KEY_TYPE_RSA_2048, &factory->perspectives[i]));
    }
    for (size_t i = 0; i < FACTORY_LOGS; i++) {
        TRY(key_generate(KEY_TYPE_P256, &factory->logs[i]));
    }
    TRY(key_generate(KEY_TYPE_ED25519, &factory->stranger));
    TRY(key_generate(KEY_TYPE_RSA_2048, &factory->strange_perspective));
    return key_generate(KEY_TYPE_RSA_2048, &factory->subscriber);
}

static void factory_roster(struct factory *factory)
{
    static const char *const regions[FACTORY_PERSPECTIVES] = { "apnic", "apnic", "arin", "ripe",
        "lacnic", "afrinic" };
    struct roster *roster = &factory->roster;
    *roster = (struct roster){ .epoch = 3,
        .policy_set = POLICY_PRIVATE,
        .repository_url = "http://ecert.example.net",
        .caa_identity = "ecert.example.net",
        .created = HIERARCHY_CREATED,
        .officer_count = FACTORY_OFFICERS,
        .perspective_count = FACTORY_PERSPECTIVES };
    for (size_t i = 0; i < FACTORY_OFFICERS; i++) {
        struct officer *officer = &roster->officers[i];
        snprintf(officer->id, sizeof officer->id, "officer-%zu", i + 1);
        officer->name = "Officer";
        officer->roles = i < 2 ? OFFICER_ROLE_OFFICER : OFFICER_ROLE_AUDITOR;
        officer->spki = key_spki(factory->officers[i]);
        memcpy(officer->key_id, key_spki_sha256(factory->officers[i]).data, HASH_BYTES);
    }
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        struct perspective *perspective = &roster->perspectives[i];
        snprintf(perspective->id, sizeof perspective->id, i == 0 ? "primary" : "remote-%zu", i);
        snprintf(perspective->region, sizeof perspective->region, "%s", regions[i]);
        perspective->primary = i == 0;
        perspective->spki = key_spki(factory->perspectives[i]);
    }
}

static const struct ceremony_authority authorities[] = {
    { .id = "ssl-ca-3-17",
        .common_name = "Example SSL CA",
        .organisation = "Example Post",
        .name = "ssl-ca",
        .crl_name = "ssl-ca",
        .years = 5,
        .policy = "ov" },
    { .id = "ev-ssl-ca-3-17",
        .common_name = "Example EV SSL CA",
        .organisation = "Example Post",
        .name = "ev-ssl-ca",
        .crl_name = "ev-ssl-ca",
        .years = 5,
        .policy = "ev" },
};

static const struct ceremony_profile hierarchy = {
    .url = "http://ecert.example.net",
    .country = "HK",
    .state_or_province = "Hong Kong",
    .locality = "Hong Kong",
    .organisation = "Example Post",
    .root = { .id = "root",
        .common_name = "Example Root CA",
        .organisation = "Example Post",
        .name = "root",
        .crl_name = "root",
        .years = 10 },
};

static enum err issuer_certify(const struct factory *factory,
    const struct ceremony_authority *authority, const struct key *key, struct buf *certificate)
{
    const struct authority_request request = { .profile = &hierarchy,
        .kind = LINT_ISSUING_CA,
        .authority = authority,
        .key = key,
        .root = &hierarchy.root,
        .root_key = factory->root_key,
        .root_certificate = buf_span(&factory->root),
        .not_before = HIERARCHY_CREATED,
        .not_after = years_after(HIERARCHY_CREATED, authority->years) };
    return authority_subordinate(&request, certificate, NULL);
}

static enum err factory_issuers(struct factory *factory, enum key_type issuer_type)
{
    TRY(key_generate(KEY_TYPE_P384, &factory->root_key));
    TRY(authority_root(
        &hierarchy, &hierarchy.root, factory->root_key, HIERARCHY_CREATED, &factory->root, NULL));
    for (size_t i = 0; i < sizeof authorities / sizeof authorities[0]; i++) {
        struct issuer_key *held = i == 0 ? &factory->issuer : &factory->ev_issuer;
        struct issuer *issuer = &factory->roster.issuers[factory->roster.issuer_count++];
        struct key *key = NULL;
        AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
        TRY(key_generate(issuer_type, &key));
        TRY(issuer_certify(factory, &authorities[i], key, &certificate));
        snprintf(issuer->id, sizeof issuer->id, "%s", authorities[i].id);
        issuer->name = authorities[i].name;
        issuer->crl_name = authorities[i].crl_name;
        issuer->certificate = buf_span(&certificate);
        TRY(issuer_key_init(&factory->roster, issuer, key, held, NULL));
        issuer->certificate = buf_span(&held->der);
    }
    return OK;
}

enum err factory_classic(struct factory *factory)
{
    struct roster *roster = &factory->roster;
    struct issuer_key *held = &factory->issuer;
    struct ceremony_authority authority = authorities[0];
    authority.policy = "any";
    buf_clear(&held->der);
    TRY(issuer_certify(factory, &authority, held->key, &held->der));
    roster->policy_set = POLICY_CLASSIC;
    roster->log_count = 0;
    roster->issuer_count = 1;
    roster->issuers[0].certificate = buf_span(&held->der);
    return certificate_parse(buf_span(&held->der), &held->certificate);
}

void factory_publish(struct factory *factory)
{
    struct roster *roster = &factory->roster;
    roster->policy_set = POLICY_PUBLIC;
    for (roster->log_count = 0; roster->log_count < FACTORY_LOGS; roster->log_count++) {
        size_t i = roster->log_count;
        struct ct_log *log = &roster->logs[i];
        *log = (struct ct_log){ .url = "http://127.0.0.1:1",
            .kind = CT_LOG_RFC6962,
            .state = CT_LOG_USABLE,
            .state_since = HIERARCHY_CREATED,
            .spki = key_spki(factory->logs[i]) };
        snprintf(log->name, sizeof log->name, "log-%zu", i + 1);
        snprintf(log->operator_name, sizeof log->operator_name, "operator-%zu", i % 2 + 1);
    }
}

enum err factory_promise(const struct factory *factory, size_t log, struct span precertificate,
    int64_t now, struct buf *sct)
{
    struct certificate first;
    uint8_t signature[SIGNATURE_MAX_BYTES], head[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    size_t len = 0;
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) message = buf_make(2 * CERTIFICATE_MAX_BYTES);
    AUTO(buf) digitally_signed = buf_make(SCT_MAX_BYTES);
    TRY(certificate_parse(precertificate, &first));
    TRY(sct_signed_tbs(first.tbs, &tbs));
    store_be64(head + 2, (uint64_t)now * 1000);
    const uint8_t size[] = { (uint8_t)(tbs.len >> 16), (uint8_t)(tbs.len >> 8), (uint8_t)tbs.len };
    buf_append(&message, SPAN_OF(head));
    buf_append(&message, SPAN_LITERAL("\0\1"));
    buf_append(&message, key_spki_sha256(factory->issuer.key));
    buf_append(&message, SPAN_OF(size));
    buf_append(&message, buf_span(&tbs));
    buf_append(&message, SPAN_LITERAL("\0\0"));
    TRY(signature_make(
        factory->logs[log], SIGNATURE_ECDSA_SHA256, buf_span(&message), signature, &len));
    buf_append(&digitally_signed, SPAN_LITERAL("\4\3\0"));
    buf_append_byte(&digitally_signed, (uint8_t)len);
    buf_append(&digitally_signed, span_make(signature, len));
    return sct_write(key_spki_sha256(factory->logs[log]).data, (uint64_t)now * 1000,
        (struct span){ 0 }, buf_span(&digitally_signed), sct);
}

enum err factory_promises(const struct factory *factory, size_t count, struct span precertificate,
    int64_t now, struct buf *list)
{
    struct buf made[FACTORY_LOGS];
    struct sct scts[FACTORY_LOGS] = { 0 };
    enum err err = OK;
    for (size_t i = 0; i < count; i++) {
        made[i] = buf_make(SCT_MAX_BYTES);
        err = err == OK ? factory_promise(factory, i, precertificate, now, &made[i]) : err;
        err = err == OK ? sct_parse(buf_span(&made[i]), &scts[i]) : err;
    }
    err = err == OK ? sct_list_write(scts, count, list) : err;
    for (size_t i = 0; i < count; i++) {
        buf_release(&made[i]);
    }
    return err;
}

enum err sample_init(
    struct sample *sample, const struct factory *factory, int64_t now, unsigned serial_of_request)
{
    *sample = (struct sample){ .factory = factory,
        .now = now,
        .application_der = buf_make(64 * 1024),
        .csr = buf_make(CSR_MAX_BYTES),
        .der = buf_make(WARRANT_MAX_BYTES) };
    struct warrant *warrant = &sample->warrant;
    const struct profile *profile = warrant_profile(&factory->roster, EDITION_SERVER);
    sample_application(sample, serial_of_request);
    store_be32(warrant->request.enrolment, serial_of_request);
    warrant->request.ordinal = 1;
    warrant->approval_count = 2;
    for (size_t i = 0; i < 2; i++) {
        struct approval *approval = &warrant->approvals[i];
        approval->role = i == 0 ? APPROVAL_VETTED : APPROVAL_APPROVED;
        approval->time = now - 3 * 86400;
        approval->key_type = OFFICER_KEY_ED25519;
        memcpy(approval->key_id, factory->roster.officers[i].key_id, HASH_BYTES);
    }
    warrant->evidence = sample->evidence;
    warrant->evidence_count = sample->application.name_count;
    warrant->epoch = factory->roster.epoch;
    snprintf(warrant->profile_id, sizeof warrant->profile_id, "%s", profile->id);
    TRY(profile_hash(profile, warrant->profile_hash));
    TRY(sample_csr(sample, factory->subscriber, sample->names[0]));
    TRY(sample_bind(sample));
    TRY(sample_sign(sample));
    return sample_format(sample);
}

void sample_release(struct sample *sample)
{
    buf_release(&sample->application_der);
    buf_release(&sample->csr);
    buf_release(&sample->der);
}

static void sample_application(struct sample *sample, unsigned serial_of_request)
{
    sample->names[0] = "www.shop.example.com";
    sample->application = (struct application){
        .edition = EDITION_SERVER,
        .names = sample->names,
        .name_count = 1,
        .subject = { .country = "HK",
            .state_or_province = "Hong Kong",
            .locality = "Hong Kong",
            .organisation = "Shop Example Limited",
            .organisation_zh = "例子商店有限公司",
            .branch = "",
            .branch_zh = "",
            .brn = "12345678",
            .ci_cr = "",
            .other_document = "",
            .srn = "0002142877" },
        .ev = { "", "", "" },
        .representative = { .name = "Chan Tai Man",
            .email = "ar@shop.example.com",
            .language = "zh-HK",
            .address = { "Flat 1", "Hong Kong" },
            .address_count = 2 },
        .created = sample->now - 4 * 86400,
    };
    store_be32(sample->application.id, serial_of_request);
}

enum err sample_become(struct sample *sample, enum edition edition, size_t names)
{
    struct application *application = &sample->application;
    struct warrant *warrant = &sample->warrant;
    const struct edition_rules *rules = edition_rules(edition);
    const struct profile *profile = warrant_profile(&sample->factory->roster, edition);
    application->edition = edition;
    application->name_count = names;
    sample->names[0] = rules->wildcard ? "*.shop.example.com" : "www.shop.example.com";
    for (size_t i = 1; i < names; i++) {
        snprintf(sample->more[i], sizeof sample->more[i], "host-%zu.shop.example.com", i);
        sample->names[i] = sample->more[i];
    }
    if (rules->ev) {
        application->ev = (struct ev_identity){ "Private Organization", "HK", "12345678" };
    }
    warrant->evidence_count = names;
    snprintf(warrant->profile_id, sizeof warrant->profile_id, "%s", profile->id);
    TRY(profile_hash(profile, warrant->profile_hash));
    TRY(sample_csr(sample, sample->factory->subscriber, sample->names[0]));
    TRY(sample_bind(sample));
    TRY(sample_sign(sample));
    return sample_format(sample);
}

enum err sample_bind(struct sample *sample)
{
    struct warrant *warrant = &sample->warrant;
    uint8_t hash[HASH_BYTES];
    buf_clear(&sample->application_der);
    TRY(application_format(&sample->application, &sample->application_der));
    TRY(application_hash(buf_span(&sample->application_der), hash));
    warrant->application_der = buf_span(&sample->application_der);
    warrant->application = sample->application;
    for (size_t i = 0; i < warrant->approval_count; i++) {
        memcpy(warrant->approvals[i].application_hash, hash, HASH_BYTES);
    }
    for (size_t n = 0; n < sample->application.name_count; n++) {
        sample->evidence[n] =
            (struct name_evidence){ sample->observations[n], FACTORY_PERSPECTIVES };
        for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
            struct observation *observation = &sample->observations[n][i];
            const char *name = sample->application.names[n];
            *observation =
                (struct observation){ .dnssec = DNSSEC_SECURE, .time = sample->now - 600 };
            snprintf(observation->perspective, sizeof observation->perspective, "%s",
                sample->factory->roster.perspectives[i].id);
            memset(observation->attempt, (int)(n + 1), ATTEMPT_BYTES);
            memcpy(observation->challenge.application_hash, hash, HASH_BYTES);
            snprintf(observation->challenge.name, sizeof observation->challenge.name, "%s", name);
            snprintf(observation->challenge.srn, sizeof observation->challenge.srn, "%s",
                sample->application.subject.srn);
            observation->challenge.method = DCV_DNS;
            observation->challenge.created = sample->now - 86400;
            memset(observation->challenge.nonce, (int)(n + 9), NONCE_BYTES);
            snprintf(observation->adn, sizeof observation->adn, "%s",
                challenge_base_name(&observation->challenge));
        }
    }
    return OK;
}

enum err sample_sign_approval(struct sample *sample, size_t at, const struct key *key)
{
    struct approval *approval = &sample->warrant.approvals[at];
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    AUTO(buf) message = buf_make(1024);
    TRY(approval_message(approval, &message));
    TRY(signature_make(key, SIGNATURE_ED25519, buf_span(&message), signature, &len));
    memcpy(sample->approval_signatures[at], signature, 64);
    approval->signature = SPAN_OF(sample->approval_signatures[at]);
    return OK;
}

enum err sample_sign_observation(
    struct sample *sample, size_t name, size_t at, const struct key *key)
{
    struct observation *observation = &sample->observations[name][at];
    uint8_t part[4096], signature[SIGNATURE_MAX_BYTES];
    size_t part_len = 0, len = 0;
    struct der_writer writer = der_writer_make(part, sizeof part);
    observation_write_signed_part(&writer, observation);
    TRY(der_writer_finish(&writer, &part_len));
    TRY(signature_make(key, SIGNATURE_RSA_SHA256, span_make(part, part_len), signature, &len));
    memcpy(sample->signatures[name][at], signature, 256);
    observation->signature = SPAN_OF(sample->signatures[name][at]);
    return OK;
}

enum err sample_sign(struct sample *sample)
{
    for (size_t i = 0; i < sample->warrant.approval_count; i++) {
        TRY(sample_sign_approval(sample, i, sample->factory->officers[i]));
    }
    for (size_t n = 0; n < sample->warrant.evidence_count; n++) {
        for (size_t i = 0; i < sample->evidence[n].count; i++) {
            struct observation *observation = &sample->observations[n][i];
            TRY(challenge_expected(&observation->challenge, sample->factory->roster.caa_identity,
                observation->expected));
            TRY(sample_sign_observation(sample, n, i, sample->factory->perspectives[i]));
        }
    }
    return OK;
}

enum err sample_format(struct sample *sample)
{
    sample->warrant.csr = buf_span(&sample->csr);
    buf_clear(&sample->der);
    return warrant_format(&sample->warrant, &sample->der);
}

enum err sample_csr(struct sample *sample, const struct key *key, const char *name)
{
    const struct name_entry entry = { oid_common_name, span_from_text(name) };
    struct span names[] = { span_from_text(name) };
    AUTO(buf) subject = buf_make(1024);
    TRY(name_write(&entry, 1, NULL, &subject));
    const struct csr_fields fields = { buf_span(&subject), names, 1 };
    buf_clear(&sample->csr);
    TRY(csr_write(&fields, key, &sample->csr));
    sample->warrant.csr = buf_span(&sample->csr);
    return OK;
}
