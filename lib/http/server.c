/* The daemon: what libmicrohttpd calls, and the order in which a request is judged and answered.
 * libmicrohttpd 0.9.75 accepts two lengths, bare line feeds, folded lines and NUL in the head; so
 * the first call for each request looks at the head itself and refuses what is doubtful. */
#include "lib/http/server.h"

#include "lib/http/answer.h"
#include "lib/http/loopback.h"
#include "lib/http/route.h"
#include "lib/http/tls.h"
#include "lib/http/url.h"
#include "lib/http/watch.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Twice the head that we accept: what is between is refused with our own answer. */
enum { CONNECTION_MEMORY_BYTES = 4 * HTTP_HEAD_MAX_BYTES };

/* A client's certificate is verified again so long after: it may end under its connection. */
enum { CLIENT_CHECKED_MS = 60000 };

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_server_config config;
    struct random random;
    struct watch watch;
    uint16_t port;
};

struct connection {
    struct watch_entry *watched;
    int64_t client_checked_ms; /* when its certificate was; 0: never */
    uint8_t client_fingerprint[HTTP_FINGERPRINT_BYTES];
};

/* One request on its way: made when its first line has been read, freed when it is answered. */
struct exchange {
    struct http_server *server;
    struct arena arena;
    struct http_request request;
    struct http_response response;
    struct buf body;
    struct connection *connection; /* NULL where memory is short */
    struct span line_uri;          /* in the connection's memory, where the request line has it */
    char *uri;
    int64_t started_ms;
    bool begun;
};

struct head_lines {
    struct http_pair *pairs;
    size_t count;
    const uint8_t *next; /* where the next line must start in the connection's memory */
    bool contiguous;
};

static enum err address_parse(
    const struct http_server_config *config, struct sockaddr_storage *ret_address);
static enum err daemon_start(struct http_server *server, const struct sockaddr *address);
static void connection_watch(void *cls, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code);
static struct watch_entry *watched(const struct connection *connection);
static void *exchange_open(void *cls, const char *uri, struct MHD_Connection *connection);
static enum MHD_Result exchange_step(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_len,
    void **cls_ret);
static void exchange_close(void *cls, struct MHD_Connection *connection, void **exchange,
    enum MHD_RequestTerminationCode code);
static int exchange_begin(struct exchange *exchange, struct MHD_Connection *connection,
    const char *method, const char *version);
static enum err head_read(struct MHD_Connection *connection, const char *method,
    const char *version, struct exchange *exchange);
static bool line_whole(struct span uri, const char *method, const char *version);
static enum MHD_Result head_visit(void *cls, enum MHD_ValueKind kind, const char *name,
    size_t name_len, const char *value, size_t value_len);
static void client_note(struct exchange *exchange, struct MHD_Connection *connection);
static enum err client_check(struct exchange *exchange, struct MHD_Connection *connection);
static enum err query_check(struct http_request *request);
static int body_check(struct exchange *exchange, const struct http_head_facts *facts);
static enum err allow_note(struct http_response *response, unsigned allow);
static void exchange_handle(struct exchange *exchange);
static void exchange_refuse(struct exchange *exchange, int status);
static enum MHD_Result exchange_send(struct exchange *exchange, struct MHD_Connection *connection);

