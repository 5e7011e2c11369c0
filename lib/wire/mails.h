#pragma once
/* Mails that have not arrived, on their way from the registrar to ecertadm. */
#include "lib/wire/control.h"

enum { CONTROL_MAIL_KIND_MAX = 32, CONTROL_MAIL_ADDRESS_MAX = 255 };

struct control_mail {
    int64_t id;
    char kind[CONTROL_MAIL_KIND_MAX];
    char recipient[CONTROL_MAIL_ADDRESS_MAX];
    uint8_t application[APPLICATION_ID_BYTES]; /* all zero: it is the operator's */
    char name[CONTROL_NAME_MAX];               /* the server's; or empty */
    int64_t queued;
    int64_t attempts;
    int64_t next_try; /* 0: it was given up */
    char problem[REASON_CODE_MAX];
    char seen[REASON_TEXT_MAX];
};

struct control_mails {
    struct control_mail *rows;
    size_t count;
};

void control_mails_write(struct der_writer *writer, const void *object);
enum err control_mails_read(
    struct der *body, struct arena *arena, struct control_mails *ret_mails) MUST_USE;
