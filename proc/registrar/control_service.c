/* Letters, certificates, lists, publications, and how the service is. */
#include "lib/base/log.h"
#include "lib/dns/suffix.h"
#include "lib/pki/certificate.h"
#include "lib/store/audit.h"
#include "lib/store/certificate.h"
#include "lib/store/enrolment.h"
#include "lib/store/outbox.h"
#include "lib/store/publication.h"
#include "lib/store/submission.h"
#include "lib/wire/signer.h"
#include "proc/registrar/anchoring.h"
#include "proc/registrar/control.h"
#include "proc/registrar/lists.h"
#include "proc/registrar/perspective_state.h"
#include "proc/registrar/publications.h"

#include <inttypes.h>
#include <stdio.h>

/* Whoever asks how the service is wants to hear of a signer that is away, not wait for it. */
enum { STATUS_TIMEOUT_MS = 2000 };

struct revocation {
    struct act act;
    struct request_id request;
    enum revocation_reason reason;
};

static enum err letter_ready(
    struct registrar *registrar, const char *reference, struct reason *ret_reason);
static enum err certificate_row_show(struct registrar *registrar, const struct certificate_row *row,
    struct control_certificate_row *ret_row);
static enum err revocation_commit(struct store *store, void *ctx);
static void suffix_facts(const struct registrar *registrar, struct control_facts *facts);
static void signer_facts(struct registrar *registrar, struct control_facts *facts);
static enum err mail_facts(struct registrar *registrar, struct control_facts *facts);
static enum err store_facts(struct registrar *registrar, struct control_facts *facts);
static void fact_number(struct control_facts *facts, const char *name, int64_t number);
static void fact_time(struct control_facts *facts, const char *name, int64_t time);

const struct handler control_handlers[] = {
    { CONTROL_APPLICATION_NEW, control_application_new },
    { CONTROL_APPLICATION_LIST, control_application_list },
    { CONTROL_APPLICATION_SHOW, control_application_show },
    { CONTROL_APPLICATION_APPROVE, control_application_approve },
    { CONTROL_APPLICATION_WITHDRAW, control_application_withdraw },
    { CONTROL_LETTER_LIST, control_letter_list },
    { CONTROL_LETTER_PRINT, control_letter_print },
    { CONTROL_CERTIFICATE_LIST, control_certificate_list },
    { CONTROL_REVOKE, control_certificate_revoke },
    { CONTROL_CRL, control_crl_make },
    { CONTROL_PUBLISH, control_publication_put },
    { CONTROL_STATUS, control_status },
    { CONTROL_AUDIT_VERIFY, control_audit_verify },
    { CONTROL_AUDIT_LINT, control_audit_lint },
    { CONTROL_NOTICE_ADD, control_notice_add },
    { CONTROL_NOTICE_LIST, control_notice_list },
    { CONTROL_NOTICE_REMOVE, control_notice_remove },
    { CONTROL_VALIDATE, control_validate },
    { CONTROL_VALIDATION_SEEN, control_validation_seen },
    { CONTROL_HALT, control_halt },
    { CONTROL_HALT_LOOK, control_halt_look },
    { CONTROL_RESUME, control_resume },
    { CONTROL_RECONCILE, control_reconcile },
    { CONTROL_KEY_BLOCK, control_key_block },
    { CONTROL_KEY_LIST, control_key_list },
    { CONTROL_MAIL_LIST, control_mail_list },
    { CONTROL_MAIL_AGAIN, control_mail_again },
    { CONTROL_MAIL_FORGET, control_mail_forget },
};
const size_t control_handler_count = sizeof control_handlers / sizeof *control_handlers;

enum err control_letter_list(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    AUTO(client) courier = client_none();
    struct courier_letters letters = { 0 };
    if (nothing_read(&exchange->body) != OK) {
        return ERR_PEER;
    }
    TRY(registrar_client(registrar, "courier.sock", COURIER_TIMEOUT_MS, &courier));
    TRY(courier_call_letters(&courier, &arena, &letters, &exchange->reason));
    return der_encode(courier_letters_write, &letters, &exchange->reply);
}

