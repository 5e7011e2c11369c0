/* Requests and certificates with their keys. */
#include "lib/certstore/store.h"

#include "lib/base/clock.h"
#include "lib/certstore/internal.h"
#include "lib/der/pem.h"
#include "lib/pki/certificate.h"
#include "lib/pki/csr.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

enum { REQUEST_ID_DIGITS = 16, ID_MIN_DIGITS = 4 };

static enum err store_open(const char *path, enum folder_make make, struct reason *ret_reason,
    struct certstore **ret_store);
static enum err nowhere_open(
    struct certstore *store, struct reason *ret_reason, struct folder *ret_folder);
static enum err folders_open(struct certstore *store, enum folder_make make);
static enum err leftovers_clear(struct certstore *store);
static enum err requests_clear(const struct certstore *store);
static enum err items_read(const struct certstore *store, enum certstore_kind kind,
    struct certstore_items *items, size_t *unreadable);
static enum err item_rehearse(enum certstore_kind kind, const char *id,
    const struct certstore_request *request, struct span certificate, struct span chain,
    struct certstore_item *ret_item);
static enum err pem_read(const struct folder *folder, const char *name, const char *label,
    size_t max, struct buf *ret_der);
static enum err pem_put(
    const struct folder *folder, const char *name, const char *label, struct span der);
static enum err item_fill(const struct folder *folder, const struct certstore_request *request);
static enum err item_complete(struct certstore_item *request, const char *id,
    struct span certificate, struct span chain, struct certstore_item *ret_item);
static enum err item_draft(const struct folder *parent, const struct certstore_request *request,
    char ret_name[FOLDER_NAME_MAX], struct folder *ret_folder);
static enum err certificate_put(
    const struct folder *folder, struct span certificate, struct span chain);
static enum err spki_hash(
    struct span certificate, struct reason *ret_reason, uint8_t ret_hash[SHA256_BYTES]);
static const struct folder *folder_of(const struct certstore *store, enum certstore_kind kind);
static bool id_begins(const char *id, const char *wanted);
static int item_compare(const void *left, const void *right);

enum err certstore_open(const char *path, struct reason *ret_reason, struct certstore **ret_store)
{
    return store_open(path, FOLDER_MAKE, ret_reason, ret_store);
}

enum err certstore_look(const char *path, struct reason *ret_reason, struct certstore **ret_store)
{
    return store_open(path, FOLDER_MUST_EXIST, ret_reason, ret_store);
}

static enum err store_open(const char *path, enum folder_make make, struct reason *ret_reason,
    struct certstore **ret_store)
{
    AUTO_PTR(certstore) store = calloc(1, sizeof *store);
    if (store == NULL) {
        return ERR_MEMORY;
    }
    store->lock = -1;
    enum err err = folder_open_path(path, make, ret_reason, &store->root);
    if (err == ERR_NOT_FOUND && make == FOLDER_MUST_EXIST) {
        err = nowhere_open(store, ret_reason, &store->root);
    }
    TRY(err);
    err = folders_open(store, make);
    err = err == OK ? leftovers_clear(store) : err;
    if (err != OK) {
        const char *code = err == ERR_DENIED ? "certstore.directory" : "certstore.path";
        return reason_set(ret_reason, err, code, path, err_name(err), "0700");
    }
    *ret_store = store;
    store = NULL;
    return OK;
}

/* One for all that isn't there. */
static enum err nowhere_open(
    struct certstore *store, struct reason *ret_reason, struct folder *ret_folder)
{
    TRY(store->nowhere.open ? OK : folder_open_nowhere(ret_reason, &store->nowhere));
    return folder_open(&store->nowhere, ".", FOLDER_MUST_EXIST, ret_folder);
}

