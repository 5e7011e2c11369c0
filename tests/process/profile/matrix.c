/* Every profile for every pair of keys, by the functions that the signer and the ceremony use: the
 * checks of the two keys, the builder, the lints, the signature. What it makes, and why it refuses,
 * is judged by test_matrix.py.
 *
 *   profile_matrix FOLDER          FOLDER/keys has NAME.pem (issuers) and NAME.csr.der (subjects)
 *
 * Prints a line a cell: "PROFILE EDITION SUBJECT ISSUER", then "made FILE" or "refused CODE FIELD".
 */
#include "lib/base/file.h"
#include "lib/crypto/keycheck.h"
#include "lib/pki/crl.h"
#include "lib/pki/csr.h"
#include "proc/signer/build.h"
#include "proc/signer/linted.h"
#include "proc/signer/responder.h"
#include "proc/signer/serial.h"
#include "tests/factory/authority.h"
#include "tests/factory/factory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW INT64_C(1795000000) /* 2026-11-18 */
/* 00:00:00Z of the days on which a certificate's longest life changes. */
static const int64_t dates[] = { 1773532800, 1805068800, 1868227200 };

enum { KEYS_MAX = 32, KEY_NAME_MAX = 32, PATH_SIZE = 512 };

/* One key, as a subject's or as an issuer's. */
struct column {
    char name[KEY_NAME_MAX];
    struct buf csr;           /* a subject's */
    struct csr parsed;        /* borrows from it */
    struct key *key;          /* NULL: refused */
    struct issuer_key issuer; /* an issuer's: as an issuing CA */
    struct buf root;          /* and as a root */
    struct reason reason;     /* why it is refused, as a server's or at all */
    struct reason authority;  /* why it can't be an authority's */
};

struct matrix {
    const char *folder;
    struct factory factory;
    struct column subjects[KEYS_MAX], issuers[KEYS_MAX];
    size_t subject_count, issuer_count;
    struct sample samples[EDITION_COUNT];
    unsigned files;
};

/* One cell on its way. */
struct cell {
    struct matrix *matrix;
    const char *profile;
    const char *edition;                   /* its id, or "-" */
    const struct column *subject, *issuer; /* subject: NULL for a list */
};

static const struct ceremony_profile hierarchy = {
    .url = "http://ecert.example.net",
    .country = "HK",
    .state_or_province = "Hong Kong",
    .locality = "Hong Kong",
    .organisation = "Example Post",
};
static const struct ceremony_authority root = { .id = "root",
    .common_name = "Example Root CA",
    .organisation = "Example Post",
    .name = "root",
    .crl_name = "root",
    .years = 10 };

static void die(const char *what, const struct reason *reason)
{
    fprintf(
        stderr, "profile_matrix: %s: %s %s %s\n", what, reason->code, reason->field, reason->seen);
    exit(EXIT_FAILURE);
}

static void must(enum err err, const char *what)
{
    const struct reason reason = { .code = "failed" };
    if (err != OK) {
        die(what, &reason);
    }
}

/* For the judges: FOLDER/WHAT-NAME.der. */
static void save(const struct matrix *matrix, const char *what, const char *name, struct span der)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s-%s.der", matrix->folder, what, name);
    must(file_replace(path, der, 0600), path);
}

static void cell_tell(
    const struct cell *cell, enum err err, const struct reason *reason, struct span made)
{
    char name[32], path[PATH_SIZE];
    printf("%s %s %s %s ", cell->profile, cell->edition,
        cell->subject == NULL ? "-" : cell->subject->name, cell->issuer->name);
    if (err != OK) {
        printf("refused %s %s\n", reason->code, reason->field[0] == '\0' ? "-" : reason->field);
        return;
    }
    snprintf(name, sizeof name, "made-%u.der", cell->matrix->files++);
    snprintf(path, sizeof path, "%s/%s", cell->matrix->folder, name);
    must(file_replace(path, made, 0600), path);
    printf("made %s\n", name);
}

