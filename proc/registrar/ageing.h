#pragma once
/* Lists past half of their life: told to the log every time, and to the operator by mail. */
#include "proc/registrar/registrar.h"

/* Every published list, the roots' too, which only a person can replace. The mail goes to
 * registrar.operator_email, where there is one: at most one for a list and a day. */
enum err ageing_watch(struct registrar *registrar) MUST_USE;
