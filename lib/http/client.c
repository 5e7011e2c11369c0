/* libcurl with everything switched off that a certificate service does not need. */
#include "lib/http/client.h"

#include "lib/base/limits.h"
#include "lib/http/loopback.h"
#include "lib/http/url.h"

#include <arpa/inet.h>
#include <assert.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIN_SIZE = 80, AGENT_SIZE = 64 };

/* Less than our own server keeps one, so that none is ended under a call. */
#define IDLE_CONNECTION_SECONDS 110L
#define KEEPALIVE_SECONDS       30L

struct http_client {
    CURL *curl;
    struct arena arena;
    struct secret key_pem;
    struct span ca_pem, certificate_pem;
    char connect_address[INET6_ADDRSTRLEN];
    char pinned_key[PIN_SIZE], user_agent[AGENT_SIZE];
    long connect_timeout_ms, timeout_ms;
    size_t answer_max;
    bool loopback_only, refused_address; /* of the call under way */
};

/* How libcurl's failures are told; what is not listed is ERR_AGAIN, "http.connection". */
static const struct {
    CURLcode code;
    enum err err;
    const char *reason;
} failures[] = {
    { CURLE_COULDNT_RESOLVE_HOST, ERR_AGAIN, "http.name" },
    { CURLE_COULDNT_CONNECT, ERR_AGAIN, "http.connection" },
    { CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, "http.timeout" },
    { CURLE_WRITE_ERROR, ERR_LIMIT, "http.too_long" },
    { CURLE_FILESIZE_EXCEEDED, ERR_LIMIT, "http.too_long" },
    { CURLE_PEER_FAILED_VERIFICATION, ERR_DENIED, "http.not_trusted" },
    { CURLE_SSL_PINNEDPUBKEYNOTMATCH, ERR_DENIED, "http.not_trusted" },
    { CURLE_SSL_ISSUER_ERROR, ERR_DENIED, "http.not_trusted" },
    { CURLE_SSL_CACERT_BADFILE, ERR_DENIED, "http.trust_unreadable" },
    { CURLE_SSL_CERTPROBLEM, ERR_DENIED, "http.client_certificate" },
    { CURLE_OUT_OF_MEMORY, ERR_MEMORY, "http.memory" },
    { CURLE_UNSUPPORTED_PROTOCOL, ERR_INPUT, "http.url" },
    { CURLE_URL_MALFORMAT, ERR_INPUT, "http.url" },
};

static bool says_nothing(const struct http_client *client, const struct http_call *call);
static enum err client_fill(struct http_client *client, const struct http_client_config *config);
static enum err call_prepare(struct http_client *client, const struct http_call *call,
    const struct url *url, struct curl_slist **headers, struct curl_slist **connect);
static void trust_prepare(struct http_client *client);
static void method_prepare(CURL *curl, const struct http_call *call);
static enum err headers_prepare(const struct http_call *call, struct curl_slist **headers);
static enum err list_add(struct curl_slist **list, const char *text);
static curl_socket_t socket_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address);
static size_t body_take(char *data, size_t size, size_t count, void *ctx);
static size_t header_take(char *data, size_t size, size_t count, void *ctx);
static enum err failure_tell(const struct http_client *client, CURLcode code, const char *host,
    const char *words, struct reason *ret_reason);

enum err http_client_new(const struct http_client_config *config, struct http_client **ret_client)
{
    AUTO_PTR(http_client) client = calloc(1, sizeof *client);
    if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        return ERR_MEMORY;
    }
    client->arena = arena_make(4 * CERTIFICATE_MAX_BYTES);
    client->curl = curl_easy_init();
    if (client->curl == NULL) {
        return ERR_MEMORY;
    }
    TRY(client_fill(client, config));
    *ret_client = client;
    client = NULL;
    return OK;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL) {
        return;
    }
    curl_easy_cleanup(client->curl);
    secret_release(&client->key_pem);
    arena_release(&client->arena);
    free(client);
}

void http_answer_release(struct http_answer *answer)
{
    buf_release(&answer->body);
}

