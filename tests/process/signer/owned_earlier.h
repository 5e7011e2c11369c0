#pragma once
/* The attacker's cases about evidence of an earlier application (test_owned.c). */

void an_earlier_proof_serves_nobody_but_its_subscriber(void **state);
void an_earlier_application_that_officers_did_not_approve(void **state);
void an_earlier_proof_for_a_key_of_his_own(void **state);
void an_earlier_application_that_was_withdrawn(void **state);
void what_remains_is_a_key_of_his_own_beside_an_earlier_proof_that_is_bound_to_none(void **state);
