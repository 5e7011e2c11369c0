#pragma once
/* The registrar's side of the operator's conversation: one handler a message. */
#include "lib/store/application.h"
#include "lib/wire/control.h"
#include "lib/wire/server.h"
#include "proc/registrar/registrar.h"

enum {
    SIGNER_TIMEOUT_MS = 30000,
    COURIER_TIMEOUT_MS = 30000,
};

/* `ctx` is the struct registrar. */
extern const struct handler control_handlers[];
extern const size_t control_handler_count;

enum err control_application_new(void *ctx, struct exchange *exchange);
enum err control_application_list(void *ctx, struct exchange *exchange);
enum err control_application_show(void *ctx, struct exchange *exchange);
enum err control_application_approve(void *ctx, struct exchange *exchange);
enum err control_application_withdraw(void *ctx, struct exchange *exchange);
enum err control_letter_list(void *ctx, struct exchange *exchange);
enum err control_letter_print(void *ctx, struct exchange *exchange);
enum err control_certificate_list(void *ctx, struct exchange *exchange);
enum err control_certificate_revoke(void *ctx, struct exchange *exchange);
enum err control_crl_make(void *ctx, struct exchange *exchange);
enum err control_publication_put(void *ctx, struct exchange *exchange);
enum err control_key_block(void *ctx, struct exchange *exchange);
enum err control_key_list(void *ctx, struct exchange *exchange);
enum err control_mail_list(void *ctx, struct exchange *exchange);
enum err control_mail_again(void *ctx, struct exchange *exchange);
enum err control_mail_forget(void *ctx, struct exchange *exchange);
enum err control_status(void *ctx, struct exchange *exchange);
enum err control_audit_verify(void *ctx, struct exchange *exchange);
enum err control_audit_lint(void *ctx, struct exchange *exchange);
enum err control_notice_add(void *ctx, struct exchange *exchange);
enum err control_notice_list(void *ctx, struct exchange *exchange);
enum err control_notice_remove(void *ctx, struct exchange *exchange);
enum err control_validate(void *ctx, struct exchange *exchange);
enum err control_validation_seen(void *ctx, struct exchange *exchange);

/* ERR_NOT_FOUND with "application.unknown". */
enum err application_find(struct registrar *registrar, const uint8_t id[APPLICATION_ID_BYTES],
    struct arena *arena, struct application_row *ret_row, struct reason *ret_reason) MUST_USE;
enum err control_halt(void *ctx, struct exchange *exchange);
enum err control_halt_look(void *ctx, struct exchange *exchange);
enum err control_resume(void *ctx, struct exchange *exchange);
enum err control_reconcile(void *ctx, struct exchange *exchange);
