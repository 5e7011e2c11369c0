/* Certificates and CRLs as files. A CRL is believed by its issuer's signature only if its issuer is
 * one of ours; the root's ARL comes from the ceremony and stands on the folder's permissions. */
#include "proc/registrar/publications.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"
#include "lib/store/publication.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>

enum { PUBLICATION_MAX_BYTES = 16 * 1024 * 1024 };

struct taking {
    const struct act *act;
    struct publication_row row;
};

static bool name_cut(const char *file_name, const char *suffix, char *ret_name);
static enum err certificate_take(struct span content, struct publication_row *row);
static enum err crl_take(struct span content, struct publication_row *row);
static enum err taking_commit(struct store *store, void *ctx);
static enum err file_take(
    struct registrar *registrar, const char *file_name, struct reason *ret_reason);

enum err publication_take(struct registrar *registrar, const struct act *act, const char *file_name,
    struct span content, struct reason *ret_reason)
{
    struct taking taking = { .act = act };
    enum err err = ERR_INPUT;
    if (name_cut(file_name, ".crt", taking.row.name)) {
        err = certificate_take(content, &taking.row);
    } else if (name_cut(file_name, ".crl", taking.row.name)) {
        err = crl_take(content, &taking.row);
    }
    if (err != OK) {
        return reason_set(ret_reason, err, "publication.not_der", file_name, NULL,
            "NAME.crt or NAME.crl, in DER");
    }
    err = store_transact(registrar->store, taking_commit, &taking);
    if (err == ERR_CONFLICT) {
        return reason_set(ret_reason, err, "publication.older", file_name, NULL, NULL);
    }
    return err;
}

/* A name that can stand in a URL: letters, digits, '-' and '_'. */
static bool name_cut(const char *file_name, const char *suffix, char *ret_name)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = strspn(file_name, alphabet);
    if (length == 0 || length >= PUBLICATION_NAME_MAX || strcmp(file_name + length, suffix) != 0) {
        return false;
    }
    memcpy(ret_name, file_name, length);
    ret_name[length] = '\0';
    return true;
}

static enum err certificate_take(struct span content, struct publication_row *row)
{
    struct certificate certificate;
    TRY(certificate_parse(content, &certificate));
    row->kind = PUBLICATION_CERTIFICATE;
    row->der = content;
    row->this_update = certificate.not_before;
    row->next_update = certificate.not_after;
    return OK;
}

static enum err crl_take(struct span content, struct publication_row *row)
{
    struct crl crl;
    TRY(crl_parse(content, &crl));
    if (crl.number.len > sizeof(int64_t)) {
        return ERR_LIMIT;
    }
    row->kind = PUBLICATION_CRL;
    row->der = content;
    row->this_update = crl.this_update;
    row->next_update = crl.next_update;
    for (size_t i = 0; i < crl.number.len; i++) {
        row->number = (int64_t)((uint64_t)row->number << 8 | crl.number.data[i]);
    }
    return row->number >= 0 ? OK : ERR_LIMIT;
}

static enum err taking_commit(struct store *store, void *ctx)
{
    const struct taking *taking = ctx;
    return store_publication_put(store, taking->act, &taking->row);
}

enum err publications_load(struct registrar *registrar, struct reason *ret_reason)
{
    const char *folder = registrar->config.registrar.publications;
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "registrar.publications", folder, NULL, NULL);
    }
    enum err err = OK;
    for (struct dirent *entry = readdir(directory); entry != NULL && err == OK;
         entry = readdir(directory)) {
        char name[PUBLICATION_NAME_MAX];
        if (name_cut(entry->d_name, ".crt", name) || name_cut(entry->d_name, ".crl", name)) {
            err = file_take(registrar, entry->d_name, ret_reason);
        }
    }
    closedir(directory);
    return err;
}

static enum err file_take(
    struct registrar *registrar, const char *file_name, struct reason *ret_reason)
{
    char path[PATH_MAX];
    AUTO(buf) content = { 0 };
    struct act act = registrar_act(registrar);
    TRY(path_join(path, sizeof path, registrar->config.registrar.publications, file_name));
    TRY(file_read(path, PUBLICATION_MAX_BYTES, &content));
    enum err err = publication_take(registrar, &act, file_name, buf_span(&content), ret_reason);
    if (err == ERR_CONFLICT) {
        log_failure(LOG_WARNING, "publication.kept", err, ret_reason);
        return OK;
    }
    return err;
}