/* Whether both keys may be what the cell makes of them. */
static enum err cell_keys_check(const struct cell *cell, bool authority, struct reason *ret_reason)
{
    const struct column *issuer = cell->issuer, *subject = cell->subject;
    if (issuer->key == NULL || issuer->authority.code[0] != '\0') {
        *ret_reason = issuer->key == NULL ? issuer->reason : issuer->authority;
        return ERR_INPUT;
    }
    if (subject != NULL && subject->key == NULL) {
        *ret_reason = subject->reason;
        return ERR_INPUT;
    }
    if (subject != NULL && authority && subject->authority.code[0] != '\0') {
        *ret_reason = subject->authority;
        return ERR_INPUT;
    }
    return OK;
}

static enum err authority_make(const struct cell *cell, struct buf *der, struct reason *ret_reason)
{
    static const struct {
        const char *profile;
        enum lint_kind kind;
        const char *policy;
    } rows[] = {
        { "issuing-ca-1", LINT_ISSUING_CA, "any" },
        { "issuing-ca-ov-1", LINT_ISSUING_CA, "ov" },
        { "issuing-ca-ev-1", LINT_ISSUING_CA, "ev" },
        { "issuing-ca-2017", LINT_ISSUING_CA_OLD, "any" },
        { "cross-1", LINT_CROSS_CA, "any" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ceremony_authority authority = { .id = "ca",
            .common_name = "Example CA",
            .organisation = "Example Post",
            .name = "ca",
            .crl_name = "ca",
            .years = 3,
            .policy = rows[i].policy };
        const struct authority_request request = { .profile = &hierarchy,
            .kind = rows[i].kind,
            .authority = &authority,
            .key = cell->subject->key,
            .root = &root,
            .root_key = cell->issuer->key,
            .root_certificate = buf_span(&cell->issuer->root),
            .not_before = NOW,
            .not_after = years_after(NOW, 3) - 1 };
        if (strcmp(rows[i].profile, cell->profile) == 0) {
            return authority_subordinate(&request, der, ret_reason);
        }
    }
    return ERR_UNSUPPORTED;
}

static void authorities_fill(struct matrix *matrix)
{
    static const char *const profiles[] = { "issuing-ca-1", "issuing-ca-ov-1", "issuing-ca-ev-1",
        "issuing-ca-2017", "cross-1" };
    for (size_t p = 0; p < sizeof profiles / sizeof profiles[0]; p++) {
        for (size_t s = 0; s < matrix->subject_count; s++) {
            for (size_t i = 0; i < matrix->issuer_count; i++) {
                struct reason reason = { .code = "" };
                AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
                const struct cell cell = { matrix, profiles[p], "-", &matrix->subjects[s],
                    &matrix->issuers[i] };
                enum err err = cell_keys_check(&cell, /* authority= */ true, &reason);
                err = err == OK ? authority_make(&cell, &der, &reason) : err;
                cell_tell(&cell, err, &reason, buf_span(&der));
            }
        }
    }
}

/* A root signs itself. */
static void roots_fill(struct matrix *matrix)
{
    for (size_t i = 0; i < matrix->issuer_count; i++) {
        struct reason reason = { .code = "" };
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        const struct cell cell = { matrix, "root-1", "-", NULL, &matrix->issuers[i] };
        enum err err = cell_keys_check(&cell, /* authority= */ true, &reason);
        err = err == OK
                  ? authority_root(&hierarchy, &root, matrix->issuers[i].key, NOW, &der, &reason)
                  : err;
        cell_tell(&cell, err, &reason, buf_span(&der));
    }
}

static enum err no_entry(void *ctx, struct crl_entry *ret_entry)
{
    (void)ctx;
    (void)ret_entry;
    return ERR_NOT_FOUND;
}

/* As issuing_crl and the ceremony's lists: looked at before they are signed. */
static void lists_fill(struct matrix *matrix)
{
    static const struct {
        const char *profile;
        enum lint_kind kind;
        int64_t days;
    } lists[] = { { "crl-1", LINT_CRL, 4 }, { "arl-1", LINT_ARL, 180 } };
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; i < matrix->issuer_count; i++) {
            struct reason reason = { .code = "" };
            AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
            const struct column *issuer = &matrix->issuers[i];
            const struct cell cell = { matrix, lists[l].profile, "-", NULL, issuer };
            enum err err = cell_keys_check(&cell, /* authority= */ true, &reason);
            if (err == OK) {
                struct linting linting = { lists[l].kind, NOW, &reason };
                const struct crl_source source = { no_entry, NULL, 0 };
                const struct crl_fields fields = {
                    .algorithm = signature_algorithm_of_key(issuer->key),
                    .issuer = issuer->issuer.certificate.subject,
                    .this_update = NOW,
                    .next_update = NOW + lists[l].days * DAY_SECONDS,
                    .number = SPAN_LITERAL("\x01"),
                    .authority_key_id = issuer->issuer.certificate.subject_key_id,
                    .look = linted_list,
                    .look_ctx = &linting,
                };
                err = crl_write(&fields, &source, issuer->key, &der);
            }
            cell_tell(&cell, err, &reason, buf_span(&der));
        }
    }
}

