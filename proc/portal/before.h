#pragma once
/* What the subscriber proved for an earlier application, and need not prove again. The registrar
 * judges it as the signer will (lib/ca/earlier.h); this is what can be told beforehand. */
#include "lib/store/evidence.h"
#include "proc/portal/page.h"

/* The youngest proof of this name that edition, date and age allow, bound to no other key than that
 * of the hash (NULL: to none). ERR_NOT_FOUND where the name is to be proved. */
enum err before_find(struct visit *visit, const char *name, const uint8_t *spki_hash,
    struct evidence_row *ret_row) MUST_USE;
/* The proof of a challenge that has passed, if it is older than the challenge; else ERR_NOT_FOUND.
 */
enum err before_taken(
    struct visit *visit, const struct challenge *challenge, struct evidence_row *ret_row) MUST_USE;
/* Tells it of one name: "proved_before", when, "proved_before_until" and "proved_before_by". */
void before_tell(struct visit *visit, struct value *object, const struct evidence_row *row);
/* The member "proved_before": a list of such names. On a page also "before_all", where none is to
 * be proved any more, and then "before_method". Puts nothing where there are none. */
enum err before_put(struct visit *visit, struct value *object) MUST_USE;
