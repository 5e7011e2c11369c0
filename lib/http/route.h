#pragma once
/* Finding the route of a request in the table. */
#include "lib/http/server.h"

/* Fills request->route, path and params. `*ret_status` is 200, or 404 where no pattern matches the
 * path, or 405 where one does but not for the method; then `ret_allow` gets the methods that do, as
 * bits 1 << enum http_method. ERR_INPUT for a path that is not clean: broken or hidden '/', NUL or
 * control characters, "." or ".." parts, no UTF-8. */
enum err route_find(const struct http_route *routes, size_t route_count,
    const struct http_head_facts *facts, struct http_request *request, int *ret_status,
    unsigned *ret_allow) MUST_USE;
