/* What clients know, and the lists that certificates name. */
#include "cli/ecert/bundle.h"
#include "cli/ecert/check.h"
#include "cli/ecert/crew.h"

#include "lib/base/file.h"
#include "lib/der/pem.h"
#include "lib/http/client.h"

#include <stdio.h>

static const char SYSTEM_ROOTS[] = "/etc/ssl/certs/ca-certificates.crt";

enum { ROOTS_BYTES_MAX = 4 * 1024 * 1024, LIST_TIMEOUT_MS = 20000, LISTS_AT_ONCE = 8 };

static enum err roots_read(const char *path, struct check_trust *trust);
static void list_note(struct check_trust *trust, struct span url);
static void list_fetch(size_t index, void *ctx);

void check_trust_release(struct check_trust *trust)
{
    certstore_blobs_release(&trust->roots);
    certstore_blobs_release(&trust->intermediates);
    certstore_blobs_release(&trust->crls);
    buf_release(&trust->system);
    for (size_t i = 0; i < trust->list_count; i++) {
        buf_release(&trust->lists[i].der);
    }
}

enum err check_trust_load(struct tool *tool, const struct certstore *store, const char *root_file,
    struct check_trust *ret_trust, struct reason *ret_reason)
{
    struct check_trust *trust = ret_trust;
    trust->now = clock_now(&tool->clock);
    trust->system = buf_make(ROOTS_BYTES_MAX);
    TRY(certstore_list_trust(store, CERTSTORE_INTERMEDIATE, &trust->intermediates));
    TRY(certstore_list_trust(store, CERTSTORE_ROOTS, &trust->roots));
    TRY(certstore_list_crls(store, &trust->crls));
    enum err err = roots_read(root_file == NULL ? SYSTEM_ROOTS : root_file, trust);
    if (root_file != NULL) {
        if (err != OK) {
            return reason_set(ret_reason, err, "tool.file_read", root_file, err_name(err), NULL);
        }
        return trust->known_count > 0 ? OK
                                      : reason_set(ret_reason, ERR_INPUT, "certificate.malformed",
                                            root_file, NULL, NULL);
    }
    for (size_t i = 0; i < trust->roots.count && trust->known_count < CHECK_ROOTS_MAX; i++) {
        trust->known_roots[trust->known_count++] = buf_span(&trust->roots.blobs[i]);
    }
    return OK; /* a system may have no roots at all */
}

static enum err roots_read(const char *path, struct check_trust *trust)
{
    AUTO(buf) file = { 0 };
    struct pem pem;
    size_t ends[CHECK_ROOTS_MAX], count = 0;
    TRY(file_read(path, ROOTS_BYTES_MAX, &file));
    struct span text = buf_span(&file);
    while (count < CHECK_ROOTS_MAX && pem_next(&text, &pem) == OK) {
        if (span_equal_text(pem.label, "CERTIFICATE")) {
            TRY(pem_decode(&pem, &trust->system));
            ends[count++] = trust->system.len;
        }
    }
    /* Only now does the buffer stand still. */
    for (size_t i = 0; i < count; i++) {
        size_t start = i == 0 ? 0 : ends[i - 1];
        trust->known_roots[i] = span_make(trust->system.data + start, ends[i] - start);
    }
    trust->known_count = count;
    return OK;
}

enum err check_paths(struct check_trust *trust, struct check_host *host)
{
    struct span roots[CHAIN_CANDIDATES_MAX];
    host->paths = calloc(1, sizeof *host->paths);
    if (host->paths == NULL) {
        return ERR_MEMORY;
    }
    const struct handshake *handshake = &host->handshake;
    const struct chain_request request = {
        .leaf = handshake->certificates[0],
        .intermediates = handshake->certificates + 1,
        .intermediate_count = handshake->count - 1,
        .roots = roots,
        .root_count = check_roots_for(trust, handshake->certificates, handshake->count, roots),
        .now = trust->now,
    };
    if (paths_find(&request, /* ret_reason= */ NULL, host->paths) != OK) {
        return OK;
    }
    for (size_t i = 0; i < host->paths->count; i++) {
        const struct path *path = &host->paths->paths[i];
        for (size_t k = 0; path->rooted && k + 1 < path->chain.length; k++) {
            struct certificate parsed;
            if (certificate_parse(path->chain.path[k], &parsed) == OK) {
                list_note(trust, parsed.crl_uri);
            }
        }
    }
    return OK;
}

size_t check_roots_for(const struct check_trust *trust, const struct span *certificates,
    size_t count, struct span ret_roots[CHAIN_CANDIDATES_MAX])
{
    size_t found = 0;
    for (size_t i = 0; i < trust->known_count && found < CHAIN_CANDIDATES_MAX; i++) {
        struct certificate root, other;
        bool wanted = false;
        if (certificate_parse(trust->known_roots[i], &root) != OK) {
            continue;
        }
        for (size_t k = 0; k < count && !wanted; k++) {
            wanted = certificate_parse(certificates[k], &other) == OK &&
                     span_equal(other.issuer, root.subject);
        }
        if (wanted) {
            ret_roots[found++] = trust->known_roots[i];
        }
    }
    return found;
}

static void list_note(struct check_trust *trust, struct span url)
{
    char text[CHECK_URL_MAX];
    if (!span_to_text(url, text, sizeof text)) {
        return;
    }
    for (size_t i = 0; i < trust->list_count; i++) {
        if (strcmp(trust->lists[i].url, text) == 0) {
            return;
        }
    }
    if (trust->list_count < CHECK_LISTS_MAX) {
        struct check_list *list = &trust->lists[trust->list_count++];
        *list = (struct check_list){ .der = buf_make(FILE_MAX_BYTES) };
        memcpy(list->url, text, sizeof text);
    }
}

void check_lists_fetch(struct check_trust *trust)
{
    crew_run(trust->list_count, LISTS_AT_ONCE, list_fetch, trust);
}

static void list_fetch(size_t index, void *ctx)
{
    struct check_trust *trust = ctx;
    struct check_list *list = &trust->lists[index];
    AUTO_PTR(http_client) client = NULL;
    AUTO(http_answer) answer = { 0 };
    const struct http_client_config config = {
        .timeout_ms = LIST_TIMEOUT_MS,
        .answer_max = FILE_MAX_BYTES,
    };
    struct http_call call = { .method = HTTP_GET, .url = list->url, .plain_allowed = true };
    char status[16];
    enum err err = http_client_new(&config, &client);
    err = err == OK ? http_client_call(client, &call, &answer, &list->reason) : err;
    if (err != OK) {
        return;
    }
    snprintf(status, sizeof status, "%d", answer.status);
    if (answer.status != 200 || crl_read_any(buf_span(&answer.body), &list->der) != OK) {
        bool refused = answer.status != 200;
        buf_clear(&list->der);
        (void)reason_set(&list->reason, ERR_AGAIN, refused ? "tool.crl_status" : "crl.malformed",
            list->url, refused ? status : NULL, NULL);
    }
}