static enum err responder_make(const struct cell *cell, struct buf *der, struct reason *ret_reason)
{
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    const struct responder_request request = { &cell->issuer->issuer, cell->subject->parsed.spki,
        SPAN_LITERAL("\x4e\x01\x02\x03\x04\x05\x06\x07\x08"), NOW };
    TRY(responder_tbs(&request, &tbs, ret_reason));
    return certificate_sign(
        buf_span(&tbs), signature_algorithm_of_key(cell->issuer->key), cell->issuer->key, der);
}

static void responders_fill(struct matrix *matrix)
{
    for (size_t s = 0; s < matrix->subject_count; s++) {
        for (size_t i = 0; i < matrix->issuer_count; i++) {
            struct reason reason = { .code = "" };
            AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
            const struct cell cell = { matrix, "ocsp-responder-1", "-", &matrix->subjects[s],
                &matrix->issuers[i] };
            enum err err = cell_keys_check(&cell, /* authority= */ false, &reason);
            err = err == OK ? responder_make(&cell, &der, &reason) : err;
            cell_tell(&cell, err, &reason, buf_span(&der));
        }
    }
}

/* What a server certificate is made of. */
struct server {
    const struct cell *cell;
    enum edition edition;
    const struct profile *profile;
    int64_t now;
    int64_t subscription_end;
    struct span sct_list;
};

static enum lint_kind kind_of(const struct profile *profile)
{
    static const struct {
        const char *begin;
        enum lint_kind kind;
    } rows[] = { { "ov-precertificate", LINT_PRECERTIFICATE },
        { "ev-precertificate", LINT_PRECERTIFICATE }, { "ov-", LINT_SERVER_OV },
        { "ev-", LINT_SERVER_EV }, { "classic-", LINT_SERVER_CLASSIC } };
    size_t at = 0;
    while (strncmp(profile->id, rows[at].begin, strlen(rows[at].begin)) != 0) {
        at++;
    }
    return rows[at].kind;
}

/* As issuance_entitle and issuance_look do it, without a warrant. */
static enum err server_make(const struct server *server, struct buf *der, struct reason *ret_reason)
{
    struct matrix *matrix = server->cell->matrix;
    const struct column *subject = server->cell->subject, *issuer = server->cell->issuer;
    const struct sample *sample = &matrix->samples[server->edition];
    struct policy policy;
    uint8_t serial[SERIAL_BYTES];
    const char **names = NULL;
    size_t count = 0;
    struct random random = random_system();
    AUTO(arena) arena = arena_make(64 * 1024);
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(application_certificate_names(&sample->application, &arena, &names, &count));
    struct entitlement entitlement = { .issuer = &matrix->factory.roster.issuers[0],
        .profile = server->profile,
        .application = &sample->application,
        .names = names,
        .name_count = count,
        .organisation = sample->application.subject.organisation,
        .spki = subject->parsed.spki,
        .key_kind = key_kind(subject->key),
        .subscription_end = server->subscription_end };
    struct roster roster = matrix->factory.roster;
    roster.policy_set =
        kind_of(server->profile) == LINT_SERVER_CLASSIC ? POLICY_CLASSIC : POLICY_PRIVATE;
    TRY(classic_units(
        &roster, &sample->application, /* chinese= */ false, &entitlement.units, ret_reason));
    TRY(serial_draw(&random, serial));
    policy_at(server->now, roster.policy_set, &policy);
    const struct build_request request = { .entitlement = &entitlement,
        .profile = server->profile,
        .issuer = &issuer->issuer,
        .serial = SPAN_OF(serial),
        .policy = &policy,
        .now = server->now,
        .sct_list = server->sct_list };
    TRY(build_tbs(&request, &tbs, ret_reason));
    TRY(linted(buf_span(&tbs), kind_of(server->profile), server->now, ret_reason));
    TRY(build_compare(&request, buf_span(&tbs), ret_reason));
    return certificate_sign(
        buf_span(&tbs), signature_algorithm_of_key(issuer->key), issuer->key, der);
}

