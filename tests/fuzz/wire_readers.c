/* One adapter a read function: its result is thrown away. */
#include "tests/fuzz/wire_readers.h"
#include "lib/wire/control.h"
#include "lib/wire/finding.h"
#include "lib/wire/keys.h"
#include "lib/wire/mails.h"
#include "lib/wire/notice.h"
#include "lib/wire/rehearsal.h"
#include "lib/wire/signer.h"
#include "lib/wire/validation.h"
#include "lib/wire/validator.h"

#define READER(name, type)                                                                         \
    static enum err name##_try(struct der *body, struct arena *arena)                              \
    {                                                                                              \
        static struct type object;                                                                 \
        (void)arena;                                                                               \
        return name##_read(body, &object);                                                         \
    }
#define READER_INTO_ARENA(name)                                                                    \
    static enum err name##_try(struct der *body, struct arena *arena)                              \
    {                                                                                              \
        static struct name object;                                                                 \
        return name##_read(body, arena, &object);                                                  \
    }

READER(signer_reserve, signer_reserve)
READER(signer_serial, signer_serial)
READER(signer_issue, signer_issue)
READER(signer_certificate, signer_certificate)
READER(signer_complete, signer_complete)
READER(signer_revoke, signer_revoke)
READER(signer_withdraw, signer_withdraw)
READER(signer_crl, signer_crl)
READER(signer_crl_made, signer_crl_made)
READER(signer_status, signer_status)
READER(signer_place, signer_place)
READER(signer_past, signer_past)
READER(validator_check, validator_check)
READER(validator_answer, validator_answer)
READER(rehearse, rehearse)
READER(rehearsed, rehearsed)
READER(validator_about, validator_about)
READER(courier_render, courier_render)
READER(courier_pin, courier_pin)
READER_INTO_ARENA(courier_letters)
READER(courier_print, courier_print)
READER(control_new, control_new)
READER(control_created, control_created)
READER(control_page, control_page)
READER(control_object, control_object)
READER_INTO_ARENA(control_applications)
READER(control_application, control_application)
READER(control_approve, control_approve)
READER(control_validate, control_validate)
READER_INTO_ARENA(control_validation)
READER(control_sight, control_sight)
READER(control_sightings, control_sightings)
READER(control_approved, control_approved)
READER_INTO_ARENA(control_certificates)
READER(control_revoke, control_revoke)
READER(control_crl, control_crl)
READER(control_number, control_number)
READER(control_publish, control_publish)
READER(control_facts, control_facts)
READER_INTO_ARENA(control_findings)
READER(control_notice, notice)
READER(control_notices, control_notices)
READER(control_key, control_key)
READER_INTO_ARENA(control_keys)
READER_INTO_ARENA(control_mails)
READER(signer_block, signer_block)

static enum err nothing_try(struct der *body, struct arena *arena)
{
    (void)arena;
    return nothing_read(body);
}

const struct wire_reader wire_readers[] = {
    { "nothing", nothing_try },
    { "signer_reserve", signer_reserve_try },
    { "signer_serial", signer_serial_try },
    { "signer_issue", signer_issue_try },
    { "signer_certificate", signer_certificate_try },
    { "signer_complete", signer_complete_try },
    { "signer_revoke", signer_revoke_try },
    { "signer_withdraw", signer_withdraw_try },
    { "signer_crl", signer_crl_try },
    { "signer_crl_made", signer_crl_made_try },
    { "signer_status", signer_status_try },
    { "signer_place", signer_place_try },
    { "signer_past", signer_past_try },
    { "validator_check", validator_check_try },
    { "validator_answer", validator_answer_try },
    { "courier_render", courier_render_try },
    { "courier_pin", courier_pin_try },
    { "courier_letters", courier_letters_try },
    { "courier_print", courier_print_try },
    { "control_new", control_new_try },
    { "control_created", control_created_try },
    { "control_page", control_page_try },
    { "control_object", control_object_try },
    { "control_applications", control_applications_try },
    { "control_application", control_application_try },
    { "control_approve", control_approve_try },
    { "control_approved", control_approved_try },
    { "control_certificates", control_certificates_try },
    { "control_revoke", control_revoke_try },
    { "control_crl", control_crl_try },
    { "control_number", control_number_try },
    { "control_publish", control_publish_try },
    { "control_facts", control_facts_try },
    { "control_findings", control_findings_try },
    { "control_notice", control_notice_try },
    { "control_notices", control_notices_try },
    { "control_validate", control_validate_try },
    { "control_validation", control_validation_try },
    { "control_sight", control_sight_try },
    { "control_sightings", control_sightings_try },
    { "control_key", control_key_try },
    { "control_keys", control_keys_try },
    { "signer_block", signer_block_try },
    { "rehearse", rehearse_try },
    { "rehearsed", rehearsed_try },
    { "control_mails", control_mails_try },
    { "validator_about", validator_about_try },
};
const size_t wire_reader_count = sizeof wire_readers / sizeof wire_readers[0];
