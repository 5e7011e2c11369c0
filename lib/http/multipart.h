#pragma once
/* multipart/form-data (RFC 7578, RFC 2046 §5.1), strictly: no preamble, no nesting, one
 * Content-Disposition with one name a part. File names are not looked at. */
#include "lib/base/arena.h"
#include "lib/http/head.h"

/* Parts as borrowed name and value. ERR_INPUT if anything is malformed, ERR_LIMIT for more than
 * HTTP_PAIRS_MAX parts. `boundary` as the Content-Type gives it. */
enum err multipart_parse(struct span boundary, struct span body, struct arena *arena,
    struct http_pair **ret_pairs, size_t *ret_count) MUST_USE;
/* The value of a parameter such as boundary="x" or name=x in a header value, unquoted; false if it
 * is missing, given twice or holds a control character. */
bool header_parameter(struct span value, const char *name, struct span *ret_value);
