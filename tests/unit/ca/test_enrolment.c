/* The walk's table, cell by cell. */
#include "lib/ca/enrolment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NO = ENROLMENT_STATE_COUNT };

/* Rows: from; columns: confirm, reject, evidence, lapsed, submit, certificate, refuse, accept,
 * decline key, decline details, next, abandon. */
static const unsigned picture[ENROLMENT_STATE_COUNT][ENROLMENT_EVENT_COUNT] = {
    [ENROLMENT_OPEN] = { ENROLMENT_CONFIRMED, ENROLMENT_REJECTED, NO, NO, NO, NO, NO, NO, NO, NO,
        NO, NO },
    [ENROLMENT_REJECTED] = { NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO },
    [ENROLMENT_CONFIRMED] = { NO, NO, ENROLMENT_VALIDATED, NO, NO, NO, NO, NO, NO, NO, NO, NO },
    [ENROLMENT_VALIDATED] = { NO, NO, NO, ENROLMENT_CONFIRMED, ENROLMENT_ISSUING, NO, NO, NO, NO,
        NO, NO, NO },
    [ENROLMENT_ISSUING] = { NO, NO, NO, ENROLMENT_CONFIRMED, NO, ENROLMENT_ISSUED,
        ENROLMENT_VALIDATED, NO, NO, NO, NO, ENROLMENT_ISSUING },
    [ENROLMENT_ISSUED] = { NO, NO, NO, NO, NO, NO, NO, ENROLMENT_ACCEPTED, ENROLMENT_VALIDATED,
        ENROLMENT_DECLINED, NO, NO },
    [ENROLMENT_ACCEPTED] = { NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, ENROLMENT_VALIDATED, NO },
    [ENROLMENT_DECLINED] = { NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO },
};

static void every_cell_of_the_table_is_as_drawn(void **state)
{
    (void)state;
    for (unsigned from = 0; from < ENROLMENT_STATE_COUNT; from++) {
        for (unsigned event = 0; event < ENROLMENT_EVENT_COUNT; event++) {
            enum enrolment_state to = ENROLMENT_STATE_COUNT;
            enum err err =
                enrolment_next((enum enrolment_state)from, (enum enrolment_event)event, &to);
            assert_int_equal(to, picture[from][event]);
            assert_int_equal(err, picture[from][event] == NO ? ERR_CONFLICT : OK);
        }
    }
}

static void every_state_has_one_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ENROLMENT_STATE_COUNT; i++) {
        enum enrolment_state found;
        assert_int_equal(
            enrolment_state_from_id(enrolment_state_id((enum enrolment_state)i), &found), OK);
        assert_int_equal(found, i);
    }
    enum enrolment_state untouched = ENROLMENT_ISSUED;
    assert_int_equal(enrolment_state_from_id("Open", &untouched), ERR_INPUT);
    assert_int_equal(enrolment_state_from_id("", &untouched), ERR_INPUT);
    assert_int_equal(untouched, ENROLMENT_ISSUED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_of_the_table_is_as_drawn),
        cmocka_unit_test(every_state_has_one_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
