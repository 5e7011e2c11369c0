#pragma once
/* Letters waiting to be printed: for each reference number the PDF and, written after it, a note
 * with the enrolment and the PIN's hash. A letter is there when both are; anything else in the
 * folder is what a sudden end left over, and is erased at start. Only this process reads it. */
#include "lib/base/arena.h"
#include "lib/ca/warrant.h"
#include "lib/crypto/pinhash.h"
#include "lib/wire/courier.h"

struct spool {
    const char *directory;
};

/* Makes the folder (0700) if it is not there, and erases what is incomplete. */
enum err spool_open(const char *directory, struct spool *ret_spool) MUST_USE;
/* OK and the hash if the letter of this very enrolment waits under the number; ERR_NOT_FOUND. */
enum err spool_find(const struct spool *spool, const char *reference,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], char ret_phc[PIN_HASH_MAX]) MUST_USE;
/* Replaces whatever was under the number. ERR_INPUT for a number that is none. */
enum err spool_put(const struct spool *spool, const char *reference,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const char *phc, struct span pdf) MUST_USE;
enum err spool_list(
    const struct spool *spool, struct arena *arena, struct courier_letters *ret_letters) MUST_USE;
/* ERR_NOT_FOUND if no letter waits under the number. `ret_pdf` is made by the function. */
enum err spool_read(const struct spool *spool, const char *reference, struct buf *ret_pdf) MUST_USE;
/* Overwrites and removes the letter. */
enum err spool_erase(const struct spool *spool, const char *reference) MUST_USE;