enum err control_letter_print(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(client) courier = client_none();
    struct courier_print print;
    if (courier_print_read(&exchange->body, &print) != OK) {
        return ERR_PEER;
    }
    TRY(letter_ready(registrar, print.reference, &exchange->reason));
    TRY(registrar_client(registrar, "courier.sock", COURIER_TIMEOUT_MS, &courier));
    TRY(courier_call_print(&courier, &print, &exchange->reply_fd, &exchange->reason));
    log_event(LOG_INFO, "letter.printed", "reference", print.reference, NULL);
    return der_encode(nothing_write, NULL, &exchange->reply);
}

/* A letter whose PIN's hash is not in the store yet will be replaced: it must not leave the house.
 */
static enum err letter_ready(
    struct registrar *registrar, const char *reference, struct reason *ret_reason)
{
    struct enrolment_row row = { 0 };
    enum err err = store_enrolment_by_reference(registrar->store, reference, &row);
    if (err == ERR_NOT_FOUND) {
        return reason_set(ret_reason, err, "letter.unknown", "reference", reference, NULL);
    }
    TRY(err);
    if (row.pin_hash[0] == '\0') {
        return reason_set(
            ret_reason, ERR_AGAIN, "letter.not_made_yet", "reference", reference, NULL);
    }
    return OK;
}

enum err control_certificate_list(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(2 * STEP_ARENA_BYTES);
    struct control_page page;
    struct certificate_row *rows = NULL;
    struct control_certificates list = { 0 };
    size_t count = 0;
    if (control_page_read(&exchange->body, &page) != OK) {
        return ERR_PEER;
    }
    TRY(store_certificate_list_all(
        registrar->store, page.from, CONTROL_PAGE_ROWS, &arena, &rows, &count));
    list.rows = arena_alloc(&arena, count, sizeof *list.rows);
    if (list.rows == NULL) {
        return ERR_MEMORY;
    }
    for (; list.count < count; list.count++) {
        TRY(certificate_row_show(registrar, &rows[list.count], &list.rows[list.count]));
    }
    return der_encode(control_certificates_write, &list, &exchange->reply);
}

/* "log-1 ct.silent, log-2 ct.status 500": who has not promised, as far as there is room. */
static enum err logs_show(
    struct registrar *registrar, const struct certificate_row *row, char *ret_text, size_t size)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct submission_row *rows = NULL;
    size_t count = 0, len = 0;
    TRY(store_submission_list(registrar->store, &row->request, &arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        char one[REASON_TEXT_MAX];
        const struct reason *problem = &rows[i].problem;
        int room = snprintf(one, sizeof one, "%s%s %s%s%.40s", len == 0 ? "" : ", ", rows[i].log,
            problem->code, problem->seen[0] == '\0' ? "" : " ", problem->seen);
        if (rows[i].sct.len == 0 && room > 0 && len + (size_t)room < size) {
            memcpy(ret_text + len, one, (size_t)room + 1);
            len += (size_t)room;
        }
    }
    return OK;
}

static enum err certificate_row_show(struct registrar *registrar, const struct certificate_row *row,
    struct control_certificate_row *ret_row)
{
    if (row->state == CERTIFICATE_RESERVED) {
        TRY(logs_show(registrar, row, ret_row->problem, sizeof ret_row->problem));
    }
    if (row->serial.len > 0) {
        TRY(serial_format(row->serial, ret_row->serial, sizeof ret_row->serial));
    }
    snprintf(ret_row->issuer, sizeof ret_row->issuer, "%s", row->issuer);
    snprintf(ret_row->state, sizeof ret_row->state, "%s", certificate_state_id(row->state));
    ret_row->not_before = row->not_before;
    ret_row->not_after = row->not_after;
    struct certificate certificate;
    if (row->der.len > 0 && certificate_parse(row->der, &certificate) == OK &&
        certificate.dns_name_count > 0) {
        (void)span_to_text(certificate.dns_names[0], ret_row->name, sizeof ret_row->name);
    }
    return OK;
}

