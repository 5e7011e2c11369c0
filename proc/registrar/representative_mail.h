#pragma once
/* A mail to the representative of an enrolment: its kind names the message, and its parameters fill
 * the places of that. Every one has `portal_url`, `server_name`, `organisation` and `name`. */
#include "lib/ca/application.h"
#include "lib/store/outbox.h"
#include "lib/text/value.h"
#include "proc/registrar/registrar.h"

struct representative_mail {
    const struct application *application;
    struct value_tree tree;
    struct value *parameters; /* more may be put */
};

/* With what every one has; all texts lie in the arena. */
struct representative_mail representative_mail_make(
    const struct registrar *registrar, const struct application *application, struct arena *arena);
/* As the outbox takes it. `kind` fits outbox_row. */
enum err representative_mail_write(const struct representative_mail *mail, const char *kind,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], struct outbox_row *ret_row) MUST_USE;
