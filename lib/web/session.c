/* Nothing here is kept: tokens live where their session does. */
#include "lib/web/session.h"

#include "lib/http/form.h"

enum { CSRF_FIELD_MAX = 64 };

enum err token_make(const struct random *random, char ret_token[TOKEN_TEXT_MAX])
{
    uint8_t bytes[TOKEN_BYTES];
    TRY(random_fill(random, bytes, sizeof bytes));
    base32_format(SPAN_OF(bytes), ret_token, TOKEN_TEXT_MAX);
    return OK;
}

enum err token_csrf(struct span token, char ret_csrf[CSRF_TEXT_MAX])
{
    uint8_t csrf[SHA256_BYTES];
    const struct span pieces[] = { SPAN_LITERAL("ecert form v1\0"), token };
    TRY(sha256_pieces(pieces, 2, csrf));
    base32_format(SPAN_OF(csrf), ret_csrf, CSRF_TEXT_MAX);
    return OK;
}

enum err form_check(struct http_request *request, const char *csrf)
{
    static const struct form_field fields[] = {
        { "csrf", FORM_LINE, 1, CSRF_FIELD_MAX, .required = true, .offset = 0 },
    };
    static const struct form form = { fields, 1, FORM_IGNORE_UNKNOWN };
    struct span sent = { 0 };
    struct span type = { 0 };
    struct form_errors errors = { 0 };
    bool same = http_request_same_origin(request) &&
                http_request_header(request, "Content-Type", &type) &&
                form_parse(&form, type, request->body, request->arena, &sent, &errors) == OK &&
                bytes_equal_secret(sent, span_from_text(csrf));
    return same ? OK : reason_set(&request->reason, ERR_DENIED, "session.csrf", "", "", "");
}