enum err control_certificate_revoke(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct control_revoke revoke;
    struct certificate_row row = { 0 };
    struct revocation revocation = { .act = registrar_act(registrar) };
    revocation.act.actor = "operator";
    if (control_revoke_read(&exchange->body, &revoke) != OK) {
        return ERR_PEER;
    }
    struct span serial = span_make(revoke.serial, revoke.serial_len);
    enum err err = store_certificate_by_serial(registrar->store, serial, &arena, &row);
    if (err == ERR_NOT_FOUND) {
        return reason_set(&exchange->reason, err, "certificate.unknown", "serial", NULL, NULL);
    }
    TRY(err);
    revocation.request = row.request;
    revocation.reason = revoke.reason;
    err = store_transact(registrar->store, revocation_commit, &revocation);
    if (err == ERR_CONFLICT) {
        return reason_set(&exchange->reason, err,
            row.revoked > 0 ? "certificate.revoked_before" : "certificate.not_revocable", "serial",
            certificate_state_id(row.state), row.revoked > 0 ? NULL : "issued or accepted");
    }
    TRY(err);
    bell_ring(&registrar->bell);
    return der_encode(nothing_write, NULL, &exchange->reply);
}

static enum err revocation_commit(struct store *store, void *ctx)
{
    const struct revocation *revocation = ctx;
    return store_certificate_revoke(
        store, &revocation->act, &revocation->request, revocation->reason);
}

enum err control_crl_make(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(client) signer = client_none();
    struct control_crl crl;
    struct control_number number = { 0 };
    bool found = false;
    if (control_crl_read(&exchange->body, &crl) != OK) {
        return ERR_PEER;
    }
    TRY(registrar_client(registrar, "signer.sock", SIGNER_TIMEOUT_MS, &signer));
    for (size_t i = 0; i < registrar->roster.issuer_count; i++) {
        const struct issuer *issuer = &registrar->roster.issuers[i];
        if (crl.issuer[0] == '\0' || strcmp(crl.issuer, issuer->id) == 0) {
            found = true;
            TRY(crl_make(registrar, &signer, issuer, &number.number, &exchange->reason));
        }
    }
    if (!found) {
        return reason_set(
            &exchange->reason, ERR_NOT_FOUND, "issuer.unknown", "issuer", crl.issuer, NULL);
    }
    return der_encode(control_number_write, &number, &exchange->reply);
}

enum err control_publication_put(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    struct control_publish publish;
    struct act act = registrar_act(registrar);
    act.actor = "operator";
    if (control_publish_read(&exchange->body, &publish) != OK) {
        return ERR_PEER;
    }
    TRY(publication_take(registrar, &act, publish.name, publish.content, &exchange->reason));
    return der_encode(nothing_write, NULL, &exchange->reply);
}

enum err control_status(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    struct control_facts facts = { 0 };
    if (nothing_read(&exchange->body) != OK) {
        return ERR_PEER;
    }
    control_fact_add(&facts, "roster.policy_set", policy_set_id(registrar->roster.policy_set));
    fact_number(&facts, "roster.epoch", registrar->roster.epoch);
    control_fact_add(&facts, "registrar.sandbox", registrar->sandbox_level);
    suffix_facts(registrar, &facts);
    signer_facts(registrar, &facts);
    TRY(perspective_facts(registrar, &facts));
    TRY(store_facts(registrar, &facts));
    return der_encode(control_facts_write, &facts, &exchange->reply);
}

/* Said at each look, for a mail of it may have gone nowhere. */
static void suffix_facts(const struct registrar *registrar, struct control_facts *facts)
{
    int64_t time = suffix_list_time(registrar->suffixes);
    fact_time(facts, "suffix_list.time", time);
    if (clock_now(&registrar->clock) - time > SUFFIX_LIST_OLD_SECONDS) {
        control_fact_add(facts, "suffix_list.old", SUFFIX_LIST_OLD_ADVICE);
    }
}

