#pragma once
/* From what a handler has filled in to what libmicrohttpd sends. */
#include "lib/http/request.h"

struct MHD_Connection;

/* Status, headers and body, which is moved out; false ends the connection. */
bool answer_send(const struct http_request *request, struct http_response *response,
    struct MHD_Connection *connection);
/* Takes away a body that is not to be sent, of either kind. */
void answer_drop(struct http_response *response);
/* True if the request has the very bytes that the response holds: 304 says it. */
bool answer_not_modified(const struct http_request *request, const struct http_response *response);
