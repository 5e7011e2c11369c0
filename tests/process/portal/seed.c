/* Fills a store with enrolments in every state, for the tests of the portal: ecert-portal-seed DIR
 * makes DIR/store/ecert.db and prints one JSON object a line: {key, server_name, reference, pin}.
 * Applications, challenges, observations and certificates are real ones, made by the libraries. */
#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/random.h"
#include "lib/crypto/pinhash.h"
#include "lib/store/application.h"
#include "lib/store/certificate.h"
#include "lib/store/challenge.h"
#include "lib/store/enrolment.h"
#include "lib/store/evidence.h"
#include "lib/store/notice.h"
#include "lib/store/publication.h"
#include "lib/store/repository.h"
#include "lib/wire/validator.h"
#include "tests/process/portal/authority.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define GOVERNMENT "Hong Kong SAR Government"

/* OUTCOME_ABSENT: every place sees nothing, as where the record was never placed. */
enum outcome {
    OUTCOME_NONE,
    OUTCOME_TOLD,
    OUTCOME_CHECKING,
    OUTCOME_FAILED,
    OUTCOME_ABSENT,
    OUTCOME_PASSED,
};

enum { PLACES = 6, PINS = 5 };

/* One enrolment to be made; what is NULL is absent. */
struct seed {
    const char *key;
    enum edition edition;
    const char *names[4];
    const char *organisation, *organisation_zh, *branch;
    enum enrolment_state state;
    enum outcome outcome;
    size_t numbered; /* so many names more, of the longest labels there are */
    const char *branch_zh, *other_document;
    const char *business_category, *registration_number;
    enum dcv_method method;
};

#define BANK                                                                                       \
    "The Example Banking and Savings Corporation of Hong Kong Limited",                            \
        "香港例子儲蓄銀行有限公司", "Online Banking Division"
#define BANK_EV                                                                                    \
    .branch_zh = "網上銀行部", .business_category = "Private Organization",                        \
    .registration_number = "0123456"

