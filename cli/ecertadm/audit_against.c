/* The store and a folder of certificates against what the journal proves. */
#include "cli/ecertadm/audit.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/pki/certificate.h"
#include "lib/store/anchor.h"
#include "lib/store/application.h"
#include "lib/store/audit.h"
#include "lib/store/blocked.h"
#include "lib/store/certificate.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

enum { PAGE_ROWS = 256, PAGE_ARENA_BYTES = 64 * 1024 * 1024, FOLDER_FILES_MAX = 10000000 };

static enum err certificate_row_check(
    const struct certificate_row *row, const struct proof *proof, struct reason *ret_reason);
static enum err applications_check(
    struct store *store, const struct proof *proof, struct reason *ret_reason);
static enum err keys_check(
    struct store *store, const struct proof *proof, struct reason *ret_reason);
static enum err journal_rows_check(struct store *store, const struct proof *proof,
    struct audit_counts *counts, struct reason *ret_reason);
static enum err file_check(const char *path, const struct proof_setup *setup,
    const struct proof *proof, struct audit_counts *counts, struct reason *ret_reason);

enum err audit_anchors(struct store *store, struct proof_anchor **ret_anchors, size_t *ret_count,
    int64_t *ret_rows, struct reason *ret_reason)
{
    uint8_t head[HASH_BYTES];
    struct proof_anchor *anchors = NULL;
    size_t count = 0, page = 0;
    int64_t after = 0;
    TRY(store_audit_verify(store, ret_rows, head, ret_reason));
    do {
        AUTO(arena) arena = arena_make(PAGE_ARENA_BYTES);
        struct anchor *found = NULL;
        enum err err = store_anchor_list(store, after, PAGE_ROWS, &arena, &found, &page, &after);
        struct proof_anchor *more =
            err == OK ? realloc(anchors, (count + page + 1) * sizeof *anchors) : NULL;
        if (more == NULL) {
            free(anchors);
            return err == OK ? ERR_MEMORY : err;
        }
        anchors = more;
        for (size_t i = 0; i < page; i++, count++) {
            anchors[count].records = found[i].records;
            memcpy(anchors[count].head, found[i].head, SHA256_BYTES);
        }
    } while (page == PAGE_ROWS);
    *ret_anchors = anchors;
    *ret_count = count;
    return OK;
}

static enum err denied(struct reason *ret_reason, const char *code, struct span serial)
{
    char text[2 * SERIAL_MAX_BYTES + 1] = "";
    if (serial.len <= SERIAL_MAX_BYTES) {
        hex_format(serial, text);
    }
    return reason_set(ret_reason, ERR_DENIED, code, text, NULL, NULL);
}

enum err audit_store(struct store *store, const struct proof *proof, struct audit_counts *counts,
    struct reason *ret_reason)
{
    size_t count = PAGE_ROWS;
    for (size_t from = 0; count == PAGE_ROWS; from += count) {
        AUTO(arena) arena = arena_make(PAGE_ARENA_BYTES);
        struct certificate_row *rows = NULL;
        TRY(store_certificate_list_all(store, from, PAGE_ROWS, &arena, &rows, &count));
        for (size_t i = 0; i < count; i++) {
            TRY(certificate_row_check(&rows[i], proof, ret_reason));
        }
        counts->rows += (int64_t)count;
    }
    TRY(applications_check(store, proof, ret_reason));
    TRY(keys_check(store, proof, ret_reason));
    return journal_rows_check(store, proof, counts, ret_reason);
}

static enum err certificate_row_check(
    const struct certificate_row *row, const struct proof *proof, struct reason *ret_reason)
{
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    if (row->serial.len == 0) {
        return OK;
    }
    const struct proof_row *known = proof_by_serial(proof, row->serial);
    if (known == NULL || known != proof_by_request(proof, &row->request)) {
        return denied(ret_reason, "proof.store_serial", row->serial);
    }
    if (row->der.len > 0) {
        if (known->state != PROOF_ISSUED) {
            return denied(ret_reason, "proof.store_certificate", row->serial);
        }
        TRY(proof_certificate_of(proof, known, &der));
        if (!span_equal(buf_span(&der), row->der)) {
            return denied(ret_reason, "proof.store_certificate", row->serial);
        }
    }
    if (row->state == CERTIFICATE_REVOKED && (!known->revoked || known->reason != row->reason)) {
        return denied(ret_reason, "proof.store_revocation", row->serial);
    }
    bool decided = row->state == CERTIFICATE_REVOKED || row->state == CERTIFICATE_REVOKING ||
                   row->state == CERTIFICATE_DECLINED;
    return known->revoked && !decided ? denied(ret_reason, "proof.store_behind", row->serial) : OK;
}

