#pragma once
/* Lists that grow old: told to the log every time, and to the operator by mail. */
#include "proc/registrar/registrar.h"

/* Every published list past half of its life, the roots' too, which only a person can replace; and
 * a list of public suffixes of more than 30 days. The mail goes to registrar.operator_email, where
 * there is one: at most one for a list and a day. */
enum err ageing_watch(struct registrar *registrar) MUST_USE;