enum err http_client_call(struct http_client *client, const struct http_call *call,
    struct http_answer *ret_answer, struct reason *ret_reason)
{
    struct url url;
    struct curl_slist *headers = NULL, *connect = NULL;
    AUTO(http_answer) answer = { .body = buf_make(client->answer_max) };
    char words[CURL_ERROR_SIZE] = "";
    assert(!call->plain_allowed || says_nothing(client, call));
    if (url_parse(call->url, &url) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "http.url", NULL, call->url, NULL);
    }
    client->loopback_only = !url.tls && !call->plain_allowed;
    client->refused_address = false;
    curl_easy_reset(client->curl);
    enum err err = call_prepare(client, call, &url, &headers, &connect);
    CURLcode code = CURLE_OK;
    long status = 0;
    if (err == OK) {
        curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, words);
        curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &answer.body);
        curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, &answer);
        code = curl_easy_perform(client->curl);
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, NULL);
    }
    curl_slist_free_all(headers);
    curl_slist_free_all(connect);
    TRY(err);
    if (code != CURLE_OK) {
        return failure_tell(client, code, url.host, words, ret_reason);
    }
    answer.status = (int)status;
    *ret_answer = answer;
    answer.body = (struct buf){ 0 };
    return OK;
}

/* Whoever listens on the way learns the address asked for and nothing else. */
static bool says_nothing(const struct http_client *client, const struct http_call *call)
{
    return call->method == HTTP_GET && call->body.len == 0 && call->header_count == 0 &&
           client->certificate_pem.len == 0;
}

static enum err client_fill(struct http_client *client, const struct http_client_config *config)
{
    const char *agent = config->user_agent != NULL ? config->user_agent : "ecert";
    client->connect_timeout_ms =
        config->connect_timeout_ms > 0 ? (long)config->connect_timeout_ms : 5000;
    client->timeout_ms = config->timeout_ms > 0 ? (long)config->timeout_ms : 30000;
    client->answer_max = config->answer_max > 0 ? config->answer_max : HTTP_BODY_MAX_BYTES;
    if (snprintf(client->user_agent, sizeof client->user_agent, "%s", agent) >= AGENT_SIZE) {
        return ERR_INPUT;
    }
    if (config->pinned_key != NULL &&
        !span_to_text(span_from_text(config->pinned_key), client->pinned_key, PIN_SIZE)) {
        return ERR_INPUT;
    }
    uint8_t literal[sizeof(struct in6_addr)];
    if (config->connect_address != NULL) {
        if (inet_pton(AF_INET, config->connect_address, literal) != 1 &&
            inet_pton(AF_INET6, config->connect_address, literal) != 1) {
            return ERR_INPUT;
        }
        snprintf(
            client->connect_address, sizeof client->connect_address, "%s", config->connect_address);
    }
    client->ca_pem = arena_span(&client->arena, config->ca_pem);
    client->certificate_pem = arena_span(&client->arena, config->certificate_pem);
    if (config->ca_pem.len != client->ca_pem.len ||
        config->certificate_pem.len != client->certificate_pem.len) {
        return ERR_MEMORY;
    }
    return config->key_pem.len > 0 ? secret_copy(config->key_pem, &client->key_pem) : OK;
}

static enum err call_prepare(struct http_client *client, const struct http_call *call,
    const struct url *url, struct curl_slist **headers, struct curl_slist **connect)
{
    CURL *curl = client->curl;
    bool v6 = strchr(client->connect_address, ':') != NULL;
    char via[URL_HOST_SIZE + INET6_ADDRSTRLEN + 16];
    TRY(headers_prepare(call, headers));
    if (client->connect_address[0] != '\0') {
        snprintf(via, sizeof via, "%s:%u:%s%s%s:%u", url->host, url->port, v6 ? "[" : "",
            client->connect_address, v6 ? "]" : "", url->port);
        TRY(list_add(connect, via));
        curl_easy_setopt(curl, CURLOPT_CONNECT_TO, *connect);
    }
    curl_easy_setopt(curl, CURLOPT_URL, call->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, url->tls ? "https" : "http");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L); /* nobody on the way is to forget it */
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_SECONDS);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, client->user_agent);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, client->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
        call->timeout_ms > 0 ? (long)call->timeout_ms : client->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, socket_open);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, client);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_take);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_take);
    method_prepare(curl, call);
    trust_prepare(client);
    return OK;
}

static void trust_prepare(struct http_client *client)
{
    CURL *curl = client->curl;
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (client->ca_pem.len > 0) {
        struct curl_blob ca = { (void *)(uintptr_t)client->ca_pem.data, client->ca_pem.len,
            CURL_BLOB_NOCOPY };
        curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
        curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
    }
    if (client->certificate_pem.len > 0) {
        struct curl_blob certificate = { (void *)(uintptr_t)client->certificate_pem.data,
            client->certificate_pem.len, CURL_BLOB_NOCOPY };
        struct curl_blob key = { client->key_pem.data, client->key_pem.len, CURL_BLOB_NOCOPY };
        curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &certificate);
        curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key);
    }
    if (client->pinned_key[0] != '\0') {
        curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, client->pinned_key);
    }
}

