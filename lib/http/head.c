/* The rules on a request's head, one function a rule. */
#include "lib/http/head.h"

#include "lib/base/limits.h"

#include <ctype.h>
#include <strings.h>

struct head_rule {
    enum err (*check)(const struct http_head *head, struct http_head_facts *facts);
    int status;
};

static enum err check_count(const struct http_head *head, struct http_head_facts *facts);
static enum err check_version(const struct http_head *head, struct http_head_facts *facts);
static enum err check_method(const struct http_head *head, struct http_head_facts *facts);
static enum err check_uri_length(const struct http_head *head, struct http_head_facts *facts);
static enum err check_lines(const struct http_head *head, struct http_head_facts *facts);
static enum err check_host(const struct http_head *head, struct http_head_facts *facts);
static enum err check_uri(const struct http_head *head, struct http_head_facts *facts);
static enum err check_coding(const struct http_head *head, struct http_head_facts *facts);
static enum err check_length(const struct http_head *head, struct http_head_facts *facts);
static enum err check_known_host(struct span host, const char *const *hosts);
static bool header_named(const struct http_pair *header, const char *name);
static size_t header_find(const struct http_head *head, const char *name, struct span *ret_value);

/* In this order: what could be smuggled is refused before what is merely unknown. */
static const struct head_rule rules[] = {
    { check_version, 505 },
    { check_uri_length, 414 },
    { check_count, 431 },
    { check_lines, 400 },
    { check_host, 400 },
    { check_length, 400 },
    { check_coding, 411 },
    { check_uri, 400 },
    { check_method, 405 },
};

static const char *const method_names[HTTP_METHOD_COUNT] = { "GET", "POST", "PUT", "DELETE" };

const char *http_method_name(enum http_method method)
{
    return (unsigned)method < HTTP_METHOD_COUNT ? method_names[method] : "UNKNOWN";
}

enum err http_head_check(const struct http_head *head, const char *const *hosts, int *ret_status,
    struct http_head_facts *ret_facts)
{
    struct http_head_facts facts = { 0 };
    struct span host = { 0 };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].check(head, &facts) != OK) {
            *ret_status = rules[i].status;
            return ERR_INPUT;
        }
    }
    (void)header_find(head, "host", &host);
    if (hosts != NULL && check_known_host(host, hosts) != OK) {
        *ret_status = 421; /* RFC 9110 §15.5.20: misdirected request */
        return ERR_INPUT;
    }
    *ret_facts = facts;
    return OK;
}

static enum err check_version(const struct http_head *head, struct http_head_facts *facts)
{
    (void)facts;
    bool known = strcmp(head->version, "HTTP/1.1") == 0 || strcmp(head->version, "HTTP/1.0") == 0;
    return known ? OK : ERR_INPUT;
}

static enum err check_uri_length(const struct http_head *head, struct http_head_facts *facts)
{
    (void)facts;
    return strnlen(head->uri, HTTP_URI_MAX_BYTES + 1) <= HTTP_URI_MAX_BYTES ? OK : ERR_INPUT;
}

static enum err check_count(const struct http_head *head, struct http_head_facts *facts)
{
    (void)facts;
    size_t total = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        total += head->headers[i].name.len + head->headers[i].value.len + 4;
    }
    return head->header_count <= HTTP_HEADERS_MAX && total <= HTTP_HEAD_MAX_BYTES ? OK : ERR_INPUT;
}

/* RFC 9110 §5.1 and §5.5: names are tokens, values have no control characters but TAB. */
static enum err check_lines(const struct http_head *head, struct http_head_facts *facts)
{
    (void)facts;
    for (size_t i = 0; i < head->header_count; i++) {
        struct span name = head->headers[i].name, value = head->headers[i].value;
        for (size_t k = 0; k < name.len; k++) {
            uint8_t byte = name.data[k];
            bool digit = byte >= '0' && byte <= '9';
            bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
            if (!digit && !letter && (byte == '\0' || strchr("!#$%&'*+-.^_`|~", byte) == NULL)) {
                return ERR_INPUT;
            }
        }
        for (size_t k = 0; k < value.len; k++) {
            if ((value.data[k] < 0x20 && value.data[k] != '\t') || value.data[k] == 0x7f) {
                return ERR_INPUT;
            }
        }
        if (name.len == 0) {
            return ERR_INPUT;
        }
    }
    return OK;
}