static enum err folders_open(struct certstore *store, enum folder_make make)
{
    const struct {
        const char *name;
        struct folder *folder;
    } table[] = {
        { "requests", &store->requests },
        { "personal", &store->personal },
        { "intermediate", &store->intermediate },
        { "roots", &store->roots },
        { "untrusted", &store->untrusted },
        { "crls", &store->crls },
        { "logins", &store->logins },
        { "deployed", &store->deployed },
        { "renewals", &store->renewals },
        { "changes", &store->changes },
        { "fetched", &store->fetched },
    };
    bool made = false;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        enum err err = folder_open(&store->root, table[i].name, make, table[i].folder);
        if (err == ERR_NOT_FOUND && make == FOLDER_MUST_EXIST) {
            err = nowhere_open(store, /* ret_reason= */ NULL, table[i].folder);
        }
        TRY(err);
        made |= table[i].folder->made;
    }
    TRY(made ? folder_sync(&store->root) : OK);
    int create = make == FOLDER_MAKE ? O_CREAT : 0;
    store->lock = openat(store->root.fd, "lock", O_RDWR | create | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool missing = store->lock < 0 && errno == ENOENT && make == FOLDER_MUST_EXIST;
    return store->lock < 0 && !missing ? err_from_errno(errno) : OK;
}

static enum err leftovers_clear(struct certstore *store)
{
    TRY(certstore_lock(store));
    const struct folder *folders[] = { &store->requests, &store->personal, &store->intermediate,
        &store->roots, &store->untrusted, &store->crls, &store->logins, &store->deployed,
        &store->renewals, &store->changes, &store->fetched };
    enum err err = OK;
    for (size_t i = 0; err == OK && i < sizeof folders / sizeof folders[0]; i++) {
        err = folder_sweep(folders[i]);
    }
    err = err == OK ? requests_clear(store) : err;
    certstore_unlock(store);
    return err;
}

/* A certificate that was about to join one. What is no request of ours is passed over. */
static enum err requests_clear(const struct certstore *store)
{
    AUTO(folder_names) names = { 0 };
    TRY(folder_list(&store->requests, &names));
    for (size_t i = 0; i < names.count; i++) {
        AUTO(folder) request = { 0 };
        if (folder_open(&store->requests, names.names[i], FOLDER_MUST_EXIST, &request) != OK) {
            continue;
        }
        TRY(folder_sweep(&request));
        TRY(folder_remove(&request, "chain.pem"));
        TRY(folder_remove(&request, "certificate.pem"));
    }
    return OK;
}

void certstore_free(struct certstore *store)
{
    if (store == NULL) {
        return;
    }
    struct folder *folders[] = { &store->requests, &store->personal, &store->intermediate,
        &store->roots, &store->untrusted, &store->crls, &store->logins, &store->deployed,
        &store->renewals, &store->changes, &store->fetched, &store->nowhere, &store->root };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        folder_close(folders[i]);
    }
    if (store->lock >= 0) {
        close(store->lock);
    }
    free(store);
}

/* Without the lock's file nobody has changed anything yet, and who only looks doesn't either. */
enum err certstore_lock(struct certstore *store)
{
    while (store->lock >= 0 && flock(store->lock, LOCK_EX) != 0) {
        if (errno != EINTR) {
            return err_from_errno(errno);
        }
    }
    return OK;
}

void certstore_unlock(struct certstore *store)
{
    if (store->lock >= 0) {
        (void)flock(store->lock, LOCK_UN);
    }
}

enum err certstore_thumbprint(struct span bytes, char ret_id[CERTSTORE_ID_MAX])
{
    uint8_t hash[SHA256_BYTES];
    TRY(sha256(bytes, hash));
    hex_format(SPAN_OF(hash), ret_id);
    return OK;
}

void certstore_item_release(struct certstore_item *item)
{
    buf_release(&item->csr);
    buf_release(&item->certificate);
    buf_release(&item->chain);
    *item = (struct certstore_item){ 0 };
}

void certstore_items_release(struct certstore_items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        certstore_item_release(&items->items[i]);
    }
    free(items->items);
    *items = (struct certstore_items){ 0 };
}

