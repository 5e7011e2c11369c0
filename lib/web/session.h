#pragma once
/* Tokens of sessions, and what proves that a form is one of our own pages' (doc/threats.md P7). */
#include "lib/base/random.h"
#include "lib/crypto/digest.h"
#include "lib/http/request.h"

/* 128 random bits in base32. */
enum { TOKEN_BYTES = 16, TOKEN_TEXT_MAX = 32, CSRF_TEXT_MAX = 56 };

enum err token_make(const struct random *random, char ret_token[TOKEN_TEXT_MAX]) MUST_USE;
/* SHA-256("ecert form v1" ‖ 00 ‖ token) in base32: a form's proof needs no memory of its own. */
enum err token_csrf(struct span token, char ret_csrf[CSRF_TEXT_MAX]) MUST_USE;
/* A form with the field "csrf" of this value, sent from a page of this very host: ERR_DENIED with
 * "session.csrf" in the request's reason. */
enum err form_check(struct http_request *request, const char *csrf) MUST_USE;