/* RFC 9112 §3.2: exactly one Host, and nothing in it but a host and a port. */
static enum err check_host(const struct http_head *head, struct http_head_facts *facts)
{
    (void)facts;
    struct span host = { 0 };
    size_t count = header_find(head, "host", &host);
    if (count == 0 && strcmp(head->version, "HTTP/1.0") == 0) {
        return OK;
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!isalnum(host.data[i]) && strchr("-._:[]", host.data[i]) == NULL) {
            return ERR_INPUT;
        }
    }
    return count == 1 && host.len > 0 ? OK : ERR_INPUT;
}

/* RFC 9112 §6.2: one Content-Length, digits only; two are refused even if they agree. */
static enum err check_length(const struct http_head *head, struct http_head_facts *facts)
{
    struct span value = { 0 };
    size_t count = header_find(head, "content-length", &value), length = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9' || i >= 15) {
            return ERR_INPUT;
        }
        length = length * 10 + (size_t)(value.data[i] - '0');
    }
    if (count > 1 || (count == 1 && value.len == 0)) {
        return ERR_INPUT;
    }
    if (count == 1 && header_find(head, "transfer-encoding", &value) > 0) {
        return ERR_INPUT;
    }
    facts->content_length = length;
    return OK;
}

/* No transfer coding at all: chunk extensions and trailers are where parsers differ most. */
static enum err check_coding(const struct http_head *head, struct http_head_facts *facts)
{
    (void)facts;
    struct span value = { 0 };
    return header_find(head, "transfer-encoding", &value) == 0 ? OK : ERR_INPUT;
}

/* RFC 9112 §3.2.2: the absolute form is accepted only if it names the same host as Host does. */
static enum err check_uri(const struct http_head *head, struct http_head_facts *facts)
{
    const char *path = head->uri;
    size_t scheme = strncasecmp(path, "http://", 7) == 0 ? 7 : 0;
    scheme = strncasecmp(path, "https://", 8) == 0 ? 8 : scheme;
    if (scheme > 0) {
        struct span host = { 0 };
        size_t length = strcspn(path + scheme, "/?#");
        (void)header_find(head, "host", &host);
        if (host.len != length ||
            strncasecmp((const char *)host.data, path + scheme, length) != 0) {
            return ERR_INPUT;
        }
        path += scheme + length;
    }
    for (const char *at = path; *at != '\0'; at++) {
        if ((uint8_t)*at <= 0x20 || (uint8_t)*at >= 0x7f || *at == '#' || *at == '\\') {
            return ERR_INPUT;
        }
    }
    if (path[0] != '/') {
        return ERR_INPUT;
    }
    size_t length = strcspn(path, "?");
    facts->path = span_make(path, length);
    facts->query = span_from_text(path[length] == '?' ? path + length + 1 : "");
    return OK;
}

static enum err check_method(const struct http_head *head, struct http_head_facts *facts)
{
    facts->head_only = strcmp(head->method, "HEAD") == 0;
    const char *name = facts->head_only ? "GET" : head->method;
    for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
        if (strcmp(name, method_names[i]) == 0) {
            facts->method = (enum http_method)i;
            return OK;
        }
    }
    return ERR_INPUT;
}

static enum err check_known_host(struct span host, const char *const *hosts)
{
    for (; *hosts != NULL; hosts++) {
        size_t length = strlen(*hosts);
        if (host.len == length && strncasecmp((const char *)host.data, *hosts, length) == 0) {
            return OK;
        }
    }
    return ERR_INPUT;
}

static bool header_named(const struct http_pair *header, const char *name)
{
    size_t length = strlen(name);
    return header->name.len == length &&
           strncasecmp((const char *)header->name.data, name, length) == 0;
}

/* How often the header occurs; the last value. */
static size_t header_find(const struct http_head *head, const char *name, struct span *ret_value)
{
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        if (header_named(&head->headers[i], name)) {
            *ret_value = head->headers[i].value;
            count++;
        }
    }
    return count;
}
