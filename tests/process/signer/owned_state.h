#pragma once
/* The attacker of test_owned.c, at lists, the store and the stop. */
#include "tests/process/signer/cast.h"

void an_empty_list(void **state);
void a_store_put_back_to_an_earlier_day(void **state);
void a_key_that_was_blocked_comes_back(void **state);
void an_order_to_go_on_that_two_of_the_roster_did_not_give(void **state);