enum err certstore_list(
    const struct certstore *store, struct certstore_items *ret_items, size_t *ret_unreadable)
{
    AUTO(certstore_items) items = { 0 };
    size_t unreadable = 0;
    items.items = calloc(CERTSTORE_ITEMS_MAX, sizeof items.items[0]);
    if (items.items == NULL) {
        return ERR_MEMORY;
    }
    TRY(items_read(store, CERTSTORE_REQUEST, &items, &unreadable));
    TRY(items_read(store, CERTSTORE_PERSONAL, &items, &unreadable));
    if (items.count > 1) {
        qsort(items.items, items.count, sizeof items.items[0], item_compare);
    }
    if (ret_unreadable != NULL) {
        *ret_unreadable = unreadable;
    }
    *ret_items = items;
    items = (struct certstore_items){ 0 };
    return OK;
}

static enum err items_read(const struct certstore *store, enum certstore_kind kind,
    struct certstore_items *items, size_t *unreadable)
{
    AUTO(folder_names) names = { 0 };
    const struct folder *parent = folder_of(store, kind);
    TRY(folder_list(parent, &names));
    for (size_t i = 0; i < names.count; i++) {
        if (items->count == CERTSTORE_ITEMS_MAX) {
            return ERR_LIMIT;
        }
        enum err err = item_read(parent, kind, names.names[i], &items->items[items->count]);
        if (err == ERR_MEMORY) {
            return err;
        }
        items->count += err == OK;
        *unreadable += err != OK;
    }
    return OK;
}

static int item_compare(const void *left, const void *right)
{
    const struct certstore_item *a = left, *b = right;
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    if (a->created != b->created) {
        return a->created < b->created ? -1 : 1;
    }
    return strcmp(a->id, b->id);
}

enum err item_read(const struct folder *parent, enum certstore_kind kind, const char *id,
    struct certstore_item *ret_item)
{
    AUTO(folder) folder = { 0 };
    AUTO(certstore_item) item = { .kind = kind };
    if (!span_to_text(span_from_text(id), item.id, sizeof item.id)) {
        return ERR_INPUT;
    }
    TRY(folder_open(parent, id, FOLDER_MUST_EXIST, &folder));
    TRY(item_about_read(&folder, &item));
    enum err err =
        pem_read(&folder, "request.csr", "CERTIFICATE REQUEST", CSR_MAX_BYTES, &item.csr);
    TRY(err == ERR_NOT_FOUND ? OK : err);
    if (kind == CERTSTORE_PERSONAL) {
        TRY(pem_read(
            &folder, "certificate.pem", "CERTIFICATE", CERTIFICATE_MAX_BYTES, &item.certificate));
        err = folder_read(&folder, "chain.pem", CERTSTORE_CHAIN_MAX, &item.chain);
        TRY(err == ERR_NOT_FOUND ? OK : err);
    }
    *ret_item = item;
    item = (struct certstore_item){ 0 };
    return OK;
}

static enum err pem_read(const struct folder *folder, const char *name, const char *label,
    size_t max, struct buf *ret_der)
{
    AUTO(buf) text = { 0 };
    AUTO(buf) der = buf_make(max);
    struct pem pem;
    TRY(folder_read(folder, name, 2 * max, &text));
    TRY(pem_find(buf_span(&text), label, &pem));
    TRY(pem_decode(&pem, &der));
    *ret_der = der;
    der = (struct buf){ 0 };
    return OK;
}

static enum err pem_put(
    const struct folder *folder, const char *name, const char *label, struct span der)
{
    AUTO(buf) text = buf_make(2 * der.len + 256);
    TRY(pem_write(label, der, &text));
    return folder_write(folder, name, buf_span(&text));
}

