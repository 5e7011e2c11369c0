/* Deriving, wording, comparing. */
#include "proc/validator/mail.h"

#include "lib/base/clock.h"
#include "lib/crypto/mac.h"

#include <ctype.h>
#include <stdio.h>

enum { MESSAGE_MAX = 1024, BODY_MAX_BYTES = 16 * 1024 };

#define CODE_TAG "ecert mail code v1"

struct bound {
    const struct challenge *challenge;
    const char *address;
};

static enum err digits_derive(const struct mailer *mailer, const struct challenge *challenge,
    const char *address, char ret_digits[EXPECTED_TEXT_MAX]);
static void bound_write(struct der_writer *writer, const void *bound);
static enum err body_write(const struct mailer *mailer, const struct challenge *challenge,
    const char *code, struct buf *body);

enum err mail_code(const struct mailer *mailer, const struct challenge *challenge,
    const char *address, char ret_code[MAIL_CODE_MAX])
{
    char digits[EXPECTED_TEXT_MAX];
    TRY(digits_derive(mailer, challenge, address, digits));
    char *at = ret_code;
    for (size_t i = 0; i < MAIL_CODE_DIGITS; i++) {
        if (i > 0 && i % 4 == 0) {
            *at++ = '-';
        }
        *at++ = digits[i];
    }
    *at = '\0';
    return OK;
}

enum err mail_code_check(const struct mailer *mailer, const struct mail_proof *proof,
    const struct challenge *challenge, bool *ret_right)
{
    char digits[EXPECTED_TEXT_MAX], typed[MAIL_TYPED_MAX];
    size_t len = 0;
    TRY(digits_derive(mailer, challenge, proof->address, digits));
    for (const char *at = proof->code; *at != '\0'; at++) {
        if (*at != '-' && *at != ' ') {
            typed[len++] = (char)tolower((unsigned char)*at);
        }
    }
    *ret_right = bytes_equal_secret(span_make(typed, len), span_make(digits, MAIL_CODE_DIGITS));
    return OK;
}

static enum err digits_derive(const struct mailer *mailer, const struct challenge *challenge,
    const char *address, char ret_digits[EXPECTED_TEXT_MAX])
{
    AUTO(buf) message = buf_make(MESSAGE_MAX);
    const struct bound bound = { challenge, address };
    uint8_t mac[SHA256_BYTES];
    buf_append(&message, SPAN_LITERAL(CODE_TAG));
    buf_append_byte(&message, 0);
    TRY(der_encode(bound_write, &bound, &message));
    TRY(hmac_sha256(secret_span(&mailer->key), buf_span(&message), mac));
    base32_format(SPAN_OF(mac), ret_digits, EXPECTED_TEXT_MAX);
    return OK;
}

static void bound_write(struct der_writer *writer, const void *bound)
{
    const struct bound *parts = bound;
    der_open(writer, DER_SEQUENCE);
    challenge_write(writer, parts->challenge);
    der_write_text(writer, DER_IA5_STRING, parts->address);
    der_close(writer);
}

/* The date is the challenge's: a mail sent again differs in nothing (BR 3.2.2.4.4). */
enum err mail_code_send(const struct mailer *mailer, const struct challenge *challenge,
    const char *address, struct reason *ret_reason)
{
    char code[MAIL_CODE_MAX], id[2 * NONCE_BYTES + 1];
    struct mail_address to;
    AUTO(buf) body = buf_make(BODY_MAX_BYTES);
    AUTO(buf) message = buf_make(MAIL_MAX_BYTES);
    TRY(mail_code(mailer, challenge, address, code));
    TRY(mail_address_parse(span_from_text(address), &to));
    TRY(body_write(mailer, challenge, code, &body));
    hex_format(SPAN_OF(challenge->nonce), id);
    const struct language *english = language_by_tag(mailer->languages, "en");
    const struct mail mail = {
        .from = &mailer->from,
        .to = &to,
        .from_name = language_text(english, "letter.sender"),
        .subject = "e-Cert (Server): code to prove control of your domain",
        .text = buf_text(&body),
        .date = challenge->created,
        .message_id = id,
    };
    TRY(mail_format(&mail, &message));
    return smtp_send(&mailer->smtp, &mailer->from, &to, buf_span(&message), ret_reason);
}

/* In all languages: who reads it is not known here. */
static enum err body_write(const struct mailer *mailer, const struct challenge *challenge,
    const char *code, struct buf *body)
{
    const struct placeholder values[] = { { "name", challenge->name }, { "code", code },
        { NULL, NULL } };
    for (size_t i = 0; language_at(mailer->languages, i) != NULL; i++) {
        const struct language *language = language_at(mailer->languages, i);
        buf_append_text(body, i == 0 ? "" : "\n----------------------------------------\n\n");
        if (mailer->trial) {
            buf_append_format(body, "%s\n\n", language_text(language, "mail.trial"));
        }
        language_format(language, "mail.validation-code", values, body);
        buf_append_text(body, "\n");
    }
    return buf_check(body);
}