static void signer_facts(struct registrar *registrar, struct control_facts *facts)
{
    AUTO(client) signer = client_none();
    struct signer_status status = { 0 };
    struct reason reason = { 0 };
    enum err err = registrar_client(registrar, "signer.sock", STATUS_TIMEOUT_MS, &signer);
    if (err == OK) {
        err = signer_call_status(&signer, &status, &reason);
    }
    control_fact_add(facts, "signer", err == OK ? "answers" : err_name(err));
    if (err != OK) {
        return;
    }
    control_fact_add(facts, "issuance", status.halted ? "stopped" : "goes on");
    if (status.halted) {
        control_fact_add(facts, "issuance.stopped_by", status.halt.by);
        control_fact_add(facts, "issuance.why", status.halt.why);
        fact_time(facts, "issuance.since", status.halt.time);
    }
    fact_number(facts, "signer.epoch", status.epoch);
    control_fact_add(facts, "signer.policy_set", policy_set_id(status.policy_set));
    fact_number(facts, "signer.journal.records", status.journal_records);
    fact_number(facts, "signer.journal.bytes", status.journal_bytes);
    fact_number(facts, "signer.issued", status.issued);
    fact_number(facts, "signer.revoked", status.revoked);
    fact_number(facts, "signer.withdrawn", status.withdrawn);
    fact_number(facts, "signer.blocked", status.blocked);
    fact_number(facts, "signer.weak_keys", status.weak_keys);
    if (status.weak_keys_time != 0) { /* 0: there is no list */
        fact_time(facts, "signer.weak_keys.time", status.weak_keys_time);
    }
    control_fact_add(facts, "signer.sandbox", status.sandbox);
}

/* Whom a mail should have told something, and it did not. */
static enum err mail_facts(struct registrar *registrar, struct control_facts *facts)
{
    struct outbox_count count = { 0 };
    TRY(store_outbox_count(registrar->store, &count));
    fact_number(facts, "mail.waiting", count.waiting);
    if (count.late > 0) {
        fact_number(facts, "mail.late", count.late);
    }
    if (count.given_up > 0) {
        fact_number(facts, "mail.given_up", count.given_up);
        control_fact_add(
            facts, "mail.next", "`ecertadm mail list` says who was not told, why, and what to do");
    }
    return OK;
}

static enum err store_facts(struct registrar *registrar, struct control_facts *facts)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct publication_row *rows = NULL;
    size_t count = 0;
    TRY(mail_facts(registrar, facts));
    TRY(store_publication_list(registrar->store, &arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        char name[CONTROL_FACT_NAME_MAX + PUBLICATION_NAME_MAX];
        if (rows[i].kind == PUBLICATION_CRL) {
            snprintf(name, sizeof name, "crl.%s.number", rows[i].name);
            fact_number(facts, name, rows[i].number);
            snprintf(name, sizeof name, "crl.%s.next_update", rows[i].name);
            fact_time(facts, name, rows[i].next_update);
        } else {
            snprintf(name, sizeof name, "certificate.%s.not_after", rows[i].name);
            fact_time(facts, name, rows[i].next_update);
        }
    }
    return OK;
}

static void fact_number(struct control_facts *facts, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    control_fact_add(facts, name, text);
}

static void fact_time(struct control_facts *facts, const char *name, int64_t time)
{
    char text[TIME_TEXT_MAX];
    time_format_rfc3339(time, text);
    control_fact_add(facts, name, text);
}

enum err control_audit_verify(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    struct control_facts facts = { 0 };
    uint8_t head[HASH_BYTES];
    char text[2 * HASH_BYTES + 1];
    int64_t rows = 0;
    if (nothing_read(&exchange->body) != OK) {
        return ERR_PEER;
    }
    enum err err = store_audit_verify(registrar->store, &rows, head, &exchange->reason);
    if (err != OK) {
        return err == ERR_DENIED ? ERR_CONFLICT : err;
    }
    hex_format(SPAN_OF(head), text);
    fact_number(&facts, "audit.rows", rows);
    control_fact_add(&facts, "audit.head", text);
    control_fact_add(
        &facts, "audit.verdict", "the audit chain is whole; what was signed, --journal proves");
    return der_encode(control_facts_write, &facts, &exchange->reply);
}

enum err control_reconcile(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(client) signer = client_none();
    struct control_number revoke = { 0 };
    struct control_facts facts = { 0 };
    if (control_number_read(&exchange->body, &revoke) != OK || revoke.number > 1) {
        return ERR_PEER;
    }
    TRY(registrar_client(registrar, "signer.sock", SIGNER_TIMEOUT_MS, &signer));
    enum err err =
        anchoring_reconcile(registrar, &signer, revoke.number == 1, &facts, &exchange->reason);
    log_event(err == OK ? LOG_INFO : LOG_ERROR, "journal.reconciled", "err", err_name(err), NULL);
    TRY(err);
    bell_ring(&registrar->bell);
    return der_encode(control_facts_write, &facts, &exchange->reply);
}