enum err certstore_find(const struct certstore *store, const char *wanted,
    struct reason *ret_reason, struct certstore_item *ret_item)
{
    AUTO(certstore_items) items = { 0 };
    TRY(certstore_list(store, &items, /* ret_unreadable= */ NULL));
    struct certstore_item *found = NULL;
    for (size_t i = 0; i < items.count; i++) {
        struct certstore_item *item = &items.items[i];
        bool named = wanted[0] != '\0' && strcmp(item->friendly_name, wanted) == 0;
        if (!named && !id_begins(item->id, wanted)) {
            continue;
        }
        if (found != NULL) {
            return reason_set(
                ret_reason, ERR_CONFLICT, "certstore.ambiguous", wanted, found->id, item->id);
        }
        found = item;
    }
    if (found == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "certstore.no_item", wanted, NULL, NULL);
    }
    *ret_item = *found;
    *found = (struct certstore_item){ 0 };
    return OK;
}

/* People copy thumbprints with colons, blanks and capitals. */
static bool id_begins(const char *id, const char *wanted)
{
    size_t digits = 0;
    for (; *wanted != '\0'; wanted++) {
        if (*wanted == ':' || *wanted == ' ') {
            continue;
        }
        char digit = *wanted >= 'A' && *wanted <= 'F' ? (char)(*wanted | 0x20) : *wanted;
        if (id[digits] == '\0' || id[digits] != digit) {
            return false;
        }
        digits++;
    }
    return digits >= ID_MIN_DIGITS;
}

