#pragma once
/* BR 3.2.2.4.4, the primary's part: a code that only we can derive goes by mail to a constructed
 * address, and comes back typed. Nothing is kept: the code follows from key, challenge and address,
 * so a mail sent again is the same mail, byte for byte. */
#include "lib/base/secret.h"
#include "lib/http/smtp.h"
#include "lib/text/language.h"
#include "lib/wire/validator.h"

/* 24 digits of base32 are 120 bits (BR 1.6.1 asks for 112); in fours, with hyphens. */
enum { MAIL_CODE_DIGITS = 24, MAIL_CODE_MAX = MAIL_CODE_DIGITS + MAIL_CODE_DIGITS / 4 };

struct mailer {
    struct secret key; /* without one, this perspective sends and judges no mail */
    struct smtp_config smtp;
    struct mail_address from;
    const struct language_set *languages;
    bool trial;
};

enum err mail_code(const struct mailer *mailer, const struct challenge *challenge,
    const char *address, char ret_code[MAIL_CODE_MAX]) MUST_USE;
/* Compares what was typed with the code, in constant time; case, spaces and hyphens don't count. */
enum err mail_code_check(const struct mailer *mailer, const struct mail_proof *proof,
    const struct challenge *challenge, bool *ret_right) MUST_USE;
/* Sends it. `address` must have been held against the rule of constructed addresses. Errors and
 * reasons as smtp_send's. */
enum err mail_code_send(const struct mailer *mailer, const struct challenge *challenge,
    const char *address, struct reason *ret_reason) MUST_USE;