static const struct seed seeds[] = {
    { "open", EDITION_SERVER, { "www.shop.example.com" }, "Shop Example Limited",
        "例子商店有限公司", "Online Branch", ENROLMENT_OPEN, OUTCOME_NONE },
    { "idn", EDITION_SERVER, { "xn--fsqu00a.example.com" }, "Shop Example Limited",
        "例子商店有限公司", "", ENROLMENT_OPEN, OUTCOME_NONE },
    { "plain", EDITION_SERVER, { "plain.example.com" }, "Plain Limited", "", "", ENROLMENT_OPEN,
        OUTCOME_NONE },
    { "hostile", EDITION_SERVER, { "hostile.example.com" }, "<script>alert(1)</script>\"'&",
        "<img src=x onerror=alert(1)>", "{{csrf}}${7*7}", ENROLMENT_OPEN, OUTCOME_NONE },
    { "confirmed", EDITION_SERVER, { "new.shop.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_CONFIRMED, OUTCOME_NONE },
    { "told", EDITION_SERVER, { "told.shop.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_CONFIRMED, OUTCOME_TOLD },
    { "checking", EDITION_MULTI, { "a.shop.example.com", "b.shop.example.com" },
        "Shop Example Limited", "", "", ENROLMENT_CONFIRMED, OUTCOME_CHECKING },
    { "failed", EDITION_MULTI, { "www.failed.example.com", "xn--fsqu00a.example.com" },
        "Shop Example Limited", "", "", ENROLMENT_CONFIRMED, OUTCOME_FAILED },
    { "validated", EDITION_SERVER, { "csr.shop.example.com" }, "Shop Example Limited",
        "例子商店有限公司", "", ENROLMENT_VALIDATED, OUTCOME_PASSED },
    { "issuing", EDITION_SERVER, { "wait.shop.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_ISSUING, OUTCOME_PASSED },
    { "issued", EDITION_SERVER, { "cert.shop.example.com" }, "Shop Example Limited",
        "例子商店有限公司", "Online Branch", ENROLMENT_ISSUED, OUTCOME_PASSED },
    { "issued2", EDITION_SERVER, { "cert2.shop.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_ISSUED, OUTCOME_PASSED },
    { "accepted", EDITION_SERVER, { "done.shop.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_ACCEPTED, OUTCOME_PASSED },
    { "rejected", EDITION_SERVER, { "rejected.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_REJECTED, OUTCOME_NONE },
    { "many", EDITION_MULTI,
        { "www.many.example.com", "mail.many.example.com", "xn--fsqu00a.example.com" },
        "Shop Example Limited", "", "", ENROLMENT_ACCEPTED, OUTCOME_PASSED },
    { "wildcard", EDITION_WILDCARD, { "*.wild.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_ACCEPTED, OUTCOME_PASSED },
    { "government", EDITION_SERVER, { "www.department.example.net" }, GOVERNMENT, "",
        "Example Department", ENROLMENT_OPEN, OUTCOME_PASSED },
    { "government-due", EDITION_SERVER, { "due.department.example.net" }, GOVERNMENT, "",
        "Example Department", ENROLMENT_OPEN, OUTCOME_NONE },
    { "government-failed", EDITION_MULTI,
        { "a.department.example.net", "b.department.example.net" }, GOVERNMENT, "",
        "Example Department", ENROLMENT_OPEN, OUTCOME_FAILED },
    { "tenant", EDITION_SERVER, { "www.tenant.example.org" }, "Tenant Two Limited", "", "",
        ENROLMENT_ACCEPTED, OUTCOME_PASSED },
    { "ev", EDITION_EV, { "bank.example.net" }, BANK, ENROLMENT_OPEN, OUTCOME_NONE, BANK_EV },
    { "ev-issued", EDITION_EV, { "secure.bank.example.net" }, BANK, ENROLMENT_ISSUED,
        OUTCOME_PASSED, BANK_EV },
    { "ev-accepted", EDITION_EV, { "www.bank.example.net" }, BANK, ENROLMENT_ACCEPTED,
        OUTCOME_PASSED, BANK_EV },
    { "mixed", EDITION_SERVER, { "xn--shp-ted.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_OPEN, OUTCOME_NONE },
    { "mixed-issued", EDITION_MULTI,
        { "xn--shp-ted.example.org", "xn--czr73l71c089f.example.org", "www.example.org" },
        "Shop Example Limited", "例子商店有限公司", "", ENROLMENT_ISSUED, OUTCOME_PASSED },
    { "mixed-accepted", EDITION_MULTI,
        { "xn--shp-ted.example.net", "xn--czr73l71c089f.example.net", "shop.example.net" },
        "Shop Example Limited", "例子商店有限公司", "", ENROLMENT_ACCEPTED, OUTCOME_PASSED },
    { "fifty", EDITION_MULTI, { "www.fifty.example.com" }, "Shop Example Limited",
        "例子商店有限公司", "", ENROLMENT_OPEN, OUTCOME_NONE, .numbered = 49 },
    { "fifty-absent", EDITION_MULTI, { "www.absent.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_CONFIRMED, OUTCOME_ABSENT, .numbered = 49 },
    { "fifty-accepted", EDITION_MULTI, { "www.grown.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_ACCEPTED, OUTCOME_PASSED, .numbered = 49 },
    { "absent", EDITION_SERVER, { "www.nowhere.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_CONFIRMED, OUTCOME_ABSENT },
    { "website", EDITION_MULTI, { "www.file.example.com", "shop.file.example.com" },
        "Shop Example Limited", "", "", ENROLMENT_CONFIRMED, OUTCOME_TOLD, .method = DCV_WEBSITE },
    { "email", EDITION_SERVER, { "www.post.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_CONFIRMED, OUTCOME_TOLD, .method = DCV_EMAIL },
    { "declined", EDITION_SERVER, { "declined.example.com" }, "Shop Example Limited", "", "",
        ENROLMENT_DECLINED, OUTCOME_PASSED },
    { "bureau", EDITION_SERVER, { "www.bureau.example.org" }, GOVERNMENT, "香港特別行政區政府",
        "Example Bureau, Examples and Statistics Branch", ENROLMENT_CONFIRMED, OUTCOME_NONE,
        .branch_zh = "例子局例子及統計科", .other_document = "EXB-ESB" },
};
enum { SEED_COUNT = sizeof seeds / sizeof seeds[0] };

struct making {
    const char *directory;
    const struct seed *seed;
    size_t index;
    struct authority *authority;
    struct arena *arena;
    struct act act;
    struct random random;
    struct application application;
    struct enrolment_row enrolment;
    uint8_t application_hash[HASH_BYTES];
    const char **names;
    size_t name_count;
    char pin[PIN_DIGITS + 1];
    char hashes[PINS][PIN_HASH_MAX]; /* made once: hashing is dear */
};

static enum err publish(struct store *store, void *ctx);
static enum err make(struct store *store, void *ctx);

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static const char *name_numbered(struct making *making, size_t number)
{
    return arena_format(
        making->arena, "%060zu-%02zu.%s", (size_t)0, number, making->seed->names[0]);
}

static struct application application_of(struct making *making)
{
    const struct seed *seed = making->seed;
    static const char *address[] = { "Flat 1, 2 Example Street", "Hong Kong" };
    struct application application = {
        .edition = seed->edition,
        .subject = { .country = "HK",
            .state_or_province = "Hong Kong",
            .locality = "Hong Kong",
            .organisation = seed->organisation,
            .organisation_zh = seed->organisation_zh,
            .branch = seed->branch,
            .branch_zh = or_empty(seed->branch_zh),
            .brn = "12345678",
            .ci_cr = "2345678",
            .other_document = or_empty(seed->other_document),
            .srn = "0002142877" },
        .ev = { or_empty(seed->business_category), seed->business_category == NULL ? "" : "HK",
            or_empty(seed->registration_number) },
        .government = strcmp(seed->organisation, GOVERNMENT) == 0,
        .representative = { .name = "Chan Tai Man",
            .email = "ar@shop.example.com",
            .language = "zh-HK",
            .address = { address[0], address[1] },
            .address_count = 2 },
        .created = making->act.time,
    };
    memset(application.id, (int)making->index + 1, sizeof application.id);
    application.names =
        arena_alloc(making->arena, APPLICATION_NAMES_MAX, sizeof *application.names);
    for (size_t i = 0; i < 4 && seed->names[i] != NULL; i++) {
        application.names[application.name_count++] = seed->names[i];
    }
    for (size_t i = 1; i <= seed->numbered; i++) {
        application.names[application.name_count++] = name_numbered(making, i);
    }
    return application;
}

static enum err application_make(struct store *store, struct making *making)
{
    AUTO(buf) der = buf_make(65536);
    struct application_row row = { .created = making->act.time };
    making->application = application_of(making);
    TRY(application_format(&making->application, &der));
    TRY(application_hash(buf_span(&der), row.hash));
    memcpy(row.id, making->application.id, sizeof row.id);
    memcpy(making->application_hash, row.hash, sizeof row.hash);
    row.der = buf_span(&der);
    TRY(application_certificate_names(
        &making->application, making->arena, &making->names, &making->name_count));
    TRY(store_application_insert(store, &making->act, &row));
    for (unsigned officer = 0; officer < 2; officer++) {
        struct approval_row approval = {
            .role = officer == 0 ? APPROVAL_VETTED : APPROVAL_APPROVED,
            .time = making->act.time,
            .der = SPAN_LITERAL("a test's officer"),
        };
        memset(approval.key_id, (int)officer + 1, sizeof approval.key_id);
        TRY(store_application_add_approval(store, &making->act, row.id, &approval));
    }
    return OK;
}

static enum err enrolment_make(struct store *store, struct making *making)
{
    size_t pin = making->index % PINS;
    char *hash = making->hashes[pin];
    struct enrolment_row *row = &making->enrolment;
    *row = (struct enrolment_row){ .subscription_end = making->act.time + 365 * DAY_SECONDS };
    memset(row->id, (int)making->index + 0x41, sizeof row->id);
    memcpy(row->application, making->application.id, sizeof row->application);
    snprintf(row->reference, sizeof row->reference, "018564%03zu", making->index);
    snprintf(making->pin, sizeof making->pin, "4711081500%06zu", pin * 7919);
    TRY(store_enrolment_insert(store, &making->act, row));
    if (hash[0] == '\0') {
        TRY(pin_hash(span_from_text(making->pin), &making->random, hash));
    }
    return store_enrolment_set_pin(store, &making->act, row->id, hash);
}

static enum err challenges_make(struct store *store, struct making *making)
{
    struct challenge *challenges =
        arena_alloc(making->arena, making->name_count, sizeof *challenges);
    if (challenges == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < making->name_count; i++) {
        struct challenge *challenge = &challenges[i];
        memcpy(challenge->application_hash, making->application_hash, HASH_BYTES);
        snprintf(challenge->name, sizeof challenge->name, "%s", making->names[i]);
        challenge->method = making->seed->method == 0 ? DCV_DNS : making->seed->method;
        challenge->created = making->act.time - 3600;
        TRY(random_fill(&making->random, challenge->nonce, NONCE_BYTES));
    }
    TRY(store_challenge_replace_all(
        store, &making->act, making->enrolment.id, challenges, making->name_count));
    return making->seed->outcome == OUTCOME_CHECKING
               ? store_challenge_request_check(store, making->enrolment.id, making->act.time)
               : OK;
}

static void observation_der(struct der_writer *writer, const void *object)
{
    observation_write(writer, object);
}

static void report_der(struct der_writer *writer, const void *object)
{
    report_write(writer, object);
}

static void report_fill(
    struct report *report, const struct challenge *challenge, bool passed, unsigned place)
{
    char host[300];
    char asked[320];
    char expected[EXPECTED_TEXT_MAX];
    if (challenge_dns_host(challenge, host, sizeof host) != OK ||
        challenge_expected(challenge, "ecert.example.net", expected) != OK) {
        return;
    }
    snprintf(asked, sizeof asked, "%s TXT", host);
    if (passed) {
        report_add(report, "dcv.txt_found", asked, expected, expected);
        report_add(report, "caa.absent", challenge->name, "", "ecert.example.net");
    } else if (place % 2 == 0) {
        report_add(report, "dcv.txt_missing", asked, "NXDOMAIN", expected);
        report_add(report, "zone.answered", "SOA example.com", "ns.example.com, serial 2", NULL);
    } else {
        report_add(report, "dcv.txt_wrong", asked, "v=spf1 <b>-all</b>", expected);
    }
}

/* Six places; of a failed name only one confirms it, and one did not answer. */
static enum err observations_make(
    struct store *store, struct making *making, const struct challenge_row *challenge, bool passed)
{
    static const char *const places[] = { "primary", "perspective-1", "perspective-2",
        "perspective-3", "perspective-4", "perspective-5" };
    bool absent = making->seed->outcome == OUTCOME_ABSENT;
    for (unsigned i = 0; i < PLACES; i++) {
        bool here = passed || (i == 3 && !absent);
        AUTO(buf) der = buf_make(OBSERVATION_MAX_BYTES);
        AUTO(buf) report = buf_make(65536);
        struct report steps = { 0 };
        struct observation_row row = { .time = making->act.time };
        struct observation observation = { .challenge = challenge->challenge,
            .dcv = here ? DCV_PASSED : DCV_FAILED,
            .caa = CAA_PERMITS,
            .dnssec = i == 2 && !absent ? DNSSEC_INSECURE : DNSSEC_SECURE,
            .time = making->act.time };
        snprintf(observation.perspective, sizeof observation.perspective, "%s", places[i]);
        snprintf(observation.adn, sizeof observation.adn, "%s", challenge->challenge.name);
        TRY(challenge_expected(&challenge->challenge, "ecert.example.net", observation.expected));
        AUTO(buf) part = buf_make(OBSERVATION_MAX_BYTES);
        TRY(der_encode((void (*)(struct der_writer *, const void *))observation_write_signed_part,
            &observation, &part));
        observation.signed_part = buf_span(&part);
        observation.signature = SPAN_LITERAL("unsigned");
        TRY(der_encode(observation_der, &observation, &der));
        report_fill(&steps, &challenge->challenge, here, absent ? 0 : i);
        TRY(der_encode(report_der, &steps, &report));
        memcpy(row.enrolment, making->enrolment.id, sizeof row.enrolment);
        memset(row.attempt, 7, sizeof row.attempt);
        snprintf(row.name, sizeof row.name, "%s", challenge->challenge.name);
        snprintf(row.perspective, sizeof row.perspective, "%s", places[i]);
        bool silent = !passed && !absent && i == 5;
        row.der = silent ? (struct span){ 0 } : buf_span(&der);
        row.report = silent ? (struct span){ 0 } : buf_span(&report);
        TRY(store_observation_insert(store, &row));
    }
    return OK;
}

static enum err results_make(struct store *store, struct making *making)
{
    struct challenge_row *rows = NULL;
    size_t count = 0;
    if (making->seed->outcome < OUTCOME_FAILED) {
        return OK;
    }
    TRY(store_challenge_list(store, making->enrolment.id, making->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        bool passed = making->seed->outcome == OUTCOME_PASSED ||
                      (making->seed->outcome == OUTCOME_FAILED && i == 1);
        struct evidence_row evidence = { .method = DCV_DNS, .time = making->act.time };
        memset(evidence.attempt, 7, sizeof evidence.attempt);
        snprintf(evidence.name, sizeof evidence.name, "%s", rows[i].challenge.name);
        if (passed) {
            TRY(store_evidence_put(store, &making->act, making->enrolment.id, &evidence));
        }
        TRY(observations_make(store, making, &rows[i], passed));
        TRY(store_challenge_set_result(store, &rows[i],
            passed ? CHALLENGE_PASSED : CHALLENGE_FAILED, passed ? 0 : making->act.time + 900));
    }
    return OK;
}

/* DIR/NAME.key: the subscriber's own, for tests that install the certificate. */
static enum err key_keep(const struct making *making, const struct key *key)
{
    char path[PATH_MAX];
    AUTO(secret) pem = { 0 };
    TRY(key_to_pem(key, &pem));
    snprintf(path, sizeof path, "%.3000s/%s.key", making->directory, making->seed->key);
    return file_replace(path, secret_span(&pem), 0600);
}

static enum err certificate_make(struct store *store, struct making *making)
{
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO_PTR(key) key = NULL;
    uint8_t serial[17];
    struct certificate_row row = { .request.ordinal = 1 };
    memcpy(row.request.enrolment, making->enrolment.id, sizeof row.request.enrolment);
    TRY(key_generate(KEY_TYPE_P256, &key));
    TRY(key_keep(making, key));
    TRY(random_fill(&making->random, serial, sizeof serial));
    serial[0] = 0x45;
    TRY(store_certificate_submit(
        store, &making->act, &row.request, SPAN_LITERAL("csr"), key_spki_sha256(key).data));
    if (making->seed->state == ENROLMENT_ISSUING) {
        return OK;
    }
    TRY(store_certificate_reserve(
        store, &making->act, &row.request, "ssl-ca-3-17", SPAN_OF(serial)));
    row.not_before = making->act.time - 60;
    row.not_after = row.not_before + 199 * DAY_SECONDS - 1;
    TRY(authority_issue(making->authority,
        &(struct authority_request){ .names = making->names,
            .name_count = making->name_count,
            .organisation = making->seed->organisation,
            .key = key,
            .serial = SPAN_OF(serial),
            .not_before = row.not_before,
            .not_after = row.not_after },
        &der));
    row.der = buf_span(&der);
    return store_certificate_issued(store, &making->act, &row);
}

static enum err advance(struct store *store, struct making *making, enum enrolment_event event)
{
    enum enrolment_state state = ENROLMENT_OPEN;
    return store_enrolment_advance(store, &making->act, making->enrolment.id, event, &state);
}

static enum err make(struct store *store, void *ctx)
{
    struct making *making = ctx;
    enum enrolment_state state = making->seed->state;
    TRY(application_make(store, making));
    TRY(enrolment_make(store, making));
    if (making->seed->outcome != OUTCOME_NONE) {
        TRY(challenges_make(store, making));
        TRY(results_make(store, making));
    }
    if (state == ENROLMENT_OPEN) {
        return OK;
    }
    if (state == ENROLMENT_REJECTED) {
        return advance(store, making, ENROLMENT_REJECT);
    }
    TRY(advance(store, making, ENROLMENT_CONFIRM));
    if (state == ENROLMENT_CONFIRMED) {
        return OK;
    }
    TRY(advance(store, making, ENROLMENT_EVIDENCE));
    if (state == ENROLMENT_VALIDATED) {
        return OK;
    }
    TRY(advance(store, making, ENROLMENT_SUBMIT_CSR));
    TRY(certificate_make(store, making));
    if (state == ENROLMENT_ISSUING) {
        return OK;
    }
    TRY(advance(store, making, ENROLMENT_CERTIFICATE));
    if (state == ENROLMENT_ISSUED) {
        return OK;
    }
    if (state == ENROLMENT_DECLINED) {
        return advance(store, making, ENROLMENT_DECLINE_DETAILS);
    }
    struct request_id request = { .ordinal = 1 };
    memcpy(request.enrolment, making->enrolment.id, sizeof request.enrolment);
    TRY(advance(store, making, ENROLMENT_ACCEPT));
    TRY(store_certificate_accept(store, &making->act, &request));
    for (size_t i = 0; i < making->name_count; i++) {
        TRY(store_repository_enter(store, &request, REPOSITORY_NAME, making->names[i]));
    }
    TRY(store_repository_enter(
        store, &request, REPOSITORY_ORGANISATION, making->seed->organisation));
    return store_repository_enter(store, &request, REPOSITORY_SRN, making->application.subject.srn);
}

static enum err publish(struct store *store, void *ctx)
{
    const struct making *making = ctx;
    const struct authority *authority = making->authority;
    struct publication_row rows[] = {
        { .name = "root_ca_3", .kind = PUBLICATION_CERTIFICATE, .der = buf_span(&authority->root) },
        { .name = "ecert_ssl_ca_3-17",
            .kind = PUBLICATION_CERTIFICATE,
            .der = buf_span(&authority->issuer) },
        { .name = "root_ca_3_x_trial_partner_r1",
            .kind = PUBLICATION_CERTIFICATE,
            .der = buf_span(&authority->cross) },
        { .name = "ecert_ssl_ca_3-17_old",
            .kind = PUBLICATION_CERTIFICATE,
            .der = buf_span(&authority->old_issuer) },
        { .name = "RootCA3ARL",
            .kind = PUBLICATION_CRL,
            .der = SPAN_LITERAL("an ARL"),
            .number = 1,
            .this_update = making->act.time,
            .next_update = making->act.time + 86400 },
        { .name = "eCertSCA3-17CRL1",
            .kind = PUBLICATION_CRL,
            .der = SPAN_LITERAL("a CRL"),
            .number = 1,
            .this_update = making->act.time,
            .next_update = making->act.time + 86400 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        TRY(store_publication_put(store, &making->act, &rows[i]));
    }
    return OK;
}

static enum err notices_make(struct store *store, void *ctx)
{
    const struct making *making = ctx;
    const struct notice notices[] = {
        { .from = making->act.time - DAY_SECONDS,
            .texts = { "Certificates have a new intermediate:\n- remove the old one;\n- install "
                       "the "
                       "new one <b>first</b>.",
                "證書以新的中繼證書簽發：\n- 移除舊的；\n- 安裝新的。",
                "证书由新的中间证书签发：\n- 移除旧的；\n- 安装新的。" } },
        { .from = making->act.time - 2 * DAY_SECONDS,
            .until = making->act.time - DAY_SECONDS,
            .texts = { "Of yesterday.", "昨天的。", "昨天的。" } },
        { .from = making->act.time + DAY_SECONDS,
            .texts = { "Of tomorrow.", "明天的。", "明天的。" } },
    };
    for (size_t i = 0; i < sizeof notices / sizeof notices[0]; i++) {
        int64_t id = 0;
        TRY(store_notice_add(store, &making->act, &notices[i], &id));
    }
    return OK;
}

static enum err run(const char *directory)
{
    char path[PATH_MAX];
    AUTO_PTR(store) store = NULL;
    AUTO(arena) arena = arena_make(16 * 1024 * 1024);
    AUTO(authority) authority = { 0 };
    struct reason reason = { 0 };
    struct making making = {
        .directory = directory, .authority = &authority, .arena = &arena, .random = random_system()
    };
    struct clock clock = clock_system();
    making.act = (struct act){ .actor = "operator", .time = clock_now(&clock) };
    TRY(path_join(path, sizeof path, directory, "store"));
    TRY(directory_ensure(path, 0700));
    snprintf(path, sizeof path, "%.3000s/store/ecert.db", directory);
    TRY(authority_make(&authority, making.act.time));
    TRY(store_open(path, &store, &reason));
    TRY(store_transact(store, publish, &making));
    TRY(store_transact(store, notices_make, &making));
    for (making.index = 0; making.index < SEED_COUNT; making.index++) {
        making.seed = &seeds[making.index];
        TRY(store_transact(store, make, &making));
        printf("{\"key\":\"%s\",\"server_name\":\"%s\",\"reference\":\"%s\",\"pin\":\"%s\"}\n",
            making.seed->key, making.seed->names[0], making.enrolment.reference, making.pin);
    }
    return OK;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: ecert-portal-seed DIR\n");
        return 64;
    }
    enum err err = run(argv[1]);
    if (err != OK) {
        fprintf(stderr, "ecert-portal-seed: %s\n", err_name(err));
    }
    return err == OK ? 0 : 1;
}