enum err http_server_start(const struct http_server_config *config, struct http_server **ret_server)
{
    struct sockaddr_storage address = { 0 };
    TRY(address_parse(config, &address));
    if (config->certificate_pem.len > 0) {
        TRY(tls_pair_check(config->certificate_pem, config->key_pem));
    }
    AUTO_PTR(http_server) server = calloc(1, sizeof *server);
    if (server == NULL) {
        return ERR_MEMORY;
    }
    server->config = *config;
    server->random = config->random != NULL ? *config->random : random_system();
    if (server->config.idle_seconds == 0) {
        server->config.idle_seconds = 15;
    }
    if (server->config.request_seconds == 0) {
        server->config.request_seconds = 4 * server->config.idle_seconds;
    }
    TRY(watch_start(&server->watch, INT64_C(1000) * server->config.request_seconds));
    TRY(daemon_start(server, (const struct sockaddr *)&address));
    *ret_server = server;
    server = NULL;
    return OK;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_free(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    if (server->daemon != NULL) {
        MHD_stop_daemon(server->daemon);
    }
    watch_stop(&server->watch);
    free(server);
}

int http_status_from_err(enum err err)
{
    static const int statuses[ERR_COUNT] = {
        [OK] = 200,
        [ERR_INPUT] = 400,
        [ERR_NOT_FOUND] = 404,
        [ERR_DENIED] = 403,
        [ERR_CONFLICT] = 409,
        [ERR_LIMIT] = 413,
        [ERR_AGAIN] = 503,
        [ERR_TIMEOUT] = 504,
        [ERR_NO_SPACE] = 507,
        [ERR_UNSUPPORTED] = 415,
    };
    int status = (unsigned)err < ERR_COUNT ? statuses[err] : 0;
    return status == 0 ? 500 : status;
}

/* Plain HTTP never leaves the machine. */
static enum err address_parse(
    const struct http_server_config *config, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
    if (inet_pton(AF_INET, config->address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(config->port);
    } else if (inet_pton(AF_INET6, config->address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(config->port);
    } else {
        return ERR_INPUT;
    }
    bool loopback = address_loopback((const struct sockaddr *)ret_address);
    return loopback || config->certificate_pem.len > 0 ? OK : ERR_DENIED;
}

/* PEM comes as spans; libmicrohttpd wants terminated texts and copies what it needs. */
static enum err daemon_start(struct http_server *server, const struct sockaddr *address)
{
    const struct http_server_config *config = &server->config;
    AUTO(arena) arena = arena_make(HTTP_ARENA_MAX_BYTES);
    AUTO(secret) key = { 0 };
    struct MHD_OptionItem tls[8] = { { MHD_OPTION_END, 0, NULL } };
    unsigned flags = config->thread_each ? MHD_USE_THREAD_PER_CONNECTION |
                                               MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL
                                         : MHD_USE_EPOLL_INTERNAL_THREAD;
    unsigned threads = config->threads == 0 ? 2u : config->threads;
    if (config->certificate_pem.len > 0) {
        size_t n = 0;
        TRY(secret_new(config->key_pem.len + 1, &key));
        memcpy(key.data, config->key_pem.data, config->key_pem.len);
        flags |= MHD_USE_TLS;
        tls[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, key.data };
        tls[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
            arena_text(&arena, config->certificate_pem) };
        tls[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
            (void *)(uintptr_t) "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" };
        if (config->client_ca_pem.len > 0) {
            tls[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_TRUST, 0,
                arena_text(&arena, config->client_ca_pem) };
        }
        tls[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    }
    flags |= address->sa_family == AF_INET6 ? MHD_USE_IPv6 : 0;
    server->daemon = MHD_start_daemon(flags, config->port, /* accept policy= */ NULL, NULL,
        exchange_step, server, MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_THREAD_POOL_SIZE,
        config->thread_each ? 0u : threads, MHD_OPTION_CONNECTION_LIMIT,
        config->connections_max == 0 ? 1024u : config->connections_max,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, config->connections_per_address_max,
        MHD_OPTION_CONNECTION_TIMEOUT, config->idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_URI_LOG_CALLBACK, exchange_open, server,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_close, server, MHD_OPTION_NOTIFY_CONNECTION,
        connection_watch, server, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (server->daemon == NULL) {
        return ERR_IO;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info == NULL ? config->port : info->port;
    return OK;
}

static void connection_watch(void *cls, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = cls;
    struct connection *ours = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        watch_remove(&server->watch, watched(ours));
        free(ours);
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    ours = calloc(1, sizeof *ours);
    if (ours != NULL && info != NULL) {
        ours->watched = watch_add(&server->watch, info->connect_fd);
    }
    *socket_context = ours;
}

static struct watch_entry *watched(const struct connection *connection)
{
    return connection == NULL ? NULL : connection->watched;
}

/* Called with the request line's URI before anything else is known; NULL ends the connection at the
 * next call. */
static void *exchange_open(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        return NULL;
    }
    exchange->server = cls;
    exchange->arena = arena_make(HTTP_ARENA_MAX_BYTES);
    exchange->request.arena = &exchange->arena;
    exchange->response.arena = &exchange->arena;
    exchange->started_ms = clock_monotonic_ms();
    size_t length = strnlen(uri, HTTP_URI_MAX_BYTES + 1);
    exchange->uri = arena_text(&exchange->arena, span_make(uri, length));
    exchange->line_uri = span_from_text(uri);
    /* Else libmicrohttpd reads the query too, has no memory left at a thousand pairs, and says
     * nothing. */
    char *query = (char *)(uintptr_t)uri + strcspn(uri, "?");
    memset(query, '\0', strlen(query));
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    exchange->connection = info == NULL ? NULL : info->socket_context;
    return exchange;
}

static void exchange_close(void *cls, struct MHD_Connection *connection, void **exchange_slot,
    enum MHD_RequestTerminationCode code)
{
    (void)cls, (void)connection, (void)code;
    struct exchange *exchange = *exchange_slot;
    if (exchange == NULL) {
        return;
    }
    watch_wait(&exchange->server->watch, watched(exchange->connection));
    if (exchange->body.data != NULL) {
        explicit_bzero(exchange->body.data, exchange->body.len);
    }
    buf_release(&exchange->body);
    answer_drop(&exchange->response);
    arena_wipe(&exchange->arena);
    free(exchange);
    *exchange_slot = NULL;
}

/* First call: the head. Then one call for each piece of the body. Last: the whole request. */
static enum MHD_Result exchange_step(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_len, void **slot)
{
    (void)cls, (void)url;
    struct exchange *exchange = *slot;
    if (exchange == NULL || exchange->uri == NULL) {
        return MHD_NO;
    }
    if (!exchange->begun) {
        exchange->begun = true;
        int status = exchange_begin(exchange, connection, method, version);
        if (status == 200) {
            return MHD_YES;
        }
        exchange_refuse(exchange, status);
        return exchange_send(exchange, connection);
    }
    if (*upload_len > 0) {
        buf_append(&exchange->body, span_make(upload, *upload_len));
        /* A PIN may be in it; the connection's own memory would keep it until the next request. */
        explicit_bzero((void *)(uintptr_t)upload, *upload_len);
        *upload_len = 0;
        return buf_check(&exchange->body) == OK ? MHD_YES : MHD_NO;
    }
    watch_pause(&exchange->server->watch, watched(exchange->connection));
    exchange->request.body = buf_span(&exchange->body);
    exchange_handle(exchange);
    return exchange_send(exchange, connection);
}

/* 200, or the status that refuses the request. Whatever is refused here closes the connection, so
 * that nothing of its body can be read as a second request. */
static int exchange_begin(struct exchange *exchange, struct MHD_Connection *connection,
    const char *method, const char *version)
{
    const struct http_server_config *config = &exchange->server->config;
    struct http_request *request = &exchange->request;
    struct http_head_facts facts = { 0 };
    struct http_pair *query = NULL;
    int status = 400;
    unsigned allow = 0;
    uint8_t id[(HTTP_REQUEST_ID_SIZE - 1) / 2];
    if (random_fill(&exchange->server->random, id, sizeof id) != OK) {
        return 500;
    }
    hex_format(SPAN_OF(id), request->id);
    client_note(exchange, connection);
    exchange->response.close = true;
    if (head_read(connection, method, version, exchange) != OK) {
        return 400;
    }
    struct http_head head = { method, exchange->uri, version, request->headers,
        request->header_count };
    if (http_head_check(&head, config->hosts, &status, &facts) != OK) {
        return status;
    }
    request->method = facts.method;
    if (client_check(exchange, connection) != OK) {
        return 403;
    }
    if (url_pairs_parse(facts.query, &exchange->arena, &query, &request->query_count) != OK) {
        return 400;
    }
    request->query = query;
    if (route_find(config->routes, config->route_count, &facts, request, &status, &allow) != OK) {
        return 400;
    }
    if (status == 405 && allow_note(&exchange->response, allow) != OK) {
        return 500;
    }
    if (status == 200 && query_check(request) != OK) {
        status = 400;
    }
    status = status == 200 ? body_check(exchange, &facts) : status;
    exchange->response.close = status != 200 && facts.content_length > 0;
    return status;
}

/* The lines must lie in the connection's memory exactly one behind the other with CR LF between
 * (where libmicrohttpd now has two NULs): a folded line, a bare LF, a NUL inside a value or white
 * space before a colon all leave a gap. */
static enum err head_read(struct MHD_Connection *connection, const char *method,
    const char *version, struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct head_lines lines = { .contiguous = true };
    lines.pairs = arena_alloc(&exchange->arena, HTTP_HEADERS_MAX + 1, sizeof *lines.pairs);
    if (info == NULL || lines.pairs == NULL) {
        return ERR_MEMORY;
    }
    TRY(line_whole(exchange->line_uri, method, version) ? OK : ERR_INPUT);
    lines.next = (const uint8_t *)version + strlen(version) + 2;
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, head_visit, &lines);
    const uint8_t *end = (const uint8_t *)method + info->header_size;
    exchange->request.headers = lines.pairs;
    exchange->request.header_count = lines.count;
    bool full = lines.count > HTTP_HEADERS_MAX;
    return lines.contiguous && (full || lines.next + 2 == end) ? OK : ERR_INPUT;
}

/* The same of the request line: one space each between method, URI and version. */
static bool line_whole(struct span uri, const char *method, const char *version)
{
    return (const uint8_t *)method + strlen(method) + 1 == uri.data &&
           uri.data + uri.len + 1 == (const uint8_t *)version;
}

static enum MHD_Result head_visit(void *cls, enum MHD_ValueKind kind, const char *name,
    size_t name_len, const char *value, size_t value_len)
{
    (void)kind;
    struct head_lines *lines = cls;
    if (value == NULL || (const uint8_t *)name != lines->next) {
        lines->contiguous = false;
        return MHD_NO;
    }
    size_t len = value_len;
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t')) {
        len--;
    }
    lines->pairs[lines->count++] =
        (struct http_pair){ span_make(name, name_len), span_make(value, len) };
    lines->next = (const uint8_t *)value + value_len + 2;
    return lines->count > HTTP_HEADERS_MAX ? MHD_NO : MHD_YES;
}

static void client_note(struct exchange *exchange, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info == NULL ? NULL : info->client_addr;
    struct http_request *request = &exchange->request;
    request->tls = exchange->server->config.certificate_pem.len > 0;
    if (address != NULL && address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr,
            request->client_address, sizeof request->client_address);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr,
            request->client_address, sizeof request->client_address);
    }
}

static enum err client_check(struct exchange *exchange, struct MHD_Connection *connection)
{
    const struct http_server_config *config = &exchange->server->config;
    struct connection *ours = exchange->connection;
    if (config->client_ca_pem.len == 0) {
        return OK;
    }
    if (ours == NULL) {
        return ERR_MEMORY;
    }
    int64_t now_ms = clock_monotonic_ms();
    if (ours->client_checked_ms == 0 || now_ms - ours->client_checked_ms >= CLIENT_CHECKED_MS) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        TRY(info == NULL ? ERR_DENIED : OK);
        TRY(tls_client_check(info->tls_session, config->client_fingerprints,
            config->client_fingerprint_count, ours->client_fingerprint));
        ours->client_checked_ms = now_ms;
        if (config->client_idle_seconds > 0) {
            MHD_set_connection_option(
                connection, MHD_CONNECTION_OPTION_TIMEOUT, config->client_idle_seconds);
        }
    }
    memcpy(exchange->request.client_fingerprint, ours->client_fingerprint,
        sizeof ours->client_fingerprint);
    exchange->request.client_certificate = true;
    return OK;
}