static void method_prepare(CURL *curl, const struct http_call *call)
{
    if (call->method == HTTP_GET) {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
    curl_easy_setopt(
        curl, CURLOPT_POSTFIELDS, call->body.len > 0 ? (const void *)call->body.data : "");
    if (call->method != HTTP_POST) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, http_method_name(call->method));
    }
}

/* "Expect:" alone takes libcurl's own header away: our server answers at once. */
static enum err headers_prepare(const struct http_call *call, struct curl_slist **headers)
{
    char line[1024];
    TRY(list_add(headers, "Expect:"));
    snprintf(line, sizeof line, "Content-Type:%s%s", call->content_type == NULL ? "" : " ",
        call->content_type == NULL ? "" : call->content_type);
    TRY(list_add(headers, line));
    const struct {
        const char *name, *value;
    } conditions[] = { { "If-None-Match", call->have_etag },
        { "If-Modified-Since", call->have_modified } };
    for (size_t i = 0; i < 2; i++) {
        if (conditions[i].value != NULL && conditions[i].value[0] != '\0') {
            snprintf(line, sizeof line, "%s: %s", conditions[i].name, conditions[i].value);
            TRY(strpbrk(line, "\r\n") == NULL ? list_add(headers, line) : ERR_INPUT);
        }
    }
    for (size_t i = 0; i < call->header_count; i++) {
        const struct http_pair *header = &call->headers[i];
        int length = snprintf(line, sizeof line, "%.*s: %.*s", (int)header->name.len,
            (const char *)header->name.data, (int)header->value.len,
            (const char *)header->value.data);
        if (length < 0 || (size_t)length >= sizeof line || strpbrk(line, "\r\n") != NULL) {
            return ERR_INPUT;
        }
        TRY(list_add(headers, line));
    }
    return OK;
}

static enum err list_add(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);
    if (longer == NULL) {
        return ERR_MEMORY;
    }
    *list = longer;
    return OK;
}

/* The address that is really connected to decides, not the name it came from. */
static curl_socket_t socket_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_client *client = ctx;
    (void)purpose;
    if (client->loopback_only && !address_loopback(&address->addr)) {
        client->refused_address = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t body_take(char *data, size_t size, size_t count, void *ctx)
{
    struct buf *body = ctx;
    buf_append(body, span_make(data, size * count));
    return buf_check(body) == OK ? size * count : 0;
}

static size_t header_take(char *data, size_t size, size_t count, void *ctx)
{
    struct http_answer *answer = ctx;
    size_t len = size * count;
    struct {
        const char *name;
        char *text;
        size_t size;
    } kept[] = {
        { "content-type:", answer->content_type, sizeof answer->content_type },
        { "location:", answer->location, sizeof answer->location },
        { "x-request-id:", answer->request_id, sizeof answer->request_id },
        { "retry-after:", (char[24]){ 0 }, 24 },
        { "etag:", answer->etag, sizeof answer->etag },
        { "last-modified:", answer->modified, sizeof answer->modified },
    };
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        size_t prefix = strlen(kept[i].name), end = len;
        if (len < prefix || strncasecmp(data, kept[i].name, prefix) != 0) {
            continue;
        }
        while (prefix < end && (data[prefix] == ' ' || data[prefix] == '\t')) {
            prefix++;
        }
        while (end > prefix && strchr(" \t\r\n", data[end - 1]) != NULL) {
            end--;
        }
        if (span_to_text(span_make(data + prefix, end - prefix), kept[i].text, kept[i].size) &&
            i == 3) {
            long long seconds = strtoll(kept[i].text, NULL, 10);
            answer->retry_after_seconds = seconds < 0 || seconds > DAY_SECONDS ? 0 : seconds;
        }
    }
    return len;
}

static enum err failure_tell(const struct http_client *client, CURLcode code, const char *host,
    const char *words, struct reason *ret_reason)
{
    const char *seen = words[0] != '\0' ? words : curl_easy_strerror(code);
    if (client->refused_address) {
        return reason_set(ret_reason, ERR_DENIED, "http.plain_off_loopback", host, seen, "https");
    }
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (failures[i].code == code) {
            return reason_set(ret_reason, failures[i].err, failures[i].reason, host, seen, NULL);
        }
    }
    return reason_set(ret_reason, ERR_AGAIN, "http.connection", host, seen, NULL);
}
