#pragma once
/* Store and signer's journal, held against each other. With everything that the signer
 * acknowledges, the place its journal had reached goes into the store; it is shown to the signer
 * before anything is asked of it, and what its journal has beyond it must be known here. So neither
 * a journal nor a store that was put back or copied goes on unnoticed (doc/threats.md S18). */
#include "lib/store/anchor.h"
#include "lib/wire/client.h"
#include "lib/wire/control.h"
#include "proc/registrar/registrar.h"

/* Before a serial is reserved: OK once store and journal agree; what the journal alone knows of
 * revocations, withdrawals and blocked keys is taken over. ERR_CONFLICT "journal.behind", or
 * "store.behind" (field: the first serial, seen: how many). */
enum err anchoring_check(
    struct registrar *registrar, struct client *signer, struct reason *ret_reason) MUST_USE;
/* After the signer has acknowledged: where its journal is, for store_anchor_put in the same
 * transaction as what was acknowledged; the last anchor again while the two do not agree. */
enum err anchoring_take(struct registrar *registrar, struct client *signer,
    struct anchor *ret_anchor, struct reason *ret_reason) MUST_USE;
/* True for the answer of a signer that has been started anew: it is to be checked again. */
bool anchoring_lapsed(struct registrar *registrar, enum err err, const struct reason *reason);
/* `ecertadm reconcile`: as anchoring_check, telling what is missing; with `revoke` every
 * certificate that the store doesn't know is revoked, and then the two agree. */
enum err anchoring_reconcile(struct registrar *registrar, struct client *signer, bool revoke,
    struct control_facts *facts, struct reason *ret_reason) MUST_USE;