enum err certstore_find_key(const struct certstore *store, const uint8_t spki_sha256[SHA256_BYTES],
    struct certstore_item *ret_item)
{
    AUTO(certstore_items) items = { 0 };
    TRY(certstore_list(store, &items, /* ret_unreadable= */ NULL));
    for (size_t i = 0; i < items.count; i++) {
        if (memcmp(items.items[i].spki_sha256, spki_sha256, SHA256_BYTES) == 0) {
            *ret_item = items.items[i];
            items.items[i] = (struct certstore_item){ 0 };
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

static const struct folder *folder_of(const struct certstore *store, enum certstore_kind kind)
{
    return kind == CERTSTORE_REQUEST ? &store->requests : &store->personal;
}

enum err certstore_add_request(struct certstore *store, const struct certstore_request *request,
    struct reason *ret_reason, struct certstore_item *ret_item)
{
    AUTO(certstore_item) other = { 0 };
    AUTO(folder) draft = { 0 };
    const struct span none = { 0 };
    char name[FOLDER_NAME_MAX], id[CERTSTORE_ID_MAX], path[CERTSTORE_STEP_PATH_MAX];
    TRY(certstore_lock(store));
    enum err err = certstore_find_key(store, key_spki_sha256(request->key).data, &other);
    if (err == OK) {
        certstore_unlock(store);
        return reason_set(ret_reason, ERR_CONFLICT, "certstore.key_exists", NULL, other.id, NULL);
    }
    hex_format(key_spki_sha256(request->key), id);
    id[REQUEST_ID_DIGITS] = '\0';
    if (err == ERR_NOT_FOUND && store->rehearsed) {
        certstore_unlock(store);
        return item_rehearse(CERTSTORE_REQUEST, id, request, none, none, ret_item);
    }
    snprintf(path, sizeof path, "requests/%s", id);
    err = err == ERR_NOT_FOUND ? item_draft(&store->requests, request, name, &draft) : err;
    err = err == OK ? step_item_add(store, &store->requests, name, &draft, path, request) : err;
    certstore_unlock(store);
    if (err != OK) {
        return reason_set(ret_reason, err, "certstore.write", id, err_name(err), NULL);
    }
    return item_read(&store->requests, CERTSTORE_REQUEST, id, ret_item);
}

/* What would be there. */
static enum err item_rehearse(enum certstore_kind kind, const char *id,
    const struct certstore_request *request, struct span certificate, struct span chain,
    struct certstore_item *ret_item)
{
    AUTO(certstore_item) item = { .kind = kind, .created = request->created };
    memcpy(item.spki_sha256, key_spki_sha256(request->key).data, SHA256_BYTES);
    snprintf(item.friendly_name, sizeof item.friendly_name, "%s",
        request->friendly_name == NULL ? "" : request->friendly_name);
    item.guard = request->passphrase != NULL ? CERTSTORE_KEY_PASSPHRASE : CERTSTORE_KEY_PLAIN;
    item.csr = buf_make(CSR_MAX_BYTES);
    buf_append(&item.csr, request->csr);
    return item_complete(&item, id, certificate, chain, ret_item);
}

static enum err item_complete(struct certstore_item *request, const char *id,
    struct span certificate, struct span chain, struct certstore_item *ret_item)
{
    request->rehearsed = true;
    request->kind = certificate.len > 0 ? CERTSTORE_PERSONAL : CERTSTORE_REQUEST;
    snprintf(request->id, sizeof request->id, "%s", id);
    request->certificate = buf_make(CERTIFICATE_MAX_BYTES);
    request->chain = buf_make(CERTSTORE_CHAIN_MAX);
    buf_append(&request->certificate, certificate);
    buf_append(&request->chain, chain);
    TRY(buf_check(&request->certificate));
    TRY(buf_check(&request->chain));
    *ret_item = *request;
    *request = (struct certstore_item){ 0 };
    return OK;
}

static enum err item_draft(const struct folder *parent, const struct certstore_request *request,
    char ret_name[FOLDER_NAME_MAX], struct folder *ret_folder)
{
    TRY(folder_draft(parent, ret_name, ret_folder));
    enum err err = item_fill(ret_folder, request);
    if (err != OK) {
        (void)!folder_remove(parent, ret_name);
    }
    return err;
}

static enum err item_fill(const struct folder *folder, const struct certstore_request *request)
{
    TRY(keyfile_write(folder, request));
    if (request->csr.len > 0) {
        TRY(pem_put(folder, "request.csr", "CERTIFICATE REQUEST", request->csr));
    }
    return item_about_write(folder, request);
}

enum err certstore_complete(struct certstore *store, struct span certificate, struct span chain,
    const struct key *key, struct reason *ret_reason, struct certstore_item *ret_item)
{
    uint8_t hash[SHA256_BYTES];
    char key_text[2 * SHA256_BYTES + 1], id[CERTSTORE_ID_MAX];
    char path[CERTSTORE_STEP_PATH_MAX], to[CERTSTORE_STEP_PATH_MAX];
    AUTO(certstore_item) item = { 0 };
    TRY(spki_hash(certificate, ret_reason, hash));
    TRY(certstore_thumbprint(certificate, id));
    hex_format(SPAN_OF(hash), key_text);
    enum err err = certstore_find_key(store, hash, &item);
    if (err == ERR_NOT_FOUND) {
        return reason_set(ret_reason, err, "certificate.no_request", NULL, key_text, NULL);
    }
    TRY(err);
    if (item.kind == CERTSTORE_PERSONAL) {
        return reason_set(
            ret_reason, ERR_CONFLICT, "certstore.have_certificate", NULL, item.id, id);
    }
    if (store->rehearsed) {
        return item_complete(&item, id, certificate, chain, ret_item);
    }
    AUTO(folder) folder = { 0 };
    AUTO_PTR(key) own = NULL;
    TRY(folder_open(&store->requests, item.id, FOLDER_MUST_EXIST, &folder));
    if (key == NULL) {
        TRY(certstore_load_key(store, &item, /* passphrase= */ NULL, ret_reason, &own));
        key = own;
    }
    if (!span_equal(key_spki_sha256(key), SPAN_OF(hash))) {
        return reason_set(ret_reason, ERR_DENIED, "certstore.key_damaged", NULL, item.id, key_text);
    }
    TRY(certstore_lock(store));
    snprintf(path, sizeof path, "requests/%s", item.id);
    snprintf(to, sizeof to, "personal/%s", id);
    err = certificate_put(&folder, certificate, chain);
    err = err == OK ? step_join(store, path, to) : err;
    certstore_unlock(store);
    if (err != OK) {
        return reason_set(ret_reason, err, "certstore.write", item.id, err_name(err), NULL);
    }
    return item_read(&store->personal, CERTSTORE_PERSONAL, id, ret_item);
}

/* Written and read back; until the directory moves this changes nothing. */
static enum err certificate_put(
    const struct folder *folder, struct span certificate, struct span chain)
{
    AUTO(buf) again = { 0 };
    TRY(chain.len > 0 ? folder_write(folder, "chain.pem", chain)
                      : folder_remove(folder, "chain.pem"));
    TRY(pem_put(folder, "certificate.pem", "CERTIFICATE", certificate));
    TRY(pem_read(folder, "certificate.pem", "CERTIFICATE", CERTIFICATE_MAX_BYTES, &again));
    return span_equal(buf_span(&again), certificate) ? OK : ERR_IO;
}

static enum err spki_hash(
    struct span certificate, struct reason *ret_reason, uint8_t ret_hash[SHA256_BYTES])
{
    struct certificate parsed;
    if (certificate_parse(certificate, &parsed) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "certificate.malformed", NULL, NULL, NULL);
    }
    return sha256(parsed.spki, ret_hash);
}

enum err certstore_add_personal(struct certstore *store, const struct certstore_request *request,
    struct span certificate, struct span chain, struct reason *ret_reason,
    struct certstore_item *ret_item)
{
    uint8_t hash[SHA256_BYTES];
    AUTO(certstore_item) other = { 0 };
    AUTO(folder) draft = { 0 };
    char name[FOLDER_NAME_MAX], id[CERTSTORE_ID_MAX], path[CERTSTORE_STEP_PATH_MAX];
    TRY(spki_hash(certificate, ret_reason, hash));
    TRY(certstore_thumbprint(certificate, id));
    if (!span_equal(SPAN_OF(hash), key_spki_sha256(request->key))) {
        return reason_set(ret_reason, ERR_DENIED, "install.mismatch", NULL, NULL, NULL);
    }
    enum err err = certstore_find_key(store, hash, &other);
    if (err == OK) {
        return reason_set(ret_reason, ERR_CONFLICT, "certstore.key_exists", NULL, other.id, NULL);
    }
    TRY(err == ERR_NOT_FOUND ? OK : err);
    if (store->rehearsed) {
        return item_rehearse(CERTSTORE_PERSONAL, id, request, certificate, chain, ret_item);
    }
    snprintf(path, sizeof path, "personal/%s", id);
    TRY(certstore_lock(store));
    err = item_draft(&store->personal, request, name, &draft);
    err = err == OK ? certificate_put(&draft, certificate, chain) : err;
    err = err == OK ? step_item_add(store, &store->personal, name, &draft, path, request) : err;
    certstore_unlock(store);
    if (err != OK) {
        return reason_set(ret_reason, err, "certstore.write", id, err_name(err), NULL);
    }
    return item_read(&store->personal, CERTSTORE_PERSONAL, id, ret_item);
}

enum err certstore_remove(
    struct certstore *store, const struct certstore_item *item, struct reason *ret_reason)
{
    char path[CERTSTORE_STEP_PATH_MAX];
    const char *folder = item->kind == CERTSTORE_REQUEST ? "requests" : "personal";
    snprintf(path, sizeof path, "%s/%s", folder, item->id);
    TRY(certstore_lock(store));
    enum err err = step_item_remove(store, path);
    certstore_unlock(store);
    return err == OK
               ? OK
               : reason_set(ret_reason, err, "certstore.write", item->id, err_name(err), NULL);
}

enum err certstore_read_progress(
    const struct certstore *store, const struct certstore_item *item, struct buf *ret_text)
{
    AUTO(folder) folder = { 0 };
    TRY(folder_open(folder_of(store, item->kind), item->id, FOLDER_MUST_EXIST, &folder));
    return folder_read(&folder, "progress", CERTSTORE_PROGRESS_MAX, ret_text);
}

enum err certstore_write_progress(
    struct certstore *store, const struct certstore_item *item, struct span text)
{
    AUTO(folder) folder = { 0 };
    TRY(folder_open(folder_of(store, item->kind), item->id, FOLDER_MUST_EXIST, &folder));
    return folder_write(&folder, "progress", text);
}
