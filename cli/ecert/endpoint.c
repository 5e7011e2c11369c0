/* A name of one label is fine here: inside a network servers are called so. */
#include "cli/ecert/endpoint.h"

#include "lib/dns/hostname.h"

#include <arpa/inet.h>
#include <stdio.h>

static bool protocol_take(const char **text, enum starttls *ret_starttls);
static enum err host_take(struct span typed, struct endpoint *endpoint, struct reason *ret_reason);
static bool address_take(struct span typed, char ret_host[HANDSHAKE_HOST_MAX]);
static bool label_take(struct span typed, char ret_host[HANDSHAKE_HOST_MAX]);
static bool port_take(const char *text, uint16_t *ret_port);
static enum err form_wrong(const char *text, struct reason *ret_reason);

enum err endpoint_parse(
    const char *text, uint16_t port, struct endpoint *ret_endpoint, struct reason *ret_reason)
{
    struct endpoint endpoint = { .port = port };
    char server[ENDPOINT_TEXT_MAX];
    const char *typed = text;
    bool named = protocol_take(&text, &endpoint.starttls);
    const char *at = strchr(text, '@');
    size_t len = at == NULL ? strlen(text) : (size_t)(at - text);
    if (len == 0 || len >= sizeof server) {
        return form_wrong(typed, ret_reason);
    }
    memcpy(server, text, len);
    server[len] = '\0';
    if (at != NULL) {
        struct span where = span_from_text(at + 1);
        if (!address_take(where, endpoint.address) && !label_take(where, endpoint.address)) {
            return form_wrong(typed, ret_reason);
        }
    }
    bool bracketed = server[0] == '[';
    char *end = bracketed ? strchr(server, ']') : strchr(server, ':');
    bool bare = !bracketed && end != NULL && strchr(end + 1, ':') != NULL; /* an IPv6 address */
    char *colon = bare ? NULL : bracketed && end != NULL ? end + 1 : end;
    bool formed = !bracketed || (end != NULL && (end[1] == ':' || end[1] == '\0'));
    if (!formed || (colon != NULL && *colon == ':' && !port_take(colon + 1, &endpoint.port))) {
        return form_wrong(typed, ret_reason);
    }
    size_t host_len = colon == NULL ? len : (size_t)(colon - server);
    struct span host =
        bracketed ? span_make(server + 1, (size_t)(end - server) - 1) : span_make(server, host_len);
    TRY(host_take(host, &endpoint, ret_reason));
    endpoint.starttls = named ? endpoint.starttls : starttls_of_port(endpoint.port);
    *ret_endpoint = endpoint;
    return OK;
}

/* Moves `text` behind a protocol that is named. */
static bool protocol_take(const char **text, enum starttls *ret_starttls)
{
    char name[8] = "";
    const char *end = strstr(*text, "://");
    size_t len = end == NULL ? 0 : (size_t)(end - *text);
    if (len == 0 || len >= sizeof name) {
        return false;
    }
    memcpy(name, *text, len);
    bool tls = strcmp(name, "tls") == 0 || strcmp(name, "https") == 0;
    *ret_starttls = STARTTLS_NONE;
    if (!tls && starttls_from_name(name, ret_starttls) != OK) {
        return false;
    }
    *text = end + 3;
    return true;
}

static enum err host_take(struct span typed, struct endpoint *endpoint, struct reason *ret_reason)
{
    struct dns_name name;
    endpoint->literal = address_take(typed, endpoint->host);
    if (endpoint->literal) {
        return OK;
    }
    enum err err = dns_name_parse(typed, DNS_NAME_HOST, &name, ret_reason);
    if (err == OK) {
        memcpy(endpoint->host, name.text, strlen(name.text) + 1);
        return OK;
    }
    return memchr(typed.data, '.', typed.len) == NULL && label_take(typed, endpoint->host) ? OK
                                                                                           : err;
}

static bool address_take(struct span typed, char ret_host[HANDSHAKE_HOST_MAX])
{
    struct in6_addr binary;
    bool bracketed = typed.len > 2 && typed.data[0] == '[' && typed.data[typed.len - 1] == ']';
    struct span inner = bracketed ? span_make(typed.data + 1, typed.len - 2) : typed;
    char text[HANDSHAKE_HOST_MAX];
    bool valid =
        span_to_text(inner, text, sizeof text) &&
        (inet_pton(AF_INET, text, &binary) == 1 || inet_pton(AF_INET6, text, &binary) == 1);
    if (valid) {
        memcpy(ret_host, text, sizeof text);
    }
    return valid;
}

/* Letters, digits, '-' and '.', none of them but the first two at the beginning. */
static bool label_take(struct span typed, char ret_host[HANDSHAKE_HOST_MAX])
{
    bool valid = typed.len > 0 && typed.data[0] != '-' && typed.data[0] != '.';
    for (size_t i = 0; i < typed.len; i++) {
        uint8_t byte = typed.data[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        valid &= letter || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.';
    }
    return valid && span_to_text(typed, ret_host, HANDSHAKE_HOST_MAX);
}

static bool port_take(const char *text, uint16_t *ret_port)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    bool valid = text[0] >= '0' && text[0] <= '9' && *end == '\0' && port >= 1 && port <= 65535;
    *ret_port = valid ? (uint16_t)port : *ret_port;
    return valid;
}

static enum err form_wrong(const char *text, struct reason *ret_reason)
{
    return reason_set(
        ret_reason, ERR_INPUT, "endpoint.form", text, NULL, "[PROTOCOL://]HOST[:PORT][@ADDRESS]");
}

struct handshake_request endpoint_request(const struct endpoint *endpoint, int64_t timeout_ms)
{
    return (struct handshake_request){
        .host = endpoint->host,
        .address = endpoint->address[0] == '\0' ? NULL : endpoint->address,
        .port = endpoint->port,
        .starttls = endpoint->starttls,
        .timeout_ms = timeout_ms,
    };
}