/* One edition's cells: without logs, its precertificate, with what the logs promised for that; and
 * classic. */
static void edition_fill(const struct cell *keys, enum edition edition)
{
    const struct edition_rules *rules = edition_rules(edition);
    const char *const ids[] = { rules->profile, profile_by_id(rules->logged)->precertificate,
        rules->logged, rules->classic };
    AUTO(buf) scts = buf_make(PROFILE_SCT_LIST_MAX);
    for (size_t p = 0; p < sizeof ids / sizeof ids[0] && ids[p] != NULL; p++) {
        struct reason reason = { .code = "" };
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        struct cell cell = *keys;
        cell.profile = ids[p];
        cell.edition = rules->id;
        const struct server server = { &cell, edition, profile_by_id(ids[p]), NOW,
            NOW + 365 * DAY_SECONDS, buf_span(&scts) };
        enum err err = cell_keys_check(&cell, /* authority= */ false, &reason);
        err = err == OK ? server_make(&server, &der, &reason) : err;
        if (err == OK && p == 1) {
            must(factory_promises(&cell.matrix->factory, 3, buf_span(&der), NOW + 1, &scts),
                "promises");
        }
        cell_tell(&cell, err, &reason, buf_span(&der));
    }
}

static void servers_fill(struct matrix *matrix)
{
    for (enum edition edition = 0; edition < EDITION_COUNT; edition++) {
        for (size_t s = 0; s < matrix->subject_count; s++) {
            for (size_t i = 0; i < matrix->issuer_count; i++) {
                const struct cell keys = { matrix, NULL, NULL, &matrix->subjects[s],
                    &matrix->issuers[i] };
                edition_fill(&keys, edition);
            }
        }
    }
}

static const struct column *column_find(
    const struct column *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(columns[i].name, name) == 0) {
            return &columns[i];
        }
    }
    must(ERR_NOT_FOUND, name);
    return NULL;
}

/* A second before each date and on it; and what is left of a subscription, where that is less. */
static void dates_fill(struct matrix *matrix)
{
    static const char *const profiles[] = { "ov-server-1", "ev-server-1", "classic-server-1" };
    const struct column *subject = column_find(matrix->subjects, matrix->subject_count, "p256");
    const struct column *issuer = column_find(matrix->issuers, matrix->issuer_count, "p256");
    for (size_t p = 0; p < 3; p++) {
        for (size_t d = 0; d < 4 * (sizeof dates / sizeof dates[0]); d++) {
            char name[32];
            int64_t now = dates[d / 4] - 1 + (int64_t)(d % 2);
            bool cut = d % 4 >= 2;
            struct reason reason = { .code = "" };
            AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
            snprintf(name, sizeof name, "%lld%s", (long long)now, cut ? "-cut" : "");
            const struct cell cell = { matrix, profiles[p], name, subject, issuer };
            const struct server server = { &cell, p == 1 ? EDITION_EV : EDITION_SERVER,
                profile_by_id(profiles[p]), now, now + (cut ? 10 : 800) * DAY_SECONDS, { 0 } };
            enum err err = server_make(&server, &der, &reason);
            cell_tell(&cell, err, &reason, buf_span(&der));
        }
    }
}

/* FOLDER/keys/NAME.csr.der: the key as csr_verify and the ceremony see it. */
static void subject_load(struct matrix *matrix, const char *name, const char *path)
{
    struct column *column = &matrix->subjects[matrix->subject_count++];
    snprintf(column->name, sizeof column->name, "%s", name);
    must(file_read(path, CSR_MAX_BYTES, &column->csr), path);
    if (csr_parse(buf_span(&column->csr), &column->reason, &column->parsed) == OK &&
        csr_verify(&column->parsed, &column->reason, &column->key) == OK) {
        (void)(key_check_authority(column->key, &column->authority) == OK); /* the reason says it */
    }
}

