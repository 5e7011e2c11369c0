/* Patterns against paths, part by part. */
#include "lib/http/route.h"

#include "lib/http/url.h"

enum { PATH_PARTS_MAX = 16 };

struct parts {
    struct span part[PATH_PARTS_MAX];
    size_t count;
};

static enum err path_parse(struct span path, struct arena *arena, struct parts *ret_parts);
static bool part_clean(struct span part);
static bool pattern_match(
    const char *pattern, const struct parts *parts, struct http_request *request);
static bool part_match(struct span pattern, struct span part, struct http_request *request);

enum err route_find(const struct http_route *routes, size_t route_count,
    const struct http_head_facts *facts, struct http_request *request, int *ret_status,
    unsigned *ret_allow)
{
    struct parts parts = { 0 };
    unsigned allow = 0;
    TRY(path_parse(facts->path, request->arena, &parts));
    TRY(url_unescape(facts->path, URL_PLUS_IS_PLUS, request->arena, &request->path));
    for (size_t i = 0; i < route_count; i++) {
        request->param_count = 0;
        if (!pattern_match(routes[i].pattern, &parts, request)) {
            continue;
        }
        if (routes[i].method == facts->method) {
            request->route = &routes[i];
            *ret_status = 200;
            return OK;
        }
        allow |= 1u << routes[i].method;
    }
    request->param_count = 0;
    *ret_allow = allow;
    *ret_status = allow == 0 ? 404 : 405;
    return OK;
}

/* The part behind a trailing '/' is empty: "/a" and "/a/" are two paths. */
static enum err path_parse(struct span path, struct arena *arena, struct parts *ret_parts)
{
    struct parts parts = { 0 };
    for (size_t at = 1; at <= path.len;) {
        const uint8_t *end = at < path.len ? memchr(path.data + at, '/', path.len - at) : NULL;
        size_t length = end == NULL ? path.len - at : (size_t)(end - (path.data + at));
        if (parts.count == PATH_PARTS_MAX) {
            return ERR_INPUT;
        }
        struct span *part = &parts.part[parts.count++];
        TRY(url_unescape(span_make(path.data + at, length), URL_PLUS_IS_PLUS, arena, part));
        if (!part_clean(*part)) {
            return ERR_INPUT;
        }
        at += length + 1;
    }
    *ret_parts = parts;
    return OK;
}

static bool part_clean(struct span part)
{
    for (size_t i = 0; i < part.len; i++) {
        if (part.data[i] < 0x20 || part.data[i] == 0x7f || part.data[i] == '/') {
            return false;
        }
    }
    return utf8_valid(part) && !span_equal_text(part, ".") && !span_equal_text(part, "..");
}

static bool pattern_match(
    const char *pattern, const struct parts *parts, struct http_request *request)
{
    const char *at = pattern + 1;
    for (size_t i = 0; i < parts->count; i++) {
        size_t length = strcspn(at, "/");
        bool last = i + 1 == parts->count;
        if (!part_match(span_make(at, length), parts->part[i], request) ||
            last != (at[length] == '\0')) {
            return false;
        }
        at += length + 1;
    }
    return true;
}

static bool part_match(struct span pattern, struct span part, struct http_request *request)
{
    if (pattern.len < 2 || pattern.data[0] != '{') {
        return span_equal(pattern, part);
    }
    if (part.len == 0 || request->param_count == HTTP_PARAMS_MAX) {
        return false;
    }
    request->params[request->param_count++] =
        (struct http_pair){ span_make(pattern.data + 1, pattern.len - 2), part };
    return true;
}
