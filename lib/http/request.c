/* Looking things up in a request. */
#include "lib/http/request.h"

#include <strings.h>

static bool pair_find(const struct http_pair *pairs, size_t count, const char *name, bool fold,
    struct span *ret_value);

bool http_request_param(
    const struct http_request *request, const char *name, struct span *ret_value)
{
    return pair_find(request->params, request->param_count, name, /* fold= */ false, ret_value);
}

bool http_request_query(
    const struct http_request *request, const char *name, struct span *ret_value)
{
    return pair_find(request->query, request->query_count, name, /* fold= */ false, ret_value);
}

bool http_request_header(
    const struct http_request *request, const char *name, struct span *ret_value)
{
    return pair_find(request->headers, request->header_count, name, /* fold= */ true, ret_value);
}

bool http_request_cookie(
    const struct http_request *request, const char *name, struct span *ret_value)
{
    struct span header = { 0 };
    return http_request_header(request, "cookie", &header) &&
           cookie_find(header, name, request->tls, ret_value);
}

/* Our own pages send Referrer-Policy: no-referrer, which makes browsers send "Origin: null" even to
 * ourselves (Fetch, "append a request Origin header"); Sec-Fetch-Site therefore comes first. */
bool http_request_same_origin(const struct http_request *request)
{
    struct span site = { 0 }, origin = { 0 }, host = { 0 };
    if (http_request_header(request, "sec-fetch-site", &site)) {
        return span_equal_text(site, "same-origin") || span_equal_text(site, "none");
    }
    if (!http_request_header(request, "origin", &origin)) {
        return true;
    }
    const char *scheme = request->tls ? "https://" : "http://";
    size_t len = strlen(scheme);
    return http_request_header(request, "host", &host) && origin.len > len &&
           memcmp(origin.data, scheme, len) == 0 &&
           span_equal(host, span_make(origin.data + len, origin.len - len));
}

static bool pair_find(const struct http_pair *pairs, size_t count, const char *name, bool fold,
    struct span *ret_value)
{
    size_t length = strlen(name), matches = 0;
    struct span found = { 0 };
    for (size_t i = 0; i < count; i++) {
        const char *other = (const char *)pairs[i].name.data;
        if (pairs[i].name.len != length) {
            continue;
        }
        bool equal =
            fold ? strncasecmp(other, name, length) == 0 : memcmp(other, name, length) == 0;
        if (equal) {
            found = pairs[i].value;
            matches++;
        }
    }
    if (matches != 1) {
        return false;
    }
    *ret_value = found;
    return true;
}
