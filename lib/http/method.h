#pragma once
/* The request methods this server and client know; HEAD is a GET whose answer has no body. */
enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_METHOD_COUNT };

/* "GET", …; never NULL. */
const char *http_method_name(enum http_method method);
