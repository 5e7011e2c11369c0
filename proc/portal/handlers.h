#pragma once
/* Every handler that the table in routes.c names. Each parses its declared fields, makes one call
 * of the domain, and answers; permission was checked before. */
#include "proc/portal/visit.h"

/* login.c */
enum err login_get(struct visit *visit) MUST_USE;
enum err login_post(struct visit *visit) MUST_USE;
enum err leave_post(struct visit *visit) MUST_USE;
enum err api_session_post(struct visit *visit) MUST_USE;
enum err api_session_delete(struct visit *visit) MUST_USE;
/* key_login.c */
enum err api_nonce_post(struct visit *visit) MUST_USE;
enum err api_session_key_post(struct visit *visit) MUST_USE;
/* confirm.c */
enum err confirm_get(struct visit *visit) MUST_USE;
enum err confirm_post(struct visit *visit) MUST_USE;
enum err reject_get(struct visit *visit) MUST_USE;
enum err reject_post(struct visit *visit) MUST_USE;
enum err returned_get(struct visit *visit) MUST_USE;
enum err api_enrolment_get(struct visit *visit) MUST_USE;
enum err api_confirm_post(struct visit *visit) MUST_USE;
enum err api_reject_post(struct visit *visit) MUST_USE;
/* dcv.c */
enum err dcv_get(struct visit *visit) MUST_USE;
enum err dcv_post(struct visit *visit) MUST_USE;
enum err dcv_check_post(struct visit *visit) MUST_USE;
enum err api_dcv_get(struct visit *visit) MUST_USE;
enum err api_dcv_post(struct visit *visit) MUST_USE;
enum err api_dcv_check_post(struct visit *visit) MUST_USE;
/* rehearsal.c */
enum err dcv_rehearse_post(struct visit *visit) MUST_USE;
enum err api_dcv_rehearse_post(struct visit *visit) MUST_USE;
/* office.c */
enum err office_get(struct visit *visit) MUST_USE;
/* For a government enrolment that has just been confirmed, in that transaction: what the officers
 * had proved before takes it on; where only CAA is too old, it is looked at again. */
enum err office_take(struct store *store, const struct visit *visit) MUST_USE;
/* ERR_CONFLICT with "dcv.government" where proving the names is the officers' affair. */
enum err office_refuse(struct visit *visit) MUST_USE;
/* challenge.c */
enum err fileauth_get(struct visit *visit) MUST_USE;
/* mailing.c */
enum err dcv_mail_post(struct visit *visit) MUST_USE;
enum err dcv_code_post(struct visit *visit) MUST_USE;
enum err api_dcv_mail_post(struct visit *visit) MUST_USE;
enum err api_dcv_code_post(struct visit *visit) MUST_USE;
/* csr.c */
enum err csr_get(struct visit *visit) MUST_USE;
enum err csr_post(struct visit *visit) MUST_USE;
enum err csr_submit_post(struct visit *visit) MUST_USE;
enum err api_csr_preview_post(struct visit *visit) MUST_USE;
enum err api_csr_post(struct visit *visit) MUST_USE;
/* certificate.c */
enum err certificate_get(struct visit *visit) MUST_USE;
enum err accept_post(struct visit *visit) MUST_USE;
enum err decline_get(struct visit *visit) MUST_USE;
enum err decline_post(struct visit *visit) MUST_USE;
enum err api_certificate_get(struct visit *visit) MUST_USE;
enum err api_accept_post(struct visit *visit) MUST_USE;
enum err api_decline_post(struct visit *visit) MUST_USE;
/* download.c */
enum err download_get(struct visit *visit) MUST_USE;
enum err download_file_get(struct visit *visit) MUST_USE;
enum err api_download_get(struct visit *visit) MUST_USE;
/* steps.c */
enum err steps_get(struct visit *visit) MUST_USE;
/* search.c */
enum err search_get(struct visit *visit) MUST_USE;
enum err search_file_get(struct visit *visit) MUST_USE;
enum err api_search_get(struct visit *visit) MUST_USE;
enum err api_search_one_get(struct visit *visit) MUST_USE;
/* authorities.c */
enum err authorities_get(struct visit *visit) MUST_USE;
enum err authorities_json_get(struct visit *visit) MUST_USE;
/* next.c */
enum err next_get(struct visit *visit) MUST_USE;
enum err next_post(struct visit *visit) MUST_USE;
enum err api_next_post(struct visit *visit) MUST_USE;
/* keys.c */
enum err keys_get(struct visit *visit) MUST_USE;
enum err keys_remove_post(struct visit *visit) MUST_USE;
enum err api_key_post(struct visit *visit) MUST_USE;
enum err api_key_delete(struct visit *visit) MUST_USE;
/* revoke.c; the log-in before it is login_get and login_post */
enum err revoke_choose_get(struct visit *visit) MUST_USE;
enum err revoke_choose_post(struct visit *visit) MUST_USE;
enum err api_revoke_post(struct visit *visit) MUST_USE;
/* repository.c */
enum err repository_certificate_get(struct visit *visit) MUST_USE;
enum err repository_crl_get(struct visit *visit) MUST_USE;
enum err asset_get(struct visit *visit) MUST_USE;
enum err health_get(struct visit *visit) MUST_USE;

/* The digits of `text`, spaces and hyphens dropped, exactly `count` of them; reasons as a form's
 * ("form.not_digits", "form.too_short", "form.too_long"), which never show what was typed. */
enum err digits_only(struct visit *visit, const char *field, const char *text, size_t count,
    struct span *ret_digits) MUST_USE;
