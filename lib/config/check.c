/* What a value of the configuration must look like, and what to say where it doesn't. */
#include "lib/config/internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <strings.h>

static bool address_valid(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static bool endpoint_valid(const char *text)
{
    struct config_endpoint endpoint;
    return config_endpoint_parse(text, ':', &endpoint) == OK;
}

static bool word_valid(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (!isgraph((unsigned char)*at)) {
            return false;
        }
    }
    return *text != '\0';
}

static bool url_valid(const char *text)
{
    size_t length = strlen(text);
    bool scheme = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    return scheme && word_valid(text) && length > 8 && text[length - 1] != '/';
}

static bool email_valid(const char *text)
{
    const char *at = strchr(text, '@');
    return word_valid(text) && at != NULL && at != text && at[1] != '\0' &&
           strchr(at + 1, '@') == NULL && strpbrk(text, "<>,;\"\\") == NULL;
}

bool config_word_among(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(text, *words) == 0) {
            return true;
        }
    }
    return false;
}

bool config_text_fits(enum config_kind kind, const char *text)
{
    static const char *const levels[] = { "error", "warning", "info", "debug", NULL };
    static const char *const modes[] = { "enforce", "explain", "off", NULL };
    bool empty = *text == '\0';
    switch (kind) {
    case KIND_TEXT:
        return !empty;
    case KIND_OPTIONAL:
        return true;
    case KIND_PATH:
        return *text == '/';
    case KIND_OPTIONAL_PATH:
        return empty || *text == '/';
    case KIND_URL:
        return url_valid(text);
    case KIND_ADDRESS:
        return address_valid(text);
    case KIND_OPTIONAL_ADDRESS:
        return empty || address_valid(text);
    case KIND_ENDPOINT:
        return endpoint_valid(text);
    case KIND_OPTIONAL_ENDPOINT:
        return empty || endpoint_valid(text);
    case KIND_EMAIL:
        return email_valid(text);
    case KIND_OPTIONAL_EMAIL:
        return empty || email_valid(text);
    case KIND_LOG_LEVEL:
        return config_word_among(text, levels);
    case KIND_SANDBOX:
        return config_word_among(text, modes);
    }
    return false;
}

const char *config_kind_expected(enum config_kind kind)
{
    static const char *const expected[] = {
        [KIND_TEXT] = "a text",
        [KIND_OPTIONAL] = "a text",
        [KIND_PATH] = "a path from /",
        [KIND_OPTIONAL_PATH] = "a path from /, or nothing",
        [KIND_URL] = "http:// or https://, without a slash at the end",
        [KIND_ADDRESS] = "an IP address",
        [KIND_OPTIONAL_ADDRESS] = "an IP address, or nothing",
        [KIND_ENDPOINT] = "ADDRESS:PORT",
        [KIND_OPTIONAL_ENDPOINT] = "ADDRESS:PORT, or nothing",
        [KIND_EMAIL] = "an e-mail address",
        [KIND_OPTIONAL_EMAIL] = "an e-mail address, or nothing",
        [KIND_LOG_LEVEL] = "error, warning, info or debug",
        [KIND_SANDBOX] = "enforce, explain or off",
    };
    return expected[kind];
}

static enum err port_parse(const char *text, uint16_t *ret_port)
{
    if (*text < '1' || *text > '9' || strspn(text, "0123456789") != strlen(text) ||
        strlen(text) > 5) {
        return ERR_INPUT;
    }
    unsigned long port = strtoul(text, NULL, 10);
    if (port > UINT16_MAX) {
        return ERR_INPUT;
    }
    *ret_port = (uint16_t)port;
    return OK;
}

bool config_host_equal(const char *left, const char *right)
{
    uint8_t one[16], other[16];
    for (size_t i = 0; i < 2; i++) {
        int family = i == 0 ? AF_INET : AF_INET6;
        if (inet_pton(family, left, one) == 1 && inet_pton(family, right, other) == 1) {
            return memcmp(one, other, i == 0 ? 4 : 16) == 0;
        }
    }
    return strcasecmp(left, right) == 0;
}

enum err config_endpoint_parse(
    const char *text, char separator, struct config_endpoint *ret_endpoint)
{
    struct config_endpoint endpoint = { 0 };
    const char *divide = strrchr(text, separator);
    if (divide == NULL) {
        return ERR_INPUT;
    }
    struct span address = span_make(text, (size_t)(divide - text));
    bool brackets =
        address.len > 2 && address.data[0] == '[' && address.data[address.len - 1] == ']';
    if (brackets) {
        address = span_make(address.data + 1, address.len - 2);
    }
    if (!span_to_text(address, endpoint.address, sizeof endpoint.address) ||
        !address_valid(endpoint.address)) {
        return ERR_INPUT;
    }
    bool has_colon = strchr(endpoint.address, ':') != NULL;
    if (separator == ':' && has_colon != brackets) {
        return ERR_INPUT;
    }
    TRY(port_parse(divide + 1, &endpoint.port));
    *ret_endpoint = endpoint;
    return OK;
}

enum err config_stub_parse(const char *text, struct config_stub *ret_stub)
{
    struct config_stub stub = { 0 };
    const char *equals = strchr(text, '=');
    if (equals == NULL ||
        !span_to_text(span_make(text, (size_t)(equals - text)), stub.zone, sizeof stub.zone) ||
        !word_valid(stub.zone)) {
        return ERR_INPUT;
    }
    TRY(config_endpoint_parse(equals + 1, '@', &stub.server));
    *ret_stub = stub;
    return OK;
}
