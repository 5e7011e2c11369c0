/* What the people in the tests of an owned service can do. */
#include "tests/process/signer/cast.h"
#include "lib/base/clock.h"

#include <stdio.h>

enum { RECORDS_MAX = 64 };

const char *cast_signer, *cast_profile;
struct running running;
struct key *his_key;
static unsigned last_request;

/* What stands in the DNS below names that are not his. */
static struct {
    char name[HOST_NAME_MAX_LENGTH + 1], value[EXPECTED_TEXT_MAX];
} records[RECORDS_MAX];
static size_t record_count;

static bool world_shows(const char *name, const char *value)
{
    if (strcmp(name, HIS) == 0) {
        return true; /* he puts there whatever is asked for */
    }
    for (size_t i = 0; i < record_count; i++) {
        if (strcmp(records[i].name, name) == 0 && strcmp(records[i].value, value) == 0) {
            return true;
        }
    }
    return false;
}

int64_t now(void)
{
    struct clock clock = clock_system();
    return clock_now(&clock);
}

void value_derive(struct observation *seen)
{
    assert_int_equal(
        challenge_expected(&seen->challenge, running.factory.roster.caa_identity, seen->expected),
        OK);
}

void perspectives_look(struct sample *sample)
{
    for (size_t n = 0; n < sample->warrant.evidence_count; n++) {
        for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
            struct observation *seen = &sample->observations[n][i];
            value_derive(seen);
            bool mail = seen->challenge.method == DCV_EMAIL;
            bool passed = !mail && world_shows(seen->challenge.name, seen->expected);
            seen->dcv = passed ? DCV_PASSED : mail && i > 0 ? DCV_NOT_ASKED : DCV_FAILED;
            assert_int_equal(
                sample_sign_observation(sample, n, i, running.factory.perspectives[i]), OK);
        }
    }
    assert_int_equal(sample_format(sample), OK);
}

void victim_applies(struct sample *sample)
{
    assert_int_equal(sample_init(sample, &running.factory, now(), ++last_request), OK);
    perspectives_look(sample);
}

void victim_places_the_record(struct sample *sample)
{
    assert_true(record_count < RECORDS_MAX);
    snprintf(records[record_count].name, sizeof records[0].name, "%s", VICTIM);
    memcpy(records[record_count++].value, sample->observations[0][0].expected, EXPECTED_TEXT_MAX);
    perspectives_look(sample);
}

void victim_is_validated(struct sample *sample)
{
    victim_applies(sample);
    victim_places_the_record(sample);
}

int64_t issued(void)
{
    struct signer_status status;
    struct reason reason = { 0 };
    assert_int_equal(signer_call_status(&running.client, &status, &reason), OK);
    return status.issued;
}

enum err ask(const struct request_id *request, struct span warrant, struct buf *der,
    struct reason *ret_reason)
{
    bool precertificate = false;
    struct signer_serial serial;
    const struct signer_reserve reserve = { *request };
    const struct signer_issue issue = { *request, warrant };
    *ret_reason = (struct reason){ 0 };
    TRY(signer_call_reserve(&running.client, &reserve, &serial, ret_reason));
    return signer_call_issue(&running.client, &issue, der, &precertificate, ret_reason);
}

void expect_nothing(const struct sample *sample, const char *code)
{
    struct reason reason;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    int64_t before = issued();
    enum err err = ask(&sample->warrant.request, buf_span(&sample->der), &der, &reason);
    assert_string_equal(reason.code, code);
    assert_int_equal(err, ERR_DENIED);
    assert_int_equal(der.len, 0);
    assert_int_equal(issued(), before);
}

void expect_refused(struct sample *sample, const char *code)
{
    assert_int_equal(sample_format(sample), OK);
    expect_nothing(sample, code);
}

void expect_certificate(const struct sample *sample, struct buf *der)
{
    struct reason reason;
    enum err err = ask(&sample->warrant.request, buf_span(&sample->der), der, &reason);
    assert_string_equal(reason.code, "");
    assert_int_equal(err, OK);
}

void application_rewrite(struct sample *sample, const char *name, const char *organisation)
{
    sample->names[0] = name;
    sample->application.subject.organisation = organisation;
    buf_clear(&sample->application_der);
    assert_int_equal(application_format(&sample->application, &sample->application_der), OK);
    sample->warrant.application_der = buf_span(&sample->application_der);
}

int cast_enter(void **state)
{
    static const struct signer_place nothing;
    struct signer_place place;
    struct reason reason;
    (void)state;
    bool made = running_init(cast_signer, cast_profile, &running) == OK &&
                key_generate(KEY_TYPE_ED25519, &running.factory.stranger) == OK &&
                key_generate(KEY_TYPE_RSA_2048, &running.factory.strange_perspective) == OK &&
                key_generate(KEY_TYPE_P256, &his_key) == OK && running_start(&running) == OK &&
                signer_call_anchor(&running.client, &nothing, &place, &reason) == OK;
    return made ? 0 : -1;
}

int cast_leave(void **state)
{
    (void)state;
    key_free(his_key);
    running_release(&running);
    return 0;
}