/* A name that stands twice would mean one thing to one reader and another to the next; a page that
 * looks for it would find none, and go on as if nobody had asked. */
static enum err query_check(struct http_request *request)
{
    for (size_t i = 1; i < request->query_count; i++) {
        for (size_t j = 0; j < i; j++) {
            struct span name = request->query[i].name, other = request->query[j].name;
            if (!span_equal(name, other)) {
                continue;
            }
            char text[REASON_FIELD_MAX];
            bool shown = utf8_valid(name) && span_to_text(name, text, sizeof text);
            return reason_set(
                &request->reason, ERR_INPUT, "form.repeated", shown ? text : "", NULL, NULL);
        }
    }
    return OK;
}

static int body_check(struct exchange *exchange, const struct http_head_facts *facts)
{
    size_t max = exchange->request.route->body_max;
    exchange->body = buf_make(max);
    if (facts->content_length > max) {
        return 413;
    }
    /* In one place from the beginning: a body that moved as it grew would leave copies behind. */
    bool room =
        facts->content_length == 0 || buf_reserve(&exchange->body, facts->content_length) != NULL;
    return room ? 200 : 503;
}

/* RFC 9110 §15.5.6: a 405 names what is allowed. */
static enum err allow_note(struct http_response *response, unsigned allow)
{
    char text[64] = "";
    size_t len = 0;
    for (unsigned method = 0; method < HTTP_METHOD_COUNT; method++) {
        if ((allow & 1u << method) != 0) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s", len > 0 ? ", " : "",
                http_method_name((enum http_method)method), method == HTTP_GET ? ", HEAD" : "");
        }
    }
    return response_header(response, "Allow", text);
}

