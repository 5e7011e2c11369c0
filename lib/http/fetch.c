/* libcurl as a visitor: a fresh handle and connection each time, pinned to one address. */
#include "lib/http/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* An address as sockets have it. */
union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage storage;
};

struct visit {
    const struct http_fetch *fetch;
    union endpoint to, from;
    bool has_from, elsewhere;
    int socket;
    size_t head_len;
    struct buf body;
};

static const struct {
    CURLcode code;
    enum err err;
} failures[] = {
    { CURLE_COULDNT_CONNECT, ERR_AGAIN },
    { CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT },
    { CURLE_WRITE_ERROR, ERR_LIMIT },
    { CURLE_FILESIZE_EXCEEDED, ERR_LIMIT },
    { CURLE_OUT_OF_MEMORY, ERR_MEMORY },
    { CURLE_UNSUPPORTED_PROTOCOL, ERR_INPUT },
    { CURLE_URL_MALFORMAT, ERR_INPUT },
};

static enum err endpoint_set(const char *address, uint16_t port, union endpoint *ret_endpoint);
static socklen_t endpoint_size(const union endpoint *endpoint);
static bool endpoint_equal(const union endpoint *left, const union endpoint *right);
static enum err visit_prepare(CURL *curl, struct visit *visit, const char *url);
static enum err visit_run(CURL *curl, struct visit *visit, struct http_fetched *fetched);
static curl_socket_t socket_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address);
static int peer_check(void *ctx, char *to, char *from, int to_port, int from_port);
static size_t body_take(char *data, size_t size, size_t count, void *ctx);
static size_t head_take(char *data, size_t size, size_t count, void *ctx);

void http_fetched_release(struct http_fetched *fetched)
{
    buf_release(&fetched->body);
}

enum err http_fetch_prepare(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == 0 ? OK : ERR_MEMORY;
}

enum err http_fetch(const struct http_fetch *fetch, struct http_fetched *ret_fetched)
{
    struct visit visit = { .fetch = fetch,
        .socket = -1,
        .has_from = fetch->source != NULL,
        .body = buf_make(fetch->body_max) };
    AUTO(http_fetched) fetched = { 0 };
    char url[URL_HOST_SIZE + URL_PATH_SIZE + 32], via[URL_HOST_SIZE + INET6_ADDRSTRLEN + 32];
    bool v6 = strchr(fetch->address, ':') != NULL;
    TRY(endpoint_set(fetch->address, fetch->port, &visit.to));
    if (visit.has_from) {
        TRY(endpoint_set(fetch->source, 0, &visit.from));
    }
    snprintf(url, sizeof url, "http%s://%s:%u%s", fetch->url->tls ? "s" : "", fetch->url->host,
        fetch->url->port, fetch->url->path);
    snprintf(
        via, sizeof via, "::%s%s%s:%u", v6 ? "[" : "", fetch->address, v6 ? "]" : "", fetch->port);
    CURL *curl = curl_easy_init();
    struct curl_slist *connect = curl_slist_append(NULL, via);
    enum err err = curl == NULL || connect == NULL ? ERR_MEMORY : visit_prepare(curl, &visit, url);
    if (err == OK) {
        curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect);
        err = visit_run(curl, &visit, &fetched);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(connect);
    fetched.body = visit.body;
    TRY(err);
    *ret_fetched = fetched;
    fetched.body = (struct buf){ 0 };
    return OK;
}

static enum err endpoint_set(const char *address, uint16_t port, union endpoint *ret_endpoint)
{
    union endpoint endpoint = { 0 };
    if (inet_pton(AF_INET, address, &endpoint.v4.sin_addr) == 1) {
        endpoint.v4.sin_family = AF_INET;
        endpoint.v4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, address, &endpoint.v6.sin6_addr) == 1) {
        endpoint.v6.sin6_family = AF_INET6;
        endpoint.v6.sin6_port = htons(port);
    } else {
        return ERR_INPUT;
    }
    *ret_endpoint = endpoint;
    return OK;
}

static socklen_t endpoint_size(const union endpoint *endpoint)
{
    return endpoint->any.sa_family == AF_INET6 ? sizeof endpoint->v6 : sizeof endpoint->v4;
}

static bool endpoint_equal(const union endpoint *left, const union endpoint *right)
{
    if (left->any.sa_family != right->any.sa_family) {
        return false;
    }
    if (left->any.sa_family == AF_INET) {
        return left->v4.sin_port == right->v4.sin_port &&
               left->v4.sin_addr.s_addr == right->v4.sin_addr.s_addr;
    }
    return left->v6.sin6_port == right->v6.sin6_port &&
           memcmp(&left->v6.sin6_addr, &right->v6.sin6_addr, sizeof left->v6.sin6_addr) == 0;
}

static enum err visit_prepare(CURL *curl, struct visit *visit, const char *url)
{
    const struct http_fetch *fetch = visit->fetch;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, fetch->url->tls ? "https" : "http");
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, fetch->user_agent);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)fetch->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, socket_open);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, visit);
    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, peer_check);
    curl_easy_setopt(curl, CURLOPT_PREREQDATA, visit);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, visit);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, head_take);
    return curl_easy_setopt(curl, CURLOPT_HEADERDATA, visit) == CURLE_OK ? OK : ERR_UNSUPPORTED;
}

static enum err visit_run(CURL *curl, struct visit *visit, struct http_fetched *fetched)
{
    long status = 0;
    const char *redirect = NULL;
    CURLcode code = curl_easy_perform(curl);
    if (visit->elsewhere) {
        return ERR_DENIED;
    }
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        if (failures[i].code == code) {
            return failures[i].err;
        }
    }
    if (code != CURLE_OK) {
        return ERR_PEER;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect);
    fetched->status = (int)status;
    if (redirect != NULL &&
        !span_to_text(span_from_text(redirect), fetched->redirect, sizeof fetched->redirect)) {
        return ERR_LIMIT;
    }
    return OK;
}

/* libcurl has its own view of where to go; there is only one place. */
static curl_socket_t socket_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct visit *visit = ctx;
    union endpoint wanted = { 0 };
    (void)purpose;
    memcpy(&wanted.storage, &address->addr,
        address->addrlen < sizeof wanted.storage ? address->addrlen : sizeof wanted.storage);
    if (!endpoint_equal(&wanted, &visit->to)) {
        visit->elsewhere = true;
        return CURL_SOCKET_BAD;
    }
    visit->socket = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (visit->socket >= 0 && visit->has_from &&
        bind(visit->socket, &visit->from.any, endpoint_size(&visit->from)) != 0) {
        close(visit->socket);
        return CURL_SOCKET_BAD;
    }
    return visit->socket;
}

/* Connected, and nothing sent yet: the kernel's own word on who is there (doc/threats.md D8). */
static int peer_check(void *ctx, char *to, char *from, int to_port, int from_port)
{
    struct visit *visit = ctx;
    union endpoint peer = { 0 };
    socklen_t size = sizeof peer;
    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    bool right =
        getpeername(visit->socket, &peer.any, &size) == 0 && endpoint_equal(&peer, &visit->to);
    visit->elsewhere = !right;
    return right ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t body_take(char *data, size_t size, size_t count, void *ctx)
{
    struct visit *visit = ctx;
    buf_append(&visit->body, span_make(data, size * count));
    return buf_check(&visit->body) == OK ? size * count : 0;
}

static size_t head_take(char *data, size_t size, size_t count, void *ctx)
{
    struct visit *visit = ctx;
    (void)data;
    visit->head_len += size * count;
    return visit->head_len <= visit->fetch->head_max ? size * count : 0;
}
