/* Everything of the tool between the portal's answers and the disk is the real one. In place of
 * lib/http's client stands one that reads the input's next line, and no time passes. The key is
 * fixed, so that a seed can go all the way: values derived from its hash, a certificate for it. */
#include "tests/fuzz/portal_walk.h"

#include "cli/ecert/enrol.h"
#include "cli/ecert/key_open.h"
#include "lib/base/file.h"
#include "lib/http/client.h"
#include "lib/pki/csr.h"

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ARENA_MAX = 16 * 1024 * 1024, ANSWER_MAX_BYTES = 1024 * 1024, NAME_PATH = 128 };

static const char KEY[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggjH6m7lpF3SvoV3E\n"
                          "Eg3SMB/4tKtcgywpsK4v6hnPru2hRANCAAQ1etgc2xme/cD5noDt4bfASWFIrR3I\n"
                          "e3iY8ZzIISG8+IFRY1Y3jWCA/Z6Cl0boyAIlYOtdLUngTQaNwyNVEs/z\n"
                          "-----END PRIVATE KEY-----\n";
static const char NAME[] = "www.shop.example.com";

static struct span rest; /* the answers that are still to come */

struct http_client {
    int nothing;
};

enum err http_client_new(const struct http_client_config *config, struct http_client **ret_client)
{
    (void)config;
    *ret_client = calloc(1, sizeof **ret_client);
    return *ret_client == NULL ? ERR_MEMORY : OK;
}

void http_client_free(struct http_client *client)
{
    free(client);
}

void http_answer_release(struct http_answer *answer)
{
    buf_release(&answer->body);
}

/* Without a status the connection is lost; without a line the portal is silent. */
enum err http_client_call(struct http_client *client, const struct http_call *call,
    struct http_answer *ret_answer, struct reason *ret_reason)
{
    (void)client;
    (void)call;
    if (rest.len == 0) {
        return reason_set(ret_reason, ERR_TIMEOUT, "http.timeout", NULL, NULL, NULL);
    }
    const uint8_t *end = memchr(rest.data, '\n', rest.len);
    size_t len = end == NULL ? rest.len : (size_t)(end - rest.data);
    struct span line = span_make(rest.data, len);
    rest = span_make(rest.data + len + (end != NULL), rest.len - len - (end != NULL));
    char status[5] = "";
    if (len < 4 || !span_to_text(span_make(line.data, 3), status, sizeof status)) {
        return reason_set(ret_reason, ERR_AGAIN, "http.connection", NULL, NULL, NULL);
    }
    *ret_answer = (struct http_answer){ .status = (int)strtol(status, NULL, 10),
        .body = buf_make(ANSWER_MAX_BYTES) };
    buf_append(&ret_answer->body, span_make(line.data + 4, len - 4));
    return buf_check(&ret_answer->body);
}

int nanosleep(const struct timespec *pause, struct timespec *remaining)
{
    (void)pause;
    (void)remaining;
    return 0;
}

/* The tool's own are its main's. */
enum err tool_open_store(struct tool *tool, struct certstore **ret_store)
{
    (void)tool;
    (void)ret_store;
    return ERR_UNSUPPORTED;
}

static int one_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* A request that waits, and what an earlier run kept of its enrolment. */
static void store_fill(struct certstore *store, const char *place, struct certstore_item *ret_item)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) subject = buf_make(1024), csr = buf_make(CSR_MAX_BYTES), kept = buf_make(4096);
    AUTO(buf) pin = buf_make(256);
    struct span name = span_from_text(NAME);
    const struct csr_fields fields = {
        .subject = SPAN_LITERAL("\x30\x00"), .dns_names = &name, .dns_name_count = 1
    };
    enum err err = key_from_pem(span_from_text(KEY), /* passphrase= */ NULL, NULL, &key);
    assert(err == OK);
    err = csr_write(&fields, key, &csr);
    assert(err == OK);
    const struct certstore_request request = {
        .key = key, .csr = buf_span(&csr), .friendly_name = NAME
    };
    err = certstore_add_request(store, &request, NULL, ret_item);
    assert(err == OK);
    buf_append_format(&kept,
        "{\"portal\":\"http://127.0.0.1\",\"server_name\":\"%s\",\"reference\":\"123456789\","
        "\"webroots\":[\"%s/web\"],\"install_certificate\":\"%s/web/site.crt\","
        "\"install_key\":\"%s/web/site.key\",\"pin_file\":\"%s/pin\"}",
        NAME, place, place, place, place);
    err = certstore_write_progress(store, ret_item, buf_span(&kept));
    assert(err == OK);
    buf_append_format(&pin, "%s/pin", place);
    err = file_replace(buf_text(&pin), SPAN_LITERAL("1234567812345678"), 0600);
    assert(err == OK);
}

/* One item with a key that fits; a certificate and a key on the website's side, or neither. */
static bool is_whole(const struct certstore *store, const char *place)
{
    AUTO(certstore_items) items = { 0 };
    AUTO_PTR(key) key = NULL;
    char certificate[NAME_PATH], file[NAME_PATH];
    size_t unreadable = 0;
    snprintf(certificate, sizeof certificate, "%s/web/site.crt", place);
    snprintf(file, sizeof file, "%s/web/site.key", place);
    return certstore_list(store, &items, &unreadable) == OK && items.count == 1 &&
           unreadable == 0 && certstore_load_key(store, &items.items[0], NULL, NULL, &key) == OK &&
           (access(certificate, F_OK) == 0) == (access(file, F_OK) == 0);
}

bool portal_walk_is_whole(struct span answers)
{
    char place[64], path[NAME_PATH];
    struct key_access access_of = { .token = NULL };
    struct arguments arguments = { .given_count = 0 };
    static struct language_set *languages;
    struct reason reason = { 0 };
    if (languages == NULL) {
        bool quiet = freopen("/dev/null", "w", stdout) != NULL;
        assert(quiet);
        enum err err = language_set_open_installed(&languages, NULL);
        assert(err == OK);
    }
    bool memory = access("/dev/shm", W_OK) == 0; /* thousands of runs, each of which syncs */
    snprintf(place, sizeof place, "%s/fuzz_portal_XXXXXX", memory ? "/dev/shm" : "/tmp");
    bool made = mkdtemp(place) != NULL;
    snprintf(path, sizeof path, "%s/web", place);
    made = made && mkdir(path, 0755) == 0;
    assert(made);
    snprintf(path, sizeof path, "%s/store", place);
    struct tool tool = {
        .language = language_by_tag(languages, "en"),
        .clock = clock_system(),
        .store_path = path,
        .json = answers.len % 2 == 0,
        .arguments = &arguments,
        .access = &access_of,
        .arena = arena_make(ARENA_MAX),
    };
    tool.tree = value_tree_make(&tool.arena);
    tool.result = value_object(&tool.tree);
    struct walk walk = { .tool = &tool };
    enum err err = certstore_open(path, NULL, &walk.store);
    assert(err == OK);
    store_fill(walk.store, place, &walk.item);
    rest = answers;
    err = walk_unattended(&walk, &reason);
    bool told = err == OK || reason.code[0] != '\0' || err == ERR_MEMORY || err == ERR_LIMIT;
    bool whole = is_whole(walk.store, place);
    certstore_item_release(&walk.item);
    certstore_free(walk.store);
    api_close(&walk.api);
    key_access_release(&access_of);
    arena_release(&tool.arena);
    nftw(place, one_remove, 8, FTW_DEPTH | FTW_PHYS);
    return told && whole;
}