/* A withdrawal that the signer acknowledged is in its journal. */
static enum err applications_check(
    struct store *store, const struct proof *proof, struct reason *ret_reason)
{
    size_t count = PAGE_ROWS;
    for (size_t from = 0; count == PAGE_ROWS; from += count) {
        AUTO(arena) arena = arena_make(PAGE_ARENA_BYTES);
        struct application_row *rows = NULL;
        TRY(store_application_list(store, from, PAGE_ROWS, &arena, &rows, &count));
        for (size_t i = 0; i < count; i++) {
            if (rows[i].state == APPLICATION_WITHDRAWN &&
                !proof_is_withdrawn(proof, rows[i].hash)) {
                char id[2 * APPLICATION_ID_BYTES + 1];
                hex_format(SPAN_OF(rows[i].id), id);
                return reason_set(ret_reason, ERR_DENIED, "proof.store_withdrawal", id, NULL, NULL);
            }
        }
    }
    return OK;
}

/* A key that is settled was acknowledged by the signer. */
static enum err keys_check(
    struct store *store, const struct proof *proof, struct reason *ret_reason)
{
    size_t count = PAGE_ROWS;
    for (size_t from = 0; count == PAGE_ROWS; from += count) {
        AUTO(arena) arena = arena_make(PAGE_ARENA_BYTES);
        struct blocked_row *rows = NULL;
        TRY(store_blocked_list(store, from, PAGE_ROWS, &arena, &rows, &count));
        for (size_t i = 0; i < count; i++) {
            if (rows[i].settled && !proof_is_blocked(proof, rows[i].spki_hash)) {
                char hash[2 * HASH_BYTES + 1];
                hex_format(SPAN_OF(rows[i].spki_hash), hash);
                return reason_set(ret_reason, ERR_DENIED, "proof.store_blocked", hash, NULL, NULL);
            }
        }
    }
    return OK;
}

/* What the signer signed, somebody must have taken; or it is revoked. */
static enum err journal_rows_check(struct store *store, const struct proof *proof,
    struct audit_counts *counts, struct reason *ret_reason)
{
    for (size_t i = 0; i < proof->count; i++) {
        AUTO(arena) arena = arena_make(PAGE_ARENA_BYTES);
        struct certificate_row row = { 0 };
        struct span serial = span_make(proof->rows[i].serial, proof->rows[i].serial_len);
        if (proof->rows[i].state != PROOF_ISSUED) {
            continue;
        }
        enum err err = store_certificate_by_serial(store, serial, &arena, &row);
        bool unknown = err == ERR_NOT_FOUND || (err == OK && row.der.len == 0);
        if (unknown && proof->rows[i].revoked) {
            counts->unknown++;
            continue;
        }
        if (unknown) {
            return denied(ret_reason, "proof.store_behind", serial);
        }
        TRY(err);
    }
    return OK;
}

enum err audit_folder(const char *path, const struct proof_setup *setup, const struct proof *proof,
    struct audit_counts *counts, struct reason *ret_reason)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return reason_set(
            ret_reason, err_from_errno(errno), "audit.file", path, strerror(errno), NULL);
    }
    enum err err = OK;
    for (size_t files = 0; err == OK && files < FOLDER_FILES_MAX; files++) {
        char file[PATH_MAX];
        const struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            break;
        }
        if (entry->d_name[0] != '.') {
            err = path_join(file, sizeof file, path, entry->d_name);
            err = err == OK ? file_check(file, setup, proof, counts, ret_reason) : err;
        }
    }
    closedir(folder);
    return err;
}

static bool is_ours(const struct proof_setup *setup, const struct certificate *certificate)
{
    for (size_t i = 0; i < setup->roster_count; i++) {
        const struct proof_roster *roster = &setup->rosters[i];
        for (size_t n = 0; n < roster->roster.issuer_count; n++) {
            if (certificate_verify(certificate, roster->issuer_keys[n]) == OK) {
                return true;
            }
        }
    }
    return false;
}

/* A signature of ours on anything that is not in the journal is the end of all trust in it. */
static enum err file_check(const char *path, const struct proof_setup *setup,
    const struct proof *proof, struct audit_counts *counts, struct reason *ret_reason)
{
    struct certificate certificate;
    AUTO(buf) content = { 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) journaled = buf_make(CERTIFICATE_MAX_BYTES);
    bool readable = file_read(path, CERTIFICATE_MAX_BYTES, &content) == OK &&
                    certificate_read_any(buf_span(&content), &der) == OK &&
                    certificate_parse(buf_span(&der), &certificate) == OK;
    if (!readable || !is_ours(setup, &certificate)) {
        counts->foreign++;
        return OK;
    }
    const struct proof_row *row = proof_by_serial(proof, certificate.serial);
    if (row != NULL && row->state == PROOF_ISSUED) {
        TRY(proof_certificate_of(proof, row, &journaled));
    }
    if (!span_equal(buf_span(&journaled), buf_span(&der))) {
        return reason_set(ret_reason, ERR_DENIED, "proof.unwarranted", path, NULL, NULL);
    }
    counts->published++;
    return OK;
}