static void exchange_handle(struct exchange *exchange)
{
    const struct http_server_config *config = &exchange->server->config;
    exchange->response.status = 500;
    enum err err =
        exchange->request.route->handler(&exchange->request, &exchange->response, config->ctx);
    if (err != OK) {
        exchange->response.header_count = 0;
        exchange->response.public_seconds = 0;
        exchange_refuse(exchange, http_status_from_err(err));
    } else if (answer_not_modified(&exchange->request, &exchange->response)) {
        answer_drop(&exchange->response);
        exchange->response.status = 304;
    }
}

static void exchange_refuse(struct exchange *exchange, int status)
{
    const struct http_server_config *config = &exchange->server->config;
    struct http_response *response = &exchange->response;
    answer_drop(response);
    response->status = status;
    if (config->error_page != NULL &&
        config->error_page(&exchange->request, response, status, config->ctx) == OK) {
        return;
    }
    AUTO(buf) text = buf_make(256);
    buf_append_format(&text, "%d %s\nrequest %s\n", status,
        MHD_get_reason_phrase_for((unsigned)status), exchange->request.id);
    if (reply_text(response, status, buf_text(&text)) != OK) {
        response->status = 500;
    }
}

static enum MHD_Result exchange_send(struct exchange *exchange, struct MHD_Connection *connection)
{
    const struct http_server_config *config = &exchange->server->config;
    bool sent = answer_send(&exchange->request, &exchange->response, connection);
    if (config->observer != NULL) {
        config->observer(&exchange->request, exchange->response.status,
            clock_monotonic_ms() - exchange->started_ms, config->ctx);
    }
    return sent ? MHD_YES : MHD_NO;
}