/* FOLDER/keys/NAME.pem: as an authority's key, with certificates of a root and an issuing CA. */
static void issuer_load(struct matrix *matrix, const char *name, const char *path)
{
    struct column *column = &matrix->issuers[matrix->issuer_count++];
    struct reason reason = { .code = "" };
    struct ceremony_authority authority = root;
    AUTO(buf) pem = { 0 };
    snprintf(column->name, sizeof column->name, "%s", name);
    must(file_read(path, KEY_PRIVATE_MAX_BYTES, &pem), path);
    if (key_from_pem(buf_span(&pem), NULL, &column->reason, &column->key) != OK ||
        key_check_authority(column->key, &column->authority) != OK) {
        return;
    }
    column->root = buf_make(CERTIFICATE_MAX_BYTES);
    if (authority_root(&hierarchy, &root, column->key, dates[0] - 86400, &column->root, &reason) !=
        OK) {
        die(name, &reason);
    }
    authority.common_name = "Example SSL CA";
    authority.policy = "any";
    const struct authority_request request = { .profile = &hierarchy,
        .kind = LINT_ISSUING_CA,
        .authority = &authority,
        .key = column->key,
        .root = &root,
        .root_key = matrix->factory.root_key,
        .root_certificate = buf_span(&matrix->factory.root),
        .not_before = dates[0] - 86400,
        .not_after = years_after(dates[0], 9) };
    struct issuer_key *issuer = &column->issuer;
    issuer->key = column->key;
    issuer->der = buf_make(CERTIFICATE_MAX_BYTES);
    if (authority_subordinate(&request, &issuer->der, &reason) != OK ||
        certificate_parse(buf_span(&issuer->der), &issuer->certificate) != OK) {
        die(name, &reason);
    }
    snprintf(issuer->id, sizeof issuer->id, "ssl-ca-3-17");
    snprintf(issuer->crl_url, sizeof issuer->crl_url, "http://ecert.example.net/crl/ssl-ca.crl");
    snprintf(issuer->ca_url, sizeof issuer->ca_url, "http://ecert.example.net/root/ssl-ca.crt");
    save(matrix, "issuer", name, buf_span(&issuer->der));
    save(matrix, "root", name, buf_span(&column->root));
}

static void keys_load(struct matrix *matrix)
{
    static const struct {
        const char *suffix;
        void (*load)(struct matrix *matrix, const char *name, const char *path);
    } kinds[] = { { ".csr.der", subject_load }, { ".pem", issuer_load } };
    char folder[PATH_SIZE], path[2 * PATH_SIZE], name[KEY_NAME_MAX];
    snprintf(folder, sizeof folder, "%s/keys", matrix->folder);
    DIR *list = opendir(folder);
    must(list == NULL ? ERR_NOT_FOUND : OK, folder);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        for (size_t i = 0; i < 2; i++) {
            size_t len = strlen(entry->d_name), tail = strlen(kinds[i].suffix);
            if (len <= tail || strcmp(entry->d_name + len - tail, kinds[i].suffix) != 0) {
                continue;
            }
            snprintf(name, sizeof name, "%.*s", (int)(len - tail), entry->d_name);
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            kinds[i].load(matrix, name, path);
        }
    }
    closedir(list);
}

int main(int argc, char **argv)
{
    static struct matrix matrix;
    if (argc != 2) {
        fprintf(stderr, "usage: profile_matrix FOLDER\n");
        return 64;
    }
    matrix.folder = argv[1];
    must(factory_init(&matrix.factory, KEY_TYPE_P256), "factory");
    for (enum edition edition = 0; edition < EDITION_COUNT; edition++) {
        struct sample *sample = &matrix.samples[edition];
        size_t names = edition == EDITION_MULTI ? 50 : edition == EDITION_EV_MULTI ? 3 : 1;
        must(sample_init(sample, &matrix.factory, NOW, edition + 1), "sample");
        must(sample_become(sample, edition, names), "sample");
        sample->application.subject.branch = "Central Branch";
    }
    keys_load(&matrix);
    save(&matrix, "above", "issuers", buf_span(&matrix.factory.root));
    roots_fill(&matrix);
    authorities_fill(&matrix);
    responders_fill(&matrix);
    servers_fill(&matrix);
    lists_fill(&matrix);
    dates_fill(&matrix);
    return EXIT_SUCCESS;
}
